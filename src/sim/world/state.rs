//! What the simulated Discord remembers: users, guilds and what is in them, messages.
//!
//! Plain data. What may happen to it is decided elsewhere; how it looks on the wire is [`super::wire`]'s.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::Value;

use crate::model::{ChannelId, GuildId, MessageId, Permissions, RoleId, Timestamp, UserId};

/// Names one use of a slash command or of a button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InteractionId(pub u64);

/// Discord's channel types that exist here.
pub mod channel_kind {
    pub const TEXT: u8 = 0;
    pub const DM: u8 = 1;
    pub const VOICE: u8 = 2;
    pub const CATEGORY: u8 = 4;
    pub const ANNOUNCEMENT: u8 = 5;
    pub const PUBLIC_THREAD: u8 = 11;
    pub const PRIVATE_THREAD: u8 = 12;
    pub const STAGE: u8 = 13;
}

/// Message flags that mean something here.
pub mod message_flag {
    pub const SUPPRESS_EMBEDS: u64 = 1 << 2;
    pub const EPHEMERAL: u64 = 1 << 6;
    pub const LOADING: u64 = 1 << 7;
    pub const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;
}

#[derive(Debug, Clone)]
pub struct User {
    pub id: UserId,
    pub username: String,
    pub global_name: Option<String>,
    pub avatar: Option<String>,
    pub bot: bool,
    /// Whether they take messages from the bot in private.
    pub dms_open: bool,
}

#[derive(Debug, Clone)]
pub struct Member {
    pub user: UserId,
    pub nick: Option<String>,
    /// Without `@everyone`.
    pub roles: Vec<RoleId>,
    pub joined_at: Timestamp,
    /// Has not accepted the guild's rules yet.
    pub pending: bool,
    pub timed_out_until: Option<Timestamp>,
    pub avatar: Option<String>,
    /// `online`, `idle`, `dnd` or `offline`.
    pub status: String,
    /// What they do and say of themselves, as Discord writes it.
    pub activities: Vec<Value>,
    pub voice: Option<Voice>,
}

/// Where and how a member takes part in voice.
#[derive(Debug, Clone)]
pub struct Voice {
    pub channel: ChannelId,
    pub session: String,
    pub flags: VoiceFlags,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VoiceFlags {
    pub mute: bool,
    pub deaf: bool,
    pub self_mute: bool,
    pub self_deaf: bool,
    pub self_stream: bool,
    pub self_video: bool,
    pub suppress: bool,
}

#[derive(Debug, Clone)]
pub struct Role {
    pub id: RoleId,
    pub name: String,
    pub position: i64,
    pub permissions: Permissions,
    pub colour: u32,
    pub hoist: bool,
    pub mentionable: bool,
    /// Belongs to an integration: nobody can give or take it.
    pub managed: bool,
    /// The bot whose own role this is.
    pub bot: Option<UserId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overwrite {
    pub for_member: bool,
    pub allow: Permissions,
    pub deny: Permissions,
}

#[derive(Debug, Clone)]
pub struct Channel {
    pub id: ChannelId,
    /// None for a direct message.
    pub guild: Option<GuildId>,
    pub kind: u8,
    pub name: String,
    pub position: i64,
    pub parent: Option<ChannelId>,
    pub topic: Option<String>,
    /// By the id of a role or member.
    pub overwrites: BTreeMap<u64, Overwrite>,
    pub slowmode_seconds: u32,
    /// The person at the other end of a direct message.
    pub recipient: Option<UserId>,
    /// Who began a thread.
    pub owner: Option<UserId>,
    pub archived: bool,
    pub locked: bool,
    pub messages: VecDeque<Message>,
    pub last_message: Option<MessageId>,
    /// Messages that were deleted, oldest first, bounded like the others.
    pub deleted: VecDeque<Message>,
}

impl Channel {
    /// Whether this is a thread of another channel.
    pub fn is_thread(&self) -> bool {
        matches!(self.kind, channel_kind::PUBLIC_THREAD | channel_kind::PRIVATE_THREAD)
    }

    /// Whether people can be in it by voice.
    pub fn is_voice(&self) -> bool {
        matches!(self.kind, channel_kind::VOICE | channel_kind::STAGE)
    }

    /// Whether a message can be written in it.
    pub fn takes_text(&self) -> bool {
        self.kind != channel_kind::CATEGORY
    }

    /// The message with this id, unless it was deleted or fell out of the bounded history.
    pub fn message(&self, id: MessageId) -> Option<&Message> {
        let at = self.messages.binary_search_by_key(&id, |message| message.id).ok()?;
        self.messages.get(at)
    }

    pub(in crate::sim) fn message_mut(&mut self, id: MessageId) -> Option<&mut Message> {
        let at = self.messages.binary_search_by_key(&id, |message| message.id).ok()?;
        self.messages.get_mut(at)
    }
}

#[derive(Debug, Clone)]
pub struct Guild {
    pub id: GuildId,
    pub name: String,
    pub owner: UserId,
    /// Includes `@everyone`, whose id is the guild's.
    pub roles: BTreeMap<RoleId, Role>,
    pub channels: Vec<ChannelId>,
    pub members: BTreeMap<UserId, Member>,
    pub bans: BTreeMap<UserId, Option<String>>,
    pub afk_channel: Option<ChannelId>,
    pub system_channel: Option<ChannelId>,
    /// Announced, but not to be seen: an outage of Discord's.
    pub unavailable: bool,
    /// Its admins opened the bot's commands to everybody, in the settings under Integrations.
    pub commands_open: bool,
    pub audit: VecDeque<AuditEntry>,
}

/// A line of the guild's audit log.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    pub id: u64,
    /// Discord's audit log event number: 20 kick, 22 ban, 25 role update of a member, …
    pub action: u32,
    pub actor: UserId,
    pub target: Option<u64>,
    pub reason: Option<String>,
    pub changes: Vec<Value>,
    pub options: Option<Value>,
}

/// A message as it was received, with what really came of it.
#[derive(Debug, Clone)]
pub struct Message {
    pub id: MessageId,
    pub channel: ChannelId,
    pub guild: Option<GuildId>,
    pub author: UserId,
    /// Set when a webhook or an interaction wrote it: the webhook's (or application's) id and the name it went by.
    pub webhook: Option<Webhook>,
    pub content: String,
    pub embeds: Vec<Value>,
    pub components: Vec<Value>,
    pub attachments: Vec<Attachment>,
    /// Discord's message type: 0 plain, 7 a join, 19 a reply, 20 the answer to a slash command.
    pub kind: u8,
    pub flags: u64,
    pub tts: bool,
    pub pinned: bool,
    pub nonce: Option<Value>,
    /// As received: none when the sender did not say.
    pub allowed_mentions: Option<Value>,
    pub reply_to: Option<MessageId>,
    /// Who was really pinged.
    pub pings: Pings,
    pub edited: Option<Timestamp>,
    /// What it said before each edit, oldest first.
    pub edits: Vec<Edit>,
    pub interaction: Option<InteractionId>,
    /// It answers a command of another bot's.
    pub used_elsewhere: Option<super::listing::UsedElsewhere>,
    /// Only this user sees it.
    pub only_for: Option<UserId>,
    /// Emoji, and who reacted with it.
    pub reactions: BTreeMap<String, Vec<UserId>>,
}

#[derive(Debug, Clone)]
pub struct Webhook {
    pub id: u64,
    pub name: String,
}

/// A version of a message that an edit replaced.
#[derive(Debug, Clone)]
pub struct Edit {
    pub content: String,
    pub embeds: Vec<Value>,
}

#[derive(Debug, Clone)]
pub struct Attachment {
    pub id: u64,
    pub filename: String,
    pub content_type: Option<String>,
    /// What it shows, in words for those who do not see it.
    pub description: Option<String>,
    pub bytes: std::sync::Arc<[u8]>,
}

/// Whom a message notified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pings {
    pub everyone: bool,
    pub users: Vec<UserId>,
    pub roles: Vec<RoleId>,
    /// The author of the message that this one replies to was notified.
    pub replied_user: bool,
}

impl Pings {
    /// Whether nobody was notified.
    pub fn is_empty(&self) -> bool {
        !self.everyone && self.users.is_empty() && self.roles.is_empty() && !self.replied_user
    }
}

/// One use of a slash command or of a button.
#[derive(Debug, Clone)]
pub struct Interaction {
    pub id: InteractionId,
    pub token: String,
    /// The command's name, or what is written on the button.
    pub command: String,
    /// Discord's number for what was used: 2 a command, 3 a button, 5 a form.
    pub kind: u8,
    /// The message below which a button was pressed.
    pub pressed_below: Option<MessageId>,
    pub user: UserId,
    pub guild: GuildId,
    pub channel: ChannelId,
    /// On the clock's monotonic time.
    pub at: Duration,
    pub first_answer: Option<FirstAnswer>,
    /// The first answer's message, while it exists.
    pub original: Option<MessageId>,
    pub original_deleted: bool,
    pub followups: Vec<MessageId>,
    /// The answer to an autocomplete, a modal …: whatever is not a message.
    pub other: Option<Value>,
}

#[derive(Debug, Clone, Copy)]
pub struct FirstAnswer {
    /// Discord's callback type: 4 a message, 5 "is thinking…".
    pub kind: u8,
    pub ephemeral: bool,
    /// How long after the command.
    pub after: Duration,
}
