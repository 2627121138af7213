//! What Discord's gateway sends, read as raw text into our own words.
//!
//! Only the fields that a room needs are read, each on its own and from borrowed text: a value of an unknown kind, a
//! `null` or a missing field costs that field and never the event. It refuses to know what an event leads to, and it
//! never logs what people wrote.

mod audit;
pub mod message;
pub mod people;
mod presence;
mod voice;

use std::borrow::Cow;

pub use presence::{Chunk, OF_ALL};
use serde::Deserialize;

use super::raw::Raw;
use crate::model::guild::Overwrite;
use crate::model::{
    ApplicationId, Author, Avatar, Channel, ChannelId, Event, Guild, GuildId, GuildOutline, Permissions, Role, RoleId,
    UserId, Watchlist,
};

/// Gateway opcodes that a client receives.
///
/// Source: Discord API documentation, "Opcodes and Status Codes", "Gateway Opcodes".
pub mod op {
    pub const DISPATCH: u64 = 0;
    pub const RECONNECT: u64 = 7;
    pub const INVALID_SESSION: u64 = 9;
    pub const HELLO: u64 = 10;
}

/// The frame around every payload: opcode, sequence, event name, and where its data starts.
#[derive(Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    pub op: u64,
    pub sequence: Option<u64>,
    pub name: Option<Cow<'a, str>>,
    /// The data; what follows it in the frame may still be attached, so read one value and stop.
    pub data: &'a str,
}

/// What a dispatch says.
#[derive(Debug)]
pub enum Incoming<'a> {
    /// A new session began.
    Ready(Ready),
    /// A session goes on; everything missed has been replayed.
    Resumed,
    /// Somebody used a command; the data as it came.
    Interaction(&'a str),
    /// Something that rooms may want to know.
    Happened(Event),
    /// Members that we asked for.
    Members(Chunk),
    /// A presence that nobody looks after: most of what comes in a large guild.
    Unwatched,
    /// Nothing that we need.
    Ignored,
    /// An event of a kind that we read, without what it cannot do without (an id that is missing, 0 or absurd).
    Unusable,
}

/// Who we are, and how to resume.
#[derive(Debug, PartialEq, Eq)]
pub struct Ready {
    pub session: String,
    /// As Discord wrote it; may be missing or nonsense.
    pub resume_url: String,
    pub me: Option<UserId>,
    pub application: Option<ApplicationId>,
    pub name: String,
    /// The guilds that we are in.
    pub guilds: Vec<GuildId>,
}

/// The frame of a payload, or none if it is no JSON object with an opcode.
pub fn envelope(text: &str) -> Option<Envelope<'_>> {
    leading(text).or_else(|| anywhere(text))
}

/// What is known before anything is read.
#[derive(Debug, Clone, Copy)]
pub struct Known<'k> {
    /// Our own user, to find our roles in a guild.
    pub me: Option<UserId>,
    /// Whose presence is looked after.
    pub watchlist: &'k Watchlist,
}

/// What a dispatch named `name` with this data says.
pub fn read<'a>(name: &str, data: &'a str, known: Known<'_>) -> Incoming<'a> {
    let event = match name {
        "PRESENCE_UPDATE" => return presence::seen(data, known.watchlist),
        "MESSAGE_CREATE" => message::sent(data),
        "MESSAGE_DELETE" => message::deleted(data),
        "MESSAGE_DELETE_BULK" => message::deleted_in_bulk(data),
        "INTERACTION_CREATE" => return Incoming::Interaction(data),
        "READY" => return ready(data).map_or(Incoming::Unusable, Incoming::Ready),
        "RESUMED" => return Incoming::Resumed,
        "GUILD_MEMBERS_CHUNK" => {
            return presence::chunk(data, known.watchlist).map_or(Incoming::Unusable, Incoming::Members);
        }
        "GUILD_CREATE" => guild(data, known),
        "GUILD_UPDATE" => outline(data),
        "GUILD_DELETE" => guild_lost(data),
        "GUILD_ROLE_CREATE" | "GUILD_ROLE_UPDATE" => role_seen(data),
        "GUILD_ROLE_DELETE" => role_removed(data),
        "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "THREAD_CREATE" | "THREAD_UPDATE" => channel_seen(data),
        "CHANNEL_DELETE" | "THREAD_DELETE" => channel_removed(data),
        "GUILD_MEMBER_ADD" => people::member_seen(data, true),
        "GUILD_MEMBER_UPDATE" => people::member_seen(data, false),
        "GUILD_MEMBER_REMOVE" => people::member_left(data),
        "GUILD_BAN_ADD" => people::member_banned(data),
        "MESSAGE_REACTION_ADD" => message::reacted(data),
        "VOICE_STATE_UPDATE" => voice::seen(data),
        "GUILD_AUDIT_LOG_ENTRY_CREATE" => audit::line(data),
        _ => return Incoming::Ignored,
    };
    match event {
        Some(Some(event)) => Incoming::Happened(event),
        Some(None) => Incoming::Ignored,
        None => Incoming::Unusable,
    }
}

/// The interval of a HELLO, in milliseconds.
pub fn heartbeat_interval_ms(data: &str) -> Option<u64> {
    fields::<HelloFields>(data)?.heartbeat_interval.whole().and_then(|ms| u64::try_from(ms).ok())
}

/// Reads the keys in front of the data, which is how Discord writes a frame; none if it looks different.
fn leading(text: &str) -> Option<Envelope<'_>> {
    let (mut op, mut sequence, mut name) = (None, None, None);
    let mut rest = text.trim_start().strip_prefix('{')?;
    loop {
        let (key, after) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
        rest = after.trim_start().strip_prefix(':')?.trim_start();
        if key == "d" {
            let op = op?;
            let whole = op != op::DISPATCH || (sequence.is_some() && name.is_some());
            return whole.then_some(Envelope { op, sequence, name: name.map(Cow::Borrowed), data: rest });
        }
        let value = match rest.strip_prefix('"') {
            Some(quoted) => {
                let (value, after) = quoted.split_once('"')?;
                rest = after.trim_start();
                value
            }
            None => {
                let (value, _) = rest.split_once([',', '}', ' '])?;
                rest = rest[value.len()..].trim_start();
                value
            }
        };
        match key {
            "op" => op = Some(value.parse().ok()?),
            "s" if value != "null" => sequence = Some(value.parse().ok()?),
            "t" if value.contains('\\') => return None,
            "t" if value != "null" => name = Some(value),
            "s" | "t" => {}
            _ => return None,
        }
        rest = rest.strip_prefix(',')?;
    }
}

/// Reads a frame whose keys come in another order.
fn anywhere(text: &str) -> Option<Envelope<'_>> {
    let frame: FrameFields = serde_json::from_str(text).ok()?;
    let whole = |raw: Raw<'_>| raw.whole().and_then(|number| u64::try_from(number).ok());
    Some(Envelope { op: whole(frame.op)?, sequence: whole(frame.s), name: frame.t.text(), data: frame.d.json() })
}

/// Reads one value and stops there.
fn fields<'a, T: Deserialize<'a>>(data: &'a str) -> Option<T> {
    T::deserialize(&mut serde_json::Deserializer::from_str(data)).ok()
}

/// Something that we need, nothing that we need (`Some(None)`), or unusable.
type Reading = Option<Option<Event>>;

fn ready(data: &str) -> Option<Ready> {
    let fields: ReadyFields = fields(data)?;
    let user: UserFields = fields.user.object();
    let application: IdFields = fields.application.object();
    Some(Ready {
        session: fields.session_id.text().filter(|id| !id.is_empty())?.into_owned(),
        resume_url: fields.resume_gateway_url.text().unwrap_or_default().into_owned(),
        me: user.id.id(),
        application: application.id.id(),
        name: user.username.text().unwrap_or_default().into_owned(),
        guilds: fields.guilds.list::<IdFields>().into_iter().filter_map(|guild| guild.id.id()).collect(),
    })
}

fn guild(data: &str, Known { me, watchlist }: Known<'_>) -> Reading {
    let fields: GuildFields = fields(data)?;
    if fields.unavailable.flag() {
        return Some(None);
    }
    let id: GuildId = fields.id.id()?;
    let roles = fields.roles.list::<RoleFields>().into_iter().filter_map(role).collect();
    let members = fields.members.list::<MemberFields>();
    let mut channels: Vec<_> = fields.channels.list::<ChannelFields>().into_iter().filter_map(channel).collect();
    channels.extend(fields.threads.list::<ChannelFields>().into_iter().filter_map(channel));
    let watched = presence::in_guild(id, &fields, &members, watchlist);
    Some(Some(Event::GuildSeen(Box::new(Guild {
        id,
        name: fields.name.text().unwrap_or_default().into_owned(),
        owner: fields.owner_id.id()?,
        member_count: fields.member_count.whole().and_then(|count| u64::try_from(count).ok()).unwrap_or(0),
        my_roles: me.map(|me| roles_of(me, &members)).unwrap_or_default(),
        roles,
        channels,
        afk_channel: fields.afk_channel_id.id(),
        voices: voice::list(id, fields.voice_states, &members),
        watched,
    }))))
}

/// The roles of one member in a guild's list of members.
fn roles_of(user: UserId, members: &[MemberFields<'_>]) -> Vec<RoleId> {
    members.iter().find(|member| member.user_id() == Some(user)).map(|member| ids(member.roles)).unwrap_or_default()
}

fn outline(data: &str) -> Reading {
    let fields: GuildFields = fields(data)?;
    Some(Some(Event::GuildChanged(GuildOutline {
        id: fields.id.id()?,
        name: fields.name.text().unwrap_or_default().into_owned(),
        owner: fields.owner_id.id()?,
        afk_channel: fields.afk_channel_id.id(),
    })))
}

fn guild_lost(data: &str) -> Reading {
    let fields: GuildFields = fields(data)?;
    Some(Some(Event::GuildLost { guild: fields.id.id()?, removed: !fields.unavailable.flag() }))
}

fn role_seen(data: &str) -> Reading {
    let fields: OfGuildFields = fields(data)?;
    Some(Some(Event::RoleSeen { guild: fields.guild_id.id()?, role: role(fields.role.object())? }))
}

fn role_removed(data: &str) -> Reading {
    let fields: OfGuildFields = fields(data)?;
    Some(Some(Event::RoleRemoved { guild: fields.guild_id.id()?, role: fields.role_id.id()? }))
}

fn channel_seen(data: &str) -> Reading {
    let fields: ChannelFields = fields(data)?;
    if fields.guild_id.is_missing() {
        return Some(None);
    }
    let guild = fields.guild_id.id()?;
    Some(Some(Event::ChannelSeen { guild, channel: channel(fields)? }))
}

fn channel_removed(data: &str) -> Reading {
    let fields: ChannelFields = fields(data)?;
    if fields.guild_id.is_missing() {
        return Some(None);
    }
    Some(Some(Event::ChannelRemoved { guild: fields.guild_id.id()?, channel: fields.id.id()? }))
}

/// The name to show: nickname, else display name, else user name.
fn shown(user: &UserFields<'_>, nick: Raw<'_>) -> String {
    let names = [nick, user.global_name, user.username];
    let name = names.into_iter().filter_map(Raw::text).find(|name| !name.is_empty());
    name.unwrap_or_default().into_owned()
}

/// A user as a member of this guild.
fn author(guild: GuildId, user: UserFields<'_>, member: &MemberFields<'_>) -> Option<Author> {
    Some(Author {
        id: user.id.id()?,
        name: shown(&user, member.nick),
        avatar: avatar(Some(guild), member.avatar).or_else(|| avatar(None, user.avatar)),
        bot: user.bot.flag(),
    })
}

fn avatar(guild: Option<GuildId>, hash: Raw<'_>) -> Option<Avatar> {
    Avatar::new(guild, &hash.text()?)
}

fn role(fields: RoleFields<'_>) -> Option<Role> {
    Some(Role {
        id: fields.id.id()?,
        name: fields.name.text().unwrap_or_default().into_owned(),
        position: fields.position.whole().unwrap_or(0),
        permissions: permissions(fields.permissions),
        managed: fields.managed.flag(),
    })
}

fn channel(fields: ChannelFields<'_>) -> Option<Channel> {
    Some(Channel {
        id: fields.id.id()?,
        name: fields.name.text().unwrap_or_default().into_owned(),
        kind: fields.kind.whole().and_then(|kind| u8::try_from(kind).ok()).unwrap_or(u8::MAX),
        parent: fields.parent_id.id::<ChannelId>(),
        overwrites: fields.permission_overwrites.list::<OverwriteFields>().into_iter().filter_map(overwrite).collect(),
        locked: fields.thread_metadata.object::<ThreadFields>().locked.flag(),
    })
}

fn overwrite(fields: OverwriteFields<'_>) -> Option<Overwrite> {
    Some(Overwrite {
        id: fields.id.id::<RoleId>()?.get(),
        for_member: fields.kind.whole() == Some(1),
        allow: permissions(fields.allow),
        deny: permissions(fields.deny),
    })
}

fn permissions(raw: Raw<'_>) -> Permissions {
    Permissions(raw.bits().unwrap_or(0))
}

fn ids(list: Raw<'_>) -> Vec<RoleId> {
    list.list::<Raw<'_>>().into_iter().filter_map(|raw| raw.id()).collect()
}

/// Declares the fields that we read of an object; each may be missing, and all others are skipped.
macro_rules! fields {
    ($($name:ident { $($field:ident $(as $key:literal)?),* $(,)? })*) => {$(
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct $name<'a> {
            $(#[serde(borrow $(, rename = $key)?)] $field: Raw<'a>,)*
        }
    )*};
}

fields! {
    FrameFields { op, s, t, d }
    ReactionFields { guild_id, channel_id, message_id, member, emoji }
    EmojiFields { name }
    DeletedFields { guild_id, channel_id, id, ids }
    HelloFields { heartbeat_interval }
    IdFields { id }
    ReadyFields { session_id, resume_gateway_url, user, application, guilds }
    UserFields { id, username, global_name, avatar, bot, member }
    MemberFields { guild_id, user, nick, avatar, roles, pending }
    MessageFields {
        id, guild_id, channel_id, author, member, content, kind as "type", webhook_id, mentions, referenced_message,
        interaction, interaction_metadata, embeds,
    }
    UsedFields { name, user, member }
    GuildFields {
        id, name, owner_id, unavailable, member_count, roles, channels, threads, members, afk_channel_id, voice_states,
        presences,
    }
    WhoseFields { user }
    PresenceFields { guild_id, user, status, activities }
    ActivityFields { kind as "type", name, state }
    ChunkFields { guild_id, members, presences, not_found, chunk_index, chunk_count, nonce }
    VoiceFields { guild_id, user_id, channel_id, mute, deaf, self_mute, self_deaf, suppress, member }
    AuditFields { id, guild_id, user_id, target_id, action_type, reason, changes }
    ChangeFields { key, new_value }
    OfGuildFields { guild_id, role, role_id }
    RoleFields { id, name, position, permissions, managed }
    ChannelFields { id, guild_id, name, kind as "type", parent_id, permission_overwrites, thread_metadata }
    ThreadFields { locked }
    OverwriteFields { id, kind as "type", allow, deny }
}

impl MemberFields<'_> {
    fn user_id(&self) -> Option<UserId> {
        self.user.object::<IdFields>().id.id()
    }
}

#[cfg(test)]
mod tests;
