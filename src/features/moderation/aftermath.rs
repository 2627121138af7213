//! What comes after a deed: Discord did it or did not, a ban ends, and the audit log tells what was done by hand.

use super::deeds::{ACT, END, opened, target_of_deed};
use super::rules::Kind;
use super::store::{self, Case, NewCase, State};
use super::{log, text, trail};
use crate::cx::{Cx, Promised};
use crate::model::{AuditLine, Deed, Effect, Ending, GuildId, Result, Timestamp, Told, UserId};
use crate::store::{people, promises};

/// Discord's code for somebody who is not banned.
const UNKNOWN_BAN: u32 = 10_026;

/// A promise about a case ended.
pub fn ended(cx: &mut Cx<'_>, guild: GuildId, tells: &str, ending: &Ending) -> Result<()> {
    let Some((word, number)) = tells.split_once(':') else { return Ok(()) };
    let Ok(number) = number.parse::<i64>() else { return Ok(()) };
    let Some(case) = store::find(cx.tx.read(), guild, number)? else { return Ok(()) };
    match word {
        ACT => deed_ended(cx, &case, ending)?,
        END => end_ended(cx, &case, ending)?,
        _ => return Ok(()),
    }
    log::follow(cx, guild, number)
}

fn deed_ended(cx: &mut Cx<'_>, case: &Case, ending: &Ending) -> Result<()> {
    let (guild, number) = (case.guild, case.number);
    match ending {
        Ending::Kept { told, .. } => {
            if let Some(told) = told {
                store::save_told(cx.tx, guild, number, told)?;
            }
            // What the audit log proved before has led to what follows.
            if case.state == State::Done { Ok(()) } else { done(cx, case) }
        }
        // That somebody could not be told does not unmake a warning.
        Ending::Refused { words, .. } | Ending::CalledOff(words) if case.kind == Kind::Warn => {
            store::save_told(cx.tx, guild, number, &Told::No(words.clone()))
        }
        // The audit log proved it meanwhile.
        Ending::Refused { .. } | Ending::CalledOff(_) if case.state == State::Done => {
            let target = target_of_deed(guild, case.user, case.kind);
            promises::call_off(cx.tx, &target, text::ENDED_BY_OTHERS, cx.now)
        }
        Ending::Refused { words, .. } => failed(cx, case, words),
        Ending::CalledOff(words) => failed(cx, case, &text::called_off(case, words)),
    }
}

/// Discord did it.
fn done(cx: &mut Cx<'_>, case: &Case) -> Result<()> {
    store::save_outcome(cx.tx, case.guild, case.number, State::Done, None)?;
    follows(cx, case)
}

fn failed(cx: &mut Cx<'_>, case: &Case, words: &str) -> Result<()> {
    store::save_outcome(cx.tx, case.guild, case.number, State::Failed, Some(words))?;
    // What it was to take back stands.
    if let Some(stands) = store::find_undone_by(cx.tx.read(), case.guild, case.user, case.number)? {
        store::save_undone(cx.tx, case.guild, stands, None)?;
        log::follow(cx, case.guild, stands)?;
    }
    Ok(())
}

/// What a deed that was done means for what was done before it.
pub fn follows(cx: &mut Cx<'_>, case: &Case) -> Result<()> {
    let (guild, user) = (case.guild, case.user);
    match case.kind {
        Kind::Ban | Kind::Unban | Kind::Softban => {
            end_others(cx, case, Kind::Ban)?;
            match case.ends_at {
                Some(ends_at) if case.kind == Kind::Ban => promise_end(cx, case, ends_at),
                _ => promises::call_off(cx.tx, &target_of_end(guild, user), text::REPLACED, cx.now),
            }
        }
        Kind::Timeout | Kind::Untimeout => end_others(cx, case, Kind::Timeout),
        Kind::Note | Kind::Warn | Kind::Kick | Kind::Other => Ok(()),
    }
}

/// Earlier cases of this kind that were still running are over.
fn end_others(cx: &mut Cx<'_>, case: &Case, kind: Kind) -> Result<()> {
    for number in store::list_unsettled(cx.tx.read(), case.guild, case.user, kind)? {
        let Some(other) = store::find(cx.tx.read(), case.guild, number)? else { continue };
        // A timeout ends by itself, a ban when it is lifted, however late that is.
        let runs = kind == Kind::Ban || other.ends_at.is_none_or(|end| end > cx.now);
        if number < case.number && other.state == State::Done && runs {
            store::save_ended(cx.tx, case.guild, number, cx.now)?;
            log::follow(cx, case.guild, number)?;
        }
    }
    Ok(())
}

fn promise_end(cx: &mut Cx<'_>, case: &Case, due_at: Timestamp) -> Result<()> {
    let (guild, user, number) = (case.guild, case.user, case.number);
    cx.promise(Promised {
        action: &format!("{END}.{number}"),
        target: Some(target_of_end(guild, user)),
        guild: Some(guild),
        about: text::promise_end(&case.user_name, number),
        effect: Effect::Act { guild, user, deed: Deed::Unban, reason: text::reason_of_end(number), tell: None },
        due_at,
        tells: Some(format!("{END}:{number}")),
    })
}

/// The end of a ban was kept, refused or called off.
fn end_ended(cx: &mut Cx<'_>, case: &Case, ending: &Ending) -> Result<()> {
    let (guild, number) = (case.guild, case.number);
    match ending {
        Ending::Kept { .. } => store::save_ended(cx.tx, guild, number, cx.now),
        Ending::Refused { code: UNKNOWN_BAN, .. } => {
            promises::call_off(cx.tx, &target_of_end(guild, case.user), text::ENDED_BY_OTHERS, cx.now)?;
            store::save_ended(cx.tx, guild, number, cx.now)
        }
        Ending::Refused { .. } => Ok(()),
        Ending::CalledOff(words) => {
            store::save_end(cx.tx, guild, number, None)?;
            trail::note(cx, (guild, number), "end called off", (None, words), "", None)
        }
    }
}

/// Somebody moved the end of a ban.
pub fn moved(cx: &mut Cx<'_>, guild: GuildId, tells: &str, due_at: Timestamp) -> Result<()> {
    let Some((END, number)) = tells.split_once(':') else { return Ok(()) };
    let Ok(number) = number.parse::<i64>() else { return Ok(()) };
    if store::find(cx.tx.read(), guild, number)?.is_some() {
        store::save_end(cx.tx, guild, number, Some(due_at))?;
        log::follow(cx, guild, number)?;
    }
    Ok(())
}

/// A line of the audit log: by hand it becomes a case; by us it proves what we may not have been told.
pub fn audited(cx: &mut Cx<'_>, line: &AuditLine) -> Result<()> {
    let Some(kind) = Kind::of_deed(line.deed) else { return Ok(()) };
    let guild = line.guild;
    if Some(line.actor) == cx.me {
        return proved(cx, line, kind);
    }
    if !cx.config.moderation.record_by_hand || store::is_known(cx.tx.read(), guild, line.id)? {
        return Ok(());
    }
    let name = |user: UserId| -> Result<String> {
        let known = people::find_name(cx.tx.read(), guild, user)?;
        Ok(known.unwrap_or_else(|| user.to_string()))
    };
    let (user_name, moderator_name) = (name(line.target)?, name(line.actor)?);
    let ends_at = if let Deed::Timeout { until } = line.deed { Some(until) } else { None };
    let reason: String = line.reason.chars().take(usize::from(text::REASON_CHARS_MAX)).collect();
    let number = store::insert(
        cx.tx,
        &NewCase {
            guild,
            kind,
            user: line.target,
            user_name: &user_name,
            moderator: Some(line.actor),
            moderator_name: &moderator_name,
            reason: &reason,
            at: cx.now,
            ends_at,
            state: State::Done,
            link: None,
            source: line.id,
            part: 0,
            by_hand: true,
            action: None,
        },
    )?;
    opened(cx, guild, (number, kind), (line.target, &user_name), &reason)?;
    if let Some(case) = store::find(cx.tx.read(), guild, number)? {
        follows(cx, &case)?;
    }
    log::post(cx, guild, number)
}

/// Discord did what we asked for, although its answer was lost: a second try is told that there was nothing to do.
fn proved(cx: &mut Cx<'_>, line: &AuditLine, kind: Kind) -> Result<()> {
    let Some(number) = text::number_in_audit_reason(&line.reason) else { return Ok(()) };
    let Some(case) = store::find(cx.tx.read(), line.guild, number)? else { return Ok(()) };
    if case.kind != kind || case.user != line.target || case.state == State::Done {
        return Ok(());
    }
    done(cx, &case)?;
    if case.state == State::Pending {
        // The answer to our question is still on its way, and with it whether they were told.
        return Ok(());
    }
    promises::call_off(cx.tx, &target_of_deed(case.guild, case.user, kind), text::ENDED_BY_OTHERS, cx.now)?;
    log::follow(cx, case.guild, number)
}

fn target_of_end(guild: GuildId, user: UserId) -> String {
    format!("unban:{guild}:{user}")
}
