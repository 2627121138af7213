//! The main door of a running bot, over real sockets, and browsers that come to it.
#![allow(
    dead_code,
    clippy::expect_used,
    reason = "each test program uses a part of it, and fails where it cannot go on"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use innkeeper::bot::Bot;
use innkeeper::config::Config;
use innkeeper::door::listen;
use innkeeper::http::{self, Door, Limits};
use innkeeper::model::UserId;
use innkeeper::status::{Board, Face, FaceSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::house::{House, Running};

/// Far beyond what anything here takes; a test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A door; it closes when dropped.
pub struct OpenDoor {
    pub addr: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<std::io::Result<()>>,
}

impl OpenDoor {
    /// Opens a door as the config describes it, at a free port.
    pub fn of(bot: &Bot, config: &Config) -> Self {
        Self::with(bot, config, Limits::default())
    }

    /// The same with other limits.
    pub fn with(bot: &Bot, config: &Config, limits: Limits) -> Self {
        let listener = listen("http.listen", "127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let (vitals, board) = (bot.vitals().clone(), Board::new(bot.clock().clone()));
        let face = Face { vitals, board, settings: Arc::new(FaceSettings::of(config)) };
        let door = Door {
            bot: Some(bot.clone()),
            rooms: innkeeper::features::api::routes,
            wires: innkeeper::wires::WIRES,
            limits,
            ..Door::new(face, config, bot.happenings())
        };
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(http::serve(listener, door, Router::new(), stopped));
        Self { addr, stop, task }
    }

    /// A browser that was never here.
    pub fn browser(&self) -> Browser {
        Browser::at(self.addr)
    }
}

/// A house with its main door open.
pub async fn open(house: &House) -> (Running, OpenDoor) {
    let bot = house.start().await;
    bot.settle(house).await;
    let door = OpenDoor::of(&bot.bot, &house.config);
    (bot, door)
}

/// The path of a new link for somebody.
pub async fn link(house: &House, member: UserId) -> String {
    let told = house.slash(member, "login", &[]).await;
    assert!(told.ephemeral, "only they see it");
    let text = told.text();
    let (_, rest) = text.split_once("http://127.0.0.1:8080").unwrap_or_else(|| panic!("no link: {text}"));
    rest.split_once('>').unwrap().0.to_owned()
}

/// Somebody's browser, signed in.
pub async fn sign_in(house: &House, door: &OpenDoor, member: UserId) -> Browser {
    let (mut browser, path) = (door.browser(), link(house, member).await);
    let page = browser.post(&path, &[]).await;
    assert_eq!((page.status, page.header("location")), (303, Some("/")), "{page:?}");
    browser
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Page {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Page {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// The values of a header that may come several times.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The word of the page's forms.
    pub fn word(&self) -> String {
        let (_, rest) =
            self.body.split_once("name=\"word\" value=\"").unwrap_or_else(|| panic!("no form: {}", self.body));
        rest.split_once('"').unwrap().0.to_owned()
    }
}

/// A browser: it keeps its cookies, and says where its forms come from.
pub struct Browser {
    pub addr: SocketAddr,
    /// The one that signs it in.
    pub cookie: Option<String>,
    /// The one by which it is known while it is at Discord's page.
    pub pending: Option<String>,
}

impl Browser {
    /// One that was never there.
    pub fn at(addr: SocketAddr) -> Self {
        Self { addr, cookie: None, pending: None }
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.ask("GET", path, "", "").await
    }

    /// Sends a form of a page that was served here.
    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Page {
        let origin = format!("Origin: http://{}\r\nSec-Fetch-Site: same-origin\r\n", self.addr);
        self.post_from(&origin, path, form).await
    }

    /// The same with header lines of the test's own instead of those that say where it comes from.
    pub async fn post_from(&mut self, lines: &str, path: &str, form: &[(&str, &str)]) -> Page {
        let form: Vec<_> = form.iter().map(|(name, value)| format!("{name}={}", value.replace('+', "%2B"))).collect();
        let body = form.join("&");
        let lines =
            format!("{lines}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n", body.len());
        self.ask("POST", path, &lines, &body).await
    }

    pub async fn ask(&mut self, method: &str, path: &str, lines: &str, body: &str) -> Page {
        let cookies: Vec<_> = self.cookie.iter().chain(&self.pending).map(String::as_str).collect();
        let cookie = if cookies.is_empty() { String::new() } else { format!("Cookie: {}\r\n", cookies.join("; ")) };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nUser-Agent: Mozilla/5.0\r\n\
             Accept: text/html\r\n{cookie}{lines}\r\n{body}",
            self.addr
        );
        let page = send(self.addr, head.as_bytes()).await;
        for set in page.headers("set-cookie") {
            let pair = set.split(';').next().unwrap();
            let jar = if pair.contains("innkeeper-login=") { &mut self.pending } else { &mut self.cookie };
            *jar = (!pair.ends_with('=')).then(|| pair.to_owned());
        }
        page
    }
}

async fn send(addr: SocketAddr, bytes: &[u8]) -> Page {
    let talk = async {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Page { status, head: head.to_owned(), body: body.to_owned() }
    };
    timeout(PATIENCE, talk).await.expect("an answer")
}
