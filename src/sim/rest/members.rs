//! Members: read, list, and the roles they hold.

use serde_json::{Value, json};

use crate::model::{GuildId, RoleId, UserId};

use super::{ApiError, Call, Outcome, Reply, World};
use crate::sim::world::events::intent;
use crate::sim::world::permissions::{MANAGE_ROLES, outranks_role};
use crate::sim::world::state::AuditEntry;

/// The audit log's number for a change of a member's roles.
const MEMBER_ROLE_UPDATE: u32 = 25;

pub(super) fn find(world: &mut World, call: &Call) -> Outcome {
    let guild = world.guild_of(call)?;
    let user: UserId = call.id(1, "user_id")?;
    match guild.members.get(&user) {
        Some(member) => Ok(Reply::Json(world.member_json(member))),
        None if world.users.contains_key(&user) => Err(ApiError::UNKNOWN_MEMBER),
        None => Err(ApiError::UNKNOWN_USER),
    }
}

pub(super) fn list(world: &mut World, call: &Call) -> Outcome {
    let guild = world.guild_of(call)?;
    if world.config.granted_intents & intent::GUILD_MEMBERS == 0 {
        return Err(ApiError::MISSING_ACCESS);
    }
    let most = call.query_number("limit", 1, 1_000)?;
    let after: u64 = call.query("after").and_then(|text| text.parse().ok()).unwrap_or(0);
    let members = guild.members.values().filter(|member| member.user.get() > after).take(most);
    Ok(Reply::Json(members.map(|member| world.member_json(member)).collect()))
}

pub(super) fn search(world: &mut World, call: &Call) -> Outcome {
    let guild = world.guild_of(call)?;
    let most = call.query_number("limit", 1, 1_000)?;
    let query = call.query("query").unwrap_or_default().to_lowercase();
    let named = |user: &UserId| {
        let username = world.users.get(user).map(|user| user.username.to_lowercase());
        let shown = world.name_of(guild.id, *user).to_lowercase();
        shown.starts_with(&query) || username.is_some_and(|name| name.starts_with(&query))
    };
    let members = guild.members.values().filter(|member| named(&member.user)).take(most);
    Ok(Reply::Json(members.map(|member| world.member_json(member)).collect()))
}

pub(super) fn add_role(world: &mut World, call: &Call) -> Outcome {
    change_role(world, call, true)
}

pub(super) fn remove_role(world: &mut World, call: &Call) -> Outcome {
    change_role(world, call, false)
}

fn change_role(world: &mut World, call: &Call, give: bool) -> Outcome {
    let guild = world.guild_with(call, MANAGE_ROLES)?;
    let user: UserId = call.id(1, "user_id")?;
    let role: RoleId = call.id(2, "role_id")?;
    world.may_move_role(guild, user, role)?;
    let changes = world.has_role(guild, user, role) != give;
    let _ = if give { world.give_role(guild, user, role) } else { world.take_role(guild, user, role) };
    if changes {
        world.audit_roles(guild, user, &[(role, give)], call.reason.clone());
    }
    Ok(Reply::NoContent)
}

impl World {
    /// Whether the bot, which may manage roles, may give or take this one; why not, if not.
    pub(super) fn may_move_role(&self, guild: GuildId, user: UserId, role: RoleId) -> Result<(), ApiError> {
        let home = self.guilds.get(&guild).ok_or(ApiError::UNKNOWN_GUILD)?;
        if !home.members.contains_key(&user) {
            let known = self.users.contains_key(&user);
            return Err(if known { ApiError::UNKNOWN_MEMBER } else { ApiError::UNKNOWN_USER });
        }
        let role = home.roles.get(&role).ok_or(ApiError::UNKNOWN_ROLE)?;
        // Nobody can give what belongs to an integration, nor `@everyone`, which everybody has.
        if role.managed || role.id.get() == guild.get() || !outranks_role(home, self.me, role) {
            return Err(ApiError::MISSING_PERMISSIONS);
        }
        Ok(())
    }

    /// Writes into the audit log which roles a member got and lost.
    pub(super) fn audit_roles(
        &mut self,
        guild: GuildId,
        user: UserId,
        moved: &[(RoleId, bool)],
        reason: Option<String>,
    ) {
        let named = |role: RoleId| {
            let known = self.guilds.get(&guild).and_then(|home| home.roles.get(&role));
            json!({"id": role, "name": known.map(|role| role.name.as_str())})
        };
        let part = |give: bool| -> Vec<Value> {
            moved.iter().filter(|(_, given)| *given == give).map(|(role, _)| named(*role)).collect()
        };
        let mut changes = Vec::new();
        for (key, roles) in [("$add", part(true)), ("$remove", part(false))] {
            if !roles.is_empty() {
                changes.push(json!({"key": key, "new_value": roles}));
            }
        }
        let entry = AuditEntry::by(self.me, MEMBER_ROLE_UPDATE, user.get(), reason);
        self.audit(guild, AuditEntry { changes, ..entry });
    }
}
