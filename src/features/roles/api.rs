//! Roles that come and go over HTTP: given for a while, taken early, put off; and which ones come back with whom.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::found::store::{Wanted, count_persistent, count_temporary, list_persistent, list_temporary};
use super::store::{self, State as Stage, Temporary};
use super::text;
use crate::command::Value;
use crate::http::api::{
    App, Ask, Caller, Content, Done, Invoke, Length, Listed, Need, Place, Problem, Routes, Snowflake, Taken, Usual,
    paged,
};
use crate::model::{GuildId, Permission, RoleId, Span, Timestamp, UserId};

const STAFF: Need = Need::Have(Permission::ManageRoles);

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list, give))
        .routes(routes!(take))
        .routes(routes!(extend))
        .routes(routes!(list_coming_back))
}

/// A role that somebody holds for a while, or held.
#[derive(Serialize, ToSchema)]
struct TemporaryRole {
    id: i64,
    #[schema(value_type = Snowflake)]
    user_id: UserId,
    /// Their name at the time.
    user_name: String,
    #[schema(value_type = Snowflake)]
    role_id: RoleId,
    role_name: String,
    /// Who gave it.
    #[schema(value_type = Snowflake)]
    actor_id: UserId,
    actor_name: String,
    reason: Option<String>,
    #[schema(format = DateTime)]
    assigned_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    state: TemporaryState,
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// Why it is over, failed, or could not be taken.
    words: Option<String>,
    /// Who asked for it to be taken early.
    taken_by: Option<String>,
}

/// `pending`: Discord was not heard of yet. `away`: who held it left, and may come back with it. `failed`: Discord did
/// not give it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum TemporaryState {
    Pending,
    Held,
    Away,
    Over,
    Failed,
}

impl TemporaryState {
    const fn stage(self) -> Stage {
        match self {
            Self::Pending => Stage::Pending,
            Self::Held => Stage::Held,
            Self::Away => Stage::Away,
            Self::Over => Stage::Over,
            Self::Failed => Stage::Failed,
        }
    }
}

impl From<Temporary> for TemporaryRole {
    fn from(row: Temporary) -> Self {
        Self {
            id: row.id,
            user_id: row.user,
            user_name: row.user_name,
            role_id: row.role,
            role_name: row.role_name,
            actor_id: row.actor,
            actor_name: row.actor_name,
            reason: row.reason,
            assigned_at: row.assigned_at.rfc3339(),
            expires_at: row.expires_at.rfc3339(),
            state: match row.state {
                Stage::Pending => TemporaryState::Pending,
                Stage::Held => TemporaryState::Held,
                Stage::Away => TemporaryState::Away,
                Stage::Over => TemporaryState::Over,
                Stage::Failed => TemporaryState::Failed,
            },
            ended_at: row.ended_at.map(Timestamp::rfc3339),
            words: row.words,
            taken_by: row.taken_by,
        }
    }
}

paged! {
    struct Which {
        /// Only those of this member.
        #[param(value_type = Option<Snowflake>)]
        user_id: Option<UserId>,
        /// Only those that stand so.
        state: Option<TemporaryState>,
    }
}

/// Lists the roles that are held for a while, with those that are over, the newest first.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/temporary-roles", tag = "Roles",
    params(("guild_id" = Snowflake, Path), Which),
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 200, description = "The roles", body = Listed<TemporaryRole>),
    Usual,
))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    which: Ask<Which>,
) -> Result<Json<Listed<TemporaryRole>>, Problem> {
    caller.check(guild, STAFF)?;
    let which = which.read()?;
    let part = which.part()?;
    let wanted = Wanted { user: which.user_id, state: which.state.map(TemporaryState::stage) };
    let found = app.bot().store().read(move |reader| {
        Ok((count_temporary(reader, guild, wanted)?, list_temporary(reader, guild, wanted, part.0, part.1)?))
    });
    let (total, rows) = found.await?;
    Ok(Json(Listed::new(rows.into_iter().map(TemporaryRole::from).collect(), total, part)))
}

/// A role to give for a while.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTemporaryRole {
    #[schema(value_type = Snowflake)]
    user_id: UserId,
    #[schema(value_type = Snowflake)]
    role_id: RoleId,
    /// For how long, such as `2h` or `7d`.
    #[schema(value_type = Length)]
    duration: Span,
    #[schema(max_length = 400)]
    reason: Option<String>,
}

/// A role that was given for a while, taken or put off, as it stands now.
#[derive(Serialize, ToSchema)]
struct TemporaryRoleDone {
    temporary_role: TemporaryRole,
    #[serde(flatten)]
    done: Done,
}

/// Gives a member a role for a while, or another end to one that they hold so; the answer says what Discord said.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/temporary-roles", tag = "Roles",
    params(("guild_id" = Snowflake, Path)), request_body = NewTemporaryRole,
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 201, description = "The role; its `state` says whether Discord gave it", body = TemporaryRoleDone),
    (status = 200, description = "The role that the same request gave before", body = TemporaryRoleDone),
    Taken,
    Usual,
))]
async fn give(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    new: Content<NewTemporaryRole>,
) -> Result<(StatusCode, Json<TemporaryRoleDone>), Problem> {
    caller.check(guild, STAFF)?;
    let NewTemporaryRole { user_id, role_id, duration, reason } = new.read().await?;
    let order = Invoke::new("temprole give").with("member", Value::User(user_id)).with("role", Value::Role(role_id));
    let done = order
        .with("duration", Value::Span(duration))
        .maybe("reason", reason.map(Value::Text))
        .run(&caller, guild)
        .await?;
    let rows = app.bot().store().read(move |reader| store::list_of(reader, guild, user_id, u32::MAX)).await?;
    let row = rows.into_iter().find(|row| row.role == role_id).ok_or_else(|| Problem::not_found("temporary role"))?;
    let status = if done.repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(TemporaryRoleDone { temporary_role: row.into(), done })))
}

/// Takes a role before its time is up; the answer says what Discord said.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/temporary-roles/{id}/take", tag = "Roles",
    params(("guild_id" = Snowflake, Path), ("id" = i64, Path)),
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 200, description = "The role as it stands now", body = TemporaryRoleDone),
    Taken,
    Usual,
))]
async fn take(
    State(app): State<App>,
    caller: Caller,
    Place(place): Place<(GuildId, i64)>,
) -> Result<Json<TemporaryRoleDone>, Problem> {
    caller.check(place.0, STAFF)?;
    change(&app, &caller, place, Invoke::new("temprole take")).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Extension {
    /// How much longer, such as `2h` or `7d`.
    #[schema(value_type = Length)]
    duration: Span,
}

/// Puts off the end of a role.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/temporary-roles/{id}/extend", tag = "Roles",
    params(("guild_id" = Snowflake, Path), ("id" = i64, Path)), request_body = Extension,
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 200, description = "The role as it stands now", body = TemporaryRoleDone),
    Taken,
    Usual,
))]
async fn extend(
    State(app): State<App>,
    caller: Caller,
    Place(place): Place<(GuildId, i64)>,
    extension: Content<Extension>,
) -> Result<Json<TemporaryRoleDone>, Problem> {
    caller.check(place.0, STAFF)?;
    let Extension { duration } = extension.read().await?;
    change(&app, &caller, place, Invoke::new("temprole extend").with("duration", Value::Span(duration))).await
}

async fn change(
    app: &App,
    caller: &Caller,
    (guild, id): (GuildId, i64),
    order: Invoke,
) -> Result<Json<TemporaryRoleDone>, Problem> {
    let row = load(app, guild, id).await?;
    // The command goes by member and role, and would find a newer one.
    if !row.state.is_open() && !caller.came_before().await? {
        return Err(Problem::refused(text::OVER_ALREADY));
    }
    let order = order.with("member", Value::User(row.user)).with("role", Value::Role(row.role));
    let done = order.run(caller, guild).await?;
    Ok(Json(TemporaryRoleDone { temporary_role: load(app, guild, id).await?.into(), done }))
}

async fn load(app: &App, guild: GuildId, id: i64) -> Result<Temporary, Problem> {
    let found = app.bot().store().read(move |reader| store::find(reader, guild, id)).await?;
    found.ok_or_else(|| Problem::not_found("temporary role"))
}

/// A role that comes back with its member.
#[derive(Serialize, ToSchema)]
struct PersistentRole {
    #[schema(value_type = Snowflake)]
    user_id: UserId,
    #[schema(value_type = Snowflake)]
    role_id: RoleId,
    role_name: String,
    /// When it was first seen on them.
    #[schema(format = DateTime)]
    assigned_at: String,
    /// They left with it, and are to get it back.
    away: bool,
}

paged! {
    struct OfWhom {
        /// Only those of this member.
        #[param(value_type = Option<Snowflake>)]
        user_id: Option<UserId>,
    }
}

/// Lists the roles that come back with members who leave, the newest first.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/persistent-roles", tag = "Roles",
    params(("guild_id" = Snowflake, Path), OfWhom),
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 200, description = "The roles", body = Listed<PersistentRole>),
    Usual,
))]
async fn list_coming_back(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    whose: Ask<OfWhom>,
) -> Result<Json<Listed<PersistentRole>>, Problem> {
    caller.check(guild, STAFF)?;
    let whose = whose.read()?;
    let part = whose.part()?;
    let user = whose.user_id;
    let found = app.bot().store().read(move |reader| {
        Ok((count_persistent(reader, guild, user)?, list_persistent(reader, guild, user, part.0, part.1)?))
    });
    let (total, rows) = found.await?;
    let shown = rows.into_iter().map(|row| PersistentRole {
        user_id: row.user,
        role_id: row.role,
        role_name: row.role_name,
        assigned_at: row.assigned_at.rfc3339(),
        away: row.away,
    });
    Ok(Json(Listed::new(shown.collect(), total, part)))
}
