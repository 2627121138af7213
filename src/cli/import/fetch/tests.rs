//! A board behind a loopback socket that answers as it is told, and what is fetched from it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::model::GuildId;

/// No test waits for politeness.
const AT_ONCE: Pace =
    Pace { between: Duration::ZERO, again_first: Duration::ZERO, wait_max: Duration::from_millis(1_500) };

/// A folder that goes with its owner.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What was asked for, a request head each.
type Asked = Arc<Mutex<Vec<String>>>;

/// Serves these answers one after another.
async fn serve(answers: &[&str]) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let mut answers: VecDeque<String> = answers.iter().map(|answer| (*answer).to_owned()).collect();
    let asked = Asked::default();
    let noted = asked.clone();
    tokio::spawn(async move {
        while let Some(answer) = answers.pop_front() {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(socket.read_u8().await.unwrap());
            }
            noted.lock().unwrap().push(String::from_utf8(head).unwrap());
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (address, asked)
}

fn answer(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

fn page(first: u64, rows: u64) -> String {
    let player = |id: u64| format!("{{\"id\": \"{id}\", \"xp\": 100, \"level\": 1}}");
    let players: Vec<_> = (first..first + rows).map(player).collect();
    answer(200, "", &format!("{{\"players\": [{}]}}", players.join(",")))
}

async fn fetch(name: &str, first: usize, answers: &[&str]) -> (Folder, Result<Vec<PathBuf>, String>, Vec<String>) {
    let folder = std::env::temp_dir().join(format!("innkeeper-fetch-{}-{name}", std::process::id()));
    let (address, asked) = serve(answers).await;
    let board = Board::Mee6(GuildId::new(7).unwrap());
    let fetch = Fetch { board, address, folder: folder.clone(), first, pace: AT_ONCE };
    let fetched = fetch.run().await.map_err(|Stop(words, _)| words);
    let asked = asked.lock().unwrap().clone();
    (Folder(folder), fetched, asked)
}

fn names(files: &[PathBuf]) -> Vec<String> {
    files.iter().map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

#[tokio::test]
async fn pages_are_fetched_one_after_another_until_one_is_not_full() {
    let (folder, fetched, asked) = fetch("pages", 0, &[&page(1, 1_000), &page(1_001, 1_000), &page(2_001, 3)]).await;
    assert_eq!(names(&fetched.unwrap()), ["page-0.json", "page-1.json", "page-2.json"]);
    for (nth, head) in asked.iter().enumerate() {
        let line = format!("GET /api/plugins/levels/leaderboard/7?limit=1000&page={nth} HTTP/1.1\r\n");
        assert!(head.starts_with(&line) && head.contains("user-agent: Mozilla/5.0 (compatible; Innkeeper/"), "{head}");
        assert!(!head.to_lowercase().contains("authorization"), "{head}");
    }
    let kept = std::fs::read_dir(&folder.0).unwrap().count();
    assert_eq!(kept, 3, "nothing else is left");
}

#[tokio::test]
async fn what_is_refused_for_a_while_is_asked_for_again() {
    let answers = [
        answer(429, "Retry-After: 1\r\n", "{\"message\": \"slow\"}"),
        answer(503, "", ""),
        answer(200, "Content-Type: text/html\r\n", "<title>Just a moment</title>"),
        "HTTP/1.1 200 X\r\nContent-Length: 900\r\n\r\n{\"players\": [".to_owned(),
        page(1, 2),
    ];
    let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
    let begun = std::time::Instant::now();
    let (_folder, fetched, asked) = fetch("again", 0, &answers).await;
    assert_eq!((names(&fetched.unwrap()).len(), asked.len()), (1, 5));
    assert!(begun.elapsed() >= Duration::from_secs(1), "Retry-After is honoured");
}

#[tokio::test]
async fn after_six_tries_it_stops_and_says_where_to_go_on() {
    let guard = answer(403, "", "<html>who are you?</html>");
    let full = page(1, 1_000);
    let mut answers = vec![full.as_str()];
    answers.extend([guard.as_str(); 6]);
    let (folder, fetched, asked) = fetch("stop", 0, &answers).await;
    let words = fetched.unwrap_err();
    assert!(words.starts_with("page 1 of http://127.0.0.1:") && words.contains("no JSON, 6 times"), "{words}");
    assert!(words.contains("go on with --page 1") && asked.len() == 7, "{words}");
    // The page that was there is not asked for again.
    let (address, asked) = serve(&[&page(1_001, 1)]).await;
    let board = Board::Mee6(GuildId::new(7).unwrap());
    let again = Fetch { board, address, folder: folder.0.clone(), first: 1, pace: AT_ONCE };
    std::fs::write(folder.0.join("page-2.json"), "of a board that was longer").unwrap();
    let Ok(files) = again.run().await else { panic!("it goes on") };
    assert_eq!((names(&files), asked.lock().unwrap().len()), (vec!["page-0.json".into(), "page-1.json".into()], 1));
    assert!(!folder.0.join("page-2.json").exists());
}

#[tokio::test]
async fn what_asking_again_does_not_change_ends_it_at_once() {
    let other = "Location: http://127.0.0.1:1/x\r\n";
    let same = page(1, 1_000);
    let cases: [(&str, Vec<String>, &str); 6] = [
        ("private", vec![answer(401, "", "{\"error\": {\"message\": \"private\"}}")], "switch on “Make my server's"),
        ("unknown", vec![answer(404, "", "{}")], "knows nothing of the server 7"),
        ("moved", vec![answer(302, other, "")], "another address, which is not followed"),
        ("slow", vec![answer(429, "Retry-After: 3600\r\n", "")], "and to come back in 60 minutes"),
        ("strange", vec![answer(200, "", "{\"gamers\": []}")], "players: it is not there"),
        ("the same", vec![same.clone(), same], "the page before it once more"),
    ];
    for (name, answers, words) in cases {
        let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
        let (_folder, fetched, asked) = fetch(name, 0, &answers).await;
        let told = fetched.unwrap_err();
        assert!(told.contains(words) && asked.len() == answers.len(), "{name}: {told}");
    }
    let (_folder, fetched, _) = fetch("gap", 2, &[]).await;
    assert!(fetched.unwrap_err().contains("page 0 is not in"));
}

#[test]
fn an_address_has_a_host_and_nothing_behind_it_that_would_change_the_path() {
    assert_eq!(address("https://mee6.xyz/").unwrap(), "https://mee6.xyz");
    assert_eq!(address("http://127.0.0.1:8000").unwrap(), "http://127.0.0.1:8000");
    for strange in
        ["", "mee6.xyz", "ftp://mee6.xyz", "https://", "https:///x", "https://a?b", "https://a@b", "https://a b"]
    {
        assert!(address(strange).is_err(), "{strange}");
    }
}
