//! `/api/staff/discord`: whether presences are told, and comparing all of them with Discord.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::fault::Fault;
use super::{Asker, guild_of};
use crate::config::Audience;
use crate::features::roster::api::{all, sight};
use crate::features::roster::store::list_to_compare;
use crate::http::api::{App, Need};
use crate::model::{GuildId, Permission, Sight, Timestamp};

/// What it takes to have everybody compared with Discord.
pub const MANAGER: Permission = Permission::ManageGuild;

#[derive(Serialize)]
pub struct BotStatus {
    /// There is a session that tells presences.
    is_running: bool,
    /// As a string: snowflakes lose digits in JavaScript. None: Discord has not told of the guild yet.
    guild_id: Option<GuildId>,
}

/// `GET /api/staff/discord/status`. For strangers, where `http.visibility.status` is public: the document asks without
/// a token.
pub async fn status(State(app): State<App>, asker: Asker) -> Result<Json<BotStatus>, Fault> {
    let config = app.bot().config();
    if config.http.visibility.status != Audience::Public {
        asker.check_known()?;
    }
    let theirs = |guild: &GuildId| asker.0.check(*guild, Need::See(Audience::Public)).is_ok();
    let guild_id = guild_of(&app, &asker.0).ok().filter(|guild| config.roster.enabled && theirs(guild));
    let is_running = guild_id.is_some_and(|guild| is_running(sight(app.bot(), guild)));
    Ok(Json(BotStatus { is_running, guild_id }))
}

/// Whether there is a session in which presences are not refused. Where nobody is on the roster yet, none are asked
/// for, which is no fault.
fn is_running(sight: Sight) -> bool {
    matches!(sight, Sight::Clear | Sight::NotAsked)
}

/// `POST /api/staff/discord/sync`: returns once Discord answered and everything is stored.
pub async fn sync(State(app): State<App>, asker: Asker) -> Result<Json<Value>, Fault> {
    compare(&app, &asker).await?;
    Ok(Json(json!({"message": "Discord status sync completed successfully"})))
}

/// A comparison, as the monitor's log has it.
#[derive(Serialize)]
pub struct Sync {
    id: i64,
    synced_at: String,
    status: &'static str,
    records_updated: usize,
    error_message: Option<String>,
}

impl Sync {
    fn of(at: Timestamp, records_updated: usize) -> Self {
        Self { id: at.ms(), synced_at: at.rfc3339(), status: "success", records_updated, error_message: None }
    }
}

/// `POST /api/staff/sync`: what the monitor read from a spreadsheet, Discord tells us.
pub async fn sync_roster(State(app): State<App>, asker: Asker) -> Result<Json<Value>, Fault> {
    let guild = compare(&app, &asker).await?;
    let details = Sync::of(app.bot().clock().now(), all(app.bot(), guild).await?.len());
    Ok(Json(json!({"message": "Sync completed successfully", "details": details})))
}

/// `GET /api/staff/sync/logs`: the last comparison since the bot started. The front end shows no roster without it.
pub async fn syncs(State(app): State<App>, asker: Asker) -> Result<Json<Value>, Fault> {
    asker.check_known()?;
    let guild = asker.may_read(&app)?;
    let (last, staff) = (app.bot().presences().synced_at(guild), all(app.bot(), guild).await?.len());
    let results: Vec<_> = last.map(|at| Sync::of(at, staff)).into_iter().collect();
    Ok(Json(json!({"count": results.len(), "next": null, "previous": null, "results": results})))
}

/// Compares the whole roster of a guild with Discord; returns which guild that is.
async fn compare(app: &App, asker: &Asker) -> Result<GuildId, Fault> {
    let not_running = || Fault::View(StatusCode::SERVICE_UNAVAILABLE, json!({"error": "Discord bot is not running"}));
    asker.check_known()?;
    let bot = app.bot();
    let seen = guild_of(app, &asker.0).ok().filter(|guild| bot.guilds().find(*guild).is_some());
    let Some(guild) = seen else {
        // What a person may do, Discord says, which is not there; what a key may do is known here.
        let may = asker.0.key().is_some_and(|key| MANAGER.allows(key.scopes.permissions()));
        return Err(if may { not_running() } else { Fault::forbidden() });
    };
    asker.0.check(guild, Need::Have(MANAGER))?;
    if !bot.config().roster.enabled {
        let body = json!({"error": "Discord bot is not configured", "configured": false});
        return Err(Fault::View(StatusCode::BAD_REQUEST, body));
    }
    if !is_running(sight(bot, guild)) {
        return Err(not_running());
    }
    bot.settle().await;
    let by_role = bot.config().roster.has_roles();
    // Where nobody can be on it, nothing differs.
    if let Some(users) = bot.store().read(move |reader| list_to_compare(reader, guild, by_role)).await? {
        let asked = bot.ask_members(guild, users).await;
        asked.map_err(|setback| Fault::View(StatusCode::INTERNAL_SERVER_ERROR, json!({ "error": setback.words() })))?;
    }
    Ok(guild)
}
