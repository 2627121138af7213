//! A configuration that is read again: what is different, and what of it can be taken over by a bot that runs.

use std::path::PathBuf;

use super::{Config, ConfigError, Loaded, Wires, load};

/// Keys, or beginnings of keys, that are looked at once, when the bot starts.
const AT_START: [&str; 13] = [
    "discord.token",
    "discord.token_file",
    "discord.api_url",
    "discord.cdn_url",
    "discord.guilds",
    "store.",
    "http.",
    "lamp.",
    "oauth.",
    "wires.hub",
    "wires.mindtrace",
    "wires.smarter_dev",
    "wires.staff",
];
/// A value in a line about a change is cut after so many characters.
const VALUE_CHARS_MAX: usize = 120;

/// How the configuration was read, so that it can be read again.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub file: Option<PathBuf>,
    pub environment: Vec<(String, String)>,
}

impl Recipe {
    /// Reads it, as at the start.
    ///
    /// # Errors
    /// What is wrong with it, with file and line.
    pub fn load(&self) -> Result<Loaded, ConfigError> {
        load(self.file.as_deref(), self.environment.clone())
    }
}

/// What came of reading the configuration again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reloaded {
    /// What holds now. Each change is a line, `key: old -> new`, with secrets as `***`.
    Taken {
        changed: Vec<String>,
        /// What is different in the file, but needs a restart.
        restart: Vec<String>,
    },
    /// It cannot be used, and everything stays as it was.
    Refused(String),
    /// The bot was not started from a file, as in the demo.
    NoFile,
}

/// A configuration to take over, made of one that runs and one that was read.
pub struct Merged {
    pub config: Config,
    pub changed: Vec<String>,
    /// Changes that need a restart.
    pub restart: Vec<String>,
}

/// What of `wanted` a bot that runs with `running` can take over.
pub fn merge(running: &Config, wanted: Config) -> Merged {
    let (later, now): (Vec<_>, Vec<_>) =
        differences(running, &wanted).into_iter().partition(|(key, _)| is_at_start(key));
    let lines = |changes: Vec<(String, String)>| changes.into_iter().map(|(_, line)| line).collect();
    let mut config = wanted;
    config.store = running.store.clone();
    config.http = running.http.clone();
    config.lamp = running.lamp.clone();
    config.oauth = running.oauth.clone();
    config.wires = Wires { guild: config.wires.guild, ..running.wires.clone() };
    let (discord, ours) = (&mut config.discord, &running.discord);
    discord.token.clone_from(&ours.token);
    discord.token_file.clone_from(&ours.token_file);
    discord.api_url.clone_from(&ours.api_url);
    discord.cdn_url.clone_from(&ours.cdn_url);
    discord.guilds.clone_from(&ours.guilds);
    Merged { config, changed: lines(now), restart: lines(later) }
}

fn is_at_start(key: &str) -> bool {
    AT_START.iter().any(|fixed| key == *fixed || fixed.ends_with('.') && key.starts_with(fixed))
}

/// The keys whose values differ, each with a line that says how.
fn differences(before: &Config, after: &Config) -> Vec<(String, String)> {
    let (old, new) = (before.values(), after.values());
    let value =
        |of: &[(String, String)], key: &str| of.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone());
    let mut keys: Vec<&String> = old.iter().map(|(key, _)| key).collect();
    keys.extend(new.iter().map(|(key, _)| key).filter(|key| value(&old, key).is_none()));
    let mut found = Vec::new();
    for key in keys {
        let (was, is) = (value(&old, key), value(&new, key));
        if was != is {
            found.push((key.clone(), format!("{key}: {} -> {}", shown(was), shown(is))));
        }
    }
    // An address that is a secret may have changed without a trace.
    if before.rules != after.rules && found.iter().all(|(key, _)| key != "on") {
        found.push(("on".to_owned(), "on: *** -> ***".to_owned()));
    }
    found
}

fn shown(value: Option<String>) -> String {
    let Some(value) = value else { return "(nothing)".to_owned() };
    let cut: String = value.chars().take(VALUE_CHARS_MAX).collect();
    if cut.len() < value.len() { format!("{cut}…") } else { cut }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;

    #[test]
    fn what_can_change_is_taken_over_and_what_cannot_is_named() {
        let mut wanted = Config::default();
        wanted.levels.message_xp = 20.into();
        wanted.lamp.listen = String::new();
        wanted.store.batch_rows = 5;
        wanted.http.public_url = "https://inn.example".to_owned();
        wanted.discord.token = Some(Secret::new("abc"));
        wanted.oauth.client_secret_file = "secret".to_owned();
        wanted.discord.prefix = "?".to_owned();
        let merged = merge(&Config::default(), wanted);
        assert_eq!(merged.changed, ["discord.prefix: \"!\" -> \"?\"", "levels.message_xp: 15 -> 20"]);
        let expected = [
            "http.public_url: \"\" -> \"https://inn.example\"",
            "lamp.listen: \"127.0.0.1:8081\" -> \"\"",
            "oauth.client_secret_file: \"\" -> \"secret\"",
            "store.batch_rows: 20 -> 5",
            "discord.token: (nothing) -> \"***\"",
        ];
        assert_eq!(merged.restart, expected);
        let mut expected = Config::default();
        expected.levels.message_xp = 20.into();
        expected.discord.prefix = "?".to_owned();
        assert_eq!(merged.config, expected);
    }

    #[test]
    fn a_long_value_is_cut() {
        let mut wanted = Config::default();
        wanted.kudos.thanks_words = vec!["thanks".to_owned(); 50];
        let merged = merge(&Config::default(), wanted);
        assert_eq!(merged.changed.len(), 1);
        assert!(merged.changed[0].ends_with('…') && merged.changed[0].chars().count() < 250);
    }
}
