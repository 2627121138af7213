//! What levels cost without a network: a message through engine and writer, and ranks among a million members.
//!
//! `cargo bench --bench levels`

#![allow(clippy::expect_used, reason = "a bench that cannot go on ends")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use innkeeper::bot::Bot;
use innkeeper::config::Config;
use innkeeper::features::levels::board::store::list_page;
use innkeeper::features::levels::store as xp;
use innkeeper::model::{Author, ChannelId, Clock, Event, GuildId, Message, MessageId, Result, Timestamp, UserId};
use innkeeper::status::Vitals;
use innkeeper::store::{Progress, SessionKey, Store, StoreSettings, Tx};
use rusqlite::Connection;

const MEMBERS: u64 = 1_000_000;
const MESSAGES: u64 = 1_000_000;
const AUTHORS: u64 = 1_000;

fn main() {
    let folder = std::env::temp_dir().join(format!("innkeeper-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(messages(&folder.join("messages.db"), 6, "one in ten earning"));
    runtime.block_on(messages(&folder.join("decisions.db"), 60, "each earning, with its rows in the ledger"));
    ledger_size(&folder.join("decisions.db"));
    runtime.block_on(ranks(&folder.join("ranks.db")));
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}

fn open(path: &Path) -> (Store, Arc<Vitals>, Clock) {
    let clock = Clock::real();
    let vitals = Vitals::new(clock.clone());
    let settings = StoreSettings { batch_rows: 20, batch_wait: Duration::from_secs(60) };
    (Store::open(path, settings, vitals.clone()).expect("a store"), vitals, clock)
}

/// CPU seconds of this process so far: user and system.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let after = stat.rsplit(')').next().expect("the fields after the name");
    let fields: Vec<f64> = after.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    // The state is no number, so utime and stime are the 11th and 12th of the numbers.
    (fields[10] + fields[11]) / 100.0
}

/// The nth message; so many milliseconds lie between one and the next, and `AUTHORS` messages between two of an
/// author's.
fn message(nth: u64, apart_ms: i64) -> Event {
    let at = Timestamp::from_ms(1_790_000_000_000 + nth as i64 * apart_ms);
    Event::MessageSent(Message {
        id: MessageId::new(at.snowflake() + 1).expect("an id"),
        guild: GuildId::new(100).expect("an id"),
        channel: ChannelId::new(200).expect("an id"),
        author: Author {
            id: UserId::new(1 + nth % AUTHORS).expect("an id"),
            name: format!("member {}", nth % AUTHORS),
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

async fn messages(path: &Path, apart_ms: i64, words: &str) {
    let (store, vitals, clock) = open(path);
    let bot = Bot::open(Config::default(), store, clock, vitals.clone()).await.expect("an engine");
    let session = Arc::new(SessionKey { id: "s".to_owned(), resume_url: "wss://x".to_owned() });
    let (begun, used) = (Instant::now(), cpu());
    for nth in 0..MESSAGES {
        let progress = Progress { session: session.clone(), sequence: nth };
        if bot.observe(Some(message(nth, apart_ms)), progress.clone()).is_err() {
            bot.settle().await;
            bot.observe(Some(message(nth, apart_ms)), progress).expect("an empty queue");
        }
    }
    bot.settle().await;
    let (wall, cpu) = (begun.elapsed().as_secs_f64(), cpu() - used);
    let per = |seconds: f64| seconds * 1e6 / MESSAGES as f64;
    println!(
        "messages through engine and writer, {words}: {:.0}/s, {:.2} µs CPU each",
        MESSAGES as f64 / wall,
        per(cpu)
    );
    bot.store().close();
}

async fn ranks(path: &Path) {
    let (store, ..) = open(path);
    store.close();
    let mut database = Connection::open(path).expect("a database");
    let rows = database.transaction().expect("a transaction");
    {
        let mut insert =
            rows.prepare("INSERT INTO xp (guild, user, xp, last_message) VALUES (100, ?1, ?2, 0)").expect("SQL");
        let mut dice = fastrand::Rng::with_seed(7);
        for user in 1..=MEMBERS {
            // Most people write a little, a few very much.
            let xp = (15.0 / (dice.f64() + 1e-5).powf(1.2)) as i64 / 15 * 15;
            insert.execute([user as i64, xp]).expect("a row");
        }
    }
    rows.commit().expect("a commit");
    drop(database);
    let (store, ..) = open(path);
    let guild = GuildId::new(100).expect("an id");
    let (first, times) = store
        .write(move |tx| {
            let begun = Instant::now();
            xp::rank(tx, guild, 15)?;
            let first = begun.elapsed();
            let mut dice = fastrand::Rng::with_seed(8);
            let mut times = Vec::new();
            for _ in 0..2_000 {
                let user = UserId::new(dice.u64(1..=MEMBERS))?;
                let begun = Instant::now();
                let row = xp::load(tx, guild, user)?;
                xp::rank(tx, guild, row.xp)?;
                xp::list_top(tx.read(), guild, 10)?;
                times.push(begun.elapsed());
            }
            times.sort();
            Ok((first, times))
        })
        .await
        .expect("ranks");
    println!("first rank in a guild of a million (counts them once): {first:.1?}");
    println!(
        "rank and top 10 after that: median {:.1?}, slowest {:.1?}",
        times[times.len() / 2],
        times[times.len() - 1]
    );
    for offset in [0, 1_000, 100_000, 500_000, 900_000, 999_980] {
        let times = store.write(move |tx| pages(tx, guild, offset)).await.expect("pages");
        let (middle, slowest) = (times[times.len() / 2], times[times.len() - 1]);
        println!("the page after {offset} members: median {middle:.1?}, slowest {slowest:.1?}");
    }
    store.close();
}

/// How long each of a few pages of the board from there on takes.
fn pages(tx: &Tx, guild: GuildId, offset: u32) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for nth in 0..200 {
        let begun = Instant::now();
        list_page(tx, guild, (offset + nth * 10).min(MEMBERS as u32 - 10), 11)?;
        times.push(begun.elapsed());
    }
    times.sort();
    Ok(times)
}

/// What a row of the ledger takes on the disk, its indexes included.
fn ledger_size(path: &Path) {
    let database = Connection::open(path).expect("a database");
    let one = |sql: &str| database.query_row(sql, (), |row| row.get::<_, i64>(0)).expect("a number");
    let rows = one("SELECT count(*) FROM ledger");
    let bytes = one("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
    println!("{rows} rows in the ledger: {:.1} MB for a million", bytes as f64 / rows as f64);
}
