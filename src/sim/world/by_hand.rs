//! What moderators do through their own client, with a line in the audit log, as Discord keeps it.

use serde_json::json;

use crate::model::{GuildId, Timestamp, UserId};

use super::state::AuditEntry;
use super::{Impossible, World};

/// Discord's numbers for lines of the audit log.
const KICK: u32 = 20;
const BAN: u32 = 22;
const UNBAN: u32 = 23;
const MEMBER_CHANGED: u32 = 24;

impl World {
    /// A moderator throws a member out.
    pub fn kick_by(&mut self, guild: GuildId, moderator: UserId, user: UserId, reason: &str) -> Result<(), Impossible> {
        self.leave(guild, user)?;
        self.audit(guild, AuditEntry::by(moderator, KICK, user.get(), Some(reason.to_owned())));
        Ok(())
    }

    /// A moderator bans somebody.
    pub fn ban_by(&mut self, guild: GuildId, moderator: UserId, user: UserId, reason: &str) {
        self.ban(guild, user, Some(reason));
        self.audit(guild, AuditEntry::by(moderator, BAN, user.get(), Some(reason.to_owned())));
    }

    /// A moderator lifts a ban.
    pub fn unban_by(&mut self, guild: GuildId, moderator: UserId, user: UserId) -> Result<(), Impossible> {
        if !self.unban(guild, user) {
            return Impossible::because("they are not banned");
        }
        self.audit(guild, AuditEntry::by(moderator, UNBAN, user.get(), None));
        Ok(())
    }

    /// A moderator silences a member until a moment, or lets them speak again.
    pub fn timeout_by(
        &mut self,
        guild: GuildId,
        moderator: UserId,
        user: UserId,
        until: Option<Timestamp>,
    ) -> Result<(), Impossible> {
        self.set_timeout(guild, user, until)?;
        let until = until.map(Timestamp::rfc3339);
        let change = json!({"key": "communication_disabled_until", "new_value": until});
        let entry = AuditEntry::by(moderator, MEMBER_CHANGED, user.get(), None);
        self.audit(guild, AuditEntry { changes: vec![change], ..entry });
        Ok(())
    }
}
