//! Promises over HTTP: listed, shown, done now, put off, called off.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::command::Value;
use crate::http::api::{
    App, Ask, Caller, Done, Invoke, Listed, Need, Paging, Place, Problem, Routes, Snowflake, Taken, Usual,
};
use crate::model::{GuildId, Permission};
use crate::store::promises::{self, Outcome, Promise};

const STAFF: Need = Need::Have(Permission::ModerateMembers);

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(hurry))
        .routes(routes!(cancel))
        .routes(routes!(postpone))
}

/// Something that the bot has promised to do.
#[derive(Serialize, ToSchema)]
struct PromiseKept {
    /// As `/promises` takes it, with a P before it.
    number: i64,
    /// What it is, after "I will": "unban Ada".
    about: String,
    #[schema(format = DateTime)]
    due_at: String,
    #[schema(format = DateTime)]
    created_at: String,
    /// How often Discord was asked.
    attempts: u32,
    /// `due`, `failed` (Discord refused it, and it waits for somebody to act), `done` or `cancelled`.
    state: &'static str,
    /// Why the last attempt failed, or how it ended.
    words: Option<String>,
}

impl PromiseKept {
    fn new(promise: Promise, state: &'static str) -> Self {
        Self {
            number: promise.id,
            about: promise.about,
            due_at: promise.due_at.rfc3339(),
            created_at: promise.created_at.rfc3339(),
            attempts: promise.attempts,
            state,
            words: promise.words.filter(|words| !words.is_empty()),
        }
    }
}

/// Lists what is promised and not done yet: what Discord refused first, then the next first.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/promises", tag = "Promises",
    params(("guild_id" = Snowflake, Path), Paging), security(("bearer" = ["moderate"]), ("key" = ["moderate"])),
    responses(
    (status = 200, description = "The open promises", body = Listed<PromiseKept>),
    Usual,
))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    paging: Ask<Paging>,
) -> Result<Json<Listed<PromiseKept>>, Problem> {
    caller.check(guild, STAFF)?;
    let part = paging.read()?.part()?;
    let found = app.bot().store().read(move |reader| {
        let (due, failed) = promises::count_open(reader, guild)?;
        Ok((u64::from(due) + u64::from(failed), promises::list_open(reader, guild, part.0, part.1)?))
    });
    let (total, open) = found.await?;
    let kept = |promise: Promise| {
        let state = if promise.failed { "failed" } else { "due" };
        PromiseKept::new(promise, state)
    };
    Ok(Json(Listed::new(open.into_iter().map(kept).collect(), total, part)))
}

/// Shows a promise, for a month also one that ended.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/promises/{number}", tag = "Promises",
    params(("guild_id" = Snowflake, Path), ("number" = i64, Path)),
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 200, description = "The promise", body = PromiseKept),
    Usual,
))]
async fn show(
    State(app): State<App>,
    caller: Caller,
    Place((guild, number)): Place<(GuildId, i64)>,
) -> Result<Json<PromiseKept>, Problem> {
    caller.check(guild, STAFF)?;
    load(&app, guild, number).await.map(Json)
}

/// A promise that was changed, and what the command answered.
#[derive(Serialize, ToSchema)]
struct PromiseChanged {
    promise: PromiseKept,
    #[serde(flatten)]
    done: Done,
}

/// Makes a promise due now. It is tried at once; how that ends, `GET` tells.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/promises/{number}/now", tag = "Promises",
    params(("guild_id" = Snowflake, Path), ("number" = i64, Path)),
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 200, description = "The promise as it stands", body = PromiseChanged),
    Usual,
    Taken,
))]
async fn hurry(
    State(app): State<App>,
    caller: Caller,
    Place((guild, number)): Place<(GuildId, i64)>,
) -> Result<Json<PromiseChanged>, Problem> {
    change(&app, &caller, guild, number, "now").await
}

/// Calls a promise off.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/promises/{number}/cancel", tag = "Promises",
    params(("guild_id" = Snowflake, Path), ("number" = i64, Path)),
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 200, description = "The promise as it stands", body = PromiseChanged),
    Usual,
    Taken,
))]
async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Place((guild, number)): Place<(GuildId, i64)>,
) -> Result<Json<PromiseChanged>, Problem> {
    change(&app, &caller, guild, number, "cancel").await
}

/// Puts a promise off by an hour.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/promises/{number}/postpone", tag = "Promises",
    params(("guild_id" = Snowflake, Path), ("number" = i64, Path)),
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 200, description = "The promise as it stands", body = PromiseChanged),
    Usual,
    Taken,
))]
async fn postpone(
    State(app): State<App>,
    caller: Caller,
    Place((guild, number)): Place<(GuildId, i64)>,
) -> Result<Json<PromiseChanged>, Problem> {
    change(&app, &caller, guild, number, "later").await
}

async fn change(
    app: &App,
    caller: &Caller,
    guild: GuildId,
    number: i64,
    action: &str,
) -> Result<Json<PromiseChanged>, Problem> {
    caller.check(guild, STAFF)?;
    load(app, guild, number).await?;
    let text = |text: String| Value::Text(text);
    let order = Invoke::new("promises").with("action", text(action.to_owned())).with("id", text(format!("P{number}")));
    let done = order.run(caller, guild).await?;
    Ok(Json(PromiseChanged { promise: load(app, guild, number).await?, done }))
}

async fn load(app: &App, guild: GuildId, number: i64) -> Result<PromiseKept, Problem> {
    let found = app.bot().store().read(move |reader| promises::find(reader, guild, number)).await?;
    let (promise, outcome) = found.ok_or_else(|| Problem::not_found("promise"))?;
    let state = match outcome {
        Outcome::Due => "due",
        Outcome::Refused(_) => "failed",
        Outcome::Done(_) => "done",
        Outcome::CalledOff(_) => "cancelled",
    };
    Ok(PromiseKept::new(promise, state))
}
