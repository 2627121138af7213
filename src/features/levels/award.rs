//! Paying: one way for every source of XP. The balance, its ledger rows, the level that is reached, its roles.

use std::sync::atomic::Ordering::Relaxed;

use super::announce::announce;
use super::rules::Row;
use super::{days, store};
use crate::cx::Cx;
use crate::model::{ChannelId, Day, Event, GuildId, Result, Timestamp, UserId, XP_MAX};
use crate::store::downtime;
use crate::store::ledger::{self, Entry};

/// Who earned, and where.
#[derive(Debug, Clone, Copy)]
pub struct Earner<'a> {
    pub guild: GuildId,
    pub user: UserId,
    pub name: &'a str,
    /// Where a new level is announced, unless the configuration names another place.
    pub channel: Option<ChannelId>,
}

/// What was earned for.
#[derive(Debug, Clone, Copy)]
pub struct Act {
    /// The ledger's word: `message`, `voice`, `command`.
    pub what: &'static str,
    /// The message or interaction behind it; 0 where there is none.
    pub source: u64,
    pub at: Timestamp,
}

/// Pays what lies between `before` and `after`, the member's rows without and with the gain, and on top, if it is the
/// first earning act of a civil day, the bonuses of day and streak as rows of their own. Returns the row as stored.
pub fn pay(cx: &mut Cx<'_>, earner: &Earner<'_>, before: &Row, after: Row, act: Act) -> Result<Row> {
    let levels = &cx.config.levels;
    let today = cx.config.discord.timezone.day(act.at);
    let morning = days::wake(after.streak(), today, levels, |day| is_excused(cx, day));
    let bonuses = morning.map_or([("daily", 0), ("streak", 0)], |m| [("daily", m.daily), ("streak", m.streak)]);
    let mut xp = after.xp;
    let mut paid = vec![(act.what, after.xp - before.xp, xp)];
    for (what, bonus) in bonuses.into_iter().filter(|(_, bonus)| *bonus > 0) {
        let with = xp.saturating_add(bonus).min(XP_MAX);
        paid.push((what, with - xp, with));
        xp = with;
    }
    let after = morning.map_or(after, |morning| after.with_streak(morning.after));
    let after = Row { xp, ..after };
    store::save(cx.tx, earner.guild, earner.user, before, after)?;
    for (what, amount, balance) in paid {
        insert(cx, earner, &Act { what, ..act }, amount, balance)?;
    }
    cx.vitals.xp_awards.fetch_add(1, Relaxed);
    rise(cx, earner, before, &after)?;
    Ok(after)
}

/// Tells of the level that was reached, if one was: to the guild, and to whoever listens.
fn rise(cx: &mut Cx<'_>, earner: &Earner<'_>, before: &Row, after: &Row) -> Result<()> {
    let curve = &cx.config.levels.curve;
    let (old, new) = (curve.level_of(before.xp), curve.level_of(after.xp));
    if new <= old {
        return Ok(());
    }
    if !after.choices.quiet {
        announce(cx, earner, old, after.xp)?;
    }
    cx.emit(Event::LevelReached {
        guild: earner.guild,
        user: earner.user,
        name: earner.name.to_owned(),
        before: old,
        after: new,
        channel: earner.channel,
        hidden: after.choices.quiet || after.choices.off_board,
    });
    Ok(())
}

fn insert(cx: &Cx<'_>, earner: &Earner<'_>, act: &Act, amount: i64, after: i64) -> Result<()> {
    let entry = Entry {
        guild: earner.guild,
        user: earner.user,
        what: act.what,
        amount,
        after,
        actor: None,
        source: act.source,
        reason: None,
        at: act.at,
        batch: None,
        undoes: None,
    };
    ledger::insert(cx.tx, &entry)?;
    Ok(())
}

/// Whether the bot was down for over an hour of this day.
pub fn is_excused(cx: &Cx<'_>, day: Day) -> bool {
    let zone = &cx.config.discord.timezone;
    excused(downtime::between(cx.tx.read(), zone.begin_of(day), zone.begin_of(day.plus(1))))
}

/// Whether a day with so much downtime is excused. Where it cannot be read, nobody loses a streak for that.
pub fn excused<E>(down: std::result::Result<std::time::Duration, E>) -> bool {
    down.map_or(true, |down| down > downtime::EXCUSES_FROM)
}
