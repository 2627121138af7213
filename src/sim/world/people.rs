//! What people do with their messages: write, edit, delete, react.
//!
//! A person is held to the same rules as at Discord; what their client would refuse is [`Impossible`] here.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::{ChannelId, MessageId, UserId};

use super::events::intent;
use super::mentions::{Rights, pings};
use super::permissions::{
    ADD_REACTIONS, ATTACH_FILES, EVERY, MANAGE_MESSAGES, MENTION_EVERYONE, SEND_MESSAGES, SEND_MESSAGES_IN_THREADS,
    VIEW_CHANNEL,
};
use super::state::{Attachment, Edit, Message, Pings, Webhook};
use super::{Impossible, World, wire};

/// The most characters of a person's message.
const CONTENT_CHARS_MAX: usize = 2_000;

/// How a message is written, beyond its text.
#[derive(Debug, Clone, Default)]
pub struct SayOptions {
    pub reply_to: Option<MessageId>,
    /// Discord's message type, for one that the system writes (7 a join, 8 a boost, 6 a pin …); such are not checked.
    pub kind: Option<u8>,
    /// Written by a webhook of this name rather than by the member.
    pub webhook: Option<String>,
    pub embeds: Vec<Value>,
    /// Names of files that come with it.
    pub files: Vec<String>,
    pub flags: u64,
    pub tts: bool,
}

impl SayOptions {
    /// A reply to a message.
    pub fn reply(to: MessageId) -> Self {
        Self { reply_to: Some(to), ..Self::default() }
    }

    /// A message of the system's.
    pub fn system(kind: u8) -> Self {
        Self { kind: Some(kind), ..Self::default() }
    }

    /// Written by a webhook.
    pub fn webhook(name: &str) -> Self {
        Self { webhook: Some(name.to_owned()), ..Self::default() }
    }
}

impl World {
    /// A member writes a message.
    pub fn say(
        &mut self,
        channel: ChannelId,
        member: UserId,
        text: &str,
        options: SayOptions,
    ) -> Result<MessageId, Impossible> {
        let free = options.webhook.is_some() || options.kind.is_some();
        if !free {
            self.may_write(channel, member, text, &options)?;
        }
        let known = self.channels.get(&channel).ok_or_else(|| Impossible("there is no such channel".to_owned()))?;
        let held = if free { EVERY } else { self.permissions_in(member, known) };
        let guild = known.guild;
        let home = guild.and_then(|id| self.guilds.get(&id));
        let rights = Rights { everyone: held & MENTION_EVERYONE != 0, users_only: false };
        let pinged = pings(text, None, &rights, home, options.reply_to.is_some());
        let kind = options.kind.unwrap_or(if options.reply_to.is_some() { 19 } else { 0 });
        let id: MessageId = self.id();
        let nonce = (!free).then(|| json!(id.get().wrapping_sub(1 << 23).to_string()));
        let webhook = options.webhook.map(|name| Webhook { id: channel.get() ^ 1, name });
        let attachments = options.files.into_iter().map(|name| self.empty_file(name)).collect();
        let message = Message {
            webhook,
            embeds: options.embeds,
            attachments,
            flags: options.flags,
            tts: options.tts,
            nonce,
            reply_to: options.reply_to,
            pings: pinged,
            ..Message::plain(id, channel, guild, member, text, kind)
        };
        self.insert_message(message);
        Ok(id)
    }

    fn empty_file(&mut self, filename: String) -> Attachment {
        let id = self.id::<MessageId>().get();
        Attachment { id, filename, content_type: None, description: None, bytes: Vec::new().into() }
    }

    fn may_write(&self, id: ChannelId, member: UserId, text: &str, options: &SayOptions) -> Result<(), Impossible> {
        let Some(channel) = self.channels.get(&id) else { return Impossible::because("there is no such channel") };
        if !channel.takes_text() {
            return Impossible::because("nobody can write in a category");
        }
        let held = self.permissions_in(member, channel);
        let needed = if channel.is_thread() { SEND_MESSAGES_IN_THREADS } else { SEND_MESSAGES };
        if held & VIEW_CHANNEL == 0 {
            return Impossible::because("they cannot see this channel");
        }
        if held & needed == 0 {
            return Impossible::because("you do not have permission to send messages in this channel");
        }
        if !options.files.is_empty() && held & ATTACH_FILES == 0 {
            return Impossible::because("you do not have permission to attach files in this channel");
        }
        if channel.is_thread() && channel.locked && held & MANAGE_MESSAGES == 0 {
            return Impossible::because("this thread is locked");
        }
        if text.chars().count() > CONTENT_CHARS_MAX {
            return Impossible::because("your message is too long");
        }
        if text.trim().is_empty() && options.files.is_empty() && options.embeds.is_empty() {
            return Impossible::because("an empty message cannot be sent");
        }
        match options.reply_to {
            Some(target) if channel.message(target).is_none() => {
                Impossible::because("the message to reply to is not there")
            }
            _ => Ok(()),
        }
    }

    /// Puts a message into its channel and tells of it.
    pub(in crate::sim) fn insert_message(&mut self, message: Message) {
        let (channel, id) = (message.channel, message.id);
        let history_max = self.config.history_max;
        let Some(known) = self.channels.get_mut(&channel) else { return };
        if message.only_for.is_none() {
            known.last_message = Some(id);
        }
        known.messages.push_back(message);
        if known.messages.len() > history_max {
            known.messages.pop_front();
        }
        self.dispatch_message("MESSAGE_CREATE", channel, id);
        self.touch();
    }

    /// A member changes a message of their own.
    pub fn edit_message(&mut self, channel: ChannelId, id: MessageId, text: &str) -> Result<(), Impossible> {
        let now = self.clock.now();
        let message = self.channels.get_mut(&channel).and_then(|c| c.message_mut(id));
        let Some(message) = message else { return Impossible::because("there is no such message") };
        message.edits.push(Edit { content: std::mem::take(&mut message.content), embeds: message.embeds.clone() });
        message.content = text.to_owned();
        message.edited = Some(now);
        self.dispatch_message("MESSAGE_UPDATE", channel, id);
        Ok(())
    }

    /// Deletes a message.
    pub fn delete_message(&mut self, channel: ChannelId, id: MessageId) -> Result<(), Impossible> {
        match self.remove_message(channel, id) {
            Some(message) => {
                self.dispatch_deletion(&message);
                Ok(())
            }
            None => Impossible::because("there is no such message"),
        }
    }

    /// Takes a message out of its channel, without telling of it.
    pub(in crate::sim) fn remove_message(&mut self, channel: ChannelId, id: MessageId) -> Option<Message> {
        let history_max = self.config.history_max;
        let known = self.channels.get_mut(&channel)?;
        let at = known.messages.binary_search_by_key(&id, |message| message.id).ok()?;
        let message = known.messages.remove(at)?;
        known.deleted.push_back(message.clone());
        if known.deleted.len() > history_max {
            known.deleted.pop_front();
        }
        self.touch();
        Some(message)
    }

    pub(in crate::sim) fn dispatch_deletion(&mut self, message: &Message) {
        if message.only_for.is_some() || !self.sees_channel(message.channel) {
            return;
        }
        let needs = if message.guild.is_some() { intent::GUILD_MESSAGES } else { intent::DIRECT_MESSAGES };
        let mut json = json!({"id": message.id, "channel_id": message.channel});
        if let Some(guild) = message.guild {
            json["guild_id"] = json!(guild);
        }
        self.dispatch("MESSAGE_DELETE", needs, &json);
    }

    /// A member reacts to a message with an emoji.
    pub fn react(&mut self, channel: ChannelId, id: MessageId, member: UserId, emoji: &str) -> Result<(), Impossible> {
        let Some(known) = self.channels.get(&channel) else { return Impossible::because("there is no such channel") };
        if self.permissions_in(member, known) & ADD_REACTIONS == 0 {
            return Impossible::because("they may not react here");
        }
        let guild = known.guild;
        let message = self.channels.get_mut(&channel).and_then(|c| c.message_mut(id));
        let Some(message) = message else { return Impossible::because("there is no such message") };
        let author = message.author;
        let users = message.reactions.entry(emoji.to_owned()).or_default();
        if users.contains(&member) {
            return Ok(());
        }
        users.push(member);
        let home = guild.and_then(|id| self.guilds.get(&id)).and_then(|home| home.members.get(&member));
        let json = json!({"user_id": member, "channel_id": channel, "message_id": id, "guild_id": guild,
            "message_author_id": author, "emoji": {"id": null, "name": emoji}, "type": 0, "burst": false,
            "member": home.map(|known| self.member_json(known))});
        if self.sees_channel(channel) {
            self.dispatch("MESSAGE_REACTION_ADD", intent::GUILD_MESSAGE_REACTIONS, &json);
        }
        self.touch();
        Ok(())
    }

    /// A member begins to type.
    pub fn start_typing(&mut self, channel: ChannelId, member: UserId) {
        let Some(known) = self.channels.get(&channel) else { return };
        let (guild, at) = (known.guild, self.clock.now());
        let home = guild.and_then(|id| self.guilds.get(&id)).and_then(|home| home.members.get(&member));
        let json = json!({"channel_id": channel, "guild_id": guild, "user_id": member, "timestamp": at.seconds(),
            "member": home.map(|known| self.member_json(known))});
        if self.sees_channel(channel) {
            self.dispatch("TYPING_START", intent::GUILD_MESSAGE_TYPING, &json);
        }
    }

    /// A person writes to the bot in private.
    pub fn whisper(&mut self, user: UserId, text: &str) -> Result<MessageId, Impossible> {
        let channel = self.direct_channel(user);
        self.say(channel, user, text, SayOptions::default())
    }

    /// A person opens or closes their direct messages.
    pub fn set_dms_open(&mut self, user: UserId, open: bool) {
        if let Some(user) = self.users.get_mut(&user) {
            user.dms_open = open;
        }
        self.touch();
    }

    /// What a member did with their presence, who does nothing besides.
    pub fn set_presence(&mut self, member: UserId, status: &str) {
        self.set_presence_with(member, status, &[]);
    }

    /// The same of somebody who does something, or says so: activities as Discord writes them.
    pub fn set_presence_with(&mut self, member: UserId, status: &str, activities: &[Value]) {
        let activities = if status == "offline" { &[] } else { activities };
        let mut told = Vec::new();
        for guild in self.guilds.values_mut() {
            if let Some(known) = guild.members.get_mut(&member) {
                known.status = status.to_owned();
                known.activities = activities.to_vec();
                let mut json = wire::presence(known);
                json["guild_id"] = json!(guild.id);
                told.push((guild.id, json));
            }
        }
        for (guild, json) in told {
            if self.sees_guild(guild) {
                self.dispatch("PRESENCE_UPDATE", intent::GUILD_PRESENCES, &json);
            }
        }
        self.touch();
    }
}

impl Message {
    /// A message with nothing but a text.
    pub(in crate::sim) fn plain(
        id: MessageId,
        channel: ChannelId,
        guild: Option<crate::model::GuildId>,
        author: UserId,
        text: &str,
        kind: u8,
    ) -> Self {
        Self {
            id,
            channel,
            guild,
            author,
            webhook: None,
            content: text.to_owned(),
            embeds: Vec::new(),
            components: Vec::new(),
            attachments: Vec::new(),
            kind,
            flags: 0,
            tts: false,
            pinned: false,
            nonce: None,
            allowed_mentions: None,
            reply_to: None,
            pings: Pings::default(),
            edited: None,
            edits: Vec::new(),
            interaction: None,
            used_elsewhere: None,
            only_for: None,
            reactions: BTreeMap::new(),
        }
    }
}
