//! What a picture is to show, in words and numbers: a feature says it, and it is drawn where it is sent. A promise
//! keeps the description, never the pixels.
//!
//! Names in it are as Discord tells them: whoever draws them holds them to be hostile.

use serde::{Deserialize, Serialize};

use super::{Avatar, UserId};

/// A whole, in thousandths.
pub const WHOLE: u16 = 1_000;

/// A picture beside a message, or in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Illustration {
    pub picture: Picture,
    /// What it says, for those who do not see it.
    pub alt: String,
    /// The message's texts are sent only where nothing could be drawn.
    #[serde(default)]
    pub replaces_text: bool,
}

/// What can be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "draw", rename_all = "snake_case")]
pub enum Picture {
    Card(Card),
    Bars(Bars),
    Line(Line),
}

/// One member: face, name, a few facts, and how far they have come.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Card {
    pub user: UserId,
    pub name: String,
    pub avatar: Option<Avatar>,
    /// 0xRRGGBB.
    pub colour: u32,
    /// Above the name, in the colour.
    pub note: String,
    /// Label and value.
    pub facts: Vec<(String, String)>,
    /// Of [`WHOLE`].
    pub progress: u16,
    /// Below the progress, on its left and on its right.
    pub below: (String, String),
}

/// Members by an amount.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Bars {
    pub title: String,
    pub colour: u32,
    pub rows: Vec<Bar>,
}

/// A row of [`Bars`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Bar {
    pub place: String,
    pub name: String,
    pub value: String,
    /// Of [`WHOLE`], the longest bar.
    pub share: u16,
}

/// An amount over time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Line {
    pub title: String,
    pub colour: u32,
    /// When, in milliseconds since 1970, and how much; the earliest first.
    pub points: Vec<(i64, i64)>,
    /// Amounts that are marked, with their words.
    pub marks: Vec<(i64, String)>,
    /// What stands below the first point and the last.
    pub ends: (String, String),
}

impl Picture {
    /// The file's name.
    pub const fn file_name(&self) -> &'static str {
        match self {
            Self::Card(_) => "card.png",
            Self::Bars(_) => "board.png",
            Self::Line(_) => "line.png",
        }
    }
}

/// A share of a whole as a number of thousandths, whatever the numbers.
pub fn thousandths(part: i64, of: i64) -> u16 {
    if of <= 0 {
        return 0;
    }
    let share = i128::from(part.clamp(0, of)) * i128::from(WHOLE) / i128::from(of);
    u16::try_from(share).unwrap_or(WHOLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_stay_within_the_whole() {
        assert_eq!((thousandths(1, 3), thousandths(5, 5), thousandths(0, 5)), (333, 1_000, 0));
        assert_eq!((thousandths(9, 5), thousandths(-1, 5), thousandths(1, 0)), (1_000, 0, 0));
        assert_eq!(thousandths(i64::MAX, i64::MAX), 1_000);
    }
}
