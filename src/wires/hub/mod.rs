//! Discord Bot Hub: users, levels and tools of one guild under `/api/users`, `/api/leveling` and `/api/tools`, as its
//! FastAPI server answered them.
//!
//! Reading follows `http.visibility.leaderboard` for strangers and needs the scope `read` of a key; changing anything
//! needs the scope `admin`, as `/addxp` and `/setlevel` need Manage Server. A person who is signed in may unlock their
//! own tools.

mod asked;
mod fault;
mod leveling;
mod tools;
mod users;

use axum::Router;

use super::{change, guild_of};
use crate::http::Wired;
use crate::http::api::{App, Caller, Need, Problem, Program};
use crate::model::{GuildId, Permission, Timestamp};
use fault::Fault;

pub fn routes(wired: &Wired) -> Router {
    let routes = Router::new().merge(users::routes()).merge(leveling::routes()).merge(tools::routes());
    routes.with_state(wired.app.clone())
}

/// For which guild a program reads, if it may.
fn may_read(app: &App, program: Result<Program, Problem>) -> Result<(GuildId, Caller), Fault> {
    let Program(caller) = program?;
    let guild = guild_of(app, &caller)?;
    caller.check(guild, Need::See(app.bot().config().http.visibility.leaderboard))?;
    Ok((guild, caller))
}

/// For which guild a program changes something, if it may.
fn may_change(app: &App, program: Result<Program, Problem>) -> Result<(GuildId, Caller), Fault> {
    let Program(caller) = program?;
    caller.check_known()?;
    let guild = guild_of(app, &caller)?;
    caller.check(guild, Need::Have(Permission::ManageGuild))?;
    Ok((guild, caller))
}

/// A moment as Python reads it, also before 3.11: with an offset instead of the letter.
fn moment(at: Timestamp) -> String {
    at.rfc3339().replace('Z', "+00:00")
}
