//! What it takes to tell 1,000 listeners what happens: from the hand-over of an event, over its commit, to each socket,
//! half of them streams and half of them WebSockets. Beside it the same bytes written to as many bare sockets. And what
//! memory does meanwhile, with the listeners' own ends in it: they are in this process.
//!
//! `cargo bench --bench events`

#![allow(clippy::expect_used, reason = "a bench that cannot go on ends")]

mod support;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use innkeeper::bot::{Audience, Bot, Happening};
use innkeeper::config::Config;
use innkeeper::http::Wires;
use innkeeper::model::access::new_key;
use innkeeper::store::access::{NewKey, create_key};
use innkeeper::store::happenings;
use serde_json::json;
use support::{MB, guild, now, of, open, open_door, resident};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::interval;

const LISTENERS: usize = 1_000;
/// Of one round; memory is looked at after each.
const EVENTS: usize = 200;
const ROUNDS: usize = 6;
const APART: Duration = Duration::from_millis(100);
/// What everybody is told within.
const TARGET: Duration = Duration::from_millis(100);
const READ_BYTES: usize = 1_024;
/// A masked frame (RFC 6455, section 5.5.3) which says that a WebSocket is still there.
const PONG: [u8; 6] = [0x8A, 0x80, 0, 0, 0, 0];
/// Stands before the number of an event.
const MARK: &[u8] = b"\"nth\":\"";

fn main() {
    support::run("events.db", all);
}

async fn all(path: PathBuf) {
    let (bare, _) = to_bare_sockets().await;
    let bot = open(&path, Config::default()).await;
    let (addr, stop) = open_door(&bot, Wires::default(), LISTENERS);
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
        let happening = Happening::new("level_up", guild(), Audience::Members, fields, now());
        bot.store().write(move |tx| happenings::insert(tx, &happening)).await.expect("a commit");
        times.extend(arrived(&mut arrivals, nth, begun).await);
        if (nth + 1) % EVENTS == 0 {
            // What was measured would count as memory itself.
            let (of_round, most_of_round) = of(&mut std::mem::take(&mut times));
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
    let (median, most) = of(&mut times);
    (most, median)
}
