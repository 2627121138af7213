//! The configuration: defaults ← TOML file ← environment, checked as a whole before anything starts.
//!
//! An unknown key is an error that names the nearest known one. `config.example.toml` shows every key with its default
//! and is held to that by a test.

mod bumps;
mod change;
mod commands;
mod kudos;
mod levels;
mod lines;
mod load;
mod locks;
mod moderation;
mod oauth;
mod occasions;
mod privacy;
mod roles;
mod roster;
mod secrets;
mod values;
mod welcome;
mod wires;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use bumps::{Bumps, DISBOARD};
pub use change::{Merged, Recipe, Reloaded, merge};
pub use commands::OwnCommand;
pub use kudos::{KUDOS_AMOUNT_MAX, Kudos};
pub use levels::{Announce, LevelRole, LevelUpText, LevelUpWord, Levels, Multipliers, RoleMode, Tier, Voice};
pub use load::{ConfigError, Loaded, Origin, load, load_only};
pub use locks::Locks;
pub use moderation::{Moderation, Punishment, TIMEOUT_MAX, Threshold};
pub use oauth::{Oauth, SignIn};
pub use occasions::{Action, Occasion, OccasionWord, Rule};
pub use privacy::Privacy;
pub use roles::Roles;
pub use roster::{PRIORITY_LAST, RANK_CHARS_MAX, RANK_COLOUR, Roster, StaffRole};
pub use values::{Colour, Multiplier, XpRange};
pub use welcome::Welcome;
pub use wires::Wires;

use crate::model::webhook::WebhookUrl;
use crate::model::{GuildId, Secret, Zone};

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub discord: Discord,
    pub store: Store,
    pub http: Http,
    pub lamp: Lamp,
    pub oauth: Oauth,
    pub levels: Levels,
    pub kudos: Kudos,
    pub moderation: Moderation,
    pub locks: Locks,
    pub bumps: Bumps,
    pub roles: Roles,
    pub roster: Roster,
    pub privacy: Privacy,
    pub welcome: Welcome,
    pub wires: Wires,
    /// What is to be done when something happens.
    #[serde(rename = "on", skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Commands of the community's own.
    #[serde(rename = "command", skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<OwnCommand>,
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
    /// Where avatars are.
    pub cdn_url: String,
    /// What prefix commands begin with; empty switches them off (and with them the message content intent).
    pub prefix: String,
    /// The guilds to serve; empty: every guild the bot is in.
    pub guilds: Vec<GuildId>,
    /// Where the community's days begin.
    pub timezone: Zone,
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
            cdn_url: "https://cdn.discordapp.com".to_owned(),
            prefix: "!".to_owned(),
            guilds: Vec::new(),
            timezone: Zone::default(),
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

const READS_PER_SECOND: NonZeroU32 = NonZeroU32::new(2_000).unwrap();
const WRITES_PER_SECOND: NonZeroU32 = NonZeroU32::new(500).unwrap();

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
    /// Proxies in front of us: what they say of where a request comes from is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Pages elsewhere that may ask the API from a browser: scheme and host.
    pub cors_origins: Vec<String>,
    /// What one key or person may ask of the API.
    pub reads_per_second: NonZeroU32,
    pub writes_per_second: NonZeroU32,
    /// Addresses that hooks of keys may post to although they are private, or no https.
    #[serde(serialize_with = "WebhookUrl::hide_all", deserialize_with = "WebhookUrl::read_trusted")]
    pub webhook_allow: Vec<WebhookUrl>,
    pub visibility: Visibility,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            public_url: String::new(),
            allowed_hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            reads_per_second: READS_PER_SECOND,
            writes_per_second: WRITES_PER_SECOND,
            webhook_allow: Vec::new(),
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
    /// Who of the staff is there.
    pub roster: Audience,
    /// What the bot has promised to do, which names members.
    pub promises: Audience,
}

impl Default for Visibility {
    fn default() -> Self {
        let members = Audience::Members;
        Self { status: Audience::Public, leaderboard: members, roster: members, promises: members }
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

/// Limits of numbers, so that a typo is not taken for a wish.
const BATCH_ROWS_MAX: usize = 10_000;
const BATCH_SECONDS_MAX: u64 = 3_600;
const PREFIX_CHARS_MAX: usize = 10;

/// A key, and a sentence about its value.
type Mistake = (&'static str, String);

impl Config {
    /// Fits together what was read key by key.
    fn settle(&mut self) {
        self.levels.settle();
    }

    /// The same of lists of tables: the key says which of them.
    fn mistakes_in_lists(&self) -> Vec<(String, String)> {
        let mut found = commands::mistakes(&self.commands);
        found.extend(occasions::mistakes(&self.rules));
        found
    }

    /// What is wrong with values that are each of the right type: the key and a sentence.
    fn mistakes(&self) -> Vec<Mistake> {
        let mut found = self.levels.mistakes();
        found.extend(self.oauth.mistakes());
        found.extend(self.kudos.mistakes());
        found.extend(self.moderation.mistakes());
        found.extend(self.bumps.mistakes());
        found.extend(self.roles.mistakes());
        found.extend(self.roster.mistakes());
        found.extend(self.privacy.mistakes());
        found.extend(self.welcome.mistakes());
        let mut hold = |holds: bool, key: &'static str, sentence: String| {
            if !holds {
                found.push((key, sentence));
            }
        };
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
        for (key, url) in [("discord.api_url", &self.discord.api_url), ("discord.cdn_url", &self.discord.cdn_url)] {
            let fine = url.starts_with("https://") || url.starts_with("http://");
            hold(fine, key, "must begin with https:// (or http:// for a proxy)".to_owned());
        }
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
