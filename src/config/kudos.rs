//! `[kudos]`: who may thank whom how often, and whether a thanks in a message counts.

use serde::{Deserialize, Serialize};

use super::Mistake;
use super::levels::within;

/// `[kudos]`: members thank each other, and it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Kudos {
    pub enabled: bool,
    /// Seconds until the same member may thank the same one again.
    pub cooldown_seconds: u32,
    /// Seconds after being thanked in which one cannot thank straight back.
    pub back_seconds: u32,
    /// How many kudos a member can give on one day of the community.
    pub daily_amount: i64,
    /// How many at once.
    pub amount_max: i64,
    /// Accounts that are younger cannot give.
    pub account_age_days: u32,
    /// Whether the receiver of `/kudos give` is pinged.
    pub ping: bool,
    /// Whether a thanks in a message counts, to whom it replies or whom it mentions.
    pub thanks: bool,
    /// What is a thanks, in whatever case.
    pub thanks_words: Vec<String>,
    /// Whether a thanks that counts is answered with its number.
    pub thanks_answer: bool,
}

impl Default for Kudos {
    fn default() -> Self {
        Self {
            enabled: true,
            cooldown_seconds: 3_600,
            back_seconds: 3_600,
            daily_amount: 10,
            amount_max: 5,
            account_age_days: 7,
            ping: false,
            thanks: false,
            thanks_words: ["thanks", "thank you", "thx", "ty"].map(str::to_owned).into(),
            thanks_answer: true,
        }
    }
}

/// The largest gift that any configuration allows.
pub const KUDOS_AMOUNT_MAX: i64 = 100;
/// Limits of numbers, so that a typo is not taken for a wish.
const WAIT_SECONDS_MAX: u32 = 30 * 86_400;
const DAILY_AMOUNT_MAX: i64 = 10_000;
const ACCOUNT_AGE_DAYS_MAX: u32 = 3_650;
const WORDS_MAX: usize = 50;
const WORD_CHARS_MAX: usize = 40;

impl Kudos {
    pub(super) fn mistakes(&self) -> Vec<Mistake> {
        let mut found = Vec::new();
        within(&mut found, "kudos.cooldown_seconds", self.cooldown_seconds, 0, WAIT_SECONDS_MAX);
        within(&mut found, "kudos.back_seconds", self.back_seconds, 0, WAIT_SECONDS_MAX);
        within(&mut found, "kudos.daily_amount", self.daily_amount, 1, DAILY_AMOUNT_MAX);
        within(&mut found, "kudos.amount_max", self.amount_max, 1, KUDOS_AMOUNT_MAX);
        within(&mut found, "kudos.account_age_days", self.account_age_days, 0, ACCOUNT_AGE_DAYS_MAX);
        let words = &self.thanks_words;
        if words.len() > WORDS_MAX {
            found.push(("kudos.thanks_words", format!("has more than {WORDS_MAX} entries")));
        }
        let is_word = |word: &String| word.chars().count() <= WORD_CHARS_MAX && word.contains(char::is_alphanumeric);
        if let Some(word) = words.iter().find(|word| !is_word(word)) {
            let sentence = format!("has {word:?}; a word has a letter in it and at most {WORD_CHARS_MAX} characters");
            found.push(("kudos.thanks_words", sentence));
        }
        if self.thanks && words.is_empty() {
            found.push(("kudos.thanks_words", "is empty, so no thanks would ever count".to_owned()));
        }
        found
    }
}
