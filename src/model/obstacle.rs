//! What stands in the way of giving a role.

use super::{Guild, Permissions, RoleId};

/// Why a role cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// It carries moderation permissions: never given by a rule.
    Powerful,
    /// It belongs to an integration: nobody can give it.
    Managed,
    /// It is not below the bot's own highest role.
    Above,
    /// The bot may not manage roles.
    NoPermission,
}

/// What stands in the way of giving a role of this guild.
pub fn obstacle(guild: &Guild, role: RoleId) -> Option<Obstacle> {
    let role = guild.role(role)?;
    if role.permissions.overlaps(Permissions::MODERATION) {
        return Some(Obstacle::Powerful);
    }
    if role.managed {
        return Some(Obstacle::Managed);
    }
    if !guild.permissions_by(&guild.my_roles).contains(Permissions::MANAGE_ROLES) {
        return Some(Obstacle::NoPermission);
    }
    (role.position >= guild.top_position(&guild.my_roles)).then_some(Obstacle::Above)
}
