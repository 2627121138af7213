//! What was given to a command, checked against what the command declares.

use super::{Command, Declared, Kind, Opt, prefix};
use crate::model::{ChannelId, Refusal, RoleId, Seen, Span, UserId};

/// What a door was given: named values (slash, HTTP) or the rest of a line (prefix).
#[derive(Debug, Clone)]
pub enum Given {
    Named(Vec<(String, Value)>),
    Text(String),
}

/// A value of an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Whole(i64),
    Flag(bool),
    User(UserId),
    Channel(ChannelId),
    Role(RoleId),
    Span(Span),
}

/// Values that fit their declarations.
#[derive(Debug, Default)]
pub struct Args {
    values: Vec<(&'static str, Value)>,
    people: Vec<Seen>,
    seen: Option<Seen>,
}

/// A type that a plan can read from a value.
pub trait FromValue: Sized {
    fn from_value(value: &Value) -> Option<Self>;
}

impl FromValue for UserId {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::User(user) = value { Some(*user) } else { None }
    }
}

impl FromValue for ChannelId {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Channel(channel) = value { Some(*channel) } else { None }
    }
}

impl FromValue for RoleId {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Role(role) = value { Some(*role) } else { None }
    }
}

impl FromValue for i64 {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Whole(number) = value { Some(*number) } else { None }
    }
}

impl FromValue for Span {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Span(span) = value { Some(*span) } else { None }
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(text.clone()) } else { None }
    }
}

impl Args {
    /// Holds what was given against the command's options. `people` are users whom it names, as far as the door knows
    /// them.
    ///
    /// # Errors
    /// A refusal that names the option and says what it takes.
    pub fn check(command: &Command, given: &Given, people: &[Seen]) -> Result<Self, Refusal> {
        let named = match given {
            Given::Named(named) => named.clone(),
            Given::Text(line) => prefix::assign(command, line)?,
        };
        let mut args = Vec::with_capacity(named.len());
        for (name, value) in named {
            let Some(option) = command.options.iter().find(|option| option.name() == name) else {
                return Err(Refusal::new(format!("`{}` has no option `{}`.", command.name, plain(&name))));
            };
            args.push((option.name(), fit(*option, value)?));
        }
        let given = |option: &&&dyn Declared| args.iter().any(|(name, _)| *name == option.name());
        match command.options.iter().filter(|option| option.required()).find(|option| !given(option)) {
            Some(missing) => Err(Refusal::new(format!(
                "`{}` is missing: {}. Usage: `{}`",
                missing.name(),
                missing.about(),
                command.usage()
            ))),
            None => Ok(Self { values: args, people: people.to_vec(), seen: None }),
        }
    }

    /// The option's value, where it was given.
    pub fn find<T: FromValue>(&self, option: &Opt<T>) -> Option<T> {
        let (_, value) = self.values.iter().find(|(name, _)| *name == option.name())?;
        T::from_value(value)
    }

    /// Whether this user, named in the options, is known to be a bot.
    pub fn is_bot(&self, user: UserId) -> bool {
        self.find_person(user).is_some_and(|person| person.bot)
    }

    /// What the door was told of this user, who is named in the options.
    pub fn find_person(&self, user: UserId) -> Option<&Seen> {
        self.people.iter().find(|person| person.id == user)
    }

    /// The user that the command looks at, as Discord shows them now.
    ///
    /// # Errors
    /// A refusal when nobody was looked at, which the engine rules out for commands that say whom.
    pub fn seen(&self) -> Result<&Seen, Refusal> {
        self.seen.as_ref().ok_or_else(|| Refusal::new("I could not look them up."))
    }

    /// The users named in the options.
    pub fn users(&self) -> impl Iterator<Item = UserId> {
        self.values.iter().filter_map(|(_, value)| UserId::from_value(value))
    }

    /// Takes down how a user looks who is named in the options, where the door was not told.
    pub fn meet(&mut self, seen: Seen) {
        self.people.push(seen);
    }

    /// Takes down how the user that the command looks at looks.
    pub fn look(&mut self, seen: Seen) {
        self.seen = Some(seen);
    }

    /// The value of a required option.
    ///
    /// # Errors
    /// A refusal when it was not given, which [`Args::check`] rules out for options declared as required.
    pub fn load<T: FromValue>(&self, option: &Opt<T>) -> Result<T, Refusal> {
        self.find(option).ok_or_else(|| Refusal::new(format!("`{}` is missing.", option.name())))
    }
}

/// The value as its option's kind, or a sentence.
fn fit(option: &dyn Declared, value: Value) -> Result<Value, Refusal> {
    let refuse = |expected: String| Err(Refusal::new(format!("`{}` must be {expected}.", option.name())));
    match (option.kind(), value) {
        (Kind::User, value @ Value::User(_))
        | (Kind::Channel, value @ Value::Channel(_))
        | (Kind::Role, value @ Value::Role(_))
        | (Kind::Flag, value @ Value::Flag(_)) => Ok(value),
        (Kind::Whole { min, max }, Value::Whole(number)) => {
            if (min..=max).contains(&number) {
                Ok(Value::Whole(number))
            } else {
                refuse(format!("a whole number from {min} to {max}"))
            }
        }
        (Kind::Text { chars_max }, Value::Text(text)) => {
            if text.chars().count() <= usize::from(chars_max) {
                Ok(Value::Text(text))
            } else {
                refuse(format!("at most {chars_max} characters long"))
            }
        }
        (Kind::Choice(choices), Value::Text(text)) => {
            match choices.iter().find(|choice| choice.eq_ignore_ascii_case(&text)) {
                Some(choice) => Ok(Value::Text((*choice).to_owned())),
                None => refuse(format!("one of {}", choices.join(", "))),
            }
        }
        (Kind::Span { max }, value) => {
            let span = match value {
                Value::Span(span) => Some(span),
                Value::Text(text) => text.parse().ok(),
                _ => None,
            };
            match span.filter(|span| *span <= max) {
                Some(span) => Ok(Value::Span(span)),
                None => refuse(format!("a length of time such as 30m, 2h or 1d12h, at most {max}")),
            }
        }
        (Kind::User, _) => refuse("a member: a mention or an id".to_owned()),
        (Kind::Channel, _) => refuse("a channel: a mention or an id".to_owned()),
        (Kind::Role, _) => refuse("a role: a mention or an id".to_owned()),
        (Kind::Flag, _) => refuse("yes or no".to_owned()),
        (Kind::Whole { min, max }, _) => refuse(format!("a whole number from {min} to {max}")),
        (Kind::Text { .. } | Kind::Choice(_), _) => refuse("a text".to_owned()),
    }
}

/// What somebody typed, safe to repeat inside backticks.
fn plain(text: &str) -> String {
    text.chars().filter(|c| *c != '`' && !c.is_control()).take(40).collect()
}
