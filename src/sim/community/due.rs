//! What the script has in store, in its order.

use std::time::Duration;

use super::script::Spark;

/// What is due, the earliest and the first to be scheduled before the others.
pub(super) struct Due {
    pub at: Duration,
    pub number: u64,
    pub spark: Spark,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}
impl Eq for Due {}
impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}
