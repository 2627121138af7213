//! One gateway connection: moves frames between a socket and a session until one of them ends.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::SinkExt;
use serde_json::Value;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::GatewayState;
use super::compress::Packer;
use super::firehose::Blast;
use super::protocol::{Conversation, Out, heartbeat_request, hello, invalid_session, reconnect};
use crate::sim::door::Line;
use crate::sim::faults::{Control, Moment, Strike};

/// Events taken from the session at a time.
const BATCH_FRAMES: usize = 256;

/// How long a closing connection waits for the client's own close frame.
const CLOSING_LASTS: Duration = Duration::from_secs(2);

/// A client that sends nothing for two intervals and this long is taken for gone.
const SILENCE_GRACE: Duration = Duration::from_secs(10);

/// What the client asked for in the address.
pub(super) struct Transport {
    zlib_stream: bool,
    /// Why it cannot be served, if so.
    refused: Option<(u16, &'static str)>,
}

impl Transport {
    pub fn from_query(query: &str) -> Self {
        let value = |name: &str| {
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value)
        };
        let version = value("v").unwrap_or("6");
        let refused = if !matches!(version, "9" | "10") {
            Some((4012, "Invalid API version."))
        } else if value("encoding").is_some_and(|encoding| encoding != "json") {
            Some((4002, "Only JSON is spoken here."))
        } else if value("compress").is_some_and(|compress| compress != "zlib-stream") {
            Some((4002, "Only zlib-stream is spoken here."))
        } else {
            None
        };
        Self { zlib_stream: value("compress").is_some(), refused }
    }
}

type Flow = ControlFlow<()>;

pub(super) struct Connection {
    state: GatewayState,
    line: Line,
    talk: Conversation,
    packer: Packer,
    refused: Option<(u16, &'static str)>,
    wake: Arc<Notify>,
    /// Nothing is sent any more.
    silenced: bool,
    sent_events: usize,
    deliver_at: Option<Instant>,
    blast: Option<Blast>,
    last_heard: Instant,
    /// The client said goodbye with a code that keeps its session.
    keeps_session: bool,
}

impl Connection {
    pub fn new(state: GatewayState, connection: u64, line: Line, transport: Transport) -> Self {
        let talk = Conversation::new(connection, state.entrance);
        Self {
            state,
            line,
            talk,
            packer: if transport.zlib_stream { Packer::stream() } else { Packer::Plain },
            refused: transport.refused,
            wake: Arc::new(Notify::new()),
            silenced: false,
            sent_events: 0,
            deliver_at: None,
            blast: None,
            last_heard: Instant::now(),
            keeps_session: true,
        }
    }

    pub async fn run(mut self, mut socket: WebSocket) {
        let id = self.talk.connection;
        let mut inbox = self.state.faults.register(id);
        self.state.world.lock().touch();
        let _ = self.converse(&mut socket, &mut inbox).await;
        self.state.faults.unregister(id);
        let real = self.state.faults.real();
        let mut world = self.state.world.lock();
        if let Some(session) = &self.talk.session {
            world.detach(session, id, self.keeps_session, real);
        }
        world.touch();
    }

    async fn converse(&mut self, socket: &mut WebSocket, inbox: &mut mpsc::UnboundedReceiver<Control>) -> Flow {
        if let Some((code, reason)) = self.refused {
            return self.close(socket, Some(code), reason).await;
        }
        if let Some(strike) = self.planned(Moment::BeforeHello) {
            self.strike(socket, strike).await?;
        }
        self.send(socket, &hello(self.state.faults.heartbeat_ms())).await?;
        if let Some(strike) = self.planned(Moment::AfterHello) {
            self.strike(socket, strike).await?;
        }
        loop {
            let wake = self.wake.clone();
            let silence_ends = self.silence_ends();
            tokio::select! {
                biased;
                control = inbox.recv() => match control {
                    Some(Control::Strike(strike)) => self.strike(socket, strike).await?,
                    Some(Control::Blast(blast)) => self.begin_blast(blast),
                    None => return Flow::Break(()),
                },
                received = socket.recv() => self.receive(socket, received).await?,
                () = wake.notified(), if self.talk.session.is_some() && self.deliver_at.is_none() => {
                    self.deliver_at = Some(Instant::now());
                }
                () = until(self.deliver_at) => {
                    self.deliver_at = None;
                    self.deliver(socket).await?;
                }
                () = until(self.blast.as_ref().map(Blast::due)) => self.pour(socket).await?,
                () = until(silence_ends) => {
                    return self.close(socket, Some(4000), "No heartbeat came.").await;
                }
            }
        }
    }

    fn silence_ends(&self) -> Option<Instant> {
        let interval = Duration::from_millis(self.state.faults.heartbeat_ms());
        self.state.expects_heartbeats.then(|| self.last_heard + interval * 2 + SILENCE_GRACE)
    }

    fn planned(&self, moment: Moment) -> Option<Strike> {
        self.state.faults.take(self.state.entrance, moment)
    }

    async fn receive(&mut self, socket: &mut WebSocket, received: Option<Result<Message, axum::Error>>) -> Flow {
        self.last_heard = Instant::now();
        let text = match received {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Binary(_))) => {
                return self.close(socket, Some(4002), "Error while decoding payload.").await;
            }
            Some(Ok(Message::Close(frame))) => {
                // A client that closes with 1000 or 1001 is done with its session.
                self.keeps_session = !frame.is_some_and(|frame| matches!(frame.code, 1000 | 1001));
                return Flow::Break(());
            }
            Some(Ok(_)) => return Flow::Continue(()),
            Some(Err(_)) | None => return Flow::Break(()),
        };
        let outs = {
            let mut world = self.state.world.lock();
            let outs = self.talk.receive(text.as_bytes(), &mut world, &self.state.faults);
            if let Some(wake) = self.talk.session.as_ref().and_then(|session| world.waker(session)) {
                self.wake = wake;
            }
            outs
        };
        for out in outs {
            match out {
                Out::Send(payload) => self.send(socket, &payload).await?,
                Out::Close(code, reason) => return self.close(socket, Some(code), reason).await,
                Out::Opened => self.deliver_at = Some(Instant::now()),
                Out::CompressEach if matches!(self.packer, Packer::Plain) => self.packer = Packer::EachFrame,
                Out::CompressEach => {}
                Out::Strike(strike) => self.strike(socket, strike).await?,
            }
        }
        Flow::Continue(())
    }

    /// Sends the session's events, as many as there are.
    async fn deliver(&mut self, socket: &mut WebSocket) -> Flow {
        let Some(session) = self.talk.session.clone() else { return Flow::Continue(()) };
        loop {
            let delay = self.state.faults.delay();
            if let Some(later) = self.held_back(&session, delay) {
                self.deliver_at = Some(later);
                return self.flush(socket).await;
            }
            let counts = self.state.faults.counts_events();
            let most = if counts || !delay.is_zero() { 1 } else { BATCH_FRAMES };
            let frames = self.state.world.lock().take_frames(&session, self.talk.connection, most);
            if frames.is_empty() {
                return self.flush(socket).await;
            }
            for frame in &frames {
                self.feed(socket, frame.text()).await?;
                self.sent_events += 1;
            }
            if counts && let Some(strike) = self.planned(Moment::AfterEvents(self.sent_events)) {
                self.flush(socket).await?;
                self.strike(socket, strike).await?;
            }
        }
    }

    /// Until when the next event is held back, if events are delayed.
    fn held_back(&self, session: &str, delay: Duration) -> Option<Instant> {
        if delay.is_zero() {
            return None;
        }
        let due = self.state.world.lock().next_frame_at(session)? + delay;
        (due > Instant::now()).then_some(due)
    }

    fn begin_blast(&mut self, blast: Blast) {
        if self.talk.session.is_some() {
            self.blast = Some(blast.begin(&mut self.state.world.lock()));
        }
    }

    async fn pour(&mut self, socket: &mut WebSocket) -> Flow {
        let Some(mut blast) = self.blast.take() else { return Flow::Continue(()) };
        let Some(session) = self.talk.session.clone() else { return Flow::Continue(()) };
        let waiting = {
            let mut world = self.state.world.lock();
            let waiting = world.take_frames(&session, self.talk.connection, usize::MAX);
            blast.begin_batch(&mut world, &session);
            waiting
        };
        for frame in waiting {
            self.feed(socket, frame.text()).await?;
        }
        while let Some(text) = blast.next_of_batch() {
            self.feed(socket, text).await?;
        }
        self.flush(socket).await?;
        self.blast = blast.go_on();
        Flow::Continue(())
    }

    async fn strike(&mut self, socket: &mut WebSocket, strike: Strike) -> Flow {
        match strike {
            Strike::Close(code) => self.close(socket, code, "").await,
            Strike::Cut | Strike::Http(_) => {
                self.line.cut();
                Flow::Break(())
            }
            Strike::Reset => {
                self.line.reset();
                Flow::Break(())
            }
            Strike::Reconnect => self.send(socket, &reconnect()).await,
            Strike::InvalidSession(resumable) => {
                if !resumable && let Some(session) = self.talk.session.take() {
                    self.state.world.lock().drop_session(&session);
                }
                self.send(socket, &invalid_session(resumable)).await
            }
            Strike::AskHeartbeat => self.send(socket, &heartbeat_request()).await,
            Strike::Text(text) => self.raw(socket, Message::text(text)).await,
            Strike::Binary(bytes) => self.raw(socket, Message::binary(bytes)).await,
            Strike::Silence => {
                self.silenced = true;
                Flow::Continue(())
            }
        }
    }

    async fn send(&mut self, socket: &mut WebSocket, payload: &Value) -> Flow {
        self.feed(socket, payload.to_string()).await?;
        self.flush(socket).await
    }

    async fn feed(&mut self, socket: &mut WebSocket, text: String) -> Flow {
        if self.silenced {
            return Flow::Continue(());
        }
        flow(socket.feed(self.packer.pack(text)).await)
    }

    async fn flush(&mut self, socket: &mut WebSocket) -> Flow {
        flow(socket.flush().await)
    }

    async fn raw(&mut self, socket: &mut WebSocket, message: Message) -> Flow {
        flow(socket.send(message).await)
    }

    /// Closes, and waits a little for the client's own close frame, so that ours is not lost to a reset.
    async fn close(&mut self, socket: &mut WebSocket, code: Option<u16>, reason: &str) -> Flow {
        let frame = code.map(|code| CloseFrame { code, reason: reason.into() });
        if socket.send(Message::Close(frame)).await.is_ok() {
            let _ = tokio::time::timeout(CLOSING_LASTS, async {
                while let Some(Ok(message)) = socket.recv().await {
                    if matches!(message, Message::Close(_)) {
                        break;
                    }
                }
            })
            .await;
        }
        Flow::Break(())
    }
}

fn flow<T, E>(result: Result<T, E>) -> Flow {
    if result.is_ok() { Flow::Continue(()) } else { Flow::Break(()) }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
