//! Furnishing a world: guilds, roles, channels, members. Nobody's permission is asked.

use std::collections::{BTreeMap, VecDeque};

use serde_json::json;

use crate::model::{ChannelId, GuildId, Permissions, RoleId, Timestamp, UserId};

use super::state::{Channel, Guild, Member, Overwrite, Role, User, channel_kind};
use super::{World, events::intent, permissions, wire};

/// What a new role is like.
#[derive(Debug, Clone, Default)]
pub struct RoleSpec {
    pub name: String,
    /// Where it stands; higher is mightier.
    pub position: i64,
    pub permissions: Permissions,
    pub colour: u32,
    pub hoist: bool,
    pub mentionable: bool,
    /// Belongs to an integration.
    pub managed: bool,
}

impl RoleSpec {
    /// A role without permissions.
    pub fn named(name: &str, position: i64) -> Self {
        Self { name: name.to_owned(), position, ..Self::default() }
    }

    /// The same role with these permission bits.
    pub fn with(mut self, permissions: u64) -> Self {
        self.permissions = Permissions(permissions);
        self
    }

    /// The same role in this colour.
    pub fn coloured(mut self, colour: u32) -> Self {
        self.colour = colour;
        self
    }
}

/// What a new channel is like.
#[derive(Debug, Clone, Default)]
pub struct ChannelSpec {
    pub name: String,
    /// See [`channel_kind`].
    pub kind: u8,
    pub parent: Option<ChannelId>,
    pub topic: Option<String>,
}

impl ChannelSpec {
    /// A text channel.
    pub fn text(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// A voice channel.
    pub fn voice(name: &str) -> Self {
        Self { name: name.to_owned(), kind: channel_kind::VOICE, ..Self::default() }
    }

    /// A category.
    pub fn category(name: &str) -> Self {
        Self { name: name.to_owned(), kind: channel_kind::CATEGORY, ..Self::default() }
    }

    /// A public thread of a text channel.
    pub fn thread(name: &str, parent: ChannelId) -> Self {
        Self { name: name.to_owned(), kind: channel_kind::PUBLIC_THREAD, parent: Some(parent), topic: None }
    }
}

impl World {
    /// A new user, in no guild yet.
    pub fn add_user(&mut self, name: &str) -> UserId {
        let id = self.id();
        self.insert_user(id, name);
        id
    }

    pub(in crate::sim) fn insert_user(&mut self, id: UserId, name: &str) {
        let username = name.to_lowercase().replace(' ', "_");
        let global_name = (username != name).then(|| name.to_owned());
        self.users.insert(id, User { id, username, global_name, avatar: None, bot: false, dms_open: true });
    }

    /// Another bot's user.
    pub fn add_bot(&mut self, name: &str) -> UserId {
        let id = self.add_user(name);
        if let Some(user) = self.users.get_mut(&id) {
            user.bot = true;
        }
        id
    }

    /// A guild with its `@everyone` and its owner, without the bot.
    pub fn add_guild(&mut self, name: &str, owner: UserId) -> GuildId {
        let id: GuildId = self.id();
        let everyone = RoleId::new(id.get()).ok();
        let role = everyone.map(|everyone| {
            let spec = RoleSpec::named("@everyone", 0).with(permissions::EVERYONE_DEFAULT);
            (everyone, role_of(everyone, &spec))
        });
        let guild = Guild {
            id,
            name: name.to_owned(),
            owner,
            roles: role.into_iter().collect(),
            channels: Vec::new(),
            members: BTreeMap::new(),
            bans: BTreeMap::new(),
            afk_channel: None,
            system_channel: None,
            unavailable: false,
            commands_open: false,
            audit: VecDeque::new(),
        };
        self.guilds.insert(id, guild);
        self.insert_member(id, owner);
        id
    }

    /// Adds a role.
    pub fn add_role(&mut self, guild: GuildId, spec: RoleSpec) -> RoleId {
        let id = self.id();
        let role = role_of(id, &spec);
        let json = wire::role(&role);
        if let Some(guild) = self.guilds.get_mut(&guild) {
            guild.roles.insert(id, role);
        }
        if self.sees_guild(guild) {
            self.dispatch("GUILD_ROLE_CREATE", intent::GUILDS, &json!({"guild_id": guild, "role": json}));
        }
        id
    }

    /// Adds a channel.
    pub fn add_channel(&mut self, guild: GuildId, spec: ChannelSpec) -> ChannelId {
        let id = self.id();
        let Some(home) = self.guilds.get_mut(&guild) else { return id };
        let channel = Channel {
            id,
            guild: Some(guild),
            kind: spec.kind,
            name: spec.name,
            position: home.channels.len() as i64,
            parent: spec.parent,
            topic: spec.topic,
            overwrites: BTreeMap::new(),
            slowmode_seconds: 0,
            recipient: None,
            owner: Some(home.owner),
            archived: false,
            locked: false,
            messages: VecDeque::new(),
            last_message: None,
            deleted: VecDeque::new(),
        };
        home.channels.push(id);
        let name = if channel.is_thread() { "THREAD_CREATE" } else { "CHANNEL_CREATE" };
        let json = self.channel_json(&channel);
        self.channels.insert(id, channel);
        if self.sees_guild(guild) {
            self.dispatch(name, intent::GUILDS, &json);
        }
        id
    }

    /// Sets a channel's exception for a role (by its id; `@everyone` has the guild's).
    pub fn overwrite_role(&mut self, channel: ChannelId, role: u64, allow: u64, deny: u64) {
        self.set_overwrite(channel, role, Some(overwrite(false, allow, deny)));
    }

    /// Sets a channel's exception for a member.
    pub fn overwrite_member(&mut self, channel: ChannelId, user: UserId, allow: u64, deny: u64) {
        self.set_overwrite(channel, user.get(), Some(overwrite(true, allow, deny)));
    }

    pub(in crate::sim) fn set_overwrite(&mut self, channel: ChannelId, target: u64, to: Option<Overwrite>) {
        let Some(known) = self.channels.get_mut(&channel) else { return };
        match to {
            Some(overwrite) => known.overwrites.insert(target, overwrite),
            None => known.overwrites.remove(&target),
        };
        self.dispatch_channel(channel);
    }

    /// Tells that a channel changed.
    pub(in crate::sim) fn dispatch_channel(&mut self, channel: ChannelId) {
        let Some(known) = self.channels.get(&channel) else { return };
        let name = if known.is_thread() { "THREAD_UPDATE" } else { "CHANNEL_UPDATE" };
        let json = self.channel_json(known);
        if known.guild.is_some_and(|guild| self.sees_guild(guild)) {
            self.dispatch(name, intent::GUILDS, &json);
        }
    }

    /// A new user who is a member at once, with a history: no welcome, joined some time ago.
    pub fn add_member(&mut self, guild: GuildId, name: &str) -> UserId {
        let user = self.add_user(name);
        self.insert_member(guild, user);
        user
    }

    /// Invites the bot: its own managed role with these permissions, at this position.
    pub fn invite_bot(&mut self, guild: GuildId, permissions: u64, position: i64) -> RoleId {
        let name = self.config.bot_name.clone();
        let role = RoleSpec { managed: true, ..RoleSpec::named(&name, position).with(permissions) };
        let role = self.add_role(guild, role);
        let me = self.me;
        if let Some(home) = self.guilds.get_mut(&guild) {
            home.roles.entry(role).and_modify(|role| role.bot = Some(me));
        }
        self.insert_member(guild, me);
        if let Some(member) = self.guilds.get_mut(&guild).and_then(|home| home.members.get_mut(&me)) {
            member.roles.push(role);
        }
        self.dispatch_guild(guild);
        role
    }

    pub(in crate::sim) fn insert_member(&mut self, guild: GuildId, user: UserId) {
        let joined_at = self.clock.now();
        if let Some(guild) = self.guilds.get_mut(&guild) {
            guild.members.insert(user, new_member(user, joined_at));
        }
        self.touch();
    }
}

fn overwrite(for_member: bool, allow: u64, deny: u64) -> Overwrite {
    Overwrite { for_member, allow: Permissions(allow), deny: Permissions(deny) }
}

fn new_member(user: UserId, joined_at: Timestamp) -> Member {
    Member {
        user,
        nick: None,
        roles: Vec::new(),
        joined_at,
        pending: false,
        timed_out_until: None,
        avatar: None,
        status: "online".to_owned(),
        activities: Vec::new(),
        voice: None,
    }
}

fn role_of(id: RoleId, spec: &RoleSpec) -> Role {
    Role {
        id,
        name: spec.name.clone(),
        position: spec.position,
        permissions: spec.permissions,
        colour: spec.colour,
        hoist: spec.hoist,
        mentionable: spec.mentionable,
        managed: spec.managed,
        bot: None,
    }
}
