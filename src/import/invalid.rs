//! Records of a file that are wrong by themselves: how many, and of the first few what.

use crate::model::text;

/// Records that are told of; the others are counted.
const TOLD_MAX: usize = 5;

/// What was left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Invalid {
    count: usize,
    told: Vec<String>,
}

impl Invalid {
    /// How many records.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The first few, each with its file, line and field.
    pub fn told(&self) -> &[String] {
        &self.told
    }

    /// Takes note of one; `words` name its line and field.
    pub(super) fn note(&mut self, words: impl FnOnce() -> String) {
        self.count += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push(words());
        }
    }

    /// Says which file they are of.
    pub(super) fn place(&mut self, file: &str) {
        self.told.iter_mut().for_each(|words| *words = format!("{}, {words}", text::plain(file)));
    }

    /// Adds those of another file or page.
    pub(super) fn add(&mut self, other: Self) {
        self.count += other.count;
        let room = TOLD_MAX.saturating_sub(self.told.len());
        self.told.extend(other.told.into_iter().take(room));
    }
}
