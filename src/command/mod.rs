//! How a command is declared once, as a value. Slash registration, the prefix parser, `/help`, the command page and
//! HTTP execution are readings of that value.

pub mod args;
pub mod prefix;

use std::marker::PhantomData;
use std::ops::RangeInclusive;

pub use args::{Args, FromValue, Given, Value};

pub use crate::model::{Door, Outcome};

use crate::config::Config;
use crate::cx::Cx;
use crate::model::{
    ChannelId, Guild, GuildId, Outgoing, Permission, Permissions, Result, RoleId, Seen, Span, Timestamp, UserId,
};

/// A command, as its room declares it.
pub struct Command {
    /// Lower case; a space makes a subcommand (`kudos give`).
    pub name: &'static str,
    /// One sentence without a full stop, for people: at most 100 characters.
    pub about: &'static str,
    pub category: &'static str,
    /// Other names for the prefix form.
    pub aliases: &'static [&'static str],
    pub requires: Permission,
    /// Seconds between two runs by the same member; 0 for none.
    pub cooldown_seconds: u32,
    /// Not in `/help`.
    pub hidden: bool,
    /// It can be switched off and limited in a guild: not what is needed to find that out and to take it back.
    pub can_be_set: bool,
    /// Nothing is kept of its run: the rooms are not told, and it is counted without a name.
    pub untold: bool,
    /// The answer is for the asker's eyes only.
    pub ephemeral: bool,
    pub options: &'static [&'static dyn Declared],
    /// It tells of the very server where it is used: where a door can only suppose which one is meant, it is not run.
    pub about_here: bool,
    /// Whether who is no member may run it: it tells nothing of members that is not for everybody, and keeps nothing.
    pub for_visitors: fn(&Config) -> bool,
    /// The option whose user is looked up on Discord before the plan, which finds them in [`Args::seen`].
    pub looks_at: Option<&'static Opt<UserId>>,
    /// Where it stands in the menu of a message, too.
    pub on_message: Option<OnMessage>,
    /// Whether the database is to be copied before it runs with these arguments in this guild.
    pub backup_first: fn(&Guild, &Args) -> bool,
    /// The configuration is read again before it runs.
    pub reads_settings: bool,
    /// Decides, inside a transaction, what to change and what to answer.
    pub plan: PlanFn,
}

/// A command in the menu of a message: it is about the message and its author, and asks for one text.
#[derive(Clone, Copy)]
pub struct OnMessage {
    /// At most 32 characters.
    pub label: &'static str,
    /// The option that takes the author.
    pub author: &'static dyn Declared,
    /// The option that takes the link to the message.
    pub link: &'static dyn Declared,
    /// The option whose text is asked for.
    pub ask: &'static dyn Declared,
}

/// What a command decided: the answer. What it wants done on Discord it has promised through its [`Cx`].
#[derive(Debug)]
pub struct Plan {
    /// The answer; where something is awaited, the one to give if that takes too long.
    pub reply: Outgoing,
    pub awaited: Option<Awaited>,
}

/// What an answer has to wait for, because it tells what Discord did: the first attempt at a promise, or at several.
#[derive(Debug, Clone)]
pub struct Awaited {
    /// The promises' origins.
    pub origins: Vec<String>,
    /// Reads what came of it, and says so. Writes nothing.
    pub answer: fn(&mut Cx<'_>, i64) -> Result<Outgoing>,
    /// What the answer is about: the number of a record, say.
    pub about: i64,
}

impl Plan {
    pub fn reply(reply: Outgoing) -> Self {
        Self { reply, awaited: None }
    }

    /// The answer is what `answer` reads of `about` once the promise of this origin was tried, and `reply` if that
    /// takes too long.
    pub fn after(
        origin: String,
        about: i64,
        answer: fn(&mut Cx<'_>, i64) -> Result<Outgoing>,
        reply: Outgoing,
    ) -> Self {
        Self::after_all(vec![origin], about, answer, reply)
    }

    /// The same once each promise of these origins was tried.
    pub fn after_all(
        origins: Vec<String>,
        about: i64,
        answer: fn(&mut Cx<'_>, i64) -> Result<Outgoing>,
        reply: Outgoing,
    ) -> Self {
        Self { reply, awaited: Some(Awaited { origins, answer, about }) }
    }
}

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    User,
    Channel,
    Role,
    Text {
        chars_max: u16,
    },
    Whole {
        min: i64,
        max: i64,
    },
    Flag,
    Choice(&'static [&'static str]),
    /// A length of time, at most this one.
    Span {
        max: Span,
    },
}

/// An option as the doors see it, whatever its type.
pub trait Declared: Sync {
    fn name(&self) -> &'static str;
    /// At most 100 characters.
    fn about(&self) -> &'static str;
    fn required(&self) -> bool;
    /// Whether a word of the prefix form may be meant for it.
    fn in_line(&self) -> bool;
    fn kind(&self) -> Kind;
    /// Whether a text can be its value, where that is known before the command runs.
    fn fits(&self, text: &str) -> Option<bool>;
}

/// An option of a command; `T` is what a plan reads from it.
pub struct Opt<T: 'static> {
    name: &'static str,
    about: &'static str,
    required: bool,
    in_line: bool,
    kind: Kind,
    fits: Option<fn(&str) -> bool>,
    reads: PhantomData<fn() -> T>,
}

impl<T> Opt<T> {
    const fn new(name: &'static str, about: &'static str, kind: Kind) -> Self {
        Self { name, about, required: false, in_line: true, kind, fits: None, reads: PhantomData }
    }

    /// The same option, without which the command does not run.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same option, which can only be given by its name: the prefix form has none.
    pub const fn by_name(mut self) -> Self {
        self.in_line = false;
        self
    }
}

impl Opt<UserId> {
    pub const fn user(name: &'static str, about: &'static str) -> Self {
        Self::new(name, about, Kind::User)
    }
}

impl Opt<ChannelId> {
    pub const fn channel(name: &'static str, about: &'static str) -> Self {
        Self::new(name, about, Kind::Channel)
    }
}

impl Opt<RoleId> {
    pub const fn role(name: &'static str, about: &'static str) -> Self {
        Self::new(name, about, Kind::Role)
    }
}

impl Opt<i64> {
    pub const fn whole(name: &'static str, about: &'static str, range: RangeInclusive<i64>) -> Self {
        Self::new(name, about, Kind::Whole { min: *range.start(), max: *range.end() })
    }
}

impl Opt<String> {
    pub const fn text(name: &'static str, about: &'static str, chars_max: u16) -> Self {
        Self::new(name, about, Kind::Text { chars_max })
    }

    /// The same option, whose value is no prose but has to be like this.
    pub const fn like(mut self, fits: fn(&str) -> bool) -> Self {
        self.fits = Some(fits);
        self
    }
}

impl Opt<Span> {
    pub const fn span(name: &'static str, about: &'static str, max: Span) -> Self {
        Self::new(name, about, Kind::Span { max })
    }
}

impl Opt<String> {
    /// One of these words, in whatever case.
    pub const fn choice(name: &'static str, about: &'static str, words: &'static [&'static str]) -> Self {
        Self::new(name, about, Kind::Choice(words))
    }
}

impl<T> Declared for Opt<T> {
    fn name(&self) -> &'static str {
        self.name
    }
    fn about(&self) -> &'static str {
        self.about
    }
    fn required(&self) -> bool {
        self.required
    }
    fn in_line(&self) -> bool {
        self.in_line
    }
    fn kind(&self) -> Kind {
        self.kind
    }
    fn fits(&self, text: &str) -> Option<bool> {
        match self.kind {
            Kind::Choice(words) => Some(words.iter().any(|word| word.eq_ignore_ascii_case(text))),
            _ => self.fits.map(|fits| fits(text)),
        }
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Actor {
    pub user: UserId,
    pub name: String,
    pub roles: Vec<RoleId>,
    /// What they may do where they ask.
    pub permissions: Permissions,
}

/// A command to run, as a door hands it over.
#[derive(Debug, Clone)]
pub struct Invocation {
    pub command: String,
    pub given: Given,
    pub actor: Actor,
    pub guild: GuildId,
    pub channel: Option<ChannelId>,
    pub door: Door,
    /// Users whom it names, as far as the door was told of them.
    pub people: Vec<Seen>,
    /// The interaction, message or request: the same key runs once.
    pub key: u64,
    pub at: Timestamp,
}

/// What the person who asked gets to see.
#[derive(Debug, Clone)]
pub struct Answer {
    pub message: Outgoing,
    pub ephemeral: bool,
    pub outcome: Outcome,
}

/// What a plan looks like.
pub type PlanFn = fn(&mut Cx<'_>, &Actor, &Args) -> Result<Plan>;

/// Seconds between two runs of an ordinary command by the same member.
const COOLDOWN_SECONDS: u32 = 2;

impl Command {
    /// A command for everybody, answered in the open, with the usual cooldown.
    pub const fn open(
        name: &'static str,
        about: &'static str,
        category: &'static str,
        options: &'static [&'static dyn Declared],
        plan: PlanFn,
    ) -> Self {
        Self {
            name,
            about,
            category,
            aliases: &[],
            requires: Permission::Everyone,
            cooldown_seconds: COOLDOWN_SECONDS,
            hidden: false,
            can_be_set: true,
            untold: false,
            ephemeral: false,
            options,
            about_here: false,
            for_visitors: |_| false,
            looks_at: None,
            on_message: None,
            backup_first: |_, _| false,
            reads_settings: false,
            plan,
        }
    }

    /// The same command, also for who is no member.
    pub const fn also_for_visitors(mut self) -> Self {
        self.for_visitors = |_| true;
        self
    }

    /// The same command for those with a permission: answered for their eyes only, without a cooldown.
    pub const fn for_staff(mut self, requires: Permission) -> Self {
        (self.requires, self.ephemeral, self.cooldown_seconds) = (requires, true, 0);
        self
    }

    /// How the prefix form is written: `addxp <member> <amount>`, optional ones in brackets.
    pub fn usage(&self) -> String {
        self.written(|option| option.in_line())
    }

    /// The same for the slash form, which has every option.
    pub fn usage_in_full(&self) -> String {
        self.written(|_| true)
    }

    fn written(&self, shown: impl Fn(&dyn Declared) -> bool) -> String {
        let mut usage = self.name.to_owned();
        for option in self.options.iter().filter(|option| shown(**option)) {
            let (open, close) = if option.required() { ('<', '>') } else { ('[', ']') };
            usage.push_str(&format!(" {open}{}{close}", option.name()));
        }
        usage
    }

    /// Whether a person's word, in whatever case, names this command.
    pub fn is_called(&self, word: &str) -> bool {
        self.name.eq_ignore_ascii_case(word) || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(word))
    }
}
