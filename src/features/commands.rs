//! The commands as members see them: `/help`.

use super::Feature;
use crate::command::{Actor, Args, Command, Declared, Opt, Plan};
use crate::cx::Cx;
use crate::model::{Embed, Outgoing, Permission, Refusal, Result};

pub(super) static FEATURE: Feature = Feature {
    name: "commands",
    is_on: |_| true,
    needs: |config| if config.discord.prefix.is_empty() { &[] } else { &[crate::model::Need::MessageContent] },
    commands: &[&HELP],
    undoes: &[],
    start: None,
    observe: |_, _| Ok(()),
    card: None,
    verify: None,
    portrait: None,
};

const WORD_CHARS_MAX: u16 = 50;
const COLOUR: u32 = 0xE0_A8_4E;

static COMMAND: Opt<String> = Opt::text("command", "The command to explain", WORD_CHARS_MAX);
static OF_HELP: [&dyn Declared; 1] = [&COMMAND];

static HELP: Command = Command {
    aliases: &["commands"],
    ephemeral: true,
    ..Command::open("help", "Lists the commands, or explains one", "General", &OF_HELP, help)
};

fn help(cx: &mut Cx<'_>, actor: &Actor, args: &Args) -> Result<Plan> {
    let all = super::commands(cx.config);
    let visible = all.into_iter().filter(|command| !command.hidden && command.requires.allows(actor.permissions));
    let reply = match args.find(&COMMAND) {
        None => list(&visible.collect::<Vec<_>>(), &cx.config.discord.prefix),
        Some(word) => {
            let word = word.trim_start_matches('/').trim_start_matches(cx.config.discord.prefix.as_str());
            let unknown = || Refusal::new("There is no such command for you. `/help` lists those there are.");
            let visible: Vec<_> = visible.collect();
            let parts = parts_of(word, &visible);
            match visible.iter().find(|command| command.is_called(word)) {
                Some(command) if parts.is_empty() => explain(command),
                None if parts.is_empty() => return Err(unknown().into()),
                _ => explain_parts(&parts),
            }
        }
    };
    Ok(Plan::reply(Outgoing::embed(reply)))
}

fn list(commands: &[&Command], prefix: &str) -> Embed {
    let mut categories: Vec<&str> = Vec::new();
    for command in commands {
        if !categories.contains(&command.category) {
            categories.push(command.category);
        }
    }
    let lines = |category: &str| {
        let of = commands.iter().filter(|command| command.category == category);
        of.map(|command| format!("`/{}` {}", command.name, command.about)).collect::<Vec<_>>().join("\n")
    };
    let parts: Vec<_> = categories.iter().map(|category| format!("**{category}**\n{}", lines(category))).collect();
    Embed {
        title: "What I can do".to_owned(),
        description: parts.join("\n\n"),
        colour: COLOUR,
        footer: match prefix {
            "" => String::new(),
            prefix => format!("Each also works as a message: {prefix}rank. /help command:rank explains one."),
        },
        ..Embed::default()
    }
}

/// The subcommands of the command with this name.
fn parts_of<'a>(word: &str, commands: &[&'a Command]) -> Vec<&'a Command> {
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

fn explain(command: &Command) -> Embed {
    let mut description = command.about.to_owned();
    for option in command.options {
        let optional = if option.required() { "" } else { " (optional)" };
        description.push_str(&format!("\n`{}`{optional}: {}", option.name(), option.about()));
    }
    if !command.aliases.is_empty() {
        description.push_str(&format!("\nAlso as a message: {}", command.aliases.join(", ")));
    }
    if command.cooldown_seconds > 0 {
        description.push_str(&format!("\nOnce in {} seconds.", command.cooldown_seconds));
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
