//! Live updates: what a watching browser is sent, and what becomes of one that goes, sleeps or comes back.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use innkeeper::bot::{Audience as Ears, Happening, Happenings};
use innkeeper::config::{Audience, Config};
use innkeeper::http::{Door, Limits};
use innkeeper::model::Timestamp;
use innkeeper::status::{Card, CardKind};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::hostile::PAYLOADS;
use crate::html::structure;
use crate::support::{House, PATIENCE, cards, face, get, until};

fn quick() -> Limits {
    Limits { update_every: Duration::from_millis(5), ..Limits::default() }
}

/// A browser that watches.
struct Watcher {
    lines: BufReader<TcpStream>,
    head: String,
}

/// An event: its id and the parts of the page that it brings.
#[derive(Debug)]
struct Event {
    id: String,
    parts: BTreeMap<String, String>,
}

impl Watcher {
    async fn open(house: &House, more: &str) -> Self {
        let mut stream = TcpStream::connect(house.addr).await.unwrap();
        let request =
            format!("GET /events HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\n{more}\r\n", house.addr);
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut watcher = Self { lines: BufReader::new(stream), head: String::new() };
        loop {
            let line = watcher.line().await.expect("a head");
            if line.is_empty() {
                return watcher;
            }
            watcher.head.push_str(&line.to_lowercase());
            watcher.head.push('\n');
        }
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = timeout(PATIENCE, self.lines.read_line(&mut line)).await.expect("a line");
        (read.unwrap_or(0) > 0).then(|| line.trim_end().to_owned())
    }

    async fn event(&mut self) -> Option<Event> {
        let (mut id, mut parts) = (String::new(), None);
        loop {
            let line = self.line().await?;
            if let Some(value) = line.strip_prefix("id: ") {
                id = value.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                parts = Some(serde_json::from_str(data).expect("the parts as JSON"));
            } else if line.is_empty()
                && let Some(parts) = parts.take()
            {
                return Some(Event { id, parts });
            }
        }
    }
}

#[tokio::test]
async fn a_watcher_gets_the_present_at_once_and_then_what_changes() {
    let house = House::with(quick(), |_| {}, Router::new()).await;
    let mut watcher = Watcher::open(&house, "").await;
    assert!(watcher.head.starts_with("http/1.1 200"), "{}", watcher.head);
    assert!(watcher.head.contains("content-type: text/event-stream"), "{}", watcher.head);
    let first = watcher.event().await.unwrap();
    let ids: Vec<_> = first.parts.keys().map(String::as_str).collect();
    assert_eq!(ids, ["announce", "asof", "cards", "figures", "headline", "stale", "troubles"]);
    let page = get(house.addr, "/").await.body;
    for (id, html) in &first.parts {
        assert!(!html.trim().is_empty() || id == "stale", "{id} is empty");
        assert!(page.contains(&format!("id=\"{id}\"")) && page.contains(html.trim()), "{id} is not part of the page");
    }
    house.face.vitals.problem("a", "The cellar is flooded.", "Bail.");
    let second = watcher.event().await.unwrap();
    assert!(second.parts["troubles"].contains("The cellar is flooded."));
    assert!(!second.parts.contains_key("cards"), "what did not change is not sent again");
    assert_ne!(second.id, first.id);
}

fn level_up(hidden: bool, name: &str) -> Happening {
    let fields = serde_json::json!({"user_id": "30", "username": name, "old_level": 1, "new_level": 2});
    let ears = if hidden { Ears::Members } else { Ears::Everybody };
    Happening::new("level_up", "10".parse().unwrap(), ears, fields, Timestamp::from_ms(0))
}

#[tokio::test]
async fn what_happens_to_members_is_told_by_name_where_the_board_is_for_everybody() {
    let happenings = Happenings::default();
    let listened = happenings.clone();
    let house = House::with(quick(), |door| door.happenings = Some(listened), Router::new()).await;
    let mut watcher = Watcher::open(&house, "").await;
    watcher.event().await.unwrap();
    happenings.tell(level_up(true, "Shy"));
    happenings.tell(level_up(false, "Ada\n\nevent: x"));
    while watcher.line().await.expect("an event") != "event: level_up" {}
    let data = watcher.line().await.unwrap();
    let data: serde_json::Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!((&data["username"], &data["new_level"]), (&"Ada\n\nevent: x".into(), &2.into()));
    house.face.vitals.problem("a", "The cellar is flooded.", "Bail.");
    assert!(watcher.event().await.unwrap().parts.contains_key("troubles"), "updates go on");
}

#[test]
fn members_are_named_to_watchers_only_where_the_board_is_for_everybody() {
    for (audience, told) in [(Audience::Public, true), (Audience::Members, false), (Audience::Off, false)] {
        let mut config = Config::default();
        config.http.visibility.leaderboard = audience;
        let door = Door::new(face().1, &config, &Happenings::default());
        assert_eq!(door.happenings.is_some(), told, "{audience:?}");
    }
}

#[tokio::test]
async fn a_watcher_who_missed_happenings_still_gets_what_follows() {
    let happenings = Happenings::default();
    let listened = happenings.clone();
    let house = House::with(quick(), |door| door.happenings = Some(listened), Router::new()).await;
    let mut watcher = Watcher::open(&house, "").await;
    watcher.event().await.unwrap();
    (0..1_000).for_each(|_| happenings.tell(level_up(false, "Ada")));
    happenings.tell(level_up(false, "Last"));
    while !watcher.line().await.expect("the stream goes on").contains("Last") {}
}

#[tokio::test]
async fn a_browser_that_comes_back_has_the_present_state_at_once() {
    let house = House::with(quick(), |_| {}, Router::new()).await;
    let mut watcher = Watcher::open(&house, "").await;
    let first = watcher.event().await.unwrap();
    drop(watcher);
    house.face.board.put(cards("Bramble"));
    house.face.vitals.problem("a", "The cellar is flooded.", "Bail.");
    house.face.vitals.solved("a");
    for last in [first.id.as_str(), "0-0", "nonsense", "99999999999999999999"] {
        let mut back = Watcher::open(&house, &format!("Last-Event-ID: {last}\r\n")).await;
        let event = back.event().await.unwrap();
        assert!(event.parts["cards"].contains("Bramble") && event.parts["troubles"].contains("Nothing is wrong."));
        assert_eq!(event.parts.len(), first.parts.len());
    }
}

#[tokio::test]
async fn hostile_texts_stay_inside_their_event_and_change_no_element() {
    let house = House::with(quick(), |_| {}, Router::new()).await;
    let show = async |text: &str| {
        house.face.board.put(cards(text));
        let mut watcher = Watcher::open(&house, "").await;
        structure(&watcher.event().await.unwrap().parts["cards"])
    };
    let benign = show("Marigold").await;
    for payload in PAYLOADS {
        assert_eq!(show(payload).await, benign, "{payload:?}");
    }
}

#[tokio::test]
async fn a_quiet_stream_beats_and_an_old_one_ends() {
    let limits =
        Limits { heartbeat_every: Duration::from_millis(5), watch_life: Duration::from_millis(200), ..quick() };
    let house = House::with(limits, |_| {}, Router::new()).await;
    let mut watcher = Watcher::open(&house, "Connection: close\r\n").await;
    let mut beats = 0;
    while let Some(line) = watcher.line().await {
        beats += usize::from(line.starts_with(':'));
    }
    assert!(beats > 0, "no comment came");
}

#[tokio::test]
async fn there_are_so_many_seats_and_a_watcher_who_goes_frees_one() {
    let limits = Limits { watchers: 2, heartbeat_every: Duration::from_millis(5), ..quick() };
    let house = House::with(limits, |_| {}, Router::new()).await;
    let watchers = [Watcher::open(&house, "").await, Watcher::open(&house, "").await];
    let full = get(house.addr, "/events").await;
    assert_eq!((full.status, full.header("retry-after")), (503, Some("15")));
    assert_eq!(get(house.addr, "/").await.status, 200, "the page itself still works");
    drop(watchers);
    until("a seat is free again", async || Watcher::open(&house, "").await.head.starts_with("http/1.1 200")).await;
}

#[tokio::test]
async fn a_watcher_who_reads_nothing_is_let_go() {
    let limits = Limits { watchers: 1, write_stall: Duration::from_millis(50), ..quick() };
    let house = House::with(limits, |_| {}, Router::new()).await;
    let sleeper = Watcher::open(&house, "").await;
    let mut number = 0;
    until("the sleeper's seat is free", async || {
        number += 1;
        let line = format!("{number} {}", "<".repeat(290));
        let kind = CardKind::List(vec![(line.clone(), line); 25]);
        house.face.board.put(vec![Card { title: number.to_string(), kind, audience: Audience::Public }]);
        get_status(&house).await == 200
    })
    .await;
    drop(sleeper);
}

async fn get_status(house: &House) -> u16 {
    let watcher = Watcher::open(house, "").await;
    if watcher.head.starts_with("http/1.1 200") { 200 } else { 503 }
}

#[tokio::test]
async fn when_the_door_closes_streams_end_and_nobody_waits_for_them() {
    let house = House::with(quick(), |_| {}, Router::new()).await;
    let mut watcher = Watcher::open(&house, "").await;
    watcher.event().await.unwrap();
    house.stop.send_replace(true);
    timeout(PATIENCE, house.task).await.expect("the door closes").unwrap().unwrap();
    let mut rest = Vec::new();
    timeout(PATIENCE, watcher.lines.read_to_end(&mut rest)).await.expect("the stream ends").unwrap();
    assert!(TcpStream::connect(house.addr).await.is_err());
}
