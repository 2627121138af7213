//! What Discord tells of members, and what becomes of it on the roster: who comes onto it by a role and goes with it,
//! who left, and how they are there.

use super::rules::{self, Entry};
use super::store::{self, NewEntry};
use super::{ENTRIES_MAX, text, watch};
use crate::config::Audience;
use crate::cx::Cx;
use crate::model::{Author, Event, GuildId, MemberPresence, Presence, Result, RoleId, UserId};

/// That somebody found no place, as a problem on the page.
pub const FULL: &str = "roster.full";

/// A member as they are now; `presence` is none where nothing was told of it. Returns whether somebody came onto the
/// roster, or went from it.
pub fn take(cx: &mut Cx<'_>, guild: GuildId, member: &MemberPresence) -> Result<bool> {
    let MemberPresence { author, roles, presence } = member;
    let role = rules::counting_role(&cx.config.roster, roles);
    let Some(entry) = store::find_of(cx.tx.read(), guild, author.id)? else {
        return match role.filter(|_| !author.bot) {
            Some(role) => add_by_role(cx, (guild, author, role), presence.as_ref()),
            None => Ok(false),
        };
    };
    if role.is_none() && !entry.by_hand {
        store::remove(cx.tx, entry.id)?;
        return Ok(true);
    }
    let fresh = Entry { name: author.name.clone(), role, here: Some(true), ..entry.clone() };
    let fresh = with_presence(cx, fresh, presence.as_ref());
    save(cx, &entry, fresh)?;
    Ok(false)
}

fn add_by_role(
    cx: &mut Cx<'_>,
    (guild, author, role): (GuildId, &Author, RoleId),
    presence: Option<&Presence>,
) -> Result<bool> {
    if store::count(cx.tx.read(), guild)? >= ENTRIES_MAX {
        let (detail, action) = text::full();
        cx.vitals.problem(FULL, detail, action);
        return Ok(false);
    }
    cx.vitals.solved(FULL);
    let (user, here) = (Some(author.id), Some(true));
    let new =
        NewEntry { guild, user, name: &author.name, role: Some(role), by_hand: false, rank: None, here, at: cx.now };
    let id = store::insert(cx.tx, &new)?;
    if let Some(entry) = store::find(cx.tx.read(), guild, id)? {
        let fresh = with_presence(cx, entry.clone(), presence);
        save(cx, &entry, fresh)?;
    }
    Ok(true)
}

/// The entry with what was told of their presence, if the bot can be told such things at all.
fn with_presence(cx: &Cx<'_>, entry: Entry, told: Option<&Presence>) -> Entry {
    match told.filter(|told| cx.vitals.presences.are_told() && entry.presence.as_ref() != Some(told)) {
        Some(told) => Entry { presence: Some(told.clone()), changed_at: Some(cx.now), ..entry },
        None => entry,
    }
}

/// Stores what is different. It is to be seen at once, and told to who listens and may know.
fn save(cx: &mut Cx<'_>, before: &Entry, after: Entry) -> Result<()> {
    if *before == after {
        return Ok(());
    }
    cx.tx.hurry();
    store::save(cx.tx, &after)?;
    let audience = cx.config.http.visibility.roster;
    if let (Some(user), Some(presence)) = (after.user, after.presence)
        && before.presence.as_ref() != Some(&presence)
        && audience != Audience::Off
    {
        let public = audience == Audience::Public;
        cx.emit(Event::StaffSeen { guild: after.guild, entry: after.id, user, presence, public });
    }
    Ok(())
}

/// Somebody is there in another way than before.
pub fn presence_seen(cx: &mut Cx<'_>, guild: GuildId, user: UserId, presence: &Presence) -> Result<()> {
    let Some(entry) = store::find_of(cx.tx.read(), guild, user)? else { return Ok(()) };
    let fresh = Entry { here: Some(true), ..entry.clone() };
    let fresh = with_presence(cx, fresh, Some(presence));
    save(cx, &entry, fresh)
}

/// Somebody is not in the guild: who was on the roster by a role holds it no longer, the others are offline. Returns
/// whether somebody went from the roster.
pub fn is_gone(cx: &mut Cx<'_>, guild: GuildId, user: UserId) -> Result<bool> {
    let Some(entry) = store::find_of(cx.tx.read(), guild, user)? else { return Ok(false) };
    if !entry.by_hand {
        store::remove(cx.tx, entry.id)?;
        return Ok(true);
    }
    let fresh = Entry { here: Some(false), role: None, ..entry.clone() };
    let fresh = with_presence(cx, fresh, Some(&Presence::OFFLINE));
    save(cx, &entry, fresh)?;
    Ok(false)
}

/// Takes in many at once.
pub fn take_all(cx: &mut Cx<'_>, guild: GuildId, members: &[MemberPresence], missing: &[UserId]) -> Result<()> {
    let mut changed = false;
    for member in members {
        changed |= take(cx, guild, member)?;
    }
    for user in missing {
        changed |= is_gone(cx, guild, *user)?;
    }
    if changed { watch(cx) } else { Ok(()) }
}
