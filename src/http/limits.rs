//! Every limit of the main door, by name.

use std::time::Duration;

const HEAD_READ: Duration = Duration::from_secs(5);
/// hyper refuses less than 8 KiB.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const HEADERS_MAX: usize = 64;
const TARGET_BYTES_MAX: usize = 4 * 1024;
const BODY_BYTES_MAX: usize = 64 * 1024;
const CONNECTIONS_MAX: usize = 512;
const CONNECTIONS_PER_ADDRESS_MAX: usize = 64;
const CONNECTION_LIFE: Duration = Duration::from_secs(10 * 60);
const REQUEST: Duration = Duration::from_secs(15);
/// Longer than between two pings of a wire whose clients ask again and again.
const LONG_POLL: Duration = Duration::from_secs(60);
const WRITE_STALL: Duration = Duration::from_secs(10);
const WATCHERS_MAX: usize = 128;
const WATCH_LIFE: Duration = Duration::from_secs(60 * 60);
const UPDATE_EVERY: Duration = Duration::from_secs(1);
const HEARTBEAT_EVERY: Duration = Duration::from_secs(15);
/// Enough for a program's own pieces, too few to take everybody's places.
const LISTENERS_PER_CALLER_MAX: usize = 16;
const LISTENER_CHECK_EVERY: Duration = Duration::from_secs(45);
const SOCKET_KEY_WAIT: Duration = Duration::from_secs(5);
const SOCKET_FRAME_BYTES_MAX: usize = 64 * 1024;
const SOCKET_PING_EVERY: Duration = Duration::from_secs(15);
const SOCKET_SILENCE: Duration = Duration::from_secs(45);
/// As the hub's own server has them.
const SESSION_PING_EVERY: Duration = Duration::from_secs(25);
const SESSION_SILENCE: Duration = Duration::from_secs(20);
const STOP_GRACE: Duration = Duration::from_secs(5);

/// How much the main door puts up with. Tests shorten the times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// For a whole request head, counted from when it is awaited: so it also ends an idle connection.
    pub head_read: Duration,
    /// Bytes of a request head; more is answered with 431.
    pub head_bytes: usize,
    /// Headers of a request; more is answered with 431.
    pub headers: usize,
    /// Bytes of a request's path and query; more is answered with 414.
    pub target_bytes: usize,
    /// Bytes of a request body; more is answered with 413.
    pub body_bytes: usize,
    /// Connections at a time, in all.
    pub connections: usize,
    /// Connections at a time of one address.
    pub connections_per_address: usize,
    /// After this a connection takes no further request.
    pub connection_life: Duration,
    /// From a complete head to the beginning of the answer, the request's body included.
    pub request: Duration,
    /// The same where a request may wait for news.
    pub long_poll: Duration,
    /// How long a client may take nothing of an answer.
    pub write_stall: Duration,
    /// Browsers that watch the live page, and programs that listen, at a time.
    pub watchers: usize,
    /// After this a live stream ends; the browser opens the next by itself.
    pub watch_life: Duration,
    /// A watcher gets at most one update in this time.
    pub update_every: Duration,
    /// A live stream without news sends a comment this often, so that everything on the way keeps it open.
    pub heartbeat_every: Duration,
    /// Streams and sockets of one key or person at a time.
    pub listeners_per_caller: usize,
    /// Whether who listens still may is looked at again this often.
    pub listener_check_every: Duration,
    /// How long a socket may wait with its first frame, where that has to bring a key.
    pub socket_key_wait: Duration,
    /// Bytes of a frame that a client sends; after more its socket is closed.
    pub socket_frame_bytes: usize,
    /// A socket is asked this often whether somebody is there.
    pub socket_ping_every: Duration,
    /// A socket that says nothing for this long is closed.
    pub socket_silence: Duration,
    /// A session of a wire, which may have no connection at the moment, is asked this often whether somebody is there.
    pub session_ping_every: Duration,
    /// A session that does not answer for this long ends.
    pub session_silence: Duration,
    /// How long answers under way may take when the door closes.
    pub stop_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_read: HEAD_READ,
            head_bytes: HEAD_BYTES_MAX,
            headers: HEADERS_MAX,
            target_bytes: TARGET_BYTES_MAX,
            body_bytes: BODY_BYTES_MAX,
            connections: CONNECTIONS_MAX,
            connections_per_address: CONNECTIONS_PER_ADDRESS_MAX,
            connection_life: CONNECTION_LIFE,
            request: REQUEST,
            long_poll: LONG_POLL,
            write_stall: WRITE_STALL,
            watchers: WATCHERS_MAX,
            watch_life: WATCH_LIFE,
            update_every: UPDATE_EVERY,
            heartbeat_every: HEARTBEAT_EVERY,
            listeners_per_caller: LISTENERS_PER_CALLER_MAX,
            listener_check_every: LISTENER_CHECK_EVERY,
            socket_key_wait: SOCKET_KEY_WAIT,
            socket_frame_bytes: SOCKET_FRAME_BYTES_MAX,
            socket_ping_every: SOCKET_PING_EVERY,
            socket_silence: SOCKET_SILENCE,
            session_ping_every: SESSION_PING_EVERY,
            session_silence: SESSION_SILENCE,
            stop_grace: STOP_GRACE,
        }
    }
}
