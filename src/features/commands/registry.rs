//! `/commands`: what a server sets about commands, and how they are used there.

use std::collections::BTreeMap;

use super::{CATEGORY, WORD_CHARS_MAX, find_all, store, text};
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::cx::Cx;
use crate::model::{
    CommandBook, CommandRule, Day, Event, GuildId, LEVEL_MAX, Outgoing, Permission, Refusal, Result, Tally,
};
use crate::store::Tx;

pub(super) const COOLDOWN_MAX: i64 = 86_400;
const PAGES_MAX: i64 = 1_000;
const PAGE_ROWS: usize = 20;
const WINDOWS: &[&str] = &["all", "week"];

static COMMAND: Opt<String> =
    Opt::text("command", "Which command; the first word is all that begin with it", WORD_CHARS_MAX).required();
static WHICH: Opt<String> = Opt::text("command", "Which command", WORD_CHARS_MAX).required();
static SECONDS: Opt<i64> =
    Opt::whole("seconds", "Between two runs by a member, 0 for none; as declared without it", 0..=COOLDOWN_MAX);
static LEVEL_OF: Opt<i64> = Opt::whole("level", "From which level on; for everybody without it", 1..=LEVEL_MAX as i64);
static PAGE: Opt<i64> = Opt::whole("page", "Which page of the list", 1..=PAGES_MAX);
static WINDOW: Opt<String> = Opt::choice("window", "Of all time, or this week", WINDOWS);

static OF_SWITCH: [&dyn Declared; 1] = [&COMMAND];
// The numbers come first, so that a command's name of several words may end a line.
static OF_COOLDOWN: [&dyn Declared; 2] = [&SECONDS, &WHICH];
static OF_LEVEL: [&dyn Declared; 2] = [&LEVEL_OF, &WHICH];
static OF_LIST: [&dyn Declared; 1] = [&PAGE];
static OF_USAGE: [&dyn Declared; 2] = [&WINDOW, &PAGE];

/// These can always be used: with them everything else is found and taken back.
const fn for_admins(command: Command) -> Command {
    let command = command.for_staff(Permission::ManageGuild);
    Command { can_be_set: false, ..command }
}

pub static LIST: Command =
    for_admins(Command::open("commands list", "Shows how commands are set in this server", CATEGORY, &OF_LIST, list));
pub static ENABLE: Command =
    for_admins(Command::open("commands enable", "Switches a command on again here", CATEGORY, &OF_SWITCH, enable));
pub static DISABLE: Command = for_admins(Command::open(
    "commands disable",
    "Switches a command off in this server",
    CATEGORY,
    &OF_SWITCH,
    disable,
));
pub static COOLDOWN: Command = for_admins(Command::open(
    "commands cooldown",
    "Sets how often a member may use a command here",
    CATEGORY,
    &OF_COOLDOWN,
    cooldown,
));
pub static LEVEL: Command = for_admins(Command::open(
    "commands level",
    "Sets from which level on a command may be used here",
    CATEGORY,
    &OF_LEVEL,
    level,
));
pub static USAGE: Command = for_admins(Command::open(
    "commands usage",
    "Shows how often commands are used here, and how that ends",
    CATEGORY,
    &OF_USAGE,
    usage,
));

fn enable(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    set(cx, args, &COMMAND, |rule| CommandRule { disabled: false, ..rule })
}

fn disable(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    set(cx, args, &COMMAND, |rule| CommandRule { disabled: true, ..rule })
}

fn cooldown(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let cooldown_seconds = args.find(&SECONDS).and_then(|seconds| u32::try_from(seconds).ok());
    set(cx, args, &WHICH, |rule| CommandRule { cooldown_seconds, ..rule })
}

fn level(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let level = args.find(&LEVEL_OF).and_then(|level| u32::try_from(level).ok());
    if level.is_some() && !cx.config.levels.enabled {
        return Err(Refusal::new(text::LEVELS_ARE_OFF).into());
    }
    set(cx, args, &WHICH, |rule| CommandRule { level, ..rule })
}

/// Sets a command, or several with the same first word, otherwise.
fn set(
    cx: &mut Cx<'_>,
    args: &Args,
    option: &Opt<String>,
    change: impl Fn(CommandRule) -> CommandRule,
) -> Result<Plan> {
    let guild = cx.guild()?;
    let commands = find_all(cx, &args.load(option)?)?;
    if let Some(fixed) = commands.iter().find(|command| !command.can_be_set) {
        return Err(Refusal::new(text::cannot_be_set(fixed.name)).into());
    }
    let mut lines = Vec::new();
    for command in commands {
        let before = cx.book.rule(guild, command.name);
        let rule = change(before);
        if rule != before {
            store::save(cx.tx, guild, command.name, rule)?;
            cx.emit(Event::CommandSet { guild, command: command.name.to_owned(), rule });
        }
        lines.push(text::setting(command, rule));
    }
    Ok(Plan::reply(text::set(&lines)))
}

fn list(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let all = crate::features::commands(cx.config);
    let lines: Vec<_> = all.iter().map(|command| text::setting(command, cx.book.rule(guild, command.name))).collect();
    Ok(Plan::reply(paged("Commands in this server", &lines, args, "commands list")?))
}

fn usage(cx: &mut Cx<'_>, _: &Actor, args: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let this_week = args.find(&WINDOW).as_deref() == Some("week");
    let since = this_week.then(|| cx.config.discord.timezone.day(cx.now).first_of_week());
    let rows = list_runs(cx.tx, cx.book, guild, since)?;
    let lines: Vec<_> = rows.iter().map(|(command, tally)| text::usage(command, tally)).collect();
    if lines.is_empty() {
        return Ok(Plan::reply(Outgoing::text(text::NOTHING_RAN)));
    }
    let (title, line) = match this_week {
        true => ("Commands this week", "commands usage week"),
        false => ("Commands, all time", "commands usage all"),
    };
    Ok(Plan::reply(paged(title, &lines, args, line)?))
}

/// How often each command ran since a day, or ever, the most used first. What waits to be written counts, too.
pub fn list_runs(tx: &Tx, book: &CommandBook, guild: GuildId, since: Option<Day>) -> Result<Vec<(String, Tally)>> {
    let mut by_command: BTreeMap<String, Tally> = store::list_usage(tx.read(), guild, since)?.into_iter().collect();
    for (counted, tally) in book.list_waiting(guild) {
        if since.is_none_or(|since| counted.day >= since) {
            by_command.entry(counted.command.to_owned()).or_default().add(&tally);
        }
    }
    let mut rows: Vec<_> = by_command.into_iter().collect();
    rows.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.runs()));
    Ok(rows)
}

/// One page of lines, with buttons to its neighbours.
fn paged(title: &str, lines: &[String], args: &Args, line: &str) -> Result<Outgoing> {
    let pages = lines.len().div_ceil(PAGE_ROWS).max(1);
    let page = args.find(&PAGE).and_then(|page| usize::try_from(page).ok()).unwrap_or(1);
    let rows = lines.chunks(PAGE_ROWS).nth(page - 1).ok_or_else(|| Refusal::new(text::no_such_page(page, pages)))?;
    Ok(text::page(title, rows, (page, pages), line)?)
}
