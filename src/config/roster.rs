//! `[roster]`: who is of the staff, and by which roles.

use serde::{Deserialize, Serialize};

use super::values::blank;
use super::{Colour, Mistake};
use crate::model::RoleId;

/// Bounds of `sync_seconds`: presences are compared with Discord on the minute.
const SYNC_SECONDS: std::ops::RangeInclusive<u32> = 60..=86_400;
const ROLES_MAX: usize = 50;
/// The longest name of a rank.
pub const RANK_CHARS_MAX: u16 = 40;
/// The priority of ranks that the configuration does not know, and the lowest that there is.
pub const PRIORITY_LAST: u16 = 999;
/// The colour of ranks that have none.
pub const RANK_COLOUR: Colour = Colour(0x80_8080);

/// `[roster]`: the staff and their presence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Roster {
    pub enabled: bool,
    /// How often all presences are compared with Discord.
    pub sync_seconds: u32,
    /// Ranks, and the roles that bring them.
    #[serde(rename = "role", skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<StaffRole>,
}

/// `[[roster.role]]`: a rank of the staff, and the role on Discord whose holders have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffRole {
    /// None: the rank is given by hand alone.
    #[serde(default, with = "blank")]
    pub role: Option<RoleId>,
    pub rank: String,
    /// The lowest number stands first, and counts where somebody holds several roles.
    pub priority: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<Colour>,
}

impl Default for Roster {
    fn default() -> Self {
        Self { enabled: true, sync_seconds: 120, roles: Vec::new() }
    }
}

impl Roster {
    /// Whether any role brings somebody onto the roster.
    pub fn has_roles(&self) -> bool {
        self.roles.iter().any(|rank| rank.role.is_some())
    }

    /// The rank that is called so, in whatever case.
    pub fn rank(&self, name: &str) -> Option<&StaffRole> {
        self.roles.iter().find(|rank| rank.rank.to_lowercase() == name.to_lowercase())
    }

    /// The rank that a role brings.
    pub fn rank_of(&self, role: RoleId) -> Option<&StaffRole> {
        self.roles.iter().find(|rank| rank.role == Some(role))
    }

    /// What is wrong with values that are each of the right type.
    pub(super) fn mistakes(&self) -> Vec<Mistake> {
        let mut found = Vec::new();
        if !SYNC_SECONDS.contains(&self.sync_seconds) {
            let (low, high) = SYNC_SECONDS.into_inner();
            found.push(("roster.sync_seconds", format!("must be between {low} and {high}")));
        }
        if self.roles.len() > ROLES_MAX {
            found.push(("roster.role", format!("names more than {ROLES_MAX} ranks")));
        }
        for (nth, role) in self.roles.iter().enumerate() {
            let before = &self.roles[..nth];
            if role.rank.trim().is_empty() || role.rank.chars().count() > usize::from(RANK_CHARS_MAX) {
                found.push(("roster.role", format!("needs ranks of 1 to {RANK_CHARS_MAX} characters")));
            }
            if role.priority > PRIORITY_LAST {
                found.push(("roster.role", format!("has a priority above {PRIORITY_LAST}")));
            }
            if role.role.is_some() && before.iter().any(|other| other.role == role.role) {
                found.push(("roster.role", "names the same role twice".to_owned()));
            }
            if before.iter().any(|other| other.rank.to_lowercase() == role.rank.to_lowercase()) {
                found.push(("roster.role", format!("names the rank {:?} twice", role.rank)));
            }
        }
        found
    }
}
