//! Roles, and names of their own, that come back with a member who left: remembered while they are here, promised when
//! they return. Never a role with moderation permissions, and nothing after they were thrown out, unless the
//! configuration says so. Whether somebody was thrown out, the audit log tells; where the bot may not read it, or did
//! not see them leave, it has to reckon with that.

use std::collections::HashMap;
use std::time::Duration;

use super::rules::Obstacle;
use super::store::{self, How};
use super::{MUTES_AHEAD, UNKNOWN_MEMBER, UNKNOWN_ROLE, UNKNOWN_USER, ahead, rules, temporary, text};
use crate::cx::{Cx, Promised};
use crate::model::{AuditLine, Author, Deed, Effect, Ending, Guild, GuildId, Permissions, Result, RoleId, UserId};
use crate::store::{people, promises};

/// A promise's word for giving a role back, before member and role, and for a name, before the member.
const BACK_WORD: &str = "roles.back";
const NAME_WORD: &str = "roles.nickname";
/// The audit log and the departure that it explains come in either order, so far apart at most.
const EXPLAINS: Duration = Duration::from_secs(60);
/// Members who are remembered as already stored; past it the memory begins anew.
const REMEMBERED_MAX: usize = 16_384;
/// Members who are given a role at once when it becomes possible.
const WAITING_MAX: u32 = 1_000;

/// What was stored last of the roles of a member.
#[derive(Default)]
struct Stored(HashMap<(GuildId, UserId), Vec<RoleId>>);

/// A member who is here was seen with these roles.
pub fn seen(cx: &mut Cx<'_>, guild: GuildId, user: UserId, roles: &[RoleId]) -> Result<()> {
    let settings = &cx.config.roles;
    if settings.in_order().next().is_none() {
        return Ok(());
    }
    let held: Vec<RoleId> = settings.in_order().filter(|role| roles.contains(role)).collect();
    let key = (guild, user);
    if cx.tx.memo(|stored: &mut Stored| stored.0.get(&key) == Some(&held)) {
        return Ok(());
    }
    let Some(found) = cx.guilds.find(guild) else { return Ok(()) };
    let known = store::list_persistent(cx.tx.read(), guild, user)?;
    for role in held.iter().filter_map(|role| found.role(*role)) {
        // What has power is not remembered at all.
        let is_known = known.iter().any(|known| known.role == role.id && !known.away);
        if !is_known && !role.managed && !role.permissions.overlaps(Permissions::MODERATION) {
            store::save_persistent(cx.tx, key, (role.id, &role.name), cx.now)?;
        }
    }
    // What is still to be given back is missing for that reason alone.
    for lost in known.iter().filter(|known| !known.away && !held.contains(&known.role)) {
        store::remove_persistent(cx.tx, guild, user, lost.role)?;
    }
    cx.tx.memo(|stored: &mut Stored| {
        if stored.0.len() >= REMEMBERED_MAX {
            stored.0.clear();
        }
        stored.0.insert(key, held);
    });
    Ok(())
}

/// A member who is here was seen with this name of their own.
pub fn renamed(cx: &mut Cx<'_>, guild: GuildId, user: UserId, nickname: Option<&str>) -> Result<()> {
    if !cx.config.roles.restore_nickname || promises::is_open(cx.tx.read(), &target_of_name(guild, user))? {
        return Ok(());
    }
    if store::find_nickname(cx.tx.read(), guild, user)?.as_deref() != nickname {
        store::save_nickname(cx.tx, guild, user, nickname)?;
    }
    Ok(())
}

/// Somebody left; how, the audit log may say.
pub fn left(cx: &mut Cx<'_>, guild: GuildId, user: UserId) -> Result<()> {
    if !cx.config.roles.remembers() {
        return Ok(());
    }
    call_off(cx, guild, user, text::LEFT)?;
    if let Some((at, How::ThrownOut)) = store::find_departure(cx.tx.read(), guild, user)?
        && cx.now.since(at) <= EXPLAINS
    {
        return store::forget(cx.tx, guild, user);
    }
    store::remove_departure(cx.tx, guild, user)?;
    let remembers = !store::list_persistent(cx.tx.read(), guild, user)?.is_empty()
        || store::find_nickname(cx.tx.read(), guild, user)?.is_some();
    if !remembers {
        return Ok(());
    }
    store::save_away(cx.tx, guild, user)?;
    // Where a kick would not be told, nobody can be said to have left by themselves.
    let tells = cx.guilds.find(guild).is_some_and(|guild| reads_audit_log(&guild));
    store::save_departure(cx.tx, guild, user, cx.now, if tells { How::Left } else { How::Unknown })
}

fn reads_audit_log(guild: &Guild) -> bool {
    guild.permissions_by(&guild.my_roles).contains(Permissions::VIEW_AUDIT_LOG)
}

/// The audit log tells what somebody did about a member.
pub fn audited(cx: &mut Cx<'_>, line: &AuditLine) -> Result<()> {
    match line.deed {
        Deed::Kick if cx.config.roles.restore_after_kick => Ok(()),
        Deed::Kick => thrown_out(cx, line.guild, line.target),
        Deed::Ban { .. } | Deed::Softban { .. } => banned(cx, line.guild, line.target),
        Deed::Tell | Deed::Timeout { .. } | Deed::LiftTimeout | Deed::Unban => Ok(()),
    }
}

/// A ban clears what is remembered.
pub fn banned(cx: &mut Cx<'_>, guild: GuildId, user: UserId) -> Result<()> {
    thrown_out(cx, guild, user)
}

fn thrown_out(cx: &mut Cx<'_>, guild: GuildId, user: UserId) -> Result<()> {
    if !cx.config.roles.remembers() {
        return Ok(());
    }
    call_off(cx, guild, user, text::THROWN_OUT)?;
    store::forget(cx.tx, guild, user)?;
    temporary::stays_away(cx, guild, user, &[])?;
    store::save_departure(cx.tx, guild, user, cx.now, How::ThrownOut)
}

/// Nothing is given to somebody who is not here.
fn call_off(cx: &mut Cx<'_>, guild: GuildId, user: UserId, words: &str) -> Result<()> {
    cx.tx.memo(|stored: &mut Stored| stored.0.remove(&(guild, user)));
    promises::call_off(cx.tx, &target(guild, &user.to_string(), "*"), words, cx.now)?;
    promises::call_off(cx.tx, &target_of_name(guild, user), words, cx.now)
}

/// Somebody came back: what may come back with them is promised, mutes first.
pub fn returned(cx: &mut Cx<'_>, guild: GuildId, author: &Author, is_named: bool) -> Result<()> {
    if !cx.config.roles.remembers() {
        return Ok(());
    }
    let user = author.id;
    call_off(cx, guild, user, text::REPLACED)?;
    let departure = store::find_departure(cx.tx.read(), guild, user)?;
    store::remove_departure(cx.tx, guild, user)?;
    store::save_away(cx.tx, guild, user)?;
    let left_by_themselves = matches!(departure, Some((_, How::Left)));
    let all = left_by_themselves || cx.config.roles.restore_after_kick;
    let mut given_back = Vec::new();
    for row in store::list_persistent(cx.tx.read(), guild, user)? {
        if may_come_back(cx, (guild, user, row.role), all)? {
            given_back.push(row.role);
        } else {
            store::remove_persistent(cx.tx, guild, user, row.role)?;
        }
    }
    temporary::stays_away(cx, guild, user, &given_back)?;
    for role in cx.config.roles.in_order().filter(|role| given_back.contains(role)) {
        give_back(cx, (guild, user, role), &author.name)?;
    }
    if all && !is_named { rename(cx, guild, author) } else { Ok(()) }
}

/// Whether a role that is remembered is one that comes back, and has time left.
fn may_come_back(cx: &Cx<'_>, (guild, user, role): (GuildId, UserId, RoleId), all: bool) -> Result<bool> {
    let settings = &cx.config.roles;
    let is_listed = settings.is_mute(role) || (all && settings.comes_back(role));
    if !is_listed {
        return Ok(false);
    }
    let timed = temporary::of_returned(cx, guild, user, role)?;
    Ok(timed.is_none_or(|row| row.expires_at > cx.now))
}

/// Promises a role that somebody is to get back, unless something stands in its way; then it waits for that to pass.
fn give_back(cx: &mut Cx<'_>, (guild, user, role): (GuildId, UserId, RoleId), name: &str) -> Result<()> {
    let (Some(found), Some(me)) = (cx.guilds.find(guild), cx.me) else { return Ok(()) };
    let Ok(given) = rules::givable(&found, me, None, role) else { return Ok(()) };
    let is_mute = cx.config.roles.is_mute(role);
    cx.promise(Promised {
        action: &format!("{BACK_WORD}.{user}.{role}"),
        target: Some(target(guild, &user.to_string(), &role.to_string())),
        guild: Some(guild),
        about: text::promise_back(&given.name, name),
        effect: Effect::AddRole { guild, user, role, reason: text::AUDIT_BACK.to_owned() },
        due_at: if is_mute { ahead(cx.now, MUTES_AHEAD) } else { cx.now },
        tells: Some(format!("{BACK_WORD}:{user}:{role}")),
    })
}

fn rename(cx: &mut Cx<'_>, guild: GuildId, author: &Author) -> Result<()> {
    if !cx.config.roles.restore_nickname {
        return Ok(());
    }
    let Some(nickname) = store::find_nickname(cx.tx.read(), guild, author.id)? else { return Ok(()) };
    let user = author.id;
    cx.promise(Promised {
        action: NAME_WORD,
        target: Some(target_of_name(guild, user)),
        guild: Some(guild),
        about: text::promise_nickname(&author.name),
        effect: Effect::SetNickname { guild, user, nickname, reason: text::AUDIT_BACK.to_owned() },
        due_at: cx.now,
        tells: Some(format!("{NAME_WORD}:{user}")),
    })
}

fn target(guild: GuildId, user: &str, role: &str) -> String {
    format!("{BACK_WORD}:{guild}:{user}:{role}")
}

fn target_of_name(guild: GuildId, user: UserId) -> String {
    format!("{NAME_WORD}:{guild}:{user}")
}

/// What was to come back did, or not.
pub fn ended(cx: &mut Cx<'_>, guild: GuildId, tells: &str, ending: &Ending) -> Result<()> {
    let mut parts = tells.split(':');
    let (word, user) = (parts.next(), parts.next().and_then(|user| user.parse::<UserId>().ok()));
    let Some(user) = user else { return Ok(()) };
    match (word, parts.next().and_then(|role| role.parse::<RoleId>().ok())) {
        (Some(BACK_WORD), Some(role)) => back_ended(cx, (guild, user, role), ending),
        // A name is no great loss, so nobody has to see to it.
        (Some(NAME_WORD), None) => match ending {
            Ending::Refused { words, .. } => promises::call_off(cx.tx, &target_of_name(guild, user), words, cx.now),
            Ending::Kept { .. } | Ending::CalledOff(_) => Ok(()),
        },
        _ => Ok(()),
    }
}

fn back_ended(cx: &mut Cx<'_>, (guild, user, role): (GuildId, UserId, RoleId), ending: &Ending) -> Result<()> {
    match ending {
        Ending::Kept { .. } => {
            store::save_back(cx.tx, guild, user, role)?;
            temporary::came_back(cx, guild, user, role)
        }
        Ending::Refused { code, words } if [UNKNOWN_MEMBER, UNKNOWN_ROLE, UNKNOWN_USER].contains(code) => {
            promises::call_off(cx.tx, &target(guild, &user.to_string(), &role.to_string()), words, cx.now)
        }
        // It stays among the promises, and is tried again once the role can be given.
        Ending::Refused { .. } => Ok(()),
        // Somebody does not want it to come back, or it got moderation permissions meanwhile.
        Ending::CalledOff(_) => {
            store::remove_persistent(cx.tx, guild, user, role)?;
            let others: Vec<_> = cx.config.roles.in_order().filter(|other| *other != role).collect();
            temporary::stays_away(cx, guild, user, &others)
        }
    }
}

/// Says of the listed roles what keeps them from coming back, and gives those that may by now.
pub fn look_over(cx: &mut Cx<'_>, guild: GuildId) -> Result<()> {
    let (Some(found), Some(me)) = (cx.guilds.find(guild), cx.me) else { return Ok(()) };
    if !cx.config.roles.remembers() {
        return Ok(());
    }
    tell_of_audit_log(cx, &found);
    for role in cx.config.roles.in_order() {
        let problem = format!("roles.back.{role}");
        match rules::givable(&found, me, None, role) {
            // It may be another server's.
            Err(Obstacle::Gone) => {}
            Err(obstacle) => {
                let name = found.role(role).map_or("", |role| &role.name);
                let (detail, action) = text::does_not_come_back(name, obstacle);
                cx.vitals.problem(&problem, detail, action);
            }
            Ok(_) => {
                cx.vitals.solved(&problem);
                promises::revive(cx.tx, &target(guild, "*", &role.to_string()), cx.now)?;
                give_to_those_who_wait(cx, guild, role)?;
            }
        }
    }
    Ok(())
}

fn tell_of_audit_log(cx: &Cx<'_>, guild: &Guild) {
    let problem = format!("roles.audit.{}", guild.id);
    if cx.config.roles.restore_after_kick || reads_audit_log(guild) {
        cx.vitals.solved(&problem);
    } else {
        let (detail, action) = text::no_audit_log(&guild.name);
        cx.vitals.problem(&problem, detail, action);
    }
}

fn give_to_those_who_wait(cx: &mut Cx<'_>, guild: GuildId, role: RoleId) -> Result<()> {
    for user in store::list_waiting(cx.tx.read(), guild, role, WAITING_MAX)? {
        let target = target(guild, &user.to_string(), &role.to_string());
        if promises::is_open(cx.tx.read(), &target)? {
            continue;
        }
        let name = people::find_name(cx.tx.read(), guild, user)?.unwrap_or_else(|| user.to_string());
        give_back(cx, (guild, user, role), &name)?;
    }
    Ok(())
}
