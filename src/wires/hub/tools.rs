//! `/api/tools`: the catalogue, and what a user has of it.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Value, json};

use super::asked::{Asked, wrong_path};
use super::users::Users;
use super::{change, may_change, may_read, moment};
use crate::command::Value as Given;
use crate::features::levels::tools::rules::{self, Standing};
use crate::features::levels::tools::{self, store};
use crate::http::api::{App, Caller, Need, Problem, Program};
use crate::model::{GuildId, LEVEL_MAX, UserId};
use crate::wires::fastapi::Fault;

const NAME_CHARS_MAX: usize = 100;
const DESCRIPTION_CHARS_MAX: usize = 1_000;
const ICON_CHARS_MAX: usize = 50;
const TIER_CHARS_MAX: usize = 100;
const CONFIG_BYTES_MAX: usize = 4_000;
const OF_ALL: &str = "The catalogue is that of all servers here: this takes a key for all of them.";
const ICON: &str = "🛠️";

pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/tools", get(list).post(create))
        .route("/api/tools/user/{discord_id}", get(list_of))
        .route("/api/tools/unlock/{discord_id}/{tool_id}", post(unlock))
}

/// A tool as the hub tells it.
#[derive(Serialize)]
struct Tool {
    id: String,
    name: String,
    description: String,
    icon: String,
    required_level: u32,
    tier: String,
    enabled: bool,
    config: Value,
    created_at: String,
    updated_at: String,
}

impl From<rules::Tool> for Tool {
    fn from(tool: rules::Tool) -> Self {
        Self {
            id: tool.id,
            name: tool.name,
            description: tool.description,
            icon: tool.icon,
            required_level: tool.required_level,
            tier: tool.tier,
            enabled: tool.enabled,
            config: serde_json::from_str(&tool.config).unwrap_or(Value::Null),
            created_at: moment(tool.created_at),
            updated_at: moment(tool.updated_at),
        }
    }
}

/// `GET /api/tools`: by required level; those of one tier, or also those that are switched off.
async fn list(State(app): State<App>, program: Result<Program, Problem>, uri: Uri) -> Result<Json<Vec<Tool>>, Fault> {
    may_read(&app, program)?;
    let mut asked = Asked::query(&uri);
    let (tier, enabled_only) = (asked.text("tier", TIER_CHARS_MAX), asked.flag("enabled_only").unwrap_or(true));
    asked.done()?;
    let tools = app.bot().store().read(|reader| store::list(reader)).await?;
    let is_wanted = |tool: &rules::Tool| {
        (tool.enabled || !enabled_only) && tier.as_ref().is_none_or(|tier| tool.tier.eq_ignore_ascii_case(tier))
    };
    Ok(Json(tools.into_iter().filter(is_wanted).map(Tool::from).collect()))
}

/// `POST /api/tools`: a new one, which members unlock like the others.
async fn create(
    State(app): State<App>,
    program: Result<Program, Problem>,
    body: Bytes,
) -> Result<(StatusCode, Json<Tool>), Fault> {
    let (guild, caller) = may_change(&app, program)?;
    if caller.home().is_some() && app.bot().guilds().list().len() > 1 {
        return Err(Problem::forbidden(OF_ALL.to_owned()).into());
    }
    let mut asked = Asked::body(&body)?;
    let (name, now) = (asked.needed_text("name", NAME_CHARS_MAX), app.bot().clock().now());
    let description = asked.needed_text("description", DESCRIPTION_CHARS_MAX);
    let required_level = asked.needed_whole("required_level", 1..=i64::from(LEVEL_MAX));
    let tier = asked.needed_text("tier", TIER_CHARS_MAX);
    let icon = asked.text("icon", ICON_CHARS_MAX).unwrap_or_else(|| ICON.to_owned());
    let (config, enabled) = (asked.object("config", CONFIG_BYTES_MAX), asked.flag("enabled").unwrap_or(true));
    asked.done()?;
    let tool = rules::Tool {
        // What comes again is the same one.
        id: rules::uuid(caller.request().map_or_else(|| fastrand::u128(..), u128::from)),
        name,
        description,
        icon,
        tier,
        required_level: u32::try_from(required_level).unwrap_or(LEVEL_MAX),
        enabled,
        config: config.to_string(),
        created_at: now,
        updated_at: now,
    };
    let kept = tool.clone();
    let made = change(&app, &caller, guild, None, move |cx, _| tools::add(cx, &kept)).await?;
    let tool = match made {
        Some(()) => tool,
        // The same request came before.
        None => app
            .bot()
            .store()
            .read(|reader| store::list(reader))
            .await?
            .into_iter()
            .find(|known| known.id == tool.id)
            .unwrap_or(tool),
    };
    Ok((StatusCode::CREATED, Json(tool.into())))
}

/// A tool, and how it stands to a user.
#[derive(Serialize)]
struct ToolOfUser {
    tool: Tool,
    is_unlocked: bool,
    unlocked_at: Option<String>,
    usage_count: i64,
    /// It is theirs for the asking.
    can_unlock: bool,
}

/// `GET /api/tools/user/{discord_id}`: all tools that are switched on, by required level.
async fn list_of(
    State(app): State<App>,
    program: Result<Program, Problem>,
    Path(discord_id): Path<String>,
) -> Result<Json<Vec<ToolOfUser>>, Fault> {
    let (guild, caller) = may_read(&app, program)?;
    let (user, known) = Users::of(&app, guild, &caller).load(&discord_id).await?;
    let read =
        app.bot().store().read(move |reader| Ok((store::list(reader)?, store::list_unlocked(reader, guild, user)?)));
    let (tools, unlocked) = read.await?;
    let of_user = |tool: rules::Tool| {
        let standing = rules::standing(&tool, known.level, &unlocked);
        let usage = unlocked.iter().find(|unlock| unlock.tool == tool.id).map_or(0, |unlock| unlock.usage_count);
        let unlocked_at = if let Standing::Unlocked(at) = standing { Some(moment(at)) } else { None };
        ToolOfUser {
            is_unlocked: unlocked_at.is_some(),
            unlocked_at,
            usage_count: usage,
            can_unlock: standing == Standing::Available,
            tool: tool.into(),
        }
    };
    Ok(Json(tools.into_iter().filter(|tool| tool.enabled).map(of_user).collect()))
}

/// For which guild a program unlocks something for a user: a key with the scope `admin`, or the user themselves.
fn may_unlock(app: &App, program: Result<Program, Problem>, discord_id: &str) -> Result<(GuildId, Caller), Fault> {
    let own = |program: &Program| program.0.person().is_some_and(|person| person.to_string() == discord_id);
    match program {
        Ok(program) if own(&program) => {
            let guild = super::guild_of(app, &program.0)?;
            program.0.check(guild, Need::Act)?;
            Ok((guild, program.0))
        }
        program => may_change(app, program),
    }
}

/// `POST /api/tools/unlock/{discord_id}/{tool_id}`.
async fn unlock(
    State(app): State<App>,
    program: Result<Program, Problem>,
    Path((discord_id, tool_id)): Path<(String, String)>,
) -> Result<Json<Value>, Fault> {
    let (guild, caller) = may_unlock(&app, program, &discord_id)?;
    if !is_uuid(&tool_id) {
        return Err(wrong_path("tool_id", "uuid_parsing", "Input should be a valid UUID", &tool_id));
    }
    let (user, _) = Users::of(&app, guild, &caller).load(&discord_id).await?;
    let wanted = tool_id.to_ascii_lowercase();
    let found = app.bot().store().read(|reader| store::list(reader)).await?;
    let found = found.into_iter().find(|tool| tool.enabled && tool.id == wanted);
    let no_such = || Fault::Said(StatusCode::NOT_FOUND, format!("Tool with ID {tool_id} not found"));
    let tool = found.ok_or_else(no_such)?;
    let like = Some(("tools", vec![("claim", Given::Text(tool.id.clone()))]));
    let wanted = tool.clone();
    let stood = change(&app, &caller, guild, like, move |cx, _| tools::unlock(cx, guild, user, &wanted)).await?;
    answer_of(stood, &tool, user)
}

/// What is answered, by how the tool stood before.
fn answer_of(stood: Option<Standing>, tool: &rules::Tool, user: UserId) -> Result<Json<Value>, Fault> {
    match stood {
        Some(Standing::Available) => Ok(Json(json!({"message": "Tool unlocked successfully", "tool_name": tool.name}))),
        Some(Standing::Unlocked(_)) | None => {
            Ok(Json(json!({"message": "Tool already unlocked", "already_unlocked": true})))
        }
        Some(Standing::Locked) => {
            let said = format!("User {user} needs level {} to unlock this tool", tool.required_level);
            Err(Fault::Said(StatusCode::FORBIDDEN, said))
        }
    }
}

/// Whether a text is a UUID as everybody writes it.
fn is_uuid(text: &str) -> bool {
    let is_place = |(nth, c): (usize, char)| match nth {
        8 | 13 | 18 | 23 => c == '-',
        _ => c.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.chars().enumerate().all(is_place)
}
