//! What programs of other systems read of a member's level, and the changes that they make: the same rows, the same
//! ledger, and words that tell which program it was.

use super::award::excused;
use super::change::{Made, change};
use super::rules::Row;
use super::{days, store, tools};
use crate::command::Actor;
use crate::config::Config;
use crate::cx::Cx;
use crate::model::{Day, Event, GuildId, Result, UserId, XP_MAX};
use crate::store::ledger::{self, Entry};
use crate::store::{Reader, downtime};

/// A member by their XP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub xp: i64,
    pub level: u32,
    pub tier: String,
    /// Days in a row with an earning act, if the row goes on today.
    pub streak_days: u32,
    /// Tools that they unlocked and that are switched on.
    pub unlocked: usize,
    /// XP that is missing to the next level; 0 at the highest.
    pub missing: u64,
}

/// How a member stands; one who never earned stands at the beginning.
pub fn profile(reader: &Reader, config: &Config, guild: GuildId, user: UserId, today: Day) -> Result<Profile> {
    let row = store::find(reader, guild, user)?.unwrap_or_default();
    let (unlocked, _) = tools::count_unlocked(reader, guild, user)?;
    let levels = &config.levels;
    let level = levels.curve.level_of(row.xp);
    let zone = &config.discord.timezone;
    let is_excused = |day: Day| excused(downtime::between(reader, zone.begin_of(day), zone.begin_of(day.plus(1))));
    let goes_on = |last| last >= today || days::goes_on(last, today, levels.streak_grace_days, is_excused);
    Ok(Profile {
        xp: row.xp,
        level,
        tier: levels.tier_of(level).to_owned(),
        streak_days: if row.streak().day.is_some_and(goes_on) { row.streak } else { 0 },
        unlocked,
        missing: levels.curve.missing(row.xp).unwrap_or(0),
    })
}

/// A space at which no line is broken.
const NO_BREAK: &str = "\u{a0}";

/// Something that is worth XP, as a program tells it.
#[derive(Debug, Clone)]
pub struct Deed {
    /// In words of the program's own.
    pub kind: String,
    /// Where, in the program's words.
    pub place: Option<String>,
    pub amount: i64,
}

impl Deed {
    /// As it stands in the ledger. The spaces of the program's words do not part, so that they can be told from ours.
    fn reason(&self, actor: &Actor) -> String {
        let joined = |words: &str| words.replace(' ', NO_BREAK);
        let place = self.place.as_ref().map_or(String::new(), |place| format!(" in {}", joined(place)));
        format!("{}{place} by {}", joined(&self.kind), actor.name)
    }

    /// The deed behind a row: what a program told, or what the house calls it by itself.
    pub fn of(row: &ledger::Row) -> Self {
        let told = row.reason.as_deref().filter(|_| row.what == ADD).and_then(|reason| reason.split_once(" by "));
        let (kind, place) = match told {
            None => (row.what.as_str(), None),
            Some((told, _)) => told.split_once(" in ").map_or((told, None), |(kind, place)| (kind, Some(place))),
        };
        let words = |joined: &str| joined.replace(NO_BREAK, " ");
        Self { kind: words(kind), place: place.map(words), amount: row.amount }
    }
}

const ADD: &str = "add";
const SET_LEVEL: &str = "set_level";

/// What came of a deed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gained {
    pub before: u32,
    pub after: u32,
    pub xp: i64,
    /// Names of the tools that are there for the asking since.
    pub available: Vec<String>,
}

/// Adds what a deed is worth, which may be nothing and is written down all the same. Roles follow the level, and
/// whoever listens is told of one that is reached. None: there would be less than nothing, so nothing was changed.
pub fn give(cx: &mut Cx<'_>, actor: &Actor, (guild, user): (GuildId, UserId), deed: &Deed) -> Result<Option<Gained>> {
    let before = store::load(cx.tx, guild, user)?;
    let total = before.xp.saturating_add(deed.amount);
    if total < 0 {
        return Ok(None);
    }
    let reason = deed.reason(actor);
    let made = Made { actor, what: ADD, reason: Some(&reason), batch: None, undoes: None };
    let wanted = Row { xp: total.min(XP_MAX), ..before };
    let (after, written) = change(cx, guild, user, before, wanted, &made)?;
    if written.is_none() {
        note(cx, (guild, user), after.xp, &made)?;
    }
    let curve = &cx.config.levels.curve;
    let (old, new) = (curve.level_of(before.xp), curve.level_of(after.xp));
    let available = if new > old { tools::available_between(cx.tx.read(), old, new)? } else { Vec::new() };
    if new > old {
        let name = crate::store::people::find_name(cx.tx.read(), guild, user)?.unwrap_or_default();
        let hidden = after.choices.quiet || after.choices.off_board;
        cx.emit(Event::LevelReached { guild, user, name, before: old, after: new, channel: None, hidden });
    }
    Ok(Some(Gained { before: old, after: new, xp: after.xp, available }))
}

/// Writes down that something happened which was worth nothing.
fn note(cx: &mut Cx<'_>, (guild, user): (GuildId, UserId), xp: i64, made: &Made<'_>) -> Result<()> {
    let entry = Entry {
        guild,
        user,
        what: made.what,
        amount: 0,
        after: xp,
        actor: Some(made.actor.user),
        source: cx.source.id(),
        reason: made.reason,
        at: cx.now,
        batch: None,
        undoes: None,
    };
    ledger::insert(cx.tx, &entry).map(drop)
}

/// What a member is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Xp(i64),
    /// The XP at which it begins.
    Level(u32),
}

/// Brings a member there. As with `/setlevel`, nothing is announced, and roles follow.
pub fn set(cx: &mut Cx<'_>, actor: &Actor, (guild, user): (GuildId, UserId), wanted: Wanted) -> Result<()> {
    let before = store::load(cx.tx, guild, user)?;
    let (xp, what, kind) = match wanted {
        Wanted::Xp(xp) => (xp, ADD, "set_xp"),
        Wanted::Level(level) => (cx.config.levels.curve.total(level), SET_LEVEL, SET_LEVEL),
    };
    let reason = format!("{kind} by {}", actor.name);
    let made = Made { actor, what, reason: Some(&reason), batch: None, undoes: None };
    change(cx, guild, user, before, Row { xp, ..before }, &made).map(drop)
}

/// A program says that somebody is here: who was away is on the board again.
pub fn bring_back(cx: &mut Cx<'_>, guild: GuildId, user: UserId) -> Result<()> {
    super::set_away(cx, guild, user, false)
}
