//! Why somebody earned nothing: the last few reasons of each member, from a closed set. They live in memory, bounded,
//! and go to the disk along with other commits and at the end; what earned is in the ledger anyway.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use super::rules::Reason;
use super::store;
use crate::model::{GuildId, Result, Timestamp, UserId};
use crate::store::Tx;

/// Reasons are kept this long.
pub const KEPT: Duration = Duration::from_secs(48 * 3_600);
/// Notes kept of each member; equal ones in a row are one note.
const NOTES_MAX: usize = 10;
/// Members whose notes are in memory, some hundred bytes each; past it all go to the disk and make room. Where more
/// write in turn, each message costs a look at the disk.
const MEMBERS_MAX: usize = 16_384;
/// Notes go to the disk at most this often.
const SPILL_EVERY: Duration = Duration::from_secs(600);

/// A reason, how often in a row, and when last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub reason: Reason,
    /// Times, or minutes of voice.
    pub amount: u32,
    /// Seconds until it would have earned; 0 where there is no such time.
    #[serde(default)]
    pub left_seconds: u32,
    pub at: Timestamp,
}

/// The notes in memory.
#[derive(Default)]
struct Journal {
    members: HashMap<(GuildId, UserId), Kept>,
    spilled: Option<Timestamp>,
}

#[derive(Default, Clone)]
struct Kept {
    notes: VecDeque<Note>,
    is_on_disk: bool,
}

/// Takes down why a member earned nothing.
pub fn note(tx: &Tx, guild: GuildId, user: UserId, note: Note) -> Result<()> {
    let (key, now) = ((guild, user), note.at);
    if !tx.memo(|journal: &mut Journal| journal.members.contains_key(&key)) {
        if tx.memo(|journal: &mut Journal| journal.members.len() >= MEMBERS_MAX) {
            spill(tx, now)?;
            tx.memo(|journal: &mut Journal| journal.members.clear());
        }
        let notes = store::find_notes(tx.read(), guild, user)?;
        tx.memo(|journal: &mut Journal| {
            journal.members.insert(key, Kept { notes: notes.into(), is_on_disk: true });
        });
    }
    let is_time = tx.memo(|journal: &mut Journal| {
        if let Some(kept) = journal.members.get_mut(&key) {
            push(&mut kept.notes, note);
            kept.is_on_disk = false;
        }
        let spilled = *journal.spilled.get_or_insert(now);
        now.since(spilled) >= SPILL_EVERY
    });
    if is_time && tx.has_batch() { spill(tx, now) } else { Ok(()) }
}

/// A member's notes of the last two days, the newest first.
pub fn list(tx: &Tx, guild: GuildId, user: UserId, now: Timestamp) -> Result<Vec<Note>> {
    let known = tx.memo(|journal: &mut Journal| journal.members.get(&(guild, user)).cloned());
    let mut notes = match known {
        Some(kept) => kept.notes.into(),
        None => store::find_notes(tx.read(), guild, user)?,
    };
    notes.retain(|note| now.since(note.at) < KEPT);
    notes.reverse();
    Ok(notes)
}

/// Drops the notes of a member that are in memory.
pub fn drop_memory(tx: &Tx, guild: GuildId, user: UserId) {
    tx.memo(|journal: &mut Journal| journal.members.remove(&(guild, user)));
}

/// Brings all notes to the disk.
pub fn spill(tx: &Tx, now: Timestamp) -> Result<()> {
    let fresh: Vec<_> = tx.memo(|journal: &mut Journal| {
        journal.spilled = Some(now);
        let fresh = journal.members.iter_mut().filter(|(_, kept)| !kept.is_on_disk);
        fresh
            .map(|(key, kept)| {
                kept.is_on_disk = true;
                (*key, kept.notes.clone())
            })
            .collect()
    });
    if fresh.is_empty() {
        return Ok(());
    }
    for ((guild, user), notes) in fresh {
        store::save_notes(tx, guild, user, &notes.into_iter().collect::<Vec<_>>(), now)?;
    }
    store::drop_notes(tx, Timestamp::from_ms(now.ms() - KEPT.as_millis() as i64))
}

fn push(notes: &mut VecDeque<Note>, note: Note) {
    if let Some(last) = notes.back_mut()
        && last.reason == note.reason
    {
        last.amount = last.amount.saturating_add(note.amount);
        (last.left_seconds, last.at) = (note.left_seconds, note.at);
        return;
    }
    if notes.len() >= NOTES_MAX {
        notes.pop_front();
    }
    notes.push_back(note);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_reasons_in_a_row_are_one_note_and_old_ones_make_room() {
        let mut notes = VecDeque::new();
        let at = |ms| Timestamp::from_ms(ms);
        for ms in 0..100 {
            let reason = if ms < 50 || ms % 2 == 0 { Reason::Cooldown } else { Reason::TooShort };
            push(&mut notes, Note { reason, amount: 1, left_seconds: 9, at: at(ms) });
        }
        assert_eq!(notes.len(), NOTES_MAX);
        let mut notes = VecDeque::new();
        for ms in 0..7 {
            push(&mut notes, Note { reason: Reason::Cooldown, amount: 1, left_seconds: 60 - ms as u32, at: at(ms) });
        }
        assert_eq!(notes, [Note { reason: Reason::Cooldown, amount: 7, left_seconds: 54, at: at(6) }]);
    }
}
