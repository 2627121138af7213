//! What the tests share: a world on a hand clock, and a bare gateway client.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use innkeeper::model::{Clock, Timestamp};
use innkeeper::sim::world::intent;
use innkeeper::sim::{Inn, Request, Response, Sim, SimConfig, World, WorldConfig};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// The evening on which most tests play.
pub const EVENING: Timestamp = Timestamp::from_ms(1_760_000_000_000);

/// Everything but presences.
pub const INTENTS: u64 = intent::GUILDS
    | intent::GUILD_MEMBERS
    | intent::GUILD_MODERATION
    | intent::GUILD_VOICE_STATES
    | intent::GUILD_MESSAGES
    | intent::GUILD_MESSAGE_REACTIONS
    | intent::DIRECT_MESSAGES
    | intent::MESSAGE_CONTENT;

/// A world with an inn of five members on a hand clock.
pub fn inn() -> (World, Inn, Clock) {
    let clock = Clock::hand(EVENING);
    let mut world = World::new(clock.clone(), WorldConfig::default());
    let inn = Inn::furnish(&mut world, 5);
    clock.advance(Duration::from_secs(60));
    (world, inn, clock)
}

/// Asks the world as the bot.
pub fn ask(world: &mut World, method: &str, path: &str, body: Value) -> Response {
    let request = Request::new(world, method, path);
    let request = if body.is_null() { request } else { request.json(&body) };
    world.request(&request)
}

/// A started simulation with an inn, whose gateway does not mind quick logins.
pub async fn open_inn() -> (Sim, Inn, Clock) {
    let clock = Clock::hand(EVENING);
    let config = SimConfig { clock: clock.clone(), identify_gap: Duration::ZERO, ..SimConfig::default() };
    let sim = Sim::start(config).await.unwrap();
    let inn = Inn::furnish(&mut sim.world(), 5);
    (sim, inn, clock)
}

/// A gateway client that does nothing by itself.
pub struct Client {
    socket: WebSocketStream<TcpStream>,
    inflater: Option<flate2::Decompress>,
}

/// What a client hears.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    Payload(Value),
    /// The connection was closed with this code, or without any.
    Closed(Option<u16>),
    /// The connection broke.
    Gone,
}

impl Client {
    pub async fn connect(url: &str, query: &str) -> Self {
        let host = url.strip_prefix("ws://").unwrap();
        let stream = TcpStream::connect(host).await.unwrap();
        let address = format!("{url}/?v=10&encoding=json{query}");
        let (socket, _) = tokio_tungstenite::client_async(address, stream).await.unwrap();
        let inflater = query.contains("zlib-stream").then(|| flate2::Decompress::new(true));
        Self { socket, inflater }
    }

    /// Connects to the gateway and reads the hello.
    pub async fn to(sim: &Sim) -> Self {
        let url = sim.gateway_url();
        let mut client = Self::connect(&url, "").await;
        assert_eq!(client.payload().await["op"], 10);
        client
    }

    pub async fn send(&mut self, payload: Value) {
        self.socket.send(Message::text(payload.to_string())).await.unwrap();
    }

    pub async fn send_raw(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    pub async fn hear(&mut self) -> Heard {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return Heard::Payload(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Binary(bytes))) => return Heard::Payload(self.inflate(&bytes)),
                Some(Ok(Message::Close(frame))) => return Heard::Closed(frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Heard::Gone,
            }
        }
    }

    fn inflate(&mut self, bytes: &[u8]) -> Value {
        let mut fresh = flate2::Decompress::new(true);
        let inflater = self.inflater.as_mut().unwrap_or(&mut fresh);
        let mut text = Vec::with_capacity(1 << 20);
        inflater.decompress_vec(bytes, &mut text, flate2::FlushDecompress::Sync).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// The next payload; the connection must not end before it.
    pub async fn payload(&mut self) -> Value {
        match self.hear().await {
            Heard::Payload(payload) => payload,
            other => panic!("expected a payload, heard {other:?}"),
        }
    }

    /// Reads on to the next event of this name.
    pub async fn event(&mut self, name: &str) -> Value {
        loop {
            let payload = self.payload().await;
            if payload["t"] == name {
                return payload;
            }
        }
    }

    pub async fn identify(&mut self, sim: &Sim, intents: u64) {
        let token = sim.world().token().to_owned();
        let properties = json!({"os": "linux", "browser": "test", "device": "test"});
        self.send(json!({"op": 2, "d": {"token": token, "intents": intents, "properties": properties}})).await;
    }

    /// Identifies and reads on to the guild.
    pub async fn log_in(sim: &Sim, intents: u64) -> (Self, Value) {
        let mut client = Self::to(sim).await;
        client.identify(sim, intents).await;
        let ready = client.event("READY").await;
        client.event("GUILD_CREATE").await;
        sim.connected().await;
        (client, ready)
    }

    pub async fn resume(&mut self, sim: &Sim, ready: &Value, seq: u64) {
        let token = sim.world().token().to_owned();
        let session = &ready["d"]["session_id"];
        self.send(json!({"op": 6, "d": {"token": token, "session_id": session, "seq": seq}})).await;
    }

    pub async fn close(mut self, code: Option<u16>) {
        use tokio_tungstenite::tungstenite::protocol::CloseFrame;
        let frame = code.map(|code| CloseFrame { code: code.into(), reason: "".into() });
        self.socket.close(frame).await.unwrap();
        while self.socket.next().await.is_some_and(|next| next.is_ok()) {}
    }
}
