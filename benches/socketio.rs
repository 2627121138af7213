//! What it takes to tell 1,000 Socket.IO clients of a level: from the hand-over of the event, over its commit, to each
//! WebSocket. And what memory does meanwhile, with the clients' own ends in it: they are in this process.
//!
//! `cargo bench --bench socketio`

#![allow(clippy::expect_used, reason = "a bench that cannot go on ends")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use innkeeper::bot::{Audience as For, Bot, Happening};
use innkeeper::config::{Audience, Config};
use innkeeper::door::listen;
use innkeeper::http::{self, Door, Limits};
use innkeeper::model::{Clock, Event, Guild, GuildId, Timestamp, UserId};
use innkeeper::status::{Board, Face, FaceSettings, Vitals};
use innkeeper::store::{Progress, SessionKey, Store, StoreSettings, happenings};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{interval, timeout};

const CLIENTS: usize = 1_000;
/// Of one round; memory is looked at after each.
const EVENTS: usize = 60;
const ROUNDS: usize = 5;
const APART: Duration = Duration::from_millis(100);
/// What 99 of 100 are told within.
const TARGET: Duration = Duration::from_millis(200);
/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(10);
const READ_BYTES: usize = 2_048;
const MB: f64 = 1_048_576.0;
/// Stands before the number of an event, which is the name of who reached the level.
const MARK: &[u8] = b"\"username\":\"";
/// `40` and `3` as masked frames of text, with a mask of zeros.
const JOIN: &[u8] = b"\x81\x82\0\0\0\x0040";
const PONG: &[u8] = b"\x81\x81\0\0\0\x003";

fn main() {
    let folder = std::env::temp_dir().join(format!("innkeeper-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(all(&folder.join("socketio.db")));
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}

async fn all(path: &Path) {
    let clock = Clock::hand(Timestamp::from_ms(1_790_000_000_000));
    let vitals = Vitals::new(clock.clone());
    let settings = StoreSettings { batch_rows: 20, batch_wait: Duration::from_secs(60) };
    let store = Store::open(path, settings, vitals.clone()).expect("a store");
    let mut config = Config::default();
    config.http.visibility.leaderboard = Audience::Public;
    // They come all at once, from one address that is not held to what one may ask.
    config.http.trusted_proxies = vec![[127, 0, 0, 1].into()];
    let bot = Bot::open(config, store, clock, vitals).await.expect("a bot");
    let guild = furnish(&bot).await;
    let (addr, stop) = open_door(&bot);
    // As large as it gets, so that it is no part of what grows.
    let mut times = vec![TARGET; CLIENTS * EVENTS * ROUNDS];
    times.clear();
    let before = resident();
    let (told, mut arrivals) = mpsc::unbounded_channel();
    for nth in 0..CLIENTS {
        connect(addr, nth, told.clone()).await;
    }
    let with_all = resident();
    let (mut rounds, mut beat) = (Vec::new(), interval(APART));
    for nth in 0..EVENTS * ROUNDS {
        beat.tick().await;
        let begun = Instant::now();
        let fields = json!({"user_id": "30", "username": nth.to_string(), "old_level": 1, "new_level": 2});
        let at = Timestamp::from_ms(1_790_000_000_000);
        let happening = Happening::new("level_up", guild, For::Everybody, fields, at);
        bot.store().write(move |tx| happenings::insert(tx, &happening)).await.expect("a commit");
        for client in 0..CLIENTS {
            let arrival = timeout(PATIENCE, arrivals.recv()).await;
            let arrival = arrival.unwrap_or_else(|_| panic!("event {nth} was told to {client} clients alone"));
            let (heard, at): (usize, Instant) = arrival.expect("an arrival");
            assert_eq!(heard, nth, "in order");
            times.push(at - begun);
        }
        if (nth + 1) % EVENTS == 0 {
            rounds.push(format!("{:.1}", resident() / MB));
        }
    }
    times.sort_unstable();
    let (median, most) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    println!(
        "level_up to {CLIENTS} Socket.IO clients: median {median:.2?}, 99 % within {most:.2?}; {:.2} of {TARGET:?}",
        most.as_secs_f64() / TARGET.as_secs_f64()
    );
    println!(
        "memory: {:.1} MB, with {CLIENTS} clients {:.1} MB ({:.1} KiB each), after each {EVENTS} events {} MB",
        before / MB,
        with_all / MB,
        (with_all - before) / 1_024.0 / CLIENTS as f64,
        rounds.join(", ")
    );
    stop.send_replace(true);
    bot.store().close();
}

async fn furnish(bot: &Bot) -> GuildId {
    let id = GuildId::new(100).expect("an id");
    let seen = Event::GuildSeen(Box::new(Guild {
        id,
        name: "Inn".to_owned(),
        owner: UserId::new(900_001).expect("an id"),
        member_count: 5_000,
        my_roles: Vec::new(),
        roles: Vec::new(),
        channels: Vec::new(),
        afk_channel: None,
        voices: Vec::new(),
        watched: Vec::new(),
    }));
    let session = Arc::new(SessionKey { id: "s".to_owned(), resume_url: "wss://x".to_owned() });
    bot.observe(Some(seen), Progress { session, sequence: 1 }).expect("an empty queue");
    bot.settle().await;
    id
}

/// The main door, wide enough for all.
fn open_door(bot: &Bot) -> (SocketAddr, watch::Sender<bool>) {
    let listener = listen("http.listen", "127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("an address");
    let (config, room) = (bot.config(), CLIENTS + 8);
    let settings = Arc::new(FaceSettings::of(&config));
    let face = Face { vitals: bot.vitals().clone(), board: Board::new(bot.clock().clone()), settings };
    let limits = Limits { connections: room, connections_per_address: room, watchers: room, ..Limits::default() };
    let wires = innkeeper::wires::WIRES;
    let door = Door { bot: Some(bot.clone()), limits, wires, ..Door::new(face, &config, bot.happenings()) };
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(http::serve(listener, door, Router::new(), stopped));
    (addr, stop)
}

/// Opens a client and waits until it joined; it then reports the number of each event when that arrives.
async fn connect(addr: SocketAddr, nth: usize, told: mpsc::UnboundedSender<(usize, Instant)>) {
    let mut stream = TcpStream::connect(addr).await.expect("a connection");
    let head = format!(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {addr}\r\nConnection: Upgrade\r\n\
         X-Forwarded-For: 10.0.{}.{}\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        nth / 250,
        nth % 250
    );
    stream.write_all(head.as_bytes()).await.expect("a request");
    let mut buffer = vec![0; READ_BYTES];
    read_until(&mut stream, &mut buffer, b"pingInterval").await;
    stream.write_all(JOIN).await.expect("a packet");
    read_until(&mut stream, &mut buffer, b"connection_established").await;
    // The first ping came before that.
    stream.write_all(PONG).await.expect("a packet");
    tokio::spawn(async move {
        let mut held = 0;
        while let Ok(read @ 1..) = stream.read(&mut buffer[held..]).await {
            held += read;
            let mut seen = 0;
            while let Some((packet, end)) = frame(&buffer[seen..held]) {
                if packet == b"2" {
                    stream.write_all(PONG).await.expect("a packet");
                } else if let Some(at) = packet.windows(MARK.len()).position(|window| window == MARK) {
                    let digits = packet[at + MARK.len()..].split(|byte| *byte == b'"').next().unwrap_or_default();
                    let nth = String::from_utf8_lossy(digits).parse().expect("a number");
                    if told.send((nth, Instant::now())).is_err() {
                        return;
                    }
                }
                seen += end;
            }
            buffer.copy_within(seen..held, 0);
            held -= seen;
        }
    });
}

/// What the first frame holds, and where it ends; none: it is not whole yet.
fn frame(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let (begin, length) = match *bytes.get(1)? {
        126 => (4, usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]))),
        length => (2, usize::from(length)),
    };
    Some((bytes.get(begin..begin + length)?, begin + length))
}

/// Reads until these bytes came.
async fn read_until(stream: &mut TcpStream, buffer: &mut [u8], wanted: &[u8]) {
    let mut all = Vec::new();
    while !all.windows(wanted.len()).any(|window| window == wanted) {
        let read = stream.read(buffer).await.expect("an answer");
        assert!(read > 0, "{}", String::from_utf8_lossy(&all));
        all.extend_from_slice(&buffer[..read]);
    }
}

/// Bytes of memory that the process holds.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap_or(0.0) * 1_024.0
}
