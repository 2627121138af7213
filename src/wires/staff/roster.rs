//! `/api/staff/roster`, `/roles` and `/me`: who is of the staff, with their presence as it was told last.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, Uri};
use serde::Serialize;

use super::fault::Fault;
use super::list::{Asked, Page};
use super::{Asker, ROSTER};
use crate::config::RANK_COLOUR;
use crate::features::guilds::store::{self as members, Member};
use crate::features::roster::api::all;
use crate::features::roster::rules::Staff;
use crate::http::api::{App, base_url};
use crate::model::{GuildId, Presence, Status, Timestamp, UserId};
use crate::wires::picture_of;

/// The longest custom status or activity.
const NOTE_CHARS_MAX: usize = 200;

/// Somebody of the staff. What the monitor takes from Steam, from game servers and from accounts of its own is null, or
/// empty where it may not be null.
#[derive(Debug, Serialize)]
pub struct Row {
    pub id: i64,
    username: String,
    display_name: String,
    pub role: String,
    rank: String,
    /// As `#2ecc71`.
    pub role_color: String,
    pub role_priority: u16,
    pub name: String,
    timezone: &'static str,
    active_time: &'static str,
    steam_id: Option<String>,
    /// As a string, like all snowflakes. None: no account is linked.
    pub discord_id: Option<UserId>,
    discord_tag: Option<String>,
    /// `online`, `idle`, `dnd` or `offline`; none: never told.
    discord_status: Option<&'static str>,
    discord_status_display: Option<&'static str>,
    discord_custom_status: Option<String>,
    discord_activity: Option<String>,
    /// When that was last told or compared, be it the same as before. RFC 3339.
    discord_status_updated: Option<String>,
    is_active: bool,
    is_on_loa: bool,
    /// A day in UTC, as `2026-01-31`; none: until somebody ends it.
    loa_end_date: Option<String>,
    user_id: Option<i64>,
    pub user_avatar: Option<String>,
    last_synced: String,
    joined_date: String,
    last_activity: String,
    is_online: bool,
    server_name: Option<String>,
    server_id: Option<i64>,
}

impl Row {
    /// `synced`: when the whole roster was last compared with Discord, since the bot started.
    fn of(staff: Staff, synced: Option<Timestamp>, avatar: Option<String>) -> Self {
        let Staff { entry, rank, priority, colour, on_leave, .. } = staff;
        let told = match entry.here {
            _ if entry.user.is_none() => None,
            Some(false) => Some(Presence::OFFLINE),
            _ => entry.presence,
        };
        let status = told.as_ref().map(|told| told.status.word());
        // Who is offline says and does nothing.
        let notes = told.filter(|told| told.status != Status::Offline);
        let (custom_status, activity) = notes.map_or((None, None), |told| (told.custom_status, told.activity));
        let updated = entry.changed_at.max(synced).filter(|_| status.is_some());
        let last_synced = updated.unwrap_or(entry.added_at).max(entry.added_at).rfc3339();
        let leave = entry.leave.filter(|_| on_leave);
        Self {
            id: entry.id,
            username: entry.name.clone(),
            display_name: entry.name.clone(),
            role: rank.clone(),
            rank,
            role_color: colour.to_string(),
            role_priority: priority,
            name: entry.name,
            timezone: "",
            active_time: "",
            steam_id: None,
            discord_id: entry.user,
            discord_tag: None,
            discord_status: status,
            discord_status_display: status,
            discord_custom_status: custom_status.map(shortened),
            discord_activity: activity.map(shortened),
            discord_status_updated: updated.map(Timestamp::rfc3339),
            is_active: true,
            is_on_loa: on_leave,
            loa_end_date: leave.and_then(|leave| leave.until).map(|until| until.utc().format("%Y-%m-%d").to_string()),
            user_id: None,
            user_avatar: avatar,
            last_activity: last_synced.clone(),
            last_synced,
            joined_date: entry.added_at.rfc3339(),
            is_online: false,
            server_name: None,
            server_id: None,
        }
    }
}

fn shortened(text: String) -> String {
    text.chars().take(NOTE_CHARS_MAX).collect()
}

/// The roster of a guild, by rank and name.
async fn rows(app: &App, guild: GuildId) -> Result<Vec<Row>, Fault> {
    let bot = app.bot();
    let staff = all(bot, guild).await?;
    let (config, synced) = (bot.config(), bot.presences().synced_at(guild));
    let drawn = move |member: Member| picture_of(&config.discord.cdn_url, member.user, member.picture, member.avatar);
    let read = bot.store().read(move |reader| {
        let row = |staff: Staff| {
            let member = match staff.entry.user {
                Some(user) => members::find_member(reader, guild, user)?,
                None => None,
            };
            Ok(Row::of(staff, synced, member.and_then(&drawn)))
        };
        staff.into_iter().map(row).collect()
    });
    Ok(read.await?)
}

/// `GET /api/staff/roster`.
pub async fn list(
    State(app): State<App>,
    asker: Asker,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<Page>, Fault> {
    let guild = asker.may_read(&app)?;
    let address = format!("{}{ROSTER}/", base_url(&app, peer, &headers));
    Asked::of(&uri).page(rows(&app, guild).await?, &address).map(Json)
}

/// `GET /api/staff/roster/{id}`.
pub async fn show(State(app): State<App>, asker: Asker, Path(id): Path<String>) -> Result<Json<Row>, Fault> {
    let guild = asker.may_read(&app)?;
    let id: i64 = id.parse().map_err(|_| Fault::NotFound)?;
    let row = rows(&app, guild).await?.into_iter().find(|row| row.id == id);
    row.map(Json).ok_or(Fault::NotFound)
}

#[derive(Serialize)]
pub struct Role {
    role: String,
    priority: u16,
    /// As `#2ecc71`.
    color: String,
}

/// `GET /api/staff/roles`: the configured ranks, the highest first. They are no members, so they are for everybody.
pub async fn roles(State(app): State<App>) -> Json<Vec<Role>> {
    let config = app.bot().config();
    let role = |rank: &crate::config::StaffRole| Role {
        role: rank.rank.clone(),
        priority: rank.priority,
        color: rank.colour.unwrap_or(RANK_COLOUR).to_string(),
    };
    let mut roles: Vec<_> = config.roster.roles.iter().filter(|_| config.roster.enabled).map(role).collect();
    roles.sort_by_key(|role| role.priority);
    Json(roles)
}

/// `GET /api/staff/me`: the entry of whoever is signed in, of the member whom a key acts as, or of who made the key.
pub async fn me(State(app): State<App>, asker: Asker) -> Result<Json<Row>, Fault> {
    asker.check_known()?;
    let guild = asker.may_read(&app)?;
    own_row(&app, &asker, guild).await?.map(Json).ok_or(Fault::NoEntry)
}

/// The row of whoever asks, if they have one.
pub async fn own_row(app: &App, asker: &Asker, guild: GuildId) -> Result<Option<Row>, Fault> {
    let actor = asker.0.actor(guild).await?;
    // A key that acts as nobody acts as the bot.
    let is_bot = Some(actor.user) == app.bot().user();
    let user = if is_bot { asker.0.key().and_then(|key| key.created_by) } else { Some(actor.user) };
    let rows = rows(app, guild).await?;
    Ok(user.and_then(|user| rows.into_iter().find(|row| row.discord_id == Some(user))))
}
