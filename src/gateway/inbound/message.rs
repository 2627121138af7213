//! Messages as the gateway brings them: written, and deleted. And as a channel lists them.

use super::super::raw::Raw;
use super::{
    DeletedFields, EmojiFields, MemberFields, MessageFields, ReactionFields, Reading, UsedFields, UserFields, author,
    fields, ids, shown,
};
use crate::model::{ChannelId, Event, GuildId, Message, MessageId, Seen, Used};

/// The type of a message that is a reply.
///
/// Source: Discord API documentation, "Message Resource", "Message Types".
const REPLY: i64 = 19;
/// The type of a message that answers a slash command.
const ANSWER: i64 = 20;

/// A message was written.
pub(super) fn sent(data: &str) -> Reading {
    let fields: MessageFields = fields(data)?;
    if fields.guild_id.is_missing() {
        return Some(None);
    }
    message(fields.guild_id.id()?, &fields).map(|message| Some(Event::MessageSent(message)))
}

/// The messages of a list, in its order, in a channel of this guild: it names the guild in none of them, nor anybody's
/// roles.
pub fn list(guild: GuildId, data: &str) -> Option<Vec<Message>> {
    let listed: Vec<Raw<'_>> = fields(data)?;
    Some(listed.into_iter().filter_map(|raw| message(guild, &raw.object())).collect())
}

fn message(guild: GuildId, fields: &MessageFields<'_>) -> Option<Message> {
    let member: MemberFields = fields.member.object();
    let mut author = author(guild, fields.author.object(), &member)?;
    author.bot |= !fields.webhook_id.is_missing();
    let kind = fields.kind.whole().unwrap_or(0);
    let used = if kind == ANSWER && author.bot { used(fields) } else { None };
    Some(Message {
        id: fields.id.id()?,
        guild,
        channel: fields.channel_id.id()?,
        author,
        roles: ids(member.roles),
        mentions: fields.mentions.list().into_iter().filter_map(mentioned).collect(),
        replied_to: if kind == REPLY { replied_to(fields.referenced_message) } else { None },
        content: fields.content.text().unwrap_or_default().into_owned(),
        kind: u8::try_from(kind).unwrap_or(u8::MAX),
        used: used.map(Box::new),
    })
}

/// The command behind an answer. Of Discord's two descriptions of it, the older one has all that we need.
fn used(message: &MessageFields<'_>) -> Option<Used> {
    let is_told = !message.interaction.is_missing();
    let used: UsedFields = if is_told { message.interaction } else { message.interaction_metadata }.object();
    let user: UserFields = used.user.object();
    Some(Used {
        by: mentioned(UserFields { member: used.member, ..user })?,
        command: used.name.text()?.into_owned(),
        answered_with_embed: !message.embeds.list::<Raw<'_>>().is_empty(),
    })
}

fn mentioned(user: UserFields<'_>) -> Option<Seen> {
    let member = (!user.member.is_missing()).then(|| user.member.object::<MemberFields>());
    let nick = member.as_ref().map(|member| member.nick).unwrap_or_default();
    let (id, name, bot) = (user.id.id()?, shown(&user, nick), user.bot.flag());
    Some(Seen { id, name, bot, roles: member.map(|member| ids(member.roles)) })
}

fn replied_to(original: Raw<'_>) -> Option<Seen> {
    if original.is_missing() {
        return None;
    }
    let original: MessageFields = original.object();
    let author = mentioned(original.author.object())?;
    Some(Seen { bot: author.bot || !original.webhook_id.is_missing(), ..author })
}

/// A message was deleted.
pub(super) fn deleted(data: &str) -> Reading {
    let fields: DeletedFields = fields(data)?;
    let id: MessageId = fields.id.id()?;
    gone(&fields, vec![id])
}

/// Several messages of a channel were deleted at once.
pub(super) fn deleted_in_bulk(data: &str) -> Reading {
    let fields: DeletedFields = fields(data)?;
    let ids = fields.ids.list::<Raw<'_>>().into_iter().filter_map(Raw::id).collect();
    gone(&fields, ids)
}

/// Somebody reacted. Who they are comes along with it in a guild.
pub(super) fn reacted(data: &str) -> Reading {
    let fields: ReactionFields = fields(data)?;
    if fields.guild_id.is_missing() {
        return Some(None);
    }
    let (guild, member): (GuildId, MemberFields) = (fields.guild_id.id()?, fields.member.object());
    let emoji: EmojiFields = fields.emoji.object();
    Some(Some(Event::ReactionAdded {
        guild,
        channel: fields.channel_id.id()?,
        message: fields.message_id.id()?,
        author: author(guild, member.user.object(), &member)?,
        roles: ids(member.roles),
        emoji: emoji.name.text().unwrap_or_default().into_owned(),
    }))
}

fn gone(fields: &DeletedFields<'_>, messages: Vec<MessageId>) -> Reading {
    if fields.guild_id.is_missing() {
        return Some(None);
    }
    let (guild, channel): (GuildId, ChannelId) = (fields.guild_id.id()?, fields.channel_id.id()?);
    Some(Some(Event::MessagesDeleted { guild, channel, messages }))
}
