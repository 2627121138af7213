//! What the bot does about members: rename, silence, kick, ban.

use std::time::Duration;

use serde_json::{Value, json};

use crate::model::{GuildId, RoleId, UserId};

use super::errors::FormErrors;
use super::form::{moment, number, text};
use super::{ApiError, Call, Outcome, Reply, World};
use crate::sim::world::permissions::{
    ADMINISTRATOR, BAN_MEMBERS, CHANGE_NICKNAME, KICK_MEMBERS, MANAGE_NICKNAMES, MANAGE_ROLES, MODERATE_MEMBERS,
    outranks_member,
};
use crate::sim::world::state::AuditEntry;

/// The longest that a member can be silenced for.
const TIMEOUT_MAX: Duration = Duration::from_secs(28 * 24 * 60 * 60);

/// The most seconds of messages that a ban can delete: a week.
const DELETE_SECONDS_MAX: i64 = 604_800;

pub(super) fn edit_member(world: &mut World, call: &Call) -> Outcome {
    let guild = world.guild_of(call)?.id;
    let me = call.param(1) == "@me";
    let user: UserId = if me { world.me } else { call.id(1, "user_id")? };
    world.known_member(guild, user)?;
    let json = &call.json;
    let mut errors = FormErrors::default();
    text(&mut errors, "nick", &json["nick"], 0, 32);
    let until = moment(&mut errors, "communication_disabled_until", &json["communication_disabled_until"]);
    let latest = world.clock.now().plus(TIMEOUT_MAX);
    if until.is_some_and(|until| until > latest) {
        let message = "Invalid timeout: it ends too far in the future";
        errors.add("communication_disabled_until", "DATE_TIME_TYPE_PARSE", message);
    }
    errors.finish()?;
    let held = world.permissions_of(world.me, guild);
    let outranks = world.guilds.get(&guild).is_some_and(|home| outranks_member(home, world.me, user));
    if let Some(nick) = json.get("nick") {
        let own = user == world.me && held & (CHANGE_NICKNAME | MANAGE_NICKNAMES) != 0;
        if !own && (held & MANAGE_NICKNAMES == 0 || !outranks) {
            return Err(ApiError::MISSING_PERMISSIONS);
        }
        let nick = nick.as_str().filter(|nick| !nick.is_empty()).map(str::to_owned);
        let _ = world.edit_member(guild, user, |member| member.nick = nick);
    }
    if json.get("communication_disabled_until").is_some() {
        let target_is_admin = world.permissions_of(user, guild) & ADMINISTRATOR != 0;
        if held & MODERATE_MEMBERS == 0 || !outranks || target_is_admin {
            return Err(ApiError::MISSING_PERMISSIONS);
        }
        let _ = world.set_timeout(guild, user, until);
        let change = json!({"key": "communication_disabled_until", "new_value": json["communication_disabled_until"]});
        let entry = AuditEntry::by(world.me, 24, user.get(), call.reason.clone());
        world.audit(guild, AuditEntry { changes: vec![change], ..entry });
    }
    if let Some(roles) = json["roles"].as_array() {
        world.set_roles(guild, user, roles, call.reason.clone())?;
    }
    let member = world.member(guild, user).map(|member| world.member_json(member));
    member.map(Reply::Json).ok_or(ApiError::UNKNOWN_MEMBER)
}

pub(super) fn kick(world: &mut World, call: &Call) -> Outcome {
    let guild = world.guild_with(call, KICK_MEMBERS)?;
    let user: UserId = call.id(1, "user_id")?;
    world.known_member(guild, user)?;
    world.must_outrank(guild, user)?;
    world.remove_member(guild, user);
    world.audit(guild, AuditEntry::by(world.me, 20, user.get(), call.reason.clone()));
    Ok(Reply::NoContent)
}

pub(super) fn ban(world: &mut World, call: &Call) -> Outcome {
    let guild = world.guild_with(call, BAN_MEMBERS)?;
    let user: UserId = call.id(1, "user_id")?;
    if !world.users.contains_key(&user) {
        return Err(ApiError::UNKNOWN_USER);
    }
    let mut errors = FormErrors::default();
    number(&mut errors, "delete_message_seconds", &call.json["delete_message_seconds"], 0, DELETE_SECONDS_MAX);
    errors.finish()?;
    if world.member(guild, user).is_some() {
        world.must_outrank(guild, user)?;
    }
    world.ban(guild, user, call.reason.as_deref());
    let seconds = call.json["delete_message_seconds"].as_u64().unwrap_or(0);
    world.purge(guild, user, Duration::from_secs(seconds));
    world.audit(guild, AuditEntry::by(world.me, 22, user.get(), call.reason.clone()));
    Ok(Reply::NoContent)
}

pub(super) fn unban(world: &mut World, call: &Call) -> Outcome {
    let guild = world.guild_with(call, BAN_MEMBERS)?;
    let user: UserId = call.id(1, "user_id")?;
    if !world.unban(guild, user) {
        return Err(ApiError::UNKNOWN_BAN);
    }
    world.audit(guild, AuditEntry::by(world.me, 23, user.get(), call.reason.clone()));
    Ok(Reply::NoContent)
}

pub(super) fn bans(world: &mut World, call: &Call) -> Outcome {
    let guild = world.guild_with(call, BAN_MEMBERS)?;
    let most = call.query_number("limit", 1_000, 1_000)?;
    let bans = world.guilds.get(&guild).into_iter().flat_map(|home| &home.bans).take(most);
    Ok(Reply::Json(bans.map(|(user, reason)| ban_json(world, *user, reason.as_deref())).collect()))
}

pub(super) fn find_ban(world: &mut World, call: &Call) -> Outcome {
    let guild = world.guild_with(call, BAN_MEMBERS)?;
    let user: UserId = call.id(1, "user_id")?;
    let ban = world.guilds.get(&guild).and_then(|home| home.bans.get(&user)).ok_or(ApiError::UNKNOWN_BAN)?;
    Ok(Reply::Json(ban_json(world, user, ban.as_deref())))
}

fn ban_json(world: &World, user: UserId, reason: Option<&str>) -> Value {
    json!({"user": world.user_json(user), "reason": reason})
}

impl World {
    fn known_member(&self, guild: GuildId, user: UserId) -> Result<(), ApiError> {
        if self.member(guild, user).is_some() {
            return Ok(());
        }
        Err(if self.users.contains_key(&user) { ApiError::UNKNOWN_MEMBER } else { ApiError::UNKNOWN_USER })
    }

    fn must_outrank(&self, guild: GuildId, user: UserId) -> Result<(), ApiError> {
        let home = self.guilds.get(&guild).ok_or(ApiError::UNKNOWN_GUILD)?;
        if outranks_member(home, self.me, user) { Ok(()) } else { Err(ApiError::MISSING_PERMISSIONS) }
    }

    /// Gives a member exactly these roles; each that moves must be one that the bot may move.
    fn set_roles(
        &mut self,
        guild: GuildId,
        user: UserId,
        wanted: &[Value],
        reason: Option<String>,
    ) -> Result<(), ApiError> {
        if self.permissions_of(self.me, guild) & MANAGE_ROLES == 0 {
            return Err(ApiError::MISSING_PERMISSIONS);
        }
        let wanted: Vec<RoleId> = wanted.iter().filter_map(|id| id.as_str()?.parse().ok()).collect();
        let held = self.roles_of(guild, user);
        let given = wanted.iter().filter(|role| !held.contains(role)).map(|role| (*role, true));
        let taken = held.iter().filter(|role| !wanted.contains(role)).map(|role| (*role, false));
        let moved: Vec<_> = given.chain(taken).collect();
        for (role, _) in &moved {
            self.may_move_role(guild, user, *role)?;
        }
        if !moved.is_empty() {
            let _ = self.edit_member(guild, user, |member| member.roles = wanted);
            self.audit_roles(guild, user, &moved, reason);
        }
        Ok(())
    }

    /// Deletes what a banned user wrote over the last `age`.
    fn purge(&mut self, guild: GuildId, user: UserId, age: Duration) {
        if age.is_zero() {
            return;
        }
        let now = self.clock.now();
        let channels: Vec<_> = self.guilds.get(&guild).map(|home| home.channels.clone()).unwrap_or_default();
        for channel in channels {
            let Some(known) = self.channels.get(&channel) else { continue };
            let theirs = known.messages.iter().filter(|m| m.author == user && now.since(m.id.time()) <= age);
            let ids: Vec<_> = theirs.map(|message| message.id).collect();
            for id in ids {
                if let Some(message) = self.remove_message(channel, id) {
                    self.dispatch_deletion(&message);
                }
            }
        }
    }
}
