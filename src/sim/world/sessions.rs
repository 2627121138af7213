//! Gateway sessions: who is let in, what they are told first, and how they go on after a cut.
//!
//! Pure bookkeeping: sockets are [`super::super::gateway`]'s.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::model::{GuildId, UserId};

use super::World;
use super::events::{Frame, Session, intent};

/// How long a session outlives its connection.
pub const SESSION_KEPT: Duration = Duration::from_secs(5 * 60);

/// Sessions kept at once; the oldest disconnected one goes first.
const SESSIONS_MAX: usize = 64;

/// The time over which IDENTIFYs are counted.
const IDENTIFY_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

/// Why the gateway does not let a client in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// The connection is closed with this code.
    Close(u16, &'static str),
    /// Op 9, resumable or not; the connection stays open.
    InvalidSession(bool),
}

/// A session of a test in this process, without a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionHandle(pub String);

impl World {
    /// Opens a session without a socket, as an IDENTIFY with these intents would; READY and the guilds wait in it.
    pub fn attach(&mut self, intents: u64) -> SessionHandle {
        SessionHandle(self.open_session(intents, 50, 0))
    }

    /// Takes what the session was told since the last time: event names and their data.
    pub fn drain(&mut self, session: &SessionHandle) -> Vec<(&'static str, Value)> {
        let frames = self.take_frames(&session.0, 0, usize::MAX);
        frames.into_iter().map(|f| (f.name, serde_json::from_str(&f.data).unwrap_or(Value::Null))).collect()
    }

    /// How many IDENTIFYs were let in over the last 24 hours.
    pub fn identifies(&self) -> usize {
        self.identified.len()
    }

    /// Moves the count of IDENTIFYs, as if so many had come just now.
    pub fn spend_identifies(&mut self, count: usize) {
        let now = self.clock.monotonic();
        self.identified.extend(std::iter::repeat_n(now, count));
    }

    /// `session_start_limit` as /gateway/bot tells it.
    pub(in crate::sim) fn session_start_limit(&mut self) -> Value {
        let now = self.forget_old_identifies();
        let reset = self.identified.front().map_or(Duration::ZERO, |first| (*first + IDENTIFY_WINDOW) - now);
        let total = self.config.identifies_per_day;
        json!({"total": total, "remaining": total.saturating_sub(self.identified.len()),
            "reset_after": reset.as_millis() as u64, "max_concurrency": 1})
    }

    fn forget_old_identifies(&mut self) -> Duration {
        let now = self.clock.monotonic();
        while self.identified.front().is_some_and(|first| *first + IDENTIFY_WINDOW <= now) {
            self.identified.pop_front();
        }
        now
    }

    /// A client wants a new session on connection `connection`.
    pub(in crate::sim) fn identify(&mut self, payload: &Value, connection: u64) -> Result<String, Denied> {
        self.check_token(payload)?;
        let Some(intents) = payload["intents"].as_u64() else {
            return Err(Denied::Close(4013, "Invalid intent(s)."));
        };
        if intents & !intent::KNOWN != 0 {
            return Err(Denied::Close(4013, "Invalid intent(s)."));
        }
        if intents & intent::PRIVILEGED & !self.config.granted_intents != 0 {
            return Err(Denied::Close(4014, "Disallowed intent(s)."));
        }
        if let Some(shard) = payload["shard"].as_array()
            && (shard.len() != 2 || shard[0].as_u64() >= shard[1].as_u64())
        {
            return Err(Denied::Close(4010, "Invalid shard."));
        }
        if !payload["properties"].is_object() {
            return Err(Denied::Close(4002, "Error while decoding payload."));
        }
        let now = self.forget_old_identifies();
        self.identified.push_back(now);
        if self.identified.len() > self.config.identifies_per_day {
            // Discord ends every session, resets the token and writes the owner an e-mail.
            self.sessions.clear();
            self.token_reset = true;
            return Err(Denied::Close(4004, "Authentication failed."));
        }
        let threshold = payload["large_threshold"].as_u64().map_or(50, |n| n.clamp(50, 250) as usize);
        Ok(self.open_session(intents, threshold, connection))
    }

    /// A client wants to go on with an old session.
    pub(in crate::sim) fn resume(
        &mut self,
        payload: &Value,
        connection: u64,
        real: Duration,
    ) -> Result<String, Denied> {
        self.check_token(payload)?;
        self.forget_dead_sessions(real);
        let (Some(id), Some(seq)) = (payload["session_id"].as_str(), payload["seq"].as_u64()) else {
            return Err(Denied::Close(4002, "Error while decoding payload."));
        };
        let Some(session) = self.sessions.get_mut(id) else { return Err(Denied::InvalidSession(false)) };
        if seq > session.sequence {
            return Err(Denied::Close(4007, "Invalid `seq` when resuming session."));
        }
        if !session.rewind(seq, connection) {
            self.sessions.remove(id);
            return Err(Denied::InvalidSession(false));
        }
        let id = session.id.clone();
        self.tell(&id, "RESUMED", &json!({"_trace": ["[\"gateway-sim\"]"]}));
        self.resumes += 1;
        self.touch();
        Ok(id)
    }

    /// How many times a session was resumed.
    pub fn resumes(&self) -> usize {
        self.resumes
    }

    fn check_token(&self, payload: &Value) -> Result<(), Denied> {
        let token = payload["token"].as_str().unwrap_or_default();
        let token = token.strip_prefix("Bot ").unwrap_or(token);
        if token == self.config.token && !self.token_reset {
            Ok(())
        } else {
            Err(Denied::Close(4004, "Authentication failed."))
        }
    }

    fn open_session(&mut self, intents: u64, large_threshold: usize, connection: u64) -> String {
        if self.sessions.len() >= SESSIONS_MAX {
            let oldest = self.sessions.values().filter(|s| s.connection.is_none()).min_by_key(|s| s.detached_at);
            if let Some(id) = oldest.map(|session| session.id.clone()) {
                self.sessions.remove(&id);
            }
        }
        let id = format!("{:016x}{:016x}", self.dice.u64(..), self.dice.u64(..));
        let session = Session::new(id.clone(), intents, large_threshold, connection);
        self.sessions.insert(id.clone(), session);
        let ready = self.ready_json(&id);
        self.tell(&id, "READY", &ready);
        let guilds: Vec<_> = self.guilds.values().filter(|g| self.sees_guild(g.id)).map(|g| g.id).collect();
        for guild in guilds {
            self.tell_guild(&id, guild);
        }
        self.touch();
        id
    }

    fn ready_json(&self, session: &str) -> Value {
        let mine = self.guilds.values().filter(|guild| guild.members.contains_key(&self.me));
        let guilds: Vec<_> = mine.map(|guild| json!({"id": guild.id, "unavailable": true})).collect();
        let mut me = self.user_json(self.me);
        me["verified"] = true.into();
        me["mfa_enabled"] = false.into();
        me["email"] = Value::Null;
        json!({
            "v": 10, "user": me, "guilds": guilds, "session_id": session, "session_type": "normal", "shard": [0, 1],
            "resume_gateway_url": self.resume_url, "user_settings": {}, "relationships": [], "private_channels": [],
            "presences": [], "guild_join_requests": [], "geo_ordered_rtc_regions": ["frankfurt"],
            "game_relationships": [], "auth": {}, "_trace": ["[\"gateway-sim\"]"],
            "application": {"id": self.application, "flags": self.application_flags()},
        })
    }

    /// Tells one session of a guild that it can see now.
    fn tell_guild(&mut self, session: &str, guild: GuildId) {
        let Some(told) = self.sessions.get(session).filter(|s| s.intents & intent::GUILDS != 0) else { return };
        let Some(guild) = self.guilds.get(&guild) else { return };
        let json = self.guild_create_json(guild, told.intents, told.large_threshold);
        self.tell(session, "GUILD_CREATE", &json);
    }

    /// Tells every session of a guild that it can see now.
    pub(in crate::sim) fn dispatch_guild(&mut self, guild: GuildId) {
        let sessions: Vec<_> = self.sessions.keys().cloned().collect();
        for session in sessions {
            self.tell_guild(&session, guild);
        }
        self.touch();
    }

    /// Takes up to `most` frames that the session's connection was not given yet.
    pub(in crate::sim) fn take_frames(&mut self, session: &str, connection: u64, most: usize) -> Vec<Frame> {
        let Some(session) = self.sessions.get_mut(session) else { return Vec::new() };
        if session.connection != Some(connection) {
            return Vec::new();
        }
        let frames = session.take(most);
        // Somebody may wait for everything to be delivered.
        if !frames.is_empty() {
            self.touch();
        }
        frames
    }

    /// When the next event that a session was not given yet happened.
    pub(in crate::sim) fn next_frame_at(&self, session: &str) -> Option<Instant> {
        self.sessions.get(session)?.next_at()
    }

    /// The connection of a session ended; the session lives on for a while unless the client gave it up.
    pub(in crate::sim) fn detach(&mut self, session: &str, connection: u64, keep: bool, real: Duration) {
        let Some(known) = self.sessions.get_mut(session).filter(|s| s.connection == Some(connection)) else { return };
        known.connection = None;
        known.detached_at = Some(real);
        if !keep {
            self.sessions.remove(session);
        }
        self.touch();
    }

    /// Ends one session.
    pub(in crate::sim) fn drop_session(&mut self, session: &str) {
        self.sessions.remove(session);
        self.touch();
    }

    /// What wakes the connection of a session.
    pub(in crate::sim) fn waker(&self, session: &str) -> Option<Arc<Notify>> {
        self.sessions.get(session).map(|session| session.wake.clone())
    }

    /// Gives a session's next `count` sequence numbers away, for events that are not kept; the first of them.
    pub(in crate::sim) fn reserve_sequences(&mut self, session: &str, count: u64) -> u64 {
        let Some(session) = self.sessions.get_mut(session) else { return 1 };
        let first = session.sequence + 1;
        session.sequence += count;
        session.sent = session.sequence;
        first
    }

    /// Ends all sessions, so that none can be resumed.
    pub fn expire_sessions(&mut self) {
        self.sessions.clear();
        self.touch();
    }

    /// How many sessions have a client connected.
    pub fn connected_sessions(&self) -> usize {
        self.sessions.values().filter(|session| session.connection.is_some()).count()
    }

    /// The ids of the sessions that could be resumed or are connected.
    pub fn session_ids(&self) -> Vec<String> {
        self.sessions.keys().cloned().collect()
    }

    /// Whether every connected session was handed all its events.
    pub fn all_delivered(&self) -> bool {
        self.sessions.values().filter(|s| s.connection.is_some()).all(|s| s.sent >= s.sequence && s.held.is_empty())
    }

    fn forget_dead_sessions(&mut self, real: Duration) {
        self.sessions.retain(|_, session| session.detached_at.is_none_or(|at| real.saturating_sub(at) < SESSION_KEPT));
    }

    /// A user of an event's audience: members of the bot's guilds, for what carries no guild.
    pub(in crate::sim) fn shares_guild_with_me(&self, user: UserId) -> bool {
        self.guilds.values().any(|g| g.members.contains_key(&user) && g.members.contains_key(&self.me))
    }
}
