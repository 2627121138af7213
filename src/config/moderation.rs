//! `[moderation]`: records of what moderators do, and what the bot does by itself about warnings.

use serde::{Deserialize, Serialize};

use super::Mistake;
use super::values::blank;
use crate::model::{ChannelId, Span};

/// Discord's limit for a timeout.
pub const TIMEOUT_MAX: Span = Span::days(28);
/// More warnings than anybody gets.
const WARNINGS_MAX: u32 = 1_000;

/// `[moderation]`: notes, warnings, cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Moderation {
    pub enabled: bool,
    /// Where each case has a message.
    #[serde(with = "blank")]
    pub modlog: Option<ChannelId>,
    /// Whether members are told what was done about them.
    pub tell_members: bool,
    /// Whether they are told by whom.
    pub name_moderator: bool,
    /// Whether what moderators do by hand in Discord becomes a case.
    pub record_by_hand: bool,
    /// Whether the modlog says so when a member with open cases comes back.
    pub alert_on_return: bool,
    /// How long a warning counts, unless it says so itself; none: for ever.
    #[serde(with = "blank")]
    pub warnings_expire_after: Option<Span>,
    /// What so many warnings lead to.
    #[serde(rename = "threshold")]
    pub thresholds: Vec<Threshold>,
}

impl Default for Moderation {
    fn default() -> Self {
        Self {
            enabled: true,
            modlog: None,
            tell_members: true,
            name_moderator: false,
            record_by_hand: true,
            alert_on_return: true,
            warnings_expire_after: None,
            thresholds: vec![Threshold::default()],
        }
    }
}

/// `[[moderation.threshold]]`: what so many warnings that count lead to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Threshold {
    pub warnings: u32,
    /// Only warnings of this last time; none: all that count.
    #[serde(with = "blank")]
    pub within: Option<Span>,
    pub action: Punishment,
    /// Of a timeout or ban; none: a ban for ever.
    #[serde(with = "blank")]
    pub duration: Option<Span>,
    /// Whether it is done; else it is suggested to whoever warns.
    pub act: bool,
}

impl Default for Threshold {
    fn default() -> Self {
        let duration = Some(Span::seconds(3_600));
        Self { warnings: 3, within: None, action: Punishment::Timeout, duration, act: false }
    }
}

/// What warnings can lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Punishment {
    Timeout,
    Kick,
    Ban,
}

impl Moderation {
    /// What is wrong with values that are each of the right type.
    pub(super) fn mistakes(&self) -> Vec<Mistake> {
        let key = "moderation.threshold";
        let wrong = |threshold: &Threshold| match (threshold.action, threshold.duration) {
            _ if !(1..=WARNINGS_MAX).contains(&threshold.warnings) => {
                Some(format!("warnings must be between 1 and {WARNINGS_MAX}"))
            }
            (Punishment::Timeout, None) => Some("a timeout needs a duration".to_owned()),
            (Punishment::Timeout, Some(span)) if span > TIMEOUT_MAX => {
                Some(format!("a timeout lasts at most {TIMEOUT_MAX}: Discord takes no longer one"))
            }
            (Punishment::Kick, Some(_)) => Some("a kick has no duration; set it to \"\"".to_owned()),
            _ => None,
        };
        self.thresholds.iter().filter_map(wrong).map(|sentence| (key, sentence)).collect()
    }
}
