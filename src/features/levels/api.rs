//! XP over HTTP: the board, one member, their history, and changes of it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::board::store::{list_committed, list_since};
use super::board::{COUNTED_MAX, Kind, begin_of};
use super::{roles, simulate, store, tools};
use crate::command::Value;
use crate::config::{Audience, Levels, RoleMode};
use crate::http::api::{
    App, Ask, Caller, Content, Done, Invoke, Listed, Need, Paging, Place, Problem, Routes, Snowflake, Taken, Usual,
    paged, whole,
};
use crate::model::{Guild, GuildId, LEVEL_MAX, Permission, RoleId, UserId};
use crate::store::ledger;

pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(scale))
        .routes(routes!(leaderboard))
        .routes(routes!(show, give))
        .routes(routes!(history))
        .routes(routes!(set))
        .merge(tools::api::routes())
        .merge(simulate::api::routes())
}

/// How XP becomes levels, and what they bring.
#[derive(Serialize, ToSchema)]
struct Scale {
    curve: Formula,
    /// Where the levels end.
    max_level: u32,
    /// Which of the roles that were reached are held: `stack` (all of them) or `highest`.
    role_mode: &'static str,
    roles: Vec<Reward>,
    tiers: Vec<TierOfLevels>,
}

/// Level n begins at `(cubic·n³ + quadratic·n² + linear·n + constant) / divisor`, rounded to the nearest multiple
/// of `round_to`.
#[derive(Serialize, ToSchema)]
struct Formula {
    /// None: it is one of the community's own.
    name: Option<&'static str>,
    cubic: i64,
    quadratic: i64,
    linear: i64,
    constant: i64,
    divisor: i64,
    round_to: i64,
    /// The level of somebody without XP.
    first_level: u32,
}

/// A role that a level brings.
#[derive(Serialize, ToSchema)]
struct Reward {
    level: u32,
    #[schema(value_type = Snowflake)]
    role_id: RoleId,
    role_name: String,
    /// Whether it stays when only the highest role is held.
    keep: bool,
}

/// A name for the levels from this one up to the next tier.
#[derive(Serialize, ToSchema)]
struct TierOfLevels {
    name: String,
    from: u32,
    /// As `#2ecc71`.
    colour: String,
}

impl Scale {
    fn of(levels: &Levels, guild: Option<&Guild>) -> Self {
        let formula = levels.curve.formula();
        let rewards = guild.into_iter().flat_map(|guild| {
            roles::among(levels, guild).into_iter().map(|entry| Reward {
                level: entry.level,
                role_id: entry.role,
                role_name: guild.role(entry.role).map_or_else(String::new, |role| role.name.clone()),
                keep: entry.keep,
            })
        });
        let tier = |tier: &crate::config::Tier| TierOfLevels {
            name: tier.name.clone(),
            from: tier.from,
            colour: levels.colour_of(tier.from).to_string(),
        };
        Self {
            curve: Formula {
                name: levels.curve.name(),
                cubic: formula.cubic,
                quadratic: formula.quadratic,
                linear: formula.linear,
                constant: formula.constant,
                divisor: formula.divisor,
                round_to: formula.round_to,
                first_level: formula.first_level,
            },
            max_level: levels.curve.highest_level(),
            role_mode: match levels.role_mode {
                RoleMode::Stack => "stack",
                RoleMode::Highest => "highest",
            },
            roles: rewards.collect(),
            tiers: levels.tiers.iter().map(tier).collect(),
        }
    }
}

/// Shows what each level needs and brings.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/levels", tag = "Levels", params(("guild_id" = Snowflake, Path)),
    security(("bearer" = ["read"]), ("key" = ["read"])), responses(
    (status = 200, description = "The curve, its roles and its tiers", body = Scale),
    Usual,
))]
async fn scale(State(app): State<App>, caller: Caller, Place(guild): Place<GuildId>) -> Result<Json<Scale>, Problem> {
    caller.check(guild, Need::See(Audience::Members))?;
    let seen = app.bot().guilds().find(guild);
    Ok(Json(Scale::of(&app.bot().config().levels, seen.as_deref())))
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
    /// Their level now.
    level: u32,
    /// What they have, or what they earned in the time that was asked for.
    xp: i64,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = BoardWindow)]
enum Window {
    #[default]
    All,
    Month,
    Week,
}

impl Window {
    const fn kind(self) -> Kind {
        match self {
            Self::All => Kind::All,
            Self::Month => Kind::Month,
            Self::Week => Kind::Week,
        }
    }
}

paged! {
    struct EarnedIn {
        /// Earned when: ever, in this month, in this week. A board of a month or week ends after 10,000 members.
        #[param(inline)]
        window: Option<Window>,
    }
}

/// Shows who has the most XP. For strangers, where `http.visibility.leaderboard` is public.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/leaderboard", tag = "Levels",
    params(("guild_id" = Snowflake, Path), EarnedIn),
    security((), ("bearer" = ["read"]), ("key" = ["read"])), responses(
    (status = 200, description = "A part of the board", body = Listed<Standing>),
    Usual,
))]
async fn leaderboard(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    which: Ask<EarnedIn>,
) -> Result<Json<Listed<Standing>>, Problem> {
    let config = app.bot().config();
    caller.check(guild, Need::See(config.http.visibility.leaderboard))?;
    let which = which.read()?;
    let part = which.part()?;
    let kind = which.window.unwrap_or_default().kind();
    let from = begin_of(kind, &config.discord.timezone, app.bot().clock().now());
    // Each with all the XP that they have, by which their level goes.
    let found = app.bot().store().read(move |reader| match from {
        None => {
            let board = list_committed(reader, guild, part.0, part.1)?;
            let total = store::count(reader, guild, i64::MAX)?.unsigned_abs();
            Ok((total, board.into_iter().map(|placed| (placed.xp, placed)).collect::<Vec<_>>()))
        }
        Some(from) => {
            let board = list_since(reader, guild, from, COUNTED_MAX)?;
            let total = board.len() as u64;
            let shown = board.into_iter().skip(part.0 as usize).take(part.1 as usize);
            let with_xp = |placed: store::Placed| {
                let row = store::find(reader, guild, placed.user)?;
                Ok((row.map_or(placed.xp, |row| row.xp), placed))
            };
            Ok((total, shown.map(with_xp).collect::<crate::model::Result<_>>()?))
        }
    });
    let (total, board) = found.await?;
    let standing = |(xp, placed): (i64, store::Placed)| Standing {
        rank: placed.rank,
        user_id: placed.user,
        name: placed.name,
        level: config.levels.curve.level_of(xp),
        xp: placed.xp,
    };
    Ok(Json(Listed::new(board.into_iter().map(standing).collect(), total, part)))
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
    find(app, guild, user).await?.ok_or_else(|| Problem::not_found("member"))
}

async fn find(app: &App, guild: GuildId, user: UserId) -> Result<Option<Xp>, Problem> {
    // What was earned a moment ago may still wait for its commit.
    app.bot().settle().await;
    let row = app.bot().store().read(move |reader| store::find(reader, guild, user)).await?;
    Ok(row.map(|row| xp_of(app, user, row.xp)))
}

fn xp_of(app: &App, user: UserId, xp: i64) -> Xp {
    Xp { user_id: user, xp, level: app.bot().config().levels.curve.level_of(xp) }
}

/// XP to give, or to take.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Amount {
    #[schema(minimum = -1_000_000_000_000_i64, maximum = 1_000_000_000_000_i64)]
    #[serde(deserialize_with = "whole")]
    amount: i64,
}

/// What was changed.
#[derive(Serialize, ToSchema)]
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

/// The level to be at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LevelToBeAt {
    #[schema(minimum = 1, maximum = 1_000)]
    #[serde(deserialize_with = "whole")]
    level: u32,
}

/// Sets a member's level: they have the XP at which it begins.
#[utoipa::path(put, path = "/api/guilds/{guild_id}/members/{user_id}/level", tag = "Levels",
    params(("guild_id" = Snowflake, Path), ("user_id" = Snowflake, Path)), request_body = LevelToBeAt,
    security(("bearer" = ["admin"]), ("key" = ["admin"])), responses(
    (status = 200, description = "The member as they are now", body = Given),
    Usual,
    Taken,
))]
async fn set(
    State(app): State<App>,
    caller: Caller,
    Place((guild, user)): Place<(GuildId, UserId)>,
    level: Content<LevelToBeAt>,
) -> Result<Json<Given>, Problem> {
    caller.check(guild, Need::Have(Permission::ManageGuild))?;
    let LevelToBeAt { level } = level.read().await?;
    if !(1..=LEVEL_MAX).contains(&level) {
        return Err(Problem::invalid(format!("level is from 1 to {LEVEL_MAX}.")));
    }
    let order = Invoke::new("setlevel").with("member", Value::User(user)).with("level", Value::Whole(level.into()));
    let done = order.run(&caller, guild).await?;
    // Who never earned anything, and is to be where everybody begins, still has no row.
    let member = find(&app, guild, user).await?.unwrap_or_else(|| xp_of(&app, user, 0));
    Ok(Json(Given { member, done }))
}

/// A change of a member's XP, as the ledger has it.
#[derive(Serialize, ToSchema)]
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
    (status = 200, description = "The changes", body = Listed<Change>),
    Usual,
))]
async fn history(
    State(app): State<App>,
    caller: Caller,
    Place((guild, user)): Place<(GuildId, UserId)>,
    paging: Ask<Paging>,
) -> Result<Json<Listed<Change>>, Problem> {
    caller.check(guild, Need::Have(Permission::ModerateMembers))?;
    let part = paging.read()?.part()?;
    app.bot().settle().await;
    let found = app.bot().store().read(move |reader| {
        let rows = ledger::list_of(reader, guild, user, part.0, part.1)?;
        Ok((rows, ledger::count(reader, guild, Some(user))?))
    });
    let (rows, total) = found.await?;
    let change = |row: ledger::Row| Change {
        id: row.id,
        at: row.at.rfc3339(),
        amount: row.amount,
        after: row.after,
        what: row.what,
        reason: row.reason,
        actor_id: row.actor,
    };
    Ok(Json(Listed::new(rows.into_iter().map(change).collect(), total, part)))
}
