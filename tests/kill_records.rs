//! `kill -9` of the real process at random points while moderators warn, time out, ban, kick and note, and members
//! thank each other: what somebody was told is on record, numbers have no gaps, and Discord did everything once.
//!
//! `RECORD_KILLS=200 cargo test --test kill_records` kills it more often.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/process.rs"]
mod process;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use innkeeper::model::{Timestamp, UserId, id};
use innkeeper::sim::world::state::AuditEntry;
use innkeeper::sim::world::{Input, InteractionId, SayOptions};
use innkeeper::sim::{Act, Fate, Inn, Response, Sim, SimConfig};
use process::{Process, kill, start};
use rusqlite::Connection;
use serde_json::json;
use support::{Folder, hand_clock};

/// Kills of the fast run.
const KILLS: usize = 6;
const MEMBERS: usize = 12;
/// How much more than that time passes until every ban has ended.
const BAN_LASTS: Duration = Duration::from_secs(3_600);
const SPINS_MAX: usize = 2_000;

/// Discord's numbers for lines of the audit log.
const KICK: u32 = 20;
const BAN: u32 = 22;
const UNBAN: u32 = 23;
const MEMBER_CHANGED: u32 = 24;

/// What moderators do, and how its answer begins, after the number, when it was done.
const ORDERS: [(&str, &str); 8] = [
    ("warn", "warned"),
    ("note", "noted about"),
    ("timeout", "timed out"),
    ("untimeout", "lifted the timeout of"),
    ("kick", "kicked"),
    ("ban", "banned"),
    ("unban", "lifted the ban of"),
    ("softban", "softbanned"),
];

/// What somebody asked for.
struct Order {
    kind: &'static str,
    target: UserId,
    /// Stands in its reason, and nowhere else.
    token: String,
    /// None: it was typed.
    slash: Option<InteractionId>,
}

/// What an answer to a moderator said of a case.
#[derive(Debug)]
struct Told {
    number: i64,
    outcome: Outcome,
    was_told: bool,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Failed,
    Unknown,
}

/// A case as it stands in the end.
#[derive(Debug)]
struct Case {
    number: i64,
    kind: String,
    user: i64,
    token: String,
    state: String,
    told: Option<bool>,
    ends_at: Option<i64>,
    ended_at: Option<i64>,
    revision: i64,
    log_revision: Option<i64>,
}

/// The run: the simulated Discord, the bot's process, and everything that was asked and done.
struct Run {
    sim: Sim,
    inn: Inn,
    dice: fastrand::Rng,
    clock: innkeeper::model::Clock,
    folder: Folder,
    child: Option<Process>,
    /// When this process of the bot was started.
    born: Instant,
    /// How long a process lived: its clock goes on while the simulation's stands, so it is ahead by that at most.
    longest_life: Duration,
    orders: Vec<Order>,
    gifts: Vec<Order>,
    audit: Vec<AuditEntry>,
}

impl Run {
    async fn new(seed: u64) -> Self {
        let clock = hand_clock();
        let config = SimConfig { clock: clock.clone(), rate_limits: false, ..SimConfig::default() };
        let sim = Sim::start(config).await.unwrap();
        sim.faults().set_identify_gap(Duration::ZERO);
        let inn = Inn::furnish(&mut sim.world(), MEMBERS);
        let dice = fastrand::Rng::with_seed(seed);
        let (orders, gifts, audit) = (Vec::new(), Vec::new(), Vec::new());
        let (folder, born, longest_life) = (Folder::new(), Instant::now(), Duration::ZERO);
        Self { sim, inn, dice, clock, folder, child: None, born, longest_life, orders, gifts, audit }
    }

    fn database(&self) -> PathBuf {
        self.folder.file("innkeeper.db")
    }

    fn start(&mut self) {
        let settings = [
            ("MODERATION__MODLOG", self.inn.mod_log.to_string()),
            ("MODERATION__ALERT_ON_RETURN", "false".to_owned()),
            ("KUDOS__COOLDOWN_SECONDS", "0".to_owned()),
            ("KUDOS__BACK_SECONDS", "0".to_owned()),
            ("KUDOS__DAILY_AMOUNT", "10000".to_owned()),
        ];
        self.born = Instant::now();
        self.child = Some(start(&self.sim, &self.database(), &settings));
    }

    fn end(&mut self) {
        kill(self.child.take().unwrap());
        self.longest_life = self.longest_life.max(self.born.elapsed());
        self.collect();
    }

    /// A moment passes, and somebody does something.
    async fn happen(&mut self) {
        self.clock.advance(Duration::from_millis(self.dice.u64(1..5_000)));
        if self.dice.u8(..100) < 5 {
            self.break_something();
        }
        let back = self.inn.members[self.dice.usize(..MEMBERS)];
        if self.dice.u8(..100) < 80 {
            self.sim.world().rejoin(self.inn.guild, back);
        }
        if self.dice.u8(..100) < 25 {
            self.thank().await
        } else {
            self.moderate().await
        }
        self.collect();
    }

    /// One of the next requests comes to nothing, or is carried out and not answered.
    fn break_something(&mut self) {
        const PLACES: [(&str, &str); 5] = [
            ("PUT", "/bans/"),
            ("DELETE", "/bans/"),
            ("DELETE", "/members/"),
            ("PATCH", "/members/"),
            ("POST", "/messages"),
        ];
        let (method, part) = PLACES[self.dice.usize(..PLACES.len())];
        let act = match self.dice.u8(..3) {
            0 => Act::Answer(Response::json(503, &json!({}))),
            1 => Act::PerformThen(Fate::Cut),
            _ => Act::Lose(Fate::Cut),
        };
        self.sim.world().plan(method, part, Some(1), act);
    }

    /// A moderator asks for something, and may wait for the answer.
    async fn moderate(&mut self) {
        let kind = ORDERS[self.dice.usize(..ORDERS.len())].0;
        let target = self.inn.members[self.dice.usize(..MEMBERS)];
        let by = if self.dice.bool() { self.inn.moderator } else { self.inn.admin };
        let token = format!("r{}z", self.orders.len());
        let span = match kind {
            "timeout" => "10m",
            "ban" => ["1h", "5m"][self.dice.usize(..2)],
            _ => "",
        };
        let slash = if self.dice.u8(..3) > 0 {
            let reason = if kind == "note" { "text" } else { "reason" };
            let mut options = vec![("member", Input::from(target)), (reason, token.as_str().into())];
            options.extend((!span.is_empty()).then(|| ("duration", span.into())));
            Some(self.slash(by, kind, &options).await)
        } else {
            self.type_line(by, &format!("!{kind} <@{target}> {span} {token}"));
            None
        };
        self.orders.push(Order { kind, target, token, slash });
    }

    async fn thank(&mut self) {
        let (from, to) = (self.dice.usize(..MEMBERS), self.dice.usize(..MEMBERS));
        let (giver, target) = (self.inn.members[from], self.inn.members[to]);
        if self.sim.world().member(self.inn.guild, giver).is_none() {
            return;
        }
        let token = format!("k{}z", self.gifts.len());
        let slash = if self.dice.bool() {
            let options = [("member", Input::from(target)), ("reason", token.as_str().into())];
            Some(self.slash(giver, "kudos give", &options).await)
        } else {
            self.type_line(giver, &format!("!kudos give <@{target}> {token}"));
            None
        };
        self.gifts.push(Order { kind: "kudos", target, token, slash });
    }

    async fn slash(&mut self, by: UserId, name: &str, options: &[(&str, Input)]) -> InteractionId {
        let place = self.inn.bot_commands;
        // Commands are registered a moment after the first connection.
        let asked = |world: &mut innkeeper::sim::World| match world.slash(place, by, name, options) {
            Err(why) if why.0.starts_with("there is no command") => None,
            asked => Some(asked.ok()),
        };
        let Some(id) = self.sim.until(asked).await else { return InteractionId(0) };
        if self.dice.u8(..100) < 25 {
            // Whoever is told something must find it on record, however soon the kill comes.
            self.sim.until(|world| world.finished_answer(id)).await;
        }
        id
    }

    fn type_line(&self, by: UserId, line: &str) {
        // Who is in a timeout writes nothing.
        let _ = self.sim.world().say(self.inn.general, by, line, SayOptions::default());
    }

    /// Takes down what the audit log says of the bot, before Discord forgets it.
    fn collect(&mut self) {
        let newest = self.audit.last().map_or(0, |entry| entry.id);
        let world = self.sim.world();
        let fresh = world.audit_log(self.inn.guild).filter(|entry| entry.id > newest && entry.actor == world.me());
        let fresh: Vec<_> = fresh.cloned().collect();
        drop(world);
        self.audit.extend(fresh);
    }

    /// Kills the bot a few of Discord's changes later, wherever it is then.
    async fn kill(&mut self) {
        let changes = self.sim.world().changes();
        let wanted = *changes.borrow() + self.dice.u64(..30);
        for _ in 0..SPINS_MAX {
            if *changes.borrow() >= wanted {
                break;
            }
            tokio::task::yield_now().await;
        }
        for _ in 0..self.dice.usize(..200) {
            tokio::task::yield_now().await;
        }
        self.end();
    }

    /// Lets everything that is under way come to its end, and then time pass until every ban has.
    async fn finish(&mut self) {
        self.sim.world().clear_plans();
        self.sim.connected().await;
        // Discord knows nonces for five minutes: what is under way has to end before time leaps.
        self.until_quiet(Duration::from_secs(60)).await;
        self.clock.advance(BAN_LASTS * 2);
        self.until_quiet(BAN_LASTS * 2).await;
        self.end();
    }

    /// Waits until the bot would go on with its session after a kill: what happens between two sessions reaches none,
    /// and who asks then gets no answer.
    async fn until_remembered(&self) {
        let database = Connection::open(self.database()).unwrap();
        let mut remembered = database.prepare("SELECT 1 FROM progress WHERE session IS NOT NULL").unwrap();
        while !remembered.exists(()).unwrap() {
            self.ping().await;
        }
    }

    /// Its answer tells the bot the time, and that this much was taken in.
    async fn ping(&self) {
        let (owner, place) = (self.inn.owner, self.inn.bot_commands);
        let id = self.sim.until(|world| world.slash(place, owner, "ping", &[]).ok()).await;
        self.sim.until(|world| world.finished_answer(id)).await;
    }

    /// Waits until no case is pending, and nothing is to be done any more until so much later.
    async fn until_quiet(&self, until: Duration) {
        let database = Connection::open(self.database()).unwrap();
        let until = self.clock.now().plus(until).ms();
        let open = || -> i64 {
            let sql = "SELECT (SELECT count(*) FROM promise WHERE state = 'due' AND due_at < ?1)
                + (SELECT count(*) FROM moderation_case WHERE state = 'pending')";
            database.query_row(sql, [until], |row| row.get(0)).unwrap()
        };
        let wait = async {
            loop {
                self.ping().await;
                self.sim.connected().await;
                if open() == 0 {
                    break;
                }
                self.clock.advance(Duration::from_millis(500));
            }
        };
        let ended = tokio::time::timeout(Duration::from_secs(60), wait).await;
        assert!(ended.is_ok(), "{} promises and cases stay open", open());
    }
}

/// What a text tells of a case, if it is about one.
fn told(text: &str) -> Option<Told> {
    let (number, rest) = text.strip_prefix("Case **")?.split_once("**: ")?;
    let outcome = match rest {
        _ if rest.starts_with("I could not") => Outcome::Failed,
        _ if rest.starts_with("Discord has not answered yet") => Outcome::Unknown,
        _ => Outcome::Done,
    };
    let was_told = rest.contains("They were told.");
    Some(Told { number: number.parse().ok()?, outcome, was_told, text: text.to_owned() })
}

fn cases(database: &Connection) -> BTreeMap<i64, Case> {
    let sql = "SELECT number, kind, user, reason, state, told, ends_at, ended_at, revision, log_revision
        FROM moderation_case ORDER BY number";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map((), |row| {
        Ok(Case {
            number: row.get(0)?,
            kind: row.get(1)?,
            user: row.get(2)?,
            token: row.get(3)?,
            state: row.get(4)?,
            told: row.get(5)?,
            ends_at: row.get(6)?,
            ended_at: row.get(7)?,
            revision: row.get(8)?,
            log_revision: row.get(9)?,
        })
    });
    rows.unwrap().map(|case| case.unwrap()).map(|case| (case.number, case)).collect()
}

impl Run {
    fn check(&self, seed: u64) {
        let database = Connection::open(self.database()).unwrap();
        let sound: String = database.query_row("PRAGMA integrity_check", (), |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok", "seed {seed}");
        let cases = cases(&database);
        let numbers: Vec<_> = cases.keys().copied().collect();
        assert_eq!(numbers, (1..=cases.len() as i64).collect::<Vec<_>>(), "numbers without gaps, seed {seed}");
        let tokens: BTreeSet<_> = cases.values().map(|case| &case.token).collect();
        assert_eq!(tokens.len(), cases.len(), "no order became two cases, seed {seed}");
        self.check_answers(&cases, seed);
        for case in cases.values() {
            let order = self.orders.iter().find(|order| order.token == case.token);
            let order = order.unwrap_or_else(|| panic!("nobody ordered {case:?}, seed {seed}"));
            assert_eq!((order.kind, order.target.sql()), (case.kind.as_str(), case.user), "{case:?}, seed {seed}");
            self.check_deed(case, seed);
            self.check_private(case, order.target, seed);
        }
        self.check_modlog(&cases, seed);
        self.check_gifts(&database, seed);
        println!("{} cases of {} orders, {} lines of the audit log", cases.len(), self.orders.len(), self.audit.len());
    }

    /// Whatever a moderator read is on record, and not less than that.
    fn check_answers(&self, cases: &BTreeMap<i64, Case>, seed: u64) {
        let world = self.sim.world();
        let mut read = Vec::new();
        for order in &self.orders {
            let answer = order.slash.and_then(|id| world.finished_answer(id));
            let Some(told) = answer.and_then(|answer| told(&answer.text())) else { continue };
            let case = cases.get(&told.number);
            let token = case.map(|case| case.token.as_str());
            assert_eq!(token, Some(order.token.as_str()), "{told:?}, seed {seed}");
            read.push(told);
        }
        for moderator in [self.inn.moderator, self.inn.admin] {
            read.extend(world.direct_messages(moderator).iter().filter_map(|message| told(&message.content)));
        }
        assert!(!read.is_empty());
        for told in read {
            let case = cases.get(&told.number).unwrap_or_else(|| panic!("{told:?} is lost, seed {seed}"));
            let word = ORDERS.iter().find(|(kind, _)| *kind == case.kind).unwrap().1;
            assert!(told.text.contains(&format!("<@{}>", case.user)), "{told:?}: {case:?}, seed {seed}");
            match told.outcome {
                Outcome::Done => {
                    assert!(told.text.contains(&format!("**: {word} ")), "{told:?}: {case:?}, seed {seed}");
                    assert_eq!(case.state, "done", "{told:?}: {case:?}, seed {seed}");
                }
                // The audit log may have proved it since.
                Outcome::Failed | Outcome::Unknown => assert_ne!(case.state, "pending", "{told:?}, seed {seed}"),
            }
            assert!(!told.was_told || case.told == Some(true), "{told:?}: {case:?}, seed {seed}");
        }
    }

    /// The lines of the audit log about a case, of this kind.
    fn lines(&self, case: &Case, action: u32) -> Vec<&AuditEntry> {
        let mark = format!("(case {}): {}", case.number, case.token);
        let about = |entry: &&AuditEntry| {
            entry.action == action && entry.reason.as_deref().is_some_and(|reason| reason.ends_with(&mark))
        };
        self.audit.iter().filter(about).collect()
    }

    /// The case says that it was done exactly where Discord did it; what would do something again was done once.
    fn check_deed(&self, case: &Case, seed: u64) {
        let (action, exactly_once) = match case.kind.as_str() {
            "kick" => (KICK, true),
            // To ban whom one has banned, and to set the same end of a timeout, changes nothing.
            "ban" => (BAN, false),
            "softban" => (UNBAN, false),
            "unban" => (UNBAN, true),
            "timeout" | "untimeout" => (MEMBER_CHANGED, false),
            _ => return assert_eq!(case.state, "done", "{case:?}, seed {seed}"),
        };
        let lines = self.lines(case, action);
        assert_eq!(case.state == "done", !lines.is_empty(), "{case:?}: {lines:?}, seed {seed}");
        assert!(!exactly_once || lines.len() <= 1, "{case:?}: {lines:?}, seed {seed}");
        let changes: BTreeSet<_> = lines.iter().map(|line| format!("{:?}", line.changes)).collect();
        assert!(changes.len() <= 1, "{case:?}: {lines:?}, seed {seed}");
        if let (Some(ends_at), "ban", "done") = (case.ends_at, case.kind.as_str(), case.state.as_str()) {
            assert!(case.ended_at.is_some(), "{case:?} never ended, seed {seed}");
            let mark = format!("Innkeeper (case {}): the ban is over", case.number);
            let lifted = self.audit.iter().filter(|entry| entry.reason.as_deref() == Some(mark.as_str()));
            let lifted: Vec<Timestamp> = lifted.map(|entry| id::time_of(entry.id)).collect();
            assert!(lifted.len() <= 1, "{case:?} was lifted {lifted:?}, seed {seed}");
            assert!(
                lifted.iter().all(|at| at.plus(self.longest_life).ms() >= ends_at),
                "{case:?} was lifted too early: {lifted:?}, seed {seed}"
            );
            assert!(lifted.is_empty() || case.ended_at >= case.ends_at, "{case:?}: {lifted:?}, seed {seed}");
        }
    }

    /// They were told once where the case says so, and never of what did not happen.
    fn check_private(&self, case: &Case, target: UserId, seed: u64) {
        let world = self.sim.world();
        let mark = format!("Reason: {}", case.token);
        let messages: Vec<_> =
            world.direct_messages(target).into_iter().filter(|m| m.content.ends_with(&mark)).collect();
        assert!(messages.len() <= 1, "{case:?}: told {} times, seed {seed}", messages.len());
        assert!(case.told != Some(true) || messages.len() == 1, "{case:?}: they have no message, seed {seed}");
        assert!(case.state != "failed" || messages.is_empty(), "{case:?}: they were told, seed {seed}");
        if case.kind == "warn" {
            assert_eq!(case.told, Some(!messages.is_empty()), "{case:?}, seed {seed}");
        }
    }

    fn check_modlog(&self, cases: &BTreeMap<i64, Case>, seed: u64) {
        let world = self.sim.world();
        let mut shown: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        for message in world.bot_messages(self.inn.mod_log) {
            let text = message.text();
            let number = text.strip_prefix("Case ").and_then(|rest| rest.split_once(" · ")?.0.parse().ok());
            shown.entry(number.unwrap_or_else(|| panic!("{text}, seed {seed}"))).or_default().push(text);
        }
        for case in cases.values() {
            let messages = shown.remove(&case.number).unwrap_or_default();
            assert_eq!(messages.len(), 1, "{case:?}: {messages:?}, seed {seed}");
            assert!(messages[0].contains(&case.token), "{case:?}: {messages:?}, seed {seed}");
            assert_eq!(case.log_revision, Some(case.revision), "{case:?}, seed {seed}");
            assert_eq!(
                case.state == "failed",
                messages[0].contains("did not happen"),
                "{case:?}: {messages:?}, seed {seed}"
            );
        }
        assert!(shown.is_empty(), "{shown:?}, seed {seed}");
    }

    /// Each thanks is kept once where it was answered, and at most once where nobody knows.
    fn check_gifts(&self, database: &Connection, seed: u64) {
        let world = self.sim.world();
        let mut statement = database.prepare("SELECT count(*) FROM kudos WHERE reason = ?1").unwrap();
        for gift in &self.gifts {
            let kept: i64 = statement.query_row([&gift.token], |row| row.get(0)).unwrap();
            let answer = gift.slash.and_then(|id| world.finished_answer(id)).map(|answer| answer.text());
            let is_told = answer.is_some_and(|answer| answer.contains(&gift.token));
            let said = world.bot_messages(self.inn.general);
            let is_told = is_told || said.iter().any(|message| message.content.contains(&gift.token));
            assert!(kept <= 1 && (kept == 1 || !is_told), "{}: {kept}, seed {seed}", gift.token);
        }
    }
}

#[tokio::test]
async fn kills_lose_no_record_and_nothing_is_done_twice() {
    let kills = std::env::var("RECORD_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let seed = std::env::var("RECORD_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("{kills} kills, seed {seed}");
    let mut run = Run::new(seed).await;
    run.start();
    run.sim.connected().await;
    run.until_remembered().await;
    for _ in 0..kills {
        for _ in 0..run.dice.usize(1..12) {
            run.happen().await;
        }
        run.kill().await;
        // Discord goes on while the bot is away.
        for _ in 0..run.dice.usize(..3) {
            let line = format!("!note <@{}> r{}z", run.inn.members[0], run.orders.len());
            run.type_line(run.inn.moderator, &line);
            let (target, token) = (run.inn.members[0], format!("r{}z", run.orders.len()));
            run.orders.push(Order { kind: "note", target, token, slash: None });
        }
        run.start();
        if run.dice.bool() {
            run.sim.connected().await;
        }
    }
    run.finish().await;
    run.check(seed);
}
