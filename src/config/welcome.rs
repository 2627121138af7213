//! `[welcome]`: what newcomers are told and given, and what is said of those who leave.

use serde::{Deserialize, Serialize};

use super::Mistake;
use super::values::blank;
use crate::model::saying::MemberText;
use crate::model::{ChannelId, RoleId};

/// More variants than anybody writes.
const VARIANTS_MAX: usize = 50;
/// Each is a call to Discord for every newcomer.
const AUTOROLES_MAX: usize = 10;

/// `[welcome]`: greeting, leave message, first roles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Welcome {
    pub enabled: bool,
    /// Where newcomers are greeted; none: nowhere.
    #[serde(with = "blank")]
    pub channel: Option<ChannelId>,
    /// The greetings, of which each newcomer gets one.
    pub messages: Vec<MemberText>,
    /// Whether the greeting pings the newcomer.
    pub ping: bool,
    /// Where it is said that somebody left; none: nowhere.
    #[serde(with = "blank")]
    pub leave_channel: Option<ChannelId>,
    pub leave_messages: Vec<MemberText>,
    /// Roles for every newcomer.
    pub autorole: Vec<RoleId>,
    /// Whether all this is for other bots, too.
    pub bots: bool,
}

impl Default for Welcome {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "constants, read in every test")]
        let texts = |text| vec![MemberText::parse(text).expect("a constant is a template")];
        Self {
            enabled: false,
            channel: None,
            messages: texts("Welcome to {guild}, {member}!"),
            ping: false,
            leave_channel: None,
            leave_messages: texts("{name} has left."),
            autorole: Vec::new(),
            bots: false,
        }
    }
}

impl Welcome {
    /// What is wrong with values that are each of the right type.
    pub(super) fn mistakes(&self) -> Vec<Mistake> {
        let mut found = Vec::new();
        let texts = [("welcome.messages", &self.messages), ("welcome.leave_messages", &self.leave_messages)];
        for (key, texts) in texts {
            if !(1..=VARIANTS_MAX).contains(&texts.len()) {
                found.push((key, format!("has to hold between 1 and {VARIANTS_MAX} texts")));
            }
        }
        let roles = &self.autorole;
        if roles.len() > AUTOROLES_MAX {
            found.push(("welcome.autorole", format!("has more than {AUTOROLES_MAX} roles")));
        }
        if roles.iter().enumerate().any(|(nth, role)| roles[..nth].contains(role)) {
            found.push(("welcome.autorole", "names the same role twice".to_owned()));
        }
        found
    }
}
