//! `/help`: the commands as members see them, a page at a time, and each explained.

use super::rules::pages;
use super::text::{COLOUR, no_such_page, turns};
use super::{CATEGORY, WORD_CHARS_MAX, bare};
use crate::command::{Actor, Args, Command, Declared, Door, Opt, Plan};
use crate::cx::Cx;
use crate::model::{CommandRule, Embed, GuildId, Outgoing, Permission, Refusal, Result};

/// Commands on a page.
const PAGE_COMMANDS: usize = 18;

static COMMAND: Opt<String> = Opt::text("command", "The command to explain, or a page of the list", WORD_CHARS_MAX);
static OF_HELP: [&dyn Declared; 1] = [&COMMAND];

pub static HELP: Command = Command {
    aliases: &["commands"],
    ephemeral: true,
    can_be_set: false,
    // The pages are turned as fast as they are read.
    cooldown_seconds: 0,
    ..Command::open("help", "Lists the commands, or explains one", CATEGORY, &OF_HELP, help).also_for_visitors()
};

fn help(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let guild = cx.guild()?;
    let all = crate::features::commands(cx.config);
    let rule = |command: &Command| rule_of(cx, guild, command);
    let visible = all.into_iter().filter(|command| !command.hidden && command.requires.allows(actor.permissions));
    let visible: Vec<_> = visible.collect();
    let word = args.find(&COMMAND).map(|word| bare(&word, &cx.config.discord.prefix)).unwrap_or_default();
    if word.is_empty() || word.bytes().all(|byte| byte.is_ascii_digit()) {
        let on: Vec<_> = visible.into_iter().filter(|command| !rule(command).disabled).collect();
        let page = if word.is_empty() { 1 } else { word.parse().unwrap_or(usize::MAX) };
        // Programs turn no pages: they are given all of it.
        let page_max = if cx.door == Some(Door::Http) { usize::MAX } else { PAGE_COMMANDS };
        return Ok(Plan::reply(list(&on, (page, page_max), &cx.config.discord.prefix)?));
    }
    let unknown = || Refusal::new("There is no such command for you. `/help` lists those there are.");
    let parts = parts_of(&word, &visible);
    let reply = match visible.iter().find(|command| command.is_called(&word)) {
        Some(command) if parts.is_empty() => explain(command, rule(command)),
        None if parts.is_empty() => return Err(unknown().into()),
        _ => explain_parts(&parts),
    };
    Ok(Plan::reply(Outgoing::embed(reply)))
}

fn rule_of(cx: &Cx<'_>, guild: GuildId, command: &Command) -> CommandRule {
    if command.can_be_set { cx.book.rule(guild, command.name) } else { CommandRule::default() }
}

fn list(commands: &[&'static Command], (page, page_max): (usize, usize), prefix: &str) -> Result<Outgoing, Refusal> {
    let mut groups: Vec<(&'static str, Vec<&'static Command>)> = Vec::new();
    for command in commands {
        match groups.iter_mut().find(|(category, _)| *category == command.category) {
            Some((_, group)) => group.push(command),
            None => groups.push((command.category, vec![command])),
        }
    }
    let pages = pages(&groups, page_max);
    let shown = page.checked_sub(1).and_then(|nth| pages.get(nth));
    let shown = shown.ok_or_else(|| Refusal::new(no_such_page(page, pages.len())))?;
    let line = |command: &&Command| format!("`/{}` {}", command.name, command.about);
    let part = |(category, group): &(&str, Vec<&Command>)| {
        format!("**{category}**\n{}", group.iter().map(line).collect::<Vec<_>>().join("\n"))
    };
    let mut footer = if pages.len() > 1 { format!("Page {page} of {}. ", pages.len()) } else { String::new() };
    if !prefix.is_empty() {
        footer.push_str(&format!("Each also works as a message: {prefix}rank. /help command:rank explains one."));
    }
    let embed = Embed {
        title: "What I can do".to_owned(),
        description: shown.iter().map(part).collect::<Vec<_>>().join("\n\n"),
        colour: COLOUR,
        footer: footer.trim_end().to_owned(),
        ..Embed::default()
    };
    Ok(Outgoing::embed(embed).with_buttons(turns((page, pages.len()), "help")?))
}

/// The subcommands of the command with this name.
pub fn parts_of<'a>(word: &str, commands: &[&'a Command]) -> Vec<&'a Command> {
    let is_part = |name: &str| name.split_once(' ').is_some_and(|(head, _)| head.eq_ignore_ascii_case(word.trim()));
    commands.iter().filter(|command| is_part(command.name)).copied().collect()
}

fn explain_parts(parts: &[&Command]) -> Embed {
    let head = parts.first().and_then(|command| command.name.split(' ').next()).unwrap_or_default();
    let lines: Vec<_> =
        parts.iter().map(|command| format!("`/{}` {}", command.usage_in_full(), command.about)).collect();
    let footer = parts.first().map_or(String::new(), |first| format!("/help command:{} explains one.", first.name));
    Embed { title: format!("/{head}"), description: lines.join("\n"), colour: COLOUR, footer, ..Embed::default() }
}

fn explain(command: &Command, rule: CommandRule) -> Embed {
    let mut description = command.about.to_owned();
    for option in command.options {
        let optional = if option.required() { "" } else { " (optional)" };
        description.push_str(&format!("\n`{}`{optional}: {}", option.name(), option.about()));
    }
    if !command.aliases.is_empty() {
        description.push_str(&format!("\nAlso as a message: {}", command.aliases.join(", ")));
    }
    let cooldown_seconds = rule.cooldown_seconds.unwrap_or(command.cooldown_seconds);
    if cooldown_seconds > 0 {
        description.push_str(&format!("\nOnce in {cooldown_seconds} seconds."));
    }
    if let Some(level) = rule.level {
        description.push_str(&format!("\nFrom level {level} on."));
    }
    if rule.disabled {
        description.push_str("\nIt is switched off in this server.");
    }
    if command.requires != Permission::Everyone {
        description.push_str(&format!("\nFor members with the permission {}.", command.requires.name()));
    }
    Embed { title: format!("/{}", command.usage_in_full()), description, colour: COLOUR, ..Embed::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn named(name: &'static str) -> Command {
        Command::open(name, "Does it", "x", &OF_HELP, |_, _, _| Err(Refusal::new("never run").into()))
    }

    static GIVE: Command = named("kudos give");
    static LIST: Command = named("kudos list");
    static PING: Command = named("ping");

    #[test]
    fn a_command_with_subcommands_is_explained_by_them() {
        let all = [&GIVE, &PING, &LIST];
        let told = explain_parts(&parts_of("Kudos", &all));
        let lines = "`/kudos give [command]` Does it\n`/kudos list [command]` Does it";
        assert_eq!((told.title.as_str(), told.description.as_str()), ("/kudos", lines));
        assert_eq!(told.footer, "/help command:kudos give explains one.");
        assert!(parts_of("ping", &all).is_empty() && parts_of("kudos give", &all).is_empty());
    }
}
