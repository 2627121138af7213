//! How often we may IDENTIFY. Discord resets the token of a bot that does so 1,000 times in 24 hours, so every one is
//! counted on the disk before it leaves, and no fault, crash loop or restart comes near that number.
//!
//! Source: Discord API documentation, "Gateway", "Identifying" and "Session Start Limit Object".

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};
use twilight_gateway::queue::Queue;

use crate::model::{Clock, Result, Timestamp};
use crate::status::vitals::Vitals;
use crate::store::Store;

/// Our own limit for 24 hours, a tenth of Discord's.
pub const IDENTIFIES_PER_DAY: usize = 100;
const DAY_SECONDS: u32 = 86_400;
/// The seconds between two identifies once so many were made in 24 hours. The first is Discord's own rule; the last
/// allows 48 a day, so that a fault that goes on for days stays below [`IDENTIFIES_PER_DAY`].
const GAPS_SECONDS: [(usize, u32); 6] = [(0, 5), (5, 30), (10, 120), (20, 600), (40, 1_200), (60, 1_800)];
/// When Discord has fewer than this left for us, other bots or tools use the same token: we keep well apart.
const SCARCE: u32 = 200;
const SCARCE_GAP_SECONDS: u32 = 900;
/// So far ahead a counted identify may lie because an earlier process knew the time a little differently.
const AHEAD_MS_MAX: i64 = 10_000;
/// How often the number on the page is brought up to date.
const RECOUNT_SECONDS: u32 = 600;
/// How long to wait before asking a store again that does not answer.
const STORE_RETRY_SECONDS: u32 = 10;

/// What Discord says it still allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartLimit {
    pub remaining: u32,
    pub reset_after: Duration,
    /// When Discord said so.
    pub told: Instant,
}

/// How long a second of the rules takes; tests shorten it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub second: Duration,
}

impl Pace {
    fn seconds(self, seconds: u32) -> Duration {
        self.second * seconds
    }

    /// The time in which identifies are counted.
    fn day(self) -> Duration {
        self.seconds(DAY_SECONDS)
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self { second: Duration::from_secs(1) }
    }
}

/// How long the next identify has to wait, given how long ago each of the last 24 hours was.
pub fn wait(ages: &[Duration], limit: Option<StartLimit>, now: Instant, pace: Pace) -> Duration {
    let mut ages: Vec<Duration> = ages.iter().copied().filter(|age| *age < pace.day()).collect();
    ages.sort_unstable();
    let gap = GAPS_SECONDS.iter().rev().find(|(used, _)| ages.len() >= *used).map_or(0, |(_, seconds)| *seconds);
    let mut gap = pace.seconds(gap);
    let mut wait = Duration::ZERO;
    let limit = limit.filter(|limit| now.duration_since(limit.told) < limit.reset_after);
    if let Some(limit) = limit {
        if limit.remaining < SCARCE {
            gap = gap.max(pace.seconds(SCARCE_GAP_SECONDS));
        }
        if limit.remaining == 0 {
            wait = limit.reset_after - now.duration_since(limit.told);
        }
    }
    if let Some(newest) = ages.first() {
        wait = wait.max(gap.saturating_sub(*newest));
    }
    if let Some(full) = ages.get(IDENTIFIES_PER_DAY - 1) {
        wait = wait.max(pace.day().saturating_sub(*full));
    }
    wait
}

/// The budget of this bot: what the store has counted, what this process has, and what Discord says.
#[derive(Clone)]
pub struct Budget(Arc<Inner>);

struct Inner {
    store: Store,
    vitals: Arc<Vitals>,
    pace: Pace,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    limit: Option<StartLimit>,
    /// Identifies of this process, on a clock that cannot be set.
    spent: VecDeque<Instant>,
}

impl Budget {
    pub fn new(store: Store, vitals: Arc<Vitals>, pace: Pace) -> Self {
        Self(Arc::new(Inner { store, vitals, pace, state: Mutex::default() }))
    }

    /// Discord said what it allows.
    pub fn learn(&self, limit: StartLimit) {
        self.state().limit = Some(limit);
    }

    /// How long until an identify may leave.
    ///
    /// # Errors
    /// When the store cannot tell what was counted: then none may leave.
    pub async fn wait(&self) -> Result<Duration> {
        let stored = self.stored_ages(&self.0.vitals.clock).await?;
        let now = Instant::now();
        let state = self.state();
        let own = state.spent.iter().map(|at| now.duration_since(*at)).filter(|age| *age < self.0.pace.day());
        let own: Vec<Duration> = own.collect();
        // The newest that the store knows are our own; for those our monotonic clock knows better.
        let earlier = stored.len().saturating_sub(own.len());
        let ages: Vec<Duration> = stored.into_iter().take(earlier).chain(own).collect();
        self.0.vitals.identifies_24h.store(ages.len() as u64, std::sync::atomic::Ordering::Relaxed);
        Ok(wait(&ages, state.limit, now, self.0.pace))
    }

    /// Keeps the number on the page true while nothing happens.
    pub async fn keep_counting(&self) -> Infallible {
        loop {
            if let Err(error) = self.wait().await {
                tracing::debug!(%error, "identifies could not be counted");
            }
            sleep(self.0.pace.seconds(RECOUNT_SECONDS)).await;
        }
    }

    /// Waits for its turn and counts an identify; it is on the disk when this resolves.
    async fn spend(&self) {
        loop {
            let pause = match self.wait().await {
                Ok(Duration::ZERO) => match self.count().await {
                    Ok(()) => return,
                    Err(error) => self.store_failed(&error),
                },
                Ok(pause) => pause,
                Err(error) => self.store_failed(&error),
            };
            sleep(pause).await;
        }
    }

    async fn count(&self) -> Result<()> {
        self.0.store.count_identify(self.0.vitals.clock.now()).await?;
        self.0.vitals.identifies_24h.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut state = self.state();
        if state.spent.len() >= IDENTIFIES_PER_DAY {
            state.spent.pop_front();
        }
        state.spent.push_back(Instant::now());
        if let Some(limit) = &mut state.limit {
            limit.remaining = limit.remaining.saturating_sub(1);
        }
        Ok(())
    }

    fn store_failed(&self, error: &crate::model::Error) -> Duration {
        tracing::warn!(%error, "cannot count an identify; it has to wait");
        self.0.pace.seconds(STORE_RETRY_SECONDS)
    }

    /// How long ago each counted identify was.
    async fn stored_ages(&self, clock: &Clock) -> Result<Vec<Duration>> {
        let now = clock.now();
        let day = self.0.pace.day();
        let day_ms = i64::try_from(day.as_millis()).unwrap_or(i64::MAX);
        let counted = self.0.store.identifies_since(Timestamp::from_ms(now.ms().saturating_sub(day_ms))).await?;
        // What lies far ahead, since the clock was set back, still counts but delays nothing by itself.
        let oldest = day.saturating_sub(self.0.pace.second);
        let age = |at: Timestamp| match at.ms().saturating_sub(now.ms()) {
            ahead if ahead >= day_ms.max(AHEAD_MS_MAX) => None,
            ahead if ahead > AHEAD_MS_MAX => Some(oldest),
            _ => Some(now.since(at)),
        };
        Ok(counted.into_iter().filter_map(age).collect())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue for Budget {
    fn enqueue(&self, _shard: u32) -> oneshot::Receiver<()> {
        let (mut go, gone) = oneshot::channel();
        let budget = self.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = go.closed() => {}
                () = budget.spend() => { let _ = go.send(()); }
            }
        });
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Pace = Pace { second: Duration::from_secs(1) };

    fn seconds(seconds: &[u64]) -> Vec<Duration> {
        seconds.iter().map(|seconds| Duration::from_secs(*seconds)).collect()
    }

    #[test]
    fn the_first_ones_are_quick_and_then_they_spread() {
        let now = Instant::now();
        let next = |used: u64| wait(&seconds(&(0..used).collect::<Vec<_>>()), None, now, SECOND).as_secs();
        assert_eq!(
            [next(0), next(1), next(4), next(5), next(10), next(20), next(40), next(60)],
            [0, 5, 5, 30, 120, 600, 1_200, 1_800]
        );
        assert_eq!(wait(&seconds(&[3]), None, now, SECOND).as_secs(), 2);
        assert_eq!(wait(&seconds(&[90_000; 200]), None, now, SECOND), Duration::ZERO);
        let full: Vec<u64> = (0..100).map(|index| 50_000 + index).collect();
        assert_eq!(wait(&seconds(&full), None, now, SECOND).as_secs(), 86_400 - 50_099);
    }

    #[test]
    fn discords_own_limit_is_obeyed() {
        let told = Instant::now();
        let limit = |remaining| Some(StartLimit { remaining, reset_after: Duration::from_secs(5_000), told });
        assert_eq!(wait(&seconds(&[60]), limit(199), told, SECOND).as_secs(), 840);
        assert_eq!(wait(&seconds(&[60]), limit(200), told, SECOND), Duration::ZERO);
        assert_eq!(wait(&[], limit(0), told, SECOND).as_secs(), 5_000);
        assert_eq!(wait(&[], limit(0), told + Duration::from_secs(4_999), SECOND).as_secs(), 1);
        assert_eq!(wait(&[], limit(0), told + Duration::from_secs(5_000), SECOND), Duration::ZERO);
    }

    #[test]
    fn a_thousand_days_of_faults_never_pass_a_hundred_a_day() {
        let seed = fastrand::u64(..);
        let mut dice = fastrand::Rng::with_seed(seed);
        let start = Instant::now();
        let mut at = Duration::ZERO;
        let mut made: VecDeque<Duration> = VecDeque::new();
        let (mut most, mut total) = (0, 0);
        while at.as_secs() < 86_400 * 1_000 {
            let ages: Vec<Duration> = made.iter().map(|then| at - *then).collect();
            let remaining = dice.u32(..1_000);
            let limit =
                dice.bool().then_some(StartLimit { remaining, reset_after: Duration::from_secs(60), told: start });
            let pause = wait(&ages, limit, start, SECOND);
            if pause.is_zero() {
                made.push_back(at);
                total += 1;
                // A quiet spell now and then, after which the quick ones are allowed again.
                at += if dice.u32(..200) == 0 { Duration::from_secs(dice.u64(..200_000)) } else { Duration::ZERO };
            }
            at += pause + Duration::from_millis(dice.u64(..3_000));
            made.retain(|then| at - *then < Duration::from_secs(86_400));
            most = most.max(made.len());
            assert!(made.len() <= IDENTIFIES_PER_DAY, "seed {seed}");
        }
        assert!(most > 50 && total > 10_000, "the test was too kind: {most}, {total}, seed {seed}");
    }
}
