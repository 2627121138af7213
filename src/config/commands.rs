//! `[[command]]`: commands of a community's own, which answer with a text.

use serde::{Deserialize, Serialize};

use crate::model::saying::MemberText;

/// Discord takes a hundred commands, ours included.
const COMMANDS_MAX: usize = 40;
const ALIASES_MAX: usize = 10;
/// Discord's limits for slash commands.
const NAME_CHARS_MAX: usize = 32;
const ABOUT_CHARS_MAX: usize = 100;
const COOLDOWN_SECONDS_MAX: u32 = 86_400;

/// A command of a community's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnCommand {
    pub name: String,
    /// What it answers.
    pub reply: MemberText,
    /// What `/help` and Discord say about it.
    #[serde(default = "about")]
    pub about: String,
    /// Other names for the prefix form.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Seconds between two runs by the same member; 0 for none.
    #[serde(default = "cooldown_seconds")]
    pub cooldown_seconds: u32,
    /// The answer is for the asker's eyes only.
    #[serde(default)]
    pub ephemeral: bool,
    /// Not in `/help`.
    #[serde(default)]
    pub hidden: bool,
}

impl OwnCommand {
    /// A command of this name that answers with this text.
    pub fn new(name: &str, reply: MemberText) -> Self {
        Self {
            name: name.to_owned(),
            reply,
            about: about(),
            aliases: Vec::new(),
            cooldown_seconds: cooldown_seconds(),
            ephemeral: false,
            hidden: false,
        }
    }
}

fn about() -> String {
    "A command of this server".to_owned()
}

fn cooldown_seconds() -> u32 {
    2
}

/// What is wrong with these commands: a key, and a sentence.
pub(super) fn mistakes(commands: &[OwnCommand]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if commands.len() > COMMANDS_MAX {
        found.push(("command".to_owned(), format!("has more than {COMMANDS_MAX} commands; Discord takes no more")));
    }
    let mut known: Vec<&str> = Vec::new();
    for (nth, command) in commands.iter().enumerate() {
        let mut hold = |holds: bool, key: &str, sentence: String| {
            if !holds {
                found.push((format!("command.{nth}.{key}"), sentence));
            }
        };
        let is_short = (1..=ABOUT_CHARS_MAX).contains(&command.about.trim().chars().count());
        hold(is_short, "about", format!("must have between 1 and {ABOUT_CHARS_MAX} characters"));
        hold(command.aliases.len() <= ALIASES_MAX, "aliases", format!("has more than {ALIASES_MAX} names"));
        let cooldown = command.cooldown_seconds <= COOLDOWN_SECONDS_MAX;
        hold(cooldown, "cooldown_seconds", format!("must be between 0 and {COOLDOWN_SECONDS_MAX}"));
        let names =
            std::iter::once(("name", &command.name)).chain(command.aliases.iter().map(|name| ("aliases", name)));
        for (key, name) in names {
            let rule = "is one word of at most 32 small letters, digits, - and _, and begins with a letter";
            hold(is_name(name), key, format!("has {name:?}; a name {rule}"));
            hold(
                !known.contains(&name.as_str()),
                key,
                format!("has {name:?}, which another command is called already"),
            );
            known.push(name);
        }
    }
    found
}

fn is_name(name: &str) -> bool {
    let is_small = |c: char| c.is_alphanumeric() && c.to_lowercase().eq([c]);
    let begins = name.chars().next().is_some_and(char::is_alphabetic);
    begins && name.chars().count() <= NAME_CHARS_MAX && name.chars().all(|c| is_small(c) || c == '-' || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_discord_takes() {
        for name in ["rules", "wi-fi", "über_uns", "a1"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "Rules", "two words", "/x", "1a", "x!", "😀", &"x".repeat(33)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
