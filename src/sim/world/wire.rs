//! How the world's things look in JSON, as Discord writes them.
//!
//! Shapes follow Discord's published API description (version 10) and its gateway documentation.

use serde_json::{Value, json};

use crate::model::{Timestamp, UserId};

use super::World;
use super::state::{Attachment, AuditEntry, Channel, Guild, Member, Message, Overwrite, Role, User, channel_kind};

/// A moment as Discord writes it: microseconds and an offset.
pub fn moment(at: Timestamp) -> String {
    at.utc().format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
}

/// A user, as other users see them.
pub fn user(user: &User) -> Value {
    let mut json = json!({
        "id": user.id, "username": user.username, "global_name": user.global_name, "avatar": user.avatar,
        "discriminator": if user.bot { "4242" } else { "0" }, "public_flags": 0, "flags": 0,
        "avatar_decoration_data": null, "collectibles": null, "primary_guild": null, "clan": null,
        "banner": null, "accent_color": null,
    });
    if user.bot {
        json["bot"] = true.into();
    }
    json
}

/// A member without the user, as messages and voice states carry them.
pub fn member_part(member: &Member) -> Value {
    json!({
        "roles": member.roles, "nick": member.nick, "joined_at": moment(member.joined_at), "avatar": member.avatar,
        "banner": null, "premium_since": null, "pending": member.pending, "flags": 0,
        "mute": member.voice.as_ref().is_some_and(|voice| voice.flags.mute),
        "deaf": member.voice.as_ref().is_some_and(|voice| voice.flags.deaf),
        "communication_disabled_until": member.timed_out_until.map(moment),
    })
}

pub fn role(role: &Role) -> Value {
    let mut json = json!({
        "id": role.id, "name": role.name, "position": role.position, "permissions": role.permissions,
        "color": role.colour, "hoist": role.hoist, "mentionable": role.mentionable, "managed": role.managed,
        "colors": {"primary_color": role.colour, "secondary_color": null, "tertiary_color": null},
        "icon": null, "unicode_emoji": null, "description": null, "flags": 0,
    });
    if let Some(bot) = role.bot {
        json["tags"] = json!({"bot_id": bot});
    }
    json
}

pub fn overwrites(channel: &Channel) -> Vec<Value> {
    let one = |(id, overwrite): (&u64, &Overwrite)| {
        let kind = u8::from(overwrite.for_member);
        json!({"id": id.to_string(), "type": kind, "allow": overwrite.allow, "deny": overwrite.deny})
    };
    channel.overwrites.iter().map(one).collect()
}

pub fn attachment(attachment: &Attachment, channel: &Channel) -> Value {
    let url = format!("/attachments/{}/{}/{}", channel.id, attachment.id, attachment.filename);
    json!({
        "id": attachment.id.to_string(), "filename": attachment.filename, "size": attachment.bytes.len(),
        "content_type": attachment.content_type, "description": attachment.description, "url": url, "proxy_url": url,
        "flags": 0,
    })
}

pub fn audit_entry(entry: &AuditEntry) -> Value {
    let mut json = json!({
        "id": entry.id.to_string(), "action_type": entry.action, "user_id": entry.actor,
        "target_id": entry.target.map(|id| id.to_string()), "changes": entry.changes,
    });
    if let Some(reason) = &entry.reason {
        json["reason"] = reason.as_str().into();
    }
    if let Some(options) = &entry.options {
        json["options"] = options.clone();
    }
    json
}

impl World {
    /// A user by id; a webhook or a user of long ago becomes a stub.
    pub(in crate::sim) fn user_json(&self, id: UserId) -> Value {
        match self.users.get(&id) {
            Some(known) => user(known),
            None => json!({"id": id, "username": "deleted_user", "global_name": null, "avatar": null,
                "discriminator": "0", "public_flags": 0, "flags": 0, "primary_guild": null}),
        }
    }

    /// A member with their user.
    pub(in crate::sim) fn member_json(&self, member: &Member) -> Value {
        let mut json = member_part(member);
        json["user"] = self.user_json(member.user);
        json
    }

    pub(in crate::sim) fn channel_json(&self, channel: &Channel) -> Value {
        let mut json = json!({"id": channel.id, "type": channel.kind, "flags": 0});
        let set = &mut json;
        if let Some(recipient) = channel.recipient {
            set["recipients"] = json!([self.user_json(recipient)]);
            set["last_message_id"] = json!(channel.last_message);
            return json;
        }
        set["guild_id"] = json!(channel.guild);
        set["name"] = channel.name.as_str().into();
        set["parent_id"] = json!(channel.parent);
        set["permission_overwrites"] = overwrites(channel).into();
        set["position"] = channel.position.into();
        set["nsfw"] = false.into();
        if channel.kind != channel_kind::CATEGORY {
            set["last_message_id"] = json!(channel.last_message);
            set["rate_limit_per_user"] = channel.slowmode_seconds.into();
            set["topic"] = json!(channel.topic);
        }
        if channel.is_voice() {
            set["bitrate"] = 64_000.into();
            set["user_limit"] = 0.into();
            set["rtc_region"] = Value::Null;
        }
        if channel.is_thread() {
            set["owner_id"] = json!(channel.owner);
            set["message_count"] = channel.messages.len().into();
            set["member_count"] = 1.into();
            set["thread_metadata"] = json!({"archived": channel.archived, "locked": channel.locked,
                "auto_archive_duration": 1440, "archive_timestamp": moment(channel.id.time())});
        }
        json
    }

    /// A guild as REST gives it.
    pub(in crate::sim) fn guild_json(&self, guild: &Guild) -> Value {
        json!({
            "id": guild.id, "name": guild.name, "owner_id": guild.owner, "icon": null, "description": null,
            "home_header": null, "splash": null, "discovery_splash": null, "banner": null, "features": [],
            "application_id": null, "region": "deprecated", "afk_channel_id": guild.afk_channel, "afk_timeout": 300,
            "system_channel_id": guild.system_channel, "system_channel_flags": 0, "widget_enabled": false,
            "widget_channel_id": null, "verification_level": 1, "default_message_notifications": 1, "mfa_level": 0,
            "explicit_content_filter": 2, "max_presences": null, "max_members": 500_000,
            "max_stage_video_channel_users": 50, "max_video_channel_users": 25, "vanity_url_code": null,
            "premium_tier": 0, "premium_subscription_count": 0, "preferred_locale": "en-US",
            "rules_channel_id": null, "safety_alerts_channel_id": null, "public_updates_channel_id": null,
            "premium_progress_bar_enabled": false, "nsfw": false, "nsfw_level": 0, "emojis": [], "stickers": [],
            "incidents_data": null, "roles": guild.roles.values().map(role).collect::<Vec<_>>(),
        })
    }

    /// A guild as GUILD_CREATE brings it, with the members that this session is to be told of.
    pub(in crate::sim) fn guild_create_json(&self, guild: &Guild, intents: u64, large_threshold: usize) -> Value {
        let mut json = self.guild_json(guild);
        let everyone = intents & super::events::intent::GUILD_PRESENCES != 0;
        let large = guild.members.len() > large_threshold;
        let told = |member: &&Member| {
            member.user == self.me || member.voice.is_some() || everyone && (!large || member.status != "offline")
        };
        let members: Vec<_> = guild.members.values().filter(told).map(|member| self.member_json(member)).collect();
        let channels = guild.channels.iter().filter_map(|id| self.channels.get(id));
        let (threads, channels): (Vec<_>, Vec<_>) = channels.partition(|channel| channel.is_thread());
        let present = guild.members.values().filter(|member| everyone && member.status != "offline");
        json["members"] = members.into();
        json["channels"] = channels.into_iter().map(|channel| self.channel_json(channel)).collect();
        json["threads"] =
            threads.into_iter().filter(|thread| !thread.archived).map(|thread| self.channel_json(thread)).collect();
        json["presences"] = present.map(presence).collect();
        json["voice_states"] = guild.members.values().filter_map(|member| voice_state(guild, member)).collect();
        json["member_count"] = guild.members.len().into();
        json["large"] = large.into();
        json["joined_at"] = guild.members.get(&self.me).map_or(Value::Null, |me| moment(me.joined_at).into());
        json["unavailable"] = false.into();
        json["stage_instances"] = json!([]);
        json["guild_scheduled_events"] = json!([]);
        json["soundboard_sounds"] = json!([]);
        json
    }

    /// A message as REST gives it.
    pub(in crate::sim) fn message_json(&self, message: &Message) -> Value {
        let Some(channel) = self.channels.get(&message.channel) else { return Value::Null };
        let files: Vec<_> = message.attachments.iter().map(|file| attachment(file, channel)).collect();
        let mut json = json!({
            "id": message.id, "channel_id": message.channel, "type": message.kind, "content": message.content,
            "timestamp": moment(message.id.time()), "edited_timestamp": message.edited.map(moment),
            "tts": message.tts, "mention_everyone": message.pings.everyone, "mention_roles": message.pings.roles,
            "mentions": self.mentioned(message).map(|id| self.user_json(id)).collect::<Vec<_>>(),
            "attachments": files, "embeds": message.embeds, "components": message.components,
            "pinned": message.pinned, "flags": message.flags, "author": self.author_json(message),
        });
        if let Some(nonce) = &message.nonce {
            json["nonce"] = nonce.clone();
        }
        if let Some(webhook) = &message.webhook {
            json["webhook_id"] = webhook.id.to_string().into();
        }
        if !message.reactions.is_empty() {
            json["reactions"] = message.reactions.iter().map(|(emoji, users)| self.reaction(emoji, users)).collect();
        }
        if let Some(target) = message.reply_to {
            json["message_reference"] = json!({"type": 0, "message_id": target, "channel_id": message.channel,
                "guild_id": message.guild});
            let original = channel.message(target).map(|original| self.message_json_flat(original));
            json["referenced_message"] = original.unwrap_or(Value::Null);
        }
        self.add_interaction(&mut json, message);
        self.add_use_elsewhere(&mut json, message);
        json
    }

    /// A message without what it replies to, as it appears inside a reply.
    fn message_json_flat(&self, message: &Message) -> Value {
        let alone = Message { reply_to: None, ..message.clone() };
        self.message_json(&alone)
    }

    fn author_json(&self, message: &Message) -> Value {
        match &message.webhook {
            Some(webhook) if message.interaction.is_none() => json!({"id": webhook.id.to_string(),
                "username": webhook.name, "avatar": null, "discriminator": "0000", "public_flags": 0, "flags": 0,
                "bot": true, "global_name": null, "primary_guild": null}),
            _ => self.user_json(message.author),
        }
    }

    fn mentioned<'a>(&'a self, message: &'a Message) -> impl Iterator<Item = UserId> + 'a {
        let channel = self.channels.get(&message.channel);
        let target = message.reply_to.filter(|_| message.pings.replied_user);
        let replied = target.and_then(|id| channel?.message(id)).map(|original| original.author);
        let named = message.pings.users.iter().copied();
        named.chain(replied.filter(|user| !message.pings.users.contains(user)))
    }

    fn reaction(&self, emoji: &str, users: &[UserId]) -> Value {
        json!({"emoji": {"id": null, "name": emoji}, "count": users.len(), "me": users.contains(&self.me),
            "me_burst": false, "burst_me": false, "burst_count": 0, "burst_colors": [],
            "count_details": {"normal": users.len(), "burst": 0}})
    }

    fn add_interaction(&self, json: &mut Value, message: &Message) {
        let Some(interaction) = message.interaction.and_then(|id| self.interactions.get(&id)) else { return };
        json["application_id"] = json!(self.application);
        if let Some(message) = interaction.pressed_below {
            json["interaction_metadata"] = json!({"id": interaction.id.0.to_string(), "type": 3,
                "user": self.user_json(interaction.user), "interacted_message_id": message,
                "authorizing_integration_owners": {"0": interaction.guild}});
            return;
        }
        json["interaction"] = json!({"id": interaction.id.0.to_string(), "type": 2, "name": interaction.command,
            "user": self.user_json(interaction.user)});
        json["interaction_metadata"] = json!({"id": interaction.id.0.to_string(), "type": 2,
            "name": interaction.command, "user": self.user_json(interaction.user),
            "authorizing_integration_owners": {"0": interaction.guild}});
    }

    /// A message as the gateway brings it: with its guild and the author's member.
    pub(in crate::sim) fn message_event_json(&self, message: &Message) -> Value {
        let mut json = self.message_json(message);
        json["channel_type"] = self.channels.get(&message.channel).map_or(0, |channel| channel.kind).into();
        let Some(guild) = message.guild.and_then(|id| self.guilds.get(&id)) else { return json };
        json["guild_id"] = json!(guild.id);
        let is_hook = message.webhook.is_some() && message.interaction.is_none();
        if let Some(member) = guild.members.get(&message.author).filter(|_| !is_hook) {
            json["member"] = member_part(member);
        }
        if let Some(mentions) = json["mentions"].as_array_mut() {
            for (mention, id) in mentions.iter_mut().zip(self.mentioned(message)) {
                if let Some(member) = guild.members.get(&id) {
                    mention["member"] = member_part(member);
                }
            }
        }
        json
    }

    /// The member part of an interaction: with what they may do in that channel.
    pub(in crate::sim) fn interaction_member_json(&self, member: &Member, channel: &Channel) -> Value {
        let mut json = self.member_json(member);
        json["permissions"] = self.permissions_in(member.user, channel).to_string().into();
        json["unusual_dm_activity_until"] = Value::Null;
        json
    }
}

/// Whether and how a member is there.
pub fn presence(member: &Member) -> Value {
    let client = if member.status == "offline" { json!({}) } else { json!({"desktop": member.status}) };
    json!({"user": {"id": member.user}, "status": member.status, "activities": member.activities,
        "client_status": client})
}

/// A member's voice state, if they are in voice.
pub fn voice_state(guild: &Guild, member: &Member) -> Option<Value> {
    let voice = member.voice.as_ref()?;
    Some(voice_state_of(guild, member, Some(voice)))
}

/// A voice state; `voice` is none for somebody who just left.
pub fn voice_state_of(guild: &Guild, member: &Member, voice: Option<&super::state::Voice>) -> Value {
    let flags = voice.map(|voice| voice.flags).unwrap_or_default();
    json!({
        "guild_id": guild.id, "user_id": member.user, "channel_id": voice.map(|voice| voice.channel),
        "session_id": voice.map_or("", |voice| voice.session.as_str()), "mute": flags.mute, "deaf": flags.deaf,
        "self_mute": flags.self_mute, "self_deaf": flags.self_deaf, "self_stream": flags.self_stream,
        "self_video": flags.self_video, "suppress": flags.suppress, "request_to_speak_timestamp": null,
    })
}
