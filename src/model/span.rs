//! Lengths of time as people write them: `30m`, `2h`, `7d`, `1d12h`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The units, the largest first, with the words for one that may stand for them.
const UNITS: [(u64, &str, &[&str]); 5] = [
    (604_800, "w", &["w", "week", "weeks"]),
    (86_400, "d", &["d", "day", "days"]),
    (3_600, "h", &["h", "hour", "hours"]),
    (60, "m", &["m", "min", "minute", "minutes"]),
    (1, "s", &["s", "sec", "second", "seconds"]),
];
/// The longest that can be written: a hundred years.
const SECONDS_MAX: u64 = 100 * 365 * 86_400;

/// A length of time in whole seconds, more than nothing and at most a hundred years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

impl Span {
    /// In seconds; 0 becomes 1, and what is too long a hundred years.
    pub const fn seconds(seconds: u64) -> Self {
        match seconds {
            0 => Self(1),
            1..=SECONDS_MAX => Self(seconds),
            _ => Self(SECONDS_MAX),
        }
    }

    pub const fn days(days: u64) -> Self {
        Self::seconds(days.saturating_mul(86_400))
    }

    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

/// What a text is no length of time for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSpan;

impl fmt::Display for NoSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a length of time such as \"30m\", \"2h\", \"7d\" or \"1d12h\"")
    }
}

impl std::error::Error for NoSpan {}

impl FromStr for Span {
    type Err = NoSpan;

    /// Numbers, each with its unit, in any order and with or without spaces.
    fn from_str(text: &str) -> Result<Self, NoSpan> {
        let (mut rest, mut seconds) = (text.trim(), 0_u64);
        while !rest.is_empty() {
            let (digits, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).ok_or(NoSpan)?);
            let after = after.trim_start();
            let (unit, next) = after.split_at(after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len()));
            let unit = unit.to_ascii_lowercase();
            let (length, ..) = UNITS.iter().find(|(_, _, words)| words.contains(&unit.as_str())).ok_or(NoSpan)?;
            let amount: u64 = digits.parse().map_err(|_| NoSpan)?;
            seconds = amount.checked_mul(*length).and_then(|more| seconds.checked_add(more)).ok_or(NoSpan)?;
            rest = next.trim_start();
        }
        if (1..=SECONDS_MAX).contains(&seconds) { Ok(Self(seconds)) } else { Err(NoSpan) }
    }
}

/// As it can be read again: `1d12h`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0;
        for (length, unit, _) in UNITS {
            if left >= length {
                write!(f, "{}{unit}", left / length)?;
                left %= length;
            }
        }
        Ok(())
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error: NoSpan| de::Error::custom(format!("{error} is expected, not {text:?}")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(text: &str) -> Option<u64> {
        text.parse().ok().map(|span: Span| span.0)
    }

    #[test]
    fn lengths_are_read_as_people_write_them() {
        let cases = [("30m", 1_800), ("2h", 7_200), ("1d12h", 129_600), ("1 week 2 days", 777_600), ("90 Min", 5_400)];
        for (text, expected) in cases {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for text in
            ["", "0m", "7", "m", "-5m", "5x", "1d 7", "1.5h", "99999999999999999999d", "200 years", "9999w9999w"]
        {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(length in 1..=SECONDS_MAX) {
            prop_assert_eq!(seconds(&Span::seconds(length).to_string()), Some(length));
        }

        #[test]
        fn anything_may_be_tried(text in any::<String>()) {
            let _ = text.parse::<Span>();
        }
    }
}
