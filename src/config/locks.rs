//! `[locks]`: channels in which nobody may talk for a while.

use serde::{Deserialize, Serialize};

use crate::model::ChannelId;

/// `[locks]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Locks {
    pub enabled: bool,
    /// Whether every locked channel says so; else only those that are locked with a message.
    pub notice: bool,
    /// Channels and categories that `/lockall` leaves alone.
    pub spared_channels: Vec<ChannelId>,
}

impl Default for Locks {
    fn default() -> Self {
        Self { enabled: true, notice: true, spared_channels: Vec::new() }
    }
}
