//! A member's picture, by the hash that names it: of their account, or one that they chose for a guild.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{GuildId, UserId};

/// Discord's are 32 digits, with `a_` before those that move.
const HASH_CHARS_MAX: usize = 64;

/// An avatar. Written as its hash, after the guild's id and a slash where it is shown in that guild alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Avatar {
    /// Where it is shown; none: everywhere.
    pub guild: Option<GuildId>,
    hash: String,
}

/// A text that is no avatar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnAvatar;

impl Avatar {
    /// The avatar with this hash; none where that is no hash.
    pub fn new(guild: Option<GuildId>, hash: &str) -> Option<Self> {
        let is_hash = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let fine = !hash.is_empty() && hash.len() <= HASH_CHARS_MAX && hash.bytes().all(is_hash);
        fine.then(|| Self { guild, hash: hash.to_owned() })
    }

    /// Where it is below Discord's address for pictures, when it is this user's.
    ///
    /// Source: Discord's documentation, "Image Formatting".
    pub fn path_of(&self, user: UserId) -> String {
        let hash = &self.hash;
        match self.guild {
            Some(guild) => format!("/guilds/{guild}/users/{user}/avatars/{hash}.png"),
            None => format!("/avatars/{user}/{hash}.png"),
        }
    }

    /// Letters, digits and underscores alone.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

impl fmt::Display for Avatar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.guild {
            Some(guild) => write!(f, "{guild}/{}", self.hash),
            None => f.write_str(&self.hash),
        }
    }
}

impl FromStr for Avatar {
    type Err = NotAnAvatar;

    fn from_str(text: &str) -> Result<Self, NotAnAvatar> {
        let (guild, hash) = match text.split_once('/') {
            Some((guild, hash)) => (Some(guild.parse().map_err(|_| NotAnAvatar)?), hash),
            None => (None, text),
        };
        Self::new(guild, hash).ok_or(NotAnAvatar)
    }
}

impl Serialize for Avatar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Avatar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| de::Error::custom("this is no avatar"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_avatar_is_a_hash_with_its_guild_or_without() {
        for text in ["a_0123", "abc", "700000000000000001/a_0123"] {
            let avatar: Avatar = text.parse().unwrap();
            assert_eq!((avatar.to_string().as_str(), avatar.guild.is_some()), (text, text.contains('/')));
            assert_eq!(serde_json::from_str::<Avatar>(&format!("{text:?}")).unwrap(), avatar);
        }
        let long = "a".repeat(65);
        for strange in ["", "/", "x y", "../../etc/passwd", "%2e%2e", "0/abc", "7/", "7/8/abc", &long] {
            assert_eq!(strange.parse::<Avatar>(), Err(NotAnAvatar), "{strange:?}");
        }
    }
}
