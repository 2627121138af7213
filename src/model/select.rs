//! A menu below a message to choose from. Like a button it carries a command line of ours; what is chosen is written
//! behind it, word by word.

use serde::{Deserialize, Serialize};

use super::Refusal;
use super::button::LINE_UNITS_MAX;

/// Discord's limit for what one can choose from.
pub const ENTRIES_MAX: usize = 25;
/// Discord's limits for what is written on an entry, for the value behind it, and for what stands in an unused menu.
const LABEL_CHARS_MAX: usize = 100;
const VALUE_CHARS_MAX: usize = 100;
const PLACEHOLDER_CHARS_MAX: usize = 150;

/// Something to choose from. Nothing at all may be chosen, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Select {
    line: String,
    placeholder: String,
    entries: Vec<(String, String)>,
    at_most: u8,
}

impl Select {
    /// A menu that asks for the command line `line` with the chosen values behind it. `entries` are labels and values;
    /// of two with the same value the first stays. Labels that are too long are cut.
    ///
    /// # Errors
    /// A refusal when there is nothing, or too much, to choose from, or when line or values cannot be a command line.
    pub fn new(
        line: impl Into<String>,
        placeholder: &str,
        entries: impl IntoIterator<Item = (String, String)>,
        at_most: usize,
    ) -> Result<Self, Refusal> {
        let mut kept: Vec<(String, String)> = Vec::new();
        for (label, value) in entries {
            if kept.iter().all(|(_, known)| *known != value) {
                kept.push((cut(label.trim(), LABEL_CHARS_MAX), value));
            }
        }
        let line = line.into();
        let is_word = |value: &String| {
            !value.is_empty() && value.chars().count() <= VALUE_CHARS_MAX && !value.contains(char::is_whitespace)
        };
        let fits = line.starts_with(char::is_alphabetic)
            && line.encode_utf16().count() <= LINE_UNITS_MAX
            && kept.iter().all(|(label, value)| !label.is_empty() && is_word(value));
        if !fits || !(1..=ENTRIES_MAX).contains(&kept.len()) {
            return Err(Refusal::new(format!("A menu has 1 to {ENTRIES_MAX} entries to choose from.")));
        }
        let at_most = u8::try_from(at_most.clamp(1, kept.len())).unwrap_or(1);
        Ok(Self { line, placeholder: cut(placeholder, PLACEHOLDER_CHARS_MAX), entries: kept, at_most })
    }

    /// The command line that a choice asks for.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// What stands in it before anything is chosen.
    pub fn placeholder(&self) -> &str {
        &self.placeholder
    }

    /// Labels and values.
    pub fn entries(&self) -> &[(String, String)] {
        &self.entries
    }

    /// How many can be chosen at once.
    pub fn at_most(&self) -> u8 {
        self.at_most
    }
}

fn cut(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_menu_holds_what_discord_takes() {
        let entry = |number: usize| (format!("Role {number}"), number.to_string());
        let menu = Select::new("pick 3", "Choose", (0..25).chain(3..6).map(entry), 99).unwrap();
        assert_eq!((menu.entries().len(), menu.at_most(), menu.line()), (25, 25, "pick 3"));
        assert_eq!(Select::new("pick", "", [("x".repeat(200), "1".to_owned())], 0).unwrap().entries()[0].0.len(), 100);
        assert!(Select::new("pick", "", (0..26).map(entry), 1).is_err());
        assert!(Select::new("pick", "", [], 1).is_err());
        for (line, label, value) in [("", "a", "b"), ("pick", " ", "b"), ("pick", "a", ""), ("pick", "a", "b c")] {
            assert!(Select::new(line, "", [(label.to_owned(), value.to_owned())], 1).is_err(), "{line:?} {value:?}");
        }
    }
}
