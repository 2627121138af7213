//! What a day of a community costs an SD card: 10,000 messages, one in ten earning, with their level-ups announced.
//!
//! `cargo bench --bench writes`; bytes are those that the kernel counts as caused by this process at the file system of
//! the working folder (`write_bytes` of `/proc/self/io`), and those handed to it by `write` calls (`wchar`).

#![allow(clippy::expect_used, reason = "a bench that cannot go on ends")]

use std::sync::{Arc, mpsc};
use std::time::Duration;

use innkeeper::bot::{Attempt, Bot, BoxFuture, Discord};
use innkeeper::config::Config;
use innkeeper::model::{
    Author, ChannelId, Clock, Delivered, Effect, Event, GuildId, Message, MessageId, Result, Seen, Setback, Timestamp,
    UserId,
};
use innkeeper::status::Vitals;
use innkeeper::status::vitals::GatewayState;
use innkeeper::store::{Progress, SessionKey, Store, StoreSettings, Tx, Work};

const TURNS: usize = 1_000;
const MESSAGES_A_TURN: i64 = 10;
const MEMBERS: u64 = 200;
const DAY_MS: i64 = 86_400_000;
const START_MS: i64 = 1_790_000_000_000;
/// Relaxed work waits at most so long, in the community's time.
const BATCH_MS: i64 = 60_000;

/// A Discord that takes everything.
struct Willing;

impl Discord for Willing {
    fn perform<'a>(&'a self, _: &'a Effect, _: Attempt<'a>) -> BoxFuture<'a, Result<Delivered, Setback>> {
        Box::pin(async { Ok(Delivered::default()) })
    }

    fn look_up(&self, _: GuildId, _: UserId) -> BoxFuture<'_, Result<Option<Seen>, Setback>> {
        Box::pin(async { Ok(None) })
    }
}

/// Times and authors of a day's messages: people take turns of ten messages in a minute, most of them in the evening.
fn day() -> Vec<(i64, u64)> {
    let mut dice = fastrand::Rng::with_seed(7);
    let mut messages = Vec::new();
    for _ in 0..TURNS {
        let hour = 24.0 * (0.5 + (dice.f64() + dice.f64() - 1.0) * 0.5);
        let at = (hour / 24.0 * DAY_MS as f64) as i64;
        let user = 1 + dice.u64(0..MEMBERS).min(dice.u64(0..MEMBERS));
        messages.extend((0..MESSAGES_A_TURN).map(|nth| (at + nth * 5_000, user)));
    }
    messages.sort_unstable();
    messages
}

fn message(at_ms: i64, nth: u64, user: u64) -> Event {
    let id = Timestamp::from_ms(START_MS + at_ms).snowflake() + nth % 4_096;
    Event::MessageSent(Message {
        id: MessageId::new(id).expect("an id"),
        guild: GuildId::new(1_100_000_000_000_000_000).expect("an id"),
        channel: ChannelId::new(1_100_000_000_000_000_001).expect("an id"),
        author: Author {
            id: UserId::new(1_200_000_000_000_000_000 + user * 7_919).expect("an id"),
            name: format!("Member {user}"),
            avatar: None,
            bot: false,
        },
        roles: Vec::new(),
        mentions: Vec::new(),
        replied_to: None,
        content: String::new(),
        kind: 0,
        used: None,
    })
}

/// Tells that the writer came here, without asking for a commit.
struct Reached(mpsc::Sender<()>);

impl Work for Reached {
    fn run(&mut self, _: &Tx) -> innkeeper::model::Result<()> {
        Ok(())
    }

    fn done(self: Box<Self>, _: innkeeper::model::Result<()>) {
        let _ = self.0.send(());
    }
}

fn written(field: &str) -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").expect("Linux");
    let line = io.lines().find(|line| line.starts_with(field)).expect("the field");
    line.rsplit(' ').next().and_then(|number| number.parse().ok()).expect("a number")
}

fn main() {
    let folder = std::env::current_dir().expect("a folder").join(format!("target/bench-writes-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let clock = Clock::real();
        let vitals = Vitals::new(clock.clone());
        let settings = StoreSettings { batch_rows: 20, batch_wait: Duration::from_secs(3_600) };
        let store = Store::open(&folder.join("innkeeper.db"), settings, vitals.clone()).expect("a store");
        let bot = Bot::open(Config::default(), store, clock.clone(), vitals.clone()).await.expect("an engine");
        clock.learn(clock.wall(), Duration::ZERO);
        vitals.set_gateway(GatewayState::Connected);
        let (stop, stopping) = tokio::sync::watch::channel(false);
        let promises = tokio::spawn({
            let bot = bot.clone();
            async move { bot.keep_promises(&Willing, stopping).await }
        });
        live(&bot).await;
        stop.send_replace(true);
        promises.await.expect("promises are kept");
        bot.store().close();
    });
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}

async fn live(bot: &Bot) {
    use std::sync::atomic::Ordering::Relaxed;
    let session =
        Arc::new(SessionKey { id: "0123456789abcdef".repeat(2), resume_url: "wss://example.test".to_owned() });
    let (device, handed) = (written("write_bytes"), written("wchar"));
    let mut since = None;
    for (nth, (at, user)) in day().into_iter().enumerate() {
        if since.is_some_and(|since| at - since >= BATCH_MS) {
            bot.settle().await;
            since = None;
        }
        let awards = bot.vitals().xp_awards.load(Relaxed);
        let progress = Progress { session: session.clone(), sequence: nth as u64 + 1 };
        bot.observe(Some(message(at, nth as u64, user)), progress).expect("room in the queue");
        let (tell, told) = mpsc::channel();
        bot.store().submit(Box::new(Reached(tell))).expect("room in the queue");
        tokio::task::block_in_place(|| told.recv()).expect("the writer comes there");
        if bot.vitals().xp_awards.load(Relaxed) > awards {
            since.get_or_insert(at);
        }
    }
    bot.settle().await;
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let vitals = bot.vitals();
    println!(
        "messages: {}, awards: {}, commits: {}",
        TURNS as i64 * MESSAGES_A_TURN,
        vitals.xp_awards.load(Relaxed),
        vitals.commits.load(Relaxed)
    );
    println!(
        "at the file system: {:.1} MB, handed to write: {:.1} MB",
        megabytes(written("write_bytes") - device),
        megabytes(written("wchar") - handed)
    );
}
