//! The ledger over HTTP, and taking back what stands in it.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::command::Value;
use crate::http::api::{App, Ask, Caller, Content, Done, Invoke, Listed, Need, Place, Problem, paged};
use crate::http::api::{Routes, Snowflake, Taken, Usual};
use crate::model::{GuildId, Permission, UserId};
use crate::store::ledger;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(list)).routes(routes!(undo))
}

/// A change of a member's balance.
#[derive(Serialize, ToSchema)]
struct LedgerRow {
    /// As `/undo` takes it, with an L before it.
    id: i64,
    #[schema(value_type = Snowflake)]
    user_id: UserId,
    #[schema(format = DateTime)]
    at: String,
    /// What kind of change: `message`, `add`, `set_level` …
    what: String,
    /// By how much, in XP.
    amount: i64,
    /// The balance after it.
    after: i64,
    /// Who did it; none: the member earned it.
    #[schema(value_type = Option<Snowflake>)]
    actor_id: Option<UserId>,
    reason: Option<String>,
    /// The batch that it belongs to; `/undo` takes that with a B before it.
    batch: Option<i64>,
    /// The row that it takes back.
    undoes: Option<i64>,
}

impl From<ledger::Row> for LedgerRow {
    fn from(row: ledger::Row) -> Self {
        Self {
            id: row.id,
            user_id: row.user,
            at: row.at.rfc3339(),
            what: row.what,
            amount: row.amount,
            after: row.after,
            actor_id: row.actor,
            reason: row.reason,
            batch: row.batch,
            undoes: row.undoes,
        }
    }
}

paged! {
    struct OfWhom {
        /// Only changes of this member's balance.
        #[param(value_type = Option<Snowflake>)]
        user_id: Option<UserId>,
    }
}

/// Lists the changes of everybody's XP, the newest first.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/ledger", tag = "Ledger",
    params(("guild_id" = Snowflake, Path), OfWhom), security(("bearer" = ["moderate"]), ("key" = ["moderate"])),
    responses(
    (status = 200, description = "The changes", body = Listed<LedgerRow>),
    Usual,
))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    of: Ask<OfWhom>,
) -> Result<Json<Listed<LedgerRow>>, Problem> {
    caller.check(guild, Need::Have(Permission::ModerateMembers))?;
    let of = of.read()?;
    let (offset, limit) = of.part()?;
    // What was earned a moment ago may still wait for its commit.
    app.bot().settle().await;
    let found = app.bot().store().read(move |reader| {
        let rows = match of.user_id {
            Some(user) => ledger::list_of(reader, guild, user, offset, limit)?,
            None => ledger::list_all(reader, guild, offset, limit)?,
        };
        Ok((rows, ledger::count(reader, guild, of.user_id)?))
    });
    let (rows, total) = found.await?;
    Ok(Json(Listed::new(rows.into_iter().map(LedgerRow::from).collect(), total, (offset, limit))))
}

/// Something to take back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TakeBack {
    /// `L12` for a row of the ledger, `B3` for a batch, `K5` for kudos.
    #[schema(max_length = 24, min_length = 1)]
    id: String,
}

/// Takes back a change, a whole batch, or kudos.
#[utoipa::path(post, path = "/api/guilds/{guild_id}/undo", tag = "Ledger", params(("guild_id" = Snowflake, Path)),
    request_body = TakeBack, security(("bearer" = ["admin"]), ("key" = ["admin"])), responses(
    (status = 200, description = "What the command answered", body = Done),
    Usual,
    Taken,
))]
async fn undo(caller: Caller, Place(guild): Place<GuildId>, what: Content<TakeBack>) -> Result<Json<Done>, Problem> {
    caller.check(guild, Need::Have(Permission::ManageGuild))?;
    let TakeBack { id } = what.read().await?;
    Invoke::new("undo").with("id", Value::Text(id)).run(&caller, guild).await.map(Done::json)
}
