//! How a guild changes: who comes and goes, who holds which role, what becomes of roles, channels and the guild.
//!
//! These verbs are the guild's own people at work, through clients that this world does not judge; what the *bot* may
//! do is judged in [`crate::sim::rest`].

use serde_json::{Value, json};

use crate::model::{ChannelId, GuildId, RoleId, Timestamp, UserId};

use super::events::intent;
use super::people::SayOptions;
use super::state::{AuditEntry, Role};
use super::{Impossible, World, wire};

/// Lines of the audit log that are kept.
const AUDIT_MAX: usize = 1_000;

impl World {
    /// A new person joins the guild; the system says so where the guild wants it said.
    pub fn join(&mut self, guild: GuildId, name: &str) -> UserId {
        let user = self.add_user(name);
        self.rejoin(guild, user);
        user
    }

    /// A known user joins the guild (again); false when they are banned or there already.
    pub fn rejoin(&mut self, guild: GuildId, user: UserId) -> bool {
        let Some(home) = self.guilds.get(&guild) else { return false };
        if home.bans.contains_key(&user) || home.members.contains_key(&user) {
            return false;
        }
        let system = home.system_channel;
        self.insert_member(guild, user);
        if self.sees_guild(guild)
            && let Some(json) = self.member_event_json(guild, user)
        {
            self.dispatch("GUILD_MEMBER_ADD", intent::GUILD_MEMBERS, &json);
        }
        if let Some(channel) = system {
            let _ = self.say(channel, user, "", SayOptions::system(7));
        }
        true
    }

    /// A member leaves of their own will.
    pub fn leave(&mut self, guild: GuildId, user: UserId) -> Result<(), Impossible> {
        if self.remove_member(guild, user) { Ok(()) } else { Impossible::because("they are no member") }
    }

    /// Takes a member out of the guild and tells of it.
    pub(in crate::sim) fn remove_member(&mut self, guild: GuildId, user: UserId) -> bool {
        let Some(home) = self.guilds.get_mut(&guild) else { return false };
        if home.owner == user {
            return false;
        }
        let Some(mut member) = home.members.remove(&user) else { return false };
        if user == self.me {
            // The bot was thrown out: the guild goes away for it, without the mark of an outage.
            self.dispatch("GUILD_DELETE", intent::GUILDS, &json!({"id": guild}));
            return true;
        }
        if self.sees_guild(guild) {
            if member.voice.take().is_some()
                && let Some(home) = self.guilds.get(&guild)
            {
                let state = wire::voice_state_of(home, &member, None);
                self.dispatch("VOICE_STATE_UPDATE", intent::GUILD_VOICE_STATES, &state);
            }
            let json = json!({"guild_id": guild, "user": self.user_json(user)});
            self.dispatch("GUILD_MEMBER_REMOVE", intent::GUILD_MEMBERS, &json);
        }
        self.touch();
        true
    }

    /// A member as member events bring them.
    pub(super) fn member_event_json(&self, guild: GuildId, user: UserId) -> Option<Value> {
        let member = self.guilds.get(&guild)?.members.get(&user)?;
        let mut json = self.member_json(member);
        json["guild_id"] = json!(guild);
        Some(json)
    }

    /// Tells that a member changed. Of itself a bot is told without any intent.
    pub(in crate::sim) fn dispatch_member(&mut self, guild: GuildId, user: UserId) {
        if let Some(json) = self.member_event_json(guild, user).filter(|_| self.sees_guild(guild)) {
            let needs = if user == self.me { 0 } else { intent::GUILD_MEMBERS };
            self.dispatch("GUILD_MEMBER_UPDATE", needs, &json);
        }
        self.touch();
    }

    /// Someone gives a member a role.
    pub fn give_role(&mut self, guild: GuildId, user: UserId, role: RoleId) -> Result<(), Impossible> {
        self.change_roles(guild, user, |roles| {
            if !roles.contains(&role) {
                roles.push(role);
            }
        })
    }

    /// Someone takes a role from a member.
    pub fn take_role(&mut self, guild: GuildId, user: UserId, role: RoleId) -> Result<(), Impossible> {
        self.change_roles(guild, user, |roles| roles.retain(|held| *held != role))
    }

    fn change_roles(
        &mut self,
        guild: GuildId,
        user: UserId,
        change: impl FnOnce(&mut Vec<RoleId>),
    ) -> Result<(), Impossible> {
        let Some(home) = self.guilds.get_mut(&guild) else { return Impossible::because("there is no such guild") };
        let Some(member) = home.members.get_mut(&user) else { return Impossible::because("they are no member") };
        let before = member.roles.clone();
        change(&mut member.roles);
        if member.roles.iter().any(|id| !home.roles.contains_key(id)) {
            member.roles = before;
            return Impossible::because("there is no such role");
        }
        if member.roles != before {
            self.dispatch_member(guild, user);
        }
        Ok(())
    }

    /// Someone changes a role.
    pub fn edit_role(&mut self, guild: GuildId, id: RoleId, change: impl FnOnce(&mut Role)) -> Result<(), Impossible> {
        let role = self.guilds.get_mut(&guild).and_then(|home| home.roles.get_mut(&id));
        let Some(role) = role else { return Impossible::because("there is no such role") };
        change(role);
        let json = json!({"guild_id": guild, "role": wire::role(role)});
        if self.sees_guild(guild) {
            self.dispatch("GUILD_ROLE_UPDATE", intent::GUILDS, &json);
        }
        Ok(())
    }

    /// Someone deletes a role; whoever held it holds it no longer, which Discord tells member by member.
    pub fn delete_role(&mut self, guild: GuildId, id: RoleId) -> Result<(), Impossible> {
        let Some(home) = self.guilds.get_mut(&guild) else { return Impossible::because("there is no such guild") };
        if home.roles.remove(&id).is_none() {
            return Impossible::because("there is no such role");
        }
        let mut lost = Vec::new();
        for member in home.members.values_mut().filter(|member| member.roles.contains(&id)) {
            member.roles.retain(|held| *held != id);
            lost.push(member.user);
        }
        if self.sees_guild(guild) {
            self.dispatch("GUILD_ROLE_DELETE", intent::GUILDS, &json!({"guild_id": guild, "role_id": id}));
        }
        for user in lost {
            self.dispatch_member(guild, user);
        }
        Ok(())
    }

    /// Someone deletes a channel, and with it its threads.
    pub fn delete_channel(&mut self, id: ChannelId) -> Result<(), Impossible> {
        let Some(channel) = self.channels.remove(&id) else { return Impossible::because("there is no such channel") };
        let json = self.channel_json(&channel);
        let Some(guild) = channel.guild else { return Ok(()) };
        if let Some(home) = self.guilds.get_mut(&guild) {
            home.channels.retain(|known| *known != id);
        }
        if self.sees_guild(guild) {
            let name = if channel.is_thread() { "THREAD_DELETE" } else { "CHANNEL_DELETE" };
            self.dispatch(name, intent::GUILDS, &json);
        }
        let threads: Vec<_> =
            self.channels.values().filter(|c| c.is_thread() && c.parent == Some(id)).map(|c| c.id).collect();
        threads.into_iter().try_for_each(|thread| self.delete_channel(thread))
    }

    /// Someone renames a member, or takes the nickname away.
    pub fn set_nick(&mut self, guild: GuildId, user: UserId, nick: Option<&str>) -> Result<(), Impossible> {
        self.edit_member(guild, user, |member| member.nick = nick.map(str::to_owned))
    }

    /// Someone silences a member until a moment, or lets them speak again.
    pub fn set_timeout(&mut self, guild: GuildId, user: UserId, until: Option<Timestamp>) -> Result<(), Impossible> {
        self.edit_member(guild, user, |member| member.timed_out_until = until)
    }

    /// Changes a member and tells of it.
    pub fn edit_member(
        &mut self,
        guild: GuildId,
        user: UserId,
        change: impl FnOnce(&mut super::state::Member),
    ) -> Result<(), Impossible> {
        let member = self.guilds.get_mut(&guild).and_then(|home| home.members.get_mut(&user));
        let Some(member) = member else { return Impossible::because("they are no member") };
        change(member);
        self.dispatch_member(guild, user);
        Ok(())
    }

    /// Bans a user: out of the guild, and not in again.
    pub fn ban(&mut self, guild: GuildId, user: UserId, reason: Option<&str>) {
        self.remove_member(guild, user);
        if let Some(home) = self.guilds.get_mut(&guild) {
            home.bans.insert(user, reason.map(str::to_owned));
        }
        let json = json!({"guild_id": guild, "user": self.user_json(user)});
        if self.sees_guild(guild) {
            self.dispatch("GUILD_BAN_ADD", intent::GUILD_MODERATION, &json);
        }
        self.touch();
    }

    /// Lifts a ban; false when there was none.
    pub fn unban(&mut self, guild: GuildId, user: UserId) -> bool {
        let lifted = self.guilds.get_mut(&guild).is_some_and(|home| home.bans.remove(&user).is_some());
        let json = json!({"guild_id": guild, "user": self.user_json(user)});
        if lifted && self.sees_guild(guild) {
            self.dispatch("GUILD_BAN_REMOVE", intent::GUILD_MODERATION, &json);
        }
        lifted
    }

    /// Discord loses sight of a guild, or finds it again.
    pub fn set_outage(&mut self, guild: GuildId, unavailable: bool) {
        let Some(home) = self.guilds.get_mut(&guild) else { return };
        if home.unavailable == unavailable {
            return;
        }
        home.unavailable = unavailable;
        if unavailable {
            self.dispatch("GUILD_DELETE", intent::GUILDS, &json!({"id": guild, "unavailable": true}));
        } else {
            self.dispatch_guild(guild);
        }
    }

    /// The guild gets another name.
    pub fn rename_guild(&mut self, guild: GuildId, name: &str) {
        if let Some(home) = self.guilds.get_mut(&guild) {
            home.name = name.to_owned();
        }
        self.dispatch_guild_update(guild);
    }

    /// Says where the system greets newcomers.
    pub fn set_system_channel(&mut self, guild: GuildId, channel: Option<ChannelId>) {
        if let Some(home) = self.guilds.get_mut(&guild) {
            home.system_channel = channel;
        }
        self.dispatch_guild_update(guild);
    }

    pub(in crate::sim) fn dispatch_guild_update(&mut self, guild: GuildId) {
        let json = self.guilds.get(&guild).map(|home| self.guild_json(home));
        if let Some(json) = json.filter(|_| self.sees_guild(guild)) {
            self.dispatch("GUILD_UPDATE", intent::GUILDS, &json);
        }
        self.touch();
    }

    /// Writes a line into the guild's audit log and tells of it.
    pub(in crate::sim) fn audit(&mut self, guild: GuildId, mut entry: AuditEntry) {
        entry.id = self.id::<RoleId>().get();
        let mut json = wire::audit_entry(&entry);
        json["guild_id"] = json!(guild);
        let Some(home) = self.guilds.get_mut(&guild) else { return };
        home.audit.push_back(entry);
        if home.audit.len() > AUDIT_MAX {
            home.audit.pop_front();
        }
        let may_read = self.permissions_of(self.me, guild) & super::permissions::VIEW_AUDIT_LOG != 0;
        if may_read && self.sees_guild(guild) {
            self.dispatch("GUILD_AUDIT_LOG_ENTRY_CREATE", intent::GUILD_MODERATION, &json);
        }
    }
}
