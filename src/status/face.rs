//! What the doors need to show the bot's face: what it counts, what its rooms put on the board, and who may look.

use std::sync::Arc;

use super::{Board, Vitals};
use crate::config::{Audience, Config};

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
    pub status: Audience,
    /// In a demo: where the simulated Discord can be seen.
    pub demo: Option<String>,
}

impl Default for FaceSettings {
    fn default() -> Self {
        Self { status: Audience::Public, demo: None }
    }
}

impl FaceSettings {
    /// As the config says.
    pub fn of(config: &Config) -> Self {
        Self { status: config.http.visibility.status, ..Self::default() }
    }
}
