//! Tools over HTTP: the catalogue, and what a member has unlocked of it.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{rules, store};
use crate::config::Audience;
use crate::http::api::{App, Ask, Caller, Listed, Need, Paging, Place, Problem, Routes, Snowflake, Usual};
use crate::model::{GuildId, UserId};

pub fn routes() -> Routes {
    Routes::new().routes(routes!(catalogue)).routes(routes!(unlocked))
}

/// Something that a level unlocks.
#[derive(Serialize, ToSchema)]
struct Tool {
    /// A UUID.
    id: String,
    name: String,
    description: String,
    /// An emoji.
    icon: String,
    tier: String,
    required_level: u32,
    /// For whoever implements the tool.
    #[schema(value_type = Object)]
    config: Value,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<rules::Tool> for Tool {
    fn from(tool: rules::Tool) -> Self {
        Self {
            id: tool.id,
            name: tool.name,
            description: tool.description,
            icon: tool.icon,
            tier: tool.tier,
            required_level: tool.required_level,
            config: serde_json::from_str(&tool.config).unwrap_or(Value::Null),
            created_at: tool.created_at.rfc3339(),
            updated_at: tool.updated_at.rfc3339(),
        }
    }
}

/// Lists the tools that levels bring, by level; those that are switched off are left out.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/tools", tag = "Levels",
    params(("guild_id" = Snowflake, Path), Paging),
    security(("bearer" = ["read"]), ("key" = ["read"])), responses(
    (status = 200, description = "The tools", body = Listed<Tool>),
    Usual,
))]
async fn catalogue(
    State(app): State<App>,
    caller: Caller,
    Place(guild): Place<GuildId>,
    paging: Ask<Paging>,
) -> Result<Json<Listed<Tool>>, Problem> {
    caller.check(guild, Need::See(Audience::Members))?;
    let part = paging.read()?.part()?;
    let tools = app.bot().store().read(move |reader| store::list(reader)).await?;
    let tools = tools.into_iter().filter(|tool| tool.enabled).map(Tool::from);
    Ok(Json(Listed::part_of(tools.collect(), part)))
}

/// A tool that a member unlocked.
#[derive(Serialize, ToSchema)]
struct UnlockedTool {
    #[serde(flatten)]
    tool: Tool,
    #[schema(format = DateTime)]
    unlocked_at: String,
    usage_count: i64,
}

/// Lists the tools that a member has unlocked, the oldest first; those that are switched off are left out.
#[utoipa::path(get, path = "/api/guilds/{guild_id}/members/{user_id}/tools", tag = "Levels",
    params(("guild_id" = Snowflake, Path), ("user_id" = Snowflake, Path), Paging),
    security(("bearer" = ["read"]), ("key" = ["read"])), responses(
    (status = 200, description = "The tools", body = Listed<UnlockedTool>),
    Usual,
))]
async fn unlocked(
    State(app): State<App>,
    caller: Caller,
    Place((guild, user)): Place<(GuildId, UserId)>,
    paging: Ask<Paging>,
) -> Result<Json<Listed<UnlockedTool>>, Problem> {
    caller.check(guild, Need::See(Audience::Members))?;
    let part = paging.read()?.part()?;
    let found =
        app.bot().store().read(move |reader| Ok((store::list(reader)?, store::list_unlocked(reader, guild, user)?)));
    let (tools, unlocked) = found.await?;
    let shown = unlocked.into_iter().filter_map(|unlock| {
        let tool = tools.iter().find(|tool| tool.id == unlock.tool && tool.enabled)?;
        let (unlocked_at, usage_count) = (unlock.at.rfc3339(), unlock.usage_count);
        Some(UnlockedTool { tool: tool.clone().into(), unlocked_at, usage_count })
    });
    Ok(Json(Listed::part_of(shown.collect(), part)))
}
