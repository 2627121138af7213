//! Channels as the bot changes them: settings, permission overwrites, typing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::{ChannelId, GuildId, Permissions, UserId};

use super::errors::FormErrors;
use super::form::{flag, number, text};
use super::{ApiError, Call, Outcome, Reply, World};
use crate::sim::world::permissions::{ADMINISTRATOR, MANAGE_CHANNELS, MANAGE_ROLES, MANAGE_THREADS};
use crate::sim::world::state::{AuditEntry, Overwrite};

/// The longest slow mode: six hours.
const SLOWMODE_SECONDS_MAX: i64 = 21_600;

pub(super) fn find(world: &mut World, call: &Call) -> Outcome {
    let id: ChannelId = call.id(0, "channel_id")?;
    world.may_see(id)?;
    let channel = world.channels.get(&id).ok_or(ApiError::UNKNOWN_CHANNEL)?;
    Ok(Reply::Json(world.channel_json(channel)))
}

pub(super) fn typing(world: &mut World, call: &Call) -> Outcome {
    let id: ChannelId = call.id(0, "channel_id")?;
    world.may_write_in(id)?;
    let me = world.me;
    world.start_typing(id, me);
    Ok(Reply::NoContent)
}

pub(super) fn edit(world: &mut World, call: &Call) -> Outcome {
    let (id, guild) = world.manageable(call, MANAGE_CHANNELS)?;
    let json = &call.json;
    let mut errors = FormErrors::default();
    if !json["name"].is_null() {
        text(&mut errors, "name", &json["name"], 1, 100);
    }
    text(&mut errors, "topic", &json["topic"], 0, 1_024);
    number(&mut errors, "rate_limit_per_user", &json["rate_limit_per_user"], 0, SLOWMODE_SECONDS_MAX);
    flag(&mut errors, "archived", &json["archived"]);
    flag(&mut errors, "locked", &json["locked"]);
    errors.finish()?;
    let listed = json["permission_overwrites"].as_array();
    let overwrites = listed.map(|list| list.iter().filter_map(read_overwrite).collect());
    if let Some(overwrites) = &overwrites {
        world.may_change_overwrites(id, overwrites)?;
    }
    if let Some(channel) = world.channels.get_mut(&id) {
        if let Some(name) = json["name"].as_str() {
            channel.name = name.to_owned();
        }
        if let Some(topic) = json.get("topic") {
            channel.topic = topic.as_str().map(str::to_owned);
        }
        if let Some(seconds) = json["rate_limit_per_user"].as_u64() {
            channel.slowmode_seconds = seconds as u32;
        }
        channel.archived = json["archived"].as_bool().unwrap_or(channel.archived);
        channel.locked = json["locked"].as_bool().unwrap_or(channel.locked);
        if let Some(list) = overwrites {
            channel.overwrites = list;
        }
    }
    world.dispatch_channel(id);
    world.audit(guild, AuditEntry::by(world.me, 11, id.get(), call.reason.clone()));
    find(world, call)
}

pub(super) fn delete(world: &mut World, call: &Call) -> Outcome {
    let (id, guild) = world.manageable(call, MANAGE_CHANNELS)?;
    let json = world.channels.get(&id).map(|channel| world.channel_json(channel)).unwrap_or_default();
    let _ = world.delete_channel(id);
    world.audit(guild, AuditEntry::by(world.me, 12, id.get(), call.reason.clone()));
    Ok(Reply::Json(json))
}

pub(super) fn set_overwrite(world: &mut World, call: &Call) -> Outcome {
    let (id, guild) = world.manageable(call, MANAGE_ROLES)?;
    let target: u64 = call.param(1).parse().map_err(|_| ApiError::UNKNOWN_OVERWRITE)?;
    let mut body = call.json.clone();
    body["id"] = target.to_string().into();
    let Some((_, overwrite)) = read_overwrite(&body) else {
        return Err(ApiError::form("type", "BASE_TYPE_REQUIRED", "This field is required"));
    };
    let home = world.guilds.get(&guild).ok_or(ApiError::UNKNOWN_GUILD)?;
    let known = if overwrite.for_member {
        UserId::new(target).is_ok_and(|user| home.members.contains_key(&user))
    } else {
        home.roles.keys().any(|role| role.get() == target)
    };
    if !known {
        return Err(if overwrite.for_member { ApiError::UNKNOWN_USER } else { ApiError::UNKNOWN_ROLE });
    }
    // Only what the bot itself may do can be allowed or denied by it, unless it may manage roles everywhere.
    let held = world.channels.get(&id).map_or(0, |channel| world.permissions_in(world.me, channel));
    let touched = overwrite.allow.0 | overwrite.deny.0;
    if touched & !held != 0 && held & ADMINISTRATOR == 0 {
        return Err(ApiError::MISSING_PERMISSIONS);
    }
    let old = world.channels.get(&id).and_then(|channel| channel.overwrites.get(&target).copied());
    world.set_overwrite(id, target, Some(overwrite));
    let action = if old.is_some() { 14 } else { 13 };
    world.audit_overwrite(guild, id, action, target, old, Some(overwrite), call.reason.clone());
    Ok(Reply::NoContent)
}

pub(super) fn delete_overwrite(world: &mut World, call: &Call) -> Outcome {
    let (id, guild) = world.manageable(call, MANAGE_ROLES)?;
    let target: u64 = call.param(1).parse().map_err(|_| ApiError::UNKNOWN_OVERWRITE)?;
    let old = world.channels.get(&id).and_then(|channel| channel.overwrites.get(&target).copied());
    let old = old.ok_or(ApiError::UNKNOWN_OVERWRITE)?;
    world.set_overwrite(id, target, None);
    world.audit_overwrite(guild, id, 15, target, Some(old), None, call.reason.clone());
    Ok(Reply::NoContent)
}

fn read_overwrite(json: &Value) -> Option<(u64, Overwrite)> {
    let id = json["id"].as_u64().or_else(|| json["id"].as_str()?.parse().ok())?;
    let kind = json["type"].as_u64().or_else(|| json["type"].as_str()?.parse().ok())?;
    let bits = |name: &str| json[name].as_u64().or_else(|| json[name].as_str()?.parse().ok()).unwrap_or(0);
    let (allow, deny) = (Permissions(bits("allow")), Permissions(bits("deny")));
    (kind <= 1).then_some((id, Overwrite { for_member: kind == 1, allow, deny }))
}

impl World {
    /// A guild's channel in which the bot has this permission.
    fn manageable(&self, call: &Call, needed: u64) -> Result<(ChannelId, GuildId), ApiError> {
        let id: ChannelId = call.id(0, "channel_id")?;
        let held = self.may_see(id)?;
        let channel = self.channels.get(&id).ok_or(ApiError::UNKNOWN_CHANNEL)?;
        let guild = channel.guild.ok_or(ApiError::NOT_IN_DM)?;
        let needed = if channel.is_thread() { MANAGE_THREADS } else { needed };
        if held & needed == 0 { Err(ApiError::MISSING_PERMISSIONS) } else { Ok((id, guild)) }
    }

    /// Whether the bot may set a channel's overwrites to these: it has to manage its permissions, and can allow or deny
    /// only what it may do itself.
    fn may_change_overwrites(&self, id: ChannelId, to: &BTreeMap<u64, Overwrite>) -> Result<(), ApiError> {
        let channel = self.channels.get(&id).ok_or(ApiError::UNKNOWN_CHANNEL)?;
        let held = self.permissions_in(self.me, channel);
        let bits = |overwrite: Option<&Overwrite>| overwrite.map_or((0, 0), |o| (o.allow.0, o.deny.0));
        let changed = channel.overwrites.keys().chain(to.keys()).fold(0, |changed, target| {
            let (old, new) = (bits(channel.overwrites.get(target)), bits(to.get(target)));
            changed | (old.0 ^ new.0) | (old.1 ^ new.1)
        });
        let is_admin = held & ADMINISTRATOR != 0;
        if is_admin || held & MANAGE_ROLES != 0 && changed & !held == 0 {
            Ok(())
        } else {
            Err(ApiError::MISSING_PERMISSIONS)
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a line of the audit log has so many parts")]
    fn audit_overwrite(
        &mut self,
        guild: GuildId,
        channel: ChannelId,
        action: u32,
        target: u64,
        old: Option<Overwrite>,
        new: Option<Overwrite>,
        reason: Option<String>,
    ) {
        let mut changes = Vec::new();
        for (key, of) in [("allow", (|o: Overwrite| o.allow) as fn(Overwrite) -> Permissions), ("deny", |o| o.deny)] {
            if old.map(of) != new.map(of) {
                changes.push(json!({"key": key, "old_value": old.map(of), "new_value": new.map(of)}));
            }
        }
        let for_member = new.or(old).is_some_and(|overwrite| overwrite.for_member);
        let options = json!({"id": target.to_string(), "type": u8::from(for_member).to_string()});
        let entry = AuditEntry::by(self.me, action, channel.get(), reason);
        self.audit(guild, AuditEntry { changes, options: Some(options), ..entry });
    }
}
