//! The bot's own messages: create, edit, delete.

use std::time::Duration;

use serde_json::Value;

use crate::model::{ChannelId, MessageId, UserId};

use super::message_form::{self, Draft};
use super::{ApiError, Call, Outcome, Reply, World};
use crate::sim::world::Message;
use crate::sim::world::permissions::{
    ATTACH_FILES, EMBED_LINKS, MANAGE_MESSAGES, MENTION_EVERYONE, READ_MESSAGE_HISTORY, SEND_MESSAGES,
    SEND_MESSAGES_IN_THREADS, VIEW_CHANNEL,
};
use crate::sim::world::state::{Attachment, AuditEntry, Edit, message_flag};

/// How long Discord remembers the nonces of a sender ("the past few minutes").
const NONCE_KEPT: Duration = Duration::from_secs(5 * 60);

pub(super) fn create(world: &mut World, call: &Call) -> Outcome {
    let channel: ChannelId = call.id(0, "channel_id")?;
    let held = world.may_write_in(channel)?;
    let draft = message_form::read(&call.json)?;
    if draft.is_empty() && call.files.is_empty() {
        return Err(ApiError::EMPTY_MESSAGE);
    }
    let embeds = draft.embeds.as_ref().is_some_and(|embeds| !embeds.is_empty());
    if embeds && held & EMBED_LINKS == 0 || !call.files.is_empty() && held & ATTACH_FILES == 0 {
        return Err(ApiError::MISSING_PERMISSIONS);
    }
    let nonce = draft.nonce.as_ref().map(Value::to_string);
    if let Some(old) = nonce.as_deref().filter(|_| call.json["enforce_nonce"] == true).and_then(|n| world.said_with(n))
    {
        return Ok(Reply::Json(old));
    }
    let reply_to = world.reply_target(channel, &call.json["message_reference"], held)?;
    let id: MessageId = world.id();
    let message = world.compose(id, channel, draft, reply_to, held & MENTION_EVERYONE != 0, false);
    let message = Message { attachments: world.keep_files(call), ..message };
    if let Some(nonce) = nonce {
        let now = world.clock.monotonic();
        world.nonces.push_back((now, nonce, channel, id));
    }
    world.insert_message(message);
    world.found_message(channel, id).map(Reply::Json)
}

pub(super) fn edit(world: &mut World, call: &Call) -> Outcome {
    let (channel, id) = world.message_of(call)?;
    let draft = message_form::read(&call.json)?;
    let message = world.channels.get(&channel).and_then(|c| c.message(id)).ok_or(ApiError::UNKNOWN_MESSAGE)?;
    if message.author != world.me {
        return Err(ApiError::OTHERS_MESSAGE);
    }
    let held = world.channels.get(&channel).map_or(0, |known| world.permissions_in(world.me, known));
    world.change_message(channel, id, draft, held & MENTION_EVERYONE != 0, false)?;
    world.found_message(channel, id).map(Reply::Json)
}

pub(super) fn delete(world: &mut World, call: &Call) -> Outcome {
    let (channel, id) = world.message_of(call)?;
    let known = world.channels.get(&channel).ok_or(ApiError::UNKNOWN_CHANNEL)?;
    let message = known.message(id).ok_or(ApiError::UNKNOWN_MESSAGE)?;
    let (author, guild) = (message.author, known.guild);
    let own = author == world.me;
    if !own && guild.is_none() {
        return Err(ApiError::NOT_IN_DM);
    }
    if !own && world.permissions_in(world.me, known) & MANAGE_MESSAGES == 0 {
        return Err(ApiError::MISSING_PERMISSIONS);
    }
    if let Some(message) = world.remove_message(channel, id) {
        world.dispatch_deletion(&message);
    }
    if let Some(guild) = guild.filter(|_| !own) {
        world.audit(guild, AuditEntry::by(world.me, 72, author.get(), call.reason.clone()));
    }
    Ok(Reply::NoContent)
}

impl AuditEntry {
    /// A line without changes.
    pub(in crate::sim) fn by(actor: UserId, action: u32, target: u64, reason: Option<String>) -> Self {
        Self { id: 0, action, actor, target: Some(target), reason, changes: Vec::new(), options: None }
    }
}

impl World {
    /// What the bot may do in a channel that it wants to write in, or why it may not write there.
    pub(super) fn may_write_in(&self, id: ChannelId) -> Result<u64, ApiError> {
        let held = self.may_see(id)?;
        let channel = self.channels.get(&id).ok_or(ApiError::UNKNOWN_CHANNEL)?;
        if let Some(recipient) = channel.recipient {
            let user = self.users.get(&recipient).ok_or(ApiError::UNKNOWN_USER)?;
            if !self.shares_guild_with_me(recipient) {
                return Err(ApiError::NO_MUTUAL_GUILDS);
            }
            return if user.dms_open && !user.bot { Ok(held) } else { Err(ApiError::DMS_CLOSED) };
        }
        if !channel.takes_text() {
            return Err(ApiError::NOT_A_TEXT_CHANNEL);
        }
        let needed = if channel.is_thread() { SEND_MESSAGES_IN_THREADS } else { SEND_MESSAGES };
        if held & needed == 0 {
            return Err(ApiError::MISSING_PERMISSIONS);
        }
        if channel.archived && channel.locked {
            return Err(ApiError::THREAD_ARCHIVED);
        }
        Ok(held)
    }

    /// What the bot may do in a channel, provided that it exists and the bot can see it.
    pub(super) fn may_see(&self, id: ChannelId) -> Result<u64, ApiError> {
        let channel = self.channels.get(&id).ok_or(ApiError::UNKNOWN_CHANNEL)?;
        if channel.guild.is_some_and(|guild| !self.guilds.get(&guild).is_some_and(|g| g.members.contains_key(&self.me)))
        {
            return Err(ApiError::MISSING_ACCESS);
        }
        let held = self.permissions_in(self.me, channel);
        if held & VIEW_CHANNEL == 0 { Err(ApiError::MISSING_ACCESS) } else { Ok(held) }
    }

    /// The channel and message that a path names, provided that the bot can see the channel.
    pub(super) fn message_of(&self, call: &Call) -> Result<(ChannelId, MessageId), ApiError> {
        let channel: ChannelId = call.id(0, "channel_id")?;
        let id: MessageId = call.id(1, "message_id")?;
        let held = self.may_see(channel)?;
        let message = self.channels.get(&channel).and_then(|known| known.message(id));
        let message = message.filter(|message| message.only_for.is_none()).ok_or(ApiError::UNKNOWN_MESSAGE)?;
        if message.author != self.me && held & READ_MESSAGE_HISTORY == 0 {
            return Err(ApiError::MISSING_ACCESS);
        }
        Ok((channel, id))
    }

    /// A message as JSON.
    pub(super) fn found_message(&self, channel: ChannelId, id: MessageId) -> Result<Value, ApiError> {
        let message = self.channels.get(&channel).and_then(|known| known.message(id));
        message.map(|message| self.message_json(message)).ok_or(ApiError::UNKNOWN_MESSAGE)
    }

    /// The message that the bot sent with this nonce a short while ago, if it still stands.
    fn said_with(&mut self, nonce: &str) -> Option<Value> {
        let now = self.clock.monotonic();
        while self.nonces.front().is_some_and(|(at, ..)| *at + NONCE_KEPT <= now) {
            self.nonces.pop_front();
        }
        let known = self.nonces.iter().find(|(_, known, ..)| known == nonce);
        known.and_then(|(_, _, channel, id)| self.found_message(*channel, *id).ok())
    }

    fn reply_target(&self, channel: ChannelId, to: &Value, held: u64) -> Result<Option<MessageId>, ApiError> {
        if to.is_null() {
            return Ok(None);
        }
        let id = to["message_id"].as_u64().or_else(|| to["message_id"].as_str()?.parse().ok());
        let id = id.and_then(|id| MessageId::new(id).ok());
        if held & READ_MESSAGE_HISTORY == 0 {
            return Err(ApiError::NO_HISTORY);
        }
        let target = id.filter(|id| self.channels.get(&channel).is_some_and(|known| known.message(*id).is_some()));
        match target {
            Some(target) => Ok(Some(target)),
            None if to["fail_if_not_exists"] == false => Ok(None),
            None => Err(ApiError::form("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")),
        }
    }

    /// Makes the bot's message out of a draft: whom it pings, as what it counts.
    pub(super) fn compose(
        &self,
        id: MessageId,
        channel: ChannelId,
        draft: Draft,
        reply_to: Option<MessageId>,
        pings_everyone: bool,
        users_only: bool,
    ) -> Message {
        use crate::sim::world::{Rights, pings};
        let guild = self.channels.get(&channel).and_then(|known| known.guild);
        let home = guild.and_then(|guild| self.guilds.get(&guild));
        let content = draft.content.unwrap_or_default();
        let rights = Rights { everyone: pings_everyone, users_only };
        let pinged = pings(&content, draft.allowed_mentions.as_ref(), &rights, home, reply_to.is_some());
        let known_flags = message_flag::SUPPRESS_EMBEDS | message_flag::SUPPRESS_NOTIFICATIONS;
        let kind = if reply_to.is_some() { 19 } else { 0 };
        Message {
            embeds: draft.embeds.unwrap_or_default(),
            components: draft.components.unwrap_or_default(),
            allowed_mentions: draft.allowed_mentions,
            flags: draft.flags & known_flags,
            tts: draft.tts,
            nonce: draft.nonce,
            reply_to,
            pings: pinged,
            ..Message::plain(id, channel, guild, self.me, &content, kind)
        }
    }

    /// Keeps the files of a form.
    pub(super) fn keep_files(&mut self, call: &Call) -> Vec<Attachment> {
        let mut kept = Vec::new();
        for file in &call.files {
            // A first answer to an interaction has its message below `data`.
            let listed = call.json["attachments"].as_array().or_else(|| call.json["data"]["attachments"].as_array());
            let entry = listed
                .into_iter()
                .flatten()
                .find(|entry| entry["id"].as_u64().or_else(|| entry["id"].as_str()?.parse().ok()) == Some(file.index));
            let said = |what: &str| entry.and_then(|entry| entry[what].as_str());
            kept.push(Attachment {
                id: self.id::<MessageId>().get(),
                filename: said("filename").unwrap_or(&file.filename).to_owned(),
                content_type: file.content_type.clone(),
                description: said("description").map(str::to_owned),
                bytes: file.bytes.clone().into(),
            });
        }
        kept
    }

    /// Changes a message of the bot's. New content is read for mentions anew: by the rules of this edit alone.
    pub(super) fn change_message(
        &mut self,
        channel: ChannelId,
        id: MessageId,
        draft: Draft,
        pings_everyone: bool,
        users_only: bool,
    ) -> Result<(), ApiError> {
        let now = self.clock.now();
        let old = self.channels.get(&channel).and_then(|c| c.message(id)).ok_or(ApiError::UNKNOWN_MESSAGE)?.clone();
        let content = draft.content.clone().unwrap_or_else(|| old.content.clone());
        let embeds = draft.embeds.clone().unwrap_or_else(|| old.embeds.clone());
        let components = draft.components.clone().unwrap_or_else(|| old.components.clone());
        if content.trim().is_empty() && embeds.is_empty() && components.is_empty() && old.attachments.is_empty() {
            return Err(ApiError::EMPTY_MESSAGE);
        }
        let reread = draft.content.is_some() || draft.allowed_mentions.is_some();
        let again = Draft { content: Some(content.clone()), ..draft };
        let fresh = self.compose(id, channel, again, old.reply_to, pings_everyone, users_only);
        let Some(message) = self.channels.get_mut(&channel).and_then(|c| c.message_mut(id)) else { return Ok(()) };
        if message.is_loading() {
            message.flags &= !message_flag::LOADING;
        } else {
            message.edits.push(Edit { content: old.content, embeds: old.embeds });
            message.edited = Some(now);
        }
        if reread {
            message.pings = fresh.pings;
            message.allowed_mentions = fresh.allowed_mentions;
        }
        (message.content, message.embeds, message.components) = (content, embeds, components);
        self.dispatch_message("MESSAGE_UPDATE", channel, id);
        self.touch();
        Ok(())
    }
}
