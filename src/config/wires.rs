//! `[wires]`: programs that were written for other systems, and which of their dialects are spoken.

use serde::{Deserialize, Serialize};

use super::values::blank;
use crate::model::GuildId;

/// `[wires]`: each switch lets the programs of one system in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wires {
    /// Discord Bot Hub, whose paths are at the root.
    pub hub: bool,
    /// Mindtrace's Discord service, as its document has it, with its paths at the root.
    pub mindtrace: bool,
    /// What Mindtrace's connection manager asks below `/mindtrace/`.
    pub mindtrace_manager: bool,
    /// Whether a program of Mindtrace's at this computer may end the bot.
    pub mindtrace_shutdown: bool,
    pub smarter_dev: bool,
    /// The staff monitor, whose paths are at the root.
    pub staff: bool,
    /// The guild that is meant where a dialect names none; none: the key's, else the only or first one.
    #[serde(with = "blank")]
    pub guild: Option<GuildId>,
}

impl Wires {
    /// All that there are; none of their programs may end the bot.
    pub fn all() -> Self {
        Self { mindtrace_manager: true, smarter_dev: true, ..Self::default() }
    }
}

impl Default for Wires {
    fn default() -> Self {
        Self {
            hub: true,
            mindtrace: true,
            mindtrace_manager: false,
            mindtrace_shutdown: false,
            smarter_dev: false,
            staff: true,
            guild: None,
        }
    }
}
