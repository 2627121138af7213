//! `kill -9` of the real process at random points: whatever it was doing, every message counts once, every command that
//! was answered has run, none has run twice, and the database opens clean.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/process.rs"]
mod process;
mod support;

use std::time::Duration;

use innkeeper::model::{MessageId, UserId};
use innkeeper::sim::world::{Input, InteractionId, SayOptions};
use innkeeper::sim::{Inn, Sim, SimConfig};
use process::{kill, start};
use rusqlite::Connection;
use support::{Folder, hand_clock};

const KILLS: usize = 50;
const MEMBERS: usize = 8;

const DAY_MS: i64 = 86_400_000;

/// The XP of everybody by rules written down again: 15 for the first message and each one a minute or more after the
/// last that earned, 50 more for the first of a day and 10 more for each day in a row, and what admins gave.
#[derive(Default)]
struct Expected {
    xp: i64,
    last_ms: i64,
    days: i64,
}

impl Expected {
    fn message(&mut self, id: MessageId) {
        let at = id.time().ms();
        if at - self.last_ms < 60_000 {
            return;
        }
        // The test does not last long enough for a day to be missed.
        if at / DAY_MS > self.last_ms / DAY_MS {
            self.days += 1;
            self.xp += if self.days == 1 { 50 } else { 50 + 10 * self.days.min(10) };
        }
        (self.xp, self.last_ms) = (self.xp + 15, at);
    }
}

#[tokio::test]
async fn fifty_kills_lose_nothing_and_pay_nothing_twice() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut dice = fastrand::Rng::with_seed(seed);
    let clock = hand_clock();
    let config = SimConfig { clock: clock.clone(), rate_limits: false, ..SimConfig::default() };
    let sim = Sim::start(config).await.unwrap();
    sim.faults().set_identify_gap(Duration::ZERO);
    let inn = Inn::furnish(&mut sim.world(), MEMBERS);
    let folder = Folder::new();
    let database = folder.file("innkeeper.db");
    let mut child = start(&sim, &database, &[]);
    sim.connected().await;
    let mut given = 0;
    add_xp(&sim, &inn, inn.members[0], &mut given).await;
    let mut expected: Vec<Expected> = inn.members.iter().map(|_| Expected::default()).collect();
    expected[0].xp = given;
    let mut unawaited: Vec<(usize, InteractionId)> = Vec::new();
    for _ in 0..KILLS {
        for _ in 0..dice.usize(1..30) {
            clock.advance(Duration::from_millis(dice.u64(1..25_000)));
            let nth = dice.usize(0..MEMBERS);
            let said = sim.world().say(inn.general, inn.members[nth], "hello", SayOptions::default());
            expected[nth].message(said.unwrap());
            if dice.u8(..) < 30 {
                let options: [(&str, Input); 2] = [("member", inn.members[nth].into()), ("amount", 1.into())];
                let asked = sim.world().slash(inn.bot_commands, inn.admin, "addxp", &options);
                unawaited.push((nth, asked.unwrap()));
            }
            if dice.u8(..) < 20 {
                // Whoever is told something must find it on the disk, however soon the kill comes.
                add_xp(&sim, &inn, inn.members[nth], &mut expected[nth].xp).await;
            }
        }
        kill(child);
        // Let some of it happen while the bot is away, as in an update.
        for _ in 0..dice.usize(0..5) {
            clock.advance(Duration::from_millis(dice.u64(1..25_000)));
            let nth = dice.usize(0..MEMBERS);
            let said = sim.world().say(inn.general, inn.members[nth], "anybody here?", SayOptions::default());
            expected[nth].message(said.unwrap());
        }
        child = start(&sim, &database, &[]);
        if dice.bool() {
            sim.connected().await;
        }
    }
    sim.connected().await;
    let mut nothing = 0;
    add_xp(&sim, &inn, inn.owner, &mut nothing).await;
    kill(child);
    let found = Connection::open(&database).unwrap();
    let (identifies, resumes) = sim.until(|world| Some((world.identifies(), world.resumes()))).await;
    println!("{identifies} identifies, {resumes} resumes");
    assert_eq!(identifies, 1, "every restart resumed the session; seed {seed}");
    let sound: String = found.query_row("PRAGMA integrity_check", (), |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok", "seed {seed}");
    for (nth, member) in inn.members.iter().enumerate() {
        let one = |sql: &str| found.query_row(sql, [member.sql()], |row| row.get::<_, i64>(0)).unwrap();
        let xp = one("SELECT coalesce(sum(xp), 0) FROM xp WHERE user = ?1");
        let sum = one("SELECT coalesce(sum(amount), 0) FROM ledger WHERE user = ?1");
        // A command that a kill left without an answer may have run or not; one that was answered has, and none twice.
        let asked: Vec<_> = unawaited.iter().filter(|(whose, _)| *whose == nth).collect();
        let answered = asked.iter().filter(|(_, id)| sim.world().finished_answer(*id).is_some()).count();
        let least = expected[nth].xp + answered as i64;
        let most = expected[nth].xp + asked.len() as i64;
        assert!((least..=most).contains(&xp), "member {nth} has {xp}, not {least} to {most}; seed {seed}");
        assert_eq!(xp, sum, "member {nth}, seed {seed}");
    }
}

/// An admin gives one XP and waits for the answer.
async fn add_xp(sim: &Sim, inn: &Inn, member: UserId, xp: &mut i64) {
    let options: [(&str, Input); 2] = [("member", member.into()), ("amount", 1.into())];
    let id = sim.until(|world| world.slash(inn.bot_commands, inn.admin, "addxp", &options).ok()).await;
    sim.until(|world| world.finished_answer(id)).await;
    *xp += 1;
}
