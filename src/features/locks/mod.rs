//! Locks: nobody writes or speaks in a channel for a while, and afterwards everything is exactly as it was, but for
//! what somebody changed meanwhile.

mod aftermath;
pub mod api;
mod commands;
mod deeds;
pub mod rules;
pub mod store;
mod text;

use super::Feature;
use crate::cx::Cx;
use crate::model::{Event, Result};
use crate::store::personal::{Column, Forget, Personal};
use crate::store::promises;

pub(super) static FEATURE: Feature = Feature {
    name: "locks",
    is_on: |config| config.locks.enabled,
    needs: |_| &[],
    commands: commands::COMMANDS,
    undoes: &[],
    start: None,
    observe,
    card: None,
    verify: None,
    portrait: None,
    personal: &[
        Personal::otherwise(
            "channel_lock",
            "locks that you made",
            &[Column::Id("locked_by")],
            Forget::By(store::forget, "your name is taken from them, and your own permissions once they are over"),
        ),
        Personal::nobody(
            "channel_lock_overwrite",
            "what a channel allowed roles and single members before it was locked, to be put back",
        ),
    ],
};

fn observe(cx: &mut Cx<'_>, event: &Event) -> Result<()> {
    match event {
        Event::PromiseEnded { guild, tells, ending } => aftermath::ended(cx, *guild, tells, ending),
        Event::PromiseMoved { guild, tells, due_at } => aftermath::moved(cx, *guild, tells, *due_at),
        Event::ChannelRemoved { channel, .. } => aftermath::channel_is_gone(cx, *channel),
        // An end that was refused may be possible now.
        Event::RoleSeen { guild, .. } | Event::ChannelSeen { guild, .. } => {
            promises::revive(cx.tx, &deeds::target_of_end(*guild, "*"), cx.now)
        }
        _ => Ok(()),
    }
}
