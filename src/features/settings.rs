//! The settings, read again while the bot runs: `/reload`.

use super::Feature;
use crate::command::{Actor, Args, Command, Plan};
use crate::config::Reloaded;
use crate::cx::Cx;
use crate::model::text::quote;
use crate::model::{Embed, Outgoing, Permission, Result};

pub(super) static FEATURE: Feature = Feature {
    name: "settings",
    is_on: |_| true,
    needs: |_| &[],
    commands: &[&RELOAD],
    undoes: &[],
    start: None,
    observe: |_, _| Ok(()),
    card: None,
    verify: None,
    portrait: None,
    personal: &[],
};

const COLOUR: u32 = 0xE0_A8_4E;
/// Changes that are listed.
const LISTED_MAX: usize = 15;
const CHANGE_CHARS_MAX: usize = 200;
const WORDS_CHARS_MAX: usize = 1_500;

static RELOAD: Command = Command {
    reads_settings: true,
    ..Command::open("reload", "Reads the configuration again", "General", &[], reload)
        .for_staff(Permission::ManageGuild)
};

fn reload(cx: &mut Cx<'_>, _: &Actor, _: &Args) -> Result<Plan> {
    Ok(Plan::reply(match cx.reloaded.as_deref() {
        None => Outgoing::text("Nothing was read."),
        Some(Reloaded::NoFile) => {
            Outgoing::text("I was not started from a configuration file, so there is nothing to read again.")
        }
        Some(Reloaded::Refused(words)) => {
            let words = quote(words, WORDS_CHARS_MAX);
            Outgoing::text(format!("The configuration cannot be used, so everything stays as it was.\n{words}"))
        }
        Some(Reloaded::Taken { changed, restart }) if changed.is_empty() && restart.is_empty() => {
            Outgoing::text("I read the configuration again: nothing changed.")
        }
        Some(Reloaded::Taken { changed, restart }) => Outgoing::embed(Embed {
            title: "Settings".to_owned(),
            description: format!("{}{}", listed("Changed", changed), listed("Only after a restart", restart)),
            colour: COLOUR,
            ..Embed::default()
        }),
    }))
}

fn listed(title: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let shown = lines.iter().take(LISTED_MAX).map(|line| format!("\n{}", quote(line, CHANGE_CHARS_MAX)));
    let more = lines.len().saturating_sub(LISTED_MAX);
    let more = if more > 0 { format!("\n… and {more} more: the log has them all.") } else { String::new() };
    format!("**{title}**{}{more}\n", shown.collect::<String>())
}
