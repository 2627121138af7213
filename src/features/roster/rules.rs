//! Who is of the staff, with which rank, how they are there as far as that is known, and when to ask again: pure
//! functions.

use std::time::Duration;

use crate::config::{Colour, PRIORITY_LAST, RANK_COLOUR, Roster, StaffRole};
use crate::model::{GuildId, Presence, RoleId, Sight, Status, Timestamp, UserId};

/// The rank of who was added without one that is known.
const RANK_UNKNOWN: &str = "Staff";
/// The clock that calls each minute may be a little early.
const SLACK: Duration = Duration::from_secs(5);
/// Each question in vain doubles the time until the next, so often at most.
const DOUBLINGS_MAX: u32 = 4;

/// An entry of the roster, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: i64,
    pub guild: GuildId,
    /// None: no account is linked.
    pub user: Option<UserId>,
    /// As shown when last seen.
    pub name: String,
    /// The role of theirs that counts.
    pub role: Option<RoleId>,
    /// They stay on the roster without a role, too.
    pub by_hand: bool,
    /// A rank that was given goes before the role's.
    pub rank: Option<String>,
    pub added_at: Timestamp,
    pub leave: Option<Leave>,
    /// Whether they are in the guild; none: nobody knows yet.
    pub here: Option<bool>,
    /// What Discord told last.
    pub presence: Option<Presence>,
    /// When that last was something new.
    pub changed_at: Option<Timestamp>,
}

/// A leave of absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leave {
    pub from: Timestamp,
    /// None: until somebody ends it.
    pub until: Option<Timestamp>,
}

impl Leave {
    pub fn is_on(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// How somebody is there, as it may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Is(Status),
    Unknown(Why),
}

/// Why it is not known how somebody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    NotLinked,
    NotInGuild,
    /// Nothing needed presences until just now.
    NotAsked,
    /// The intent is not switched on.
    NotGranted,
    /// The bot has no session, or does not see the guild.
    NoSession,
    /// Discord has not told it yet.
    NotTold,
}

impl Why {
    /// The word for programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotLinked => "not_linked",
            Self::NotInGuild => "not_in_guild",
            Self::NotAsked => "not_asked",
            Self::NotGranted => "intent_off",
            Self::NoSession => "gateway_down",
            Self::NotTold => "not_told_yet",
        }
    }
}

/// An entry as it is shown: with its rank, and how they are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    pub entry: Entry,
    pub rank: String,
    /// The lowest stands first; 999 for ranks that the configuration does not know.
    pub priority: u16,
    pub colour: Colour,
    pub shown: Shown,
    pub on_leave: bool,
}

impl Staff {
    /// What they say of themselves, else what they do: as long as it is known how they are there.
    pub fn note(&self) -> Option<&str> {
        let presence = self.entry.presence.as_ref().filter(|_| matches!(self.shown, Shown::Is(_)))?;
        presence.custom_status.as_deref().or(presence.activity.as_deref())
    }

    /// Since when they are there in this way, where that is known.
    pub fn since(&self) -> Option<Timestamp> {
        self.entry.changed_at.filter(|_| matches!(self.shown, Shown::Is(_)))
    }
}

/// Of these roles, the one that counts: the rank with the lowest priority, of equal ones the first in the list.
pub fn counting_role(roster: &Roster, held: &[RoleId]) -> Option<RoleId> {
    let holds = |rank: &&StaffRole| rank.role.is_some_and(|role| held.contains(&role));
    roster.roles.iter().filter(holds).min_by_key(|rank| rank.priority)?.role
}

/// An entry as it is shown now, with what can be seen at the moment.
pub fn staff(entry: Entry, roster: &Roster, sight: Sight, now: Timestamp) -> Staff {
    let by_role = entry.role.and_then(|role| roster.rank_of(role));
    let known = match &entry.rank {
        Some(rank) => roster.rank(rank),
        None => by_role,
    };
    let given = entry.rank.clone().or_else(|| known.map(|rank| rank.rank.clone()));
    Staff {
        rank: given.unwrap_or_else(|| RANK_UNKNOWN.to_owned()),
        priority: known.map_or(PRIORITY_LAST, |rank| rank.priority),
        colour: known.and_then(|rank| rank.colour).unwrap_or(RANK_COLOUR),
        shown: shown(&entry, sight),
        on_leave: entry.leave.is_some_and(|leave| leave.is_on(now)),
        entry,
    }
}

/// Why nobody's presence can be seen, where that is so.
pub fn blindness(sight: Sight) -> Option<Why> {
    match sight {
        Sight::Clear => None,
        Sight::NotAsked => Some(Why::NotAsked),
        Sight::NotGranted => Some(Why::NotGranted),
        Sight::NoSession => Some(Why::NoSession),
    }
}

fn shown(entry: &Entry, sight: Sight) -> Shown {
    let told = entry.presence.as_ref().map_or(Shown::Unknown(Why::NotTold), |told| Shown::Is(told.status));
    match blindness(sight) {
        _ if entry.user.is_none() => Shown::Unknown(Why::NotLinked),
        // Who comes and goes may be known where nothing else is.
        Some(Why::NotAsked) | None if entry.here == Some(false) => Shown::Unknown(Why::NotInGuild),
        Some(why) => Shown::Unknown(why),
        None => told,
    }
}

/// All as they are shown now, in the order in which they are: by rank, then by name.
pub fn all(entries: Vec<Entry>, roster: &Roster, sight: Sight, now: Timestamp) -> Vec<Staff> {
    let mut all: Vec<_> = entries.into_iter().map(|entry| staff(entry, roster, sight, now)).collect();
    all.sort_by_cached_key(|staff| (staff.priority, staff.entry.name.to_lowercase(), staff.entry.id));
    all
}

/// How a guild's presences are kept up with Discord's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    asked_at: Option<Timestamp>,
    /// Questions in a row that were not answered.
    vain: u32,
}

impl Pace {
    /// Whether it is time to ask: every so often, and less often as long as nobody answers.
    pub fn is_due(self, now: Timestamp, every: Duration) -> bool {
        let wait = every.saturating_mul(1 << self.vain.saturating_sub(1).min(DOUBLINGS_MAX)).saturating_sub(SLACK);
        self.asked_at.is_none_or(|asked| now.since(asked) >= wait)
    }

    pub fn asked(&mut self, now: Timestamp) {
        (self.asked_at, self.vain) = (Some(now), self.vain.saturating_add(1));
    }

    pub fn answered(&mut self) {
        self.vain = 0;
    }
}

#[cfg(test)]
mod tests;
