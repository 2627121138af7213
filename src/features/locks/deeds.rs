//! Locking and unlocking: what is to change is written down first, then Discord is asked, and the answer says what came
//! of it.

use std::fmt::Display;

use super::rules::{self, No};
use super::store::{self, Lock, NewLock, State};
use super::text;
use crate::command::{Actor, Plan};
use crate::cx::{Cx, Promised};
use crate::model::{Channel, Effect, Guild, GuildId, Outgoing, Refusal, Result, Shut, Span, lock};

/// A promise's word for a lock, for its end, and for the message about it: `lock:12`, …
pub const LOCK: &str = "lock";
pub const UNLOCK: &str = "unlock";

/// What is wanted of a lock.
pub struct Wanted<'a> {
    pub span: Option<Span>,
    pub message: Option<&'a str>,
}

/// The guild of a command, and ourselves in it.
pub fn scene(cx: &Cx<'_>) -> Result<(std::sync::Arc<Guild>, crate::model::UserId)> {
    let found = cx.guilds.find(cx.guild()?).zip(cx.me);
    found.ok_or_else(|| Refusal::new(text::CANNOT_SEE_GUILD).into())
}

/// Writes down a lock of this channel and promises it. Returns its number, or why it cannot be.
pub fn begin(
    cx: &mut Cx<'_>,
    (guild, channel): (&Guild, &Channel),
    actor: &Actor,
    wanted: &Wanted<'_>,
) -> Result<Result<i64, No>> {
    let me = cx.me.ok_or_else(|| Refusal::new(text::CANNOT_SEE_GUILD))?;
    let design = match rules::design(guild, channel, me) {
        Ok(design) => design,
        Err(no) => return Ok(Err(no)),
    };
    let lock = NewLock {
        guild: guild.id,
        channel: channel.id,
        channel_name: &channel.name,
        place: design.place,
        shut: &design.shut,
        locked_by: actor.user,
        locked_by_name: &actor.name,
        locked_at: cx.now,
        unlock_at: wanted.span.map(|span| cx.now.plus(span.duration())),
        message: wanted.message,
        source: cx.source.id(),
        unclosed: design.unclosed,
        synced: design.synced,
    };
    let id = store::insert(cx.tx, &lock)?;
    cx.promise(Promised {
        action: &action(LOCK, id),
        // What Discord refused before is no longer wanted.
        target: Some(format!("{LOCK}:{}:{}", guild.id, channel.id)),
        guild: Some(guild.id),
        about: text::promise_lock(&channel.name),
        effect: Effect::Lock {
            guild: guild.id,
            channel: channel.id,
            shut: design.shut,
            reason: text::audit_reason(&actor.name, wanted.message),
        },
        due_at: cx.now,
        tells: Some(format!("{LOCK}:{id}")),
    })?;
    Ok(Ok(id))
}

/// Promises the end of a lock for this time, in the place of any that was promised before.
pub fn promise_end(cx: &mut Cx<'_>, lock: &Lock, due_at: crate::model::Timestamp, reason: String) -> Result<()> {
    let (guild, channel) = (lock.guild, lock.channel);
    let shut = store::load_shut(cx.tx.read(), lock)?;
    cx.promise(Promised {
        action: &action(UNLOCK, lock.id),
        target: Some(target_of_end(guild, channel)),
        guild: Some(guild),
        about: text::promise_unlock(&lock.channel_name),
        effect: Effect::Unlock { guild, channel, shut, reason },
        due_at,
        tells: Some(format!("{UNLOCK}:{}", lock.id)),
    })
}

/// Asks Discord for the end of a lock at once.
pub fn end_now(cx: &mut Cx<'_>, actor: &Actor, lock: &Lock) -> Result<()> {
    store::save_opening(cx.tx, lock.id, cx.source.id())?;
    promise_end(cx, lock, cx.now, text::audit_reason(&actor.name, None))
}

/// What the promise of a lock's end is about; `*` stands for all channels.
pub fn target_of_end(guild: GuildId, channel: impl Display) -> String {
    format!("{UNLOCK}:{guild}:{channel}")
}

fn action(word: &str, id: i64) -> String {
    format!("{word}.{id}")
}

/// The plan whose answer tells what became of what this command locks, once Discord was asked for it.
pub fn answer_when_locked(cx: &mut Cx<'_>, locks: &[i64]) -> Result<Plan> {
    answer_when_done(cx, LOCK, locks, locked)
}

/// The same for what it unlocks.
pub fn answer_when_unlocked(cx: &mut Cx<'_>, locks: &[i64]) -> Result<Plan> {
    answer_when_done(cx, UNLOCK, locks, unlocked)
}

fn answer_when_done(
    cx: &mut Cx<'_>,
    word: &str,
    locks: &[i64],
    answer: fn(&mut Cx<'_>, i64) -> Result<Outgoing>,
) -> Result<Plan> {
    let origins = locks.iter().map(|id| cx.origin(&action(word, *id))).collect();
    let source = cx.source.id() as i64;
    let reply = answer(cx, source)?;
    Ok(Plan::after_all(origins, source, answer, reply))
}

fn locked(cx: &mut Cx<'_>, source: i64) -> Result<Outgoing> {
    let (guild, me) = scene(cx)?;
    let locks = store::list_locked_by(cx.tx.read(), source)?;
    match locks.as_slice() {
        [lock] => {
            let speakers = guild.channel(lock.channel).map(|channel| rules::speakers(&guild, channel, me));
            text::outcome(lock, &speakers.unwrap_or_default())
        }
        all => text::outcome_of_all(all),
    }
}

fn unlocked(cx: &mut Cx<'_>, source: i64) -> Result<Outgoing> {
    let (guild, _) = scene(cx)?;
    let locks = store::list_unlocked_by(cx.tx.read(), source)?;
    let mut lines = Vec::new();
    for lock in &locks {
        let mut line = text::unlocked(lock);
        if lock.state == State::Opened {
            let left = store::list_left(cx.tx.read(), lock.id)?;
            line.push_str(&text::left(&guild, &left));
            if lock.synced && is_out_of_step(cx, &guild, lock)? {
                line.push_str(text::OUT_OF_STEP);
            }
        }
        lines.push(line);
    }
    Ok(Outgoing::text(text::together(&lines)))
}

/// Whether a channel that had its category's permissions has others now that it is unlocked.
fn is_out_of_step(cx: &Cx<'_>, guild: &Guild, lock: &Lock) -> Result<bool> {
    let Shut::Overwrites(bars) = store::load_shut(cx.tx.read(), lock)? else { return Ok(false) };
    let Some(channel) = guild.channel(lock.channel) else { return Ok(false) };
    // As it is once we are told that it is open, which we may not be yet.
    let (overwrites, _) = lock::open(&channel.overwrites, &bars);
    Ok(!rules::is_synced(guild, channel, &overwrites))
}
