//! Discord Bot Hub: its paths under `/api`, as its FastAPI server answered them, for one guild.
//!
//! Reading follows `http.visibility.leaderboard` for strangers and needs the scope `read` of a key; changing anything
//! needs the scope `admin`, as `/addxp` and `/setlevel` need Manage Server.

mod asked;
mod fault;
mod tools;

use axum::Router;

use super::guild_of;
use crate::http::Wired;
use crate::http::api::{App, Caller, Need, Problem, Program};
use crate::model::{GuildId, Permission};
use fault::Fault;

pub fn routes(wired: &Wired) -> Router {
    Router::new().merge(tools::routes()).with_state(wired.app.clone())
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
