//! What is said about a member or an event in words of the configuration: the placeholders that such texts may have,
//! and their values, each made harmless.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::template::NotATemplate;
use super::text::{count, name};
use super::{Template, UserId};

/// Discord takes no longer message.
const MESSAGE_CHARS_MAX: usize = 2_000;

/// A placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// A mention; whether it pings is not decided here.
    Member,
    /// The same as plain text.
    Name,
    Guild,
    /// How many members the guild has.
    Count,
}

/// What can be told of a member.
const OF_A_MEMBER: &[(&str, Word)] =
    &[("member", Word::Member), ("name", Word::Name), ("guild", Word::Guild), ("count", Word::Count)];

/// The values of the placeholders.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    pub member: UserId,
    pub name: &'a str,
    pub guild: &'a str,
    pub count: u64,
}

/// A text about a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberText(Template<Word>);

impl MemberText {
    /// Reads such a text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, NotATemplate> {
        Template::parse(text, OF_A_MEMBER).map(Self)
    }

    /// The text with its values. Names are plain text; what is too long for a message is cut.
    pub fn render(&self, said: &Said<'_>) -> String {
        let words = self.0.render(|word| match word {
            Word::Member => format!("<@{}>", said.member),
            Word::Name => name(said.name),
            Word::Guild => name(said.guild),
            Word::Count => count(i64::try_from(said.count).unwrap_or(i64::MAX)),
        });
        words.chars().take(MESSAGE_CHARS_MAX).collect()
    }
}

impl Serialize for MemberText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.text())
    }
}

impl<'de> Deserialize<'de> for MemberText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str, who: &str) -> String {
        let said = Said { member: UserId::new(7).unwrap(), name: who, guild: "An *Inn*", count: 1_234 };
        MemberText::parse(text).unwrap().render(&said)
    }

    #[test]
    fn every_placeholder_has_its_value_and_no_value_does_anything() {
        assert_eq!(rendered("{member} {name} {guild} {count} {{x}}", "Ada"), "<@7> Ada An \\*Inn\\* 1,234 {x}");
        assert_eq!(rendered("{name}", "@everyone {member}\n<@1>"), "\\@everyone {member} \\<\\@1\\>");
        assert_eq!(rendered(&"{name}".repeat(160), &"x".repeat(99)).chars().count(), MESSAGE_CHARS_MAX);
    }

    #[test]
    fn an_unknown_placeholder_is_refused_with_the_nearest_known_one() {
        let words = MemberText::parse("hi {nmae}").unwrap_err().to_string();
        assert!(words.contains("no placeholder {nmae}") && words.ends_with("did you mean {name}?"), "{words}");
    }
}
