//! A guild, its roles, its channels, its audit log.

use serde_json::{Value, json};

use crate::model::{GuildId, Permissions};

use super::errors::FormErrors;
use super::form::{number, text};
use super::{ApiError, Call, Outcome, Reply, World};
use crate::sim::world::permissions::{ADMINISTRATOR, MANAGE_CHANNELS, MANAGE_ROLES, VIEW_AUDIT_LOG};
use crate::sim::world::state::{AuditEntry, Guild, channel_kind};
use crate::sim::world::{ChannelSpec, RoleSpec, wire};

/// Roles that a guild can have.
const ROLES_MAX: usize = 250;

pub(super) fn find(world: &mut World, call: &Call) -> Outcome {
    let guild = world.guild_of(call)?;
    let mut json = world.guild_json(guild);
    if call.query("with_counts").as_deref() == Some("true") {
        let present = guild.members.values().filter(|member| member.status != "offline").count();
        json["approximate_member_count"] = guild.members.len().into();
        json["approximate_presence_count"] = present.into();
    }
    Ok(Reply::Json(json))
}

pub(super) fn channels(world: &mut World, call: &Call) -> Outcome {
    let guild = world.guild_of(call)?;
    let known = guild.channels.iter().filter_map(|id| world.channels.get(id)).filter(|channel| !channel.is_thread());
    Ok(Reply::Json(known.map(|channel| world.channel_json(channel)).collect()))
}

pub(super) fn roles(world: &mut World, call: &Call) -> Outcome {
    let guild = world.guild_of(call)?;
    Ok(Reply::Json(guild.roles.values().map(wire::role).collect()))
}

pub(super) fn create_channel(world: &mut World, call: &Call) -> Outcome {
    let guild = world.guild_with(call, MANAGE_CHANNELS)?;
    let mut errors = FormErrors::default();
    text(&mut errors, "name", &call.json["name"], 1, 100);
    number(&mut errors, "type", &call.json["type"], 0, 16);
    errors.finish()?;
    let parent = call.json["parent_id"].as_str().and_then(|id| id.parse().ok());
    let spec = ChannelSpec {
        name: call.json["name"].as_str().unwrap_or_default().to_owned(),
        kind: call.json["type"].as_u64().unwrap_or(u64::from(channel_kind::TEXT)) as u8,
        parent,
        topic: call.json["topic"].as_str().map(str::to_owned),
    };
    let id = world.add_channel(guild, spec);
    world.audit(guild, AuditEntry::by(world.me, 10, id.get(), call.reason.clone()));
    let json = world.channels.get(&id).map(|channel| world.channel_json(channel));
    Ok(Reply::Created(json.unwrap_or_default()))
}

pub(super) fn create_role(world: &mut World, call: &Call) -> Outcome {
    let guild = world.guild_with(call, MANAGE_ROLES)?;
    let mut errors = FormErrors::default();
    text(&mut errors, "name", &call.json["name"], 0, 100);
    number(&mut errors, "color", &call.json["color"], 0, 0xff_ffff);
    errors.finish()?;
    if world.guilds.get(&guild).is_some_and(|guild| guild.roles.len() >= ROLES_MAX) {
        let message = "Maximum number of guild roles reached (250)";
        return Err(ApiError { status: 400, code: 30_005, message, errors: None });
    }
    let wanted = call.json["permissions"].as_str().and_then(|bits| bits.parse().ok()).unwrap_or(0_u64);
    let held = world.permissions_of(world.me, guild);
    if wanted & !held != 0 && held & ADMINISTRATOR == 0 {
        return Err(ApiError::MISSING_PERMISSIONS);
    }
    let spec = RoleSpec {
        name: call.json["name"].as_str().unwrap_or("new role").to_owned(),
        position: 1,
        permissions: Permissions(wanted),
        colour: call.json["color"].as_u64().unwrap_or(0) as u32,
        hoist: call.json["hoist"] == true,
        mentionable: call.json["mentionable"] == true,
        managed: false,
    };
    let id = world.add_role(guild, spec);
    world.audit(guild, AuditEntry::by(world.me, 30, id.get(), call.reason.clone()));
    let json = world.guilds.get(&guild).and_then(|guild| guild.roles.get(&id)).map(wire::role);
    Ok(Reply::Json(json.unwrap_or_default()))
}

pub(super) fn audit_log(world: &mut World, call: &Call) -> Outcome {
    let guild = world.guild_with(call, VIEW_AUDIT_LOG)?;
    let most = call.query_number("limit", 50, 100)?;
    let action = call.query("action_type").and_then(|text| text.parse::<u32>().ok());
    let actor = call.query("user_id");
    let entries = world.audit_log(guild).filter(|entry| action.is_none_or(|action| entry.action == action));
    let entries = entries.filter(|entry| actor.as_deref().is_none_or(|actor| entry.actor.to_string() == actor));
    let mut newest: Vec<_> = entries.collect();
    newest.reverse();
    newest.truncate(most);
    let mut users: Vec<_> = newest.iter().map(|entry| entry.actor).collect();
    users.sort();
    users.dedup();
    Ok(Reply::Json(json!({
        "audit_log_entries": newest.iter().map(|entry| wire::audit_entry(entry)).collect::<Vec<_>>(),
        "users": users.iter().map(|id| world.user_json(*id)).collect::<Vec<_>>(),
        "application_commands": [], "auto_moderation_rules": [], "guild_scheduled_events": [], "integrations": [],
        "threads": [], "webhooks": Value::Array(Vec::new()),
    })))
}

impl World {
    /// The guild that a path names, provided that the bot is in it.
    pub(super) fn guild_of(&self, call: &Call) -> Result<&Guild, ApiError> {
        let id: GuildId = call.id(0, "guild_id")?;
        let guild = self.guilds.get(&id).ok_or(ApiError::UNKNOWN_GUILD)?;
        if guild.members.contains_key(&self.me) { Ok(guild) } else { Err(ApiError::MISSING_ACCESS) }
    }

    /// The guild that a path names, provided that the bot has these permissions in it.
    pub(super) fn guild_with(&self, call: &Call, needed: u64) -> Result<GuildId, ApiError> {
        let guild = self.guild_of(call)?.id;
        let held = self.permissions_of(self.me, guild);
        if held & needed == needed { Ok(guild) } else { Err(ApiError::MISSING_PERMISSIONS) }
    }
}
