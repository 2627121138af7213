//! `/api/guilds`: those that the bot is in, and those that programs told of.

use axum::Json;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Serialize;

use super::asked::{Asked, SHORT_CHARS_MAX};
use super::asker::Asker;
use super::fault::Fault;
use super::{Reply, moment};
use crate::features::guilds::told::store::{ToldGuild, find_guild, list_guilds};
use crate::features::guilds::told::{self, Change};
use crate::http::api::Problem;
use crate::model::access::Scope;
use crate::model::{GuildId, Timestamp};

const NONE: Fault = Fault::NotFound("Guild not found");

#[derive(Serialize)]
struct Guild {
    id: i64,
    discord_id: i64,
    name: String,
    icon_url: Option<String>,
    joined_at: Option<String>,
    created_at: Option<String>,
}

#[derive(Serialize)]
struct Guilds {
    guilds: Vec<Guild>,
}

/// A guild as this dialect tells it. What a program told of its name stands before what Discord tells.
fn guild(asker: &Asker, id: GuildId, told: Option<ToldGuild>) -> Guild {
    let live = asker.app.bot().guilds().find(id).filter(|_| asker.is_live(id));
    let nothing = ToldGuild { guild: id, name: None, icon_url: None, joined_at: None, created_at: None };
    let told = told.unwrap_or(nothing);
    Guild {
        id: id.sql(),
        discord_id: id.sql(),
        name: told.name.or_else(|| live.map(|live| live.name.clone())).unwrap_or_else(|| id.to_string()),
        icon_url: told.icon_url,
        joined_at: told.joined_at.map(moment::written),
        created_at: told.created_at.map(moment::written),
    }
}

pub async fn list(asker: &Asker) -> Reply {
    let ids = asker.guilds().await?;
    let mut told = asker.app.bot().store().read(|reader| list_guilds(reader)).await?;
    let mut told_of = |id: GuildId| told.iter().position(|told| told.guild == id).map(|place| told.swap_remove(place));
    let guilds = ids.into_iter().map(|id| guild(asker, id, told_of(id))).collect();
    Ok(Json(Guilds { guilds }).into_response())
}

pub async fn show(asker: &Asker, id: i64) -> Reply {
    let id = GuildId::try_from(id).map_err(|_| NONE)?;
    asker.see(id).await?;
    Ok(Json(load(asker, id).await?).into_response())
}

async fn load(asker: &Asker, id: GuildId) -> Result<Guild, Fault> {
    let told = asker.app.bot().store().read(move |reader| find_guild(reader, id)).await?;
    Ok(guild(asker, id, told))
}

pub async fn create(asker: &Asker, body: &Bytes) -> Reply {
    asker.need(Scope::Write)?;
    let asked = Asked::of(body)?;
    asked.need(&["discord_id", "name"])?;
    let id: GuildId = asked.id("discord_id")?;
    let name = asked.name("name")?.unwrap_or_default();
    let icon_url = asked.text("icon_url", SHORT_CHARS_MAX)?.flatten();
    let joined_at: Option<Timestamp> = asked.time("joined_at")?.flatten();
    if !asker.key.is_for(id) {
        // That says nothing of whether there is such a guild.
        return Err(Problem::forbidden("This key is for another guild.").into());
    }
    if asker.is_live(id) {
        return Ok(Json(load(asker, id).await?).into_response());
    }
    let made = asker.app.bot().put_on_record(move |cx| told::add_guild(cx, id, &name, icon_url.as_deref(), joined_at));
    let (told, is_new) = made.await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(guild(asker, id, Some(told)))).into_response())
}

pub async fn change(asker: &Asker, id: i64, body: &Bytes) -> Reply {
    asker.need(Scope::Write)?;
    let id = GuildId::try_from(id).map_err(|_| NONE)?;
    asker.see(id).await?;
    let asked = Asked::of(body)?;
    let change =
        Change { name: asked.name("name")?, url: asked.text("icon_url", SHORT_CHARS_MAX)?, discriminator: None };
    let told = asker.app.bot().put_on_record(move |cx| told::change_guild(cx, id, &change)).await?;
    Ok(Json(guild(asker, id, Some(told))).into_response())
}
