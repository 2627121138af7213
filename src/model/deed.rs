//! What is done about a member: the deeds of moderators, what members are told of them, and how a member looks to
//! whoever is about to act.

use serde::{Deserialize, Serialize};

use super::lock::Left;
use super::{ChannelId, GuildId, Message, MessageId, RoleId, Timestamp, UserId};

/// Something done about a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Nothing but that they are told.
    Tell,
    /// They may not speak until then.
    Timeout {
        until: Timestamp,
    },
    LiftTimeout,
    Kick,
    /// Their messages of the last so many seconds are deleted with it.
    Ban {
        delete_seconds: u32,
    },
    Unban,
    /// A ban that is lifted at once: a kick that deletes their messages.
    Softban {
        delete_seconds: u32,
    },
}

impl Deed {
    /// Whether they cannot be reached any more once it is done.
    pub const fn parts(self) -> bool {
        matches!(self, Self::Kick | Self::Ban { .. } | Self::Softban { .. })
    }
}

/// Whether a member could be told what was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    Yes,
    /// Not, and why in words for a moderator.
    No(String),
}

/// How a promise ended, for the room that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Discord did it. `message` is the one that now exists, for what sends one; `told` where somebody was to be told;
    /// `left` is what somebody had changed, where something was put back as it was; `read` is what was read.
    Kept { message: Option<MessageId>, told: Option<Told>, left: Vec<Left>, read: Vec<Message> },
    /// Discord refused it with its code (0: none), said in words.
    Refused { code: u32, words: String },
    /// Somebody called it off; words say who.
    CalledOff(String),
}

/// Somebody whom a message or command names, or who was asked about, as Discord shows them at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub id: UserId,
    /// The name to show.
    pub name: String,
    /// A bot or webhook.
    pub bot: bool,
    /// Their roles without `@everyone`, where they are known to be in the guild.
    pub roles: Option<Vec<RoleId>>,
}

impl Seen {
    /// They are known to be in the guild.
    pub fn is_here(&self) -> bool {
        self.roles.is_some()
    }
}

/// A line of a guild's audit log about a member, as far as a room needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    pub id: u64,
    pub guild: GuildId,
    /// Who did it.
    pub actor: UserId,
    pub target: UserId,
    pub deed: Deed,
    pub reason: String,
}

/// Where a message is, as Discord's links say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub guild: GuildId,
    pub channel: ChannelId,
    pub message: MessageId,
}

const LINK: &str = "https://discord.com/channels/";

impl Place {
    /// The place that a link leads to.
    pub fn of_link(link: &str) -> Option<Self> {
        let mut parts = link.trim().strip_prefix(LINK)?.split('/');
        let place = Self {
            guild: parts.next()?.parse().ok()?,
            channel: parts.next()?.parse().ok()?,
            message: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(place)
    }

    pub fn link(self) -> String {
        format!("{LINK}{}/{}/{}", self.guild, self.channel, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_place() {
        let link = "https://discord.com/channels/10/20/30";
        let place = Place::of_link(link).unwrap();
        assert_eq!((place.guild.get(), place.channel.get(), place.message.get()), (10, 20, 30));
        assert_eq!(place.link(), link);
        for text in ["", "https://discord.com/channels/10/20", "https://discord.com/channels/10/20/30/40", "x/1/2/3"] {
            assert_eq!(Place::of_link(text), None, "{text}");
        }
    }
}
