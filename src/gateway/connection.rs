//! One connection to the gateway, from its first byte to its last: dispatches go to the engine in the order in which
//! they come, and the heart beats whatever the store does.
//!
//! It refuses to know what comes after it: each connection has a shard of its own, and the session decides.

mod dispatch;

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{FutureExt, Stream};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use twilight_gateway::error::{ReceiveMessageError, ReceiveMessageErrorType};
use twilight_gateway::{CloseFrame, Message, Shard, ShardState};

use super::budget::Budget;
use super::ear::Ear;
use super::guard::{Guard, Halt};
use super::inbound::{self, Envelope, op};
use super::session::Shared;
use crate::model::Need;
use crate::status::vitals::{GatewayState, Part};
use crate::store::SessionKey;

/// Frames that are read in one go; then ticks and signals get their turn.
const BURST_MAX: usize = 64;

/// Where we are in a session: everything up to the sequence was taken by the engine.
#[derive(Debug, Clone)]
pub struct Standing {
    pub key: Arc<SessionKey>,
    pub sequence: u64,
}

/// How a connection ended.
#[derive(Debug)]
pub enum Ending {
    /// We had a reason to stop.
    Halted(Halt),
    /// It never came about. `network`: not even the network answered.
    NotReached { network: bool, words: String },
    /// Closed by Discord with this code, or cut.
    Closed(Option<u16>),
    /// Discord asked us to connect anew.
    Reconnect,
    /// Discord does not know the session, or not now.
    Invalid { resumable: bool },
    /// What should have come did not.
    Silent(&'static str),
    /// The engine could not take an event.
    QueueFull,
    /// Discord is to tell more than it was asked to when the session began.
    NeedsMore,
}

/// What there is to know about a connection that has ended.
#[derive(Debug)]
pub struct Ended {
    pub ending: Ending,
    /// How long the session was live on it; none if it never was.
    pub live: Option<Duration>,
}

/// An open connection.
pub struct Connection<'a> {
    shared: &'a Shared,
    guard: &'a mut Guard,
    standing: &'a mut Option<Standing>,
    /// Moves when Discord is to tell more, which is looked at from this moment on.
    needs: (watch::Receiver<Vec<Need>>, Instant),
    line: Line,
    began: Instant,
    hello: Option<Hello>,
    live_since: Option<Instant>,
    /// Why we are closing, and when we stop waiting for the other side.
    closing: Option<(Ending, Instant)>,
    /// An event was not taken, so none after it may be.
    is_deaf: bool,
    /// Frames that could not be used.
    odd_frames: u64,
    /// Dispatches that the engine was not told of since it last was of one.
    passed: u64,
}

/// What HELLO told, and the heartbeats since.
struct Hello {
    at: Instant,
    interval: Duration,
    acks: u32,
    last_ack: Instant,
}

/// The shard, and what can be seen of its socket.
struct Line {
    shard: Shard<Budget>,
    /// Listens while the shard connects or closes: then it could begin another connection unseen.
    ear: Option<Ear>,
    /// Whether the socket was ever open.
    is_up: bool,
}

/// The next thing on a line.
enum Step {
    Text(String),
    Closed(Option<u16>),
    Failed(ReceiveMessageError),
    /// The shard is connecting again by itself, which is for the session to decide.
    Lost,
}

impl<'a> Connection<'a> {
    pub fn new(
        shared: &'a Shared,
        guard: &'a mut Guard,
        standing: &'a mut Option<Standing>,
        needs: (watch::Receiver<Vec<Need>>, Instant),
        shard: Shard<Budget>,
    ) -> Self {
        let line = Line { shard, ear: Some(Ear::allowing(1)), is_up: false };
        let (hello, live_since, closing) = (None, None, None);
        let began = Instant::now();
        Self {
            shared,
            guard,
            standing,
            needs,
            line,
            began,
            hello,
            live_since,
            closing,
            is_deaf: false,
            odd_frames: 0,
            passed: 0,
        }
    }

    /// Stays until the connection has ended.
    pub async fn run(mut self) -> Ended {
        let mut tick = interval(self.guard.tick);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let ending = loop {
            let deadline = self.closing.as_ref().map(|(_, deadline)| *deadline);
            let closing = deadline.is_some();
            let ending = tokio::select! {
                biased;
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if closing => Some(Ending::Closed(None)),
                halt = self.guard.halted(), if !closing => self.close(Ending::Halted(halt)),
                () = needs_more(&mut self.needs), if !closing => self.close(Ending::NeedsMore),
                _ = tick.tick() => self.look(),
                step = self.line.next(closing) => self.take(step),
            };
            if let Some(ending) = ending {
                break ending;
            }
        };
        self.shared.asking.disconnect();
        // Why we closed says more than how the other side took it.
        let ending = self.closing.take().map_or(ending, |(why, _)| why);
        Ended { ending, live: self.live_since.map(|since| since.elapsed()) }
    }

    /// Begins to close for this reason; ends at once when there is nothing to close.
    fn close(&mut self, why: Ending) -> Option<Ending> {
        if !self.line.is_up {
            return Some(why);
        }
        self.line.shard.close(CloseFrame::RESUME);
        self.expect_close(why);
        None
    }

    /// The first reason stands.
    fn expect_close(&mut self, why: Ending) {
        let deadline = Instant::now() + self.shared.tempo.close_within;
        self.closing.get_or_insert((why, deadline));
    }

    /// Takes a step and those that are there already, as far as they should not keep everything else waiting.
    fn take(&mut self, first: Step) -> Option<Ending> {
        let mut ending = self.step(first);
        for _ in 0..BURST_MAX {
            let closing = self.closing.is_some();
            let next = if ending.is_none() { self.line.next(closing).now_or_never() } else { None };
            let Some(step) = next else { break };
            ending = self.step(step);
        }
        ending
    }

    fn step(&mut self, step: Step) -> Option<Ending> {
        let ending = match step {
            Step::Text(text) => self.text(&text),
            Step::Closed(code) => {
                // Without a code it may have been cut long before anybody noticed.
                if code.is_some() {
                    self.guard.vitals.note_goodbye();
                }
                Some(Ending::Closed(code))
            }
            Step::Lost => Some(Ending::Closed(None)),
            Step::Failed(error) => match error.kind() {
                ReceiveMessageErrorType::Reconnect => Some(not_reached(&error)),
                // What the shard cannot read it still hands over; we look for ourselves.
                ReceiveMessageErrorType::Deserializing { event } => self.text(event),
                _ => Some(Ending::Closed(None)),
            },
        };
        self.note_heartbeat();
        ending
    }

    /// Looks at what should have come by now.
    fn look(&mut self) -> Option<Ending> {
        self.guard.vitals.beat(Part::Loop);
        if self.closing.is_some() || !self.line.is_up {
            return None;
        }
        let tempo = &self.shared.tempo;
        let silent = match &self.hello {
            None => (self.began.elapsed() > tempo.hello_within).then_some("Discord did not say hello"),
            Some(hello) if self.live_since.is_none() && hello.at.elapsed() > tempo.ready_within => {
                Some("Discord did not begin the session")
            }
            Some(hello) => {
                let patience = hello.interval.mul_f64(1.5).saturating_add(tempo.ack_grace);
                (hello.last_ack.elapsed() > patience).then_some("Discord does not acknowledge heartbeats")
            }
        };
        silent.and_then(|words| self.close(Ending::Silent(words)))
    }

    fn note_heartbeat(&mut self) {
        let Some(hello) = &mut self.hello else { return };
        let latency = self.line.shard.latency();
        if latency.periods() == hello.acks {
            return;
        }
        (hello.acks, hello.last_ack) = (latency.periods(), Instant::now());
        self.guard.vitals.note_ack();
        if let Some(newest) = latency.recent().first() {
            let ms = u64::try_from(newest.as_millis()).unwrap_or(u64::MAX);
            self.guard.vitals.latency_ms.store(ms, Relaxed);
        }
    }

    fn text(&mut self, text: &str) -> Option<Ending> {
        let Some(envelope) = inbound::envelope(text) else {
            self.note_odd("no frame");
            return None;
        };
        match envelope.op {
            op::DISPATCH => return self.dispatch(&envelope),
            op::HELLO => self.greet(&envelope),
            op::RECONNECT => self.expect_close(Ending::Reconnect),
            op::INVALID_SESSION => {
                let resumable = envelope.data.trim_start().starts_with("true");
                self.expect_close(Ending::Invalid { resumable });
            }
            _ => {}
        }
        None
    }

    fn greet(&mut self, envelope: &Envelope<'_>) {
        let interval = inbound::heartbeat_interval_ms(envelope.data).map_or(Duration::MAX, Duration::from_millis);
        let now = Instant::now();
        self.hello = Some(Hello { at: now, interval, acks: 0, last_ack: now });
        let state = if self.standing.is_some() { GatewayState::Resuming } else { GatewayState::Identifying };
        self.guard.vitals.set_gateway(state);
    }
}

/// Resolves when Discord is to tell more than when the session began.
async fn needs_more((needs, from): &mut (watch::Receiver<Vec<Need>>, Instant)) {
    sleep_until(*from).await;
    // Without a bot nobody needs anything.
    if needs.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

impl Line {
    async fn next(&mut self, closing: bool) -> Step {
        std::future::poll_fn(|cx| self.poll(closing, cx)).await
    }

    fn poll(&mut self, closing: bool, cx: &mut Context<'_>) -> Poll<Step> {
        if closing && self.ear.is_none() {
            self.ear = Some(Ear::allowing(0));
        }
        let mut poll = || Pin::new(&mut self.shard).poll_next(cx);
        let polled = match &self.ear {
            Some(ear) => ear.during(poll),
            None => poll(),
        };
        let is_connecting = matches!(self.shard.state(), ShardState::Disconnected { .. });
        self.is_up |= !is_connecting;
        match polled {
            // What comes over another connection is not ours to hear.
            _ if self.ear.take_if(|ear| ear.heard_another()).is_some() => Poll::Ready(Step::Lost),
            Poll::Ready(Some(Ok(Message::Text(text)))) => Poll::Ready(Step::Text(text)),
            Poll::Ready(Some(Ok(Message::Close(frame)))) => Poll::Ready(Step::Closed(frame.map(|frame| frame.code))),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Step::Failed(error)),
            Poll::Ready(None) => Poll::Ready(Step::Lost),
            // After a close of ours the shard counts as disconnected while it waits for the other side.
            Poll::Pending if self.is_up && !closing && is_connecting => Poll::Ready(Step::Lost),
            Poll::Pending => {
                self.ear = self.ear.take().filter(|_| closing || !self.is_up);
                Poll::Pending
            }
        }
    }
}

/// Why no connection came about. The library's own words may repeat an event, so only its causes are told.
fn not_reached(error: &ReceiveMessageError) -> Ending {
    let mut words = String::new();
    let mut network = false;
    let mut cause = error.source();
    while let Some(inner) = cause {
        network |= inner.is::<io::Error>() || inner.is::<tokio::time::error::Elapsed>();
        if !words.is_empty() {
            words.push_str(": ");
        }
        words.push_str(&inner.to_string());
        cause = inner.source();
    }
    Ending::NotReached { network, words }
}
