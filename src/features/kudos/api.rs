//! Kudos over HTTP: given, listed, and who was given most.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::rules;
use super::store::{self, Undone};
use crate::command::Value;
use crate::config::Audience;
use crate::http::api::{
    App, Ask, Caller, Content, Invoke, Listed, Need, Place, Problem, Routes, Snowflake, Taken, Usual, maybe_whole,
    paged,
};
use crate::model::{GuildId, UserId};

/// Members on the board.
const BOARD_ROWS: u32 = 100;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(list, give)).routes(routes!(board))
}

/// Kudos that somebody gave somebody.
#[derive(Serialize, ToSchema)]
struct Gift {
    /// As `/undo` takes it, with a K before it.
    id: i64,
    #[schema(value_type = Snowflake)]
    giver_id: UserId,
    giver_name: String,
    #[schema(value_type = Snowflake)]
    receiver_id: UserId,
    receiver_name: Option<String>,
    amount: i64,
    reason: Option<String>,
    #[schema(format = DateTime)]
    awarded_at: String,
    /// When it was taken back, or went with its message.
    #[schema(format = DateTime)]
    undone_at: Option<String>,
}

impl From<store::Gift> for Gift {
    fn from(gift: store::Gift) -> Self {
        let undone = gift.undone.map(|(Undone::Deleted(at) | Undone::By(_, at))| at.rfc3339());
        Self {
            id: gift.id,
            giver_id: gift.giver,
            giver_name: gift.giver_name,
            receiver_id: gift.receiver,
            receiver_name: gift.receiver_name,
            amount: gift.amount,
            reason: gift.reason,
            awarded_at: gift.at.rfc3339(),
            undone_at: undone,
        }
    }
}

paged! {
    struct Whose {
        /// Only what this member gave or was given.
        #[param(value_type = Option<Snowflake>)]
        user_id: Option<UserId>,
    }
}

/// Lists kudos, the newest first.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/kudos", tag = "Kudos", params(("guild_id" = Snowflake, Path), Whose),
    security(("bearer" = ["read"]), ("key" = ["read"])), responses(
    (status = 200, description = "The kudos", body = Listed<Gift>),
    Usual,
))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    whose: Ask<Whose>,
) -> Result<Json<Listed<Gift>>, Problem> {
    caller.check(guild, Need::See(Audience::Members))?;
    let whose = whose.read()?;
    let part = whose.part()?;
    let found = app.bot().store().read(move |reader| {
        let total = store::count_all(reader, guild, whose.user_id)?;
        Ok((total, store::list_all(reader, guild, whose.user_id, part.0, part.1)?))
    });
    let (total, gifts) = found.await?;
    Ok(Json(Listed::new(gifts.into_iter().map(Gift::from).collect(), total, part)))
}

/// A thanks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Thanks {
    #[schema(value_type = Snowflake)]
    receiver_id: UserId,
    /// One, if nothing is said.
    #[schema(minimum = 1, maximum = 100)]
    #[serde(default, deserialize_with = "maybe_whole")]
    amount: Option<i64>,
    #[schema(max_length = 400)]
    reason: Option<String>,
}

/// A thanks that was given.
#[derive(Serialize, ToSchema)]
struct ThanksGiven {
    kudos: Gift,
    said: String,
}

/// Thanks a member. A key has to say for whom it does (`X-Act-As`): the bot itself thanks nobody.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/kudos", tag = "Kudos", params(("guild_id" = Snowflake, Path)),
    request_body = Thanks, security(("bearer" = ["write"]), ("key" = ["write"])), responses(
    (status = 201, description = "The kudos", body = ThanksGiven),
    (status = 200, description = "The kudos that the same request gave before", body = ThanksGiven),
    Usual,
    Taken,
))]
async fn give(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    thanks: Content<Thanks>,
) -> Result<(StatusCode, Json<ThanksGiven>), Problem> {
    caller.check(guild, Need::Act)?;
    caller.check_person()?;
    let Thanks { receiver_id, amount, reason } = thanks.read().await?;
    let order = Invoke::new("kudos give").with("member", Value::User(receiver_id));
    let order = order.maybe("reason", reason.map(Value::Text)).maybe("amount", amount.map(Value::Whole));
    let done = order.run(&caller, guild).await?;
    let source = done.source();
    let gift = app.bot().store().read(move |reader| store::find_from(reader, guild, source)).await?;
    let kudos = gift.ok_or_else(|| Problem::fault("kudos were given and are not there"))?.into();
    let status = if done.repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(ThanksGiven { kudos, said: done.said })))
}

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Window {
    #[default]
    All,
    Month,
    Week,
}

paged! {
    struct Since {
        /// Given when: ever, in this month, in this week.
        #[param(inline)]
        window: Option<Window>,
    }
}

/// A member by the kudos that they were given.
#[derive(Serialize, ToSchema)]
struct Placed {
    rank: u64,
    #[schema(value_type = Snowflake)]
    user_id: UserId,
    name: Option<String>,
    amount: i64,
}

/// Shows who was given the most kudos, at most a hundred. For strangers, where `http.visibility.leaderboard` is public.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/kudos/board", tag = "Kudos",
    params(("guild_id" = Snowflake, Path), Since), security((), ("bearer" = ["read"]), ("key" = ["read"])), responses(
    (status = 200, description = "A part of the board", body = Listed<Placed>),
    Usual,
))]
async fn board(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    since: Ask<Since>,
) -> Result<Json<Listed<Placed>>, Problem> {
    let config = app.bot().config();
    caller.check(guild, Need::See(config.http.visibility.leaderboard))?;
    let since = since.read()?;
    let part = since.part()?;
    let word = match since.window.unwrap_or_default() {
        Window::All => "all",
        Window::Month => "month",
        Window::Week => "week",
    };
    let from = rules::begin_of(word, &config.discord.timezone, app.bot().clock().now());
    let board = app.bot().store().read(move |reader| store::list_top(reader, guild, from, BOARD_ROWS)).await?;
    let placed = |placed: store::Placed| {
        let store::Placed { rank, user, name, amount } = placed;
        Placed { rank, user_id: user, name, amount }
    };
    Ok(Json(Listed::part_of(board.into_iter().map(placed).collect(), part)))
}
