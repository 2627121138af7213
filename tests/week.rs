//! A community's week, with crashes: whatever happens in between, balances equal the ledger, and the ledger equals a
//! plain recomputation from the list of events.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use innkeeper::bot::Bot;
use innkeeper::config::Config;
use innkeeper::model::{Author, ChannelId, Curve, Event, GuildId, Message, MessageId, Timestamp, UserId};
use innkeeper::store::{Progress, SessionKey, Store, StoreSettings, Tx, Work};
use rusqlite::Connection;
use support::{Folder, hand_clock};

const MEMBERS: u64 = 40;
const MESSAGES: usize = 6_000;
const DAY_MS: i64 = 86_400_000;
const WEEK_MS: i64 = 7 * DAY_MS;
const START_MS: i64 = 1_790_000_000_000;

fn guild() -> GuildId {
    GuildId::new(100).unwrap()
}

fn message(id: u64, user: u64) -> Message {
    Message {
        id: MessageId::new(id).unwrap(),
        guild: guild(),
        channel: ChannelId::new(200).unwrap(),
        author: Author {
            id: UserId::new(user).unwrap(),
            name: format!("m{user}"),
            avatar: None,
            bot: user.is_multiple_of(13),
        },
        roles: Vec::new(),
        mentions: Vec::new(),
        replied_to: None,
        content: "hello".to_owned(),
        kind: if id.is_multiple_of(50) { 7 } else { 0 },
        used: None,
    }
}

/// A week of messages: bursts and lulls, a few talkative members, some events twice and some late.
fn week(dice: &mut fastrand::Rng) -> Vec<Message> {
    let mut at = START_MS;
    let mut stream: Vec<Message> = Vec::new();
    while stream.len() < MESSAGES {
        at += if dice.u8(..) < 4 { dice.i64(0..WEEK_MS / 40) } else { dice.i64(0..20_000) };
        let user = 1_000 + dice.u64(0..MEMBERS).min(dice.u64(0..MEMBERS));
        let id = Timestamp::from_ms(at).snowflake() + dice.u64(0..4_000);
        stream.push(message(id, user));
        if dice.u8(..) < 6 {
            let earlier = dice.usize(stream.len().saturating_sub(50)..stream.len());
            stream.push(stream[earlier].clone());
        }
        if stream.len() > 3 && dice.u8(..) < 6 {
            let last = stream.len() - 1;
            stream.swap(last, last - 2);
        }
    }
    stream
}

/// A member as the oracle sees them.
#[derive(Default)]
struct Member {
    xp: i64,
    /// The newest message that earned.
    last: u64,
    /// Its day, and how many there were in a row; one missed day is forgiven.
    day: i64,
    days: i64,
}

/// What everybody should have, by rules written down a second time: XP, and the ids of messages that reached a level.
#[derive(Default)]
struct Oracle {
    members: BTreeMap<u64, Member>,
    level_ups: HashSet<u64>,
}

impl Oracle {
    fn see(&mut self, message: &Message) {
        if message.author.bot || message.kind != 0 {
            return;
        }
        let (id, user) = (message.id.get(), message.author.id.get());
        let at = (id >> 22) as i64;
        let member = self.members.entry(user).or_default();
        let last_at = if member.last == 0 { i64::MIN / 2 } else { (member.last >> 22) as i64 };
        if id <= member.last || at - last_at < 60_000 {
            return;
        }
        let before = level(member.xp);
        let day = message.id.time().ms() / DAY_MS;
        if day > member.day {
            member.days = if day - member.day <= 2 { member.days + 1 } else { 1 };
            member.xp += if member.days == 1 { 50 } else { 50 + 10 * member.days.min(10) };
            member.day = day;
        }
        (member.xp, member.last) = (member.xp + 15, id);
        if level(member.xp) > before {
            self.level_ups.insert(id);
        }
    }
}

fn level(xp: i64) -> i64 {
    (1..).take_while(|n| *n == 1 || 100 * n * n + 50 * n <= xp).last().unwrap()
}

/// Work that only tells that everything before it was run.
struct Reached(mpsc::Sender<()>);

impl Work for Reached {
    fn run(&mut self, _: &Tx) -> innkeeper::model::Result<()> {
        Ok(())
    }

    fn done(self: Box<Self>, _: innkeeper::model::Result<()>) {
        let _ = self.0.send(());
    }
}

async fn open(path: &Path) -> Bot {
    let clock = hand_clock();
    let vitals = innkeeper::status::Vitals::new(clock.clone());
    let settings = StoreSettings { batch_rows: 20, batch_wait: Duration::from_secs(3_600) };
    let store = Store::open(path, settings, vitals.clone()).unwrap();
    Bot::open(Config::default(), store, clock, vitals).await.unwrap()
}

/// What a kill leaves behind: the file and its log as they are, with whatever batch is open.
async fn crash(bot: Bot, from: &Path, to: &Path) {
    let (tell, told) = mpsc::channel();
    bot.store().submit(Box::new(Reached(tell))).unwrap();
    tokio::task::spawn_blocking(move || told.recv().unwrap()).await.unwrap();
    for ending in ["", "-wal"] {
        let of = |path: &Path| format!("{}{ending}", path.display());
        let _ = std::fs::remove_file(of(to));
        if Path::new(&of(from)).exists() {
            std::fs::copy(of(from), of(to)).unwrap();
        }
    }
    bot.store().close();
}

async fn live_through(seed: u64) {
    let mut dice = fastrand::Rng::with_seed(seed);
    let stream = week(&mut dice);
    let mut oracle = Oracle::default();
    stream.iter().for_each(|message| oracle.see(message));
    let folder = Folder::new();
    let path = |crashes: u32| folder.file(&format!("{crashes}.db"));
    let session = Arc::new(SessionKey { id: "s".to_owned(), resume_url: "wss://x".to_owned() });
    let mut crashes = 0;
    let mut bot = open(&path(0)).await;
    let mut next = 0;
    while next < stream.len() {
        let progress = Progress { session: session.clone(), sequence: next as u64 + 1 };
        if bot.observe(Some(Event::MessageSent(stream[next].clone())), progress).is_err() {
            bot.settle().await;
            continue;
        }
        next += 1;
        if dice.u32(..2_000) == 0 {
            bot.settle().await;
        }
        if dice.u32(..500) == 0 {
            crash(bot, &path(crashes), &path(crashes + 1)).await;
            crashes += 1;
            bot = open(&path(crashes)).await;
            // Discord replays everything after the sequence that we say we saw.
            next = bot.store().saved_session().await.unwrap().map_or(0, |saved| saved.sequence as usize);
        }
    }
    bot.settle().await;
    bot.store().close();
    compare(&path(crashes), &oracle, &format!("seed {seed}, {crashes} crashes"));
}

fn compare(path: &Path, oracle: &Oracle, context: &str) {
    let database = Connection::open(path).unwrap();
    let pairs = |sql: &str| -> BTreeMap<u64, i64> {
        let mut statement = database.prepare(sql).unwrap();
        let rows = statement.query_map((), |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?))).unwrap();
        rows.map(|row| row.unwrap()).collect()
    };
    let expected: BTreeMap<u64, i64> = oracle.members.iter().map(|(user, member)| (*user, member.xp)).collect();
    assert_eq!(pairs("SELECT user, xp FROM xp"), expected, "{context}");
    assert_eq!(pairs("SELECT user, sum(amount) FROM ledger GROUP BY user"), expected, "{context}");
    let promised: Vec<u64> =
        pairs("SELECT substr(origin, 1, instr(origin, ':') - 1) + 0, 1 FROM promise").into_keys().collect();
    assert_eq!(promised.into_iter().collect::<HashSet<_>>(), oracle.level_ups, "{context}");
    let known: i64 = database.query_row("SELECT count(*) FROM promise", (), |row| row.get(0)).unwrap();
    assert_eq!(known as usize, oracle.level_ups.len(), "{context}");
    assert!(
        Curve::default().level_of(*expected.values().max().unwrap()) > 2,
        "{context}: the week was too quiet to test anything"
    );
}

#[tokio::test]
async fn a_week_with_crashes_leaves_what_the_events_say() {
    for seed in [1, fastrand::u64(..), fastrand::u64(..)] {
        println!("seed {seed}");
        live_through(seed).await;
    }
}
