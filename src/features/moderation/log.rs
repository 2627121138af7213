//! The modlog: one message for each case, which follows it; and what those outside are told of cases.

use serde_json::json;

use super::store::{self, Posted};
use super::text;
use crate::cx::{Cx, Promised};
use crate::model::{ChannelId, Effect, Ending, GuildId, Result};
use crate::store::happenings::{self, Audience, Happening};
use crate::store::promises;

/// Discord's code for a message that is gone.
const UNKNOWN_MESSAGE: u32 = 10_008;
/// A promise's word for the message of a case at a revision: `log:12:3`.
const WORD: &str = "log";

/// The modlog of this guild, where it has one.
pub fn channel(cx: &Cx<'_>, guild: GuildId) -> Option<ChannelId> {
    let channel = cx.config.moderation.modlog?;
    cx.guilds.find(guild)?.channel(channel).map(|found| found.id)
}

/// A case changed: those outside are told, and its message follows.
pub fn follow(cx: &mut Cx<'_>, guild: GuildId, number: i64) -> Result<()> {
    tell(cx, guild, number, "changed")?;
    post(cx, guild, number)
}

/// Tells those outside of a case as it stands.
pub fn tell(cx: &mut Cx<'_>, guild: GuildId, number: i64, change: &str) -> Result<()> {
    let Some(case) = store::find(cx.tx.read(), guild, number)? else { return Ok(()) };
    let fields = json!({
        "number": number,
        "change": change,
        "kind": case.kind.word(),
        "user_id": case.user,
        "state": case.state.word(),
    });
    happenings::insert(cx.tx, &Happening::new("case", guild, Audience::Moderators, fields, cx.now))
}

/// Brings the message of a case up to date, or posts it. What is under way is not overtaken: when it arrived, this is
/// asked again.
pub fn post(cx: &mut Cx<'_>, guild: GuildId, number: i64) -> Result<()> {
    let Some(channel) = channel(cx, guild) else { return Ok(()) };
    let Some(case) = store::find(cx.tx.read(), guild, number)? else { return Ok(()) };
    let target = format!("modlog:{guild}:{number}");
    if case.state == store::State::Pending && case.log.is_none() {
        return Ok(());
    }
    let message = text::log(&case);
    let effect = match case.log {
        None if promises::is_open(cx.tx.read(), &target)? => return Ok(()),
        None => Effect::SendMessage { channel, message, reply_to: None },
        Some(posted) if posted.revision >= case.revision => return Ok(()),
        Some(posted) => Effect::ChangeMessage { channel: posted.channel, id: posted.message, message },
    };
    cx.promise(Promised {
        action: &format!("log.{number}.{}", case.revision),
        target: Some(target),
        guild: Some(guild),
        about: text::promise_log(number),
        effect,
        due_at: cx.now,
        tells: Some(format!("{WORD}:{number}:{}", case.revision)),
    })
}

/// The message arrived, or did not.
pub fn ended(cx: &mut Cx<'_>, guild: GuildId, tells: &str, ending: &Ending) -> Result<()> {
    let mut parts = tells.split(':');
    let (Some(WORD), Some(number), Some(revision)) = (parts.next(), parts.next(), parts.next()) else { return Ok(()) };
    let (Ok(number), Ok(revision)) = (number.parse(), revision.parse()) else { return Ok(()) };
    let Some(case) = store::find(cx.tx.read(), guild, number)? else { return Ok(()) };
    match ending {
        Ending::Kept { message: Some(message), .. } => {
            let known = case.log.map(|posted| posted.channel);
            let Some(channel) = known.or_else(|| channel(cx, guild)) else { return Ok(()) };
            store::save_log(cx.tx, guild, number, Some(Posted { channel, message: *message, revision }))?;
            post(cx, guild, number)
        }
        // Somebody deleted it: the case gets another one.
        Ending::Refused { code: UNKNOWN_MESSAGE, .. } if case.log.is_some() => {
            store::save_log(cx.tx, guild, number, None)?;
            promises::call_off(cx.tx, &format!("modlog:{guild}:{number}"), text::ENDED_BY_OTHERS, cx.now)?;
            post(cx, guild, number)
        }
        _ => Ok(()),
    }
}
