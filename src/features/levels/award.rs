//! Paying: one way for every source of XP. The balance, its ledger rows, the level that is reached, its roles.

use std::sync::atomic::Ordering::Relaxed;

use super::rules::Row;
use super::{announce, store};
use crate::cx::Cx;
use crate::model::{ChannelId, Event, GuildId, Result, Timestamp, UserId};
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

/// Pays what lies between `before` and `after`, the member's rows without and with the gain. Returns the row as stored.
pub fn pay(cx: &mut Cx<'_>, earner: &Earner<'_>, before: &Row, after: Row, act: Act) -> Result<Row> {
    let Earner { guild, user, .. } = *earner;
    store::save(cx.tx, guild, user, before, after)?;
    let entry = Entry {
        guild,
        user,
        what: act.what,
        amount: after.xp - before.xp,
        after: after.xp,
        actor: None,
        source: act.source,
        reason: None,
        at: act.at,
        batch: None,
        undoes: None,
    };
    ledger::insert(cx.tx, &entry)?;
    cx.vitals.xp_awards.fetch_add(1, Relaxed);
    let curve = &cx.config.levels.curve;
    let (old, new) = (curve.level_of(before.xp), curve.level_of(after.xp));
    if new > old {
        if !after.choices.quiet {
            announce(cx, earner, new)?;
        }
        cx.emit(Event::LevelReached {
            guild,
            user,
            name: earner.name.to_owned(),
            before: old,
            after: new,
            channel: earner.channel,
            hidden: after.choices.quiet || after.choices.off_board,
        });
    }
    Ok(after)
}
