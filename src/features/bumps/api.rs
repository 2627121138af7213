//! Bumps over HTTP: who brought the server back to the top of its listing site, how often, and when last.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{rules, store, text};
use crate::config::Audience;
use crate::http::api::{App, Ask, Caller, Listed, Need, Paging, Place, Problem, Routes, Snowflake, Usual};
use crate::model::{GuildId, Permission, UserId};

pub fn routes() -> Routes {
    Routes::new().routes(routes!(list))
}

/// A member who bumped the server.
#[derive(Serialize, ToSchema)]
struct Bumper {
    #[schema(value_type = Snowflake)]
    user_id: UserId,
    /// Their name when they last did.
    user_name: String,
    bump_count: i64,
    #[schema(format = DateTime)]
    last_bumped_at: String,
}

impl From<store::Bumper> for Bumper {
    fn from(bumper: store::Bumper) -> Self {
        let store::Bumper { user, name, bumps, last } = bumper;
        Self { user_id: user, user_name: name, bump_count: bumps, last_bumped_at: last.rfc3339() }
    }
}

/// Lists who bumped the server, the last one first. Members see each other's where `bumps.boards` is on, else their own
/// alone: listing sites forbid to rank who bumps.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/bumps", tag = "Bumps",
    params(("guild_id" = Snowflake, Path), Paging),
    security(("bearer" = ["read"]), ("key" = ["read"])), responses(
    (status = 200, description = "The members; where bumps are off, 404 says so", body = Listed<Bumper>),
    Usual,
))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    paging: Ask<Paging>,
) -> Result<Json<Listed<Bumper>>, Problem> {
    caller.check(guild, Need::See(Audience::Members))?;
    let config = app.bot().config();
    if !config.bumps.enabled {
        return Err(Problem::absent(text::OFF));
    }
    let part = paging.read()?.part()?;
    let manages = caller.check(guild, Need::Have(Permission::ManageGuild)).is_ok();
    let told = rules::told(config.bumps.boards, manages, caller.person());
    // What was seen a moment ago may still wait for its commit.
    app.bot().settle().await;
    let found = app.bot().store().read(move |reader| {
        let total = store::count_bumpers(reader, guild, told)?;
        Ok((total, store::list_bumpers(reader, guild, told, part.0, part.1)?))
    });
    let (total, bumpers) = found.await?;
    Ok(Json(Listed::new(bumpers.into_iter().map(Bumper::from).collect(), total, part)))
}
