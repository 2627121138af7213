//! What every part of the bot writes down about itself while it works: plain atomics, so that the lamp can read them
//! when everything else is stuck. Nothing here can block.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use arc_swap::ArcSwap;

use super::sight::Presences;
use super::watch::{Watch, Watched};
use crate::model::{Clock, Timestamp};

/// How many minutes of message counts are kept.
pub const MINUTES_KEPT: usize = 60;
/// Upper bounds of the commit histogram's buckets, in seconds; slower commits fall into the last, open one.
pub const COMMIT_BUCKETS_SECONDS: [f64; 8] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];
const NEVER: i64 = -1;

/// Where the gateway stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum GatewayState {
    Starting,
    Connecting,
    Identifying,
    Resuming,
    Connected,
    BackingOff,
    Stopped,
}

impl GatewayState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Starting,
        Self::Connecting,
        Self::Identifying,
        Self::Resuming,
        Self::Connected,
        Self::BackingOff,
        Self::Stopped,
    ];

    /// The word that `/healthz` uses.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Connecting => "connecting",
            Self::Identifying => "identifying",
            Self::Resuming => "resuming",
            Self::Connected => "connected",
            Self::BackingOff => "backing_off",
            Self::Stopped => "stopped",
        }
    }
}

/// A moment on the monotonic clock that something last happened at; reading gives its age.
#[derive(Debug)]
pub struct Last(AtomicI64);

impl Last {
    const fn never() -> Self {
        Self(AtomicI64::new(NEVER))
    }

    fn at(at: Duration) -> Self {
        let last = Self::never();
        last.set(at);
        last
    }

    fn set(&self, at: Duration) {
        self.0.store(i64::try_from(at.as_millis()).unwrap_or(i64::MAX), Relaxed);
    }

    fn clear(&self) {
        self.0.store(NEVER, Relaxed);
    }

    fn age(&self, now: Duration) -> Option<Duration> {
        let at = self.0.load(Relaxed);
        let at = u64::try_from(at).ok()?;
        Some(now.saturating_sub(Duration::from_millis(at)))
    }
}

/// What is turning, for the watchdog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The gateway's loop.
    Loop,
    /// The store's writer.
    Writer,
    /// The lamp's own threads.
    Lamp,
}

/// Something that is wrong and stays wrong until somebody acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// A stable short name, such as `intent.message_content` or `role.123.above`: the same name replaces.
    pub name: String,
    /// What is wrong, in a sentence.
    pub detail: String,
    /// The one thing to do about it, in a sentence.
    pub action: String,
    pub since: Timestamp,
}

/// The counters of a running bot.
pub struct Vitals {
    pub clock: Clock,
    pub started: Timestamp,
    started_at: Duration,
    gateway: AtomicU8,
    gateway_since: AtomicI64,
    gateway_at: Last,
    connected_at: Last,
    offline_at: Last,
    last_ack: Last,
    last_dispatch: Last,
    last_commit: Last,
    watch: Watch,
    beats: [Last; 3],
    pub latency_ms: AtomicU64,
    pub resumes: AtomicU64,
    pub identifies_24h: AtomicU64,
    pub guilds: AtomicU64,
    pub members_seen: AtomicU64,
    pub messages: AtomicU64,
    minutes: [AtomicU64; MINUTES_KEPT],
    newest_minute: AtomicU64,
    pub xp_awards: AtomicU64,
    pub promises_due: AtomicU64,
    pub promises_failed: AtomicU64,
    pub store_writable: AtomicBool,
    pub store_bytes: AtomicU64,
    pub commits: AtomicU64,
    commit_buckets: [AtomicU64; COMMIT_BUCKETS_SECONDS.len() + 1],
    commit_nanoseconds: AtomicU64,
    /// READY or RESUMED was seen at least once.
    pub was_ready: AtomicBool,
    /// Whether sessions tell who is there.
    pub presences: Presences,
    problems: ArcSwap<Vec<Problem>>,
    commands: ArcSwap<Vec<CommandCount>>,
}

/// How often a command ended in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandCount {
    pub command: &'static str,
    /// `ok`, `refused` or `fault`.
    pub outcome: &'static str,
    pub count: u64,
}

impl Vitals {
    /// All at zero; the gateway is `starting`.
    pub fn new(clock: Clock) -> Arc<Self> {
        let started = clock.wall();
        let started_at = clock.monotonic();
        Arc::new(Self {
            started,
            started_at,
            gateway: AtomicU8::new(GatewayState::Starting as u8),
            gateway_since: AtomicI64::new(started.ms()),
            gateway_at: Last::at(started_at),
            connected_at: Last::never(),
            offline_at: Last::at(started_at),
            last_ack: Last::never(),
            last_dispatch: Last::never(),
            last_commit: Last::never(),
            watch: Watch::new(),
            beats: [const { Last::never() }; 3],
            latency_ms: AtomicU64::new(0),
            resumes: AtomicU64::new(0),
            identifies_24h: AtomicU64::new(0),
            guilds: AtomicU64::new(0),
            members_seen: AtomicU64::new(0),
            messages: AtomicU64::new(0),
            minutes: [const { AtomicU64::new(0) }; MINUTES_KEPT],
            newest_minute: AtomicU64::new(0),
            xp_awards: AtomicU64::new(0),
            promises_due: AtomicU64::new(0),
            promises_failed: AtomicU64::new(0),
            store_writable: AtomicBool::new(true),
            store_bytes: AtomicU64::new(0),
            commits: AtomicU64::new(0),
            commit_buckets: [const { AtomicU64::new(0) }; COMMIT_BUCKETS_SECONDS.len() + 1],
            commit_nanoseconds: AtomicU64::new(0),
            was_ready: AtomicBool::new(false),
            presences: Presences::default(),
            problems: ArcSwap::default(),
            commands: ArcSwap::default(),
            clock,
        })
    }

    /// The gateway is in this state from now on. `Connected` means that READY or RESUMED was seen.
    pub fn set_gateway(&self, state: GatewayState) {
        let now = self.clock.monotonic();
        let before = self.gateway.swap(state as u8, Relaxed);
        if before != state as u8 {
            self.gateway_since.store(self.clock.wall().ms(), Relaxed);
            self.gateway_at.set(now);
        }
        if state == GatewayState::Connected {
            if before != state as u8 {
                self.connected_at.set(now);
                self.watch.begin(now);
            }
            self.offline_at.clear();
            self.was_ready.store(true, Relaxed);
        } else if before == GatewayState::Connected as u8 {
            self.offline_at.set(now);
            self.watch.end();
        }
    }

    pub fn gateway(&self) -> GatewayState {
        let index = usize::from(self.gateway.load(Relaxed));
        GatewayState::ALL.get(index).copied().unwrap_or(GatewayState::Starting)
    }

    /// Since when the gateway is in its present state, by this computer's clock.
    pub fn gateway_since(&self) -> Timestamp {
        Timestamp::from_ms(self.gateway_since.load(Relaxed))
    }

    /// How long the gateway has been in its present state.
    pub fn gateway_age(&self) -> Duration {
        self.gateway_at.age(self.clock.monotonic()).unwrap_or_default()
    }

    /// How long there has been no session, whatever was tried meanwhile; none while connected.
    pub fn offline_age(&self) -> Option<Duration> {
        self.offline_at.age(self.clock.monotonic())
    }

    /// How long ago Discord last proved that it hears us: a heartbeat's ACK, READY or RESUMED. Before the first of
    /// them it counts from the start.
    pub fn silence(&self) -> Duration {
        let now = self.clock.monotonic();
        let signs = [self.last_ack.age(now), self.connected_at.age(now), Some(now.saturating_sub(self.started_at))];
        signs.into_iter().flatten().min().unwrap_or_default()
    }

    /// How long the bot has been running.
    pub fn uptime(&self) -> Duration {
        self.clock.monotonic().saturating_sub(self.started_at)
    }

    /// A heartbeat was acknowledged.
    pub fn note_ack(&self) {
        let now = self.clock.monotonic();
        self.last_ack.set(now);
        self.watch.word(now);
    }

    /// A dispatch came in.
    pub fn note_dispatch(&self) {
        let now = self.clock.monotonic();
        self.last_dispatch.set(now);
        self.watch.word(now);
    }

    /// Discord closed the connection in order: it told everything before.
    pub fn note_goodbye(&self) {
        self.watch.word(self.clock.monotonic());
    }

    /// How long the bot could see what happens on Discord, and how long not, in community time.
    pub fn watched(&self) -> Watched {
        self.watch.read().times(self.clock.speed())
    }

    pub fn ack_age(&self) -> Option<Duration> {
        self.last_ack.age(self.clock.monotonic())
    }

    pub fn dispatch_age(&self) -> Option<Duration> {
        self.last_dispatch.age(self.clock.monotonic())
    }

    pub fn commit_age(&self) -> Option<Duration> {
        self.last_commit.age(self.clock.monotonic())
    }

    /// `part` is turning.
    pub fn beat(&self, part: Part) {
        self.beats[part as usize].set(self.clock.monotonic());
    }

    /// How long ago `part` last turned; none before its first turn.
    pub fn beat_age(&self, part: Part) -> Option<Duration> {
        self.beats[part as usize].age(self.clock.monotonic())
    }

    /// A message of a guild came in.
    pub fn note_message(&self) {
        self.messages.fetch_add(1, Relaxed);
        let minute = self.clock.monotonic().as_secs() / 60;
        self.forget_minutes_before(minute);
        self.minutes[minute as usize % MINUTES_KEPT].fetch_add(1, Relaxed);
    }

    /// Messages in each of the last [`MINUTES_KEPT`] minutes, oldest first; the last one is still running.
    pub fn messages_by_minute(&self) -> Vec<u64> {
        let minute = self.clock.monotonic().as_secs() / 60;
        self.forget_minutes_before(minute);
        let newest = minute as usize;
        (1..=MINUTES_KEPT).map(|back| self.minutes[(newest + back) % MINUTES_KEPT].load(Relaxed)).collect()
    }

    fn forget_minutes_before(&self, minute: u64) {
        let newest = self.newest_minute.load(Relaxed);
        if minute > newest && self.newest_minute.compare_exchange(newest, minute, Relaxed, Relaxed).is_ok() {
            for passed in newest + 1..=minute.min(newest + MINUTES_KEPT as u64) {
                self.minutes[passed as usize % MINUTES_KEPT].store(0, Relaxed);
            }
        }
    }

    /// The store committed, which took `took`.
    pub fn note_commit(&self, took: Duration) {
        self.last_commit.set(self.clock.monotonic());
        self.commits.fetch_add(1, Relaxed);
        self.commit_nanoseconds.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Relaxed);
        let seconds = took.as_secs_f64();
        let bucket = COMMIT_BUCKETS_SECONDS.iter().position(|bound| seconds <= *bound);
        self.commit_buckets[bucket.unwrap_or(COMMIT_BUCKETS_SECONDS.len())].fetch_add(1, Relaxed);
    }

    /// Commits by bucket of [`COMMIT_BUCKETS_SECONDS`] (not cumulative; one more for slower ones), and their seconds.
    pub fn commit_histogram(&self) -> (Vec<u64>, f64) {
        let buckets = self.commit_buckets.iter().map(|bucket| bucket.load(Relaxed)).collect();
        (buckets, Duration::from_nanos(self.commit_nanoseconds.load(Relaxed)).as_secs_f64())
    }

    /// Puts a problem on the page until [`Vitals::solved`] takes it away. One with the same name keeps its `since`.
    pub fn problem(&self, name: &str, detail: impl Into<String>, action: impl Into<String>) {
        let (detail, action, now) = (detail.into(), action.into(), self.clock.wall());
        self.problems.rcu(|problems| {
            let known = problems.iter().find(|problem| problem.name == name);
            let since = known.map_or(now, |problem| problem.since);
            let mut problems: Vec<_> = problems.iter().filter(|problem| problem.name != name).cloned().collect();
            let (detail, action) = (detail.clone(), action.clone());
            problems.push(Problem { name: name.to_owned(), detail, action, since });
            problems
        });
    }

    /// Takes the problem with this name off the page.
    pub fn solved(&self, name: &str) {
        if self.problems.load().iter().any(|problem| problem.name == name) {
            self.problems.rcu(|problems| -> Vec<_> {
                problems.iter().filter(|problem| problem.name != name).cloned().collect()
            });
        }
    }

    /// What is wrong now, oldest first.
    pub fn problems(&self) -> Arc<Vec<Problem>> {
        self.problems.load_full()
    }

    /// A command ended; `outcome` is `ok`, `refused` or `fault`.
    pub fn note_command(&self, command: &'static str, outcome: &'static str) {
        self.commands.rcu(|counts| {
            let mut counts = Vec::clone(counts);
            match counts.iter_mut().find(|count| count.command == command && count.outcome == outcome) {
                Some(known) => known.count += 1,
                None => counts.push(CommandCount { command, outcome, count: 1 }),
            }
            counts
        });
    }

    /// How commands ended.
    pub fn commands(&self) -> Arc<Vec<CommandCount>> {
        self.commands.load_full()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_pass_and_old_ones_are_forgotten() {
        let clock = Clock::hand(Timestamp::from_ms(0));
        let vitals = Vitals::new(clock.clone());
        vitals.note_message();
        vitals.note_message();
        clock.advance(Duration::from_secs(120));
        vitals.note_message();
        let minutes = vitals.messages_by_minute();
        assert_eq!(minutes.len(), MINUTES_KEPT);
        assert_eq!(&minutes[MINUTES_KEPT - 3..], &[2, 0, 1]);
        clock.advance(Duration::from_secs(3600 * 5));
        assert_eq!(vitals.messages_by_minute().iter().sum::<u64>(), 0);
        assert_eq!(vitals.messages.load(Relaxed), 3);
    }

    #[test]
    fn attempts_to_reconnect_do_not_hide_how_long_the_gateway_is_gone() {
        let clock = Clock::hand(Timestamp::from_ms(0));
        let vitals = Vitals::new(clock.clone());
        clock.advance(Duration::from_secs(5));
        assert_eq!(vitals.offline_age(), Some(Duration::from_secs(5)));
        vitals.set_gateway(GatewayState::Connected);
        clock.advance(Duration::from_secs(60));
        assert_eq!((vitals.offline_age(), vitals.silence()), (None, Duration::from_secs(60)));
        vitals.note_ack();
        for state in [GatewayState::BackingOff, GatewayState::Resuming, GatewayState::Identifying] {
            vitals.set_gateway(state);
            clock.advance(Duration::from_secs(50));
        }
        assert_eq!(vitals.gateway_age(), Duration::from_secs(50));
        assert_eq!(vitals.offline_age(), Some(Duration::from_secs(150)));
        assert_eq!(vitals.silence(), Duration::from_secs(150));
        vitals.set_gateway(GatewayState::Connected);
        assert_eq!((vitals.offline_age(), vitals.silence()), (None, Duration::ZERO));
        assert_eq!(vitals.uptime(), Duration::from_secs(215));
    }

    #[test]
    fn a_problem_keeps_its_since_until_it_is_solved() {
        let clock = Clock::hand(Timestamp::from_ms(0));
        let vitals = Vitals::new(clock.clone());
        vitals.problem("a", "first", "do it");
        clock.advance(Duration::from_secs(9));
        vitals.problem("a", "second", "do it");
        assert_eq!(vitals.problems()[0].since.ms(), 0);
        assert_eq!(vitals.problems()[0].detail, "second");
        vitals.solved("a");
        assert!(vitals.problems().is_empty());
    }
}
