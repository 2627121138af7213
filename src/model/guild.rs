//! What a guild looks like: roles, channels, who owns it, and what follows from that for permissions.
//!
//! Members are not kept here; a message or interaction brings the roles of its author.

use serde::{Deserialize, Serialize};

use super::{ChannelId, GuildId, Permissions, RoleId, UserId};

/// A guild as far as the bot keeps it in memory and, for a resumed session, in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guild {
    pub id: GuildId,
    pub name: String,
    pub owner: UserId,
    pub member_count: u64,
    /// The roles of the bot's own member, without `@everyone`.
    pub my_roles: Vec<RoleId>,
    pub roles: Vec<Role>,
    pub channels: Vec<Channel>,
}

/// The same without roles and channels: what an update of a guild tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuildOutline {
    pub id: GuildId,
    pub name: String,
    pub owner: UserId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    pub id: RoleId,
    pub name: String,
    pub position: i64,
    pub permissions: Permissions,
    /// Belongs to an integration: nobody can give or take it.
    pub managed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    pub id: ChannelId,
    pub name: String,
    /// Discord's channel type, as a number.
    pub kind: u8,
    pub parent: Option<ChannelId>,
    pub overwrites: Vec<Overwrite>,
}

/// A channel's exception for a role or a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overwrite {
    /// A role's or a user's id.
    pub id: u64,
    pub for_member: bool,
    pub allow: Permissions,
    pub deny: Permissions,
}

impl Guild {
    /// The role with this id.
    pub fn role(&self, id: RoleId) -> Option<&Role> {
        self.roles.iter().find(|role| role.id == id)
    }

    /// The channel with this id.
    pub fn channel(&self, id: ChannelId) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }

    /// What a member with these roles may do in the guild as a whole.
    ///
    /// Source: Discord API documentation, "Permissions", the algorithm `compute_base_permissions`.
    pub fn permissions_of(&self, user: UserId, roles: &[RoleId]) -> Permissions {
        if user == self.owner {
            return Permissions::ALL;
        }
        let everyone = self.id.get();
        let mut held = Permissions::NONE;
        for role in &self.roles {
            if role.id.get() == everyone || roles.contains(&role.id) {
                held |= role.permissions;
            }
        }
        if held.contains(Permissions::ADMINISTRATOR) { Permissions::ALL } else { held }
    }

    /// What a member with these roles may do in a channel.
    ///
    /// Source: Discord API documentation, "Permissions", the algorithm `compute_overwrites`.
    pub fn permissions_in(&self, user: UserId, roles: &[RoleId], channel: &Channel) -> Permissions {
        let base = self.permissions_of(user, roles);
        if base.contains(Permissions::ADMINISTRATOR) {
            return base;
        }
        let mut held = base;
        let mut apply = |allow: Permissions, deny: Permissions| held = held.without(deny) | allow;
        for overwrite in channel.overwrites.iter().filter(|o| !o.for_member && o.id == self.id.get()) {
            apply(overwrite.allow, overwrite.deny);
        }
        let (mut allow, mut deny) = (Permissions::NONE, Permissions::NONE);
        for overwrite in channel.overwrites.iter().filter(|o| !o.for_member && o.id != self.id.get()) {
            if roles.iter().any(|role| role.get() == overwrite.id) {
                allow |= overwrite.allow;
                deny |= overwrite.deny;
            }
        }
        apply(allow, deny);
        for overwrite in channel.overwrites.iter().filter(|o| o.for_member && o.id == user.get()) {
            apply(overwrite.allow, overwrite.deny);
        }
        held
    }

    /// The position of the highest of these roles; 0 is `@everyone`.
    pub fn top_position(&self, roles: &[RoleId]) -> i64 {
        let held = self.roles.iter().filter(|role| roles.contains(&role.id));
        held.map(|role| role.position).max().unwrap_or(0)
    }
}
