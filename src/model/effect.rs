//! What we want done on Discord: a plain closed enum that features ask for and the gateway performs.
//!
//! Effects that must not be lost are stored as promises, so they can be written as JSON and read back; a renamed or
//! removed field is a migration.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::button::{self, Button};
use super::deed::{Deed, Told};
use super::lock::{Bar, Left};
use super::select::Select;
use super::webhook::{Delivery, WebhookUrl};
use super::{ChannelId, GuildId, Illustration, Message, MessageId, RoleId, Timestamp, UserId};

/// A change on Discord, or a look at it that has its place among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Effect {
    /// A message in a channel, maybe as a reply.
    SendMessage {
        channel: ChannelId,
        message: Outgoing,
        #[serde(default)]
        reply_to: Option<MessageId>,
    },
    /// A message to a user, in private.
    SendDirect {
        user: UserId,
        message: Outgoing,
    },
    AddRole {
        guild: GuildId,
        user: UserId,
        role: RoleId,
        reason: String,
    },
    RemoveRole {
        guild: GuildId,
        user: UserId,
        role: RoleId,
        reason: String,
    },
    /// A member gets a name of their own in the guild.
    SetNickname {
        guild: GuildId,
        user: UserId,
        nickname: String,
        reason: String,
    },
    /// A message of ours takes this shape.
    ChangeMessage {
        channel: ChannelId,
        id: MessageId,
        message: Outgoing,
    },
    /// Of so many messages before one, those of the bot and those that are commands to it are deleted: they begin with
    /// the prefix or a mention of the bot, and one of these words.
    CleanUp {
        channel: ChannelId,
        before: MessageId,
        look_at: u16,
        /// The bot's own user.
        me: UserId,
        prefix: String,
        heads: Vec<String>,
        reason: String,
    },
    /// Nothing is changed: the newest messages of a channel are read, so many at most, for what was missed.
    ReadBack {
        guild: GuildId,
        channel: ChannelId,
        look_at: u16,
    },
    /// Nothing is changed: Discord is asked how these members are there, or all of a guild where the list is empty.
    /// What it tells comes as [`super::Event::MembersTold`], before this ends.
    AskMembers {
        guild: GuildId,
        users: Vec<UserId>,
    },
    /// What happened is posted to an address outside of Discord, as JSON; it is tried until this time.
    Webhook {
        url: WebhookUrl,
        body: String,
        until: Timestamp,
    },
    /// The same to a hook of an API key, signed.
    Deliver(Delivery),
    /// Something is done about a member, and they are told: before it where they could not be reached afterwards, else
    /// after it. Whether they could be told decides nothing.
    Act {
        guild: GuildId,
        user: UserId,
        deed: Deed,
        /// For the guild's audit log.
        reason: String,
        tell: Option<Outgoing>,
    },
    /// Nobody may write or speak in a channel any more, as far as its bars go: all of them at once, or none.
    Lock {
        guild: GuildId,
        channel: ChannelId,
        shut: Shut,
        reason: String,
    },
    /// That is taken back, without touching what somebody changed meanwhile.
    Unlock {
        guild: GuildId,
        channel: ChannelId,
        shut: Shut,
        reason: String,
    },
    /// An [`Effect::Act`] about this member was called off: what they were told before it is taken back.
    Unsay {
        guild: GuildId,
        user: UserId,
        /// Of the promise that was called off.
        nonce: String,
    },
}

/// How a channel is locked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shut {
    Overwrites(Vec<Bar>),
    /// A thread has no overwrites; it has a flag of its own.
    Thread,
}

impl Effect {
    /// What it must not overtake: effects of the same lane are performed one after another, in the order of their
    /// promises. A lane that waits for one of Discord's limits holds up no other.
    pub fn lane(&self) -> String {
        match self {
            Self::SendMessage { channel, .. }
            | Self::ChangeMessage { channel, .. }
            | Self::CleanUp { channel, .. }
            | Self::ReadBack { channel, .. }
            | Self::Lock { channel, .. }
            | Self::Unlock { channel, .. } => format!("channel:{channel}"),
            Self::SendDirect { user, .. } => format!("user:{user}"),
            Self::AddRole { guild, .. } | Self::RemoveRole { guild, .. } => format!("roles:{guild}"),
            Self::SetNickname { guild, .. } => format!("nicknames:{guild}"),
            Self::AskMembers { guild, .. } => format!("members:{guild}"),
            // A server that is slow holds up itself alone.
            Self::Webhook { url, .. } => format!("webhook:{}", url.host()),
            Self::Deliver(Delivery { hook, .. }) => hook_lane(*hook),
            Self::Act { guild, user, .. } | Self::Unsay { guild, user, .. } => format!("member:{guild}:{user}"),
        }
    }
}

impl Effect {
    /// The member whose place in a guild it needs.
    pub fn member(&self) -> Option<(GuildId, UserId)> {
        match self {
            Self::AddRole { guild, user, .. }
            | Self::RemoveRole { guild, user, .. }
            | Self::SetNickname { guild, user, .. }
            | Self::Act { guild, user, .. } => Some((*guild, *user)),
            _ => None,
        }
    }
}

/// The lane of what is delivered to a hook.
pub fn hook_lane(hook: i64) -> String {
    format!("hook:{hook}")
}

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outgoing {
    pub content: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub embeds: Vec<Embed>,
    #[serde(default)]
    pub mentions: Mentions,
    /// Buttons below it, row by row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Vec<Button>>,
    /// Something to choose from, below the buttons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub select: Option<Box<Select>>,
    /// A picture, to be drawn when it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub illustration: Option<Box<Illustration>>,
    /// A file beside it, where it has no picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Box<TextFile>>,
}

/// A text that is sent as a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextFile {
    /// Letters, digits, dots and the like.
    pub name: String,
    pub text: String,
}

/// Whom a message may ping. Nobody, unless the feature names them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mentions {
    #[serde(default)]
    pub users: Vec<UserId>,
    #[serde(default)]
    pub roles: Vec<RoleId>,
}

/// A framed part of a message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Embed {
    pub title: String,
    pub description: String,
    /// Name and value, side by side where there is room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<(String, String)>,
    /// 0xRRGGBB.
    #[serde(default)]
    pub colour: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub footer: String,
}

impl Outgoing {
    /// What it says, for readers of plain text: the content, then each embed.
    pub fn plain_text(&self) -> String {
        let embeds = self.embeds.iter().map(|embed| {
            let fields = embed.fields.iter().map(|(label, value)| format!("\n{label}: {value}"));
            format!("{}\n{}{}", embed.title, embed.description, fields.collect::<String>())
        });
        let parts: Vec<_> =
            std::iter::once(self.content.clone()).chain(embeds).filter(|part| !part.is_empty()).collect();
        parts.join("\n")
    }

    /// A plain text that pings nobody.
    pub fn text(content: impl Into<String>) -> Self {
        Self { content: content.into(), ..Self::default() }
    }

    /// One embed that pings nobody.
    pub fn embed(embed: Embed) -> Self {
        Self { embeds: vec![embed], ..Self::default() }
    }

    /// The same message with these buttons, as many as Discord takes.
    pub fn with_buttons(self, buttons: impl IntoIterator<Item = Button>) -> Self {
        Self { rows: button::rows(buttons), ..self }
    }

    /// The same message with something to choose from.
    pub fn with_select(self, select: impl Into<Option<Select>>) -> Self {
        Self { select: select.into().map(Box::new), ..self }
    }

    /// The same message with a picture, where there is one.
    pub fn with_picture(self, illustration: impl Into<Option<Illustration>>) -> Self {
        Self { illustration: illustration.into().map(Box::new), ..self }
    }
}

/// What Discord made of an effect.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivered {
    /// The message that now exists, for effects that send one.
    pub message: Option<MessageId>,
    /// Whether the member could be told, for effects that tell.
    pub told: Option<Told>,
    /// What somebody changed meanwhile and was left so, for effects that put something back as it was.
    pub left: Vec<Left>,
    /// What was done, for effects of which that is only known afterwards.
    pub words: Option<String>,
    /// The messages that were read, the oldest first, for effects that read some.
    pub read: Vec<Message>,
}

/// Why an effect was not performed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setback {
    /// Discord said no, and will say so again until somebody changes something.
    /// `code` is Discord's JSON error code (0 when it gave none), `words` says it for a moderator.
    Refused { status: u16, code: u32, words: String },
    /// It may work later: a limit, an outage, a time-out. `after` is the earliest moment worth trying.
    Later { after: Duration, words: String },
}

/// Discord's codes for somebody who is not in the guild, or does not exist at all any more.
///
/// Source: Discord API documentation, "Opcodes and Status Codes", "JSON Error Codes".
const UNKNOWN_MEMBER: u32 = 10_007;
const UNKNOWN_USER: u32 = 10_013;

impl Setback {
    /// Discord says that whom it is about is not in the guild.
    pub fn is_missing_member(&self) -> bool {
        matches!(self, Self::Refused { code: UNKNOWN_MEMBER | UNKNOWN_USER, .. })
    }

    /// The reason, for a moderator.
    pub fn words(&self) -> &str {
        match self {
            Self::Refused { words, .. } | Self::Later { words, .. } => words,
        }
    }
}
