//! Who may do what: this world's own reading of Discord's permission rules.
//!
//! Written apart from the bot's on purpose, so that each catches the other's mistakes.
//! Source: Discord API documentation, "Permissions".

use std::cmp::Ordering;

use crate::model::{GuildId, RoleId, Timestamp, UserId};

use super::World;
use super::state::{Channel, Guild, Member, Role};

pub const KICK_MEMBERS: u64 = 1 << 1;
pub const BAN_MEMBERS: u64 = 1 << 2;
pub const ADMINISTRATOR: u64 = 1 << 3;
pub const MANAGE_CHANNELS: u64 = 1 << 4;
pub const MANAGE_GUILD: u64 = 1 << 5;
pub const ADD_REACTIONS: u64 = 1 << 6;
pub const VIEW_AUDIT_LOG: u64 = 1 << 7;
pub const VIEW_CHANNEL: u64 = 1 << 10;
pub const SEND_MESSAGES: u64 = 1 << 11;
pub const MANAGE_MESSAGES: u64 = 1 << 13;
pub const EMBED_LINKS: u64 = 1 << 14;
pub const ATTACH_FILES: u64 = 1 << 15;
pub const READ_MESSAGE_HISTORY: u64 = 1 << 16;
pub const MENTION_EVERYONE: u64 = 1 << 17;
pub const CONNECT: u64 = 1 << 20;
pub const SPEAK: u64 = 1 << 21;
pub const STREAM: u64 = 1 << 9;
pub const CHANGE_NICKNAME: u64 = 1 << 26;
pub const MANAGE_NICKNAMES: u64 = 1 << 27;
pub const MANAGE_ROLES: u64 = 1 << 28;
pub const USE_APPLICATION_COMMANDS: u64 = 1 << 31;
pub const MANAGE_THREADS: u64 = 1 << 34;
pub const CREATE_PUBLIC_THREADS: u64 = 1 << 35;
pub const CREATE_PRIVATE_THREADS: u64 = 1 << 36;
pub const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;
pub const MODERATE_MEMBERS: u64 = 1 << 40;

/// Every bit that Discord names today.
pub const EVERY: u64 = (1 << 51) - 1;

/// What a new guild's `@everyone` may do.
pub const EVERYONE_DEFAULT: u64 = ADD_REACTIONS
    | VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | CONNECT
    | SPEAK
    | STREAM
    | CHANGE_NICKNAME
    | USE_APPLICATION_COMMANDS
    | SEND_MESSAGES_IN_THREADS;

/// All that a member in a timeout keeps.
const TIMED_OUT: u64 = VIEW_CHANNEL | READ_MESSAGE_HISTORY;

/// What a member may do in the guild as a whole; nothing for a stranger.
pub fn in_guild(guild: &Guild, user: UserId, now: Timestamp) -> u64 {
    let Some(member) = guild.members.get(&user) else { return 0 };
    if guild.owner == user {
        return EVERY;
    }
    let roles = roles_of(guild, member);
    let held = roles.fold(0, |held, role| held | role.permissions.0);
    if held & ADMINISTRATOR != 0 {
        return EVERY;
    }
    if is_timed_out(member, now) { held & TIMED_OUT } else { held }
}

/// What a member may do in a channel. `home` is the channel whose overwrites count: for a thread, its parent.
pub fn in_channel(guild: &Guild, home: &Channel, user: UserId, now: Timestamp) -> u64 {
    let base = in_guild(guild, user, now);
    let Some(member) = guild.members.get(&user) else { return 0 };
    if base & ADMINISTRATOR != 0 {
        return base;
    }
    let mut held = base;
    if let Some(everyone) = home.overwrites.get(&guild.id.get()) {
        held = held & !everyone.deny.0 | everyone.allow.0;
    }
    let mine = member.roles.iter().filter_map(|role| home.overwrites.get(&role.get())).filter(|o| !o.for_member);
    let (allow, deny) = mine.fold((0, 0), |(allow, deny), o| (allow | o.allow.0, deny | o.deny.0));
    held = held & !deny | allow;
    if let Some(own) = home.overwrites.get(&user.get()).filter(|o| o.for_member) {
        held = held & !own.deny.0 | own.allow.0;
    }
    if is_timed_out(member, now) {
        held &= TIMED_OUT;
    }
    // Without the sight of it a channel allows nothing; without speech, none of its trimmings.
    if held & VIEW_CHANNEL == 0 {
        return 0;
    }
    // Who cannot get into a voice channel can do nothing with it either.
    if home.is_voice() && held & CONNECT == 0 {
        held &= !(MANAGE_CHANNELS | MANAGE_ROLES | SPEAK | STREAM);
    }
    if held & SEND_MESSAGES == 0 && !home.is_voice() {
        held &= !(MENTION_EVERYONE | EMBED_LINKS | ATTACH_FILES);
    }
    held
}

/// Whether the member may not speak now.
pub fn is_timed_out(member: &Member, now: Timestamp) -> bool {
    member.timed_out_until.is_some_and(|until| until > now)
}

/// `@everyone` and the member's own roles.
fn roles_of<'a>(guild: &'a Guild, member: &'a Member) -> impl Iterator<Item = &'a Role> {
    let everyone = RoleId::new(guild.id.get()).ok().and_then(|id| guild.roles.get(&id));
    everyone.into_iter().chain(member.roles.iter().filter_map(|id| guild.roles.get(id)))
}

/// How two roles stand: by position, and between equals the older one is higher.
pub fn compare_roles(a: &Role, b: &Role) -> Ordering {
    a.position.cmp(&b.position).then(b.id.cmp(&a.id))
}

/// The highest role of a member; none for a member without roles.
pub fn top_role(guild: &Guild, user: UserId) -> Option<&Role> {
    let member = guild.members.get(&user)?;
    member.roles.iter().filter_map(|id| guild.roles.get(id)).max_by(|a, b| compare_roles(a, b))
}

/// Whether `actor` stands above this role.
pub fn outranks_role(guild: &Guild, actor: UserId, role: &Role) -> bool {
    guild.owner == actor || top_role(guild, actor).is_some_and(|top| compare_roles(top, role) == Ordering::Greater)
}

/// Whether `actor` stands above another member.
pub fn outranks_member(guild: &Guild, actor: UserId, target: UserId) -> bool {
    if guild.owner == target {
        return false;
    }
    match top_role(guild, target) {
        None => guild.owner == actor || top_role(guild, actor).is_some(),
        Some(role) => outranks_role(guild, actor, role),
    }
}

impl World {
    /// What a member may do in a channel (a thread's are its parent's), as bits; 0 where they are no member.
    pub fn permissions_in(&self, user: UserId, channel: &Channel) -> u64 {
        let Some(guild) = channel.guild.and_then(|id| self.guilds.get(&id)) else {
            return if channel.recipient == Some(user) || user == self.me { EVERY & !ADMINISTRATOR } else { 0 };
        };
        let home = channel.parent.filter(|_| channel.is_thread()).and_then(|id| self.channels.get(&id));
        in_channel(guild, home.unwrap_or(channel), user, self.clock.now())
    }

    /// What a member may do in a guild as a whole, as bits.
    pub fn permissions_of(&self, user: UserId, guild: GuildId) -> u64 {
        self.guilds.get(&guild).map_or(0, |guild| in_guild(guild, user, self.clock.now()))
    }
}
