//! A gateway whose every word is the test's: it accepts sockets and leaves the rest to the story. REST beside it
//! answers from memory.

use std::sync::atomic::{AtomicU16, AtomicU64};
use std::sync::{Mutex, PoisonError};

use futures_util::stream::SplitSink;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame as Frame, frame::coding::CloseCode};

use super::super::super::*;
use super::super::*;
use crate::bot::BoxFuture;
use crate::config::Config as Settings;
use crate::gateway::scratch::Folder;
use crate::model::Clock;
use crate::status::vitals::Vitals;
use crate::store::{Store, StoreSettings};

/// Long enough for the slowest machine; reached only by a test that fails.
const NEVER: Duration = Duration::from_secs(120);

pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(NEVER, future).await.expect("it never happened")
}

pub struct Fake {
    listener: TcpListener,
}

impl Fake {
    pub async fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub fn url(&self) -> String {
        format!("ws://{}", self.listener.local_addr().unwrap())
    }

    pub async fn tcp(&self) -> TcpStream {
        soon(self.listener.accept()).await.unwrap().0
    }

    /// The next websocket; sockets that are dropped before they become one are passed over.
    pub async fn accept(&self) -> Peer {
        loop {
            let stream = self.tcp().await;
            if let Ok(socket) = soon(tokio_tungstenite::accept_async(stream)).await {
                return Peer::over(socket);
            }
        }
    }

    /// Whether nobody is knocking.
    pub fn is_quiet(&self) -> bool {
        self.listener.accept().now_or_never().is_none()
    }

    /// A socket that has said hello.
    pub async fn greet(&self) -> Peer {
        let mut peer = self.accept().await;
        peer.hello(45_000).await;
        peer
    }

    /// A new session, live.
    pub async fn begin(&self, session: &str, resume_url: &str) -> Peer {
        let mut peer = self.greet().await;
        peer.heard(2).await;
        peer.ready(session, resume_url).await;
        peer
    }
}

/// The server's side of a websocket. It is read all the time, so that a close is answered even when no story listens.
pub struct Peer {
    sink: SplitSink<WebSocketStream<TcpStream>, Message>,
    heard: UnboundedReceiver<Result<Value, Option<u16>>>,
    reader: JoinHandle<()>,
    /// Whether heartbeats are acknowledged.
    pub acks: bool,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Peer {
    fn over(socket: WebSocketStream<TcpStream>) -> Self {
        let (sink, mut stream) = socket.split();
        let (tell, heard) = unbounded_channel();
        let reader = tokio::spawn(async move {
            while let Some(message) = stream.next().await {
                let told = match message {
                    Ok(Message::Text(text)) => Ok(serde_json::from_str(&text).unwrap()),
                    Ok(Message::Close(frame)) => Err(frame.map(|frame| frame.code.into())),
                    Ok(_) => continue,
                    Err(_) => break,
                };
                let _ = tell.send(told);
            }
        });
        Self { sink, heard, reader, acks: true }
    }

    pub async fn send(&mut self, frame: Value) {
        self.text(&frame.to_string()).await;
    }

    pub async fn text(&mut self, text: &str) {
        // The other side may be gone already; the story finds out when it listens.
        let _ = self.sink.send(Message::text(text)).await;
    }

    pub async fn hello(&mut self, interval: u64) {
        self.send(json!({"t": null, "s": null, "op": 10, "d": {"heartbeat_interval": interval}})).await;
    }

    pub async fn dispatch(&mut self, sequence: u64, name: &str, data: Value) {
        self.send(json!({"t": name, "s": sequence, "op": 0, "d": data})).await;
    }

    pub async fn ready(&mut self, session: &str, resume_url: &str) {
        let data = json!({"v": 10, "session_id": session, "resume_gateway_url": resume_url, "guilds": [],
            "user": {"id": "900", "username": "Innkeeper"}, "application": {"id": "901", "flags": 0}});
        self.dispatch(1, "READY", data).await;
    }

    pub async fn resumed(&mut self, sequence: u64) {
        self.dispatch(sequence, "RESUMED", json!({})).await;
    }

    /// Somebody says something.
    pub async fn message(&mut self, sequence: u64, id: u64) {
        self.dispatch(sequence, "MESSAGE_CREATE", message(id)).await;
    }

    /// The next frame that is no heartbeat, or how the socket was closed (none: without a word).
    pub async fn next(&mut self) -> Result<Value, Option<u16>> {
        loop {
            let frame = soon(self.heard.recv()).await.unwrap_or(Err(None))?;
            if frame["op"] != 1 {
                return Ok(frame);
            }
            self.ack().await;
        }
    }

    /// The next heartbeat.
    pub async fn heartbeat(&mut self) -> Value {
        loop {
            let frame = soon(self.heard.recv()).await.expect("the socket ended").expect("the socket was closed");
            if frame["op"] == 1 {
                self.ack().await;
                return frame;
            }
        }
    }

    async fn ack(&mut self) {
        if self.acks {
            self.send(json!({"op": 11, "d": null, "s": null, "t": null})).await;
        }
    }

    /// The data of the next frame, which must have this opcode.
    pub async fn heard(&mut self, op: u64) -> Value {
        let frame = self.next().await.expect("the socket was closed");
        assert_eq!(frame["op"], op, "{frame}");
        frame["d"].clone()
    }

    /// Waits until the other side closes, and with which code.
    pub async fn closed(&mut self) -> Option<u16> {
        let closed = async {
            loop {
                if let Err(code) = self.next().await {
                    return code;
                }
            }
        };
        soon(closed).await
    }

    pub async fn close(mut self, code: u16) {
        let frame = Frame { code: CloseCode::from(code), reason: "".into() };
        let _ = self.sink.send(Message::Close(Some(frame))).await;
        // Waits for the answer, so that the code is not lost in a reset.
        while soon(self.heard.recv()).await.is_some() {}
    }
}

pub fn message(id: u64) -> Value {
    json!({"id": id.to_string(), "guild_id": "10", "channel_id": "20", "content": "hello", "type": 0,
        "author": {"id": "30", "username": "ada"}, "member": {"roles": []}})
}

/// REST from memory.
pub struct Memory {
    pub gateway_url: Mutex<String>,
    pub flags: AtomicU64,
    pub remaining: AtomicU64,
    /// Answers with this status instead, unless 0.
    pub status: AtomicU16,
    pub calls: Mutex<Vec<String>>,
}

#[derive(Clone)]
struct FromMemory(Arc<Memory>);

impl Wire for FromMemory {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Reply, Unreachable>> {
        let memory = &self.0;
        lock(&memory.calls).push(format!("{} {}", request.method, request.path));
        let told = memory.status.load(Relaxed);
        let body = match request.path.as_str() {
            _ if told != 0 => json!({"code": 0, "message": "told to"}),
            "/applications/@me" => json!({"id": "901", "flags": memory.flags.load(Relaxed),
                "bot": {"id": "900", "username": "Innkeeper"}}),
            "/gateway/bot" => json!({"url": *lock(&memory.gateway_url), "shards": 1, "session_start_limit":
                {"total": 1000, "remaining": memory.remaining.load(Relaxed), "reset_after": 86_400_000,
                "max_concurrency": 1}}),
            _ => json!({}),
        };
        let status = if told == 0 { 200 } else { told };
        Box::pin(async move { Ok(Reply { status, headers: Vec::new(), body: body.to_string().into_bytes() }) })
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A bot on its way to the fake.
pub struct Inn {
    pub folder: Arc<Folder>,
    pub bot: Bot,
    pub rest: Arc<Memory>,
    pub stop: watch::Sender<bool>,
    pub door: JoinHandle<super::super::super::Ended>,
}

/// Waits in milliseconds, but those patient that a slow machine must not run into.
pub fn tempo() -> Tempo {
    Tempo {
        backoff_first: Duration::from_millis(1),
        backoff_max: Duration::from_millis(4),
        backoff_network_max: Duration::from_millis(4),
        time_again: NEVER,
        stable_after: NEVER,
        hello_within: NEVER,
        ready_within: NEVER,
        tick: Duration::from_millis(5),
        ack_grace: NEVER,
        close_within: Duration::from_secs(10),
        settle_within: NEVER,
        first_answer_after: NEVER,
        retry_first: Duration::from_millis(1),
        identify: Pace { second: Duration::from_micros(100) },
    }
}

impl Inn {
    pub async fn open(fake: &Fake) -> Self {
        Self::open_with(fake.url(), tempo(), Arc::new(Folder::new()), Clock::real()).await
    }

    pub async fn open_with(url: String, tempo: Tempo, folder: Arc<Folder>, clock: Clock) -> Self {
        let vitals = Vitals::new(clock.clone());
        let settings = StoreSettings { batch_rows: 20, batch_wait: Duration::from_secs(60) };
        let store = Store::open(&folder.path("inn.db"), settings, vitals.clone()).unwrap();
        let bot = Bot::open(Settings::default(), store, clock, vitals).await.unwrap();
        let rest = Arc::new(Memory {
            gateway_url: Mutex::new(url),
            flags: AtomicU64::new(1 << 15 | 1 << 19),
            remaining: AtomicU64::new(1_000),
            status: AtomicU16::new(0),
            calls: Mutex::default(),
        });
        let (stop, stopped) = watch::channel(false);
        let wire = Box::new(FromMemory(rest.clone()));
        let door = run_over(wire, bot.clone(), Secret::new("t0ken"), tempo, stopped);
        Self { folder, bot, rest, stop, door: tokio::spawn(door) }
    }

    pub fn vitals(&self) -> &Vitals {
        self.bot.vitals()
    }

    /// Holds the store's writer, from now until what is returned is dropped.
    pub async fn hold_writer(&self) -> std::sync::mpsc::Sender<()> {
        let (let_go, held) = std::sync::mpsc::channel::<()>();
        let held = Mutex::new(held);
        let (holds, mut is_held) = watch::channel(false);
        let store = self.bot.store().clone();
        tokio::spawn(async move {
            let hold = move |_: &crate::store::Tx| {
                holds.send_replace(true);
                lock(&held).recv().or(Ok(()))
            };
            let _ = store.write(hold).await;
        });
        soon(is_held.wait_for(|held| *held)).await.unwrap();
        let_go
    }

    /// Waits until the vitals say so.
    pub async fn until(&self, holds: impl Fn(&Vitals) -> bool) {
        soon(async {
            while !holds(self.vitals()) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    pub async fn messages(&self, count: u64) {
        self.until(|vitals| vitals.messages.load(Relaxed) >= count).await;
        assert_eq!(self.vitals().messages.load(Relaxed), count);
    }

    /// Waits until the page shows this problem, and gives its detail.
    pub async fn problem(&self, name: &str) -> String {
        self.until(|vitals| vitals.problems().iter().any(|problem| problem.name == name)).await;
        let problems = self.vitals().problems();
        problems.iter().find(|problem| problem.name == name).map(|problem| problem.detail.clone()).unwrap_or_default()
    }

    /// How the door ends by itself.
    pub async fn ended(self) -> super::super::super::Ended {
        soon(self.door).await.unwrap()
    }

    /// Stops the door, while the other side may do what it does.
    pub async fn stop(self) -> Arc<Folder> {
        self.stop.send_replace(true);
        assert_eq!(soon(self.door).await.unwrap(), super::super::super::Ended::Stopped);
        self.folder
    }
}
