//! A channel's exceptions, as its guild's people see and change them beyond setting one, and how a thread stands.

use std::collections::BTreeMap;

use crate::model::ChannelId;

use super::state::Overwrite;
use super::{Impossible, World};

impl World {
    /// A channel's exceptions, by the id of a role or member.
    pub fn overwrites(&self, channel: ChannelId) -> BTreeMap<u64, Overwrite> {
        self.channels.get(&channel).map(|channel| channel.overwrites.clone()).unwrap_or_default()
    }

    /// Someone takes a channel's exception for a role or member away.
    pub fn remove_overwrite(&mut self, channel: ChannelId, target: u64) {
        self.set_overwrite(channel, target, None);
    }

    /// Whether a thread is locked, and whether it sleeps.
    pub fn thread_state(&self, thread: ChannelId) -> (bool, bool) {
        self.channels.get(&thread).map_or((false, false), |thread| (thread.locked, thread.archived))
    }

    /// Someone locks a thread or sends it to sleep, or not any more.
    pub fn set_thread_state(&mut self, thread: ChannelId, locked: bool, archived: bool) -> Result<(), Impossible> {
        let Some(known) = self.channels.get_mut(&thread).filter(|known| known.is_thread()) else {
            return Impossible::because("there is no such thread");
        };
        (known.locked, known.archived) = (locked, archived);
        self.dispatch_channel(thread);
        Ok(())
    }
}
