//! Commands over HTTP: which there are and how a guild set them, run through the one gate, and how often they ran.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{registry, text};
use crate::command::{Command, Declared, Kind, Value};
use crate::config::Audience;
use crate::http::api::{
    App, Ask, Caller, CommandRun, Content, Done, Invoke, Listed, Need, Paging, Place, Problem, paged,
};
use crate::http::api::{Routes, Snowflake, Taken, Usual, maybe_whole};
use crate::model::{CommandRule, GuildId, LEVEL_MAX, Outcome, Permission, Tally};

const ADMINS: Need = Need::Have(Permission::ManageGuild);

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list))
        .routes(routes!(execute))
        .routes(routes!(usage))
        .routes(routes!(enable))
        .routes(routes!(disable))
        .routes(routes!(cooldown))
        .routes(routes!(level))
}

/// A command, and how the guild set it.
#[derive(Serialize, ToSchema)]
struct CommandShown {
    /// With a space in it where it is a part of another: `kudos give`.
    name: &'static str,
    about: &'static str,
    category: &'static str,
    /// As it is typed: `kudos give <member> [amount]`.
    usage: String,
    /// Other names, for messages.
    aliases: &'static [&'static str],
    /// The permission that it asks for, by the name in Discord's settings; none: it is for everybody.
    permission: Option<&'static str>,
    options: Vec<CommandOption>,
    /// Seconds between two runs by a member, unless the guild set them otherwise; 0 for none.
    cooldown_seconds: u32,
    /// Whether a guild can set it at all.
    can_be_set: bool,
    set: CommandSetting,
}

/// An option of a command.
#[derive(Serialize, ToSchema)]
struct CommandOption {
    name: &'static str,
    about: &'static str,
    /// `user`, `channel`, `role` (an id), `text`, `whole` (a number), `flag`, `choice` or `span` (such as `2h`).
    kind: &'static str,
    required: bool,
    /// The smallest number.
    min: Option<i64>,
    /// The largest number.
    max: Option<i64>,
    /// The longest text, in characters.
    max_length: Option<u16>,
    /// The longest length of time.
    longest: Option<String>,
    /// What there is to choose from.
    choices: Option<&'static [&'static str]>,
}

/// What a guild set about a command.
#[derive(Serialize, ToSchema)]
struct CommandSetting {
    disabled: bool,
    /// None: as the command declares.
    cooldown_seconds: Option<u32>,
    /// The level from which on it can be used; none: it is for everybody.
    level: Option<u32>,
}

impl CommandShown {
    fn of(app: &App, guild: GuildId, command: &'static Command) -> Self {
        let rule = match command.can_be_set {
            true => app.bot().book().rule(guild, command.name),
            false => CommandRule::default(),
        };
        let asks = command.requires != Permission::Everyone;
        Self {
            name: command.name,
            about: command.about,
            category: command.category,
            usage: command.usage_in_full(),
            aliases: command.aliases,
            permission: asks.then(|| command.requires.name()),
            options: command.options.iter().map(|option| CommandOption::of(*option)).collect(),
            cooldown_seconds: command.cooldown_seconds,
            can_be_set: command.can_be_set,
            set: CommandSetting { disabled: rule.disabled, cooldown_seconds: rule.cooldown_seconds, level: rule.level },
        }
    }
}

impl CommandOption {
    fn of(option: &dyn Declared) -> Self {
        let (name, about, required) = (option.name(), option.about(), option.required());
        let (min, max, max_length, longest, choices) = (None, None, None, None, None);
        let plain = Self { name, about, kind: "text", required, min, max, max_length, longest, choices };
        match option.kind() {
            Kind::User => Self { kind: "user", ..plain },
            Kind::Channel => Self { kind: "channel", ..plain },
            Kind::Role => Self { kind: "role", ..plain },
            Kind::Flag => Self { kind: "flag", ..plain },
            Kind::Text { chars_max } => Self { max_length: Some(chars_max), ..plain },
            Kind::Whole { min, max } => Self { kind: "whole", min: Some(min), max: Some(max), ..plain },
            Kind::Choice(words) => Self { kind: "choice", choices: Some(words), ..plain },
            Kind::Span { max } => Self { kind: "span", longest: Some(max.to_string()), ..plain },
        }
    }
}

/// Lists the commands with how the guild set them, but for those that `/help` leaves out.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/commands", tag = "Commands",
    params(("guild_id" = Snowflake, Path), Paging), security(("bearer" = ["read"]), ("key" = ["read"])), responses(
    (status = 200, description = "The commands", body = Listed<CommandShown>),
    Usual,
))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    paging: Ask<Paging>,
) -> Result<Json<Listed<CommandShown>>, Problem> {
    caller.check(guild, Need::See(Audience::Members))?;
    let part = paging.read()?.part()?;
    let shown = app.bot().commands().into_iter().filter(|command| !command.hidden);
    Ok(Json(Listed::part_of(shown.map(|command| CommandShown::of(&app, guild, command)).collect(), part)))
}

/// What came of a command.
#[derive(Serialize, ToSchema)]
struct CommandRan {
    /// `ok`; how else it may end, the answers with other statuses say.
    outcome: &'static str,
    #[serde(flatten)]
    done: Done,
}

/// Runs a command for whoever asks, through the gate, as if they had typed it. A key runs it as the bot, unless it says
/// as whom (`X-Act-As`). What is shown once and to one person (`login`, `apikey create`) is not run here.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/commands/execute", tag = "Commands",
    params(("guild_id" = Snowflake, Path)), request_body = CommandRun,
    security(("bearer" = ["write"]), ("key" = ["write"])), responses(
    (status = 200, description = "What the command answered", body = CommandRan),
    Usual,
    Taken,
))]
async fn execute(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    run: Content<CommandRun>,
) -> Result<Json<CommandRan>, Problem> {
    caller.check(guild, Need::Act)?;
    let CommandRun { command, options } = run.read().await?;
    let meant = app.bot().commands().into_iter().find(|known| known.is_called(&command));
    let meant = meant.ok_or_else(|| Problem::refused(text::UNKNOWN))?;
    let done = Invoke::from_json(meant, options)?.run(&caller, guild).await?;
    Ok(Json(CommandRan { outcome: Outcome::Ok.word(), done }))
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum UsageWindow {
    #[default]
    All,
    Week,
}

paged! {
    struct UsedWhen {
        /// Of all time, or in this week.
        #[param(inline)]
        window: Option<UsageWindow>,
    }
}

/// How often a command ran, and how that ended.
#[derive(Serialize, ToSchema)]
struct CommandUsage {
    command: String,
    runs: u64,
    ok: u64,
    /// They lacked the permission or the level.
    denied: u64,
    /// A wrong value, or nothing to be done.
    refused: u64,
    /// Too soon after the last time.
    cooldown: u64,
    /// It was switched off.
    disabled: u64,
    fault: u64,
    average_ms: u64,
}

impl CommandUsage {
    fn new(command: String, tally: &Tally) -> Self {
        let [ok, denied, refused, cooldown, disabled, fault] = tally.by_outcome;
        let runs = tally.runs();
        let average_ms = tally.took_ms / runs.max(1);
        Self { command, runs, ok, denied, refused, cooldown, disabled, fault, average_ms }
    }
}

/// Shows how often commands are used, the most used first.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/commands/usage", tag = "Commands",
    params(("guild_id" = Snowflake, Path), UsedWhen), security(("bearer" = ["admin"]), ("key" = ["admin"])), responses(
    (status = 200, description = "The commands that ran", body = Listed<CommandUsage>),
    Usual,
))]
async fn usage(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    when: Ask<UsedWhen>,
) -> Result<Json<Listed<CommandUsage>>, Problem> {
    caller.check(guild, ADMINS)?;
    let when = when.read()?;
    let part = when.part()?;
    let (bot, this_week) = (app.bot(), when.window == Some(UsageWindow::Week));
    let since = this_week.then(|| bot.config().discord.timezone.day(bot.clock().now()).first_of_week());
    let book = bot.book().clone();
    // On the writer: there nothing is between the book and the disk.
    let rows = bot.store().write(move |tx| registry::list_runs(tx, &book, guild, since)).await?;
    let items = rows.into_iter().map(|(command, tally)| CommandUsage::new(command, &tally));
    Ok(Json(Listed::part_of(items.collect(), part)))
}

/// A command that was set, and what `/commands` answered.
#[derive(Serialize, ToSchema)]
struct CommandChanged {
    command: CommandShown,
    #[serde(flatten)]
    done: Done,
}

/// Switches a command on again in the guild.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/commands/{name}/enable", tag = "Commands",
    params(("guild_id" = Snowflake, Path), ("name" = String, Path, description = "Such as `kudos%20give`")),
    security(("bearer" = ["admin"]), ("key" = ["admin"])), responses(
    (status = 200, description = "The command as it is set now", body = CommandChanged),
    Usual,
    Taken,
))]
async fn enable(
    State(app): State<App>,
    caller: Caller,
    Place((guild, name)): Place<(GuildId, String)>,
) -> Result<Json<CommandChanged>, Problem> {
    caller.check(guild, ADMINS)?;
    change(&app, &caller, guild, &name, Invoke::new(registry::ENABLE.name)).await
}

/// Switches a command off in the guild.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/commands/{name}/disable", tag = "Commands",
    params(("guild_id" = Snowflake, Path), ("name" = String, Path, description = "Such as `kudos%20give`")),
    security(("bearer" = ["admin"]), ("key" = ["admin"])), responses(
    (status = 200, description = "The command as it is set now", body = CommandChanged),
    Usual,
    Taken,
))]
async fn disable(
    State(app): State<App>,
    caller: Caller,
    Place((guild, name)): Place<(GuildId, String)>,
) -> Result<Json<CommandChanged>, Problem> {
    caller.check(guild, ADMINS)?;
    change(&app, &caller, guild, &name, Invoke::new(registry::DISABLE.name)).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CommandPause {
    /// Between two runs by a member, 0 for none; null: as the command declares.
    #[schema(minimum = 0, maximum = 86_400)]
    #[serde(default, deserialize_with = "maybe_whole")]
    seconds: Option<i64>,
}

/// Sets how often a member may use a command.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/commands/{name}/cooldown", tag = "Commands",
    params(("guild_id" = Snowflake, Path), ("name" = String, Path, description = "Such as `kudos%20give`")),
    request_body = CommandPause, security(("bearer" = ["admin"]), ("key" = ["admin"])), responses(
    (status = 200, description = "The command as it is set now", body = CommandChanged),
    Usual,
    Taken,
))]
async fn cooldown(
    State(app): State<App>,
    caller: Caller,
    Place((guild, name)): Place<(GuildId, String)>,
    pause: Content<CommandPause>,
) -> Result<Json<CommandChanged>, Problem> {
    caller.check(guild, ADMINS)?;
    let CommandPause { seconds } = pause.read().await?;
    let order = number(Invoke::new(registry::COOLDOWN.name), "seconds", seconds, (0, registry::COOLDOWN_MAX))?;
    change(&app, &caller, guild, &name, order).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CommandLevel {
    /// From which level on a member may use it; null: from the first.
    #[schema(minimum = 1, maximum = 1_000)]
    #[serde(default, deserialize_with = "maybe_whole")]
    level: Option<i64>,
}

/// Sets from which level on a command may be used.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/commands/{name}/level", tag = "Commands",
    params(("guild_id" = Snowflake, Path), ("name" = String, Path, description = "Such as `kudos%20give`")),
    request_body = CommandLevel, security(("bearer" = ["admin"]), ("key" = ["admin"])), responses(
    (status = 200, description = "The command as it is set now", body = CommandChanged),
    Usual,
    Taken,
))]
async fn level(
    State(app): State<App>,
    caller: Caller,
    Place((guild, name)): Place<(GuildId, String)>,
    level: Content<CommandLevel>,
) -> Result<Json<CommandChanged>, Problem> {
    caller.check(guild, ADMINS)?;
    let CommandLevel { level } = level.read().await?;
    let order = number(Invoke::new(registry::LEVEL.name), "level", level, (1, i64::from(LEVEL_MAX)))?;
    change(&app, &caller, guild, &name, order).await
}

/// The same with this number, if there is one and it is within its bounds.
fn number(order: Invoke, name: &str, number: Option<i64>, (min, max): (i64, i64)) -> Result<Invoke, Problem> {
    match number {
        None => Ok(order),
        Some(number) if (min..=max).contains(&number) => Ok(order.with(name, Value::Whole(number))),
        Some(_) => Err(Problem::invalid(format!("{name} is from {min} to {max}."))),
    }
}

async fn change(
    app: &App,
    caller: &Caller,
    guild: GuildId,
    name: &str,
    order: Invoke,
) -> Result<Json<CommandChanged>, Problem> {
    let command = app.bot().commands().into_iter().find(|command| command.name == name);
    let command = command.ok_or_else(|| Problem::not_found("command"))?;
    let done = order.with("command", Value::Text(command.name.to_owned())).run(caller, guild).await?;
    Ok(Json(CommandChanged { command: CommandShown::of(app, guild, command), done }))
}
