//! How the bot is doing, over HTTP.

use axum::Json;
use axum::extract::State;
use serde_json::Value;
use utoipa_axum::routes;

use crate::config::Audience;
use crate::http::api::{App, Caller, Problem, Routes, Usual};
use crate::status::Report;
use crate::status::health::{self, Detail};

pub fn routes() -> Routes {
    Routes::new().routes(routes!(show))
}

/// Shows how the bot is doing: what `/healthz` says. The status is 200 also when the bot is down, since the answer is
/// good then, too.
#[utoipa::path(get, path = "/api/health", tag = "Health", security(("bearer" = ["read"]), ("key" = ["read"])),
    responses(
    (status = 200, description = "`status` is `ok`, `degraded` or `down`; `checks` says why", body = Value),
    Usual,
))]
async fn show(State(app): State<App>, caller: Caller) -> Result<Json<Value>, Problem> {
    caller.check_known()?;
    let detail = match app.bot().config().http.visibility.status {
        Audience::Public => Detail::Full,
        Audience::Members | Audience::Off => Detail::Numbers,
    };
    let (_, json) = health::json(&Report::of(app.bot().vitals()), detail);
    serde_json::from_str(&json).map(Json).map_err(Problem::fault)
}
