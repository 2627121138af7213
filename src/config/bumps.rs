//! `[bumps]`: counting who bumps the server on a listing site, and reminding of the next time.

use serde::{Deserialize, Serialize};

use super::Mistake;
use super::values::blank;
use crate::model::{ChannelId, RoleId, Span, UserId};

/// Disboard, the site that most servers use.
pub const DISBOARD: u64 = 302_050_872_383_242_240;
/// No site lets a server wait longer.
const WAIT_MAX: Span = Span::days(30);
const COMMAND_CHARS_MAX: usize = 32;

/// `[bumps]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bumps {
    pub enabled: bool,
    /// Where the listing bot answers.
    #[serde(with = "blank")]
    pub channel: Option<ChannelId>,
    /// The listing bot.
    pub bot: UserId,
    /// Its command, without the slash.
    pub command: String,
    /// How long until the server can be bumped again.
    pub wait: Span,
    pub remind: bool,
    /// Who is pinged by the reminder.
    #[serde(with = "blank")]
    pub ping_role: Option<RoleId>,
    /// Whether members see who bumped most, and each other's bumps.
    pub boards: bool,
    /// Whether a bump earns what a command earns.
    pub rewards: bool,
}

impl Default for Bumps {
    fn default() -> Self {
        Self {
            enabled: false,
            channel: None,
            bot: disboard(),
            command: "bump".to_owned(),
            wait: Span::seconds(7_200),
            remind: true,
            ping_role: None,
            boards: false,
            rewards: false,
        }
    }
}

#[expect(clippy::expect_used, reason = "it is a number between 1 and 2⁶³")]
fn disboard() -> UserId {
    UserId::new(DISBOARD).expect("an id")
}

impl Bumps {
    pub(super) fn mistakes(&self) -> Vec<Mistake> {
        let mut found = Vec::new();
        if self.enabled && self.channel.is_none() {
            found.push(("bumps.channel", "must be the id of the channel in which the listing bot answers".to_owned()));
        }
        let command = &self.command;
        let is_name = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        if command.is_empty() || command.chars().count() > COMMAND_CHARS_MAX || !command.chars().all(is_name) {
            found.push(("bumps.command", format!("must be a command's name such as \"bump\", not {command:?}")));
        }
        if self.wait > WAIT_MAX {
            found.push(("bumps.wait", format!("must be at most {WAIT_MAX}")));
        }
        found
    }
}
