//! The roles that every newcomer is given: promises, one for each, and none with power over others.
//!
//! They come last among what a newcomer is given: a guild's roles are one lane, kept in the order of their due times
//! and then of their promises, and this room stands behind those that give back roles and mutes.

use std::fmt::Display;

use super::{Guest, text};
use crate::cx::{Cx, Promised};
use crate::model::{Effect, GuildId, Obstacle, Result, RoleId, obstacle};
use crate::store::promises;

/// Promises the roles that somebody lacks. A role counts in the guild that has it.
pub fn give(cx: &mut Cx<'_>, guest: &Guest<'_>, held: &[RoleId]) -> Result<()> {
    let Some(guild) = cx.guilds.find(guest.guild) else { return Ok(()) };
    for id in cx.config.welcome.autorole.iter().filter(|id| !held.contains(id)) {
        let Some(role) = guild.role(*id) else { continue };
        if matches!(obstacle(&guild, *id), Some(Obstacle::Powerful | Obstacle::Managed)) {
            continue;
        }
        let (guild, user, role_id) = (guest.guild, guest.user, *id);
        cx.promise(Promised {
            action: &format!("welcome.role.{id}"),
            target: Some(target(guild, user, id)),
            guild: Some(guild),
            about: text::promise_role(&role.name, guest.name),
            effect: Effect::AddRole { guild, user, role: role_id, reason: text::REASON.to_owned() },
            due_at: cx.now,
            tells: None,
        })?;
    }
    Ok(())
}

/// Who left is given nothing.
pub fn call_off(cx: &mut Cx<'_>, guest: &Guest<'_>) -> Result<()> {
    promises::call_off(cx.tx, &target(guest.guild, guest.user, "*"), text::LEFT, cx.now)
}

/// Asks again for what Discord refused, as far as it may be possible now, and calls off what must not be given now.
pub fn look_over(cx: &mut Cx<'_>, guild: GuildId) -> Result<()> {
    let Some(seen) = cx.guilds.find(guild) else { return Ok(()) };
    for id in &cx.config.welcome.autorole {
        let problem = format!("welcome.autorole.{id}");
        let Some(role) = seen.role(*id) else {
            if cx.guilds.list().iter().all(|guild| guild.role(*id).is_none()) {
                let (detail, action) = text::explain_missing_role(*id);
                cx.vitals.problem(&problem, detail, action);
            }
            continue;
        };
        match obstacle(&seen, *id) {
            Some(obstacle) => {
                let (detail, action) = text::explain(&role.name, obstacle);
                cx.vitals.problem(&problem, detail, action);
                if obstacle == Obstacle::Powerful {
                    promises::call_off(cx.tx, &target(guild, "*", id), text::POWERFUL, cx.now)?;
                }
            }
            None => {
                cx.vitals.solved(&problem);
                promises::revive(cx.tx, &target(guild, "*", id), cx.now)?;
            }
        }
    }
    Ok(())
}

/// What such a promise is about; with `*` for member or role, the pattern of all of them.
fn target(guild: GuildId, user: impl Display, role: impl Display) -> String {
    format!("autorole:{guild}:{user}:{role}")
}
