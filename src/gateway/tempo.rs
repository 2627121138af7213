//! How long this door waits for what. Tests shorten it; nothing else changes it.

use std::time::Duration;

use super::budget::Pace;

/// Named waits.
#[derive(Debug, Clone)]
pub struct Tempo {
    /// The first pause after a failed connection; it doubles with each further one, and chance spreads it.
    pub backoff_first: Duration,
    pub backoff_max: Duration,
    /// The longest pause while the network itself is gone: nothing at Discord is spared by waiting longer.
    pub backoff_network_max: Duration,
    /// A connection that lasted so long makes earlier failures forgotten.
    pub stable_after: Duration,
    /// How long a new connection may take to say HELLO.
    pub hello_within: Duration,
    /// How long READY or RESUMED may take after HELLO.
    pub ready_within: Duration,
    /// How often the loop looks at its own state, and shows that it turns.
    pub tick: Duration,
    /// Added to two heartbeat intervals, after which silence counts as a dead connection.
    pub ack_grace: Duration,
    /// How long the other side may take to answer our close.
    pub close_within: Duration,
    /// How long the engine may take to commit what it has, and answers under way to leave, when we stop.
    pub settle_within: Duration,
    /// How long a command may take before its answer is deferred.
    pub first_answer_after: Duration,
    /// The pause before a REST call is tried again; it doubles.
    pub retry_first: Duration,
    /// The pause before Discord is asked again for its time, as long as it did not tell it.
    pub time_again: Duration,
    /// How fast the budget of identifies runs.
    pub identify: Pace,
}

impl Default for Tempo {
    fn default() -> Self {
        Self {
            backoff_first: Duration::from_secs(1),
            backoff_max: Duration::from_secs(300),
            backoff_network_max: Duration::from_secs(30),
            stable_after: Duration::from_secs(30),
            hello_within: Duration::from_secs(20),
            ready_within: Duration::from_secs(60),
            tick: Duration::from_secs(1),
            ack_grace: Duration::from_secs(10),
            close_within: Duration::from_secs(1),
            settle_within: Duration::from_secs(4),
            first_answer_after: Duration::from_millis(700),
            retry_first: Duration::from_millis(500),
            time_again: Duration::from_secs(5),
            identify: Pace::default(),
        }
    }
}
