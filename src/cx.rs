//! What a feature may touch while it handles one thing: the transaction, the configuration, the guilds as they are, the
//! time, and what it may leave behind (promises, ledger rows, events that follow).

use std::fmt;
use std::sync::Arc;

use crate::config::{Config, Reloaded};
use crate::model::{
    ChannelId, CommandBook, Door, Effect, Event, GuildId, Guilds, MessageId, Need, Presences, Refusal, Result,
    Timestamp, UserId,
};
use crate::status::vitals::Vitals;
use crate::status::watch::Watched;
use crate::store::promises::{self, NewPromise};
use crate::store::{SessionKey, Tx};

/// Handed to a room for the length of one event or command.
pub struct Cx<'a> {
    pub tx: &'a Tx,
    pub config: &'a Config,
    pub guilds: &'a Guilds,
    /// How guilds set their commands, and how these ended lately.
    pub book: &'a CommandBook,
    /// Whose presence is looked after.
    pub presences: &'a Presences,
    pub vitals: &'a Vitals,
    /// The bot's own user, once Discord told it.
    pub me: Option<UserId>,
    /// Discord's time, as well as we know it.
    pub now: Timestamp,
    /// How much of the time the bot could see what happens, as of when this came.
    pub watched: Watched,
    pub source: Source,
    /// The guild that a command was asked in.
    pub asked_in: Option<GuildId>,
    /// Through which door it was asked.
    pub door: Option<Door>,
    /// The channel that it was asked in.
    pub channel: Option<ChannelId>,
    /// The message that it is, if it was asked by one.
    pub message: Option<MessageId>,
    /// The command that is being run, by its name.
    pub command: Option<&'static str>,
    /// The message being handled is a prefix command of ours.
    pub is_command: bool,
    /// What came of reading the configuration again, for a command that does so.
    pub reloaded: Option<Arc<Reloaded>>,
    /// See [`Cx::emit`].
    pub emitted: Vec<Event>,
    /// At the bot's start: what Discord has to tell because of what the last run left, beyond what the settings need.
    pub needs: Vec<Need>,
}

/// What is being handled; promises made for it are made once, however often it comes.
#[derive(Debug, Clone)]
pub enum Source {
    /// A message, interaction or request, by its id.
    Id(u64),
    /// A dispatch without an id of its own, by its place in the session.
    Dispatch(Arc<SessionKey>, u64),
    /// The start of the bot, at this time.
    Start(Timestamp),
    /// A minute of the clock that was over at this time.
    Minute(Timestamp),
    /// The end of a promise, by its number and that of the attempt.
    Promise(i64, u32),
    /// What it means for one of several members.
    Of(Box<Source>, GuildId, UserId),
}

impl Source {
    /// The id for the ledger; 0 where there is none.
    pub fn id(&self) -> u64 {
        if let Self::Id(id) = self { *id } else { 0 }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Dispatch(session, sequence) => write!(f, "{}/{sequence}", session.id),
            Self::Start(at) => write!(f, "start {}", at.ms()),
            Self::Minute(at) => write!(f, "minute {}", at.ms()),
            Self::Promise(id, attempt) => write!(f, "promise {id} {attempt}"),
            Self::Of(source, guild, user) => write!(f, "{source} {guild} {user}"),
        }
    }
}

/// Something to promise.
pub struct Promised<'p> {
    /// Which of the things that this source may cause: `level_up`, `role.5`.
    pub action: &'p str,
    /// See [`NewPromise::target`].
    pub target: Option<String>,
    pub guild: Option<GuildId>,
    pub about: String,
    pub effect: Effect,
    pub due_at: Timestamp,
    /// See [`NewPromise::tells`].
    pub tells: Option<String>,
}

impl Cx<'_> {
    /// The guild that the command was asked in.
    pub fn guild(&self) -> Result<GuildId> {
        self.asked_in.ok_or_else(|| Refusal::new("That works in a server only.").into())
    }

    /// Something happened because of what is being handled. Every room is shown it afterwards, in the same transaction
    /// and with the same source, if this room's part of the work stands; whoever listens outside is told after the
    /// commit, which comes at once. At the bot's start it is lost: nobody is there to be shown anything yet.
    pub fn emit(&mut self, event: Event) {
        self.tx.hurry();
        self.emitted.push(event);
    }

    /// The origin of what is promised for this action.
    pub fn origin(&self, action: &str) -> String {
        format!("{}:{action}", self.source)
    }

    /// Promises an effect: it is performed after the commit, and kept until Discord says it is done.
    pub fn promise(&mut self, promised: Promised<'_>) -> Result<()> {
        let Promised { action, target, guild, about, effect, due_at, tells } = promised;
        let origin = self.origin(action);
        promises::insert(self.tx, &NewPromise { origin, target, guild, about, effect, due_at, tells }, self.now)
    }
}
