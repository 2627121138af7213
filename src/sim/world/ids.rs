//! Where ids come from: snowflakes of the world's clock, each larger than the one before.

use crate::model::{Clock, Timestamp};

/// The worker bits that snowflakes of this world carry, so that ids look like Discord's and not like round numbers: of
/// everything, and of accounts that are older than the world, which are made beside it.
const WORKER: u64 = 1 << 17;
const WORKER_OF_ACCOUNTS: u64 = 2 << 17;

/// Makes ids.
#[derive(Debug)]
pub(in crate::sim) struct Mint {
    last: u64,
    worker: u64,
}

impl Mint {
    pub(in crate::sim) fn new() -> Self {
        Self { last: 0, worker: WORKER }
    }

    /// For accounts of long ago.
    pub(in crate::sim) fn of_accounts() -> Self {
        Self { last: 0, worker: WORKER_OF_ACCOUNTS }
    }

    /// An id of now; if the clock stands still or went back, the next free one.
    pub(in crate::sim) fn next(&mut self, clock: &Clock) -> u64 {
        self.at(clock.now())
    }

    /// The first of so many ids in a row.
    pub(in crate::sim) fn reserve(&mut self, clock: &Clock, count: u64) -> u64 {
        let first = self.next(clock);
        self.last = first.saturating_add(count);
        first
    }

    /// An id of a given moment, unless later ones were made already.
    pub(in crate::sim) fn at(&mut self, moment: Timestamp) -> u64 {
        self.last = (self.last + 1).max(moment.snowflake() | self.worker);
        self.last
    }
}
