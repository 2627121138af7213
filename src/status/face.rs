//! What the doors need to show the bot's face: what it counts, what its rooms put on the board, and who may look.

use std::sync::Arc;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{Board, Vitals};
use crate::model::Timestamp;

/// Who may see something on the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Nobody.
    Off,
    /// Members who logged in.
    #[default]
    Members,
    /// Everybody who can reach the door.
    Public,
}

/// Everything that both listening doors show. Clones share it.
#[derive(Clone)]
pub struct Face {
    pub vitals: Arc<Vitals>,
    pub board: Arc<Board>,
    pub settings: Arc<FaceSettings>,
}

/// What the operator decided about the pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaceSettings {
    /// Who may see the status page.
    pub status: Visibility,
    /// In which zone times are shown.
    pub timezone: Tz,
    /// In a demo: where the simulated Discord can be seen.
    pub demo: Option<String>,
}

impl Default for FaceSettings {
    fn default() -> Self {
        Self { status: Visibility::Public, timezone: Tz::UTC, demo: None }
    }
}

impl FaceSettings {
    /// A time of day for people: `21:04:05 CET`.
    pub fn time_of_day(&self, at: Timestamp) -> String {
        at.utc().with_timezone(&self.timezone).format("%H:%M:%S %Z").to_string()
    }

    /// A day and time for people: `14 Nov, 21:04 CET`.
    pub fn day_and_time(&self, at: Timestamp) -> String {
        at.utc().with_timezone(&self.timezone).format("%-d %b, %H:%M %Z").to_string()
    }
}
