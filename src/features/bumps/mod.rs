//! Bumps: who brings the server back to the top of a listing site is counted, and the community is reminded when it can
//! be done again. Nobody is ranked or rewarded for it unless the configuration says so, because the sites forbid it.

pub mod api;
mod commands;
mod missed;
pub mod rules;
pub mod store;
mod text;

use super::Feature;
use crate::cx::{Cx, Promised};
use crate::model::{Author, Effect, Event, Message, Need, Result, Timestamp, Used};
use crate::store::personal::{Column, Personal};

pub(super) static FEATURE: Feature = Feature {
    name: "bumps",
    is_on: |config| config.bumps.enabled,
    // That the listing bot's answer has an embed is a part of what the message says.
    needs: |_| &[Need::Messages, Need::MessageContent],
    commands: commands::COMMANDS,
    undoes: &[],
    start: Some(missed::start),
    observe,
    card: None,
    verify: None,
    portrait: None,
    personal: &[Personal::rows("bump", "bumps that you made", &[Column::Id("user")])],
};

fn observe(cx: &mut Cx<'_>, event: &Event) -> Result<()> {
    match event {
        Event::MessageSent(message) => count(cx, message),
        Event::GuildSeen(guild) => missed::look(cx, guild),
        Event::PromiseEnded { guild, tells, ending } if tells == missed::WORD => missed::ended(cx, *guild, ending),
        _ => Ok(()),
    }
}

/// Counts a bump, if the message is the answer to one.
fn count(cx: &mut Cx<'_>, message: &Message) -> Result<()> {
    let Some(used) = rules::bump(&cx.config.bumps, message) else { return Ok(()) };
    let (guild, at) = (message.guild, message.id.time());
    if store::is_known(cx.tx.read(), message.id)? {
        return Ok(());
    }
    let last = store::find_last(cx.tx.read(), guild)?;
    if !rules::counts(last, at, cx.config.bumps.wait.duration()) {
        return Ok(());
    }
    store::insert(cx.tx, guild, used, message.id)?;
    if cx.config.bumps.remind {
        remind(cx, message, at.plus(cx.config.bumps.wait.duration()))?;
    }
    reward(cx, message, used, at);
    Ok(())
}

/// Promises to say when the next bump is due; one that was promised before is not needed any more.
fn remind(cx: &mut Cx<'_>, message: &Message, due_at: Timestamp) -> Result<()> {
    let (guild, channel) = (message.guild, message.channel);
    cx.promise(Promised {
        // Several may be found at once.
        action: &format!("bumps.remind.{}", message.id),
        target: Some(format!("bump:{guild}")),
        guild: Some(guild),
        about: text::promise_reminder().to_owned(),
        effect: Effect::SendMessage { channel, message: text::reminder(&cx.config.bumps), reply_to: None },
        due_at,
        tells: None,
    })
}

/// Lets a bump earn what a command of ours earns, where that is wanted and the member's roles are known.
fn reward(cx: &mut Cx<'_>, message: &Message, used: &Used, at: Timestamp) {
    let Some(roles) = used.by.roles.clone().filter(|_| cx.config.bumps.rewards) else { return };
    let author = Author { id: used.by.id, name: used.by.name.clone(), avatar: None, bot: false };
    let (guild, channel, key) = (message.guild, Some(message.channel), message.id.get());
    cx.emit(Event::CommandRan { guild, author, channel, roles, key, at });
}
