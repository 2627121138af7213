//! `/api/tools`: the catalogue.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use serde_json::Value;

use super::asked::Asked;
use super::fault::Fault;
use super::{may_change, may_read};
use crate::features::levels::tools::rules;
use crate::features::levels::tools::store;
use crate::http::api::{App, Problem, Program};
use crate::model::LEVEL_MAX;

const NAME_CHARS_MAX: usize = 100;
const DESCRIPTION_CHARS_MAX: usize = 1_000;
const ICON_CHARS_MAX: usize = 50;
const TIER_CHARS_MAX: usize = 100;
const CONFIG_BYTES_MAX: usize = 4_000;
const ICON: &str = "🛠️";

pub fn routes() -> Router<App> {
    Router::new().route("/api/tools", get(list).post(create))
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
            created_at: tool.created_at.rfc3339(),
            updated_at: tool.updated_at.rfc3339(),
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
    may_change(&app, program)?;
    let mut asked = Asked::body(&body)?;
    let (name, now) = (asked.needed_text("name", NAME_CHARS_MAX), app.bot().clock().now());
    let description = asked.needed_text("description", DESCRIPTION_CHARS_MAX);
    let required_level = asked.needed_whole("required_level", 1..=i64::from(LEVEL_MAX));
    let tier = asked.needed_text("tier", TIER_CHARS_MAX);
    let icon = asked.text("icon", ICON_CHARS_MAX).unwrap_or_else(|| ICON.to_owned());
    let (config, enabled) = (asked.object("config", CONFIG_BYTES_MAX), asked.flag("enabled").unwrap_or(true));
    asked.done()?;
    let tool = rules::Tool {
        id: rules::uuid(fastrand::u128(..)),
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
    app.bot().store().write(move |tx| store::insert(tx, &kept)).await?;
    Ok((StatusCode::CREATED, Json(tool.into())))
}
