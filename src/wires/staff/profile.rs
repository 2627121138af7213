//! `/api/auth/profile`: who is logged in, as the front end asks at each of its pages.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::discord::MANAGER;
use super::fault::Fault;
use super::roster::{Row, own_row};
use super::{Asker, guild_of};
use crate::config::RANK_COLOUR;
use crate::http::api::{App, Need};
use crate::model::UserId;

/// The rank of who is on no roster and may have everybody compared with Discord, and of who may not, in the monitor's
/// words and order.
const MANAGING: (&str, u16) = ("Manager", 10);
const READING: (&str, u16) = ("Staff", 999);

/// Whoever is logged in. What the monitor knows of its accounts alone is empty, or null where it may be.
#[derive(Serialize)]
pub struct Profile {
    id: i64,
    username: String,
    email: &'static str,
    display_name: String,
    avatar_url: Option<String>,
    role: String,
    role_priority: u16,
    /// As `#2ecc71`.
    role_color: String,
    steam_id: Option<String>,
    discord_id: Option<UserId>,
    timezone: &'static str,
    is_active_staff: bool,
    /// There is nothing to set up.
    setup_completed: bool,
}

/// `GET /api/auth/profile`: the entry of whoever asks, else what their key is called and may do.
pub async fn profile(State(app): State<App>, asker: Asker) -> Result<Json<Profile>, Fault> {
    asker.check_known()?;
    let guild = guild_of(&app, &asker.0)?;
    // A guild that is not theirs tells them nothing, and they are who they are all the same.
    let entry = if asker.may_read(&app).is_ok() { own_row(&app, &asker, guild).await? } else { None };
    let may_manage = asker.0.check(guild, Need::Have(MANAGER)).is_ok();
    let (role, role_priority) = if may_manage { MANAGING } else { READING };
    let key = asker.0.key();
    let name = match key {
        Some(key) => key.name.clone(),
        None => asker.0.actor(guild).await?.name,
    };
    let profile = Profile {
        id: key.map_or(0, |key| key.id),
        username: name.clone(),
        email: "",
        display_name: name,
        avatar_url: None,
        role: role.to_owned(),
        role_priority,
        role_color: RANK_COLOUR.to_string(),
        steam_id: None,
        discord_id: None,
        timezone: "",
        is_active_staff: entry.is_some(),
        setup_completed: true,
    };
    Ok(Json(match entry {
        Some(Row { id, name, role, role_priority, role_color, discord_id, user_avatar, .. }) => Profile {
            id,
            display_name: name,
            avatar_url: user_avatar,
            role,
            role_priority,
            role_color,
            discord_id,
            ..profile
        },
        None => profile,
    }))
}
