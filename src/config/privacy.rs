//! `[privacy]`: how long what is known about members is kept.

use serde::{Deserialize, Serialize};

use super::Mistake;
use super::levels::within;

/// `[privacy]`: members' own data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Privacy {
    /// Days after which what is kept about a member who left is deleted; 0: never.
    pub keep_left_days: u32,
}

/// A limit of numbers, so that a typo is not taken for a wish.
const KEEP_DAYS_MAX: u32 = 3_650;

impl Privacy {
    pub(super) fn mistakes(&self) -> Vec<Mistake> {
        let mut found = Vec::new();
        within(&mut found, "privacy.keep_left_days", self.keep_left_days, 0, KEEP_DAYS_MAX);
        found
    }
}
