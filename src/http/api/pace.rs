//! How often somebody may ask: each key, each person, and each address of those who are neither.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use governor::clock::{Clock as _, MonotonicClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::config::Http;
use crate::http::who::network;
use crate::model::UserId;

/// What a stranger may ask in a second, and in one go.
const STRANGERS_PER_SECOND: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// After so many requests the memory of those who are long gone is given back.
const BETWEEN_CLEANING: u32 = 4_096;

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Who {
    Key(i64),
    Person(UserId),
}

type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, MonotonicClock>;

pub(super) struct Pace {
    reads: Limiter<Who>,
    writes: Limiter<Who>,
    strangers: Limiter<IpAddr>,
    asked: AtomicU32,
}

impl Pace {
    pub fn new(http: &Http) -> Self {
        Self {
            reads: limiter(http.reads_per_second),
            writes: limiter(http.writes_per_second),
            strangers: limiter(STRANGERS_PER_SECOND),
            asked: AtomicU32::new(0),
        }
    }

    /// Counts a request of somebody whom we know; how long they have to wait where it is one too many.
    pub fn known(&self, who: Who, writes: bool) -> Result<(), Duration> {
        self.clean();
        check(if writes { &self.writes } else { &self.reads }, &who)
    }

    /// The same of a stranger.
    pub fn stranger(&self, client: IpAddr) -> Result<(), Duration> {
        self.clean();
        check(&self.strangers, &network(client))
    }

    fn clean(&self) {
        if self.asked.fetch_add(1, Relaxed) % BETWEEN_CLEANING == BETWEEN_CLEANING - 1 {
            self.reads.retain_recent();
            self.writes.retain_recent();
            self.strangers.retain_recent();
            self.strangers.shrink_to_fit();
        }
    }
}

fn limiter<K: Hash + Eq + Clone>(per_second: NonZeroU32) -> Limiter<K> {
    RateLimiter::new(Quota::per_second(per_second), HashMapStateStore::default(), MonotonicClock)
}

fn check<K: Hash + Eq + Clone>(limiter: &Limiter<K>, who: &K) -> Result<(), Duration> {
    limiter.check_key(who).map_err(|until| until.wait_time_from(limiter.clock().now()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_counted_alone_and_reads_apart_from_writes() {
        let http = Http { writes_per_second: NonZeroU32::new(2).unwrap(), ..Http::default() };
        let pace = Pace::new(&http);
        let (one, two) = (Who::Key(1), Who::Key(2));
        assert!(pace.known(one, true).is_ok() && pace.known(one, true).is_ok());
        assert!(pace.known(one, true).unwrap_err() <= Duration::from_secs(1));
        assert!(pace.known(one, false).is_ok() && pace.known(two, true).is_ok());
        let client: IpAddr = "2001:db8::1".parse().unwrap();
        for _ in 0..STRANGERS_PER_SECOND.get() {
            assert!(pace.stranger(client).is_ok());
        }
        assert!(pace.stranger("2001:db8::2".parse().unwrap()).is_err(), "a home is one");
        assert!(pace.stranger("127.0.0.1".parse().unwrap()).is_ok());
    }
}
