//! Level roles: which a member should hold, promised one by one, and what stands in the way of it.

use std::fmt::Display;

use super::{rules, text};
use crate::config::{LevelRole, Levels};
use crate::cx::{Cx, Promised};
use crate::model::text::plain;
use crate::model::{Effect, Guild, GuildId, Permissions, Result, RoleId, UserId};
pub use crate::model::{Obstacle, obstacle};
use crate::store::{people, promises};

/// The level roles of this guild: a role counts in the guild that has it, and one with power over others never.
pub fn of(cx: &Cx<'_>, guild: GuildId) -> Vec<LevelRole> {
    cx.guilds.find(guild).map_or_else(Vec::new, |guild| among(&cx.config.levels, &guild))
}

/// Those of the configured ones that are level roles in this guild.
pub fn among(levels: &Levels, guild: &Guild) -> Vec<LevelRole> {
    let is_reward = |entry: &&LevelRole| {
        guild.role(entry.role).is_some_and(|role| !role.permissions.overlaps(Permissions::MODERATION))
    };
    levels.roles.iter().filter(is_reward).copied().collect()
}

/// What a member of this level who holds some roles is missing (`true`), or holds beside the highest (`false`).
pub fn plan(cx: &Cx<'_>, guild: GuildId, level: u32, held: &[RoleId]) -> Vec<(LevelRole, bool)> {
    rules::amiss_roles(&of(cx, guild), cx.config.levels.role_mode, level, held)
}

/// Promises what [`plan`] finds.
pub fn repair(cx: &mut Cx<'_>, guild: GuildId, user: UserId, level: u32, held: &[RoleId]) -> Result<()> {
    for (entry, give) in plan(cx, guild, level, held) {
        // One that Discord refused waits for somebody to act; asking again with every message would not help.
        if !promises::is_open(cx.tx.read(), &target(guild, user, entry.role))? {
            let reason = if give { text::reason_role(entry.level) } else { text::reason_role_passed(level) };
            promise(cx, guild, user, entry.role, give, &reason)?;
        }
    }
    Ok(())
}

/// Promises what a change of level brings and takes. Whom Discord never showed it can give nothing; they get what they
/// should hold once they are seen.
pub fn follow(cx: &mut Cx<'_>, guild: GuildId, user: UserId, levels: (u32, u32), reason: &str) -> Result<()> {
    if people::is_told(cx.tx.read(), guild, user)? {
        return Ok(());
    }
    let (before, after) = levels;
    let changed = rules::changed_roles(&of(cx, guild), cx.config.levels.role_mode, before, after);
    changed.into_iter().try_for_each(|(role, give)| promise(cx, guild, user, role, give, reason))
}

/// Asks again for the roles that Discord refused, as far as the bot may give them now, and says of the others why not.
pub fn look_over(cx: &mut Cx<'_>, guild: GuildId) -> Result<()> {
    let Some(seen) = cx.guilds.find(guild) else { return Ok(()) };
    for entry in &cx.config.levels.roles {
        let Some(role) = seen.role(entry.role) else {
            tell_where_missing(cx, entry);
            continue;
        };
        let name = problem_name(entry);
        match obstacle(&seen, entry.role) {
            Some(obstacle) => {
                let (detail, action) = explain(&role.name, entry.level, obstacle);
                cx.vitals.problem(&name, detail, action);
            }
            None => {
                cx.vitals.solved(&name);
                promises::revive(cx.tx, &target(guild, "*", entry.role), cx.now)?;
            }
        }
    }
    Ok(())
}

/// A role may belong to any of several guilds; where none of those that are seen has it, it is missing.
fn tell_where_missing(cx: &Cx<'_>, entry: &LevelRole) {
    if cx.guilds.list().iter().all(|guild| guild.role(entry.role).is_none()) {
        let (detail, action) = explain_missing(entry);
        cx.vitals.problem(&problem_name(entry), detail, action);
    }
}

fn problem_name(entry: &LevelRole) -> String {
    format!("levels.role.{}", entry.role)
}

/// Who left is given nothing any more; who comes back is given what they should hold then.
pub fn call_off(cx: &mut Cx<'_>, guild: GuildId, user: UserId) -> Result<()> {
    promises::call_off(cx.tx, &target(guild, user, "*"), text::LEFT, cx.now)
}

fn promise(cx: &mut Cx<'_>, guild: GuildId, user: UserId, role: RoleId, give: bool, reason: &str) -> Result<()> {
    let reason = reason.to_owned();
    let effect = match give {
        true => Effect::AddRole { guild, user, role, reason },
        false => Effect::RemoveRole { guild, user, role, reason },
    };
    let found = cx.guilds.find(guild);
    let role_name = found.as_ref().and_then(|guild| guild.role(role)).map_or("a role", |role| &role.name);
    let name = people::find_name(cx.tx.read(), guild, user)?;
    cx.promise(Promised {
        // A batch changes many members for one reason.
        action: &format!("role.{user}.{role}"),
        target: Some(target(guild, user, role)),
        guild: Some(guild),
        about: text::promise_role(name.as_deref(), role_name, give),
        effect,
        due_at: cx.now,
        tells: None,
    })
}

/// What a role promise is about; with `*` for member or role, the pattern of all of them.
pub fn target(guild: GuildId, user: impl Display, role: impl Display) -> String {
    format!("role:{guild}:{user}:{role}")
}

/// What is wrong with a level role, and what to do about it.
pub fn explain(role: &str, level: u32, obstacle: Obstacle) -> (String, &'static str) {
    let role = format!("The role {} of level {level}", plain(role));
    match obstacle {
        Obstacle::Powerful => (
            format!("{role} has moderation permissions, so it is never given as a reward."),
            "Take those permissions from the role, or name another in [[levels.role]].",
        ),
        Obstacle::Managed => (
            format!("{role} belongs to an integration, so nobody can give it."),
            "Name another role in [[levels.role]].",
        ),
        Obstacle::Above => (
            format!("{role} is above my own role, so I cannot give it."),
            "In the server's settings under Roles, drag my role above it.",
        ),
        Obstacle::NoPermission => (
            format!("{role} cannot be given: I may not manage roles here."),
            "Give my role the permission Manage Roles.",
        ),
    }
}

/// A level role that no guild has.
fn explain_missing(entry: &LevelRole) -> (String, &'static str) {
    let detail = format!("The role {} of level {} is in no server that I see.", entry.role, entry.level);
    (detail, "Correct its id in [[levels.role]], or remove it there.")
}
