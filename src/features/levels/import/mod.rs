//! Balances that come from elsewhere: what an import would change, and the import itself, as one batch that can be
//! taken back. It announces nothing and promises nothing; roles are a step of their own.
//!
//! An import is many transactions, so that a bot on the same database keeps running. Each says itself what is still to
//! be done, so that one that was broken off goes on where it stood.

mod reward;
mod store;

use std::collections::HashMap;

use super::rules::{self, Row};
use super::store as levels;
use crate::config::{Config, LevelRole};
use crate::model::{Curve, GuildId, Permissions, Refusal, Result, RoleId, Roll, Timestamp, UserId, XP_MAX};
use crate::store::ledger::{self, Begun};
use crate::store::{Guest, Tx, people};
pub use reward::{PACE, Rewarding, Rewards};
pub use store::{find_guild, list_guilds};

/// Members that one transaction changes; a bot beside us waits for about a quarter of a second.
const MEMBERS_AT_ONCE: usize = 10_000;
/// The ledger's word.
const WHAT: &str = "import";

/// What happens to balances that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// They rise to what comes, and never fall.
    Raise,
    /// They become what comes.
    Replace,
    /// What comes is added, once: what was added from the same source before is not added again.
    Add,
}

impl Policy {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Raise => "raise",
            Self::Replace => "replace",
            Self::Add => "add",
        }
    }
}

/// What is to be imported into a guild.
pub struct Order {
    pub guild: GuildId,
    /// Where it comes from, in a word: `mee6`.
    pub source: &'static str,
    /// Names the files and how they are read: the same is imported once.
    pub origin: String,
    pub policy: Policy,
    /// Members and their XP on our curve, in the order of their ids, each once.
    pub targets: Vec<(UserId, i64)>,
    /// The curve that will be configured then, where it is not the present one.
    pub curve: Option<Curve>,
    /// Who is in the guild, where Discord was asked; without it, whom the bot has seen there.
    pub roll: Option<Roll>,
}

/// What an import changes, or would change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub members: usize,
    /// In the guild: on Discord's list, or seen there and not seen leaving.
    pub matched: usize,
    /// Imported but hidden until they are seen.
    pub not_in_guild: usize,
    pub raised: usize,
    /// Would have less than they have. Only a replacing import takes it from them.
    pub lowered: usize,
    pub unchanged: usize,
    /// Roles that follow from new levels, of members in the guild.
    pub roles_to_add: usize,
    pub roles_to_remove: usize,
}

impl Counts {
    /// How many balances change.
    pub fn changes(&self, policy: Policy) -> usize {
        self.raised + if policy == Policy::Raise { 0 } else { self.lowered }
    }
}

/// How an import ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// As this batch.
    Imported { batch: i64, changes: usize },
    /// The same was imported before, as this batch.
    Before(i64),
}

/// What is known of a member who comes.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    before: Option<i64>,
    present: bool,
    /// They are here, and the bot has not seen it yet.
    unseen: bool,
}

/// What a balance becomes. `added` is what came from the same source before.
fn decide(policy: Policy, before: i64, target: i64, added: i64) -> i64 {
    let after = match policy {
        Policy::Raise => before.max(target),
        Policy::Replace => target,
        Policy::Add => before.saturating_add((target - added).max(0)),
    };
    after.clamp(0, XP_MAX)
}

/// The batch that imported the same before, if one did and nobody took it back.
pub fn find_before(guest: &Guest, order: &Order) -> Result<Option<i64>> {
    let begun = ledger::find_begun(guest.read(), order.guild, &order.origin)?;
    Ok(begun.filter(|begun| begun.finished).map(|begun| begun.id))
}

/// Counts what an import would change. `progress` is told how many members are done.
pub fn preview(guest: &Guest, config: &Config, order: &Order, mut progress: impl FnMut(usize)) -> Result<Counts> {
    let given = Given::load(guest, order)?;
    let judge = Judge::new(guest, config, order)?;
    let mut counts = Counts::default();
    for chunk in order.targets.chunks(MEMBERS_AT_ONCE) {
        for ((user, target), known) in chunk.iter().zip(store::list_known(guest.read(), order, chunk)?) {
            let before = known.before.unwrap_or(0);
            let after = decide(order.policy, before, *target, given.to(*user));
            judge.count(&mut counts, (*user, known), *target, (before, after));
        }
        progress(counts.members);
    }
    Ok(counts)
}

/// Imports, after a backup of the database.
///
/// # Errors
/// A refusal where the database does not let us in; what is done by then stands, and the same import goes on with the
/// rest.
pub fn apply(guest: &mut Guest, order: &Order, now: Timestamp, mut progress: impl FnMut(usize)) -> Result<Ended> {
    let begun = ledger::find_begun(guest.read(), order.guild, &order.origin)?;
    let batch = match begun {
        Some(Begun { id, finished: true }) => return Ok(Ended::Before(id)),
        Some(Begun { id, finished: false }) => id,
        None => {
            guest.backup(WHAT, now)?;
            guest.write(|tx| ledger::begin_batch(tx, order.guild, WHAT, &order.origin, now, None))?
        }
    };
    let given = Given::load(guest, order)?;
    let importing = Importing { order, batch, reason: reason(order.source), given, now };
    let (mut done, mut changes) = (0, 0);
    for chunk in order.targets.chunks(MEMBERS_AT_ONCE) {
        changes += guest.write(|tx| importing.write(tx, chunk))?;
        done += chunk.len();
        progress(done);
        guest.step_aside();
    }
    guest.write(|tx| ledger::finish_batch(tx, batch))?;
    Ok(Ended::Imported { batch, changes })
}

fn reason(source: &str) -> String {
    format!("from {source}")
}

struct Importing<'o> {
    order: &'o Order,
    batch: i64,
    reason: String,
    given: Given,
    now: Timestamp,
}

impl Importing<'_> {
    /// Writes some members; returns how many changed.
    fn write(&self, tx: &Tx, chunk: &[(UserId, i64)]) -> Result<usize> {
        let mut changes = 0;
        for ((user, target), known) in chunk.iter().zip(store::list_known(tx.read(), self.order, chunk)?) {
            // One that was broken off has come to this member already.
            if self.order.policy == Policy::Replace && self.given.has(*user) {
                continue;
            }
            let before = known.before.unwrap_or(0);
            let after = decide(self.order.policy, before, *target, self.given.to(*user));
            if after != before {
                self.set(tx, *user, !known.present, before, after)?;
                changes += 1;
            }
            if known.unseen {
                self.welcome(tx, *user)?;
            }
        }
        Ok(changes)
    }

    fn set(&self, tx: &Tx, user: UserId, away: bool, before: i64, after: i64) -> Result<()> {
        let guild = self.order.guild;
        store::save_xp(tx, guild, user, after, away)?;
        let entry = ledger::Entry {
            guild,
            user,
            what: WHAT,
            amount: after - before,
            after,
            actor: None,
            source: 0,
            reason: Some(&self.reason),
            at: self.now,
            batch: Some(self.batch),
            undoes: None,
        };
        ledger::insert(tx, &entry)?;
        Ok(())
    }

    /// Somebody is here whom the bot has not seen yet: they are shown by their name from now on.
    fn welcome(&self, tx: &Tx, user: UserId) -> Result<()> {
        let guild = self.order.guild;
        let Some(listed) = self.order.roll.as_ref().and_then(|roll| roll.find(user)) else { return Ok(()) };
        people::save(tx, guild, &listed.author)?;
        match levels::find(tx.read(), guild, user)? {
            Some(row) if row.away => levels::save(tx, guild, user, &row, Row { away: false, ..row }),
            _ => Ok(()),
        }
    }
}

/// What members were given from the same source before, where that matters.
struct Given(HashMap<UserId, i64>);

impl Given {
    fn load(guest: &Guest, order: &Order) -> Result<Self> {
        let mut given = HashMap::new();
        let see = |user, amount| *given.entry(user).or_insert(0) += amount;
        match order.policy {
            Policy::Raise => {}
            Policy::Add => ledger::each_given(guest.read(), order.guild, WHAT, &reason(order.source), see)?,
            Policy::Replace => {
                if let Some(begun) = ledger::find_begun(guest.read(), order.guild, &order.origin)? {
                    store::each_in_batch(guest.read(), begun.id, see)?;
                }
            }
        }
        Ok(Self(given))
    }

    fn to(&self, user: UserId) -> i64 {
        self.0.get(&user).copied().unwrap_or(0)
    }

    fn has(&self, user: UserId) -> bool {
        self.0.contains_key(&user)
    }
}

/// Judges changes by the levels and roles that follow.
struct Judge<'c> {
    config: &'c Config,
    after: &'c Curve,
    is_new_curve: bool,
    raises_only: bool,
    roles: Vec<LevelRole>,
    roll: Option<&'c Roll>,
}

impl<'c> Judge<'c> {
    fn new(guest: &Guest, config: &'c Config, order: &'c Order) -> Result<Self> {
        let after = order.curve.as_ref().unwrap_or(&config.levels.curve);
        let is_new_curve = *after != config.levels.curve;
        let raises_only = order.policy == Policy::Raise;
        let (roles, roll) = (roles_of(guest, config, order.guild)?, order.roll.as_ref());
        Ok(Self { config, after, is_new_curve, raises_only, roles, roll })
    }

    fn count(&self, counts: &mut Counts, (user, known): (UserId, Known), target: i64, (before, after): (i64, i64)) {
        counts.members += 1;
        *(if known.present { &mut counts.matched } else { &mut counts.not_in_guild }) += 1;
        let lowers = after < before || self.raises_only && target < before;
        *(if after > before {
            &mut counts.raised
        } else if lowers {
            &mut counts.lowered
        } else {
            &mut counts.unchanged
        }) += 1;
        if !known.present || self.roles.is_empty() || (after == before && !self.is_new_curve) {
            return;
        }
        let levels = &self.config.levels;
        let (old, new) = (levels.curve.level_of(before), self.after.level_of(after));
        let held = self.roll.and_then(|roll| roll.find(user)).map(|listed| &listed.roles[..]);
        // What is held already need not be given, and what is not held cannot be taken.
        let is_due = |role: RoleId, give: bool| held.is_none_or(|held| held.contains(&role) != give);
        for (role, give) in rules::changed_roles(&self.roles, levels.role_mode, old, new) {
            if !is_due(role, give) {
                continue;
            }
            *(if give { &mut counts.roles_to_add } else { &mut counts.roles_to_remove }) += 1;
        }
    }
}

/// The level roles that count in this guild, as far as it was seen: without power over others.
fn roles_of(guest: &Guest, config: &Config, guild: GuildId) -> Result<Vec<LevelRole>> {
    let Some(seen) = find_guild(guest.read(), guild)? else { return Ok(config.levels.roles.clone()) };
    let is_reward = |entry: &&LevelRole| {
        seen.role(entry.role).is_some_and(|role| !role.permissions.overlaps(Permissions::MODERATION))
    };
    Ok(config.levels.roles.iter().filter(is_reward).copied().collect())
}

/// How many changes a batch has.
///
/// # Errors
/// A refusal where there is no such batch, or it was taken back already.
pub fn count_batch(guest: &Guest, guild: GuildId, batch: i64) -> Result<usize> {
    find_batch(guest, guild, batch)?;
    ledger::count_batch(guest.read(), batch)
}

fn find_batch(guest: &Guest, guild: GuildId, batch: i64) -> Result<ledger::Batch> {
    let found = ledger::find_batch(guest.read(), guild, batch)?;
    Ok(found.ok_or_else(|| Refusal::new(format!("There is no batch B{batch} in the server {guild}.")))?)
}

/// Takes a batch back, however large it is. Returns the number of the batch that does it, and its changes.
///
/// # Errors
/// A refusal where there is no such batch, or it was taken back already.
pub fn undo(
    guest: &mut Guest,
    guild: GuildId,
    batch: i64,
    now: Timestamp,
    mut progress: impl FnMut(usize),
) -> Result<(i64, usize)> {
    let found = find_batch(guest, guild, batch)?;
    let origin = format!("undo of B{batch}");
    let undoing = match (found.undone_by, ledger::find_begun(guest.read(), guild, &origin)?) {
        (_, Some(Begun { id, finished: false })) => id,
        (Some(by), _) => return Err(Refusal::new(format!("B{batch} was taken back already, by B{by}.")).into()),
        (None, _) => {
            guest.backup("undo", now)?;
            guest.write(|tx| ledger::begin_batch(tx, guild, "undo", &origin, now, Some(batch)))?
        }
    };
    let (mut last, mut done) = (0, 0);
    loop {
        let rows = ledger::list_batch_after(guest.read(), batch, last, MEMBERS_AT_ONCE)?;
        let Some(end) = rows.last() else { break };
        last = end.id;
        guest.write(|tx| rows.iter().try_for_each(|row| take_back(tx, row, undoing, now)))?;
        done += rows.len();
        progress(done);
        guest.step_aside();
    }
    guest.write(|tx| ledger::finish_batch(tx, undoing))?;
    Ok((undoing, done))
}

fn take_back(tx: &Tx, row: &ledger::Row, undoing: i64, now: Timestamp) -> Result<()> {
    let before = store::find_xp(tx.read(), row.guild, row.user)?.unwrap_or(0);
    let after = before.saturating_sub(row.amount).clamp(0, XP_MAX);
    store::save_xp(tx, row.guild, row.user, after, true)?;
    let entry = ledger::Entry {
        guild: row.guild,
        user: row.user,
        what: "undo",
        amount: after - before,
        after,
        actor: None,
        source: 0,
        reason: None,
        at: now,
        batch: Some(undoing),
        undoes: Some(row.id),
    };
    ledger::insert(tx, &entry)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raising_never_lowers_replacing_does_and_adding_adds_once() {
        assert_eq!((decide(Policy::Raise, 100, 40, 0), decide(Policy::Raise, 40, 100, 7)), (100, 100));
        assert_eq!(decide(Policy::Replace, 100, 40, 0), 40);
        assert_eq!((decide(Policy::Add, 100, 40, 0), decide(Policy::Add, 140, 40, 40)), (140, 140));
        assert_eq!((decide(Policy::Add, 140, 60, 40), decide(Policy::Add, 140, 10, 40)), (160, 140));
        assert_eq!(decide(Policy::Add, XP_MAX, XP_MAX, 0), XP_MAX);
    }
}
