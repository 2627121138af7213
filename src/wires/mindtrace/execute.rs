//! `execute`: a line is run through the one gate, and what the command says is the answer, whatever came of it.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::input::CommandInput;
use super::registry::{Known, known, permission_word};
use super::status::is_started;
use super::{let_in, line};
use crate::bot::Bot;
use crate::command::{Actor, Answer, Command, Door, Given, Invocation, Outcome, prefix};
use crate::http::api::{App, Caller, Need, Problem, Program};
use crate::model::access::Scope;
use crate::model::{ChannelId, Embed, Guild, GuildId, Permission, Permissions, UserId};
use crate::wires::fastapi::Fault;
use crate::wires::guild_of;

/// The longest line that is looked at, as in a message.
const LINE_BYTES_MAX: usize = 2_000;
/// So much of an unknown name is repeated.
const NAME_CHARS_MAX: usize = 100;
const NO_COMMAND: &str = "There is no command in this. `/help` lists those that there are.";
const TOO_LONG: &str = "This is longer than any command: 2,000 bytes at most.";
const NOT_CONNECTED: &str = "Bot is not connected. Cannot execute commands.";
const SERVER_ONLY: &str = "This command can only be used in a server.";
const NO_SERVER: &str = "I am not in this server, or it is not for your key.";
const FOR_MEMBERS: &str = "This command is for members: show a key that may act, and say in whose name.";
const DISABLED: &str = "This command is currently disabled.";
const DONE: &str = "Command executed successfully";
/// What stands for the name of somebody who is no member.
const VISITOR: &str = "a visitor";

/// What a command said. All three keys are always there.
#[derive(Debug, Serialize)]
pub struct CommandOutput {
    response: String,
    /// The first embed, as Discord has them.
    embed: Option<Value>,
    /// Seconds until it goes; our answers stay.
    delete_after: Option<f64>,
}

impl CommandOutput {
    fn text(response: impl Into<String>) -> Self {
        Self { response: response.into(), embed: None, delete_after: None }
    }
}

/// Where a command runs.
struct Place {
    guild: GuildId,
    channel: Option<ChannelId>,
    /// Neither the server nor a channel of it was named.
    is_supposed: bool,
}

/// `POST …/execute`.
pub async fn execute(
    State(app): State<App>,
    program: Result<Program, Problem>,
    body: Bytes,
) -> Result<Json<CommandOutput>, Fault> {
    let caller = let_in(program.map(|Program(caller)| caller))?;
    if caller.has_shown() {
        let fault = guild_of(&app, &caller).and_then(|guild| may_act(&caller, guild)).err();
        // Which server is meant, the body may say better.
        if let Some(problem) = fault.filter(|problem| problem.status() == StatusCode::FORBIDDEN) {
            return Err(problem.into());
        }
    }
    let input = CommandInput::read(&body)?;
    match run(&app, caller, &input).await {
        Ok(output) => Ok(Json(output)),
        Err(Stop::Said(words)) => Ok(Json(CommandOutput::text(words))),
        Err(Stop::Fault(problem)) => Err(problem.into()),
    }
}

/// Why a command is not run.
enum Stop {
    /// In words, which are an answer like any other.
    Said(String),
    Fault(Problem),
}

impl Stop {
    fn said(words: &str) -> Self {
        Self::Said(words.to_owned())
    }
}

impl From<Problem> for Stop {
    /// What cannot be found or is not told at the moment is an outcome; that somebody may not ask is none.
    fn from(problem: Problem) -> Self {
        match problem.status() {
            StatusCode::NOT_FOUND => Self::said(NO_SERVER),
            StatusCode::SERVICE_UNAVAILABLE => Self::Said(problem.detail),
            _ => Self::Fault(problem),
        }
    }
}

async fn run(app: &App, caller: Caller, input: &CommandInput) -> Result<CommandOutput, Stop> {
    let bot = app.bot();
    let (command, rest) = meant(bot, &input.content)?;
    let place = place(app, &caller, input)?;
    if command.about_here && place.is_supposed {
        return Err(Stop::said(SERVER_ONLY));
    }
    let actor = match actor(bot, caller, input.author, &place).await? {
        Some(member) => member,
        None if command.requires == Permission::Everyone && !(command.for_visitors)(&bot.config()) => {
            return Err(Stop::said(FOR_MEMBERS));
        }
        None => visitor(bot)?,
    };
    let permissions = actor.permissions;
    let answer = bot
        .invoke(Invocation {
            command: command.name.to_owned(),
            given: Given::Named(prefix::fill(command, rest)),
            actor,
            guild: place.guild,
            channel: place.channel,
            door: Door::Http,
            people: Vec::new(),
            key: bot.next_request(),
            at: bot.clock().now(),
        })
        .await;
    Ok(output(command, permissions, &answer))
}

/// The command that a content means, and what follows its name.
fn meant<'a>(bot: &Bot, content: &'a str) -> Result<(&'static Command, &'a str), Stop> {
    let config = bot.config();
    let line = line::bare(content, &config.discord.prefix);
    if line.is_empty() {
        return Err(Stop::said(NO_COMMAND));
    }
    if line.len() > LINE_BYTES_MAX {
        return Err(Stop::said(TOO_LONG));
    }
    if !is_started(bot) {
        return Err(Stop::said(NOT_CONNECTED));
    }
    let known = known(bot);
    match line::find(line, &known) {
        Some((Known { command, is_on: true }, rest)) => Ok((command, rest)),
        Some(_) => Err(Stop::said(DISABLED)),
        None => Err(Stop::Said(unknown(line, &known))),
    }
}

fn unknown(line: &str, known: &[Known]) -> String {
    let name: String = line.split_whitespace().next().unwrap_or_default().chars().take(NAME_CHARS_MAX).collect();
    let shown = known.iter().filter(|known| known.is_on && !known.command.hidden);
    let names: Vec<_> = shown.map(|known| known.command.name).collect();
    format!("Command '/{name}' not found. Available commands: {}", names.join(", "))
}

/// That whoever asks may act in this guild; who administers it, acts in it.
fn may_act(caller: &Caller, guild: GuildId) -> Result<(), Problem> {
    let acts = caller.check(guild, Need::Act);
    acts.or_else(|problem| caller.check(guild, Need::Have(Permission::ManageGuild)).map_err(|_| problem))
}

/// The server that is named, else that of the channel, else the one that is meant, if it is for whoever asks; and the
/// channel, where it is one of its own.
fn place(app: &App, caller: &Caller, input: &CommandInput) -> Result<Place, Stop> {
    let bot = app.bot();
    let channel = input.channel.and_then(id_of).and_then(|id| ChannelId::new(id).ok());
    let of_channel = || {
        let has_it = |guild: &&Arc<Guild>| channel.is_some_and(|channel| guild.channel(channel).is_some());
        bot.guilds().list().iter().find(has_it).map(|guild| guild.id)
    };
    let named = match input.guild {
        Some(id) => Some(id_of(id).and_then(|id| GuildId::new(id).ok()).ok_or_else(|| Stop::said(NO_SERVER))?),
        None => of_channel(),
    };
    // Who shows nothing changes nothing: what can be told anywhere is told, also for a server that there is not.
    let is_there = |guild: GuildId| bot.guilds().find(guild).is_some();
    let named = named.filter(|guild| caller.has_shown() || is_there(*guild));
    let guild = match named {
        Some(guild) => guild,
        None => guild_of(app, caller)?,
    };
    if caller.has_shown() {
        may_act(caller, guild)?;
    }
    let found = bot.guilds().find(guild).filter(|_| bot.config().discord.serves(guild));
    let found = found.ok_or_else(|| Stop::said(NO_SERVER))?;
    let channel = channel.filter(|channel| found.channel(*channel).is_some());
    Ok(Place { guild, channel, is_supposed: named.is_none() })
}

fn id_of(id: i128) -> Option<u64> {
    u64::try_from(id).ok()
}

/// Who is no member, and has no permission.
fn visitor(bot: &Bot) -> Result<Actor, Stop> {
    let me = bot.user().ok_or_else(|| Stop::said(NOT_CONNECTED))?;
    Ok(Actor { user: me, name: VISITOR.to_owned(), roles: Vec::new(), permissions: Permissions::NONE })
}

/// Who acts: the person; a key's own principal, or the member that is said to be the author where the key may act as
/// members. None: who shows nothing, and who is no member, is a visitor.
async fn actor(bot: &Bot, caller: Caller, author: Option<i128>, place: &Place) -> Result<Option<Actor>, Stop> {
    if !caller.has_shown() {
        return Ok(None);
    }
    let is_believed = caller.key().is_some_and(|key| key.scopes.contains(Scope::Impersonate));
    let caller = match author.filter(|_| is_believed) {
        Some(id) => match id_of(id).and_then(|id| UserId::new(id).ok()) {
            Some(member) => caller.in_name_of(member),
            None => return Ok(None),
        },
        None => caller,
    };
    let actor = match caller.actor(place.guild).await {
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => return Ok(None),
        actor => actor?,
    };
    let is_bot = Some(actor.user) == bot.user();
    Ok(Some(if is_bot { actor } else { in_channel(bot, actor, place) }))
}

/// A member with what they may do in the channel, as they would have it there.
fn in_channel(bot: &Bot, actor: Actor, place: &Place) -> Actor {
    let guild = bot.guilds().find(place.guild);
    let known = guild.as_ref().and_then(|guild| Some((guild, guild.channel(place.channel?)?)));
    let Some((guild, channel)) = known else { return actor };
    let held = guild.permissions_in(actor.user, &actor.roles, channel);
    // Who does not see a channel does nothing in it.
    let sees = held.contains(Permissions::VIEW_CHANNEL);
    Actor { permissions: if sees { held } else { Permissions::NONE }, ..actor }
}

/// What came of a command, in the service's words where it has any.
fn output(command: &Command, held: Permissions, answer: &Answer) -> CommandOutput {
    let message = &answer.message;
    let said = if message.content.is_empty() { message.plain_text() } else { message.content.clone() };
    let response = match answer.outcome {
        Outcome::Fault => format!("Error executing command: {said}"),
        Outcome::Disabled => format!("{DISABLED} {said}"),
        Outcome::Denied if !command.requires.allows(held) => {
            let needed = permission_word(command.requires);
            format!("You need the `{needed}` permission to use this command. {said}")
        }
        _ if said.is_empty() => DONE.to_owned(),
        _ => said,
    };
    CommandOutput { embed: message.embeds.first().map(embed), ..CommandOutput::text(response) }
}

/// An embed as Discord has it.
///
/// Source: Discord API documentation, "Embed Object".
fn embed(embed: &Embed) -> Value {
    let fields = embed.fields.iter().map(|(name, value)| json!({"name": name, "value": value, "inline": true}));
    let fields: Vec<_> = fields.collect();
    let mut object = json!({"type": "rich", "title": embed.title, "description": embed.description, "fields": fields});
    if embed.colour != 0 {
        object["color"] = embed.colour.into();
    }
    if !embed.footer.is_empty() {
        object["footer"] = json!({"text": embed.footer});
    }
    object
}
