//! XP over HTTP: the board, one member, their history, and changes of it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::board::store::list_committed;
use super::store;
use crate::command::Value;
use crate::config::Audience;
use crate::http::api::{
    App, Ask, Caller, Content, Done, Invoke, Listed, Need, Paging, Place, Problem, Routes, Snowflake, Taken, Usual,
};
use crate::model::{GuildId, Permission, UserId};
use crate::store::ledger;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(leaderboard)).routes(routes!(show, give)).routes(routes!(history))
}

/// A member by their XP.
#[derive(Serialize, ToSchema)]
struct Standing {
    /// Equal XP, equal rank.
    rank: u64,
    #[schema(value_type = Snowflake)]
    user_id: UserId,
    /// None: their name is not known.
    name: Option<String>,
    level: u32,
    xp: i64,
}

/// Shows who has the most XP. For strangers, where `http.visibility.leaderboard` is public.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/leaderboard", tag = "Levels",
    params(("guild_id" = Snowflake, Path), Paging), security((), ("bearer" = ["read"]), ("key" = ["read"])), responses(
    (status = 200, description = "A part of the board", body = Listed<Standing>),
    Usual,
))]
async fn leaderboard(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    paging: Ask<Paging>,
) -> Result<Json<Listed<Standing>>, Problem> {
    let config = app.bot().config();
    caller.check(guild, Need::See(config.http.visibility.leaderboard))?;
    let part = paging.read()?.check()?;
    let found = app.bot().store().read(move |reader| {
        Ok((store::count(reader, guild, i64::MAX)?, list_committed(reader, guild, part.0, part.1)?))
    });
    let (total, board) = found.await?;
    let standing = |placed: store::Placed| Standing {
        rank: placed.rank,
        user_id: placed.user,
        name: placed.name,
        level: config.levels.curve.level_of(placed.xp),
        xp: placed.xp,
    };
    Ok(Json(Listed::new(board.into_iter().map(standing).collect(), total.unsigned_abs(), part)))
}

/// A member's XP.
#[derive(Serialize, ToSchema)]
struct Xp {
    #[schema(value_type = Snowflake)]
    user_id: UserId,
    xp: i64,
    level: u32,
}

/// Shows a member's XP and level.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/members/{user_id}/xp", tag = "Levels",
    params(("guild_id" = Snowflake, Path), ("user_id" = Snowflake, Path)),
    security(("bearer" = ["read"]), ("key" = ["read"])), responses(
    (status = 200, description = "The member", body = Xp),
    Usual,
))]
async fn show(
    State(app): State<App>,
    caller: Caller,
    Place((guild, user)): Place<(GuildId, UserId)>,
) -> Result<Json<Xp>, Problem> {
    caller.check(guild, Need::See(Audience::Members))?;
    load(&app, guild, user).await.map(Json)
}

async fn load(app: &App, guild: GuildId, user: UserId) -> Result<Xp, Problem> {
    // What was earned a moment ago may still wait for its commit.
    app.bot().settle().await;
    let row = app.bot().store().read(move |reader| store::find(reader, guild, user)).await?;
    let xp = row.ok_or_else(|| Problem::not_found("member"))?.xp;
    Ok(Xp { user_id: user, xp, level: app.bot().config().levels.curve.level_of(xp) })
}

/// XP to give, or to take.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = XpAmount)]
struct Amount {
    amount: i64,
}

/// What was changed.
#[derive(Serialize, ToSchema)]
#[schema(as = XpGiven)]
struct Given {
    member: Xp,
    #[serde(flatten)]
    done: Done,
}

/// Gives a member XP, or takes some.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/members/{user_id}/xp", tag = "Levels",
    params(("guild_id" = Snowflake, Path), ("user_id" = Snowflake, Path)), request_body = Amount,
    security(("bearer" = ["admin"]), ("key" = ["admin"])), responses(
    (status = 200, description = "The member as they are now", body = Given),
    Usual,
    Taken,
))]
async fn give(
    State(app): State<App>,
    caller: Caller,
    Place((guild, user)): Place<(GuildId, UserId)>,
    amount: Content<Amount>,
) -> Result<(StatusCode, Json<Given>), Problem> {
    caller.check(guild, Need::Have(Permission::ManageGuild))?;
    let Amount { amount } = amount.read().await?;
    let order = Invoke::new("addxp").with("member", Value::User(user)).with("amount", Value::Whole(amount));
    let done = order.run(&caller, guild).await?;
    Ok((StatusCode::OK, Json(Given { member: load(&app, guild, user).await?, done })))
}

/// A change of a member's XP, as the ledger has it.
#[derive(Serialize, ToSchema)]
#[schema(as = XpChange)]
struct Change {
    /// As `/undo` takes it, with an L before it.
    id: i64,
    #[schema(format = DateTime)]
    at: String,
    amount: i64,
    /// The balance after it.
    after: i64,
    /// What kind of change: `message`, `add`, `set_level` …
    what: String,
    reason: Option<String>,
    /// Who did it; none: the member earned it.
    #[schema(value_type = Option<Snowflake>)]
    actor_id: Option<UserId>,
}

/// Lists the changes of a member's XP, the newest first.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/members/{user_id}/xp/history", tag = "Levels",
    params(("guild_id" = Snowflake, Path), ("user_id" = Snowflake, Path), Paging),
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 200, description = "The changes; `total` counts as far as this part", body = Listed<Change>),
    Usual,
))]
async fn history(
    State(app): State<App>,
    caller: Caller,
    Place((guild, user)): Place<(GuildId, UserId)>,
    paging: Ask<Paging>,
) -> Result<Json<Listed<Change>>, Problem> {
    caller.check(guild, Need::Have(Permission::ModerateMembers))?;
    let part = paging.read()?.check()?;
    app.bot().settle().await;
    let rows = app.bot().store().read(move |reader| ledger::list_of(reader, guild, user, part.0, part.1 + 1)).await?;
    let total = u64::from(part.0) + rows.len() as u64;
    let change = |row: ledger::Row| Change {
        id: row.id,
        at: row.at.rfc3339(),
        amount: row.amount,
        after: row.after,
        what: row.what,
        reason: row.reason,
        actor_id: row.actor,
    };
    let items = rows.into_iter().take(part.1 as usize).map(change).collect();
    Ok(Json(Listed::new(items, total, part)))
}
