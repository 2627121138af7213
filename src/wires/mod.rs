//! Other systems' HTTP dialects: programs that were written for them work here with another base address.
//!
//! A wire is a file or a folder that speaks one dialect over the rooms' records: paths, shapes, errors. It keeps
//! nothing of its own and decides nothing that a room decides, and it is the only place that may span rooms. The main
//! door is handed all of them as [`WIRES`], and knows none by name. A wire comes or goes with its line in [`ALL`].

mod fastapi;
mod hub;
mod mindtrace;
mod smarter_dev;
mod staff;

use axum::Router;

use crate::bot::{Change, Changed};
use crate::command::{Actor, Value};
use crate::config;
use crate::cx::Cx;
use crate::http::api::{App, Caller, Problem};
use crate::http::{Wired, Wires};
use crate::model::{Avatar, GuildId, UserId};

/// A dialect.
struct Wire {
    /// Whether the owner lets its programs in.
    is_on: fn(&config::Wires) -> bool,
    routes: fn(&Wired) -> Router,
}

/// The command that does the like, with its options; none where there is no such command.
type Like = Option<(&'static str, Vec<(&'static str, Value)>)>;

/// Pictures as Discord serves them to programs.
const PICTURE_SIZE: &str = "?size=1024";

/// All of them, the root's first.
const ALL: &[Wire] = &[
    Wire { is_on: |wires| wires.hub, routes: hub::routes },
    Wire { is_on: |wires| wires.staff, routes: staff::routes },
    Wire { is_on: |wires| wires.mindtrace || wires.mindtrace_manager, routes: mindtrace::routes },
    Wire { is_on: |wires| wires.smarter_dev, routes: smarter_dev::routes },
];

/// What the main door is handed.
pub const WIRES: Wires = Wires {
    routes,
    roots: &[&hub::ROOTS, &mindtrace::ROOTS, &[smarter_dev::ROOT]],
    long_polls: &[hub::LONG_POLL],
    service: |wires| wires.hub.then_some(hub::SERVICE),
};

fn routes(wired: &Wired) -> Router {
    let config = wired.app.bot().config();
    let on = ALL.iter().filter(|wire| (wire.is_on)(&config.wires));
    on.fold(Router::new(), |router, wire| router.merge((wire.routes)(wired)))
}

/// Makes a change of a wire's own in the place of the command that does the like, once the gate let it pass; none: the
/// same request came before, and was done then.
///
/// # Errors
/// The gate's words, or those of the change.
async fn change<T, F>(app: &App, caller: &Caller, guild: GuildId, like: Like, plan: F) -> Result<Option<T>, Problem>
where
    T: Send + 'static,
    F: Fn(&mut Cx<'_>, &Actor) -> crate::model::Result<T> + Send + 'static,
{
    let (bot, actor) = (app.bot(), caller.actor(guild).await?);
    let key = caller.request().unwrap_or_else(|| bot.next_request());
    let named = |given: Vec<(&str, Value)>| given.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let like = like.map(|(command, given)| (command, named(given)));
    let change = Change { like, actor: actor.clone(), guild, key };
    match bot.change(change, move |cx| plan(cx, &actor)).await? {
        Changed::Done(made) => Ok(Some(made)),
        Changed::Before => Ok(None),
        Changed::Denied(answer) => Err(Problem::of(&answer).unwrap_or_else(|| Problem::fault("a gate let pass"))),
    }
}

/// The guild that is meant where a dialect names none: the configured one, else that of whoever asks, else the only or
/// first one.
///
/// # Errors
/// Discord has not told of any yet.
fn guild_of(app: &App, caller: &Caller) -> Result<GuildId, Problem> {
    spoken_for(app, caller.home())
}

/// The same for somebody whose own guild this is, if they have but one.
fn spoken_for(app: &App, home: Option<GuildId>) -> Result<GuildId, Problem> {
    let config = app.bot().config();
    let named = config.wires.guild.or(home).or_else(|| config.discord.guilds.first().copied());
    let first = || app.bot().guilds().list().iter().map(|guild| guild.id).min();
    named.or_else(first).ok_or_else(|| Problem::unavailable("Discord has not told me which servers I am in."))
}

/// Where somebody's picture is: where a program told that it is, else where Discord keeps it. None: they have none.
fn picture_of(cdn_url: &str, user: UserId, told: Option<String>, avatar: Option<Avatar>) -> Option<String> {
    let at_discord = |avatar: Avatar| format!("{cdn_url}{}{PICTURE_SIZE}", avatar.path_of(user));
    told.or(avatar.map(at_discord))
}
