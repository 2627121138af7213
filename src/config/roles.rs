//! `[roles]`: roles for a while, roles that come back, roles that members choose.

use serde::{Deserialize, Serialize};

use super::Mistake;
use crate::model::RoleId;

/// Discord's limit for the roles of a guild.
const ROLES_MAX: usize = 250;

/// `[roles]`: temporary, persistent and self-assigned roles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Roles {
    pub enabled: bool,
    /// What comes back when a member does.
    pub persistent: Vec<RoleId>,
    /// What comes back as well, before everything else.
    pub mute: Vec<RoleId>,
    /// Whether roles come back after a kick, too.
    pub restore_after_kick: bool,
    /// Whether names of their own come back.
    pub restore_nickname: bool,
}

impl Default for Roles {
    fn default() -> Self {
        let (persistent, mute) = (Vec::new(), Vec::new());
        Self { enabled: true, persistent, mute, restore_after_kick: false, restore_nickname: false }
    }
}

impl Roles {
    /// Whether a role is one that comes back.
    pub fn comes_back(&self, role: RoleId) -> bool {
        self.is_mute(role) || self.persistent.contains(&role)
    }

    /// Whether a role comes back before all others.
    pub fn is_mute(&self, role: RoleId) -> bool {
        self.mute.contains(&role)
    }

    /// The roles that come back, in the order in which they do.
    pub fn in_order(&self) -> impl Iterator<Item = RoleId> {
        let others = self.persistent.iter().filter(|role| !self.is_mute(**role));
        self.mute.iter().chain(others).copied()
    }

    /// Whether anything of members is remembered.
    pub fn remembers(&self) -> bool {
        self.enabled && (self.restore_nickname || self.in_order().next().is_some())
    }

    /// What is wrong with values that are each of the right type.
    pub(super) fn mistakes(&self) -> Vec<Mistake> {
        let lists = [("roles.persistent", &self.persistent), ("roles.mute", &self.mute)];
        let long = lists.into_iter().filter(|(_, list)| list.len() > ROLES_MAX);
        long.map(|(key, _)| (key, format!("names more than {ROLES_MAX} roles; no server has more"))).collect()
    }
}
