//! The roster over HTTP: who of the staff is there; added, changed, removed, and compared with Discord.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::rules::{self, Shown};
use super::{is_running, list as list_staff, sight_of, store};
use crate::bot::Bot;
use crate::command::Value;
use crate::http::api::{
    App, Ask, Caller, Content, Done, Invoke, Length, Listed, Need, Paging, Place, Problem, Routes, Snowflake, Taken,
    Usual,
};
use crate::model::{GuildId, Permission, RoleId, Sight, Span, Timestamp, UserId};

const ADMIN: Need = Need::Have(Permission::ManageGuild);
const OFF: &str = "There is no roster here: `roster.enabled` is off.";

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list, add))
        .routes(routes!(state))
        .routes(routes!(show, change, remove))
        .routes(routes!(sync))
}

/// Somebody of the staff.
#[derive(Serialize, ToSchema)]
struct Staff {
    /// No number is given twice.
    id: i64,
    /// None: no account is linked.
    #[schema(value_type = Option<Snowflake>)]
    user_id: Option<UserId>,
    name: String,
    rank: String,
    /// The lowest stands first; 999 for ranks that the configuration does not know.
    rank_priority: u16,
    /// As `#2ecc71`.
    rank_color: String,
    /// The role that brings them onto the roster, if one does.
    #[schema(value_type = Option<Snowflake>)]
    role_id: Option<RoleId>,
    /// They were added, and stay without a role.
    added_by_hand: bool,
    /// `online`, `idle`, `dnd`, `offline` or `unknown`.
    status: &'static str,
    /// Why the status is unknown: `not_linked`, `not_in_guild`, `not_asked` (nothing needed presences until just
    /// now), `intent_off` (in the developer portal), `gateway_down` or `not_told_yet`.
    unknown_because: Option<&'static str>,
    /// The text of their custom status.
    custom_status: Option<String>,
    /// The name of what they do.
    activity: Option<String>,
    /// Since when status, custom status and activity are these.
    #[schema(format = DateTime)]
    changed_at: Option<String>,
    on_leave: bool,
    /// None: until somebody ends it.
    #[schema(format = DateTime)]
    leave_until: Option<String>,
    #[schema(format = DateTime)]
    added_at: String,
}

impl From<rules::Staff> for Staff {
    fn from(staff: rules::Staff) -> Self {
        let changed_at = staff.since().map(Timestamp::rfc3339);
        let (status, unknown_because) = match staff.shown {
            Shown::Is(status) => (status.word(), None),
            Shown::Unknown(why) => ("unknown", Some(why.word())),
        };
        let rules::Staff { entry, rank, priority, colour, on_leave, .. } = staff;
        let presence = entry.presence.filter(|_| unknown_because.is_none());
        let (custom_status, activity) =
            presence.map_or((None, None), |presence| (presence.custom_status, presence.activity));
        let leave = entry.leave.filter(|_| on_leave);
        Self {
            id: entry.id,
            user_id: entry.user,
            name: entry.name,
            rank,
            rank_priority: priority,
            rank_color: colour.to_string(),
            role_id: entry.role,
            added_by_hand: entry.by_hand,
            status,
            unknown_because,
            custom_status,
            activity,
            changed_at,
            on_leave,
            leave_until: leave.and_then(|leave| leave.until).map(Timestamp::rfc3339),
            added_at: entry.added_at.rfc3339(),
        }
    }
}

/// What can be seen of a guild's members at the moment.
pub fn sight(bot: &Bot, guild: GuildId) -> Sight {
    sight_of(bot.vitals().sight(), bot.guilds().find(guild).is_some())
}

/// The roster of a guild in its order, as of this moment: what was told until now is in it.
///
/// # Errors
/// The database cannot be read.
pub async fn all(bot: &Bot, guild: GuildId) -> crate::model::Result<Vec<rules::Staff>> {
    bot.settle().await;
    let (config, sight, now) = (bot.config(), sight(bot, guild), bot.clock().now());
    bot.store().read(move |reader| list_staff(reader, &config, guild, sight, now)).await
}

fn check(app: &App, caller: &Caller, guild: GuildId) -> Result<(), Problem> {
    let config = app.bot().config();
    caller.check(guild, Need::See(config.http.visibility.roster))?;
    if config.roster.enabled { Ok(()) } else { Err(Problem::absent(OFF)) }
}

/// Lists the staff by rank and name, and how each is there. For strangers, where `http.visibility.roster` is public.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/roster", tag = "Roster",
    params(("guild_id" = Snowflake, Path), Paging),
    security((), ("bearer" = ["read"]), ("key" = ["read"])), responses(
    (status = 200, description = "The staff", body = Listed<Staff>),
    Usual,
))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    paging: Ask<Paging>,
) -> Result<Json<Listed<Staff>>, Problem> {
    check(&app, &caller, guild)?;
    let part = paging.read()?.part()?;
    let staff = all(app.bot(), guild).await?;
    Ok(Json(Listed::part_of(staff.into_iter().map(Staff::from).collect(), part)))
}

/// Whether presences are told at the moment.
#[derive(Serialize, ToSchema)]
struct RosterState {
    /// There is a session that tells presences.
    is_running: bool,
    /// Why not: `not_asked`, `intent_off` or `gateway_down`.
    reason: Option<&'static str>,
    /// When the whole roster was last compared with Discord, since the bot started.
    #[schema(format = DateTime)]
    synced_at: Option<String>,
}

/// Tells whether presences can be seen. For strangers, where `http.visibility.roster` is public.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/roster/state", tag = "Roster",
    params(("guild_id" = Snowflake, Path)),
    security((), ("bearer" = ["read"]), ("key" = ["read"])), responses(
    (status = 200, description = "What can be seen", body = RosterState),
    Usual,
))]
async fn state(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
) -> Result<Json<RosterState>, Problem> {
    check(&app, &caller, guild)?;
    let sight = sight(app.bot(), guild);
    let synced_at = app.bot().presences().synced_at(guild).map(Timestamp::rfc3339);
    let reason = rules::blindness(sight).map(rules::Why::word);
    Ok(Json(RosterState { is_running: is_running(sight), reason, synced_at }))
}

/// Shows one entry of the roster. For strangers, where `http.visibility.roster` is public.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/roster/{id}", tag = "Roster",
    params(("guild_id" = Snowflake, Path), ("id" = i64, Path)),
    security((), ("bearer" = ["read"]), ("key" = ["read"])), responses(
    (status = 200, description = "The entry", body = Staff),
    Usual,
))]
async fn show(
    State(app): State<App>,
    caller: Caller,
    Place((guild, id)): Place<(GuildId, i64)>,
) -> Result<Json<Staff>, Problem> {
    check(&app, &caller, guild)?;
    Ok(Json(load(&app, guild, id).await?))
}

async fn load(app: &App, guild: GuildId, id: i64) -> Result<Staff, Problem> {
    let staff = all(app.bot(), guild).await?.into_iter().find(|staff| staff.entry.id == id);
    staff.map(Staff::from).ok_or_else(|| Problem::not_found("entry"))
}

/// Whom to add to the roster.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewStaff {
    /// Either this or a name.
    #[schema(value_type = Option<Snowflake>)]
    user_id: Option<UserId>,
    /// Of somebody whose account is linked later.
    #[schema(max_length = 64)]
    name: Option<String>,
    #[schema(max_length = 40)]
    rank: String,
}

/// An entry as it stands now, and what the command answered; without an entry, there is none any more.
#[derive(Serialize, ToSchema)]
struct RosterDone {
    entry: Option<Staff>,
    #[serde(flatten)]
    done: Done,
}

/// Adds somebody to the roster.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/roster", tag = "Roster",
    params(("guild_id" = Snowflake, Path)), request_body = NewStaff,
    security(("bearer" = ["admin"]), ("key" = ["admin"])), responses(
    (status = 200, description = "The entry", body = RosterDone),
    Taken,
    Usual,
))]
async fn add(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    new: Content<NewStaff>,
) -> Result<Json<RosterDone>, Problem> {
    caller.check(guild, ADMIN)?;
    let NewStaff { user_id, name, rank } = new.read().await?;
    let order = Invoke::new("roster add").with("rank", Value::Text(rank));
    let order = order.maybe("member", user_id.map(Value::User)).maybe("name", name.clone().map(Value::Text));
    let done = order.run(&caller, guild).await?;
    let added = all(app.bot(), guild).await?.into_iter().filter(|staff| match user_id {
        Some(user) => staff.entry.user == Some(user),
        None => Some(staff.entry.name.as_str()) == name.as_deref().map(str::trim),
    });
    let entry = added.max_by_key(|staff| staff.entry.id).map(Staff::from);
    Ok(Json(RosterDone { entry, done }))
}

/// What to change about an entry: one thing at a time.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StaffChange {
    #[schema(max_length = 40)]
    rank: Option<String>,
    /// The account to link, where none is.
    #[schema(value_type = Option<Snowflake>)]
    user_id: Option<UserId>,
    /// Whether a leave of absence begins or ends.
    on_leave: Option<bool>,
    /// For how long, such as `14d`; until somebody ends it without it.
    #[schema(value_type = Option<Length>)]
    leave_duration: Option<Span>,
}

/// Changes an entry: its rank, its account, or a leave of absence; one of them at a time.
#[utoipa::path(patch, path = "/api/guilds/{guild_id}/roster/{id}", tag = "Roster",
    params(("guild_id" = Snowflake, Path), ("id" = i64, Path)), request_body = StaffChange,
    security(("bearer" = ["admin"]), ("key" = ["admin"])), responses(
    (status = 200, description = "The entry", body = RosterDone),
    Taken,
    Usual,
))]
async fn change(
    State(app): State<App>,
    caller: Caller,
    Place((guild, id)): Place<(GuildId, i64)>,
    change: Content<StaffChange>,
) -> Result<Json<RosterDone>, Problem> {
    caller.check(guild, ADMIN)?;
    let order = match change.read().await? {
        StaffChange { rank: Some(rank), user_id: None, on_leave: None, leave_duration: None } => {
            Invoke::new("roster rank").with("rank", Value::Text(rank))
        }
        StaffChange { rank: None, user_id: Some(user), on_leave: None, leave_duration: None } => {
            Invoke::new("roster link").with("member", Value::User(user))
        }
        StaffChange { rank: None, user_id: None, on_leave: Some(on), leave_duration } => {
            let state = if on { "on" } else { "off" };
            let order = Invoke::new("roster loa").with("state", Value::Text(state.to_owned()));
            order.maybe("duration", leave_duration.map(Value::Span))
        }
        _ => {
            return Err(Problem::refused("Say one thing to change: rank, user_id, or on_leave (with leave_duration)."));
        }
    };
    find(&app, guild, id).await?;
    let done = order.with("entry", Value::Whole(id)).run(&caller, guild).await?;
    Ok(Json(RosterDone { entry: load(&app, guild, id).await.ok(), done }))
}

/// Removes somebody from the roster. Who is on it by a role as well stays by that.
#[utoipa::path(delete, path = "/api/guilds/{guild_id}/roster/{id}", tag = "Roster",
    params(("guild_id" = Snowflake, Path), ("id" = i64, Path)),
    security(("bearer" = ["admin"]), ("key" = ["admin"])), responses(
    (status = 200, description = "What was done", body = RosterDone),
    Taken,
    Usual,
))]
async fn remove(
    State(app): State<App>,
    caller: Caller,
    Place((guild, id)): Place<(GuildId, i64)>,
) -> Result<Json<RosterDone>, Problem> {
    caller.check(guild, ADMIN)?;
    if !caller.came_before().await? {
        find(&app, guild, id).await?;
    }
    let done = Invoke::new("roster remove").with("entry", Value::Whole(id)).run(&caller, guild).await?;
    Ok(Json(RosterDone { entry: load(&app, guild, id).await.ok(), done }))
}

async fn find(app: &App, guild: GuildId, id: i64) -> Result<(), Problem> {
    let found = app.bot().store().read(move |reader| store::find(reader, guild, id)).await?;
    found.map(|_| ()).ok_or_else(|| Problem::not_found("entry"))
}

/// Compares the roster with Discord now; returns once Discord answered, or says that it did not.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/roster/sync", tag = "Roster",
    params(("guild_id" = Snowflake, Path)),
    security(("bearer" = ["admin"]), ("key" = ["admin"])), responses(
    (status = 200, description = "What came of it", body = Done),
    Taken,
    Usual,
))]
async fn sync(State(app): State<App>, caller: Caller, Place(guild): Place<GuildId>) -> Result<Json<Done>, Problem> {
    caller.check(guild, ADMIN)?;
    if sight(app.bot(), guild) == Sight::NoSession {
        return Err(Problem::unavailable(super::text::NOT_CONNECTED));
    }
    Ok(Invoke::new("roster sync").run(&caller, guild).await?.json())
}
