//! Dice: how they are written, and what they show.

use crate::model::mix;

/// What is thrown at once.
const COUNT_MAX: u32 = 100;
const SIDES_MAX: u64 = 1_000_000;
const MORE_MAX: i64 = 1_000_000;

/// So many dice with so many sides, and something on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dice {
    pub count: u32,
    pub sides: u64,
    pub more: i64,
}

impl Default for Dice {
    fn default() -> Self {
        Self { count: 1, sides: 6, more: 0 }
    }
}

/// Whether words are meant to be dice, be there such dice or not.
pub fn is_meant(words: &str) -> bool {
    let words = words.trim();
    let all = words.chars().all(|c| c.is_ascii_digit() || matches!(c, 'd' | 'D' | '+' | '-' | ' '));
    all && words.contains(|c: char| c.is_ascii_digit())
}

impl Dice {
    /// Dice as players write them: `20`, `d20`, `2d6`, `2d6+1`, `3d8 - 2`. None: not dice, or too many.
    pub fn read(words: &str) -> Option<Self> {
        let words: String = words.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
        let (dice, more) = match words.find(['+', '-']) {
            Some(at) => {
                let (dice, more) = words.split_at(at);
                (dice, whole(&more[1..])? as i64 * if more.starts_with('-') { -1 } else { 1 })
            }
            None => (words.as_str(), 0),
        };
        let (count, sides) = match dice.split_once('d') {
            Some(("", sides)) => (1, whole(sides)?),
            Some((count, sides)) => (u32::try_from(whole(count)?).ok()?, whole(sides)?),
            None => (1, whole(dice)?),
        };
        let fine = (1..=COUNT_MAX).contains(&count) && (1..=SIDES_MAX).contains(&sides) && more.abs() <= MORE_MAX;
        fine.then_some(Self { count, sides, more })
    }

    /// What each of them shows: it follows from what they are thrown for.
    pub fn roll(&self, what: u64, seed: u64) -> Vec<u64> {
        (0..u64::from(self.count)).map(|nth| mix::draw(seed ^ mix::mix(nth), what, self.sides) + 1).collect()
    }

    /// The sum of what they show, with what comes on top.
    pub fn total(&self, shown: &[u64]) -> i64 {
        shown.iter().sum::<u64>() as i64 + self.more
    }
}

fn whole(digits: &str) -> Option<u64> {
    // Ten digits are more than any limit, and fit.
    let fine = (1..=10).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if fine { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_are_read_as_players_write_them() {
        let read = |words: &str| Dice::read(words).map(|dice| (dice.count, dice.sides, dice.more));
        assert_eq!(read("20"), Some((1, 20, 0)));
        assert_eq!(read("d20"), Some((1, 20, 0)));
        assert_eq!(read("2D6 + 1"), Some((2, 6, 1)));
        assert_eq!(read("3d8-2"), Some((3, 8, -2)));
        let bad = ["", "0", "d", "2d", "0d6", "101d6", "2d0", "1d1000001", "-5", "2d6+", "2d6+1+1", "x", "٣d6"];
        for bad in bad.into_iter().chain(["1d99999999999"]) {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_same_throw_shows_the_same() {
        let dice = Dice { count: 100, sides: 6, more: 1 };
        let shown = dice.roll(7 << 22, 9);
        assert_eq!(shown, dice.roll(7 << 22, 9));
        assert_ne!(shown, dice.roll(8 << 22, 9));
        assert!(shown.iter().all(|side| (1..=6).contains(side)));
        assert!((1..=6).all(|side| shown.contains(&side)), "each side comes up: {shown:?}");
        assert_eq!(dice.total(&[1, 2]), 4);
    }
}
