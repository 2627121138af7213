//! How often somebody may ask: each key, each person, and each address of those who are neither.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::Quota;

use crate::config::Http;
use crate::http::who::{Limiter, network};
use crate::model::UserId;

/// What a stranger may ask in a second, and in one go.
const STRANGERS_PER_SECOND: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Who {
    Key(i64),
    Person(UserId),
    /// Nobody known, at this address.
    Stranger(IpAddr),
}

pub(super) struct Pace {
    reads: Limiter<Who>,
    writes: Limiter<Who>,
    strangers: Limiter<IpAddr>,
}

impl Pace {
    pub fn new(http: &Http) -> Self {
        Self {
            reads: Limiter::new(Quota::per_second(http.reads_per_second)),
            writes: Limiter::new(Quota::per_second(http.writes_per_second)),
            strangers: Limiter::new(Quota::per_second(STRANGERS_PER_SECOND)),
        }
    }

    /// Counts a request of somebody whom we know; how long they have to wait where it is one too many.
    pub fn known(&self, who: Who, writes: bool) -> Result<(), Duration> {
        if writes { &self.writes } else { &self.reads }.take(&who)
    }

    /// The same of a stranger.
    pub fn stranger(&self, client: IpAddr) -> Result<(), Duration> {
        self.strangers.take(&network(client))
    }
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
