//! Discord Bot Hub: users, levels and tools of one guild under `/api/users`, `/api/leveling` and `/api/tools`, as its
//! FastAPI server answered them.
//!
//! Reading follows `http.visibility.leaderboard` for strangers and needs the scope `read` of a key; changing anything
//! needs the scope `admin`, as `/addxp` and `/setlevel` need Manage Server. A person who is signed in may unlock their
//! own tools.

mod asked;
mod leveling;
mod live;
mod sessions;
mod tools;
mod users;

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio::time::timeout;

use super::{change, guild_of, spoken_for};
use crate::features::guilds::store as members;
use crate::http::Wired;
use crate::http::api::{App, Caller, Need, Problem, Program};
use crate::model::{GuildId, Permission, Timestamp};
use crate::status::{Health, Report};
use crate::wires::fastapi::Fault;

/// What it calls itself, with its version.
pub const SERVICE: (&str, &str) = ("Discord Bot Hub API", "1.0.0");
/// Where requests wait for news.
pub const LONG_POLL: &str = live::PATH;
/// What paths begin with, beside those of the API.
pub const ROOTS: [&str; 3] = ["health", "docs", "socket.io"];
/// A database that says nothing for this long is not connected.
const DATABASE_WAIT: Duration = Duration::from_secs(2);

pub fn routes(wired: &Wired) -> Router {
    let routes = Router::new().merge(users::routes()).merge(leveling::routes()).merge(tools::routes());
    let health = Router::new().route("/health", get(health)).with_state(wired.clone());
    routes.with_state(wired.app.clone()).merge(health).merge(live::routes(wired))
}

/// `GET /health`: 200 while all of it works, else 503 with what does not.
async fn health(State(wired): State<Wired>) -> Response<Body> {
    let bot = wired.app.bot();
    let asked = timeout(DATABASE_WAIT, bot.store().read(|reader| members::has_any(reader))).await;
    let (is_connected, is_running) = (matches!(asked, Ok(Ok(_))), !*wired.stop.borrow());
    let is_well = is_connected && is_running && Report::of(bot.vitals()).health != Health::Down;
    let (code, status) = match is_well {
        true => (StatusCode::OK, "healthy"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "unhealthy"),
    };
    let database = if is_connected { "connected" } else { "disconnected" };
    let socketio = if is_running { "running" } else { "stopped" };
    (code, Json(json!({"status": status, "database": database, "socketio": socketio}))).into_response()
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
