//! The staff monitor: the roster of one guild under `/api/staff`, and a login under `/api/auth/token`, as its Django
//! server answered them.
//!
//! Its users are our keys: the name of a key is the username, the key the password. Every good key, token and session
//! reads, and strangers do where `http.visibility` lets them; what the monitor leaves to managers takes the scope
//! `admin` of a key, and Manage Server of a person. It knows nobody as unknown: what was told last stays, with its
//! time, and who is not in the guild is offline.
//!
//! Source: the monitor's document of its Discord bot, and its views and serializers of that version.

mod discord;
mod fault;
mod list;
mod profile;
mod roster;
mod token;

use std::future::Future;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::routing::{MethodRouter, get, post};

use super::guild_of;
use crate::config::Audience;
use crate::http::Wired;
use crate::http::api::{App, Caller, Need, Problem, Program};
use crate::model::GuildId;
use fault::{Fault, method_not_allowed};

/// Where the roster is; what follows the last slash of its addresses is the query.
const ROSTER: &str = "/api/staff/roster";
const NO_ROSTER: &str = "There is no roster here: `roster.enabled` is off.";

pub fn routes(wired: &Wired) -> Router {
    let only = |route: MethodRouter<App>| route.fallback(method_not_allowed);
    Router::new()
        .route("/api/auth/token", only(post(token::obtain)))
        .route("/api/auth/token/refresh", only(post(token::refresh)))
        .route("/api/auth/profile", only(get(profile::profile)))
        .route("/api/staff/discord/status", only(get(discord::status)))
        .route("/api/staff/discord/sync", only(post(discord::sync)))
        .route("/api/staff/sync", only(post(discord::sync_roster)))
        .route("/api/staff/sync/logs", only(get(discord::syncs)))
        .route(ROSTER, only(get(roster::list)))
        .route(&format!("{ROSTER}/{{id}}"), only(get(roster::show)))
        .route("/api/staff/roles", only(get(roster::roles)))
        .route("/api/staff/me", only(get(roster::me)))
        .with_state(wired.app.clone())
}

/// Whoever asks, be it nobody.
struct Asker(Caller);

impl FromRequestParts<App> for Asker {
    type Rejection = Fault;

    fn from_request_parts(parts: &mut Parts, app: &App) -> impl Future<Output = Result<Self, Fault>> + Send {
        let is_well_said = check_header(parts);
        async move {
            is_well_said?;
            match Program::from_request_parts(parts, app).await {
                Ok(Program(caller)) => Ok(Self(caller)),
                Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => Err(Fault::Token),
                Err(problem) => Err(Fault::Ours(problem)),
            }
        }
    }
}

/// That a header that says who asks says it as tokens are shown.
fn check_header(parts: &Parts) -> Result<(), Fault> {
    let Some(line) = parts.headers.get(header::AUTHORIZATION) else { return Ok(()) };
    let mut words = line.to_str().unwrap_or_default().split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(scheme), _, _) if !scheme.eq_ignore_ascii_case("bearer") => Err(Fault::NoCredentials),
        (Some(_), Some(_), None) => Ok(()),
        (None, _, _) => Err(Fault::NoCredentials),
        _ => Err(Fault::Header),
    }
}

impl Asker {
    /// That somebody asks.
    fn check_known(&self) -> Result<(), Fault> {
        Ok(self.0.check_known()?)
    }

    /// The guild whose roster they read, if they may.
    fn may_read(&self, app: &App) -> Result<GuildId, Fault> {
        let config = app.bot().config();
        let audience = config.http.visibility.roster;
        if audience != Audience::Public {
            self.check_known()?;
        }
        let guild = guild_of(app, &self.0)?;
        self.0.check(guild, Need::See(audience))?;
        if config.roster.enabled { Ok(guild) } else { Err(Problem::absent(NO_ROSTER).into()) }
    }
}
