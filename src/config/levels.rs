//! `[levels]`: what earns XP, how levels follow from it, and what they bring.

use serde::{Deserialize, Serialize};

use super::Mistake;
use crate::model::{ChannelId, Curve, LEVEL_MAX, RoleId};

/// Limits of numbers, so that a typo does not pay a million levels a minute.
const MESSAGE_XP_MAX: i64 = 100_000;
const COOLDOWN_SECONDS_MAX: u32 = 86_400 * 7;

/// `[levels]`: XP, levels and their roles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Levels {
    pub enabled: bool,
    /// XP for a message that earns.
    pub message_xp: i64,
    /// Seconds until the same member's next message earns.
    pub message_cooldown_seconds: u32,
    /// How much XP each level needs.
    pub curve: Curve,
    /// Where the curve ends.
    pub max_level: u32,
    pub announce: Announce,
    #[serde(rename = "role", skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<LevelRole>,
}

impl Default for Levels {
    fn default() -> Self {
        Self {
            enabled: true,
            message_xp: 15,
            message_cooldown_seconds: 60,
            curve: Curve::default(),
            max_level: LEVEL_MAX,
            announce: Announce::Channel,
            roles: Vec::new(),
        }
    }
}

/// `[[levels.role]]`: a role that a level brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelRole {
    pub level: u32,
    pub role: RoleId,
}

/// Where level-ups are announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announce {
    Off,
    /// Where the message was.
    Channel,
    /// To the member, in private.
    Direct,
    /// In this channel.
    In(ChannelId),
}

impl Serialize for Announce {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => serializer.serialize_str("off"),
            Self::Channel => serializer.serialize_str("channel"),
            Self::Direct => serializer.serialize_str("dm"),
            Self::In(channel) => serializer.collect_str(channel),
        }
    }
}

impl<'de> Deserialize<'de> for Announce {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Id(ChannelId),
            Word(String),
        }
        match Given::deserialize(deserializer) {
            Ok(Given::Id(channel)) => Ok(Self::In(channel)),
            Ok(Given::Word(word)) => match word.as_str() {
                "off" => Ok(Self::Off),
                "channel" => Ok(Self::Channel),
                "dm" => Ok(Self::Direct),
                _ => Err(serde::de::Error::custom("expected \"off\", \"channel\", \"dm\" or a channel's id")),
            },
            Err(_) => Err(serde::de::Error::custom("expected \"off\", \"channel\", \"dm\" or a channel's id")),
        }
    }
}

impl Levels {
    pub(super) fn settle(&mut self) {
        self.curve = self.curve.clone().up_to(self.max_level);
    }

    pub(super) fn mistakes(&self) -> Vec<Mistake> {
        let mut found = Vec::new();
        let mut hold = |holds: bool, key: &'static str, sentence: String| {
            if !holds {
                found.push((key, sentence));
            }
        };
        hold(
            (0..=MESSAGE_XP_MAX).contains(&self.message_xp),
            "levels.message_xp",
            format!("must be between 0 and {MESSAGE_XP_MAX}"),
        );
        hold(
            (1..=COOLDOWN_SECONDS_MAX).contains(&self.message_cooldown_seconds),
            "levels.message_cooldown_seconds",
            format!("must be between 1 and {COOLDOWN_SECONDS_MAX}"),
        );
        hold(
            (1..=LEVEL_MAX).contains(&self.max_level),
            "levels.max_level",
            format!("must be between 1 and {LEVEL_MAX}"),
        );
        hold(self.roles.iter().all(|r| r.level >= 1), "levels.role", "levels start at 1".to_owned());
        let twice = self.roles.iter().enumerate().any(|(nth, a)| self.roles[..nth].iter().any(|b| a.role == b.role));
        hold(!twice, "levels.role", "names the same role twice; the lowest level that brings it is enough".to_owned());
        found
    }
}
