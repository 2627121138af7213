//! Time: a [`Timestamp`] that can be stored, and the only [`Clock`] of the program.
//!
//! A computer without a clock battery may start years off, so whatever decides about members is judged by Discord's
//! time ([`Clock::now`]), as learned from its answers. Waiting and ages of our own use [`Clock::monotonic`].

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// 2015-01-01T00:00:00Z, from which Discord's snowflakes count.
pub const DISCORD_EPOCH_MS: i64 = 1_420_070_400_000;

/// A learned time is taken over only when it differs by more than this, since it comes in whole seconds.
const LEARN_TOLERANCE_MS: i64 = 2_000;
/// An answer that took longer tells an old time.
const LEARN_WITHIN: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Milliseconds since 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since 1970.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down: what Discord's `<t:…>` takes.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment later by `duration`, saturating.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 in UTC with milliseconds; out-of-range values print as the epoch.
    pub fn rfc3339(self) -> String {
        self.utc().to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// The moment that a text in RFC 3339 names.
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|time| Self(time.timestamp_millis()))
    }

    /// The same moment for chrono.
    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }

    /// The smallest snowflake of this moment, as Discord would make it.
    pub fn snowflake(self) -> u64 {
        (u64::try_from(self.0.saturating_sub(DISCORD_EPOCH_MS)).unwrap_or(0)) << 22
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

/// What time it is: on this computer, at Discord, and since the start.
///
/// Clones share one clock.
#[derive(Clone)]
pub struct Clock(Arc<Source>);

struct Source {
    start: Instant,
    state: Mutex<State>,
}

struct State {
    /// Only for tests: time stands still and moves by hand.
    hand: Option<Hand>,
    /// How fast community time runs; 1 but in a demo.
    speed: f64,
    /// The last time learned from Discord, and when it was learned.
    anchor: Option<(Timestamp, Duration)>,
    /// The wall clock at the start, for a demo whose time runs faster.
    wall_at_start: Timestamp,
}

struct Hand {
    wall: Timestamp,
    monotonic: Duration,
}

impl Clock {
    /// The computer's clock.
    pub fn real() -> Self {
        Self::with(None, 1.0)
    }

    /// A clock whose community time runs `speed` times as fast from now on. Ages and waits stay real.
    pub fn fast(speed: f64) -> Self {
        Self::with(None, speed)
    }

    /// A clock that stands still until [`Clock::advance`] or [`Clock::step_wall`] moves it.
    pub fn hand(wall: Timestamp) -> Self {
        Self::with(Some(Hand { wall, monotonic: Duration::ZERO }), 1.0)
    }

    fn with(hand: Option<Hand>, speed: f64) -> Self {
        let wall_at_start = system_wall();
        let state = Mutex::new(State { hand, speed, anchor: None, wall_at_start });
        Self(Arc::new(Source { start: Instant::now(), state }))
    }

    /// What this computer's clock says; it may be years off.
    pub fn wall(&self) -> Timestamp {
        let state = self.state();
        self.wall_of(&state)
    }

    /// Discord's time as well as we know it; before anything was learned, the computer's.
    pub fn now(&self) -> Timestamp {
        let state = self.state();
        match state.anchor {
            Some((time, at)) => {
                let passed = self.monotonic_of(&state).saturating_sub(at);
                time.plus(passed.mul_f64(state.speed))
            }
            None => self.wall_of(&state),
        }
    }

    /// A length of time on this computer, as community time: more of it in a demo that runs faster.
    pub fn as_theirs(&self, ours: Duration) -> Duration {
        ours.mul_f64(self.speed())
    }

    /// Whether Discord told the time: until then it is only what this computer thinks.
    pub fn is_told(&self) -> bool {
        self.state().anchor.is_some()
    }

    /// Time since the start; it never goes back.
    pub fn monotonic(&self) -> Duration {
        let state = self.state();
        self.monotonic_of(&state)
    }

    /// How fast community time runs; 1 but in a demo.
    pub fn speed(&self) -> f64 {
        self.state().speed
    }

    /// How long a minute of community time takes; none where time moves by hand.
    pub fn minute(&self) -> Option<Duration> {
        let state = self.state();
        state.hand.is_none().then(|| MINUTE.div_f64(state.speed))
    }

    /// Takes over the time that a server of Discord's told (its `Date` header) in an answer that took so long: of a
    /// slow one nobody knows how old its time is, so it only counts where nothing better is known.
    pub fn learn(&self, discord: Timestamp, took: Duration) {
        let now = self.now();
        let mut state = self.state();
        let known = state.anchor.is_some();
        let is_off = (now.ms() - discord.ms()).abs() > LEARN_TOLERANCE_MS;
        if !known || (is_off && took <= LEARN_WITHIN) {
            let at = self.monotonic_of(&state);
            state.anchor = Some((discord, at));
        }
    }

    /// How far this computer's clock is ahead of Discord's, in milliseconds, once that is known.
    pub fn skew_ms(&self) -> Option<i64> {
        self.state().anchor?;
        Some(self.wall().ms().saturating_sub(self.now().ms()))
    }

    /// Moves a hand clock on. Does nothing to a real one.
    pub fn advance(&self, by: Duration) {
        if let Some(hand) = self.state().hand.as_mut() {
            hand.wall = hand.wall.plus(by);
            hand.monotonic += by;
        }
    }

    /// Sets a hand clock's wall time, as a clock service would, leaving monotonic time alone.
    pub fn step_wall(&self, to: Timestamp) {
        if let Some(hand) = self.state().hand.as_mut() {
            hand.wall = to;
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wall_of(&self, state: &State) -> Timestamp {
        match &state.hand {
            Some(hand) => hand.wall,
            None if state.speed == 1.0 => system_wall(),
            None => state.wall_at_start.plus(self.0.start.elapsed().mul_f64(state.speed)),
        }
    }

    fn monotonic_of(&self, state: &State) -> Duration {
        match &state.hand {
            Some(hand) => hand.monotonic,
            None => self.0.start.elapsed(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn system_wall() -> Timestamp {
    Timestamp(Utc::now().timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_wall_clock_does_not_matter_once_discord_told_the_time() {
        let clock = Clock::hand(Timestamp::from_ms(0));
        assert_eq!((clock.skew_ms(), clock.is_told()), (None, false));
        let discord = Timestamp::from_ms(1_700_000_000_000);
        clock.learn(discord, Duration::ZERO);
        clock.advance(Duration::from_secs(5));
        assert_eq!(clock.now(), discord.plus(Duration::from_secs(5)));
        clock.step_wall(Timestamp::from_ms(4_000_000_000_000));
        assert_eq!(clock.now(), discord.plus(Duration::from_secs(5)));
        assert_eq!(clock.skew_ms(), Some(4_000_000_000_000 - 1_700_000_005_000));
    }

    #[test]
    fn small_differences_are_not_taken_over() {
        let clock = Clock::hand(Timestamp::from_ms(0));
        clock.learn(Timestamp::from_ms(1_700_000_000_000), Duration::ZERO);
        clock.learn(Timestamp::from_ms(1_700_000_001_999), Duration::ZERO);
        assert_eq!(clock.now().ms(), 1_700_000_000_000);
        clock.learn(Timestamp::from_ms(1_700_000_009_000), Duration::ZERO);
        assert_eq!(clock.now().ms(), 1_700_000_009_000);
        clock.learn(Timestamp::from_ms(1_700_000_000_000), Duration::from_secs(9));
        assert_eq!(clock.now().ms(), 1_700_000_009_000, "an answer that was long on its way tells an old time");
    }

    #[test]
    fn a_snowflake_of_a_moment_gives_the_moment_back() {
        let moment = Timestamp::from_ms(1_462_015_105_796);
        assert_eq!(super::super::id::time_of(moment.snowflake()), moment);
        assert_eq!(Timestamp::from_ms(0).snowflake(), 0);
    }
}
