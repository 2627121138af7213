//! Notes and warnings over HTTP, as lists of their own: cases of one kind, made by a shorter word.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::store::{Wanted, count_wanted, list_wanted};
use crate::features::moderation::api::{Case, Made, NewCase, make};
use crate::features::moderation::kinds::DeedKind;
use crate::features::moderation::rules::Kind;
use crate::features::moderation::store;
use crate::http::api::{
    App, Ask, Caller, Content, Length, Listed, Need, Place, Problem, Routes, Snowflake, Taken, Usual, paged,
};
use crate::model::{GuildId, Permission, Span, UserId};

const STAFF: Need = Need::Have(Permission::ModerateMembers);

pub fn routes() -> Routes {
    Routes::new().routes(routes!(list_warnings, warn)).routes(routes!(list_notes, note))
}

/// A warning: a case, and whether it still counts.
#[derive(Serialize, ToSchema)]
struct Warning {
    #[serde(flatten)]
    case: Case,
    /// Nobody settled it, and its time is not up.
    counts: bool,
}

paged! {
    struct About {
        /// Only those about this member.
        #[param(value_type = Option<Snowflake>)]
        user_id: Option<UserId>,
        /// Only those that are resolved, or are not.
        resolved: Option<bool>,
    }
}

/// Lists the warnings of a guild, the newest first.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/warnings", tag = "Moderation",
    params(("guild_id" = Snowflake, Path), About),
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 200, description = "The warnings", body = Listed<Warning>),
    Usual,
))]
async fn list_warnings(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    about: Ask<About>,
) -> Result<Json<Listed<Warning>>, Problem> {
    caller.check(guild, STAFF)?;
    let now = app.bot().clock().now();
    let warning = |case: store::Case| Warning { counts: case.weight().counts(now), case: case.into() };
    list(&app, guild, Kind::Warn, about.read()?, warning).await
}

/// Lists the notes of a guild, the newest first.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/notes", tag = "Moderation",
    params(("guild_id" = Snowflake, Path), About),
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 200, description = "The notes", body = Listed<Case>),
    Usual,
))]
async fn list_notes(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    about: Ask<About>,
) -> Result<Json<Listed<Case>>, Problem> {
    caller.check(guild, STAFF)?;
    list(&app, guild, Kind::Note, about.read()?, Case::from).await
}

async fn list<T>(
    app: &App,
    guild: GuildId,
    kind: Kind,
    about: About,
    shown: impl Fn(store::Case) -> T,
) -> Result<Json<Listed<T>>, Problem> {
    let part = about.part()?;
    let wanted = Wanted { user: about.user_id, kind: Some(kind), resolved: about.resolved };
    let found = app.bot().store().read(move |reader| {
        Ok((count_wanted(reader, guild, wanted)?, list_wanted(reader, guild, wanted, part.0, part.1)?))
    });
    let (total, cases) = found.await?;
    Ok(Json(Listed::new(cases.into_iter().map(shown).collect(), total, part)))
}

/// What to warn a member of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWarning {
    #[schema(value_type = Snowflake)]
    user_id: UserId,
    #[schema(max_length = 400, min_length = 1)]
    reason: String,
    /// How long it counts, such as `30d`; for good without it.
    #[schema(value_type = Option<Length>)]
    duration: Option<Span>,
}

/// Warns a member, and tells them: the short form of a case of this kind.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/warnings", tag = "Moderation",
    params(("guild_id" = Snowflake, Path)), request_body = NewWarning,
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 201, description = "The case", body = Made),
    (status = 200, description = "The case that the same request made before", body = Made),
    Taken,
    Usual,
))]
async fn warn(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    new: Content<NewWarning>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    caller.check(guild, STAFF)?;
    let NewWarning { user_id, reason, duration } = new.read().await?;
    let new = NewCase { kind: DeedKind::Warn, user_id, reason: Some(reason), duration, delete: None };
    make(&app, &caller, guild, new).await
}

/// What to remember about somebody.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewNote {
    #[schema(value_type = Snowflake)]
    user_id: UserId,
    #[schema(max_length = 400, min_length = 1)]
    reason: String,
}

/// Puts a note about somebody on record, who is not told: the short form of a case of this kind.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/notes", tag = "Moderation",
    params(("guild_id" = Snowflake, Path)), request_body = NewNote,
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 201, description = "The case", body = Made),
    (status = 200, description = "The case that the same request made before", body = Made),
    Taken,
    Usual,
))]
async fn note(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    new: Content<NewNote>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    caller.check(guild, STAFF)?;
    let NewNote { user_id, reason } = new.read().await?;
    let new = NewCase { kind: DeedKind::Note, user_id, reason: Some(reason), duration: None, delete: None };
    make(&app, &caller, guild, new).await
}
