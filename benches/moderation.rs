//! What records cost without a network: pages of histories and lists through the engine, in a guild with 100,000 cases
//! of which 20,000 are one member's, and new cases.
//!
//! `cargo bench --bench moderation`

#![allow(clippy::expect_used, reason = "a bench that cannot go on ends")]

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use innkeeper::bot::{Bot, Me};
use innkeeper::command::{Actor, Door, Given, Invocation, Outcome, Value};
use innkeeper::config::Config;
use innkeeper::model::{ApplicationId, Clock, Permissions, Role, RoleId, Seen, Timestamp, UserId};
use innkeeper::status::Vitals;
use innkeeper::store::{Store, StoreSettings};
use rusqlite::{Connection, params};
use support::{guild, of, show_guild};

const CASES: i64 = 100_000;
/// Every fifth case is about the same member.
const SHARE: i64 = 5;
const PAGE_ROWS: i64 = 10;
const RUNS: u64 = 2_000;
const NEW_CASES: u64 = 5_000;
/// Moderators who act at the same time.
const TOGETHER: u64 = 20;

/// The members that the rarely mentioned are.
const OTHERS: i64 = 5_000;
const BUSY: u64 = 1;
const OWNER: u64 = 900_001;
const ME: u64 = 900_002;

fn main() {
    support::run("cases.db", all);
}

fn user(id: u64) -> UserId {
    UserId::new(id).expect("an id")
}

/// The cases, as they would have come over the years.
fn fill(path: &Path) {
    let mut database = Connection::open(path).expect("a database");
    let rows = database.transaction().expect("a transaction");
    {
        let sql =
            "INSERT INTO moderation_case (guild, number, kind, user, user_name, moderator, moderator_name, reason,
                at, ends_at, state, told, source)
            VALUES (100, ?1, ?2, ?3, ?4, 7, 'Moderator', ?5, ?6, ?7, 'done', 1, ?1)";
        let mut insert = rows.prepare(sql).expect("SQL");
        for number in 1..=CASES {
            let kind = ["warn", "note", "timeout", "warn", "kick", "ban", "unban"][(number % 7) as usize];
            let member = if number % SHARE == 0 { BUSY as i64 } else { 2 + number % OTHERS };
            let at = 1_700_000_000_000 + number * 600_000;
            let ends_at = (kind == "timeout").then_some(at + 3_600_000);
            let reason = format!("said for the {number}th time what nobody wanted to hear in #general");
            let values = params![number, kind, member, format!("member {member}"), reason, at, ends_at];
            insert.execute(values).expect("a row");
        }
    }
    rows.commit().expect("a commit");
}

fn open(path: &Path) -> (Store, Arc<Vitals>, Clock) {
    let clock = Clock::real();
    let vitals = Vitals::new(clock.clone());
    let settings = StoreSettings { batch_rows: 20, batch_wait: Duration::from_secs(60) };
    (Store::open(path, settings, vitals.clone()).expect("a store"), vitals, clock)
}

async fn all(path: PathBuf) {
    open(&path).0.close();
    fill(&path);
    let (store, vitals, clock) = open(&path);
    let mut config = Config::default();
    // Nobody is paid for asking, so that a /ping is nothing but that.
    config.levels.enabled = false;
    let bot = Bot::open(config, store, clock, vitals).await.expect("an engine");
    let application = ApplicationId::new(ME).expect("an id");
    bot.introduce(Me { user: user(ME), application, name: "Innkeeper".to_owned() });
    let everyone = Role {
        id: RoleId::new(100).expect("an id"),
        name: "everyone".to_owned(),
        position: 0,
        permissions: Permissions::ALL,
        managed: false,
    };
    show_guild(&bot, user(OWNER), vec![everyone]).await;
    let member = || ("member".to_owned(), Value::User(user(BUSY)));
    let page = |number: i64| ("page".to_owned(), Value::Whole(number));
    let mut key = 0;
    let ask = [("history", CASES / SHARE / PAGE_ROWS, true), ("case list", CASES / PAGE_ROWS, false)];
    for (name, last, of_member) in ask {
        for (words, number) in [("first", 1), ("middle", last / 2), ("last", last)] {
            let given = || if of_member { vec![member(), page(number)] } else { vec![page(number)] };
            let (mut pages, mut pings) = (Vec::new(), Vec::new());
            for _ in 0..RUNS {
                key += 1;
                pages.push(timed(&bot, asked(name, 2 * key, given(), Vec::new())).await);
                pings.push(timed(&bot, asked("ping", 2 * key + 1, Vec::new(), Vec::new())).await);
            }
            let ((median, most), (ping, _)) = (of(&mut pages), of(&mut pings));
            let ratio = median.as_secs_f64() / ping.as_secs_f64();
            let beside = format!("{ratio:.1} times a /ping ({ping:.2?})");
            println!("/{name}, the {words} page: median {median:.2?}, 99 % within {most:.2?}; {beside}");
        }
    }
    new_cases(&bot).await;
    bot.store().close();
}

fn asked(name: &str, key: u64, given: Vec<(String, Value)>, people: Vec<Seen>) -> Invocation {
    Invocation {
        command: name.to_owned(),
        given: Given::Named(given),
        actor: Actor {
            // Nobody asks twice, so that no cooldown counts.
            user: user(1_000_000 + key),
            name: "Moderator".to_owned(),
            roles: Vec::new(),
            permissions: Permissions::ALL,
        },
        guild: guild(),
        channel: None,
        door: Door::Slash,
        people,
        key: (1 << 40) + key,
        at: Timestamp::from_ms(1_790_000_000_000),
    }
}

/// How long an answer takes.
async fn timed(bot: &Bot, invocation: Invocation) -> Duration {
    let begun = Instant::now();
    let answer = bot.invoke(invocation).await;
    let took = begun.elapsed();
    assert_eq!(answer.outcome, Outcome::Ok, "{}", answer.message.content);
    took
}

/// New cases in a second: by one moderator after the other, and by many at once.
async fn new_cases(bot: &Bot) {
    let note = |key: u64| {
        let member = user(2 + key % OTHERS as u64);
        let seen = Seen { id: member, name: "Ada".to_owned(), bot: false, roles: Some(Vec::new()) };
        let text = Value::Text("remember this about them".to_owned());
        let given = vec![("member".to_owned(), Value::User(member)), ("text".to_owned(), text)];
        asked("note", (1 << 30) + key, given, vec![seen])
    };
    for together in [1, TOGETHER] {
        let begun = Instant::now();
        for round in 0..NEW_CASES / together {
            let keys = (0..together).map(|nth| NEW_CASES * together + round * together + nth);
            for answer in join_all(keys.map(|key| bot.invoke(note(key)))).await {
                assert_eq!(answer.outcome, Outcome::Ok, "{}", answer.message.content);
            }
        }
        println!("new cases, {together} at once: {:.0}/s", NEW_CASES as f64 / begun.elapsed().as_secs_f64());
    }
}
