//! What a program with a key gets while a community writes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::process::{Folder, install};
use crate::{AUTHORS, MB, open, pour, run, spread, stream};

/// Reads a second, shared by so many connections that stay open.
const READS_PER_SECOND: u32 = 1_000;
const CONNECTIONS: u32 = 4;
const MESSAGES_PER_SECOND: u64 = 500;
const SECONDS: u32 = 20;
/// Members on a page of the leaderboard.
const PAGE: u32 = 50;

/// A thousand pages of the leaderboard a second for one key, the first one or any, while messages come in.
pub async fn reads() {
    let (sim, inn) = open(AUTHORS).await;
    let folder = Folder::new();
    let binary = install(&folder);
    let made = Command::new(binary)
        .args(["key", "create", "--name", "bench", "--scope", "read"])
        .env("INNKEEPER_STORE__PATH", folder.path().join("innkeeper.db"))
        .output()
        .expect("a key");
    let key = String::from_utf8(made.stdout).expect("text").trim().to_owned();
    let innkeeper = run(&sim, &folder);
    pour(&sim, &innkeeper, stream(&inn, AUTHORS as u64, Some(2_000))).await;
    for deep in [false, true] {
        let (cpu, begun) = (innkeeper.cpu_us(), Instant::now());
        let readers: Vec<_> = (0..CONNECTIONS)
            .map(|nth| {
                let (address, key, guild) = (innkeeper.pages, key.clone(), inn.guild.to_string());
                tokio::task::spawn_blocking(move || read_on(address, &key, &guild, nth, deep))
            })
            .collect();
        let messages = stream(&inn, MESSAGES_PER_SECOND * u64::from(SECONDS), Some(MESSAGES_PER_SECOND));
        sim.firehose(messages).await.expect("all is poured");
        let mut times = Vec::new();
        for reader in readers {
            times.extend(reader.await.expect("a reader"));
        }
        let pace = times.len() as f64 / begun.elapsed().as_secs_f64();
        println!(
            "{pace:.0} pages of {PAGE} members a second for one key ({}) while {MESSAGES_PER_SECOND} messages/s come \
             in: {}; {:.2} cores, at most {:.1} MB",
            if deep { "anywhere in the list" } else { "the first" },
            spread(times),
            (innkeeper.cpu_us() - cpu) as f64 / begun.elapsed().as_micros() as f64,
            innkeeper.resident_peak() as f64 / MB
        );
    }
}

/// Asks at an even pace over one connection; how long each answer took.
fn read_on(address: SocketAddr, key: &str, guild: &str, nth: u32, deep: bool) -> Vec<Duration> {
    let apart = Duration::from_secs(1) * CONNECTIONS / READS_PER_SECOND;
    let mut dice = fastrand::Rng::with_seed(u64::from(nth));
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("a socket");
    let mut answers = BufReader::new(stream.try_clone().expect("a socket"));
    let begun = Instant::now();
    let count = SECONDS * READS_PER_SECOND / CONNECTIONS;
    let mut ask = |nth_read: u32| {
        std::thread::park_timeout((begun + apart * nth_read).saturating_duration_since(Instant::now()));
        let offset = if deep { dice.u32(0..AUTHORS as u32 - PAGE) } else { 0 };
        let asked = Instant::now();
        let path = format!("/api/guilds/{guild}/leaderboard?limit={PAGE}&offset={offset}");
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\r\n").expect("sent");
        let body = answer(&mut answers);
        assert!(body.contains("\"has_more\""), "{body}");
        asked.elapsed()
    };
    (0..count).map(&mut ask).collect()
}

/// The body of an answer.
fn answer(stream: &mut BufReader<TcpStream>) -> String {
    let mut length = 0;
    let mut line = String::new();
    loop {
        line.clear();
        stream.read_line(&mut line).expect("a line");
        let lower = line.to_ascii_lowercase();
        if let Some(given) = lower.strip_prefix("content-length: ") {
            length = given.trim().parse().expect("a number");
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("a body");
    String::from_utf8(body).expect("text")
}
