//! Buttons below a message. A button carries a command line of ours: pressing it is asking for that command, through
//! the same gate, so it needs no memory and works after a restart.

use serde::{Deserialize, Serialize};

use super::Refusal;

/// Discord's limit: rows of buttons below one message.
pub const ROWS_MAX: usize = 5;
/// Discord's limit: buttons side by side.
pub const ROW_BUTTONS_MAX: usize = 5;
/// Discord's limit for what is written on a button, in UTF-16 units.
pub const LABEL_UNITS_MAX: usize = 80;
/// The longest command line of a button, in UTF-16 units: Discord's 100, with room for the door's mark before it.
pub const LINE_UNITS_MAX: usize = 96;

/// A button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    label: String,
    line: String,
    #[serde(default)]
    look: Look,
}

/// How a button stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// What one would probably do.
    Primary,
    #[default]
    Secondary,
    /// A gain.
    Success,
    /// Something that cannot be taken back.
    Danger,
}

impl Button {
    /// A button that asks for the command line `line`: a command and its options as a prefix command has them, without
    /// the prefix (`leaderboard 2`). A label that is too long is cut.
    ///
    /// # Errors
    /// A refusal when the label is blank, or the line is too long or begins with no command: a line that was cut would
    /// ask for something else.
    pub fn new(label: &str, line: impl Into<String>) -> Result<Self, Refusal> {
        let (label, line) = (fit(label.trim()), line.into());
        if label.is_empty() {
            return Err(Refusal::new("A button needs something written on it."));
        }
        if !line.starts_with(char::is_alphabetic) || line.encode_utf16().count() > LINE_UNITS_MAX {
            let words = format!("A button takes a command line of at most {LINE_UNITS_MAX} characters.");
            return Err(Refusal::new(words));
        }
        Ok(Self { label, line, look: Look::default() })
    }

    /// The same button, standing out like this.
    pub fn look(mut self, look: Look) -> Self {
        self.look = look;
        self
    }

    /// What is written on it.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The command line that it asks for.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// How it stands out.
    pub fn looks(&self) -> Look {
        self.look
    }
}

/// Buttons in rows, as many as a message takes. Of two that ask for the same, the first stays: Discord takes no twins.
pub fn rows(buttons: impl IntoIterator<Item = Button>) -> Vec<Vec<Button>> {
    let mut kept: Vec<Button> = Vec::new();
    for button in buttons {
        if kept.len() < ROWS_MAX * ROW_BUTTONS_MAX && kept.iter().all(|known| known.line != button.line) {
            kept.push(button);
        }
    }
    kept.chunks(ROW_BUTTONS_MAX).map(<[Button]>::to_vec).collect()
}

/// A label within Discord's limit, cut between characters.
fn fit(label: &str) -> String {
    if label.encode_utf16().count() <= LABEL_UNITS_MAX {
        return label.to_owned();
    }
    let mut units = 0;
    let kept = label.chars().take_while(|character| {
        units += character.len_utf16();
        units < LABEL_UNITS_MAX
    });
    kept.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_cut_and_a_line_is_refused() {
        let long = Button::new(&"😀".repeat(60), "ping").unwrap();
        assert_eq!(long.label().encode_utf16().count(), 79);
        assert!(long.label().ends_with('…'));
        assert_eq!(Button::new(&"x".repeat(81), "ping").unwrap().label().chars().count(), LABEL_UNITS_MAX);
        assert!(Button::new("ok", "x".repeat(LINE_UNITS_MAX)).is_ok());
        for (label, line) in [("ok", "x".repeat(LINE_UNITS_MAX + 1)), ("ok", String::new()), (" ", "ping".to_owned())] {
            assert!(Button::new(label, line.clone()).is_err(), "{label:?} {line:?}");
        }
    }

    #[test]
    fn buttons_fill_five_rows_of_five_without_twins() {
        let button = |number: usize| Button::new("x", format!("page {number}")).unwrap();
        let all = rows((0..80).map(|number| button(number / 2)));
        assert_eq!(all.iter().map(Vec::len).collect::<Vec<_>>(), [5; 5]);
        assert_eq!(all[4][4], button(24));
        assert_eq!(rows([button(1), button(1)]), [[button(1)]]);
        assert!(rows([]).is_empty());
    }
}
