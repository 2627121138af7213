//! The address of a webhook: who knows it may post there, so it is a secret. And what is posted to the hooks of API
//! keys.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Value, json};
use url::Url;

use super::access::name_after;
use super::{GuildId, Secret, Setback, Timestamp};

const CHARS_MAX: usize = 2_000;
/// How long a hook that does not answer is tried.
const TRIED_FOR: Duration = Duration::from_secs(24 * 3_600);

/// An https address that prints as `***`. It is written out in full, for promises; settings hide it.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

impl WebhookUrl {
    /// The address itself, for the one place that posts there.
    pub fn reveal(&self) -> &Url {
        &self.0
    }

    /// The server, which is no secret.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// For a setting that is shown: `***`.
    pub fn hide<S: Serializer>(url: &Option<Self>, serializer: S) -> Result<S::Ok, S::Error> {
        url.as_ref().map(|_| "***").serialize(serializer)
    }

    /// The same of several.
    pub fn hide_all<S: Serializer>(urls: &[Self], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(urls.iter().map(|_| "***"))
    }

    /// Reads addresses that the owner vouches for: they may also be `http://`.
    pub fn read_trusted<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Self>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| Self::of_owner(text).map_err(de::Error::custom)).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// Words about what is expected, without the address.
    pub fn of_owner(text: &str) -> Result<Self, &'static str> {
        Self::parse(text, &["https", "http"])
    }

    /// An address that a program names, and whether the owner vouches for it: it is one of `trusted` then.
    ///
    /// # Errors
    /// Words about what is expected, without the address.
    pub fn judge(text: &str, trusted: &[Self]) -> Result<(Self, bool), &'static str> {
        let listed = Url::parse(text.trim()).ok().and_then(|url| trusted.iter().find(|trusted| trusted.0 == url));
        match listed {
            Some(url) => Ok((url.clone(), true)),
            None => text.parse().map(|url| (url, false)),
        }
    }

    fn parse(text: &str, schemes: &[&str]) -> Result<Self, &'static str> {
        // What is wrong is told without the text: it may be a secret with a typo.
        let wrong = "expected an address such as https://example.org/hook";
        let url = Url::parse(text.trim()).map_err(|_| wrong)?;
        let whole = schemes.contains(&url.scheme()) && url.has_host() && text.len() <= CHARS_MAX;
        let plain = url.username().is_empty() && url.password().is_none();
        if whole && plain { Ok(Self(url)) } else { Err(wrong) }
    }
}

impl FromStr for WebhookUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, &["https"])
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for WebhookUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for WebhookUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// What a hook of an API key may be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookKind {
    LevelUp,
    ToolUnlocked,
    Kudos,
    Case,
    Member,
    Promise,
}

impl HookKind {
    pub const ALL: [Self; 6] =
        [Self::LevelUp, Self::ToolUnlocked, Self::Kudos, Self::Case, Self::Member, Self::Promise];

    pub const fn word(self) -> &'static str {
        match self {
            Self::LevelUp => "level_up",
            Self::ToolUnlocked => "tool_unlocked",
            Self::Kudos => "kudos",
            Self::Case => "case",
            Self::Member => "member",
            Self::Promise => "promise",
        }
    }

    /// Whether only moderators see it.
    pub const fn is_for_moderators(self) -> bool {
        matches!(self, Self::Case | Self::Promise)
    }

    /// Those that these words name, in the order of all; what is no kind any more is left out.
    pub fn read(words: &str) -> Vec<Self> {
        Self::ALL.into_iter().filter(|kind| words.split(' ').any(|word| word == kind.word())).collect()
    }
}

/// Something to be posted to a hook. Neither the address nor what signs it is here: promises are shown to members who
/// ask what is kept about them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The hook's number.
    pub hook: i64,
    /// By which the receiver knows what comes twice.
    pub id: String,
    /// A JSON object.
    pub body: String,
    /// Until when it is tried.
    pub until: Timestamp,
    /// Somebody asked for it: it goes out even where the hook is disabled, to see whether it works again.
    #[serde(default)]
    pub asked: bool,
}

impl Delivery {
    /// A delivery to a hook, named after what caused it: these fields, with `id`, `kind`, `guild_id` and `timestamp`.
    pub fn new(hook: i64, origin: &str, (word, guild): (&str, GuildId), mut fields: Value, now: Timestamp) -> Self {
        let id = name_after(origin);
        fields["id"] = id.as_str().into();
        fields["kind"] = word.into();
        fields["guild_id"] = json!(guild);
        fields["timestamp"] = now.rfc3339().into();
        Self { hook, id, body: fields.to_string(), until: now.plus(TRIED_FOR), asked: false }
    }

    /// The same delivery, which somebody asked for.
    pub fn again(self, now: Timestamp) -> Self {
        Self { until: now.plus(TRIED_FOR), asked: true, ..self }
    }
}

/// The same, with where it goes.
#[derive(Debug, Clone)]
pub struct Parcel {
    pub delivery: Delivery,
    pub url: WebhookUrl,
    /// The owner vouches for this very address: it may be private.
    pub trusted: bool,
    /// What it is signed with.
    pub secret: Secret,
}

/// What came of an attempt to post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// What the server answered, if it did.
    pub status: Option<u16>,
    pub outcome: Result<(), Setback>,
}

impl Posted {
    /// Nobody was asked.
    pub fn refused(words: impl Into<String>) -> Self {
        Self { status: None, outcome: Err(Setback::Refused { status: 0, code: 0, words: words.into() }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_addresses_are_taken_and_none_is_shown() {
        let url: WebhookUrl = "https://example.org:8443/hook?key=abc".parse().unwrap();
        assert_eq!((format!("{url:?}").as_str(), url.host()), ("***", "example.org"));
        for wrong in ["http://example.org/", "https://", "https://a:b@example.org/", "example.org", "file:///etc/x", ""]
        {
            assert!(!wrong.parse::<WebhookUrl>().unwrap_err().contains("a:b"), "{wrong}");
        }
    }

    #[test]
    fn what_the_owner_lists_is_trusted_to_the_letter() {
        let trusted = [WebhookUrl::of_owner("http://127.0.0.1:9000/hook?key=a").unwrap()];
        let judge = |text: &str| WebhookUrl::judge(text, &trusted);
        assert!(judge("http://127.0.0.1:9000/hook?key=a").is_ok_and(|(_, trusted)| trusted));
        for other in
            ["http://127.0.0.1:9000/hook?key=b", "http://127.0.0.1:9000/", "http://u@127.0.0.1:9000/hook?key=a"]
        {
            assert!(judge(other).is_err(), "{other}");
        }
        assert!(judge("https://127.0.0.1:9000/hook?key=a").is_ok_and(|(_, trusted)| !trusted));
    }

    #[test]
    fn kinds_are_read_from_words_and_unknown_ones_left_out() {
        assert_eq!(HookKind::read("kudos hug level_up"), [HookKind::LevelUp, HookKind::Kudos]);
        assert!(HookKind::read("").is_empty());
    }
}
