//! Reading the world: what a test or the page asks it. Nothing here changes anything.

use std::time::Duration;

use serde_json::Value;

use crate::model::{ChannelId, GuildId, RoleId, Timestamp, UserId};

use super::World;
use super::permissions::VIEW_CHANNEL;
use super::state::{AuditEntry, Channel, Guild, Interaction, InteractionId, Member, Message, User};

/// A request that was answered.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    /// Without the query.
    pub path: String,
    pub query: String,
    pub status: u16,
    /// Discord's JSON error code; 0 without.
    pub code: u64,
    /// On the world's clock.
    pub at: Timestamp,
    pub monotonic: Duration,
    /// `X-Audit-Log-Reason`, decoded.
    pub reason: Option<String>,
    /// The JSON that was sent (of a form with files: its `payload_json`); null without.
    pub body: Value,
}

/// What became of an interaction.
#[derive(Debug, Clone)]
pub struct Answered {
    /// Discord's callback type: 4 a message at once, 5 first "is thinking…".
    pub kind: u8,
    /// How long the first answer took.
    pub after: Duration,
    pub ephemeral: bool,
    /// The answer as it stands now; none while the bot is still thinking, or after it deleted it.
    pub message: Option<Message>,
    pub deleted: bool,
    /// Further answers that still stand.
    pub followups: Vec<Message>,
}

impl Answered {
    /// The text that the person reads first: of the answer, else of the first follow-up.
    pub fn content(&self) -> &str {
        self.first().map_or("", |message| message.content.as_str())
    }

    /// The answer, else the first follow-up.
    pub fn first(&self) -> Option<&Message> {
        self.message.as_ref().or(self.followups.first())
    }

    /// Everything that can be read in the answer and the follow-ups: texts, and the texts of embeds.
    pub fn text(&self) -> String {
        let messages = self.message.iter().chain(&self.followups);
        messages.map(Message::text).collect::<Vec<_>>().join("\n")
    }
}

impl Message {
    /// Everything that can be read in it: its text, the texts of its embeds, and what its files are said to show.
    pub fn text(&self) -> String {
        let mut text = self.content.clone();
        for embed in &self.embeds {
            collect_strings(embed, &mut text);
        }
        for description in self.attachments.iter().filter_map(|file| file.description.as_deref()) {
            collect_strings(&description.into(), &mut text);
        }
        text
    }

    /// Whether only one person sees it.
    pub fn is_ephemeral(&self) -> bool {
        self.only_for.is_some()
    }

    /// Whether the bot is still thinking about what to say here.
    pub fn is_loading(&self) -> bool {
        self.flags & super::state::message_flag::LOADING != 0
    }
}

fn collect_strings(json: &Value, text: &mut String) {
    const READABLE: [&str; 6] = ["title", "description", "name", "value", "text", "fields"];
    match json {
        Value::Object(map) => {
            for key in READABLE {
                if let Some(value) = map.get(key) {
                    collect_strings(value, text);
                }
            }
            for key in ["author", "footer"] {
                if let Some(value) = map.get(key) {
                    collect_strings(value, text);
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|item| collect_strings(item, text)),
        Value::String(part) => {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(part);
        }
        _ => {}
    }
}

impl World {
    /// The guilds, in the order of their ids.
    pub fn guilds(&self) -> impl Iterator<Item = &Guild> {
        self.guilds.values()
    }

    /// A guild.
    pub fn guild(&self, id: GuildId) -> Option<&Guild> {
        self.guilds.get(&id)
    }

    /// A channel, thread or direct message.
    pub fn channel(&self, id: ChannelId) -> Option<&Channel> {
        self.channels.get(&id)
    }

    /// A user.
    pub fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)
    }

    /// A member.
    pub fn member(&self, guild: GuildId, user: UserId) -> Option<&Member> {
        self.guilds.get(&guild)?.members.get(&user)
    }

    /// The roles of a member; none for a stranger.
    pub fn roles_of(&self, guild: GuildId, user: UserId) -> Vec<RoleId> {
        self.member(guild, user).map(|member| member.roles.clone()).unwrap_or_default()
    }

    /// Whether a member holds a role.
    pub fn has_role(&self, guild: GuildId, user: UserId, role: RoleId) -> bool {
        self.member(guild, user).is_some_and(|member| member.roles.contains(&role))
    }

    /// The name to show for a member: nickname, else display name, else user name.
    pub fn name_of(&self, guild: GuildId, user: UserId) -> &str {
        let nick = self.member(guild, user).and_then(|member| member.nick.as_deref());
        let user = self.users.get(&user);
        nick.or_else(|| user?.global_name.as_deref()).or_else(|| Some(&user?.username)).unwrap_or("?")
    }

    /// The channel of this name.
    pub fn channel_named(&self, guild: GuildId, name: &str) -> Option<ChannelId> {
        let home = self.guilds.get(&guild)?;
        home.channels.iter().copied().find(|id| self.channels.get(id).is_some_and(|channel| channel.name == name))
    }

    /// The role of this name.
    pub fn role_named(&self, guild: GuildId, name: &str) -> Option<RoleId> {
        self.guilds.get(&guild)?.roles.values().find(|role| role.name == name).map(|role| role.id)
    }

    /// The messages of a channel that still stand, oldest first, ephemeral ones included.
    pub fn messages(&self, channel: ChannelId) -> Vec<&Message> {
        self.channels.get(&channel).map(|channel| channel.messages.iter().collect()).unwrap_or_default()
    }

    /// The bot's messages in a channel that everybody sees, oldest first.
    pub fn bot_messages(&self, channel: ChannelId) -> Vec<&Message> {
        let mine = |message: &&Message| message.author == self.me && !message.is_ephemeral();
        self.messages(channel).into_iter().filter(mine).collect()
    }

    /// The newest messages of a channel as one member sees them, oldest first.
    pub fn read(&self, channel: ChannelId, reader: UserId, newest: usize) -> Vec<&Message> {
        let Some(channel) = self.channels.get(&channel) else { return Vec::new() };
        if self.permissions_in(reader, channel) & VIEW_CHANNEL == 0 {
            return Vec::new();
        }
        let visible =
            channel.messages.iter().rev().filter(|message| message.only_for.is_none_or(|user| user == reader));
        let mut messages: Vec<_> = visible.take(newest).collect();
        messages.reverse();
        messages
    }

    /// The bot's direct messages to a user, oldest first.
    pub fn direct_messages(&self, user: UserId) -> Vec<&Message> {
        let channel = self.channels.values().find(|channel| channel.recipient == Some(user));
        channel.map(|channel| channel.messages.iter().filter(|m| m.author == self.me).collect()).unwrap_or_default()
    }

    /// An interaction.
    pub fn interaction(&self, id: InteractionId) -> Option<&Interaction> {
        self.interactions.get(&id)
    }

    /// All interactions that are remembered, oldest first.
    pub fn interactions(&self) -> impl Iterator<Item = &Interaction> {
        self.interactions.values()
    }

    /// What became of an interaction; none before its first answer.
    pub fn answer(&self, id: InteractionId) -> Option<Answered> {
        let interaction = self.interactions.get(&id)?;
        let first = interaction.first_answer?;
        let channel = self.channels.get(&interaction.channel);
        let message = interaction.original.and_then(|id| channel?.message(id)).filter(|message| !message.is_loading());
        let followups = interaction.followups.iter().filter_map(|id| channel?.message(*id)).cloned().collect();
        Some(Answered {
            kind: first.kind,
            after: first.after,
            ephemeral: message
                .or(channel.and_then(|c| c.message(interaction.original?)))
                .map_or(first.ephemeral, Message::is_ephemeral),
            message: message.cloned(),
            deleted: interaction.original_deleted,
            followups,
        })
    }

    /// The answer once it can be read: not while the bot is thinking.
    pub fn finished_answer(&self, id: InteractionId) -> Option<Answered> {
        self.answer(id).filter(|answer| answer.first().is_some())
    }

    /// The requests that were answered, oldest first, as far as they are remembered.
    pub fn requests(&self) -> impl DoubleEndedIterator<Item = &Seen> {
        self.seen.iter()
    }

    /// How many remembered requests have this method and a path that contains this text.
    pub fn count_requests(&self, method: &str, path_part: &str) -> usize {
        self.seen.iter().filter(|seen| seen.method == method && seen.path.contains(path_part)).count()
    }

    /// How many answers were 401, 403 or 429 (other than those of a shared limit): what Discord bans an address for.
    pub fn invalid_requests(&self) -> u64 {
        self.invalid_requests
    }

    /// Whether somebody is banned from a guild.
    pub fn is_banned(&self, guild: GuildId, user: UserId) -> bool {
        self.guilds.get(&guild).is_some_and(|guild| guild.bans.contains_key(&user))
    }

    /// A guild's audit log, oldest first.
    pub fn audit_log(&self, guild: GuildId) -> impl Iterator<Item = &AuditEntry> {
        self.guilds.get(&guild).into_iter().flat_map(|guild| guild.audit.iter())
    }
}
