//! `/can`: whether a member may use a command, step by step as the gate goes.

use super::rules::{self, Facts};
use super::{WORD_CHARS_MAX, find_all, text};
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::cx::Cx;
use crate::model::{CommandRule, Outgoing, Permissions, Refusal, Result, UserId};
use crate::store::ledger;

static MEMBER: Opt<UserId> = Opt::user("member", "Who").required();
static COMMAND: Opt<String> = Opt::text("command", "Which command", WORD_CHARS_MAX).required();
static OF_CAN: [&dyn Declared; 2] = [&MEMBER, &COMMAND];

pub static CAN: Command = Command {
    ephemeral: true,
    looks_at: Some(&MEMBER),
    ..Command::open("can", "Explains whether a member may use a command here", super::CATEGORY, &OF_CAN, can)
};

fn can(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let (guild_id, seen) = (cx.guild()?, args.seen()?);
    let commands = find_all(cx, &args.load(&COMMAND)?)?;
    let [command] = commands[..] else {
        let names: Vec<_> = commands.iter().map(|command| command.name).collect();
        return Err(Refusal::new(text::which_one(&names)).into());
    };
    let guild = cx.guilds.find(guild_id).ok_or_else(|| Refusal::new(text::SERVER_UNKNOWN))?;
    let roles = seen.roles.as_deref().unwrap_or_default();
    let held = match cx.channel.and_then(|channel| guild.channel(channel)) {
        _ if !seen.is_here() => Permissions::NONE,
        Some(channel) => guild.permissions_in(seen.id, roles, channel),
        None => guild.permissions_of(seen.id, roles),
    };
    let rule = match command.can_be_set {
        true => cx.book.rule(guild_id, command.name),
        false => CommandRule::default(),
    };
    let level = match cx.config.levels.enabled {
        true => Some(cx.config.levels.curve.level_of(ledger::sum(cx.tx.read(), guild_id, seen.id)?)),
        false => None,
    };
    let facts = Facts {
        is_here: seen.is_here(),
        is_bot: seen.bot,
        rule,
        requires: command.requires,
        held,
        level,
        cooldown_seconds: rule.cooldown_seconds.unwrap_or(command.cooldown_seconds),
        cools_for: cx.book.cools_for(guild_id, seen.id, command.name),
    };
    let steps = rules::steps(&facts);
    Ok(Plan::reply(Outgoing::text(text::can(seen.id, command.name, &facts, &steps))))
}
