//! Other systems' HTTP dialects: programs that were written for them work here with another base address.
//!
//! A wire is a file or a folder that speaks one dialect over the rooms' records: paths, shapes, errors. It keeps
//! nothing of its own and decides nothing that a room decides, and it is the only place that may span rooms. The main
//! door is handed all of them as [`WIRES`], and knows none by name. A wire comes or goes with its line in [`ALL`].

mod hub;
mod mindtrace;

use axum::Router;

use crate::config;
use crate::http::api::{App, Caller, Problem};
use crate::http::{Wired, Wires};
use crate::model::GuildId;

/// A dialect.
struct Wire {
    /// Whether the owner lets its programs in.
    is_on: fn(&config::Wires) -> bool,
    routes: fn(&Wired) -> Router,
}

/// All of them, the root's first.
const ALL: &[Wire] = &[
    Wire { is_on: |wires| wires.hub, routes: hub::routes },
    Wire { is_on: |wires| wires.mindtrace, routes: mindtrace::routes },
];

/// What the main door is handed.
pub const WIRES: Wires = Wires { routes, roots: &mindtrace::ROOTS, long_polls: &[] };

fn routes(wired: &Wired) -> Router {
    let config = wired.app.bot().config();
    let on = ALL.iter().filter(|wire| (wire.is_on)(&config.wires));
    on.fold(Router::new(), |router, wire| router.merge((wire.routes)(wired)))
}

/// The guild that is meant where a dialect names none: the configured one, else that of whoever asks, else the only or
/// first one.
///
/// # Errors
/// Discord has not told of any yet.
fn guild_of(app: &App, caller: &Caller) -> Result<GuildId, Problem> {
    let config = app.bot().config();
    let named = config.wires.guild.or_else(|| caller.home()).or_else(|| config.discord.guilds.first().copied());
    let first = || app.bot().guilds().list().iter().map(|guild| guild.id).min();
    named.or_else(first).ok_or_else(|| Problem::unavailable("Discord has not told me which servers I am in."))
}
