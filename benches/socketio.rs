//! What it takes to tell 1,000 Socket.IO clients of a level: from the hand-over of the event, over its commit, to each
//! WebSocket. And what memory does meanwhile, with the clients' own ends in it: they are in this process.
//!
//! `cargo bench --bench socketio`

#![allow(clippy::expect_used, reason = "a bench that cannot go on ends")]

mod support;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use innkeeper::bot::{Audience as For, Happening};
use innkeeper::config::{Audience, Config};
use innkeeper::store::happenings;
use serde_json::json;
use support::{MB, guild, now, of, open, open_door, resident};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
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
/// Stands before the number of an event, which is the name of who reached the level.
const MARK: &[u8] = b"\"username\":\"";
/// `40` and `3` as masked frames of text, with a mask of zeros.
const JOIN: &[u8] = b"\x81\x82\0\0\0\x0040";
const PONG: &[u8] = b"\x81\x81\0\0\0\x003";

fn main() {
    support::run("socketio.db", all);
}

async fn all(path: PathBuf) {
    let mut config = Config::default();
    config.http.visibility.leaderboard = Audience::Public;
    // They come all at once, from one address that is not held to what one may ask.
    config.http.trusted_proxies = vec![[127, 0, 0, 1].into()];
    let bot = open(&path, config).await;
    let (addr, stop) = open_door(&bot, innkeeper::wires::WIRES, CLIENTS);
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
        let happening = Happening::new("level_up", guild(), For::Everybody, fields, now());
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
    let (median, most) = of(&mut times);
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
