//! The gateway's side of the conversation: what each thing that a client sends leads to. No sockets.
//!
//! Source: Discord API documentation, "Gateway", "Opcodes and Status Codes".

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use crate::sim::faults::{Entrance, Faults, Moment, Strike};
use crate::sim::world::{Denied, World};

/// The largest payload that a client may send.
pub const PAYLOAD_BYTES_MAX: usize = 4_096;

/// How many payloads a client may send in a minute.
const SENDS_PER_MINUTE: usize = 120;
const SENDS_WINDOW: Duration = Duration::from_secs(60);

/// What the connection is to do.
pub(super) enum Out {
    Send(Value),
    Close(u16, &'static str),
    /// A session is open now: its events can go out.
    Opened,
    /// From now on every frame is compressed by itself.
    CompressEach,
    Strike(Strike),
}

/// What the gateway knows of one connection.
pub(super) struct Conversation {
    pub connection: u64,
    pub entrance: Entrance,
    pub session: Option<String>,
    sends: VecDeque<Duration>,
}

impl Conversation {
    pub fn new(connection: u64, entrance: Entrance) -> Self {
        Self { connection, entrance, session: None, sends: VecDeque::new() }
    }

    /// A client sent this text.
    pub fn receive(&mut self, text: &[u8], world: &mut World, faults: &Faults) -> Vec<Out> {
        const UNDECODABLE: Out = Out::Close(4002, "Error while decoding payload.");
        if text.len() > PAYLOAD_BYTES_MAX {
            return vec![UNDECODABLE];
        }
        if self.sends_too_fast(faults.real()) {
            return vec![Out::Close(4008, "You are being rate limited.")];
        }
        let Ok(payload) = serde_json::from_slice::<Value>(text) else { return vec![UNDECODABLE] };
        let Some(op) = payload["op"].as_u64() else { return vec![UNDECODABLE] };
        let data = &payload["d"];
        match op {
            1 => {
                let acks = faults.count_heartbeat();
                world.touch();
                if acks { vec![Out::Send(json!({"t": null, "s": null, "op": 11, "d": null}))] } else { Vec::new() }
            }
            2 | 6 if self.session.is_some() => vec![Out::Close(4005, "Already authenticated.")],
            2 => self.identify(data, world, faults),
            6 => self.resume(data, world, faults),
            3 | 4 | 8 | 31 if self.session.is_none() => vec![Out::Close(4003, "Not authenticated.")],
            8 => {
                if let Some(session) = &self.session {
                    world.send_member_chunks(session, data);
                }
                Vec::new()
            }
            3 | 4 | 31 => Vec::new(),
            _ => vec![Out::Close(4001, "Unknown opcode.")],
        }
    }

    fn sends_too_fast(&mut self, now: Duration) -> bool {
        while self.sends.front().is_some_and(|at| now.saturating_sub(*at) >= SENDS_WINDOW) {
            self.sends.pop_front();
        }
        self.sends.push_back(now);
        self.sends.len() > SENDS_PER_MINUTE
    }

    fn identify(&mut self, data: &Value, world: &mut World, faults: &Faults) -> Vec<Out> {
        if let Some(strike) = faults.take(self.entrance, Moment::AtIdentify) {
            world.spend_identifies(1);
            return vec![Out::Strike(strike)];
        }
        if faults.identifies_too_soon() {
            world.spend_identifies(1);
            return vec![Out::Send(invalid_session(false))];
        }
        let answer = world.identify(data, self.connection);
        self.admit(answer, data["compress"] == true)
    }

    fn resume(&mut self, data: &Value, world: &mut World, faults: &Faults) -> Vec<Out> {
        if let Some(strike) = faults.take(self.entrance, Moment::AtResume) {
            return vec![Out::Strike(strike)];
        }
        let answer = world.resume(data, self.connection, faults.real());
        self.admit(answer, false)
    }

    fn admit(&mut self, answer: Result<String, Denied>, compress: bool) -> Vec<Out> {
        match answer {
            Ok(session) => {
                self.session = Some(session);
                if compress { vec![Out::CompressEach, Out::Opened] } else { vec![Out::Opened] }
            }
            Err(Denied::Close(code, reason)) => vec![Out::Close(code, reason)],
            Err(Denied::InvalidSession(resumable)) => vec![Out::Send(invalid_session(resumable))],
        }
    }
}

/// The first thing that a client is told.
pub(super) fn hello(heartbeat_ms: u64) -> Value {
    json!({"t": null, "s": null, "op": 10, "d": {"heartbeat_interval": heartbeat_ms, "_trace": ["[\"gateway-sim\"]"]}})
}

/// Op 9.
pub(super) fn invalid_session(resumable: bool) -> Value {
    json!({"t": null, "s": null, "op": 9, "d": resumable})
}

/// Op 7.
pub(super) fn reconnect() -> Value {
    json!({"t": null, "s": null, "op": 7, "d": null})
}

/// Op 1, from the gateway.
pub(super) fn heartbeat_request() -> Value {
    json!({"t": null, "s": null, "op": 1, "d": null})
}
