//! Snowflakes: Discord's 64-bit ids, one type for each thing they name.
//!
//! An id is between 1 and 2⁶³ − 1, so that it fits SQLite's signed integer. It is a **string** in JSON, because a
//! browser's numbers end at 2⁵³.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::time::{DISCORD_EPOCH_MS, Timestamp};

/// The largest id we accept: what SQLite can hold as a positive integer.
pub const ID_MAX: u64 = i64::MAX as u64;

/// Why a text or number is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnId;

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id is a whole number from 1 to 9223372036854775807")
    }
}

impl std::error::Error for NotAnId {}

/// The time a snowflake was made, in Discord's own clock.
///
/// Source: Discord API reference, "Snowflake format": milliseconds since 2015-01-01 in bits 63 to 22.
pub fn time_of(id: u64) -> Timestamp {
    Timestamp::from_ms((id >> 22) as i64 + DISCORD_EPOCH_MS)
}

/// A visitor that takes an id as a string or as a whole number, whatever the sender prefers.
struct IdVisitor;

impl de::Visitor<'_> for IdVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id (a whole number, as text or as a number)")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<u64, E> {
        text.parse().map_err(|_| E::custom(NotAnId))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<u64, E> {
        Ok(value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<u64, E> {
        u64::try_from(value).map_err(|_| E::custom(NotAnId))
    }
}

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(NonZeroU64);

        impl $name {
            /// The id, or an error for 0 and for what does not fit 63 bits.
            pub const fn new(value: u64) -> Result<Self, NotAnId> {
                if value > ID_MAX {
                    return Err(NotAnId);
                }
                match NonZeroU64::new(value) {
                    Some(value) => Ok(Self(value)),
                    None => Err(NotAnId),
                }
            }

            /// The id as a plain number.
            pub const fn get(self) -> u64 {
                self.0.get()
            }

            /// The id as SQLite stores it.
            pub const fn sql(self) -> i64 {
                self.0.get() as i64
            }

            /// When Discord made this id.
            pub fn time(self) -> Timestamp {
                time_of(self.get())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl TryFrom<u64> for $name {
            type Error = NotAnId;
            fn try_from(value: u64) -> Result<Self, NotAnId> {
                Self::new(value)
            }
        }

        impl TryFrom<i64> for $name {
            type Error = NotAnId;
            fn try_from(value: i64) -> Result<Self, NotAnId> {
                u64::try_from(value).map_err(|_| NotAnId).and_then(Self::new)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                text.parse::<u64>().map_err(|_| NotAnId).and_then(Self::new)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = deserializer.deserialize_any(IdVisitor)?;
                Self::new(value).map_err(de::Error::custom)
            }
        }
    )*};
}

id!(
    /// A guild: what people call a server.
    GuildId,
    /// A user; inside a guild, a member.
    UserId,
    /// A channel or thread.
    ChannelId,
    /// A role of a guild. The role `@everyone` has its guild's id.
    RoleId,
    /// A message.
    MessageId,
    /// The application behind the bot's account.
    ApplicationId,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_knows_its_time() {
        // The example of Discord's own documentation.
        let id = UserId::new(175_928_847_299_117_063).unwrap();
        assert_eq!(id.time().ms(), 1_462_015_105_796);
    }

    #[test]
    fn zero_and_what_does_not_fit_are_refused() {
        assert_eq!(UserId::new(0), Err(NotAnId));
        assert_eq!(UserId::new(u64::MAX), Err(NotAnId));
        assert_eq!("0".parse::<UserId>(), Err(NotAnId));
        assert_eq!("-3".parse::<UserId>(), Err(NotAnId));
        assert_eq!(UserId::try_from(-1_i64), Err(NotAnId));
    }

    #[test]
    fn json_takes_text_or_number_and_gives_text() {
        let id: UserId = serde_json::from_str("42").unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"42\"");
        assert_eq!(serde_json::from_str::<UserId>("\"42\"").unwrap(), id);
        assert!(serde_json::from_str::<UserId>("\"0\"").is_err());
    }
}
