//! Locks over HTTP: which channels are locked; one locked, and put back as it was.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::rules;
use super::store::{self, State as Stage};
use crate::command::Value;
use crate::http::api::{
    App, Ask, Caller, Content, Done, Invoke, Length, Listed, Need, Paging, Place, Problem, Routes, Snowflake, Taken,
    Usual,
};
use crate::model::{ChannelId, GuildId, Permission, Span, Timestamp, UserId};

const STAFF: Need = Need::Have(Permission::ManageChannels);

pub fn routes() -> Routes {
    Routes::new().routes(routes!(list)).routes(routes!(lock)).routes(routes!(unlock))
}

/// A channel in which nobody writes or speaks.
#[derive(Serialize, ToSchema)]
struct Lock {
    id: i64,
    #[schema(value_type = Snowflake)]
    channel_id: ChannelId,
    /// Its name at the time.
    channel_name: String,
    /// `text`, `forum`, `voice` or `thread`.
    kind: &'static str,
    #[schema(value_type = Snowflake)]
    locked_by_id: UserId,
    locked_by_name: String,
    #[schema(format = DateTime)]
    locked_at: String,
    /// None: until somebody unlocks it.
    #[schema(format = DateTime)]
    unlock_at: Option<String>,
    /// What was said in the channel about it.
    message: Option<String>,
    /// `pending` (Discord was not heard of yet), `locked`, `opening`, `failed` (it never was locked) or `opened`.
    state: &'static str,
    /// What last went wrong with it.
    words: Option<String>,
    #[schema(format = DateTime)]
    ended_at: Option<String>,
}

impl From<store::Lock> for Lock {
    fn from(lock: store::Lock) -> Self {
        Self {
            id: lock.id,
            channel_id: lock.channel,
            channel_name: lock.channel_name,
            kind: match lock.place {
                rules::Place::Text => "text",
                rules::Place::Forum => "forum",
                rules::Place::Voice => "voice",
                rules::Place::Thread => "thread",
            },
            locked_by_id: lock.locked_by,
            locked_by_name: lock.locked_by_name,
            locked_at: lock.locked_at.rfc3339(),
            unlock_at: lock.unlock_at.map(Timestamp::rfc3339),
            message: lock.message,
            state: match lock.state {
                Stage::Pending => "pending",
                Stage::Locked => "locked",
                Stage::Opening => "opening",
                Stage::Failed => "failed",
                Stage::Opened => "opened",
            },
            words: lock.words,
            ended_at: lock.ended_at.map(Timestamp::rfc3339),
        }
    }
}

/// Lists the locks that stand: those that end first, first.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/locks", tag = "Locks",
    params(("guild_id" = Snowflake, Path), Paging),
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 200, description = "The locks", body = Listed<Lock>),
    Usual,
))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    paging: Ask<Paging>,
) -> Result<Json<Listed<Lock>>, Problem> {
    caller.check(guild, STAFF)?;
    let part = paging.read()?.part()?;
    let locks = app.bot().store().read(move |reader| store::list_standing(reader, guild)).await?;
    Ok(Json(Listed::part_of(locks.into_iter().map(Lock::from).collect(), part)))
}

/// How to lock a channel.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewLock {
    /// For how long, such as `30m` or `7d`; until somebody unlocks it without it.
    #[schema(value_type = Option<Length>)]
    duration: Option<Span>,
    /// What to say in the channel about it.
    #[schema(max_length = 1_000)]
    message: Option<String>,
}

/// A lock as it stands now, and what the command answered.
#[derive(Serialize, ToSchema)]
struct LockDone {
    lock: Lock,
    #[serde(flatten)]
    done: Done,
}

/// Lets nobody write or speak in a channel for a while; the answer says what Discord said.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/channels/{channel_id}/lock", tag = "Locks",
    params(("guild_id" = Snowflake, Path), ("channel_id" = Snowflake, Path)), request_body = NewLock,
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 200, description = "The lock; its `state` says whether Discord made it", body = LockDone),
    Taken,
    Usual,
))]
async fn lock(
    State(app): State<App>,
    caller: Caller,
    Place((guild, channel)): Place<(GuildId, ChannelId)>,
    new: Content<NewLock>,
) -> Result<Json<LockDone>, Problem> {
    caller.check(guild, STAFF)?;
    let NewLock { duration, message } = new.read().await?;
    let order = Invoke::new("lock").maybe("message", message.map(Value::Text));
    let order = order.maybe("duration", duration.map(Value::Span));
    let done = run(&app, &caller, (guild, channel), order).await?;
    let source = done.source() as i64;
    let locks = app.bot().store().read(move |reader| store::list_locked_by(reader, source)).await?;
    answer(locks, done)
}

/// Puts a locked channel back exactly as it was; the answer says what Discord said.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/channels/{channel_id}/unlock", tag = "Locks",
    params(("guild_id" = Snowflake, Path), ("channel_id" = Snowflake, Path)),
    security(("bearer" = ["moderate"]), ("key" = ["moderate"])), responses(
    (status = 200, description = "The lock that is over", body = LockDone),
    Taken,
    Usual,
))]
async fn unlock(
    State(app): State<App>,
    caller: Caller,
    Place((guild, channel)): Place<(GuildId, ChannelId)>,
) -> Result<Json<LockDone>, Problem> {
    caller.check(guild, STAFF)?;
    let done = run(&app, &caller, (guild, channel), Invoke::new("unlock")).await?;
    let source = done.source() as i64;
    let locks = app.bot().store().read(move |reader| store::list_unlocked_by(reader, source)).await?;
    answer(locks, done)
}

/// Runs a command about a channel that there is.
async fn run(
    app: &App,
    caller: &Caller,
    (guild, channel): (GuildId, ChannelId),
    order: Invoke,
) -> Result<Done, Problem> {
    let seen = app.bot().guilds().find(guild).is_some_and(|guild| guild.channel(channel).is_some());
    let standing = app.bot().store().read(move |reader| store::find_standing(reader, channel)).await?;
    // A thread that rests may be locked, and is not seen.
    if !seen && standing.is_none_or(|lock| lock.guild != guild) {
        return Err(Problem::not_found("channel"));
    }
    order.with("channel", Value::Channel(channel)).run(caller, guild).await
}

fn answer(mut locks: Vec<store::Lock>, done: Done) -> Result<Json<LockDone>, Problem> {
    let lock = locks.pop().ok_or_else(|| Problem::not_found("lock"))?.into();
    Ok(Json(LockDone { lock, done }))
}
