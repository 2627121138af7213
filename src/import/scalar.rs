//! A single value of a file: taken as it comes, and judged where its field is known.

use std::fmt;

use serde::de::{self, IgnoredAny};
use serde::{Deserialize, Deserializer};

use super::{LEVEL_BELIEVED_MAX, Member, Wrong, xp_range};
use crate::model::{UserId, XP_MAX, text};

/// The largest number below which floating-point numbers know all whole ones.
const EXACT_MAX: u64 = 1 << 53;
/// What of somebody's text is repeated.
const REPEATED_CHARS_MAX: usize = 40;

/// A value of whatever kind, so that a wrong one is told with its field.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Scalar {
    #[default]
    Nothing,
    Flag(bool),
    Whole(i64),
    Large(u64),
    Float(f64),
    Text(String),
    /// A list or a table.
    Other,
}

impl Scalar {
    /// Whether there is nothing.
    pub fn is_nothing(&self) -> bool {
        *self == Self::Nothing
    }

    /// An id, with the mark of those that may have been rounded.
    pub fn member_id(&self) -> Result<Member, Wrong> {
        let number = match self {
            Self::Text(text) => return text.parse().map(|user| Member::new(user, 0, None)).map_err(|_| self.no_id()),
            Self::Whole(number) => u64::try_from(*number).map_err(|_| self.no_id())?,
            Self::Large(number) => *number,
            _ => return Err(self.no_id()),
        };
        let user = UserId::new(number).map_err(|_| self.no_id())?;
        Ok(Member { id_is_large_number: number > EXACT_MAX, ..Member::new(user, 0, None) })
    }

    /// An id of something else than a member.
    pub fn id<T: std::str::FromStr>(&self) -> Option<T> {
        match self {
            Self::Text(text) => text.parse().ok(),
            Self::Whole(number) => number.to_string().parse().ok(),
            _ => None,
        }
    }

    fn no_id(&self) -> Wrong {
        let float =
            if matches!(self, Self::Float(_)) { " (a floating-point number has lost its last digits)" } else { "" };
        Wrong::new("", format!("{self} is no id{float}; an id is a whole number, best as a text in quotes"))
    }

    /// An amount of XP; fractions are dropped.
    pub fn xp(&self, field: &'static str) -> Result<i64, Wrong> {
        self.whole(XP_MAX).ok_or_else(|| Wrong::new(field, format!("{}, not {self}", xp_range())))
    }

    /// A level; nothing where there is none.
    pub fn level(&self, field: &'static str) -> Result<Option<u16>, Wrong> {
        if self.is_nothing() {
            return Ok(None);
        }
        let level = self.whole(i64::from(LEVEL_BELIEVED_MAX)).and_then(|level| u16::try_from(level).ok());
        let words = || format!("must be a whole number from 0 to {LEVEL_BELIEVED_MAX}, not {self}");
        level.map(Some).ok_or_else(|| Wrong::new(field, words()))
    }

    /// A number from 0 to `at_most`, without its fraction.
    pub fn whole(&self, at_most: i64) -> Option<i64> {
        let number = match self {
            Self::Whole(number) => *number,
            Self::Float(number) if (0.0..=at_most as f64).contains(number) => number.floor() as i64,
            Self::Text(text) => text.trim().parse().ok()?,
            _ => return None,
        };
        (0..=at_most).contains(&number).then_some(number)
    }

    /// Any number.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Whole(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// Whether it says yes.
    pub fn is_true(&self) -> bool {
        *self == Self::Flag(true)
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Whole(number) => write!(f, "{number}"),
            Self::Large(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Text(text) => {
                let shown: String = text.chars().filter(|c| !text::is_invisible(*c)).take(REPEATED_CHARS_MAX).collect();
                write!(f, "{shown:?}")
            }
            Self::Other => f.write_str("a list or table"),
        }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_unit<E>(self) -> Result<Scalar, E> {
                Ok(Scalar::Nothing)
            }
            fn visit_bool<E>(self, flag: bool) -> Result<Scalar, E> {
                Ok(Scalar::Flag(flag))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar::Whole(number))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
                Ok(i64::try_from(number).map_or(Scalar::Large(number), Scalar::Whole))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Scalar, E> {
                Ok(Scalar::Float(number))
            }
            fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(text.to_owned()))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar::Other)
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut table: A) -> Result<Scalar, A::Error> {
                while table.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar::Other)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}
