//! Cases over HTTP: listed, shown, made (which does what the command does), edited, resolved, reopened, hidden.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::found::store::{Wanted, count_wanted, list_wanted};
use super::kinds::{CaseKind, DeedKind};
use super::rules::Kind;
use super::store::{self, State as Stage};
use super::{commands, found};
use crate::command::{Command, Value};
use crate::config::Audience;
use crate::http::api::{
    App, Ask, Caller, Content, Invoke, Length, Listed, Need, Place, Problem, Routes, Snowflake, Taken, Usual, paged,
};
use crate::model::{GuildId, Permission, Span, Timestamp, Told, UserId};

const STAFF: Need = Need::Have(Permission::ModerateMembers);

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list, create))
        .routes(routes!(show, edit))
        .routes(routes!(resolve))
        .routes(routes!(reopen))
        .routes(routes!(hide))
        .merge(found::api::routes())
}

/// A case: a note, a warning, or something that was done about a member.
#[derive(Serialize, ToSchema)]
pub(super) struct Case {
    #[schema(value_type = Snowflake)]
    guild_id: GuildId,
    /// Counts up in each guild, without gaps.
    number: i64,
    #[schema(value_type = CaseKind)]
    kind: &'static str,
    #[schema(value_type = Snowflake)]
    user_id: UserId,
    /// Their name at the time.
    user_name: String,
    /// What a program calls it that put it on record (then the bot did nothing); none: the bot knows of it by itself.
    action: Option<String>,
    /// None: a rule of the configuration.
    #[schema(value_type = Option<Snowflake>)]
    moderator_id: Option<UserId>,
    moderator_name: String,
    reason: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: String,
    /// When a timeout or ban ends, or a warning stops counting.
    #[schema(format = DateTime)]
    ends_at: Option<String>,
    /// When it ended before that, or without it.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// Whether Discord did it: `pending`, `done` or `failed`.
    state: &'static str,
    /// Why it failed.
    words: Option<String>,
    /// Whether the member was told; none: nobody tried (yet).
    told: Option<bool>,
    link: Option<String>,
    /// A moderator did it by hand in Discord.
    by_hand: bool,
    resolution: Option<Resolution>,
    hidden: bool,
    /// The number of the case that took it back.
    undone_by: Option<i64>,
}

#[derive(Serialize, ToSchema)]
struct Resolution {
    #[schema(format = DateTime)]
    at: String,
    by: String,
    note: String,
}

impl From<store::Case> for Case {
    fn from(case: store::Case) -> Self {
        Self {
            guild_id: case.guild,
            number: case.number,
            kind: case.kind.word(),
            user_id: case.user,
            user_name: case.user_name,
            action: case.action,
            moderator_id: case.moderator,
            moderator_name: case.moderator_name,
            reason: case.reason,
            created_at: case.at.rfc3339(),
            ends_at: case.ends_at.map(Timestamp::rfc3339),
            ended_at: case.ended_at.map(Timestamp::rfc3339),
            state: match case.state {
                Stage::Pending => "pending",
                Stage::Done => "done",
                Stage::Failed => "failed",
            },
            words: case.words,
            told: case.told.map(|told| told == Told::Yes),
            link: case.link,
            by_hand: case.by_hand,
            resolution: case.resolved.map(|resolved| Resolution {
                at: resolved.at.rfc3339(),
                by: resolved.by,
                note: resolved.note,
            }),
            hidden: case.hidden,
            undone_by: case.undone_by,
        }
    }
}

paged! {
    struct Which {
        /// Only cases about this member.
        #[param(value_type = Option<Snowflake>)]
        user_id: Option<UserId>,
        /// Only cases of this kind.
        #[param(inline)]
        kind: Option<CaseKind>,
        /// Only those that are resolved, or are not.
        resolved: Option<bool>,
    }
}

/// Lists the cases of a guild, the newest first.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/cases", tag = "Moderation",
    params(("guild_id" = Snowflake, Path), Which),
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 200, description = "The cases", body = Listed<Case>),
    Usual,
    Taken,
))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    which: Ask<Which>,
) -> Result<Json<Listed<Case>>, Problem> {
    caller.check(guild, STAFF)?;
    let which = which.read()?;
    let part = which.part()?;
    let wanted = Wanted { user: which.user_id, kind: which.kind.map(CaseKind::kind), resolved: which.resolved };
    let found = app.bot().store().read(move |reader| {
        Ok((count_wanted(reader, guild, wanted)?, list_wanted(reader, guild, wanted, part.0, part.1)?))
    });
    let (total, cases) = found.await?;
    Ok(Json(Listed::new(cases.into_iter().map(Case::from).collect(), total, part)))
}

/// Something to put on record, or to do about a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCase {
    pub(super) kind: DeedKind,
    #[schema(value_type = Snowflake)]
    pub(super) user_id: UserId,
    /// Required but for `untimeout` and `unban`.
    #[schema(max_length = 400)]
    pub(super) reason: Option<String>,
    /// For how long, such as `10m` or `7d`: a timeout (required), a ban (for good without it), a warning (how long it
    /// counts).
    #[schema(value_type = Option<Length>)]
    pub(super) duration: Option<Span>,
    /// How far back a ban or softban deletes their messages, such as `1d`.
    #[schema(value_type = Option<Length>)]
    pub(super) delete: Option<Span>,
}

/// A case that was made, and what the command answered.
#[derive(Serialize, ToSchema)]
pub(super) struct Made {
    case: Case,
    said: String,
}

/// Makes a case, and does what it says: a ban bans, and the answer says what Discord said.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/cases", tag = "Moderation", params(("guild_id" = Snowflake, Path)),
    request_body = NewCase, security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 201, description = "The case", body = Made),
    (status = 200, description = "The case that the same request made before", body = Made),
    Taken,
    Usual,
))]
async fn create(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    new: Content<NewCase>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    caller.check(guild, Need::See(Audience::Members))?;
    make(&app, &caller, guild, new.read().await?).await
}

pub(super) async fn make(
    app: &App,
    caller: &Caller,
    guild: GuildId,
    new: NewCase,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let command = command_of(new.kind.kind())?;
    caller.check(guild, Need::Have(command.requires))?;
    let reason = if matches!(new.kind, DeedKind::Note) { "text" } else { "reason" };
    let duration = if matches!(new.kind, DeedKind::Warn) { "expires" } else { "duration" };
    let order = Invoke::new(command.name).with("member", Value::User(new.user_id));
    let order = order.maybe(reason, new.reason.map(Value::Text)).maybe(duration, new.duration.map(Value::Span));
    let done = order.maybe("delete", new.delete.map(Value::Span)).run(caller, guild).await?;
    let source = done.source();
    let made = app.bot().store().read(move |reader| store::find_part(reader, guild, source, 0)).await?;
    let case = made.ok_or_else(|| Problem::fault("a case was made and is not there"))?;
    let status = if done.repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(Made { case: case.into(), said: done.said })))
}

/// The command that makes cases of a kind: it has the kind's word for its name.
fn command_of(kind: Kind) -> Result<&'static Command, Problem> {
    let found = commands::COMMANDS.iter().find(|command| command.name == kind.word());
    found.copied().ok_or_else(|| Problem::fault("a kind of case has no command"))
}

/// Shows a case.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/cases/{number}", tag = "Moderation",
    params(("guild_id" = Snowflake, Path), ("number" = i64, Path)),
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 200, description = "The case", body = Case),
    Usual,
))]
async fn show(
    State(app): State<App>,
    caller: Caller,
    Place((guild, number)): Place<(GuildId, i64)>,
) -> Result<Json<Case>, Problem> {
    caller.check(guild, STAFF)?;
    load(&app, guild, number).await.map(Json)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Edit {
    #[schema(max_length = 400, min_length = 1)]
    reason: String,
}

/// Puts another reason into a case.
#[utoipa::path(patch, path = "/api/guilds/{guild_id}/cases/{number}", tag = "Moderation",
    params(("guild_id" = Snowflake, Path), ("number" = i64, Path)), request_body = Edit,
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 200, description = "The case as it is now", body = Case),
    Taken,
    Usual,
))]
async fn edit(
    State(app): State<App>,
    caller: Caller,
    Place((guild, number)): Place<(GuildId, i64)>,
    edit: Content<Edit>,
) -> Result<Json<Case>, Problem> {
    caller.check(guild, STAFF)?;
    let Edit { reason } = edit.read().await?;
    change(&app, &caller, guild, number, Invoke::new("case edit").with("reason", Value::Text(reason))).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Note {
    #[schema(max_length = 400)]
    note: Option<String>,
}

/// Settles a case: it counts no longer.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/cases/{number}/resolve", tag = "Moderation",
    params(("guild_id" = Snowflake, Path), ("number" = i64, Path)), request_body = Note,
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 200, description = "The case as it is now", body = Case),
    Taken,
    Usual,
))]
async fn resolve(
    State(app): State<App>,
    caller: Caller,
    Place((guild, number)): Place<(GuildId, i64)>,
    note: Content<Note>,
) -> Result<Json<Case>, Problem> {
    caller.check(guild, STAFF)?;
    let Note { note } = note.read().await?;
    change(&app, &caller, guild, number, Invoke::new("case resolve").maybe("note", note.map(Value::Text))).await
}

/// Opens a case again.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/cases/{number}/reopen", tag = "Moderation",
    params(("guild_id" = Snowflake, Path), ("number" = i64, Path)), request_body = Note,
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 200, description = "The case as it is now", body = Case),
    Taken,
    Usual,
))]
async fn reopen(
    State(app): State<App>,
    caller: Caller,
    Place((guild, number)): Place<(GuildId, i64)>,
    note: Content<Note>,
) -> Result<Json<Case>, Problem> {
    caller.check(guild, STAFF)?;
    let Note { note } = note.read().await?;
    change(&app, &caller, guild, number, Invoke::new("case reopen").maybe("note", note.map(Value::Text))).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Hidden {
    hidden: bool,
}

/// Leaves a case out of histories, or shows it again.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/cases/{number}/hide", tag = "Moderation",
    params(("guild_id" = Snowflake, Path), ("number" = i64, Path)), request_body = Hidden,
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 200, description = "The case as it is now", body = Case),
    Usual,
    Taken,
))]
async fn hide(
    State(app): State<App>,
    caller: Caller,
    Place((guild, number)): Place<(GuildId, i64)>,
    hidden: Content<Hidden>,
) -> Result<Json<Case>, Problem> {
    caller.check(guild, STAFF)?;
    let Hidden { hidden } = hidden.read().await?;
    let word = if hidden { "on" } else { "off" };
    change(&app, &caller, guild, number, Invoke::new("case hide").with("hidden", Value::Text(word.to_owned()))).await
}

async fn change(app: &App, caller: &Caller, guild: GuildId, number: i64, order: Invoke) -> Result<Json<Case>, Problem> {
    load(app, guild, number).await?;
    order.with("number", Value::Whole(number)).run(caller, guild).await?;
    load(app, guild, number).await.map(Json)
}

async fn load(app: &App, guild: GuildId, number: i64) -> Result<Case, Problem> {
    let found = app.bot().store().read(move |reader| store::find(reader, guild, number)).await?;
    found.map(Case::from).ok_or_else(|| Problem::not_found("case"))
}
