//! The configuration: defaults ← TOML file ← environment, checked as a whole before anything starts.
//!
//! An unknown key is an error that names the nearest known one. `config.example.toml` shows every key with its default
//! and is held to that by a test.

mod load;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use load::{ConfigError, Loaded, Origin, load};

use crate::model::{ChannelId, GuildId, RoleId, Secret};

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub discord: Discord,
    pub store: Store,
    pub http: Http,
    pub lamp: Lamp,
    pub levels: Levels,
}

/// `[discord]`: who we are there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Discord {
    /// Only from the environment; a file that holds it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// A file with the token alone; empty: the environment has it.
    pub token_file: String,
    pub api_url: String,
    /// What prefix commands begin with; empty switches them off (and with them the message content intent).
    pub prefix: String,
    /// The guilds to serve; empty: every guild the bot is in.
    pub guilds: Vec<GuildId>,
}

impl Discord {
    /// Whether this guild is one to serve.
    pub fn serves(&self, guild: GuildId) -> bool {
        self.guilds.is_empty() || self.guilds.contains(&guild)
    }
}

impl Default for Discord {
    fn default() -> Self {
        Self {
            token: None,
            token_file: String::new(),
            api_url: "https://discord.com".to_owned(),
            prefix: "!".to_owned(),
            guilds: Vec::new(),
        }
    }
}

/// `[store]`: the database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    pub path: PathBuf,
    pub batch_rows: usize,
    pub batch_seconds: u64,
}

impl Default for Store {
    fn default() -> Self {
        Self { path: PathBuf::from("innkeeper.db"), batch_rows: 20, batch_seconds: 60 }
    }
}

/// `[http]`: the main door.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Address and port; empty switches it off.
    pub listen: String,
    /// How people reach it.
    pub public_url: String,
    /// Further host names to answer to.
    pub allowed_hosts: Vec<String>,
    pub visibility: Visibility,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            public_url: String::new(),
            allowed_hosts: Vec::new(),
            visibility: Visibility::default(),
        }
    }
}

/// Who may see what on the pages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Visibility {
    pub status: Audience,
    pub leaderboard: Audience,
}

impl Default for Visibility {
    fn default() -> Self {
        Self { status: Audience::Public, leaderboard: Audience::Members }
    }
}

/// Who may see something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    Off,
    Members,
    Public,
}

/// `[lamp]`: the status server that stays awake.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lamp {
    /// Address and port; empty switches it off.
    pub listen: String,
}

impl Default for Lamp {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8081".to_owned() }
    }
}

/// `[levels]`: XP, levels and their roles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Levels {
    pub enabled: bool,
    /// XP for a message that earns.
    pub message_xp: i64,
    /// Seconds until the same member's next message earns.
    pub message_cooldown_seconds: u32,
    /// XP for a minute in voice that counts.
    pub voice_xp_per_minute: i64,
    pub announce: Announce,
    pub voice: Voice,
    #[serde(rename = "role", skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<LevelRole>,
}

impl Default for Levels {
    fn default() -> Self {
        Self {
            enabled: true,
            message_xp: 15,
            message_cooldown_seconds: 60,
            voice_xp_per_minute: 10,
            announce: Announce::Channel,
            voice: Voice::default(),
            roles: Vec::new(),
        }
    }
}

/// `[levels.voice]`: which minutes in voice count all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Voice {
    pub count_muted: bool,
    pub count_deafened: bool,
    /// Without another person; bots do not count.
    pub count_alone: bool,
    /// In the guild's AFK channel.
    pub count_afk: bool,
}

/// `[[levels.role]]`: a role that a level brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelRole {
    pub level: u32,
    pub role: RoleId,
}

/// Where level-ups are announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announce {
    Off,
    /// Where the message was.
    Channel,
    /// To the member, in private.
    Direct,
    /// In this channel.
    In(ChannelId),
}

impl Serialize for Announce {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => serializer.serialize_str("off"),
            Self::Channel => serializer.serialize_str("channel"),
            Self::Direct => serializer.serialize_str("dm"),
            Self::In(channel) => serializer.collect_str(channel),
        }
    }
}

impl<'de> Deserialize<'de> for Announce {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Id(ChannelId),
            Word(String),
        }
        match Given::deserialize(deserializer) {
            Ok(Given::Id(channel)) => Ok(Self::In(channel)),
            Ok(Given::Word(word)) => match word.as_str() {
                "off" => Ok(Self::Off),
                "channel" => Ok(Self::Channel),
                "dm" => Ok(Self::Direct),
                _ => Err(serde::de::Error::custom("expected \"off\", \"channel\", \"dm\" or a channel's id")),
            },
            Err(_) => Err(serde::de::Error::custom("expected \"off\", \"channel\", \"dm\" or a channel's id")),
        }
    }
}

/// Limits of numbers, so that a typo does not pay a million levels a minute.
const MESSAGE_XP_MAX: i64 = 100_000;
const COOLDOWN_SECONDS_MAX: u32 = 86_400 * 7;
const BATCH_ROWS_MAX: usize = 10_000;
const BATCH_SECONDS_MAX: u64 = 3_600;
const PREFIX_CHARS_MAX: usize = 10;

impl Config {
    /// What is wrong with values that are each of the right type: the key and a sentence.
    fn mistakes(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let mut hold = |holds: bool, key: &'static str, sentence: String| {
            if !holds {
                found.push((key, sentence));
            }
        };
        let levels = &self.levels;
        hold(
            (0..=MESSAGE_XP_MAX).contains(&levels.message_xp),
            "levels.message_xp",
            format!("must be between 0 and {MESSAGE_XP_MAX}"),
        );
        hold(
            (1..=COOLDOWN_SECONDS_MAX).contains(&levels.message_cooldown_seconds),
            "levels.message_cooldown_seconds",
            format!("must be between 1 and {COOLDOWN_SECONDS_MAX}"),
        );
        hold(
            (0..=MESSAGE_XP_MAX).contains(&levels.voice_xp_per_minute),
            "levels.voice_xp_per_minute",
            format!("must be between 0 and {MESSAGE_XP_MAX}"),
        );
        hold(levels.roles.iter().all(|r| r.level >= 1), "levels.role", "levels start at 1".to_owned());
        let twice =
            levels.roles.iter().enumerate().any(|(nth, a)| levels.roles[..nth].iter().any(|b| a.role == b.role));
        hold(!twice, "levels.role", "names the same role twice; the lowest level that brings it is enough".to_owned());
        hold(
            (1..=BATCH_ROWS_MAX).contains(&self.store.batch_rows),
            "store.batch_rows",
            format!("must be between 1 and {BATCH_ROWS_MAX}"),
        );
        hold(
            (1..=BATCH_SECONDS_MAX).contains(&self.store.batch_seconds),
            "store.batch_seconds",
            format!("must be between 1 and {BATCH_SECONDS_MAX}"),
        );
        let prefix = &self.discord.prefix;
        hold(
            prefix.chars().count() <= PREFIX_CHARS_MAX && !prefix.contains(char::is_whitespace),
            "discord.prefix",
            format!("must be at most {PREFIX_CHARS_MAX} characters without spaces"),
        );
        let api_url = &self.discord.api_url;
        hold(
            api_url.starts_with("https://") || api_url.starts_with("http://"),
            "discord.api_url",
            "must begin with https:// (or http:// for a proxy)".to_owned(),
        );
        for (key, listen) in [("http.listen", &self.http.listen), ("lamp.listen", &self.lamp.listen)] {
            let fine = listen.is_empty() || listen.parse::<std::net::SocketAddr>().is_ok();
            hold(fine, key, format!("must be an address and port such as 127.0.0.1:8080, not {listen:?}"));
        }
        hold(
            self.discord.token.is_none() || self.discord.token_file.is_empty(),
            "discord.token_file",
            "the environment has a token too; use one of them, never both".to_owned(),
        );
        found
    }
}
