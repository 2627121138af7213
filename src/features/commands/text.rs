//! What is read about commands.

use std::time::Duration;

use super::rules::{Facts, Step};
use crate::command::Command;
use crate::model::text::{count, duration};
use crate::model::{Button, CommandRule, Embed, Outcome, Outgoing, Permission, Refusal, Tally, UserId};

pub const COLOUR: u32 = 0xE0_A8_4E;
pub const SERVER_UNKNOWN: &str = "I do not know this server's roles yet. Please try again in a moment.";
pub const LEVELS_ARE_OFF: &str = "Levels are switched off here, so nobody has one to ask for.";
pub const UNKNOWN: &str = "I know no such command, or it is switched off everywhere. `/help` lists what there is.";
pub const NOTHING_RAN: &str = "No command has run here in that time.";

pub fn cannot_be_set(command: &str) -> String {
    format!("`{command}` is always there as it is: with it everything else can be found and taken back.")
}

pub fn which_one(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("Which one? There are {}.", names.join(", "))
}

pub fn no_such_page(page: usize, pages: usize) -> String {
    format!("There is no page {page}; the last one is {pages}.")
}

/// A command as it is set in a server.
pub fn setting(command: &Command, rule: CommandRule) -> String {
    let mut parts = vec![format!("`/{}`", command.name)];
    if rule.disabled {
        parts.push("**switched off here**".to_owned());
    }
    if command.requires != Permission::Everyone {
        parts.push(command.requires.name().to_owned());
    }
    if let Some(level) = rule.level {
        parts.push(format!("**from level {level} on**"));
    }
    match (rule.cooldown_seconds, command.cooldown_seconds) {
        (Some(0), _) => parts.push("**as often as you like**".to_owned()),
        (Some(seconds), _) => parts.push(format!("**once in {}**", span(seconds))),
        (None, 0) => {}
        (None, seconds) => parts.push(format!("once in {}", span(seconds))),
    }
    parts.join(" · ")
}

fn span(seconds: u32) -> String {
    duration(Duration::from_secs(seconds.into()))
}

pub fn set(lines: &[String]) -> Outgoing {
    let heading = if lines.len() == 1 { "It is now:" } else { "They are now:" };
    Outgoing::text(format!("{heading}\n{}", lines.join("\n")))
}

/// How often a command ran and how that ended.
pub fn usage(command: &str, tally: &Tally) -> String {
    let number = |runs: u64| count(i64::try_from(runs).unwrap_or(i64::MAX));
    let of = Outcome::ALL.iter().zip(tally.by_outcome);
    let others = of.filter(|(outcome, runs)| **outcome != Outcome::Ok && *runs > 0);
    let others: Vec<_> = others.map(|(outcome, runs)| format!("{} {}", number(runs), outcome.word())).collect();
    let average = tally.took_ms / tally.runs().max(1);
    let ended = if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) };
    format!("`/{command}` **{}**{ended} · {average} ms on average", number(tally.runs()))
}

/// A page of lines.
pub fn page(title: &str, rows: &[String], (page, pages): (usize, usize), line: &str) -> Result<Outgoing, Refusal> {
    let footer = if pages > 1 { format!("Page {page} of {pages}") } else { String::new() };
    let embed =
        Embed { title: title.to_owned(), description: rows.join("\n"), colour: COLOUR, footer, ..Embed::default() };
    Ok(Outgoing::embed(embed).with_buttons(turns((page, pages), line)?))
}

/// Buttons to the pages before and after this one.
pub fn turns((page, pages): (usize, usize), line: &str) -> Result<Vec<Button>, Refusal> {
    let mut buttons = Vec::new();
    if page > 1 {
        buttons.push(Button::new("◀ Page before", format!("{line} {}", page - 1))?);
    }
    if page < pages {
        buttons.push(Button::new("Next page ▶", format!("{line} {}", page + 1))?);
    }
    Ok(buttons)
}

/// The steps of the gate, with the one that says no.
pub fn can(member: UserId, command: &str, facts: &Facts, steps: &[(Step, bool)]) -> String {
    let verdict = match steps.iter().find(|(_, fine)| !fine) {
        None => format!("<@{member}> can use `/{command}` here."),
        Some((Step::Cooldown, _)) => format!("<@{member}> can use `/{command}` here, but not yet again."),
        Some(_) => format!("<@{member}> cannot use `/{command}` here."),
    };
    let mut lines = vec![verdict, format!("✅ Known: there is a command `/{command}`.")];
    for (step, fine) in steps {
        let mark = if *fine { "✅" } else { "❌" };
        lines.push(format!("{mark} {}", step_in_words(*step, *fine, facts)));
    }
    lines.join("\n")
}

fn step_in_words(step: Step, fine: bool, facts: &Facts) -> String {
    match (step, fine) {
        (Step::Here, true) => "Member: they are in this server.".to_owned(),
        (Step::Here, false) if facts.is_bot => "Member: bots use no commands.".to_owned(),
        (Step::Here, false) => "Member: they are not in this server.".to_owned(),
        (Step::SwitchedOn, true) => "Enabled: it is switched on here.".to_owned(),
        (Step::SwitchedOn, false) => "Enabled: it is switched off in this server (`/commands enable`).".to_owned(),
        (Step::Permission, _) if facts.requires == Permission::Everyone => "Permission: none is asked for.".to_owned(),
        (Step::Permission, true) => format!("Permission: they have {}, or all.", facts.requires.name()),
        (Step::Permission, false) => format!("Permission: they lack {} in this channel.", facts.requires.name()),
        (Step::Level, _) => match (facts.rule.level, facts.level) {
            (Some(needed), Some(level)) => format!("Level: {needed} is asked for; they are on level {level}."),
            _ => "Level: none is asked for.".to_owned(),
        },
        (Step::Cooldown, _) => match (facts.cools_for, facts.cooldown_seconds) {
            (Some(left), _) => format!("Cooldown: again in {}.", duration(left.max(Duration::from_secs(1)))),
            (None, 0) => "Cooldown: none.".to_owned(),
            (None, seconds) => format!("Cooldown: once in {}, and they are free to.", span(seconds)),
        },
    }
}
