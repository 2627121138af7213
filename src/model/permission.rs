//! Discord's permissions, as bits, and what a command may ask for.
//!
//! Source: Discord API documentation, "Permissions", "Bitwise permission flags".

use std::ops::{BitOr, BitOrAssign};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of permission bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Permissions(pub u64);

impl Permissions {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self(u64::MAX);
    pub const KICK_MEMBERS: Self = Self(1 << 1);
    pub const BAN_MEMBERS: Self = Self(1 << 2);
    pub const ADMINISTRATOR: Self = Self(1 << 3);
    pub const MANAGE_CHANNELS: Self = Self(1 << 4);
    pub const MANAGE_GUILD: Self = Self(1 << 5);
    pub const VIEW_AUDIT_LOG: Self = Self(1 << 7);
    pub const VIEW_CHANNEL: Self = Self(1 << 10);
    pub const SEND_MESSAGES: Self = Self(1 << 11);
    pub const MANAGE_MESSAGES: Self = Self(1 << 13);
    pub const EMBED_LINKS: Self = Self(1 << 14);
    pub const MANAGE_ROLES: Self = Self(1 << 28);
    pub const SEND_MESSAGES_IN_THREADS: Self = Self(1 << 38);
    pub const MODERATE_MEMBERS: Self = Self(1 << 40);

    /// What lets its holder act on others: no role with any of these is ever a reward.
    ///
    /// Kick, ban, administrator, manage channels, server, messages, nicknames, roles, webhooks, events and threads;
    /// view the audit log; mention everyone; mute, deafen and move in voice; time members out.
    pub const MODERATION: Self = Self(
        Self::KICK_MEMBERS.0
            | Self::BAN_MEMBERS.0
            | Self::ADMINISTRATOR.0
            | Self::MANAGE_CHANNELS.0
            | Self::MANAGE_GUILD.0
            | Self::MANAGE_MESSAGES.0
            | Self::MANAGE_ROLES.0
            | Self::MODERATE_MEMBERS.0
            | 1 << 7
            | 1 << 17
            | 1 << 22
            | 1 << 23
            | 1 << 24
            | 1 << 27
            | 1 << 29
            | 1 << 33
            | 1 << 34,
    );

    /// Whether a bit of `other` is here.
    pub const fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether every bit of `other` is here.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These bits without those of `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl BitOr for Permissions {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Permissions {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// As Discord writes them: a number in a text.
impl Serialize for Permissions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

/// What a command asks of the person who runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    Everyone,
    ManageMessages,
    ManageRoles,
    ManageChannels,
    ModerateMembers,
    KickMembers,
    BanMembers,
    ManageGuild,
}

impl Permission {
    /// The bits that satisfy this; administrators pass everything.
    pub const fn bits(self) -> Permissions {
        match self {
            Self::Everyone => Permissions::NONE,
            Self::ManageMessages => Permissions::MANAGE_MESSAGES,
            Self::ManageRoles => Permissions::MANAGE_ROLES,
            Self::ManageChannels => Permissions::MANAGE_CHANNELS,
            Self::ModerateMembers => Permissions::MODERATE_MEMBERS,
            Self::KickMembers => Permissions::KICK_MEMBERS,
            Self::BanMembers => Permissions::BAN_MEMBERS,
            Self::ManageGuild => Permissions::MANAGE_GUILD,
        }
    }

    /// The name under which Discord's settings show it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::ManageMessages => "Manage Messages",
            Self::ManageRoles => "Manage Roles",
            Self::ManageChannels => "Manage Channels",
            Self::ModerateMembers => "Moderate Members",
            Self::KickMembers => "Kick Members",
            Self::BanMembers => "Ban Members",
            Self::ManageGuild => "Manage Server",
        }
    }

    /// Whether somebody with these permissions may.
    pub const fn allows(self, held: Permissions) -> bool {
        held.contains(Permissions::ADMINISTRATOR) || held.contains(self.bits())
    }
}
