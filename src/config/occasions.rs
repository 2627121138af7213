//! `[[on]]`: what is to be done when something happens, without a line of code.

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use super::values::blank;
use crate::model::template::Template;
use crate::model::webhook::WebhookUrl;
use crate::model::{ChannelId, RoleId};

const RULES_MAX: usize = 100;
const ACTIONS_MAX: usize = 10;
const CONDITIONS_MAX: usize = 50;
const PATTERN_CHARS_MAX: usize = 200;
const NAME_CHARS_MAX: usize = 50;
/// What a pattern may take once it is compiled, in bytes: counted repetitions grow fast.
const PATTERN_BYTES_MAX: usize = 256 << 10;

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// Somebody came, and has accepted the rules where that is asked for.
    MemberJoin,
    MemberLeave,
    Message,
    Reaction,
    /// Somebody entered a voice channel.
    Voice,
    LevelUp,
    /// A moderator did something that is a case; notes are none.
    Case,
    Kudos,
    /// The bot came to a server.
    GuildJoin,
}

/// A placeholder of a text about an occasion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OccasionWord {
    Member,
    Name,
    Guild,
    Count,
    Channel,
    Text,
    Emoji,
    Level,
    Case,
    Kind,
    Reason,
    Amount,
}

impl Occasion {
    /// The word for it in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::MemberJoin => "member_join",
            Self::MemberLeave => "member_leave",
            Self::Message => "message",
            Self::Reaction => "reaction",
            Self::Voice => "voice",
            Self::LevelUp => "level_up",
            Self::Case => "case",
            Self::Kudos => "kudos",
            Self::GuildJoin => "guild_join",
        }
    }

    /// What can be told of it.
    pub fn words(self) -> Vec<(&'static str, OccasionWord)> {
        use OccasionWord::{Amount, Case, Channel, Count, Emoji, Guild, Kind, Level, Member, Name, Reason, Text};
        let mut words = vec![("guild", Guild), ("count", Count)];
        if self.has_member() {
            words.extend([("member", Member), ("name", Name)]);
        }
        if self.has_channel() {
            words.push(("channel", Channel));
        }
        words.extend_from_slice(match self {
            Self::Message => &[("text", Text)],
            Self::Reaction => &[("emoji", Emoji)],
            Self::LevelUp => &[("level", Level)],
            Self::Case => &[("case", Case), ("kind", Kind), ("reason", Reason)],
            Self::Kudos => &[("amount", Amount), ("reason", Reason)],
            Self::MemberJoin | Self::MemberLeave | Self::Voice | Self::GuildJoin => &[],
        });
        words
    }

    fn has_member(self) -> bool {
        self != Self::GuildJoin
    }

    /// Whether the member is still there, for a role.
    fn has_present_member(self) -> bool {
        !matches!(self, Self::GuildJoin | Self::MemberLeave)
    }

    fn has_channel(self) -> bool {
        matches!(self, Self::Message | Self::Reaction | Self::Voice | Self::LevelUp | Self::Kudos)
    }

    fn has_roles(self) -> bool {
        matches!(self, Self::MemberJoin | Self::Message | Self::Reaction | Self::Voice)
    }

    fn has_text(self) -> bool {
        matches!(self, Self::Message | Self::Reaction | Self::Case | Self::Kudos)
    }
}

/// A rule: on this occasion, under these conditions, do that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub event: Occasion,
    /// For the page and the log.
    #[serde(default)]
    pub name: String,
    /// Only there, in their threads, or in what a category holds; empty: everywhere.
    #[serde(default)]
    pub channels: Vec<ChannelId>,
    /// Only for members with one of these roles.
    #[serde(default)]
    pub roles: Vec<RoleId>,
    /// Only where the text holds this, in whatever case.
    #[serde(default)]
    pub contains: String,
    /// Only where the text matches this pattern.
    #[serde(default)]
    pub matches: String,
    /// Whether other bots count, too.
    #[serde(default)]
    pub from_bot: bool,
    #[serde(rename = "do")]
    pub actions: Vec<Action>,
}

/// What is to be done: exactly one of these.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Action {
    /// A text to send; with where, unless that is where it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send: Option<String>,
    #[serde(with = "blank")]
    pub channel: Option<ChannelId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub add_role: Option<RoleId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remove_role: Option<RoleId>,
    /// Where to post what happened, as JSON.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "WebhookUrl::hide")]
    pub webhook: Option<WebhookUrl>,
}

impl Rule {
    /// A rule without conditions.
    pub fn new(event: Occasion, actions: Vec<Action>) -> Self {
        Self {
            event,
            name: String::new(),
            channels: Vec::new(),
            roles: Vec::new(),
            contains: String::new(),
            matches: String::new(),
            from_bot: false,
            actions,
        }
    }

    /// The pattern, if there is one.
    ///
    /// # Errors
    /// A sentence.
    pub fn pattern(&self) -> Result<Option<Regex>, String> {
        if self.matches.is_empty() {
            return Ok(None);
        }
        if self.matches.chars().count() > PATTERN_CHARS_MAX {
            return Err(format!("has more than {PATTERN_CHARS_MAX} characters"));
        }
        let built =
            RegexBuilder::new(&self.matches).size_limit(PATTERN_BYTES_MAX).dfa_size_limit(PATTERN_BYTES_MAX).build();
        built.map(Some).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "is too large a pattern: it repeats too much".to_owned(),
            error => {
                // The last line says what is wrong; those before it draw the pattern.
                let said = error.to_string();
                let last = said.lines().last().unwrap_or_default();
                format!("is no pattern: {}", last.trim_start_matches("error: ").trim_end_matches('.'))
            }
        })
    }

    /// The text of an action as a template.
    ///
    /// # Errors
    /// A sentence.
    pub fn template(&self, text: &str) -> Result<Template<OccasionWord>, String> {
        Template::parse(text, &self.event.words()).map_err(|error| error.to_string())
    }
}

/// What is wrong with these rules: a key, and a sentence.
pub(super) fn mistakes(rules: &[Rule]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if rules.len() > RULES_MAX {
        found.push(("on".to_owned(), format!("has more than {RULES_MAX} rules")));
    }
    for (nth, rule) in rules.iter().enumerate() {
        found.extend(conditions(rule).into_iter().map(|(key, words)| (format!("on.{nth}.{key}"), words)));
        for action in &rule.actions {
            found.extend(wrong_with(rule, action).map(|words| (format!("on.{nth}.do"), words)));
        }
    }
    found
}

fn conditions(rule: &Rule) -> Vec<(&'static str, String)> {
    let event = rule.event.word();
    let mut found = Vec::new();
    let mut hold = |holds: bool, key: &'static str, words: String| {
        if !holds {
            found.push((key, words));
        }
    };
    let name = rule.name.chars().count() <= NAME_CHARS_MAX;
    hold(name, "name", format!("has more than {NAME_CHARS_MAX} characters"));
    let fits = rule.channels.is_empty() || rule.event.has_channel();
    hold(fits, "channels", format!("means nothing for {event:?}, which happens in no channel"));
    let fits = rule.roles.is_empty() || rule.event.has_roles();
    hold(fits, "roles", format!("means nothing for {event:?}: Discord does not tell the member's roles along with it"));
    for (key, text) in [("contains", &rule.contains), ("matches", &rule.matches)] {
        let fits = text.is_empty() || rule.event.has_text();
        hold(fits, key, format!("means nothing for {event:?}, which has no text"));
    }
    let short = rule.contains.chars().count() <= PATTERN_CHARS_MAX;
    hold(short, "contains", format!("has more than {PATTERN_CHARS_MAX} characters"));
    if let Err(words) = rule.pattern() {
        hold(false, "matches", words);
    }
    for (key, entries) in [("channels", rule.channels.len()), ("roles", rule.roles.len())] {
        hold(entries <= CONDITIONS_MAX, key, format!("has more than {CONDITIONS_MAX} entries"));
    }
    let some = (1..=ACTIONS_MAX).contains(&rule.actions.len());
    hold(some, "do", format!("has to hold between 1 and {ACTIONS_MAX} actions"));
    found
}

fn wrong_with(rule: &Rule, action: &Action) -> Option<String> {
    let event = rule.event.word();
    let is_one = |given: bool| usize::from(given);
    let roles = is_one(action.add_role.is_some()) + is_one(action.remove_role.is_some());
    let given = is_one(action.send.is_some()) + roles + is_one(action.webhook.is_some());
    if given != 1 {
        return Some("has an action that is not exactly one of send, add_role, remove_role, webhook".to_owned());
    }
    if roles > 0 && !rule.event.has_present_member() {
        return Some(format!("changes a role on {event:?}, where there is no member to have it"));
    }
    let Some(text) = &action.send else {
        return action.channel.is_some().then(|| "names a channel for an action that sends nothing".to_owned());
    };
    if action.channel.is_none() && !rule.event.has_channel() {
        return Some(format!("sends on {event:?}, which happens in no channel: say in which"));
    }
    rule.template(text).err().map(|words| format!("has a text that cannot be sent: {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(toml: &str) -> String {
        #[derive(Deserialize)]
        struct Rules {
            on: Vec<Rule>,
        }
        let rules: Rules = toml::from_str(&format!("[[on]]\n{toml}")).unwrap();
        mistakes(&rules.on).into_iter().map(|(key, words)| format!("{key} {words}")).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn what_means_nothing_is_refused_in_words() {
        let fine = "event = \"message\"\nchannels = [\"7\"]\nroles = [\"8\"]\ncontains = \"x\"\nmatches = \"^a+$\"\n\
            do = [{ send = \"{text}\" }, { add_role = \"7\" }, { webhook = \"https://example.org/\" }]";
        assert_eq!(wrong(fine), "");
        let cases = [
            ("event = \"message\"\ndo = []", "on.0.do has to hold between 1 and 10 actions"),
            ("event = \"message\"\ndo = [{}]", "not exactly one of send"),
            ("event = \"message\"\ndo = [{ send = \"x\", add_role = \"7\" }]", "not exactly one of send"),
            ("event = \"message\"\ndo = [{ add_role = \"7\", channel = \"7\" }]", "names a channel for an action"),
            ("event = \"member_join\"\ndo = [{ send = \"x\" }]", "which happens in no channel: say in which"),
            ("event = \"member_join\"\nchannels = [\"7\"]\ndo = [{ add_role = \"7\" }]", "on.0.channels means nothing"),
            ("event = \"member_leave\"\ndo = [{ add_role = \"7\" }]", "where there is no member to have it"),
            ("event = \"level_up\"\nroles = [\"7\"]\ndo = [{ add_role = \"7\" }]", "on.0.roles means nothing"),
            ("event = \"voice\"\ncontains = \"x\"\ndo = [{ add_role = \"7\" }]", "on.0.contains means nothing"),
            ("event = \"level_up\"\ndo = [{ send = \"{lvel}\" }]", "did you mean {level}?"),
            ("event = \"message\"\nmatches = \"(\"\ndo = [{ send = \"x\" }]", "on.0.matches is no pattern: unclosed"),
            ("event = \"message\"\nmatches = \"(a{200}){200}\"\ndo = [{ send = \"x\" }]", "too large a pattern"),
        ];
        for (toml, expected) in cases {
            assert!(wrong(toml).contains(expected), "{toml}: {}", wrong(toml));
        }
    }
}
