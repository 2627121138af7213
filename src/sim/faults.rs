//! What goes wrong on purpose: at the gateway, at the doors, and (through [`World::plan`]) with requests.
//!
//! Plans are for connections to come and strike at a moment of theirs; strikes hit those that are open now.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use socket2::Socket;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::gateway::firehose::Blast;
use super::rest::Response;

/// When a plan strikes a gateway connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Instead of the WebSocket handshake; only [`Strike::Http`], `Cut` and `Reset` make sense here.
    Handshake,
    /// Instead of the hello.
    BeforeHello,
    /// Right after the hello.
    AfterHello,
    /// Instead of the answer to an IDENTIFY, which is counted but opens no session.
    AtIdentify,
    /// Instead of the answer to a RESUME; the session stays as it was.
    AtResume,
    /// Once so many events were sent on this connection (READY and replayed ones count).
    AfterEvents(usize),
}

/// What strikes a gateway connection.
#[derive(Debug, Clone)]
pub enum Strike {
    /// A close frame with this code, or without any; then the connection ends.
    Close(Option<u16>),
    /// The connection ends without a word (FIN).
    Cut,
    /// The connection ends without a word (RST).
    Reset,
    /// Op 7: please reconnect.
    Reconnect,
    /// Op 9: the session is gone (`false`) or can be resumed.
    InvalidSession(bool),
    /// Op 1: a heartbeat now, please.
    AskHeartbeat,
    /// This text frame, whatever it is.
    Text(String),
    /// This binary frame, past any compression.
    Binary(Vec<u8>),
    /// From now on nothing is sent; the connection stays open.
    Silence,
    /// An HTTP answer instead of the handshake.
    Http(Response),
}

/// One of the addresses on which the simulated Discord listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entrance {
    Rest,
    Gateway,
    /// The address that READY gives for resuming.
    Resume,
}

struct Plan {
    moment: Moment,
    strike: Strike,
    left: Option<u32>,
    /// Only connections through this entrance; none is both.
    entrance: Option<Entrance>,
}

pub(super) enum Control {
    Strike(Strike),
    Blast(Blast),
}

/// An open gateway connection.
struct Open {
    control: mpsc::UnboundedSender<Control>,
    since: Instant,
}

/// What the doors, the gateway and the tests share about what goes wrong. Clones share it.
#[derive(Clone)]
pub struct Faults(Arc<Inner>);

struct Inner {
    plans: Mutex<Vec<Plan>>,
    open: Mutex<BTreeMap<u64, Open>>,
    lines: Mutex<Vec<Weak<Socket>>>,
    next_connection: AtomicU64,
    handshakes: AtomicU64,
    heartbeats: AtomicU64,
    acks: AtomicBool,
    delay_ms: AtomicU64,
    heartbeat_ms: AtomicU64,
    identify_gap_ms: AtomicU64,
    last_identify: Mutex<Option<Instant>>,
    doors: [watch::Sender<bool>; 3],
    start: Instant,
}

impl Faults {
    pub(super) fn new(heartbeat_ms: u64, identify_gap: Duration) -> Self {
        Self(Arc::new(Inner {
            plans: Mutex::new(Vec::new()),
            open: Mutex::new(BTreeMap::new()),
            lines: Mutex::new(Vec::new()),
            next_connection: AtomicU64::new(1),
            handshakes: AtomicU64::new(0),
            heartbeats: AtomicU64::new(0),
            acks: AtomicBool::new(true),
            delay_ms: AtomicU64::new(0),
            heartbeat_ms: AtomicU64::new(heartbeat_ms),
            identify_gap_ms: AtomicU64::new(identify_gap.as_millis() as u64),
            last_identify: Mutex::new(None),
            doors: [watch::Sender::new(true), watch::Sender::new(true), watch::Sender::new(true)],
            start: Instant::now(),
        }))
    }

    /// Plans a strike at a moment of the next `times` connections that reach it (none: of all).
    pub fn plan(&self, moment: Moment, strike: Strike, times: Option<u32>) {
        lock(&self.0.plans).push(Plan { moment, strike, left: times, entrance: None });
    }

    /// The same for connections through one entrance alone.
    pub fn plan_at(&self, entrance: Entrance, moment: Moment, strike: Strike, times: Option<u32>) {
        lock(&self.0.plans).push(Plan { moment, strike, left: times, entrance: Some(entrance) });
    }

    /// Forgets all plans.
    pub fn clear_plans(&self) {
        lock(&self.0.plans).clear();
    }

    /// How many plans wait for their moment still.
    pub fn plans_left(&self) -> usize {
        lock(&self.0.plans).iter().filter(|plan| plan.left.is_some()).count()
    }

    /// Strikes every gateway connection that is open now. Gives how many.
    pub fn strike(&self, strike: Strike) -> usize {
        let open = lock(&self.0.open);
        open.values().filter(|open| open.control.send(Control::Strike(strike.clone())).is_ok()).count()
    }

    /// Closes every gateway connection with this code. Sessions stay, unless [`super::World::expire_sessions`].
    pub fn close_all(&self, code: u16) -> usize {
        self.strike(Strike::Close(Some(code)))
    }

    /// Whether heartbeats are acknowledged.
    pub fn set_acks(&self, on: bool) {
        self.0.acks.store(on, Ordering::Relaxed);
    }

    /// Holds every event back so long (real time).
    pub fn set_delay(&self, delay: Duration) {
        self.0.delay_ms.store(delay.as_millis() as u64, Ordering::Relaxed);
    }

    /// The interval that the next hellos ask for.
    pub fn set_heartbeat_ms(&self, ms: u64) {
        self.0.heartbeat_ms.store(ms, Ordering::Relaxed);
    }

    /// The least real time between two IDENTIFYs; zero does not care.
    pub fn set_identify_gap(&self, gap: Duration) {
        self.0.identify_gap_ms.store(gap.as_millis() as u64, Ordering::Relaxed);
    }

    /// Opens an entrance, or shuts it: connections to it are refused. Those that stand already go on.
    pub fn set_open(&self, entrance: Entrance, open: bool) {
        self.0.doors[entrance as usize].send_replace(open);
    }

    /// Breaks every connection of every entrance, in the middle of whatever it does.
    pub fn cut_everything(&self) {
        for line in lock(&self.0.lines).drain(..).filter_map(|line| line.upgrade()) {
            let _ = line.shutdown(std::net::Shutdown::Both);
        }
    }

    /// How many gateway connections are open.
    pub fn open_connections(&self) -> usize {
        lock(&self.0.open).len()
    }

    /// How many gateway handshakes were begun, also those that failed.
    pub fn handshakes(&self) -> u64 {
        self.0.handshakes.load(Ordering::Relaxed)
    }

    /// How many heartbeats came.
    pub fn heartbeats(&self) -> u64 {
        self.0.heartbeats.load(Ordering::Relaxed)
    }

    pub(super) fn count_handshake(&self) -> u64 {
        self.0.handshakes.fetch_add(1, Ordering::Relaxed);
        self.0.next_connection.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn count_heartbeat(&self) -> bool {
        self.0.heartbeats.fetch_add(1, Ordering::Relaxed);
        self.0.acks.load(Ordering::Relaxed)
    }

    pub(super) fn heartbeat_ms(&self) -> u64 {
        self.0.heartbeat_ms.load(Ordering::Relaxed)
    }

    pub(super) fn delay(&self) -> Duration {
        Duration::from_millis(self.0.delay_ms.load(Ordering::Relaxed))
    }

    pub(super) fn door(&self, entrance: Entrance) -> watch::Receiver<bool> {
        self.0.doors[entrance as usize].subscribe()
    }

    /// The real time since the start.
    pub(super) fn real(&self) -> Duration {
        self.0.start.elapsed()
    }

    /// Whether an IDENTIFY comes too soon after the one before.
    pub(super) fn identifies_too_soon(&self) -> bool {
        let gap = Duration::from_millis(self.0.identify_gap_ms.load(Ordering::Relaxed));
        let mut last = lock(&self.0.last_identify);
        let soon = last.is_some_and(|at| at.elapsed() < gap);
        if !soon {
            *last = Some(Instant::now());
        }
        soon
    }

    pub(super) fn take(&self, entrance: Entrance, reached: Moment) -> Option<Strike> {
        let mut plans = lock(&self.0.plans);
        let fits = |plan: &Plan| plan.moment == reached && plan.entrance.is_none_or(|only| only == entrance);
        let at = plans.iter().position(fits)?;
        let plan = plans.get_mut(at)?;
        let strike = plan.strike.clone();
        if let Some(left) = plan.left.as_mut() {
            *left = left.saturating_sub(1);
            if *left == 0 {
                plans.remove(at);
            }
        }
        Some(strike)
    }

    /// Whether any plan waits for a number of events, so that they have to be counted one by one.
    pub(super) fn counts_events(&self) -> bool {
        lock(&self.0.plans).iter().any(|plan| matches!(plan.moment, Moment::AfterEvents(_)))
    }

    pub(super) fn register(&self, connection: u64) -> mpsc::UnboundedReceiver<Control> {
        let (control, inbox) = mpsc::unbounded_channel();
        lock(&self.0.open).insert(connection, Open { control, since: Instant::now() });
        inbox
    }

    pub(super) fn unregister(&self, connection: u64) {
        lock(&self.0.open).remove(&connection);
    }

    /// Sends a command to the newest connection.
    pub(super) fn command_newest(&self, control: Control) -> bool {
        let open = lock(&self.0.open);
        let newest = open.values().max_by_key(|open| open.since);
        newest.is_some_and(|open| open.control.send(control).is_ok())
    }

    pub(super) fn keep_line(&self, line: &Arc<Socket>) {
        let mut lines = lock(&self.0.lines);
        lines.retain(|line| line.strong_count() > 0);
        lines.push(Arc::downgrade(line));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
