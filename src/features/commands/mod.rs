//! The commands themselves: `/help` lists them, `/commands` sets them for a server and says how they are used, `/can`
//! explains what keeps somebody from one. What a server sets is kept here; the gate goes by the copy in memory.

pub mod api;
mod can;
mod help;
mod registry;
pub mod rules;
pub mod store;
mod text;

use super::Feature;
use crate::command::Command;
use crate::cx::Cx;
use crate::model::{Event, Need, Refusal, Result};
use crate::store::personal::{Column, Forget, Personal};

pub(super) static FEATURE: Feature = Feature {
    name: "commands",
    is_on: |_| true,
    needs: |config| if config.discord.prefix.is_empty() { &[] } else { &[Need::MessageContent] },
    commands: &[
        &help::HELP,
        &can::CAN,
        &registry::LIST,
        &registry::ENABLE,
        &registry::DISABLE,
        &registry::COOLDOWN,
        &registry::LEVEL,
        &registry::USAGE,
    ],
    undoes: &[],
    start: Some(start),
    observe,
    card: None,
    verify: Some(store::verify),
    portrait: None,
    personal: &[
        Personal::nobody("command_rule", "how servers set commands"),
        Personal::nobody("command_day", "how often commands ran, by day and without names"),
        Personal::otherwise(
            "command_usage",
            "which commands you used how often",
            &[Column::Id("user")],
            Forget::By(store::forget, "the numbers stay without your name"),
        ),
    ],
};

const CATEGORY: &str = "General";
/// The longest name of a command that is looked at.
const WORD_CHARS_MAX: u16 = 50;

/// Brings what servers set into memory.
fn start(cx: &mut Cx<'_>) -> Result<()> {
    for (guild, command, rule) in store::list(cx.tx.read())? {
        cx.book.put(guild, &command, rule);
    }
    Ok(())
}

fn observe(cx: &mut Cx<'_>, event: &Event) -> Result<()> {
    match event {
        Event::CommandsCounted(tallies) => store::count(cx.tx, tallies),
        _ => Ok(()),
    }
}

/// The command that a person means, or all of those that begin with their word.
fn find_all(cx: &Cx<'_>, word: &str) -> Result<Vec<&'static Command>, Refusal> {
    let all = super::commands(cx.config);
    let word = bare(word, &cx.config.discord.prefix);
    let parts = help::parts_of(&word, &all);
    if !parts.is_empty() {
        return Ok(parts);
    }
    let found = all.into_iter().find(|command| command.is_called(&word));
    found.map(|command| vec![command]).ok_or_else(|| Refusal::new(text::UNKNOWN))
}

/// What somebody typed as the name of a command, without what stands before it in a message.
fn bare(word: &str, prefix: &str) -> String {
    let word = word.trim().trim_start_matches('/');
    let word = if prefix.is_empty() { word } else { word.strip_prefix(prefix).unwrap_or(word) };
    word.split_whitespace().collect::<Vec<_>>().join(" ")
}
