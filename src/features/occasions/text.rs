//! What is said on the page, on promises and in the audit log.

use crate::config::Rule;
use crate::model::text::plain;

pub const ACTION: &str = "Correct the rule in [[on]] and use /reload; /promises does again what was refused.";
pub const LOOP_ACTION: &str = "Narrow the rule down, or take from_bot = true away.";
pub const NO_CHANNEL: &str = "its channel is in no server that I see";
pub const NO_ROLE: &str = "its role is in no server that I see";
pub const POWERFUL: &str = "its role has moderation permissions, and no rule may change such a role";
pub const MANAGED: &str = "its role belongs to an integration";

/// What a rule is called: by its name, else by its number, counted from 1, and what it is about.
pub fn name(nth: usize, rule: &Rule) -> String {
    match rule.name.trim() {
        "" => format!("The rule {} ({})", nth + 1, rule.event.word()),
        name => format!("The rule “{}”", plain(name)),
    }
}

pub fn failed(rule: &str, words: &str) -> String {
    format!("{rule} could not do all it should: {words}")
}

pub fn too_often(rule: &str) -> String {
    format!("{rule} answers a bot again and again, so I answer it only a few times a minute.")
}

pub fn promise(rule: &str, what: &str) -> String {
    let (first, rest) = rule.split_at(1);
    format!("{what} because of {}{rest}", first.to_lowercase())
}

pub fn reason(rule: &str) -> String {
    format!("{rule} says so.")
}
