//! What the gateway tells a bot: numbered events, and who may hear what.
//!
//! Pure bookkeeping: sockets are [`super::super::gateway`]'s. An event is serialised once for all sessions.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::model::{ChannelId, GuildId, MessageId};

use super::World;
use super::permissions::VIEW_CHANNEL;

/// Delivered events that a session keeps for a resume.
pub const REPLAY_FRAMES_MAX: usize = 10_000;

/// Events that may wait for a slow or absent client; beyond that the oldest are lost, and with them the session.
pub const WAITING_FRAMES_MAX: usize = 250_000;

/// Discord's gateway intents.
pub mod intent {
    pub const GUILDS: u64 = 1 << 0;
    pub const GUILD_MEMBERS: u64 = 1 << 1;
    pub const GUILD_MODERATION: u64 = 1 << 2;
    pub const GUILD_VOICE_STATES: u64 = 1 << 7;
    pub const GUILD_PRESENCES: u64 = 1 << 8;
    pub const GUILD_MESSAGES: u64 = 1 << 9;
    pub const GUILD_MESSAGE_REACTIONS: u64 = 1 << 10;
    pub const GUILD_MESSAGE_TYPING: u64 = 1 << 11;
    pub const DIRECT_MESSAGES: u64 = 1 << 12;
    pub const MESSAGE_CONTENT: u64 = 1 << 15;
    /// Those that must be granted on the developer portal.
    pub const PRIVILEGED: u64 = GUILD_MEMBERS | GUILD_PRESENCES | MESSAGE_CONTENT;
    /// Those that exist.
    pub const KNOWN: u64 = 0x1_ffff | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25;
}

/// A numbered event of a session.
#[derive(Debug, Clone)]
pub struct Frame {
    pub sequence: u64,
    pub name: &'static str,
    /// The JSON of `d`.
    pub data: Arc<str>,
    /// When it happened, in real time.
    pub at: Instant,
}

impl Frame {
    /// The whole gateway payload.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.data.len() + 64);
        text.push_str("{\"t\":\"");
        text.push_str(self.name);
        text.push_str("\",\"s\":");
        text.push_str(&self.sequence.to_string());
        text.push_str(",\"op\":0,\"d\":");
        text.push_str(&self.data);
        text.push('}');
        text
    }
}

/// A gateway session, connected or not.
#[derive(Debug)]
pub(in crate::sim) struct Session {
    pub id: String,
    pub intents: u64,
    pub large_threshold: usize,
    pub sequence: u64,
    frames: VecDeque<Frame>,
    /// The newest event that is kept no longer.
    lost: u64,
    /// The last sequence handed to the present connection.
    pub sent: u64,
    pub connection: Option<u64>,
    pub detached_at: Option<Duration>,
    /// Woken when there is something to send.
    pub wake: Arc<Notify>,
    pub held: Vec<(&'static str, Arc<str>)>,
}

/// What Discord may do to events and promises nothing against. All off by default.
#[derive(Debug, Clone)]
pub struct Chaos {
    /// How many times each event is delivered.
    pub deliveries: u32,
    /// So many events are held back and then delivered in a random order; 0 and 1 keep the order.
    pub shuffle: usize,
    /// One in so many events is never sent; 0 loses none.
    pub lose_one_in: u32,
}

impl Default for Chaos {
    fn default() -> Self {
        Self { deliveries: 1, shuffle: 0, lose_one_in: 0 }
    }
}

impl World {
    /// Tells one session something, past every filter and fault.
    pub(in crate::sim) fn tell(&mut self, session: &str, name: &'static str, data: &Value) {
        if let Some(session) = self.sessions.get_mut(session) {
            session.push(name, data.to_string().into());
        }
    }

    /// Tells every session that has one of these intents; `needs` 0 is told to all.
    pub(in crate::sim) fn dispatch(&mut self, name: &'static str, needs: u64, data: &Value) {
        let mut text: Option<Arc<str>> = None;
        for session in self.sessions.values_mut().filter(|s| needs == 0 || s.intents & needs != 0) {
            let text = text.get_or_insert_with(|| data.to_string().into());
            session.emit(name, text, &self.chaos, &mut self.dice);
        }
        self.touch();
    }

    /// Tells of a message (created or updated) those who may see it; content only those who may read it.
    pub(in crate::sim) fn dispatch_message(&mut self, name: &'static str, channel: ChannelId, id: MessageId) {
        let Some(message) = self.channels.get(&channel).and_then(|c| c.message(id)) else { return };
        if message.only_for.is_some() || !self.sees_channel(channel) {
            return;
        }
        let needs = if message.guild.is_some() { intent::GUILD_MESSAGES } else { intent::DIRECT_MESSAGES };
        let open = message.guild.is_none() || message.author == self.me || message.pings.users.contains(&self.me);
        let json = self.message_event_json(message);
        let (mut full, mut bare): (Option<Arc<str>>, Option<Arc<str>>) = (None, None);
        for session in self.sessions.values_mut().filter(|session| session.intents & needs != 0) {
            let text = if open || session.intents & intent::MESSAGE_CONTENT != 0 {
                full.get_or_insert_with(|| json.to_string().into())
            } else {
                bare.get_or_insert_with(|| without_content(&json).to_string().into())
            };
            session.emit(name, text, &self.chaos, &mut self.dice);
        }
        self.touch();
    }

    /// Whether the bot is in a guild that can be seen now.
    pub(in crate::sim) fn sees_guild(&self, guild: GuildId) -> bool {
        self.guilds.get(&guild).is_some_and(|guild| !guild.unavailable && guild.members.contains_key(&self.me))
    }

    /// Whether the bot may look into a channel.
    pub(in crate::sim) fn sees_channel(&self, channel: ChannelId) -> bool {
        let Some(channel) = self.channels.get(&channel) else { return false };
        let guild_seen = channel.guild.is_none_or(|guild| self.sees_guild(guild));
        guild_seen && self.permissions_in(self.me, channel) & VIEW_CHANNEL != 0
    }

    /// Sets what may happen to events from now on; what was held back is delivered.
    pub fn set_chaos(&mut self, chaos: Chaos) {
        self.chaos = chaos;
        for session in self.sessions.values_mut() {
            session.release(&mut self.dice);
        }
        self.touch();
    }
}

impl Session {
    pub(super) fn new(id: String, intents: u64, large_threshold: usize, connection: u64) -> Self {
        Self {
            id,
            intents,
            large_threshold,
            sequence: 0,
            frames: VecDeque::new(),
            lost: 0,
            sent: 0,
            connection: Some(connection),
            detached_at: None,
            wake: Arc::new(Notify::new()),
            held: Vec::new(),
        }
    }

    /// Goes back to what followed `seq`, for a new connection. False when that is kept no longer.
    pub(super) fn rewind(&mut self, seq: u64, connection: u64) -> bool {
        if seq < self.lost {
            return false;
        }
        // A client is told of its present resume, never again of an older one.
        self.frames.retain(|frame| frame.name != "RESUMED");
        self.sent = seq;
        self.connection = Some(connection);
        self.detached_at = None;
        true
    }
    fn emit(&mut self, name: &'static str, data: &Arc<str>, chaos: &Chaos, dice: &mut fastrand::Rng) {
        if chaos.lose_one_in > 0 && dice.u32(..chaos.lose_one_in) == 0 {
            return;
        }
        for _ in 0..chaos.deliveries.max(1) {
            if chaos.shuffle > 1 {
                self.held.push((name, data.clone()));
            } else {
                self.push(name, data.clone());
            }
        }
        if chaos.shuffle > 1 && self.held.len() >= chaos.shuffle {
            self.release(dice);
        }
    }

    pub(super) fn release(&mut self, dice: &mut fastrand::Rng) {
        let mut held = std::mem::take(&mut self.held);
        dice.shuffle(&mut held);
        for (name, data) in held {
            self.push(name, data);
        }
    }

    pub(super) fn push(&mut self, name: &'static str, data: Arc<str>) {
        self.sequence += 1;
        self.frames.push_back(Frame { sequence: self.sequence, name, data, at: Instant::now() });
        if self.frames.len() > WAITING_FRAMES_MAX {
            self.forget(1);
        }
        self.wake.notify_one();
    }

    pub(super) fn take(&mut self, most: usize) -> Vec<Frame> {
        let start = self.frames.partition_point(|frame| frame.sequence <= self.sent);
        let frames: Vec<_> = self.frames.range(start..).take(most).cloned().collect();
        if let Some(last) = frames.last() {
            self.sent = last.sequence;
        }
        let delivered = self.frames.partition_point(|frame| frame.sequence <= self.sent);
        if delivered > REPLAY_FRAMES_MAX {
            self.forget(delivered - REPLAY_FRAMES_MAX);
        }
        frames
    }

    /// When the next event that was not sent yet happened.
    pub(super) fn next_at(&self) -> Option<Instant> {
        let next = self.frames.partition_point(|frame| frame.sequence <= self.sent);
        self.frames.get(next).map(|frame| frame.at)
    }

    fn forget(&mut self, oldest: usize) {
        if let Some(last) = self.frames.drain(..oldest).next_back() {
            self.lost = last.sequence;
        }
    }
}

/// What a bot without the message content intent is told of a message.
fn without_content(message: &Value) -> Value {
    let mut bare = message.clone();
    bare["content"] = "".into();
    for list in ["embeds", "attachments", "components"] {
        bare[list] = json!([]);
    }
    bare
}
