//! Whether the bot is well, judged from numbers: a [`Reading`] of the vitals at one moment goes in, a [`Report`] with
//! its checks comes out. Pure: the same numbers always give the same verdict, and no verdict is ever stored.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use super::vitals::{CommandCount, GatewayState, MINUTES_KEPT, Part, Problem, Vitals};
use crate::model::Timestamp;
use crate::model::text::{count, duration};

/// Without a session for longer than this the bot is down.
pub const OFFLINE_MAX: Duration = Duration::from_secs(120);
/// Without a sign that Discord hears us for longer than this the bot is down.
pub const SILENCE_MAX: Duration = Duration::from_secs(120);
/// Discord asks for a heartbeat every 41 seconds or so: by now two of them went unanswered.
pub const SILENCE_NOTED: Duration = Duration::from_secs(90);
/// A guild that talked every few minutes and then sends nothing for this long may have a connection that is half dead.
pub const HUSH_NOTED: Duration = Duration::from_secs(15 * 60);
/// A computer's clock may differ from Discord's by this much before we say so.
pub const CLOCK_SKEW_MS_MAX: i64 = 60_000;
/// A part of the bot that has not turned for this long is stuck.
pub const STANDSTILL_MAX: Duration = Duration::from_secs(60);

/// How well the bot is; later ones are worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    Ok,
    Degraded,
    Down,
}

impl Health {
    /// The word that `/healthz` uses.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

/// The vitals' numbers at one moment. Ages are on the monotonic clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The moment, by this computer's clock, as all of the vitals' own times are.
    pub at: Timestamp,
    pub uptime: Duration,
    pub gateway: GatewayState,
    /// How long the gateway has been in this state.
    pub gateway_age: Duration,
    /// How long there has been no session; none while there is one.
    pub offline: Option<Duration>,
    /// How long ago Discord last showed that it hears us.
    pub silence: Duration,
    pub ack_age: Option<Duration>,
    pub dispatch_age: Option<Duration>,
    pub latency_ms: u64,
    pub resumes: u64,
    pub identifies_24h: u64,
    pub was_ready: bool,
    pub guilds: u64,
    pub members_seen: u64,
    pub messages: u64,
    /// Messages in each of the last minutes, oldest first; the last one is still running.
    pub minutes: Vec<u64>,
    pub xp_awards: u64,
    pub promises_due: u64,
    pub promises_failed: u64,
    pub store_writable: bool,
    pub store_bytes: u64,
    pub commits: u64,
    pub commit_age: Option<Duration>,
    /// Commits by bucket, and the seconds of all of them.
    pub commit_histogram: (Vec<u64>, f64),
    /// How far this computer's clock is ahead of Discord's, once that is known.
    pub skew_ms: Option<i64>,
    /// How long ago the gateway's loop, the store's writer and the lamp turned; none before their first turn.
    pub loop_age: Option<Duration>,
    pub writer_age: Option<Duration>,
    pub lamp_age: Option<Duration>,
    pub problems: Arc<Vec<Problem>>,
    pub commands: Arc<Vec<CommandCount>>,
}

impl Reading {
    /// What the vitals say now.
    pub fn of(vitals: &Vitals) -> Self {
        Self {
            at: vitals.clock.wall(),
            uptime: vitals.uptime(),
            gateway: vitals.gateway(),
            gateway_age: vitals.gateway_age(),
            offline: vitals.offline_age(),
            silence: vitals.silence(),
            ack_age: vitals.ack_age(),
            dispatch_age: vitals.dispatch_age(),
            latency_ms: vitals.latency_ms.load(Relaxed),
            resumes: vitals.resumes.load(Relaxed),
            identifies_24h: vitals.identifies_24h.load(Relaxed),
            was_ready: vitals.was_ready.load(Relaxed),
            guilds: vitals.guilds.load(Relaxed),
            members_seen: vitals.members_seen.load(Relaxed),
            messages: vitals.messages.load(Relaxed),
            minutes: vitals.messages_by_minute(),
            xp_awards: vitals.xp_awards.load(Relaxed),
            promises_due: vitals.promises_due.load(Relaxed),
            promises_failed: vitals.promises_failed.load(Relaxed),
            store_writable: vitals.store_writable.load(Relaxed),
            store_bytes: vitals.store_bytes.load(Relaxed),
            commits: vitals.commits.load(Relaxed),
            commit_age: vitals.commit_age(),
            commit_histogram: vitals.commit_histogram(),
            skew_ms: vitals.clock.skew_ms(),
            loop_age: vitals.beat_age(Part::Loop),
            writer_age: vitals.beat_age(Part::Writer),
            lamp_age: vitals.beat_age(Part::Lamp),
            problems: vitals.problems(),
            commands: vitals.commands(),
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub name: Cow<'static, str>,
    pub health: Health,
    /// What was found, in a sentence.
    pub detail: String,
    /// The one thing to do about it, in a sentence; empty when all is well.
    pub action: Cow<'static, str>,
    /// Since when it has not been well, where that is known.
    pub since: Option<Timestamp>,
}

impl Check {
    pub fn is_ok(&self) -> bool {
        self.health == Health::Ok
    }
}

/// A reading and what to think of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub reading: Reading,
    /// As bad as the worst check.
    pub health: Health,
    pub checks: Vec<Check>,
}

impl Report {
    /// Reads and judges.
    pub fn of(vitals: &Vitals) -> Self {
        Self::judge(Reading::of(vitals))
    }

    /// Judges a reading.
    pub fn judge(reading: Reading) -> Self {
        let own = [gateway, heartbeat, events, store, clock, promises, turning];
        let mut checks: Vec<Check> = own.iter().map(|check| check(&reading)).collect();
        for problem in reading.problems.iter() {
            let own = checks.iter().position(|check| check.name == problem.name);
            let own = own.map_or(Health::Ok, |own| checks.remove(own).health);
            checks.push(named(problem, own));
        }
        let health = checks.iter().map(|check| check.health).max().unwrap_or(Health::Ok);
        Self { reading, health, checks }
    }

    /// The checks that are not well, the worst first.
    pub fn troubles(&self) -> Vec<&Check> {
        let mut troubles: Vec<&Check> = self.checks.iter().filter(|check| !check.is_ok()).collect();
        troubles.sort_by_key(|check| std::cmp::Reverse(check.health));
        troubles
    }
}

/// A duration in words that change once a minute at most, so that a live page does not tick.
pub fn coarse(age: Duration) -> String {
    match age.as_secs() {
        0..60 => "less than a minute".to_owned(),
        seconds => duration(Duration::from_secs(seconds / 60 * 60)),
    }
}

fn well(name: &'static str, detail: impl Into<String>) -> Check {
    Check { name: name.into(), health: Health::Ok, detail: detail.into(), action: "".into(), since: None }
}

/// A check that failed `age` ago.
fn unwell(
    reading: &Reading,
    name: &'static str,
    health: Health,
    age: Option<Duration>,
    detail: String,
    action: &'static str,
) -> Check {
    let since = age.map(|age| Timestamp::from_ms(reading.at.ms().saturating_sub(age.as_millis() as i64)));
    Check { name: name.into(), health, detail, action: action.into(), since }
}

fn gateway(reading: &Reading) -> Check {
    let name = "gateway";
    let Some(offline) = reading.offline else {
        return well(name, format!("Connected to Discord for {}.", coarse(reading.gateway_age)));
    };
    if reading.gateway == GatewayState::Stopped {
        let detail = "The connection to Discord has ended and is not tried again.".to_owned();
        let action = "Read the last lines of the log, mend what they name, and start Innkeeper again.";
        return unwell(reading, name, Health::Down, Some(offline), detail, action);
    }
    let long = offline > OFFLINE_MAX || reading.silence > SILENCE_MAX;
    let health = if long { Health::Down } else { Health::Degraded };
    let doing = match reading.gateway {
        GatewayState::BackingOff => "waiting before the next attempt",
        GatewayState::Resuming => "resuming the session",
        GatewayState::Identifying => "logging in",
        GatewayState::Connecting => "connecting",
        _ => "starting",
    };
    let detail = match reading.was_ready {
        true => format!("Not connected to Discord for {} ({doing}).", coarse(offline)),
        false => format!("Not connected to Discord yet, {} after the start ({doing}).", coarse(offline)),
    };
    let action = match health {
        Health::Down => "Check this computer's internet connection and discordstatus.com; Innkeeper goes on trying.",
        _ => "Give it a minute or two: it connects by itself.",
    };
    unwell(reading, name, health, Some(offline), detail, action)
}

/// Discord stops answering heartbeats some time before a dead connection is noticed in any other way.
fn heartbeat(reading: &Reading) -> Check {
    let name = "heartbeat";
    if reading.offline.is_some() {
        return well(name, "Not looked at while there is no session.");
    }
    let health = match reading.silence {
        silence if silence > SILENCE_MAX => Health::Down,
        silence if silence > SILENCE_NOTED => Health::Degraded,
        _ => Health::Ok,
    };
    let age = coarse(reading.silence);
    match (health, reading.ack_age) {
        (Health::Ok, Some(ack)) => well(name, format!("Discord answered a heartbeat {} ago.", coarse(ack))),
        (Health::Ok, None) => well(name, "No heartbeat was due yet."),
        (health, _) => {
            let detail = format!("Discord has answered nothing for {age}.");
            let action = "Wait for the reconnect that follows by itself; if it does not come, restart Innkeeper.";
            unwell(reading, name, health, Some(reading.silence), detail, action)
        }
    }
}

/// Silence alone proves nothing, since small guilds sleep. What is odd is a guild that talked steadily and stopped dead
/// while heartbeats are still answered.
fn events(reading: &Reading) -> Check {
    let name = "events";
    let Some(age) = reading.dispatch_age else { return well(name, "Nothing has come in from Discord yet.") };
    if age < HUSH_NOTED || reading.offline.is_some() || !talked_steadily_before(&reading.minutes, age) {
        return well(name, format!("Discord last sent something {} ago.", coarse(age)));
    }
    let detail = format!("Nothing has come in from Discord for {}, in a guild that talked steadily.", coarse(age));
    let action = "If people are writing there right now, restart Innkeeper; if it is only quiet, leave it.";
    unwell(reading, name, Health::Degraded, Some(age), detail, action)
}

/// Whether at least three of four minutes before the last `silence` had a message, in half an hour or more of them.
fn talked_steadily_before(minutes: &[u64], silence: Duration) -> bool {
    let silent = usize::try_from(silence.as_secs() / 60 + 1).unwrap_or(usize::MAX);
    let before = &minutes[..minutes.len().saturating_sub(silent)];
    let busy = before.iter().filter(|messages| **messages > 0).count();
    before.len() >= MINUTES_KEPT / 2 && busy * 4 >= before.len() * 3
}

fn store(reading: &Reading) -> Check {
    let name = "store";
    if !reading.store_writable {
        let detail = "The database cannot be written; nothing new is remembered.".to_owned();
        let action = "Make room on its disk, or mend the permissions of its folder.";
        return unwell(reading, name, Health::Down, None, detail, action);
    }
    match reading.commit_age {
        Some(age) => well(name, format!("The database was last written {} ago.", coarse(age))),
        None => well(name, "The database can be written; nothing had to be yet."),
    }
}

fn clock(reading: &Reading) -> Check {
    let name = "clock";
    let Some(skew) = reading.skew_ms else { return well(name, "Discord has not told the time yet.") };
    let off = coarse(Duration::from_millis(skew.unsigned_abs()));
    if skew.abs() <= CLOCK_SKEW_MS_MAX {
        return well(name, "This computer's clock agrees with Discord's.");
    }
    let way = if skew > 0 { "ahead of" } else { "behind" };
    let detail = format!("This computer's clock is {off} {way} Discord's. Levels follow Discord's, so they are right.");
    let action = "Switch time synchronisation on: timedatectl set-ntp true.";
    unwell(reading, name, Health::Degraded, None, detail, action)
}

fn promises(reading: &Reading) -> Check {
    let name = "promises";
    let failed = reading.promises_failed;
    if failed == 0 {
        let due = reading.promises_due;
        return well(name, format!("{} due.", count(i64::try_from(due).unwrap_or(i64::MAX))));
    }
    let detail = match failed {
        1 => "Discord refused one thing that was promised.".to_owned(),
        _ => format!("Discord refused {} things that were promised.", count(i64::try_from(failed).unwrap_or(i64::MAX))),
    };
    unwell(reading, name, Health::Degraded, None, detail, "Run /botstats on Discord: it shows them with the reasons.")
}

fn turning(reading: &Reading) -> Check {
    let name = "turning";
    let parts = [
        ("the gateway's loop", reading.loop_age),
        ("the database writer", reading.writer_age),
        ("the lamp", reading.lamp_age),
    ];
    let stuck = parts.into_iter().filter_map(|(part, age)| Some((part, age?)));
    match stuck.filter(|(_, age)| *age > STANDSTILL_MAX).max_by_key(|(_, age)| *age) {
        None => well(name, "Every part is at work."),
        Some((part, age)) => {
            let detail = format!("Standing still for {}: {part}.", coarse(age));
            let action = "Restart Innkeeper, and report it with the last lines of the log.";
            unwell(reading, name, Health::Degraded, Some(age), detail, action)
        }
    }
}

/// A problem that a part of the bot described itself; it knows better than a check of ours by the same name, whose
/// severity stays.
fn named(problem: &Problem, own: Health) -> Check {
    Check {
        name: problem.name.clone().into(),
        health: own.max(Health::Degraded),
        detail: problem.detail.clone(),
        action: problem.action.clone().into(),
        since: Some(problem.since),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Clock;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// The reading of a bot in which nothing is wrong.
    fn sound() -> Reading {
        let clock = Clock::hand(Timestamp::from_ms(1_700_000_000_000));
        let vitals = Vitals::new(clock.clone());
        clock.learn(clock.wall(), Duration::ZERO);
        clock.advance(seconds(3_600));
        vitals.set_gateway(GatewayState::Connected);
        clock.advance(seconds(7_200));
        vitals.note_ack();
        vitals.note_dispatch();
        vitals.note_commit(seconds(0));
        for part in [Part::Loop, Part::Writer, Part::Lamp] {
            vitals.beat(part);
        }
        Reading::of(&vitals)
    }

    fn problem() -> Arc<Vec<Problem>> {
        let (name, detail, action) = ("role.7".to_owned(), "A role is above mine.".to_owned(), "Move it.".to_owned());
        Arc::new(vec![Problem { name, detail, action, since: Timestamp::from_ms(5) }])
    }

    /// A change to the sound reading, the health that it must lead to, and the check that must say so.
    type Row = (&'static str, fn(&mut Reading), Health, &'static str);

    const TABLE: &[Row] = &[
        ("all is well", |_| {}, Health::Ok, ""),
        ("a quiet night", |r| r.dispatch_age = Some(seconds(8 * 3600)), Health::Ok, ""),
        ("no heartbeat due yet", |r| r.ack_age = None, Health::Ok, ""),
        ("an ACK from before the reconnect", |r| r.ack_age = Some(seconds(900)), Health::Ok, ""),
        ("one heartbeat late", |r| r.silence = seconds(89), Health::Ok, ""),
        ("two heartbeats unanswered", |r| r.silence = seconds(91), Health::Degraded, "heartbeat"),
        ("exactly two minutes silent", |r| r.silence = SILENCE_MAX, Health::Degraded, "heartbeat"),
        ("a zombie", |r| r.silence = seconds(121), Health::Down, "heartbeat"),
        (
            "a zombie that still sends events",
            |r| (r.silence, r.dispatch_age) = (seconds(121), Some(seconds(1))),
            Health::Down,
            "heartbeat",
        ),
        (
            "reconnecting",
            |r| (r.gateway, r.offline) = (GatewayState::Resuming, Some(seconds(3))),
            Health::Degraded,
            "gateway",
        ),
        (
            "exactly two minutes away",
            |r| (r.gateway, r.offline) = (GatewayState::BackingOff, Some(OFFLINE_MAX)),
            Health::Degraded,
            "gateway",
        ),
        (
            "away for too long",
            |r| (r.gateway, r.offline) = (GatewayState::BackingOff, Some(seconds(121))),
            Health::Down,
            "gateway",
        ),
        (
            "a loop of failing logins with answered heartbeats",
            |r| (r.gateway, r.offline) = (GatewayState::Identifying, Some(seconds(500))),
            Health::Down,
            "gateway",
        ),
        (
            "stopped for good",
            |r| (r.gateway, r.offline) = (GatewayState::Stopped, Some(seconds(0))),
            Health::Down,
            "gateway",
        ),
        ("read-only", |r| r.store_writable = false, Health::Down, "store"),
        ("clock a minute ahead", |r| r.skew_ms = Some(60_000), Health::Ok, ""),
        ("clock ahead", |r| r.skew_ms = Some(60_001), Health::Degraded, "clock"),
        ("clock behind", |r| r.skew_ms = Some(-60_001), Health::Degraded, "clock"),
        ("clock absurd", |r| r.skew_ms = Some(i64::MIN + 1), Health::Degraded, "clock"),
        ("clock unknown", |r| r.skew_ms = None, Health::Ok, ""),
        ("promises due", |r| r.promises_due = 9, Health::Ok, ""),
        ("a promise failed", |r| r.promises_failed = 1, Health::Degraded, "promises"),
        ("promises failed", |r| r.promises_failed = 1_200, Health::Degraded, "promises"),
        ("the loop stands still", |r| r.loop_age = Some(seconds(61)), Health::Degraded, "turning"),
        ("the writer stands still", |r| r.writer_age = Some(seconds(61)), Health::Degraded, "turning"),
        ("the lamp stands still", |r| r.lamp_age = Some(seconds(61)), Health::Degraded, "turning"),
        ("the lamp is off", |r| r.lamp_age = None, Health::Ok, ""),
        ("a named problem", |r| r.problems = problem(), Health::Degraded, "role.7"),
        ("the worst counts", |r| (r.store_writable, r.problems) = (false, problem()), Health::Down, "store"),
        (
            "steady talk that stops dead",
            |r| (r.minutes, r.dispatch_age) = (steady_then_quiet(), Some(seconds(900))),
            Health::Degraded,
            "events",
        ),
        (
            "the same while reconnecting",
            |r| (r.minutes, r.dispatch_age, r.offline) = (steady_then_quiet(), Some(seconds(900)), Some(seconds(1))),
            Health::Degraded,
            "gateway",
        ),
        (
            "talk that stops for a moment",
            |r| (r.minutes, r.dispatch_age) = (steady_then_quiet(), Some(seconds(899))),
            Health::Ok,
            "",
        ),
        (
            "a burst, then quiet",
            |r| (r.minutes, r.dispatch_age) = (burst_then_quiet(), Some(seconds(900))),
            Health::Ok,
            "",
        ),
    ];

    #[test]
    fn who_knows_better_speaks_and_the_severity_stays() {
        let mut reading = sound();
        let mut full = problem().as_ref().clone();
        full[0].name = "store".to_owned();
        (reading.store_writable, reading.problems) = (false, Arc::new(full));
        let report = Report::judge(reading);
        let stores: Vec<_> = report.checks.iter().filter(|check| check.name == "store").collect();
        assert_eq!((stores.len(), stores[0].health), (1, Health::Down));
        assert_eq!(stores[0].detail, "A role is above mine.");
    }

    fn steady_then_quiet() -> Vec<u64> {
        (0..MINUTES_KEPT as u64).map(|minute| if minute < 44 { 1 + minute % 3 } else { 0 }).collect()
    }

    fn burst_then_quiet() -> Vec<u64> {
        (0..MINUTES_KEPT).map(|minute| if (30..44).contains(&minute) { 9 } else { 0 }).collect()
    }

    #[test]
    fn the_truth_table_of_health() {
        for (case, change, health, worst) in TABLE {
            let mut reading = sound();
            change(&mut reading);
            let report = Report::judge(reading);
            let troubles = report.troubles();
            assert_eq!(report.health, *health, "{case}: {troubles:?}");
            assert_eq!(troubles.first().map_or("", |check| &check.name), *worst, "{case}");
            for check in troubles {
                assert!(check.detail.ends_with('.') && check.action.ends_with('.'), "{case}: say it in sentences");
            }
        }
    }

    #[test]
    fn a_starting_bot_is_degraded_and_after_two_minutes_down() {
        let clock = Clock::hand(Timestamp::from_ms(0));
        let vitals = Vitals::new(clock.clone());
        assert_eq!(Report::of(&vitals).health, Health::Degraded);
        clock.advance(seconds(120));
        assert_eq!(Report::of(&vitals).health, Health::Degraded);
        clock.advance(seconds(1));
        assert_eq!(Report::of(&vitals).health, Health::Down);
        vitals.set_gateway(GatewayState::Connected);
        assert_eq!(Report::of(&vitals).health, Health::Ok, "READY clears the alarm");
    }

    #[test]
    fn it_is_never_green_without_a_sign_of_life_for_two_minutes() {
        let clock = Clock::hand(Timestamp::from_ms(0));
        let vitals = Vitals::new(clock.clone());
        vitals.set_gateway(GatewayState::Connected);
        for _ in 0..600 {
            clock.advance(seconds(1));
            let report = Report::of(&vitals);
            assert!(report.reading.silence <= SILENCE_MAX || report.health == Health::Down);
        }
    }

    #[test]
    fn a_trouble_says_since_when() {
        let mut reading = sound();
        (reading.gateway, reading.offline) = (GatewayState::BackingOff, Some(seconds(600)));
        let at = reading.at;
        let report = Report::judge(reading);
        assert_eq!(report.troubles()[0].since.unwrap().plus(seconds(600)), at);
        assert_eq!(
            report.troubles()[0].detail,
            "Not connected to Discord for 10 min (waiting before the next attempt)."
        );
    }
}
