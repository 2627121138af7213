//! Bad input over raw sockets: whatever is malformed, ambiguous or not from where it says is refused with words, and
//! changes nothing.

use innkeeper::model::access::form_word;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::client::{Client, key};
use crate::door::{OpenDoor, PATIENCE, link};
use crate::house::{House, Running};
use crate::{open, sign_in};

/// What a request could change, as it is on the disk.
const RECORDS: [&str; 12] = [
    "SELECT id, user, amount, after FROM ledger",
    "SELECT user, xp FROM xp",
    "SELECT number, kind, reason FROM moderation_case",
    "SELECT id, giver, amount FROM kudos",
    "SELECT id, about, state FROM promise",
    "SELECT id, user, role, state FROM temporary_role",
    "SELECT id, channel FROM channel_lock",
    "SELECT guild, command, disabled FROM command_rule",
    "SELECT id, api_key FROM webhook",
    "SELECT name, revoked_at FROM api_key",
    "SELECT user FROM web_session",
    "SELECT user FROM login_link",
];

/// A house with an open door, a program that may do everything, and the paths of a member.
struct Scene {
    house: House,
    bot: Running,
    door: OpenDoor,
    key: String,
    guild: String,
}

impl Scene {
    async fn open() -> Self {
        let mut house = House::new().await;
        house.config.http.writes_per_second = 1_000.try_into().unwrap();
        let (bot, door) = open(&house).await;
        let key = key(&bot.bot, "all", "read write moderate chat admin impersonate", None, None).await;
        let guild = format!("/api/guilds/{}", house.inn.guild);
        let scene = Self { house, bot, door, key, guild };
        let given = Client::with_key(&scene.door, &scene.key).post(&scene.xp(), json!({"amount": 1})).await;
        assert_eq!(given.status, 200, "what is refused below would be done: {given:?}");
        scene
    }

    /// Where the XP of a member is changed.
    fn xp(&self) -> String {
        format!("{}/members/{}/xp", self.guild, self.house.member(0))
    }

    fn records(&self) -> Vec<Vec<String>> {
        RECORDS.iter().map(|sql| self.house.rows(sql)).collect()
    }

    /// Everything that comes back until the connection ends; the request has to ask for that.
    async fn send(&self, bytes: &[u8]) -> String {
        let talk = async {
            let mut stream = TcpStream::connect(self.door.addr).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            String::from_utf8_lossy(&answer).into_owned()
        };
        timeout(PATIENCE, talk).await.unwrap()
    }

    /// A request that gives a member XP, with these lines of its head beside the key's, and this body.
    fn gift(&self, lines: &str, body: &str) -> Vec<u8> {
        let (path, addr, key) = (self.xp(), self.door.addr, &self.key);
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: {addr}\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n");
        format!("{head}{lines}\r\n{body}").into_bytes()
    }

    async fn close(self) {
        self.bot.stop().await;
    }
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no answer: {answer}"))
}

#[tokio::test]
async fn a_body_that_two_could_read_in_two_ways_is_not_read_at_all() {
    let scene = Scene::open().await;
    let before = scene.records();
    let (body, chunked) = (r#"{"amount":5}"#, "c\r\n{\"amount\":5}\r\n0\r\n\r\n");
    let hidden = String::from_utf8(scene.gift("Content-Length: 12\r\nConnection: close\r\n", body)).unwrap();
    for (lines, body) in [
        ("Content-Length: 12\r\nTransfer-Encoding: chunked\r\n", chunked.to_owned()),
        ("Transfer-Encoding: chunked\r\nContent-Length: 12\r\n", chunked.to_owned()),
        ("Transfer-Encoding: chunked\r\n", chunked.to_owned()),
        ("Transfer-Encoding: identity, chunked\r\n", chunked.to_owned()),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", chunked.to_owned()),
        ("Transfer-Encoding:\tchunked\r\n", chunked.to_owned()),
        ("Transfer-Encoding: xchunked\r\nContent-Length: 12\r\n", body.to_owned()),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", format!("0\r\n\r\n{hidden}")),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", format!("0\r\n\r\n{hidden}")),
        ("Content-Length: 12\r\nContent-Length: 13\r\n", body.to_owned()),
        ("Content-Length: 12, 13\r\n", body.to_owned()),
        ("Content-Length: 0\r\nContent-Length: 12\r\n", body.to_owned()),
        ("Content-Length: +12\r\n", body.to_owned()),
        ("Content-Length: 0xc\r\n", body.to_owned()),
        ("Content-Length: 12\r\nX: a\r\n b\r\n", body.to_owned()),
        ("Content-Length : 12\r\n", body.to_owned()),
        ("Content-Length: 1\r2\r\n", body.to_owned()),
    ] {
        let answer = scene.send(&scene.gift(lines, &body)).await;
        assert!((400..500).contains(&status(&answer)), "{lines:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "what follows is not read: {lines:?}: {answer}");
        assert_eq!(scene.records(), before, "{lines:?}");
    }
    let answer = scene.send(&scene.gift("Transfer-Encoding: chunked\r\n", chunked)).await;
    assert!(answer.starts_with("HTTP/1.1 411") && answer.contains("how long the body is"), "{answer}");
    scene.close().await;
}

#[tokio::test]
async fn a_header_that_is_there_twice_is_refused_in_words() {
    let scene = Scene::open().await;
    let before = scene.records();
    let (addr, key) = (scene.door.addr, &scene.key);
    let (ada, bea) = (scene.house.member(0), scene.house.member(1));
    for (lines, expected, words) in [
        (format!("Authorization: Bearer {key}\r\n"), 401, "one key, once"),
        (format!("X-API-Key: {key}\r\n"), 401, "one key, once"),
        (format!("Host: {addr}\r\n"), 400, "one Host header"),
        ("Host: evil.example\r\n".to_owned(), 400, "one Host header"),
        (format!("X-Act-As: {ada}\r\nX-Act-As: {bea}\r\n"), 422, "`X-Act-As` is there more than once"),
        ("Idempotency-Key: a\r\nIdempotency-Key: b\r\n".to_owned(), 422, "`Idempotency-Key` is there more than once"),
    ] {
        let lines = format!("{lines}Content-Length: 12\r\nConnection: close\r\n");
        let answer = scene.send(&scene.gift(&lines, r#"{"amount":5}"#)).await;
        assert!(status(&answer) == expected && answer.contains(words), "{lines:?}: {answer}");
        assert_eq!(scene.records(), before, "{lines:?}");
    }
    let mut browser = sign_in(&scene.house, &scene.door, scene.house.inn.owner).await;
    let before = scene.records();
    let cookie = browser.cookie.take().unwrap();
    let word = form_word(cookie.split_once('=').unwrap().1);
    let lines = format!("Origin: http://{addr}\r\nX-Form-Word: {word}\r\nContent-Type: application/json\r\n");
    let twice = format!("Cookie: {cookie}\r\nCookie: {cookie}\r\n{lines}Content-Length: 12\r\n");
    let page = browser.ask("POST", &scene.xp(), &twice, r#"{"amount":5}"#).await;
    assert_eq!((page.status, scene.records()), (401, before.clone()), "{page:?}");
    let twice = format!("Cookie: {cookie}\r\n{lines}Origin: http://{addr}\r\nContent-Length: 12\r\n");
    let page = browser.ask("POST", &scene.xp(), &twice, r#"{"amount":5}"#).await;
    assert_eq!((page.status, scene.records()), (403, before), "{page:?}");
    scene.close().await;
}

#[tokio::test]
async fn what_is_no_text_no_json_or_no_id_is_refused_and_changes_nothing() {
    let scene = Scene::open().await;
    let before = scene.records();
    let addr = scene.door.addr;
    let user = scene.house.member(0);
    let bodies: [(&[u8], u16, &str); 10] = [
        (b"{\"amount\":", 400, "EOF"),
        (b"{\"amount\":5}}", 400, "trailing characters"),
        (b"{\"amount\":5,\"amount\":6}", 422, "duplicate field `amount`"),
        (b"{\"amount\":5,\"to\":6}", 422, "unknown field `to`"),
        (b"{\"amount\":[5]}", 422, "a whole number"),
        (b"{\"amount\":5.5}", 422, "a whole number"),
        (b"{\"amount\":1e999}", 400, "number out of range"),
        (b"{\"amount\":99999999999999999999}", 422, "a whole number"),
        (b"{\"\xff\":5}", 400, "invalid unicode"),
        (b"{\"\\ud800\":5}", 400, "hex escape"),
    ];
    for (body, expected, words) in bodies {
        let lines = format!("Content-Length: {}\r\nConnection: close\r\n", body.len());
        let answer = scene.send(&[scene.gift(&lines, ""), body.to_vec()].concat()).await;
        let shown = String::from_utf8_lossy(body);
        assert!(status(&answer) == expected && answer.contains(words), "{shown}: {answer}");
        assert_eq!(scene.records(), before, "{shown}");
    }
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let lines = format!("Content-Length: {}\r\nConnection: close\r\n", deep.len());
    let answer = scene.send(&scene.gift(&lines, &deep)).await;
    assert!((400..500).contains(&status(&answer)), "{answer}");
    let mut client = Client::with_key(&scene.door, &scene.key);
    let guild = &scene.guild;
    for (path, expected) in [
        (format!("/api/guilds/99999999999999999999/members/{user}/xp"), 404),
        (format!("/api/guilds/0/members/{user}/xp"), 404),
        (format!("/api/guilds/-1/members/{user}/xp"), 404),
        (format!("{guild}/members/18446744073709551616/xp"), 404),
        (format!("{guild}/members/%ff/xp"), 404),
        (format!("{guild}/members/{user}%00/xp"), 404),
        (format!("{guild}/members/../members/{user}/xp"), 404),
        (format!("{guild}/members/%2e%2e/members/{user}/xp"), 404),
        (format!("{guild}/members/%2e%2e%2fmembers%2f{user}/xp"), 404),
        (format!("{guild}/members/{user}/../{user}/xp"), 404),
        (format!("/api//guilds/x/../..{guild}/members/{user}/xp"), 404),
        (format!("{guild}/members/{user}\\..\\xp"), 405),
    ] {
        let answer = client.post(&path, json!({"amount": 5})).await;
        assert!(answer.status == expected && answer.json["detail"].is_string(), "{path}: {answer:?}");
        assert_eq!(scene.records(), before, "{path}");
    }
    for (query, words) in [
        ("query=%ff", "no text (UTF-8)"),
        ("query=%C3%28", "no text (UTF-8)"),
        ("limit=1&limit=2", "duplicate field `limit`"),
        ("limit=99999999999999999999", "limit"),
        ("limit=1.5", "limit"),
        ("lim%69ts=5", "unknown field `limits`"),
    ] {
        let answer = client.get(&format!("{guild}/members?{query}")).await;
        let detail = answer.json["detail"].as_str().unwrap_or_default();
        assert!(answer.status == 422 && detail.contains(words), "{query}: {answer:?}");
    }
    let (begin, end) = (format!("GET {guild}/"), format!("Host: {addr}\r\n\r\n"));
    let raw = [begin.as_bytes(), b"\xff\xfe HTTP/1.1\r\n", end.as_bytes()];
    let answer = scene.send(&raw.concat()).await;
    assert!((400..500).contains(&status(&answer)), "{answer}");
    scene.close().await;
}

#[tokio::test]
async fn a_good_key_under_a_foreign_name_or_from_a_foreign_page_does_nothing() {
    let scene = Scene::open().await;
    let mut browser = sign_in(&scene.house, &scene.door, scene.house.inn.owner).await;
    let before = scene.records();
    let (key, addr) = (&scene.key, scene.door.addr);
    for host in ["evil.example", "evil.example:8080", "169.254.169.254", "127.0.0.1.evil.example"] {
        // A page whose name was pointed at us, in a browser of the house's network.
        let request = format!(
            "POST {} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nX-API-Key: {key}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: 12\r\n\r\n{{\"amount\":5}}",
            scene.xp()
        );
        let answer = scene.send(request.as_bytes()).await;
        assert!(status(&answer) == 421 && answer.contains("not go by this name"), "{host}: {answer}");
        assert_eq!(scene.records(), before, "{host}");
    }
    let cookie = browser.cookie.clone().unwrap();
    let word = form_word(cookie.split_once('=').unwrap().1);
    let body = "Content-Type: application/json\r\nContent-Length: 12\r\n";
    for lines in [
        String::new(),
        format!("Origin: http://{addr}\r\n"),
        format!("X-Form-Word: {word}\r\n"),
        format!("Origin: https://evil.example\r\nX-Form-Word: {word}\r\n"),
        format!("Origin: null\r\nX-Form-Word: {word}\r\n"),
        format!("Origin: http://{addr}\r\nX-Form-Word: 0{word}\r\n"),
        format!("Origin: http://{addr}\r\nSec-Fetch-Site: cross-site\r\nX-Form-Word: {word}\r\n"),
    ] {
        let page = browser.ask("POST", &scene.xp(), &format!("{lines}{body}"), r#"{"amount":5}"#).await;
        assert!(page.status == 403 && page.body.contains("page of ours"), "{lines:?}: {page:?}");
        assert_eq!(scene.records(), before, "{lines:?}");
    }
    let lines = format!("Origin: http://{addr}\r\nX-Form-Word: {word}\r\n{body}");
    let page = browser.ask("POST", &scene.xp(), &lines, r#"{"amount":5}"#).await;
    assert_eq!(page.status, 200, "the same from a page of ours is done: {page:?}");
    scene.close().await;
}

#[tokio::test]
async fn guesses_are_held_down_whatever_they_say_of_where_they_come_from() {
    let scene = Scene::open().await;
    let path = link(&scene.house, scene.house.member(0)).await;
    let before = scene.records();
    let mut statuses = Vec::new();
    for nth in 0..12 {
        let place = format!("X-Forwarded-For: 10.0.0.{nth}\r\nForwarded: for=10.0.0.{nth}\r\nX-Real-IP: 10.0.0.{nth}");
        let mut guesser = Client::with_key(&scene.door, &format!("ink_{nth}")).and(&place);
        let answer = guesser.post(&scene.xp(), json!({"amount": 5})).await;
        assert!(answer.json["detail"].is_string() && answer.status != 429 || answer.header("retry-after").is_some());
        statuses.push(answer.status);
    }
    assert_eq!(statuses, [vec![401; 10], vec![429; 2]].concat());
    let mut guesser = scene.door.browser();
    let mut statuses = Vec::new();
    for nth in 0..12 {
        let lines = format!("X-Forwarded-For: 10.0.0.{nth}\r\nOrigin: http://{}\r\n", scene.door.addr);
        statuses.push(guesser.post_from(&lines, &format!("/login/{nth:064}"), &[]).await.status);
    }
    assert_eq!(statuses, [vec![404; 10], vec![429; 2]].concat());
    assert_eq!(scene.records(), before);
    let given = Client::with_key(&scene.door, &scene.key).post(&scene.xp(), json!({"amount": 5})).await;
    assert_eq!(given.status, 200, "who has a good one is not locked out by it");
    let mut browser = scene.door.browser();
    assert_eq!(browser.post(&path, &[]).await.status, 303);
    let before = scene.records();
    let again = scene.door.browser().post(&path, &[]).await;
    assert!(matches!(again.status, 404 | 429), "a link is good once: {again:?}");
    assert_eq!(scene.records(), before);
    scene.close().await;
}
