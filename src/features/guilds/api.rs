//! Guilds and members over HTTP: which there are, and how each looks.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::store::{self, Member, Wanted};
use crate::config::Audience;
use crate::http::api::{App, Ask, Caller, Listed, Need, Paging, Place, Problem, Routes, Snowflake, Usual, paged};
use crate::model::{Guild, GuildId, RoleId, Timestamp, UserId};

/// Discord's names are shorter.
const QUERY_CHARS_MAX: usize = 100;

pub fn routes() -> Routes {
    Routes::new().routes(routes!(list)).routes(routes!(show)).routes(routes!(list_members)).routes(routes!(show_member))
}

/// A guild that the bot is in.
#[derive(Serialize, ToSchema)]
struct GuildSeen {
    #[schema(value_type = Snowflake)]
    guild_id: GuildId,
    name: String,
    #[schema(value_type = Snowflake)]
    owner_id: UserId,
    member_count: u64,
    /// Without `@everyone`.
    role_count: usize,
    /// With categories and threads.
    channel_count: usize,
    /// The bot's own roles, the highest first.
    bot_roles: Vec<BotRole>,
}

/// A role that the bot holds.
#[derive(Serialize, ToSchema)]
struct BotRole {
    #[schema(value_type = Snowflake)]
    role_id: RoleId,
    name: String,
}

impl From<&Guild> for GuildSeen {
    fn from(guild: &Guild) -> Self {
        let mut held: Vec<_> = guild.roles.iter().filter(|role| guild.my_roles.contains(&role.id)).collect();
        held.sort_by_key(|role| (std::cmp::Reverse(role.position), role.id));
        Self {
            guild_id: guild.id,
            name: guild.name.clone(),
            owner_id: guild.owner,
            member_count: guild.member_count,
            role_count: guild.roles.iter().filter(|role| role.id.get() != guild.id.get()).count(),
            channel_count: guild.channels.len(),
            bot_roles: held.iter().map(|role| BotRole { role_id: role.id, name: role.name.clone() }).collect(),
        }
    }
}

/// Lists the guilds that whoever asks may see.
#[utoipa::path(get, path = "/api/guilds", tag = "Guilds", params(Paging),
    security(("bearer" = ["read"]), ("key" = ["read"])), responses(
    (status = 200, description = "The guilds, in the order of their ids", body = Listed<GuildSeen>),
    Usual,
))]
async fn list(State(app): State<App>, caller: Caller, paging: Ask<Paging>) -> Result<Json<Listed<GuildSeen>>, Problem> {
    caller.check_known()?;
    let part = paging.read()?.part()?;
    let seen = app.bot().guilds().list().into_iter().filter(|guild| caller.may_see(guild.id));
    Ok(Json(Listed::part_of(seen.map(|guild| GuildSeen::from(&*guild)).collect(), part)))
}

/// Shows a guild.
#[utoipa::path(get, path = "/api/guilds/{guild_id}", tag = "Guilds", params(("guild_id" = Snowflake, Path)),
    security(("bearer" = ["read"]), ("key" = ["read"])), responses(
    (status = 200, description = "The guild", body = GuildSeen),
    Usual,
))]
async fn show(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
) -> Result<Json<GuildSeen>, Problem> {
    caller.check(guild, Need::See(Audience::Members))?;
    let seen = app.bot().guilds().find(guild).ok_or_else(|| Problem::not_found("guild"))?;
    Ok(Json(GuildSeen::from(&*seen)))
}

/// A member as they were last seen.
#[derive(Serialize, ToSchema)]
struct MemberSeen {
    #[schema(value_type = Snowflake)]
    user_id: UserId,
    /// None: they left before they were seen.
    name: Option<String>,
    /// The hash of their picture, with the guild's id and a slash before it where it is for this guild alone.
    avatar: Option<String>,
    /// Whether they are in the guild, as far as the bot was told.
    present: bool,
    /// When they left, if the bot was told.
    #[schema(format = DateTime)]
    left_at: Option<String>,
}

impl From<Member> for MemberSeen {
    fn from(member: Member) -> Self {
        Self {
            user_id: member.user,
            name: Some(member.name).filter(|name| !name.is_empty()),
            avatar: member.avatar.map(|avatar| avatar.to_string()),
            present: member.present,
            left_at: member.left_at.map(Timestamp::rfc3339),
        }
    }
}

paged! {
    struct Whom {
        /// What their names begin with; ASCII letters in either case.
        #[param(max_length = 100)]
        query: Option<String>,
        /// Only those who are in the guild, or are not any more.
        present: Option<bool>,
    }
}

/// Lists members by name: those whom the bot has seen write, come, go or change. Who is on no board is here all the
/// same.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/members", tag = "Guilds",
    params(("guild_id" = Snowflake, Path), Whom), security(("bearer" = ["read"]), ("key" = ["read"])), responses(
    (status = 200, description = "The members", body = Listed<MemberSeen>),
    Usual,
))]
async fn list_members(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    whom: Ask<Whom>,
) -> Result<Json<Listed<MemberSeen>>, Problem> {
    caller.check(guild, Need::See(Audience::Members))?;
    let whom = whom.read()?;
    let part = whom.part()?;
    let prefix = whom.query.unwrap_or_default();
    if prefix.chars().count() > QUERY_CHARS_MAX {
        return Err(Problem::invalid(format!("query has at most {QUERY_CHARS_MAX} characters.")));
    }
    let wanted = Wanted { prefix, present: whom.present };
    let found = app.bot().store().read(move |reader| {
        let total = store::count_members(reader, guild, &wanted)?;
        Ok((total, store::list_members(reader, guild, &wanted, part.0, part.1)?))
    });
    let (total, members) = found.await?;
    Ok(Json(Listed::new(members.into_iter().map(MemberSeen::from).collect(), total, part)))
}

/// Shows a member, also one who left, as long as something is kept of them.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/members/{user_id}", tag = "Guilds",
    params(("guild_id" = Snowflake, Path), ("user_id" = Snowflake, Path)),
    security(("bearer" = ["read"]), ("key" = ["read"])), responses(
    (status = 200, description = "The member", body = MemberSeen),
    Usual,
))]
async fn show_member(
    State(app): State<App>,
    caller: Caller,
    Place((guild, user)): Place<(GuildId, UserId)>,
) -> Result<Json<MemberSeen>, Problem> {
    caller.check(guild, Need::See(Audience::Members))?;
    // What happened a moment ago may still wait for its commit.
    app.bot().settle().await;
    let found = app.bot().store().read(move |reader| store::find_member(reader, guild, user)).await?;
    found.map(|member| Json(member.into())).ok_or_else(|| Problem::not_found("member"))
}
