//! Both listening doors over real sockets: opening them with a sample face, asking, and reading answers.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use innkeeper::config::Audience;
use innkeeper::door::{Hosts, listen};
use innkeeper::http::{self, Door};
use innkeeper::lamp::{self, Lamp, Light};
use innkeeper::model::{Clock, Timestamp};
use innkeeper::status::vitals::GatewayState;
use innkeeper::status::{Board, Card, CardKind, Face, FaceSettings, Standing, Vitals};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Far beyond what anything here takes; a test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A face with everything on it, by a clock that the test moves.
pub fn face() -> (Clock, Face) {
    let clock = Clock::hand(Timestamp::from_ms(1_788_000_000_000));
    let vitals = Vitals::new(clock.clone());
    vitals.set_gateway(GatewayState::Connected);
    vitals.note_ack();
    vitals.guilds.store(1, Relaxed);
    vitals.members_seen.store(1_234, Relaxed);
    let board = Board::new(clock.clone());
    board.put(cards("Marigold"));
    (clock, Face { vitals, board, settings: Arc::new(FaceSettings::default()) })
}

/// One card of each kind, with `text` wherever a member's or an owner's text can be.
pub fn cards(text: &str) -> Vec<Card> {
    let standing = Standing { rank: 1, name: text.to_owned(), level: 3, xp: 1_100, progress: Some((50, 750)) };
    let kinds = [
        CardKind::Leaderboard(vec![standing]),
        CardKind::List(vec![(text.to_owned(), text.to_owned())]),
        CardKind::Text(text.to_owned()),
    ];
    kinds.map(|kind| Card { title: text.to_owned(), kind, audience: Audience::Public }).into()
}

/// The main door, open; it closes when dropped.
pub struct House {
    pub addr: SocketAddr,
    pub clock: Clock,
    pub face: Face,
    pub stop: watch::Sender<bool>,
    pub task: JoinHandle<std::io::Result<()>>,
}

impl House {
    pub async fn open() -> Self {
        Self::with(http::Limits::default(), |_| {}, Router::new()).await
    }

    pub async fn with(limits: http::Limits, change: impl FnOnce(&mut Door), extra: Router) -> Self {
        let (clock, face) = face();
        let listener = listen("http.listen", "127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let hosts = Hosts::new(Some(addr), "https://inn.example.org", &[]);
        let trusted_proxies = Vec::new();
        let mut door = Door {
            face,
            hosts,
            trusted_proxies,
            limits,
            happenings: None,
            public_url: String::new(),
            bot: None,
            rooms: innkeeper::http::api::Routes::default,
            wires: innkeeper::http::Wires::default(),
        };
        change(&mut door);
        let face = door.face.clone();
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(http::serve(listener, door, extra, stopped));
        Self { addr, clock, face, stop, task }
    }
}

/// The lamp, lit in a folder of its own; it goes out when dropped.
pub struct LitLamp {
    pub addr: SocketAddr,
    pub clock: Clock,
    pub face: Face,
    pub folder: Folder,
    pub lamp: Lamp,
}

impl LitLamp {
    pub fn light() -> Self {
        Self::with(lamp::Limits::default())
    }

    pub fn with(limits: lamp::Limits) -> Self {
        let (clock, face) = face();
        let listener = listen("lamp.listen", "127.0.0.1:0").unwrap();
        let hosts = Hosts::new(listener.local_addr().ok(), "https://inn.example.org", &[]);
        let folder = Folder::new();
        let lamp = Lamp::start(listener, Light { face: face.clone(), hosts, limits }, &folder.0).unwrap();
        Self { addr: lamp.addr, clock, face, folder, lamp }
    }
}

/// A folder that is gone after the test.
pub struct Folder(pub std::path::PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("innkeeper-{}-{}", std::process::id(), NEXT.fetch_add(1, Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An HTTP answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The first answer in these bytes, its body running to their end.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Some(Self { status, headers, body: body.to_owned() })
    }
}

/// Sends these bytes and reads until the other side closes. A reset after (or instead of) an answer is fine.
pub async fn send(addr: SocketAddr, bytes: &[u8]) -> Option<Answer> {
    let talk = async {
        let mut stream = TcpStream::connect(addr).await.ok()?;
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let mut chunk = [0; 8 * 1024];
        while let Ok(read @ 1..) = stream.read(&mut chunk).await {
            answer.extend_from_slice(&chunk[..read]);
        }
        Answer::parse(&answer)
    };
    timeout(PATIENCE, talk).await.expect("an answer or an end")
}

/// `GET path` as a browser would, with further header lines (each ending in CRLF).
pub async fn get_with(addr: SocketAddr, path: &str, lines: &str) -> Answer {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n{lines}\r\n");
    send(addr, request.as_bytes()).await.unwrap_or_else(|| panic!("no answer to {path}"))
}

pub async fn get(addr: SocketAddr, path: &str) -> Answer {
    get_with(addr, path, "User-Agent: Mozilla/5.0\r\nAccept: text/html\r\n").await
}

/// Waits until `condition` holds, asking it again and again.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !condition().await {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("waited in vain: {what}"));
}
