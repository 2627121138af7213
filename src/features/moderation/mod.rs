//! Moderation: notes, warnings and cases, what is done about members and what Discord made of it. A case says what
//! really happened; what moderators do by hand becomes one, too.

mod aftermath;
pub mod api;
mod cases;
mod commands;
mod deeds;
mod found;
mod kinds;
mod log;
pub mod recorded;
pub mod rules;
pub mod store;
mod text;
mod trail;

use super::{Feature, Undoes};
use crate::config::Config;
use crate::cx::{Cx, Promised};
use crate::model::{Author, Effect, Event, GuildId, Need, Result};
use crate::store::personal::{Column, Forget, Personal};
use crate::store::{Reader, promises};

pub(super) static FEATURE: Feature = Feature {
    name: "moderation",
    is_on: |config| config.moderation.enabled,
    needs,
    commands: commands::COMMANDS,
    undoes: &[Undoes { letter: 'C', undo: commands::undo }],
    start: None,
    observe,
    card: None,
    verify: Some(verify),
    portrait: None,
    personal: &[
        Personal::otherwise(
            "moderation_case",
            "cases about you, and cases that you made",
            &[Column::Id("user"), Column::Id("moderator")],
            Forget::Stay("what was decided has to be known afterwards: names and reasons stay"),
        ),
        Personal::otherwise(
            "moderation_change",
            "what you changed about cases",
            &[Column::Id("actor")],
            Forget::Stay("it belongs to the cases"),
        ),
    ],
};

/// Open cases that are named when somebody comes back.
const RETURNED_SHOWN_MAX: u32 = 8;

fn needs(config: &Config) -> &'static [Need] {
    match (config.moderation.record_by_hand, config.moderation.alert_on_return) {
        (true, true) => &[Need::Moderation, Need::Members],
        (true, false) => &[Need::Moderation],
        (false, true) => &[Need::Members],
        (false, false) => &[],
    }
}

fn observe(cx: &mut Cx<'_>, event: &Event) -> Result<()> {
    match event {
        Event::PromiseEnded { guild, tells, ending } => {
            aftermath::ended(cx, *guild, tells, ending)?;
            log::ended(cx, *guild, tells, ending)
        }
        Event::PromiseMoved { guild, tells, due_at } => aftermath::moved(cx, *guild, tells, *due_at),
        Event::Audited(line) => aftermath::audited(cx, line),
        Event::MemberSeen { guild, author, joined: true, .. } => returned(cx, *guild, author),
        // What the modlog refused may be possible now.
        Event::RoleSeen { guild, .. } | Event::ChannelSeen { guild, .. } => {
            promises::revive(cx.tx, &format!("modlog:{guild}:*"), cx.now)
        }
        _ => Ok(()),
    }
}

/// Says in the modlog that somebody with open cases came back.
fn returned(cx: &mut Cx<'_>, guild: GuildId, author: &Author) -> Result<()> {
    let Some(channel) = log::channel(cx, guild).filter(|_| cx.config.moderation.alert_on_return) else { return Ok(()) };
    let mut open = store::list_open(cx.tx.read(), guild, author.id, RETURNED_SHOWN_MAX + 1)?;
    open.retain(|case| case.weight().counts(cx.now));
    if open.is_empty() {
        return Ok(());
    }
    let lines: Vec<_> =
        open.iter().take(RETURNED_SHOWN_MAX as usize).map(|case| text::line(case, cx.now, false)).collect();
    let message = text::returned(author.id, &author.name, &lines, open.len() > lines.len());
    cx.promise(Promised {
        action: "moderation.returned",
        target: None,
        guild: Some(guild),
        about: text::promise_alert(&author.name),
        effect: Effect::SendMessage { channel, message, reply_to: None },
        due_at: cx.now,
        tells: None,
    })
}

/// Numbers have no gaps.
fn verify(reader: &Reader) -> Result<Vec<String>> {
    let gaps = found::store::list_gaps(reader)?;
    let words = |(guild, cases, highest): (i64, i64, i64)| {
        format!("server {guild} has {cases} cases, but the highest number is {highest}")
    };
    Ok(gaps.into_iter().map(words).collect())
}
