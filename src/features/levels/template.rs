//! The announcement of a level in words: the configured text with its values, each of which is made harmless.

use crate::config::{LevelUpText, LevelUpWord};
use crate::model::text::{count, name};
use crate::model::{RoleId, UserId};

/// What an announcement can tell.
#[derive(Debug, Clone, Copy)]
pub struct LevelUp<'a> {
    pub member: UserId,
    pub level: u32,
    pub tier: &'a str,
    pub xp: i64,
    pub guild: &'a str,
    /// The roles that the level brings.
    pub roles: &'a [RoleId],
    /// The tools that it makes available.
    pub tools: &'a [String],
}

/// The announcement. Names are repeated as plain text, members and roles as mentions; whether those ping is not decided
/// here. Where a level brings no role or tool, their places stay empty.
pub fn render(text: &LevelUpText, level_up: &LevelUp<'_>) -> String {
    let words = text.0.render(|word| match word {
        LevelUpWord::Member => format!("<@{}>", level_up.member),
        LevelUpWord::Level => level_up.level.to_string(),
        LevelUpWord::Tier => name(level_up.tier),
        LevelUpWord::Xp => count(level_up.xp),
        LevelUpWord::Guild => name(level_up.guild),
        LevelUpWord::Role => listed(level_up.roles, |role| format!("<@&{role}>")),
        LevelUpWord::Tools => listed(level_up.tools, |tool| name(tool)),
    });
    words.chars().take(MESSAGE_CHARS_MAX).collect()
}

/// Discord takes no longer message.
const MESSAGE_CHARS_MAX: usize = 2_000;
/// Roles or tools that are named; a level that brings more names these.
const LISTED_MAX: usize = 10;

fn listed<T>(values: &[T], words: impl Fn(&T) -> String) -> String {
    values.iter().take(LISTED_MAX).map(words).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rendered(text: &str, guild: &str, tools: &[String]) -> String {
        let roles = [RoleId::new(8).unwrap(), RoleId::new(9).unwrap()];
        let member = UserId::new(7).unwrap();
        let level_up = LevelUp { member, level: 12, tier: "Member", xp: 15_050, guild, roles: &roles, tools };
        render(&LevelUpText::parse(text).unwrap(), &level_up)
    }

    #[test]
    fn every_placeholder_has_its_value() {
        let text = "{member} {level} {tier} {xp} {guild} {role} {tools} {{level}}";
        let tools = ["Polls".to_owned(), "*Music*".to_owned()];
        let expected = "<@7> 12 Member 15,050 An Inn <@&8>, <@&9> Polls, \\*Music\\* {level}";
        assert_eq!(rendered(text, "An Inn", &tools), expected);
        assert_eq!(rendered("[{tools}]", "", &[]), "[]");
    }

    #[test]
    fn the_usual_announcement_is_as_it_was() {
        let level_up =
            LevelUp { member: UserId::new(7).unwrap(), level: 2, tier: "", xp: 0, guild: "", roles: &[], tools: &[] };
        assert_eq!(render(&LevelUpText::default(), &level_up), "<@7> has reached level **2**.");
    }

    #[test]
    fn values_cannot_mention_format_or_hold_placeholders() {
        assert_eq!(rendered("{guild}", "@everyone {xp} **x**", &[]), "\\@everyone {xp} \\*\\*x\\*\\*");
        let long = "{tools}".repeat(100);
        assert_eq!(rendered(&long, "", &vec!["x".repeat(99); 99]).chars().count(), MESSAGE_CHARS_MAX);
    }

    proptest! {
        #[test]
        fn any_name_stays_on_its_line(guild in "\\PC{0,60}|[@#<>\n\r*]{0,20}") {
            let words = rendered("{guild}", &guild, &[]);
            prop_assert!(!words.contains(['\n', '\r']) && !words.contains("@everyone ") && words.chars().count() <= 80);
        }
    }
}
