//! Channels are locked and unlocked. All overwrites of a channel change in one call, so that a lock is whole or not
//! there at all; it is worked out from what Discord shows in that moment, so that a second try does nothing more.
//!
//! Source: Discord API documentation, "Channel Resource", "Modify Channel": `permission_overwrites`, `locked`.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::perform::Performer;
use super::wire::{Call, unreadable};
use crate::model::{Bar, ChannelId, Delivered, Overwrite, Permissions, Setback, Shut, lock};

const CHANGED: &str = "Somebody changed the channel's permissions in that very moment. Please try again.";

/// A channel, as far as it is changed. Every overwrite has to be understood: what is not sent back is gone.
#[derive(Deserialize)]
struct Fields {
    permission_overwrites: Vec<Line>,
}

/// An overwrite on the wire.
#[derive(Serialize, Deserialize)]
struct Line {
    id: String,
    #[serde(rename = "type")]
    kind: u8,
    allow: Permissions,
    deny: Permissions,
}

const MEMBER: u8 = 1;

impl Performer {
    /// Locks a channel.
    pub(super) async fn lock(&self, channel: ChannelId, shut: &Shut, reason: &str) -> Result<Delivered, Setback> {
        let Shut::Overwrites(bars) = shut else { return self.set_locked(channel, true, reason).await };
        let now = self.overwrites(channel).await?;
        let closed = lock::close(&now, bars).map_err(|lock::ChangedMeanwhile| {
            let words = CHANGED.to_owned();
            Setback::Refused { status: 0, code: 0, words }
        })?;
        self.change(channel, &now, &closed, reason).await?;
        Ok(Delivered::default())
    }

    /// Takes a lock back; tells what somebody changed meanwhile.
    pub(super) async fn unlock(&self, channel: ChannelId, shut: &Shut, reason: &str) -> Result<Delivered, Setback> {
        let Shut::Overwrites(bars) = shut else { return self.set_locked(channel, false, reason).await };
        let bars: &[Bar] = bars;
        let now = self.overwrites(channel).await?;
        let (opened, left) = lock::open(&now, bars);
        self.change(channel, &now, &opened, reason).await?;
        Ok(Delivered { left, ..Delivered::default() })
    }

    async fn overwrites(&self, channel: ChannelId) -> Result<Vec<Overwrite>, Setback> {
        let reply = self.rest.call(Call::get(format!("/channels/{channel}"))).await?;
        let Fields { permission_overwrites } = reply.json()?;
        let read = |line: Line| {
            let id = line.id.parse().ok()?;
            Some(Overwrite { id, for_member: line.kind == MEMBER, allow: line.allow, deny: line.deny })
        };
        permission_overwrites.into_iter().map(read).collect::<Option<_>>().ok_or_else(unreadable)
    }

    async fn change(
        &self,
        channel: ChannelId,
        now: &[Overwrite],
        to: &[Overwrite],
        reason: &str,
    ) -> Result<(), Setback> {
        if now == to {
            return Ok(());
        }
        let line = |overwrite: &Overwrite| Line {
            id: overwrite.id.to_string(),
            kind: if overwrite.for_member { MEMBER } else { 0 },
            allow: overwrite.allow,
            deny: overwrite.deny,
        };
        let body = json!({"permission_overwrites": to.iter().map(line).collect::<Vec<_>>()});
        let call = Call::patch(format!("/channels/{channel}")).json(&body).reason(reason).once();
        self.rest.call(call).await.map(drop)
    }

    /// A thread that went to sleep meanwhile is woken: a sleeping one takes no changes.
    async fn set_locked(&self, thread: ChannelId, locked: bool, reason: &str) -> Result<Delivered, Setback> {
        let body = json!({"locked": locked, "archived": false});
        let call = Call::patch(format!("/channels/{thread}")).json(&body).reason(reason);
        self.rest.call(call).await.map(|_| Delivered::default())
    }
}
