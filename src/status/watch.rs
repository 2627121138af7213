//! How long the bot has been able to see what happens on Discord: a stopwatch that runs while a session is live, and
//! only as far as Discord's last word. A connection may be dead for a minute before anybody notices; what happened in
//! that minute was not seen, and is not counted as seen.
//!
//! The gateway's loop is the only one that moves it.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

const NEVER: i64 = -1;

/// A reading of the stopwatch, both since the process started. What lies between two readings with equal `missed` was
/// seen without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Watched {
    /// How long the bot could see what happens.
    pub seen: Duration,
    /// How long it could not, between two times when it could.
    pub missed: Duration,
}

impl Watched {
    /// Both as if time ran `speed` times as fast.
    pub fn times(self, speed: f64) -> Self {
        if speed == 1.0 {
            return self;
        }
        Self { seen: self.seen.mul_f64(speed), missed: self.missed.mul_f64(speed) }
    }
}

/// The stopwatch, in milliseconds of the monotonic clock.
#[derive(Debug)]
pub(super) struct Watch {
    seen: AtomicU64,
    missed: AtomicU64,
    /// Discord's last word.
    until: AtomicI64,
    is_live: AtomicBool,
}

impl Watch {
    pub const fn new() -> Self {
        let (seen, missed) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { seen, missed, until: AtomicI64::new(NEVER), is_live: AtomicBool::new(false) }
    }

    /// A session is live.
    pub fn begin(&self, now: Duration) {
        self.missed.fetch_add(self.turn(now), Relaxed);
        self.is_live.store(true, Relaxed);
    }

    /// A word from Discord: what it had to tell until now has arrived.
    pub fn word(&self, now: Duration) {
        if self.is_live.load(Relaxed) {
            self.seen.fetch_add(self.turn(now), Relaxed);
        }
    }

    /// The session is live no longer.
    pub fn end(&self) {
        self.is_live.store(false, Relaxed);
    }

    pub fn read(&self) -> Watched {
        let ms = |total: &AtomicU64| Duration::from_millis(total.load(Relaxed));
        Watched { seen: ms(&self.seen), missed: ms(&self.missed) }
    }

    /// Moves on to `now`; by how much.
    fn turn(&self, now: Duration) -> u64 {
        let now = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        let until = self.until.swap(now, Relaxed);
        if until == NEVER { 0 } else { u64::try_from(now.saturating_sub(until)).unwrap_or(0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_runs_from_word_to_word_while_a_session_is_live() {
        let watch = Watch::new();
        let at = Duration::from_secs;
        let read = || (watch.read().seen.as_secs(), watch.read().missed.as_secs());
        watch.word(at(5));
        assert_eq!(read(), (0, 0), "there is no session yet");
        watch.begin(at(10));
        watch.word(at(40));
        assert_eq!(read(), (30, 0));
        // From 40 on nothing came, until a new session was live at 100.
        watch.end();
        watch.word(at(95));
        watch.begin(at(100));
        assert_eq!(read(), (30, 60));
        watch.word(at(101));
        assert_eq!(read(), (31, 60));
    }

    #[test]
    fn a_fast_community_sees_more_in_the_same_time() {
        let watched = Watched { seen: Duration::from_secs(2), missed: Duration::from_secs(1) };
        assert_eq!(watched.times(60.0).seen, Duration::from_secs(120));
        assert_eq!(watched.times(1.0), watched);
    }
}
