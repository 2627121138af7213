//! What a message or command earns: its worth, the cooldown, the look for repeats, and the payment or the reason for
//! none.

use std::num::NonZeroU32;
use std::time::Duration;

use super::award::{self, Act, Earner};
use super::rules::{self, Decision, Row, Said};
use super::similar::{self, Recent, Sketch};
use super::why::{self, Note, Reason};
use super::{roles, store};
use crate::cx::Cx;
use crate::model::{Event, Message, Result, Timestamp};

/// So far ahead of Discord's time, as we know it, may a message's own be.
const AHEAD_MAX: Duration = Duration::from_secs(3_600);

/// Judges a message of a member whose row is `before`, and pays it or takes down why not. Returns the row after it.
pub fn earn(cx: &mut Cx<'_>, message: &Message, before: Row) -> Result<Row> {
    let (after, sketches) = match judge(cx, message, before)? {
        Ok(earned) => earned,
        Err((reason, left)) => {
            note(cx, message, reason, left)?;
            return Ok(before);
        }
    };
    if let Some(sketches) = sketches {
        similar::store::save(cx.tx, message.guild, message.author.id, &sketches)?;
    }
    let act = Act { what: "message", source: message.id.get(), at: message.id.time() };
    let Message { guild, author, channel, .. } = message;
    let earner = Earner { guild: *guild, user: author.id, name: &author.name, channel: Some(*channel) };
    award::pay(cx, &earner, &before, after, act)
}

/// The member's row with the gain, and the sketches to keep where repeats are looked for.
type Earned = (Row, Option<Recent>);
/// Why there is none, and how long until there would be.
type Nothing = (Reason, Duration);

fn judge(cx: &Cx<'_>, message: &Message, before: Row) -> Result<Result<Earned, Nothing>> {
    let levels = &cx.config.levels;
    if before.choices.no_xp {
        return Ok(Err((Reason::OptedOut, Duration::ZERO)));
    }
    // It would keep the member from earning until its time has come.
    if is_ahead(cx, message.id.time()) {
        return Ok(Err((Reason::Future, Duration::ZERO)));
    }
    // Most communities set nothing by channel; then it does not matter what lies in what.
    let by_channel = !levels.ignored_channels.is_empty() || !levels.multipliers.channels.is_empty();
    let guild = if by_channel { cx.guilds.find(message.guild) } else { None };
    let channels = guild.map_or_else(|| vec![message.channel], |guild| guild.line_of(message.channel));
    let said = Said { id: message.id, text: &message.content, roles: &message.roles, channels: &channels };
    // Which amount a message draws is the installation's own: another bot in the same guild draws another.
    let seed = cx.me.map_or(0, |me| me.get());
    let worth = match rules::worth_of_message(levels, seed, &said) {
        Ok(worth) => worth,
        Err(reason) => return Ok(Err((reason, Duration::ZERO))),
    };
    let cooldown = NonZeroU32::new(levels.message_cooldown_seconds).unwrap_or(NonZeroU32::MIN);
    let after = match rules::earn(before, message.id, worth, cooldown) {
        Decision::Earned(gain) => gain.after,
        Decision::CoolingDown(left) => return Ok(Err((Reason::Cooldown, left))),
        Decision::Late => return Ok(Err((Reason::Late, Duration::ZERO))),
    };
    let sketch = if levels.repeat_check { Sketch::of(&message.content) } else { None };
    let Some(sketch) = sketch else { return Ok(Ok((after, None))) };
    let recent = similar::store::load(cx.tx, message.guild, message.author.id)?;
    if recent.said(sketch) {
        return Ok(Err((Reason::Repeated, Duration::ZERO)));
    }
    Ok(Ok((after, Some(recent.with(sketch)))))
}

/// Pays an open command that was answered.
pub fn on_command(cx: &mut Cx<'_>, event: &Event) -> Result<()> {
    let Event::CommandRan { guild, author, channel, roles: held, key, at } = event else { return Ok(()) };
    let (levels, user) = (&cx.config.levels, author.id);
    if levels.command_xp == 0 {
        return Ok(());
    }
    let before = store::load(cx.tx, *guild, user)?;
    let noted_at = (*at).min(cx.now);
    let nothing = |reason, left| Note { reason, amount: 1, left_seconds: seconds_up(left), at: noted_at };
    if is_ahead(cx, *at) {
        return why::note(cx.tx, *guild, user, nothing(Reason::Future, Duration::ZERO));
    }
    if before.choices.no_xp {
        return why::note(cx.tx, *guild, user, nothing(Reason::OptedOut, Duration::ZERO));
    }
    let line = channel.and_then(|channel| cx.guilds.find(*guild).map(|guild| guild.line_of(channel)));
    let worth = match rules::worth(levels, levels.command_xp, held, &line.unwrap_or_default()) {
        Ok(worth) => worth,
        Err(reason) => return why::note(cx.tx, *guild, user, nothing(reason, Duration::ZERO)),
    };
    let cooldown = NonZeroU32::new(levels.command_cooldown_seconds).unwrap_or(NonZeroU32::MIN);
    match rules::earn_by_command(before, *at, worth, cooldown) {
        Ok(after) => {
            let earner = Earner { guild: *guild, user, name: &author.name, channel: *channel };
            let act = Act { what: "command", source: *key, at: *at };
            // Who asks something is here.
            let paid = award::pay(cx, &earner, &before, Row { away: false, ..after }, act)?;
            let level = cx.config.levels.curve.level_of(paid.xp);
            roles::repair(cx, *guild, user, level, held)
        }
        Err(left) => why::note(cx.tx, *guild, user, nothing(Reason::CommandCooldown, left)),
    }
}

/// Whether this is a time that cannot be: later than Discord's, once that is known.
fn is_ahead(cx: &Cx<'_>, at: Timestamp) -> bool {
    cx.vitals.clock.is_told() && at.since(cx.now) > AHEAD_MAX
}

fn seconds_up(left: Duration) -> u32 {
    u32::try_from(left.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX)
}

fn note(cx: &Cx<'_>, message: &Message, reason: Reason, left: Duration) -> Result<()> {
    let note = Note { reason, amount: 1, left_seconds: seconds_up(left), at: message.id.time().min(cx.now) };
    why::note(cx.tx, message.guild, message.author.id, note)
}
