//! Membership screening: newcomers who have to accept a guild's rules before anybody sees them.

use crate::model::{GuildId, UserId};

use super::events::intent;
use super::{Impossible, World};

impl World {
    /// A new person joins a guild that shows its rules first.
    pub fn join_screened(&mut self, guild: GuildId, name: &str) -> UserId {
        let user = self.add_user(name);
        self.rejoin_screened(guild, user);
        user
    }

    /// A known user joins such a guild (again).
    pub fn rejoin_screened(&mut self, guild: GuildId, user: UserId) {
        self.insert_member(guild, user);
        let member = self.guilds.get_mut(&guild).and_then(|home| home.members.get_mut(&user));
        if let Some(member) = member {
            member.pending = true;
        }
        if let Some(json) = self.member_event_json(guild, user).filter(|_| self.sees_guild(guild)) {
            self.dispatch("GUILD_MEMBER_ADD", intent::GUILD_MEMBERS, &json);
        }
    }

    /// A newcomer accepts the rules.
    pub fn accept_rules(&mut self, guild: GuildId, user: UserId) -> Result<(), Impossible> {
        self.edit_member(guild, user, |member| member.pending = false)
    }
}
