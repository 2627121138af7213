//! What has happened, in our own words: a plain closed enum that the gateway fills and features read.

use super::book::{CommandRule, Counted, Tally};
use super::deed::{AuditLine, Ending, Seen};
use super::presence::{MemberPresence, Presence, Watchlist};
use super::{
    Avatar, Channel, ChannelId, Guild, GuildId, GuildOutline, MessageId, Role, RoleId, Timestamp, UserId, Voice,
};

/// What a room has to be told by Discord; the gateway makes intents of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Guilds with their roles and channels.
    Guilds,
    /// That messages are written, by whom and where.
    Messages,
    /// What messages say (privileged).
    MessageContent,
    /// Members coming, going and changing (privileged).
    Members,
    /// Who is in which voice channel, and how.
    Voice,
    /// What moderators do.
    Moderation,
    /// Who reacts to messages.
    Reactions,
    /// Who is there, and how (privileged).
    Presences,
}

/// Something that happened: on Discord, on the clock, or in a room because of that.
#[derive(Debug, Clone)]
pub enum Event {
    /// Somebody wrote a message in a guild. Messages of bots, webhooks and the system are included and marked.
    MessageSent(Message),
    /// Messages of a channel were deleted, by their authors or somebody else. What is deleted while no session runs is
    /// not told.
    MessagesDeleted {
        guild: GuildId,
        channel: ChannelId,
        messages: Vec<MessageId>,
    },
    /// A new session began; the bot is in these guilds and in no others. One that goes on tells nothing of the kind.
    SessionBegan {
        guilds: Vec<GuildId>,
    },
    /// A session goes on after it was interrupted; what was missed has been told.
    SessionResumed,
    /// A guild can be seen: at the start of a session, after an outage, or because the bot was invited.
    GuildSeen(Box<Guild>),
    /// A guild's name or owner changed.
    GuildChanged(GuildOutline),
    /// A guild can be seen no longer: an outage, or (`removed`) the bot was thrown out.
    GuildLost {
        guild: GuildId,
        removed: bool,
    },
    RoleSeen {
        guild: GuildId,
        role: Role,
    },
    RoleRemoved {
        guild: GuildId,
        role: RoleId,
    },
    ChannelSeen {
        guild: GuildId,
        channel: Channel,
    },
    ChannelRemoved {
        guild: GuildId,
        channel: ChannelId,
    },
    /// A member came in, or their name, avatar or roles changed.
    MemberSeen {
        guild: GuildId,
        author: Author,
        roles: Vec<RoleId>,
        /// Their name of their own in this guild, if they have one.
        nick: Option<String>,
        joined: bool,
        /// They have not accepted the guild's rules yet: nobody sees them, and they see next to nothing.
        pending: bool,
    },
    MemberLeft {
        guild: GuildId,
        user: UserId,
        /// As shown, without a nickname: Discord does not tell that any more.
        name: String,
        bot: bool,
    },
    /// Discord was asked, and somebody is not in the guild. Since when, and whether they ever were, is not told.
    MemberMissing {
        guild: GuildId,
        user: UserId,
    },
    /// Somebody was banned, by whomever.
    MemberBanned {
        guild: GuildId,
        user: UserId,
    },
    /// Somebody entered a voice channel, left it, or takes part in another way than before.
    VoiceSeen {
        guild: GuildId,
        voice: Voice,
    },
    /// Somebody whose presence is looked after is there in another way than before.
    PresenceSeen {
        guild: GuildId,
        user: UserId,
        presence: Presence,
    },
    /// Members of a guild, as we asked for them: of these, those whose presence is looked after, and those who are not
    /// in the guild.
    MembersTold {
        guild: GuildId,
        members: Vec<MemberPresence>,
        missing: Vec<UserId>,
        /// We asked for all members of the guild; none: for some. The last part of the answer says so.
        all: Option<Part>,
    },
    /// Somebody did something about a member, by hand or through a program; it may have been us.
    Audited(AuditLine),
    /// A promise that a room wants to be told of has ended. `tells` is the room's own word for it.
    PromiseEnded {
        guild: GuildId,
        tells: String,
        ending: Ending,
    },
    /// Such a promise was put off, or brought forward, to another time.
    PromiseMoved {
        guild: GuildId,
        tells: String,
        due_at: Timestamp,
    },
    /// A member's command ran and was answered. Commands for staff are not told of.
    CommandRan {
        guild: GuildId,
        author: Author,
        channel: Option<ChannelId>,
        /// The author's, without `@everyone`.
        roles: Vec<RoleId>,
        /// The interaction or message behind it.
        key: u64,
        at: Timestamp,
    },
    /// Emitted by a room: a guild set a command otherwise. The gate goes by it after the commit.
    CommandSet {
        guild: GuildId,
        command: String,
        rule: CommandRule,
    },
    /// How commands ended, since the last time that this was told; to be kept.
    CommandsCounted(Vec<(Counted, Tally)>),
    /// A minute of community time is over. It comes from our own clock, belongs to no guild, and may be skipped when
    /// there is much to do.
    MinutePassed,
    /// The configuration was read again, and something in it is different.
    SettingsChanged,
    /// The bot is about to stop: what is only in memory can still be stored.
    Closing,
    /// Emitted by a room: whose presence is to be looked after from now on.
    WatchlistSet(Box<Watchlist>),
    /// Emitted by a room: Discord is to be asked how these members are there; an empty list stands for everybody. It is
    /// no promise: whoever asks does so again where nothing comes of it.
    MembersWanted {
        guild: GuildId,
        users: Vec<UserId>,
    },
    /// Emitted by a room: somebody of the staff is there in another way than before, or says something else of it.
    StaffSeen {
        guild: GuildId,
        /// Their number on the roster.
        entry: i64,
        user: UserId,
        presence: Presence,
        /// Everybody may know, not only members.
        public: bool,
    },
    /// Emitted by a room: the presences of a guild were compared with Discord.
    PresencesSynced {
        guild: GuildId,
        at: Timestamp,
    },
    /// Emitted by a room: somebody came and can be seen, having accepted the guild's rules where that is asked for.
    MemberArrived {
        guild: GuildId,
        user: UserId,
        name: String,
        bot: bool,
        roles: Vec<RoleId>,
    },
    /// Somebody reacted to a message.
    ReactionAdded {
        guild: GuildId,
        channel: ChannelId,
        message: MessageId,
        author: Author,
        /// The author's, without `@everyone`.
        roles: Vec<RoleId>,
        /// The character, or the name of an emoji of a guild's own.
        emoji: String,
    },
    /// Emitted by a room: the bot is in a guild in which it was not before.
    GuildJoined {
        guild: GuildId,
    },
    /// Emitted by a room: a moderator did something about somebody, by us or by hand. Notes are not told of.
    CaseOpened {
        guild: GuildId,
        number: i64,
        /// `warn`, `ban` …
        kind: &'static str,
        user: UserId,
        name: String,
        reason: String,
    },
    /// Emitted by a room: a member thanked another.
    KudosGiven {
        guild: GuildId,
        /// The gift's.
        number: i64,
        giver: UserId,
        receiver: UserId,
        /// The receiver's.
        name: String,
        amount: i64,
        reason: String,
        channel: Option<ChannelId>,
    },
    /// Emitted by a room: what a member earned brought them to a new level.
    LevelReached {
        guild: GuildId,
        user: UserId,
        /// The member's, as shown.
        name: String,
        before: u32,
        after: u32,
        /// Where it was earned, if that was in a channel.
        channel: Option<ChannelId>,
        /// The member chose not to be shown to everybody.
        hidden: bool,
    },
    /// Emitted by a room: a member claimed a tool.
    ToolUnlocked {
        guild: GuildId,
        user: UserId,
        tool_id: String,
        /// The tool's.
        name: String,
        /// The member chose not to be shown to everybody.
        hidden: bool,
    },
}

/// Which part of a long answer this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    More,
    Last,
}

/// A message, as far as any room needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub id: MessageId,
    pub guild: GuildId,
    pub channel: ChannelId,
    pub author: Author,
    /// The author's roles, without `@everyone`.
    pub roles: Vec<RoleId>,
    /// The users whom it mentions, each once; with the author of what it replies to, unless it pings them not.
    pub mentions: Vec<Seen>,
    /// Who wrote the message that it replies to. Whether they are still in the guild is not told.
    pub replied_to: Option<Seen>,
    /// The text; empty without the message content intent.
    pub content: String,
    /// Discord's message type, as a number: 0 is a plain message, 19 a reply, 20 the answer to a slash command.
    pub kind: u8,
    /// The command that it answers, where a bot was asked by one.
    pub used: Option<Box<Used>>,
}

/// A slash command of some bot's that somebody used, as its answer tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    pub by: Seen,
    /// With its subcommand, if it has any: `bump`.
    pub command: String,
    /// There is an embed in the answer. Without the message content intent, nobody is told.
    pub answered_with_embed: bool,
}

impl Message {
    /// Whether a person wrote this: not a bot, a webhook, or the system ("… joined", "… pinned a message").
    pub fn is_from_person(&self) -> bool {
        !self.author.bot && matches!(self.kind, 0 | 19)
    }
}

/// A user as a message or member event names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    pub id: UserId,
    /// The name to show: nickname, else display name, else user name.
    pub name: String,
    /// The one to show in this guild, if there is any.
    pub avatar: Option<Avatar>,
    /// A bot or webhook.
    pub bot: bool,
}
