//! What a guild looks like: roles, channels, who owns it, and what follows from that for permissions.
//!
//! Members are not kept here; a message or interaction brings the roles of its author.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use super::{ChannelId, Event, GuildId, MemberPresence, Permissions, RoleId, UserId, Voice};

/// Threads lie in channels, and channels in categories; there is nothing deeper.
const CHANNEL_DEPTH_MAX: usize = 3;

/// A guild as far as the bot keeps it in memory and, for a resumed session, in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guild {
    pub id: GuildId,
    pub name: String,
    pub owner: UserId,
    /// Kept apart in the store, since it changes more often than everything else.
    #[serde(skip)]
    pub member_count: u64,
    /// The roles of the bot's own member, without `@everyone`.
    pub my_roles: Vec<RoleId>,
    pub roles: Vec<Role>,
    pub channels: Vec<Channel>,
    /// The voice channel into which the idle are moved.
    #[serde(default)]
    pub afk_channel: Option<ChannelId>,
    /// Who was in voice when the guild was seen. Only that event carries it; it is not kept.
    #[serde(skip)]
    pub voices: Vec<Voice>,
    /// How those are there whose presence is looked after, likewise.
    #[serde(skip)]
    pub watched: Vec<MemberPresence>,
}

/// The same without roles and channels: what an update of a guild tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuildOutline {
    pub id: GuildId,
    pub name: String,
    pub owner: UserId,
    pub afk_channel: Option<ChannelId>,
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
    /// A thread in which only moderators can write.
    #[serde(default)]
    pub locked: bool,
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

    /// A channel and what it lies in: thread, channel, category, as far as they can be seen.
    pub fn line_of(&self, id: ChannelId) -> Vec<ChannelId> {
        let parent = |id: &ChannelId| self.channel(*id).and_then(|channel| channel.parent);
        std::iter::successors(Some(id), parent).take(CHANNEL_DEPTH_MAX).collect()
    }

    /// What a member with these roles may do in the guild as a whole.
    ///
    /// Source: Discord API documentation, "Permissions", the algorithm `compute_base_permissions`.
    pub fn permissions_of(&self, user: UserId, roles: &[RoleId]) -> Permissions {
        if user == self.owner { Permissions::ALL } else { self.permissions_by(roles) }
    }

    /// What these roles, and `@everyone`'s, allow in the guild as a whole.
    pub fn permissions_by(&self, roles: &[RoleId]) -> Permissions {
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

    /// The highest of these roles; of two at the same position, the older one.
    ///
    /// Source: Discord API documentation, "Permissions", "Permission Hierarchy" and the role object's `position`.
    fn top_role(&self, roles: &[RoleId]) -> Option<&Role> {
        let held = self.roles.iter().filter(|role| roles.contains(&role.id));
        held.max_by_key(|role| (role.position, std::cmp::Reverse(role.id)))
    }

    /// Whether `one`, who holds these roles, stands above `other`: nobody is above the owner, and equals are not.
    pub fn outranks(&self, one: (UserId, &[RoleId]), other: (UserId, &[RoleId])) -> bool {
        let height = |roles: &[RoleId]| self.top_role(roles).map(|role| (role.position, std::cmp::Reverse(role.id)));
        other.0 != self.owner && one.0 != other.0 && (one.0 == self.owner || height(one.1) > height(other.1))
    }

    /// Whether somebody who holds these roles stands above a role, so that they may give it.
    pub fn outranks_role(&self, (user, roles): (UserId, &[RoleId]), role: &Role) -> bool {
        let height = |role: &Role| (role.position, std::cmp::Reverse(role.id));
        user == self.owner || self.top_role(roles).map(height) > Some(height(role))
    }

    /// The position of the highest of these roles; 0 is `@everyone`.
    pub fn top_position(&self, roles: &[RoleId]) -> i64 {
        let held = self.roles.iter().filter(|role| roles.contains(&role.id));
        held.map(|role| role.position).max().unwrap_or(0)
    }
}

/// The guilds that can be seen now, shared by everybody who has to look something up. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Guilds(Arc<RwLock<HashMap<GuildId, Arc<Guild>>>>);

impl Guilds {
    /// The guild, if it can be seen.
    pub fn find(&self, id: GuildId) -> Option<Arc<Guild>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// How many can be seen.
    pub fn count(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// All of them, in the order of their ids.
    pub fn list(&self) -> Vec<Arc<Guild>> {
        let mut all: Vec<_> = self.0.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        all.sort_by_key(|guild| guild.id);
        all
    }

    /// Takes a guild in as it is.
    pub fn put(&self, guild: Guild) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(guild.id, Arc::new(guild));
    }

    /// Follows what happened; `me` is the bot's own user. Returns the guild that looks different now.
    pub fn follow(&self, event: &Event, me: Option<UserId>) -> Option<Arc<Guild>> {
        match event {
            Event::GuildSeen(guild) => {
                self.put(Guild { voices: Vec::new(), watched: Vec::new(), ..Guild::clone(guild) });
                self.find(guild.id)
            }
            Event::SessionBegan { guilds } => self.keep(|id| guilds.contains(&id)),
            Event::GuildLost { guild, .. } => self.keep(|id| id != *guild),
            Event::GuildChanged(outline) => self.change(outline.id, |guild| {
                guild.name.clone_from(&outline.name);
                guild.owner = outline.owner;
                guild.afk_channel = outline.afk_channel;
            }),
            Event::RoleSeen { guild, role } => self.change(*guild, |guild| {
                guild.roles.retain(|known| known.id != role.id);
                guild.roles.push(role.clone());
            }),
            Event::RoleRemoved { guild, role } => {
                self.change(*guild, |guild| guild.roles.retain(|known| known.id != *role))
            }
            Event::ChannelSeen { guild, channel } => self.change(*guild, |guild| {
                guild.channels.retain(|known| known.id != channel.id);
                guild.channels.push(channel.clone());
            }),
            Event::ChannelRemoved { guild, channel } => {
                self.change(*guild, |guild| guild.channels.retain(|known| known.id != *channel))
            }
            Event::MemberSeen { guild, author, roles, joined, .. } => self.change(*guild, |guild| {
                guild.member_count += u64::from(*joined);
                if Some(author.id) == me {
                    guild.my_roles.clone_from(roles);
                }
            }),
            Event::MemberLeft { guild, .. } => {
                self.change(*guild, |guild| guild.member_count = guild.member_count.saturating_sub(1))
            }
            Event::MessageSent(_)
            | Event::MessagesDeleted { .. }
            | Event::VoiceSeen { .. }
            | Event::SessionResumed
            | Event::PresenceSeen { .. }
            | Event::MembersTold { .. }
            | Event::WatchlistSet(_)
            | Event::StaffSeen { .. }
            | Event::MembersWanted { .. }
            | Event::PresencesSynced { .. }
            | Event::CommandRan { .. }
            | Event::MemberBanned { .. }
            | Event::MemberMissing { .. }
            | Event::CommandSet { .. }
            | Event::CommandsCounted(_)
            | Event::Audited(_)
            | Event::PromiseEnded { .. }
            | Event::PromiseMoved { .. }
            | Event::MinutePassed
            | Event::Closing
            | Event::SettingsChanged
            | Event::MemberArrived { .. }
            | Event::ReactionAdded { .. }
            | Event::GuildJoined { .. }
            | Event::CaseOpened { .. }
            | Event::KudosGiven { .. }
            | Event::LevelReached { .. }
            | Event::ToolUnlocked { .. } => None,
        }
    }

    /// Keeps the guilds that this is true of. None of them looks different for it.
    fn keep(&self, keep: impl Fn(GuildId) -> bool) -> Option<Arc<Guild>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|id, _| keep(*id));
        None
    }

    fn change(&self, id: GuildId, change: impl FnOnce(&mut Guild)) -> Option<Arc<Guild>> {
        let mut guilds = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let guild = guilds.get_mut(&id)?;
        let before = Arc::clone(guild);
        change(Arc::make_mut(guild));
        (before != *guild).then(|| Arc::clone(guild))
    }
}
