//! When a rule of the configuration fits what happened: pure decisions.

use std::time::Duration;

use crate::config::{Occasion, OccasionWord, Rule};
use crate::model::template::Template;
use crate::model::{ChannelId, GuildId, RoleId, Timestamp, UserId};

/// Rules that answer to bots do so this often within [`BOTS_WITHIN`], in one channel: two bots that answer each other
/// would never end.
pub const BOTS_MAX: usize = 3;
pub const BOTS_WITHIN: Duration = Duration::from_secs(60);
/// Discord takes no longer message.
const MESSAGE_CHARS_MAX: usize = 2_000;

/// What happened, as far as rules ask.
#[derive(Debug)]
pub struct Happened<'a> {
    pub occasion: Occasion,
    pub guild: GuildId,
    pub member: Option<UserId>,
    pub name: &'a str,
    pub channel: Option<ChannelId>,
    /// The channel, and what it lies in.
    pub line: Vec<ChannelId>,
    pub roles: &'a [RoleId],
    pub from_bot: bool,
    pub text: &'a str,
    /// What else can be told, already harmless.
    pub more: Vec<(OccasionWord, String)>,
}

/// Whether the rule's conditions hold; `matches` says whether its pattern is in the text.
pub fn fits(rule: &Rule, happened: &Happened<'_>, matches: impl FnOnce(&str) -> bool) -> bool {
    let somewhere = |channels: &[ChannelId]| channels.iter().any(|channel| happened.line.contains(channel));
    rule.event == happened.occasion
        && (rule.from_bot || !happened.from_bot)
        && (rule.channels.is_empty() || somewhere(&rule.channels))
        && (rule.roles.is_empty() || rule.roles.iter().any(|role| happened.roles.contains(role)))
        && (rule.contains.is_empty() || happened.text.to_lowercase().contains(&rule.contains.to_lowercase()))
        && (rule.matches.is_empty() || matches(happened.text))
}

/// Whether one more run because of a bot is too many, after runs at these times; forgets those that are long ago.
pub fn is_too_often(runs: &mut Vec<Timestamp>, now: Timestamp) -> bool {
    runs.retain(|run| now.since(*run) < BOTS_WITHIN);
    if runs.len() >= BOTS_MAX {
        return true;
    }
    runs.push(now);
    false
}

/// The text with its values, cut to what a message can hold.
pub fn render(template: &Template<OccasionWord>, values: &[(OccasionWord, String)]) -> String {
    let value = |word| values.iter().find(|(known, _)| *known == word).map(|(_, value)| value.clone());
    template.render(|word| value(word).unwrap_or_default()).chars().take(MESSAGE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Action;

    fn rule() -> Rule {
        Rule::new(Occasion::Message, vec![Action::default()])
    }

    fn message<'a>(text: &'a str, roles: &'a [RoleId]) -> Happened<'a> {
        let channel = ChannelId::new(20).unwrap();
        Happened {
            occasion: Occasion::Message,
            guild: GuildId::new(10).unwrap(),
            member: UserId::new(30).ok(),
            name: "Ada",
            channel: Some(channel),
            line: vec![channel, ChannelId::new(19).unwrap()],
            roles,
            from_bot: false,
            text,
            more: Vec::new(),
        }
    }

    #[test]
    fn every_condition_has_to_hold() {
        let role = RoleId::new(40).unwrap();
        let full = Rule {
            channels: vec![ChannelId::new(19).unwrap()],
            roles: vec![role],
            contains: "HELP".to_owned(),
            matches: "x".to_owned(),
            ..rule()
        };
        assert!(fits(&full, &message("please help", &[role]), |_| true));
        assert!(!fits(&full, &message("please help", &[role]), |_| false));
        assert!(!fits(&full, &message("please", &[role]), |_| true));
        assert!(!fits(&full, &message("please help", &[]), |_| true));
        assert!(!fits(&Rule { event: Occasion::Kudos, ..full.clone() }, &message("help", &[role]), |_| true));
        let elsewhere = Happened { line: Vec::new(), ..message("help", std::slice::from_ref(&role)) };
        assert!(!fits(&full, &elsewhere, |_| true));
        let bot = Happened { from_bot: true, ..message("x", &[]) };
        assert!(!fits(&rule(), &bot, |_| true) && fits(&Rule { from_bot: true, ..rule() }, &bot, |_| true));
    }

    #[test]
    fn bots_are_answered_a_few_times_a_minute() {
        let at = |seconds: i64| Timestamp::from_ms(seconds * 1_000);
        let mut runs = Vec::new();
        let answered: Vec<_> = (0..120).filter(|second| !is_too_often(&mut runs, at(*second))).collect();
        assert_eq!(answered, [0, 1, 2, 60, 61, 62]);
    }
}
