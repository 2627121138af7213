//! Every limit of the lamp, by name.

use std::time::Duration;

const HEAD_READ: Duration = Duration::from_secs(5);
const HEAD_BYTES_MAX: usize = 8 * 1024;
const TARGET_BYTES_MAX: usize = 1024;
const CONNECTIONS_MAX: usize = 128;
const CONNECTIONS_PER_ADDRESS_MAX: usize = 64;
const IN_FLIGHT_MAX: usize = 8;
const ANSWER: Duration = Duration::from_secs(5);
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
const WRITE: Duration = Duration::from_secs(10);
const LINGER: Duration = Duration::from_secs(1);
const RELIGHT_PAUSE: Duration = Duration::from_secs(1);
const CHECK_EVERY: Duration = Duration::from_secs(5);

/// Headers of a request; more is answered with 431. A constant, since the parser's room for them is an array.
pub(super) const HEADERS_MAX: usize = 64;

/// How much the lamp puts up with. Tests shorten the times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// From the connection to a whole request head.
    pub head_read: Duration,
    /// Bytes of a request head; more is answered with 431.
    pub head_bytes: usize,
    /// Bytes of a request's path and query; more is answered with 414.
    pub target_bytes: usize,
    /// Connections at a time, in all.
    pub connections: usize,
    /// Connections at a time of one address.
    pub connections_per_address: usize,
    /// Requests that tiny_http sees at a time; each costs it a thread.
    pub in_flight: usize,
    /// For one of those places to become free, and then for tiny_http's answer.
    pub answer: Duration,
    /// Bytes of tiny_http's answer.
    pub answer_bytes: usize,
    /// For a client to take the whole answer.
    pub write: Duration,
    /// After the answer, what a client still sends is read this long, so that closing does not reset the connection
    /// before it has read the answer.
    pub linger: Duration,
    /// How often the lamp looks whether it burns.
    pub check_every: Duration,
    /// A flame that went out is lit again at most this often.
    pub relight_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_read: HEAD_READ,
            head_bytes: HEAD_BYTES_MAX,
            target_bytes: TARGET_BYTES_MAX,
            connections: CONNECTIONS_MAX,
            connections_per_address: CONNECTIONS_PER_ADDRESS_MAX,
            in_flight: IN_FLIGHT_MAX,
            answer: ANSWER,
            answer_bytes: ANSWER_BYTES_MAX,
            write: WRITE,
            linger: LINGER,
            check_every: CHECK_EVERY,
            relight_pause: RELIGHT_PAUSE,
        }
    }
}
