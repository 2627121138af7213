//! Cases that programs put on record: what they did themselves, by whatever name they call it. Discord is asked for
//! nothing, members are told nothing, and nothing follows from them but what follows from any case that counts.

pub mod store;

use self::store::Record;
use super::rules::Kind;
use super::store::{NewCase, Resolved, State};
use super::{deeds, log, text, trail};
use crate::cx::Cx;
use crate::model::{Error, GuildId, Result, Timestamp, UserId};
use crate::store::people;

/// A deed of a program's.
#[derive(Debug, Clone)]
pub struct Deed {
    pub guild: GuildId,
    pub user: UserId,
    /// None: the program did it by itself.
    pub moderator: Option<UserId>,
    /// The program's word for it; none: a warning.
    pub action: Option<String>,
    pub reason: String,
    /// When it is over.
    pub lasts_seconds: Option<u32>,
}

/// What is to be said of whether a case is settled.
#[derive(Debug, Clone, Default)]
pub struct Settling {
    /// Settled at this time, or (none) open again.
    pub at: Option<Option<Timestamp>>,
    /// Settled now, unless it is already.
    pub now: bool,
    /// How, or why; an inner none takes away what stands there.
    pub note: Option<Option<String>>,
}

/// Puts a deed on record under the next number of its guild, in the name of the program `by`.
///
/// # Errors
/// Faults of the database alone.
pub fn record(cx: &mut Cx<'_>, deed: &Deed, by: &str) -> Result<Record> {
    let Deed { guild, user, moderator, ref action, ref reason, lasts_seconds } = *deed;
    let kind = action.as_deref().map_or(Kind::Warn, Kind::of_action);
    let user_name = name_of(cx, guild, user)?;
    let moderator_name = moderator.map_or(Ok(by.to_owned()), |moderator| name_of(cx, guild, moderator))?;
    let lasts = lasts_seconds.map(|seconds| std::time::Duration::from_secs(seconds.into()));
    let new = NewCase {
        guild,
        kind,
        user,
        user_name: &user_name,
        moderator,
        moderator_name: &moderator_name,
        reason,
        at: cx.now,
        ends_at: lasts.map(|lasts| cx.now.plus(lasts)),
        state: State::Done,
        link: None,
        source: cx.source.id(),
        part: 0,
        by_hand: false,
        action: action.as_deref(),
    };
    let number = super::store::insert(cx.tx, &new)?;
    trail::note(cx, (guild, number), text::RECORDED, (None, by), "", None)?;
    deeds::opened(cx, guild, (number, kind), (user, &user_name), reason)?;
    log::post(cx, guild, number)?;
    let made = store::find(cx.tx.read(), guild, number)?;
    made.ok_or_else(|| Error::Fault(anyhow::anyhow!("a case was recorded and is not there")))
}

fn name_of(cx: &Cx<'_>, guild: GuildId, user: UserId) -> Result<String> {
    let known = people::find_name(cx.tx.read(), guild, user)?.filter(|name| !name.is_empty());
    Ok(known.unwrap_or_else(|| user.to_string()))
}

/// Settles a case, opens it again, or changes what is said of that. What is so already stays as it is, so that the
/// same may be said twice. None: there is no such case.
///
/// # Errors
/// Faults of the database alone.
pub fn settle(cx: &mut Cx<'_>, id: i64, settling: &Settling, by: &str) -> Result<Option<Record>> {
    let Some(before) = store::find_any(cx.tx.read(), id)? else { return Ok(None) };
    let was = before.case.resolved.as_ref();
    let at = match settling.at {
        Some(at) => at,
        None if settling.now => Some(was.map_or(cx.now, |was| was.at)),
        None => was.map(|was| was.at),
    };
    let note = settling.note.clone().unwrap_or_else(|| before.resolution.clone());
    if at == was.map(|was| was.at) && note == before.resolution {
        return Ok(Some(before));
    }
    let what = match (was, at) {
        (None, Some(_)) => "resolved",
        (Some(_), None) => "reopened",
        _ => text::NOTE_CHANGED,
    };
    let resolved = at.map(|at| Resolved {
        at,
        by: was.map_or_else(|| by.to_owned(), |was| was.by.clone()),
        note: note.clone().unwrap_or_default(),
    });
    let (guild, number) = (before.case.guild, before.case.number);
    super::store::save_resolved(cx.tx, guild, number, resolved.as_ref())?;
    store::save_resolution(cx.tx, id, note.as_deref())?;
    let words = note.as_deref().unwrap_or_default();
    trail::note(cx, (guild, number), what, (None, by), words, before.resolution.as_deref())?;
    log::follow(cx, guild, number)?;
    store::find_any(cx.tx.read(), id)
}
