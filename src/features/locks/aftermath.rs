//! What comes after: Discord locked or unlocked a channel or did not, somebody moved an end, a channel is gone.

use super::deeds::{LOCK, UNLOCK, promise_end, target_of_end};
use super::store::{self, Lock, State};
use super::text;
use crate::cx::{Cx, Promised};
use crate::model::{ChannelId, Effect, Ending, GuildId, Result, Timestamp};
use crate::store::promises;

/// A promise's word for the message in a locked channel, and for its change when the lock is over.
const NOTICE: &str = "locknotice";
const NOTICE_END: &str = "lockover";

/// Discord's code for a channel that does not exist.
const UNKNOWN_CHANNEL: u32 = 10_003;

/// A promise about a lock ended.
pub fn ended(cx: &mut Cx<'_>, guild: GuildId, tells: &str, ending: &Ending) -> Result<()> {
    let Some((word, lock)) = find(cx, guild, tells)? else { return Ok(()) };
    match word {
        LOCK => lock_ended(cx, &lock, ending),
        UNLOCK => end_ended(cx, &lock, ending),
        NOTICE => match ending {
            Ending::Kept { message: Some(message), .. } => {
                store::save_notice(cx.tx, lock.id, *message)?;
                let lock = Lock { notice: Some(*message), ..lock };
                if lock.state == State::Opened { change_notice(cx, &lock) } else { Ok(()) }
            }
            Ending::Kept { .. } | Ending::Refused { .. } | Ending::CalledOff(_) => Ok(()),
        },
        // That the message was deleted is nothing that anybody has to mend.
        NOTICE_END if matches!(ending, Ending::Refused { .. }) => {
            promises::call_off(cx.tx, &target(NOTICE_END, &lock), text::NOTICE_GONE, cx.now)
        }
        _ => Ok(()),
    }
}

/// The lock that a promise's word is about.
fn find<'t>(cx: &Cx<'_>, guild: GuildId, tells: &'t str) -> Result<Option<(&'t str, Lock)>> {
    let Some((word, Ok(id))) = tells.split_once(':').map(|(word, id)| (word, id.parse::<i64>())) else {
        return Ok(None);
    };
    if ![LOCK, UNLOCK, NOTICE, NOTICE_END].contains(&word) {
        return Ok(None);
    }
    let lock = store::find(cx.tx.read(), id)?.filter(|lock| lock.guild == guild);
    Ok(lock.map(|lock| (word, lock)))
}

fn lock_ended(cx: &mut Cx<'_>, lock: &Lock, ending: &Ending) -> Result<()> {
    match ending {
        // Its end was asked for meanwhile, and follows.
        Ending::Kept { .. } if !matches!(lock.state, State::Pending | State::Failed) => Ok(()),
        Ending::Kept { .. } => {
            store::save_state(cx.tx, lock.id, State::Locked, None, cx.now)?;
            if let Some(unlock_at) = lock.unlock_at {
                promise_end(cx, lock, unlock_at, text::REASON_OF_END.to_owned())?;
            }
            post_notice(cx, lock)
        }
        Ending::Refused { code: UNKNOWN_CHANNEL, .. } => {
            promises::call_off(cx.tx, &target(LOCK, lock), text::CHANNEL_GONE, cx.now)?;
            store::save_state(cx.tx, lock.id, State::Failed, Some(text::CHANNEL_GONE), cx.now)
        }
        Ending::Refused { words, .. } if lock.state == State::Pending => {
            store::save_state(cx.tx, lock.id, State::Failed, Some(words), cx.now)
        }
        // Discord may have done it already without our knowing: that is taken back, and where there is nothing to take
        // back, nothing happens.
        Ending::CalledOff(words) if lock.state == State::Pending => {
            store::save_opening(cx.tx, lock.id, cx.source.id())?;
            promise_end(cx, lock, cx.now, words.clone())
        }
        Ending::Refused { .. } | Ending::CalledOff(_) => Ok(()),
    }
}

/// The end of a lock was kept, refused or called off.
fn end_ended(cx: &mut Cx<'_>, lock: &Lock, ending: &Ending) -> Result<()> {
    if lock.ended_at.is_some() {
        return Ok(());
    }
    match ending {
        Ending::Kept { left, .. } => {
            store::save_left(cx.tx, lock.id, left)?;
            over(cx, lock, None)?;
            change_notice(cx, lock)
        }
        Ending::Refused { code: UNKNOWN_CHANNEL, .. } => gone(cx, lock),
        Ending::Refused { words, .. } => store::save_state(cx.tx, lock.id, State::Locked, Some(words), cx.now),
        Ending::CalledOff(words) => {
            store::save_end(cx.tx, lock.id, None)?;
            store::save_state(cx.tx, lock.id, State::Locked, Some(words), cx.now)
        }
    }
}

fn over(cx: &mut Cx<'_>, lock: &Lock, words: Option<&str>) -> Result<()> {
    promises::call_off(cx.tx, &target(NOTICE, lock), text::OVER, cx.now)?;
    store::save_state(cx.tx, lock.id, State::Opened, words, cx.now)
}

/// A lock whose channel does not exist any more is over.
fn gone(cx: &mut Cx<'_>, lock: &Lock) -> Result<()> {
    promises::call_off(cx.tx, &target_of_end(lock.guild, lock.channel), text::CHANNEL_GONE, cx.now)?;
    promises::call_off(cx.tx, &target(LOCK, lock), text::CHANNEL_GONE, cx.now)?;
    over(cx, lock, Some(text::CHANNEL_GONE))
}

/// A channel was deleted.
pub fn channel_is_gone(cx: &mut Cx<'_>, channel: ChannelId) -> Result<()> {
    match store::find_standing(cx.tx.read(), channel)? {
        Some(lock) => gone(cx, &lock),
        None => Ok(()),
    }
}

/// Somebody moved the end of a lock.
pub fn moved(cx: &mut Cx<'_>, guild: GuildId, tells: &str, due_at: Timestamp) -> Result<()> {
    match find(cx, guild, tells)? {
        Some((UNLOCK, lock)) if lock.ended_at.is_none() => store::save_end(cx.tx, lock.id, Some(due_at)),
        _ => Ok(()),
    }
}

/// Says in the channel that it is locked, where it takes messages and that is wanted.
fn post_notice(cx: &mut Cx<'_>, lock: &Lock) -> Result<()> {
    let Some(message) = text::notice(lock).filter(|_| cx.config.locks.notice || lock.message.is_some()) else {
        return Ok(());
    };
    cx.promise(Promised {
        action: &format!("{NOTICE}.{}", lock.id),
        target: Some(target(NOTICE, lock)),
        guild: Some(lock.guild),
        about: text::promise_notice(&lock.channel_name),
        effect: Effect::SendMessage { channel: lock.channel, message, reply_to: None },
        due_at: cx.now,
        tells: Some(format!("{NOTICE}:{}", lock.id)),
    })
}

/// Lets that message say that the lock is over.
fn change_notice(cx: &mut Cx<'_>, lock: &Lock) -> Result<()> {
    let Some(id) = lock.notice else { return Ok(()) };
    cx.promise(Promised {
        action: &format!("{NOTICE_END}.{}", lock.id),
        target: Some(target(NOTICE_END, lock)),
        guild: Some(lock.guild),
        about: text::promise_notice_over(&lock.channel_name),
        effect: Effect::ChangeMessage { channel: lock.channel, id, message: text::notice_over(cx.now) },
        due_at: cx.now,
        tells: Some(format!("{NOTICE_END}:{}", lock.id)),
    })
}

fn target(word: &str, lock: &Lock) -> String {
    format!("{word}:{}:{}", lock.guild, lock.channel)
}
