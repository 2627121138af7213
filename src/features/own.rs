//! Commands of a community's own: `[[command]]` in the configuration, each of which answers with a text. They are
//! declared like all others, so that registration, `/help`, the gate and the counters read them alike.

use std::sync::{Mutex, PoisonError};

use super::Feature;
use crate::command::{Actor, Args, Command, Plan};
use crate::config::{Config, OwnCommand};
use crate::cx::Cx;
use crate::model::saying::Said;
use crate::model::{Outgoing, Refusal, Result};

pub(super) static FEATURE: Feature = Feature {
    name: "own commands",
    is_on: |config| !config.commands.is_empty(),
    needs: |_| &[],
    commands: &[],
    undoes: &[],
    start: None,
    observe: |_, _| Ok(()),
    card: None,
    verify: None,
    portrait: None,
    personal: &[],
};

const CATEGORY: &str = "This server";
/// Discord takes no more commands, each head of subcommands counted once.
const HEADS_MAX: usize = 100;

/// What was declared so far. A command lives as long as the process, because a run may outlast the configuration that
/// it began with; one that stays the same over a reload is declared once.
static DECLARED: Mutex<Vec<(OwnCommand, &'static Command)>> = Mutex::new(Vec::new());

/// The commands that a configuration declares.
pub fn commands(config: &Config) -> Vec<&'static Command> {
    let mut declared = DECLARED.lock().unwrap_or_else(PoisonError::into_inner);
    let find = |command: &OwnCommand| {
        let known = declared.iter().find(|(known, _)| is_same(known, command)).map(|(_, declared)| *declared);
        known.unwrap_or_else(|| {
            let fresh: &'static Command = Box::leak(Box::new(declare(command)));
            declared.push((command.clone(), fresh));
            fresh
        })
    };
    config.commands.iter().map(find).collect()
}

/// Whether a declaration is the same; what is answered is looked up when it runs.
fn is_same(one: &OwnCommand, other: &OwnCommand) -> bool {
    OwnCommand { reply: one.reply.clone(), ..other.clone() } == *one
}

fn declare(command: &OwnCommand) -> Command {
    let kept = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    let aliases: Vec<&'static str> = command.aliases.iter().map(|alias| kept(alias)).collect();
    Command {
        aliases: Box::leak(aliases.into_boxed_slice()),
        cooldown_seconds: command.cooldown_seconds,
        hidden: command.hidden,
        ephemeral: command.ephemeral,
        ..Command::open(kept(&command.name), kept(command.about.trim()), CATEGORY, &[], reply).also_for_visitors()
    }
}

fn reply(cx: &mut Cx<'_>, actor: &Actor, _: &Args) -> Result<Plan> {
    let own = cx.config.commands.iter().find(|own| Some(own.name.as_str()) == cx.command);
    let own = own.ok_or_else(|| Refusal::new("That command is gone: the settings have changed."))?;
    let guild = cx.guilds.find(cx.guild()?);
    let (name, count) = guild.as_ref().map_or(("this server", 0), |guild| (guild.name.as_str(), guild.member_count));
    let said = Said { member: actor.user, name: &actor.name, guild: name, count };
    Ok(Plan::reply(Outgoing::text(own.reply.render(&said))))
}

/// What is wrong with them beside the commands of ours: a key, and a sentence.
pub fn mistakes(config: &Config, ours: &[&'static Command]) -> Vec<(String, String)> {
    let head = |name: &'static str| name.split(' ').next().unwrap_or_default();
    let is_ours = |name: &str| {
        let called = ours.iter().flat_map(|command| command.aliases.iter().chain([&command.name]));
        called.into_iter().any(|known| known.eq_ignore_ascii_case(name) || head(known).eq_ignore_ascii_case(name))
    };
    let mut found = Vec::new();
    for (nth, own) in config.commands.iter().enumerate() {
        let names = std::iter::once(("name", &own.name)).chain(own.aliases.iter().map(|alias| ("aliases", alias)));
        for (key, name) in names.filter(|(_, name)| is_ours(name)) {
            let sentence = format!("has {name:?}, which is a command of Innkeeper's own; choose another name");
            found.push((format!("command.{nth}.{key}"), sentence));
        }
    }
    let mut heads: Vec<_> = ours.iter().map(|command| head(command.name)).collect();
    heads.sort_unstable();
    heads.dedup();
    if heads.len() + config.commands.len() > HEADS_MAX {
        let left = HEADS_MAX.saturating_sub(heads.len());
        found.push(("command".to_owned(), format!("has more than {left} commands; with ours, Discord takes no more")));
    }
    found
}
