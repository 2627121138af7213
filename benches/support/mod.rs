//! What benches have in common: a folder and a runtime, a guild; where somebody listens, a door that is wide enough,
//! and memory.
#![allow(dead_code, reason = "each bench uses a part of it")]

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use innkeeper::bot::Bot;
use innkeeper::config::Config;
use innkeeper::door::listen;
use innkeeper::http::{self, Door, Limits, Wires};
use innkeeper::model::{Clock, Event, Guild, GuildId, Role, Timestamp, UserId};
use innkeeper::status::{Board, Face, FaceSettings, Vitals};
use innkeeper::store::{Progress, SessionKey, Store, StoreSettings};
use tokio::sync::watch;

pub const MB: f64 = 1_048_576.0;

pub fn now() -> Timestamp {
    Timestamp::from_ms(1_790_000_000_000)
}

pub fn guild() -> GuildId {
    GuildId::new(100).expect("an id")
}

/// Runs it on two threads, with a database of this name in a folder that goes afterwards.
pub fn run<F: Future<Output = ()>>(name: &str, all: impl FnOnce(PathBuf) -> F) {
    let folder = std::env::temp_dir().join(format!("innkeeper-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(all(folder.join(name)));
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}

/// A bot that sees [`guild`].
pub async fn open(path: &Path, config: Config) -> Bot {
    let clock = Clock::hand(now());
    let vitals = Vitals::new(clock.clone());
    let settings = StoreSettings { batch_rows: 20, batch_wait: Duration::from_secs(60) };
    let store = Store::open(path, settings, vitals.clone()).expect("a store");
    let bot = Bot::open(config, store, clock, vitals).await.expect("a bot");
    show_guild(&bot, UserId::new(900_001).expect("an id"), Vec::new()).await;
    bot
}

/// Shows the bot [`guild`], with this owner and these roles.
pub async fn show_guild(bot: &Bot, owner: UserId, roles: Vec<Role>) {
    let seen = Event::GuildSeen(Box::new(Guild {
        id: guild(),
        name: "Inn".to_owned(),
        owner,
        member_count: 5_000,
        my_roles: Vec::new(),
        roles,
        channels: Vec::new(),
        afk_channel: None,
        voices: Vec::new(),
        watched: Vec::new(),
    }));
    let session = Arc::new(SessionKey { id: "s".to_owned(), resume_url: "wss://x".to_owned() });
    bot.observe(Some(seen), Progress { session, sequence: 1 }).expect("an empty queue");
    bot.settle().await;
}

/// The main door with these dialects, wide enough for so many listeners, whoever they are.
pub fn open_door(bot: &Bot, wires: Wires, listeners: usize) -> (SocketAddr, watch::Sender<bool>) {
    let listener = listen("http.listen", "127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("an address");
    let (config, room) = (bot.config(), listeners + 8);
    let settings = Arc::new(FaceSettings::of(&config));
    let face = Face { vitals: bot.vitals().clone(), board: Board::new(bot.clock().clone()), settings };
    let limits = Limits {
        connections: room,
        connections_per_address: room,
        watchers: room,
        listeners_per_caller: room,
        ..Limits::default()
    };
    let door = Door { bot: Some(bot.clone()), limits, wires, ..Door::new(face, &config, bot.happenings()) };
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(http::serve(listener, door, Router::new(), stopped));
    (addr, stop)
}

/// The median, and what 99 of 100 stay within.
pub fn of(times: &mut [Duration]) -> (Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}

/// Bytes of memory that the process holds.
pub fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kib * 1_024.0
}
