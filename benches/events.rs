//! What it takes to tell 1,000 listeners what happens: from the hand-over of an event, over its commit, to each socket,
//! half of them streams and half of them WebSockets. Beside it the same bytes written to as many bare sockets. And what
//! memory does meanwhile, with the listeners' own ends in it: they are in this process.
//!
//! `cargo bench --bench events`

#![allow(clippy::expect_used, reason = "a bench that cannot go on ends")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use innkeeper::bot::{Audience, Bot, Happening};
use innkeeper::config::Config;
use innkeeper::door::listen;
use innkeeper::http::{self, Door, Limits};
use innkeeper::model::access::new_key;
use innkeeper::model::{Clock, Event, Guild, GuildId, Timestamp, UserId};
use innkeeper::status::{Board, Face, FaceSettings, Vitals};
use innkeeper::store::access::{NewKey, create_key};
use innkeeper::store::{Progress, SessionKey, Store, StoreSettings, happenings};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::interval;

const LISTENERS: usize = 1_000;
/// Of one round; memory is looked at after each.
const EVENTS: usize = 200;
const ROUNDS: usize = 6;
const APART: Duration = Duration::from_millis(100);
/// What everybody is told within.
const TARGET: Duration = Duration::from_millis(100);
const READ_BYTES: usize = 1_024;
const MB: f64 = 1_048_576.0;
/// A masked frame (RFC 6455, section 5.5.3) which says that a WebSocket is still there.
const PONG: [u8; 6] = [0x8A, 0x80, 0, 0, 0, 0];
/// Stands before the number of an event.
const MARK: &[u8] = b"\"nth\":\"";

fn main() {
    let folder = std::env::temp_dir().join(format!("innkeeper-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(all(&folder.join("events.db")));
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}

fn guild() -> GuildId {
    GuildId::new(100).expect("an id")
}

async fn all(path: &Path) {
    let (bare, _) = to_bare_sockets().await;
    let clock = Clock::hand(Timestamp::from_ms(1_790_000_000_000));
    let vitals = Vitals::new(clock.clone());
    let settings = StoreSettings { batch_rows: 20, batch_wait: Duration::from_secs(60) };
    let store = Store::open(path, settings, vitals.clone()).expect("a store");
    let bot = Bot::open(Config::default(), store, clock, vitals).await.expect("a bot");
    furnish(&bot).await;
    let (addr, stop) = open_door(&bot);
    let key = make_key(&bot).await;
    let before = resident();
    let (told, mut arrivals) = mpsc::unbounded_channel();
    for nth in 0..LISTENERS {
        connect(addr, &head(addr, &key, nth % 2 == 1), told.clone()).await;
    }
    let with_all = resident();
    let mut times = Vec::new();
    let mut beat = interval(APART);
    let (mut median, mut most, mut rounds) = (Duration::ZERO, Duration::ZERO, Vec::new());
    for nth in 0..EVENTS * ROUNDS {
        beat.tick().await;
        let begun = Instant::now();
        let fields = json!({"nth": nth.to_string(), "user_id": "30", "username": "Ada", "new_level": 2});
        let happening =
            Happening::new("level_up", guild(), Audience::Members, fields, Timestamp::from_ms(1_790_000_000_000));
        bot.store().write(move |tx| happenings::insert(tx, &happening)).await.expect("a commit");
        times.extend(arrived(&mut arrivals, nth, begun).await);
        if (nth + 1) % EVENTS == 0 {
            // What was measured would count as memory itself.
            let (of_round, most_of_round) = of(std::mem::take(&mut times));
            (median, most) = (median.max(of_round), most.max(most_of_round));
            rounds.push(format!("{:.1}", resident() / MB));
        }
    }
    println!(
        "event to {LISTENERS} listeners, in the slowest round: median {median:.2?}, 99 % within {most:.2?}; {:.2} of {TARGET:?}, \
         {:.1} times as many bare sockets ({bare:.2?})",
        most.as_secs_f64() / TARGET.as_secs_f64(),
        most.as_secs_f64() / bare.as_secs_f64()
    );
    println!(
        "memory: {:.1} MB, with {LISTENERS} listeners {:.1} MB ({:.1} KiB each), after each {EVENTS} events {} MB",
        before / MB,
        with_all / MB,
        (with_all - before) / 1_024.0 / LISTENERS as f64,
        rounds.join(", ")
    );
    stop.send_replace(true);
    bot.store().close();
}

async fn furnish(bot: &Bot) {
    let seen = Event::GuildSeen(Box::new(Guild {
        id: guild(),
        name: "Inn".to_owned(),
        owner: UserId::new(900_001).expect("an id"),
        member_count: 5_000,
        my_roles: Vec::new(),
        roles: Vec::new(),
        channels: Vec::new(),
        afk_channel: None,
        voices: Vec::new(),
    }));
    let session = Arc::new(SessionKey { id: "s".to_owned(), resume_url: "wss://x".to_owned() });
    bot.observe(Some(seen), Progress { session, sequence: 1 }).expect("an empty queue");
    bot.settle().await;
}

/// The main door, wide enough for all.
fn open_door(bot: &Bot) -> (SocketAddr, watch::Sender<bool>) {
    let listener = listen("http.listen", "127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("an address");
    let (config, room) = (bot.config(), LISTENERS + 8);
    let settings = Arc::new(FaceSettings::of(&config));
    let face = Face { vitals: bot.vitals().clone(), board: Board::new(bot.clock().clone()), settings };
    let limits = Limits {
        connections: room,
        connections_per_address: room,
        watchers: room,
        listeners_per_caller: room,
        ..Limits::default()
    };
    let door = Door { bot: Some(bot.clone()), limits, ..Door::new(face, &config, bot.happenings()) };
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(http::serve(listener, door, Router::new(), stopped));
    (addr, stop)
}

async fn make_key(bot: &Bot) -> String {
    let (key, now) = (new_key(), bot.clock().now());
    let kept = key.clone();
    let scopes = "read".parse().expect("a scope");
    let made = bot.store().write(move |tx| {
        let new = NewKey { name: "bench", scopes, guild: None, created_by: None, expires_at: None };
        create_key(tx, &new, &kept, now)
    });
    made.await.expect("a key");
    key.reveal().to_owned()
}

fn head(addr: SocketAddr, key: &str, over_socket: bool) -> String {
    let common = format!("Host: {addr}\r\nAuthorization: Bearer {key}\r\n");
    match over_socket {
        true => format!(
            "GET /events/ws HTTP/1.1\r\n{common}Connection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ),
        false => format!("GET /events?kinds=level_up HTTP/1.1\r\n{common}\r\n"),
    }
}

/// Opens a listener and waits until it is let in; it then reports the number of each event when that arrives.
async fn connect(addr: SocketAddr, head: &str, told: mpsc::UnboundedSender<(usize, Instant)>) {
    let mut stream = TcpStream::connect(addr).await.expect("a connection");
    stream.write_all(head.as_bytes()).await.expect("a request");
    let mut buffer = vec![0; READ_BYTES];
    if !head.is_empty() {
        let read = stream.read(&mut buffer).await.expect("an answer");
        let answer = String::from_utf8_lossy(&buffer[..read]).into_owned();
        assert!(answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.1 101"), "{answer}");
    }
    let is_socket = head.contains("Upgrade");
    tokio::spawn(async move {
        let mut held = 0;
        while let Ok(read @ 1..) = stream.read(&mut buffer[held..]).await {
            held += read;
            let bytes = &buffer[..held];
            let Some(at) = bytes.windows(MARK.len()).position(|window| window == MARK) else { continue };
            let digits: String = bytes[at + MARK.len()..].iter().map(|byte| char::from(*byte)).collect();
            let Some((nth, _)) = digits.split_once('"') else { continue };
            let nth = nth.parse().expect("a number");
            held = 0;
            if is_socket && stream.write_all(&PONG).await.is_err() {
                return;
            }
            if told.send((nth, Instant::now())).is_err() {
                return;
            }
        }
    });
}

/// How long an event took to each listener.
async fn arrived(
    arrivals: &mut mpsc::UnboundedReceiver<(usize, Instant)>,
    nth: usize,
    begun: Instant,
) -> Vec<Duration> {
    let mut times = Vec::new();
    while times.len() < LISTENERS {
        let (which, at) = arrivals.recv().await.expect("an arrival");
        assert_eq!(which, nth, "one after the other");
        times.push(at.duration_since(begun));
    }
    times
}

/// The same without us: bytes of that kind, written to one socket after another.
async fn to_bare_sockets() -> (Duration, Duration) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addr = listener.local_addr().expect("an address");
    let (told, mut arrivals) = mpsc::unbounded_channel();
    let mut sockets = Vec::new();
    for _ in 0..LISTENERS {
        let (accepted, ()) = tokio::join!(listener.accept(), connect(addr, "", told.clone()));
        sockets.push(accepted.expect("a connection").0);
    }
    let mut times = Vec::new();
    let mut beat = interval(APART);
    for nth in 0..EVENTS {
        beat.tick().await;
        let begun = Instant::now();
        let line = format!("event: level_up\nid: 1\ndata: {{\"nth\":\"{nth}\",\"username\":\"Ada\"}}\n\n");
        for socket in &mut sockets {
            socket.write_all(line.as_bytes()).await.expect("a write");
        }
        times.extend(arrived(&mut arrivals, nth, begun).await);
    }
    let (median, most) = of(times);
    (most, median)
}

/// The median, and what 99 of 100 stay within.
fn of(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}

/// What this process holds in memory.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kib * 1_024.0
}
