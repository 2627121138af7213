//! Commands that are run by a request: what it changes, it changes as a command does.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Caller, Problem};
use crate::command::Value;
use crate::model::GuildId;

/// A command to be run for whoever asks.
pub struct Invoke {
    command: &'static str,
    given: Vec<(String, Value)>,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    /// What the command answered.
    pub said: String,
    /// The same request came before, and was done then.
    pub repeated: bool,
    #[serde(skip)]
    key: u64,
}

impl Done {
    /// The number that records made by it bear as their source.
    pub fn source(&self) -> u64 {
        self.key
    }

    /// As an answer of its own.
    pub fn json(self) -> Json<Self> {
        Json(self)
    }
}

impl Invoke {
    pub fn new(command: &'static str) -> Self {
        Self { command, given: Vec::new() }
    }

    /// With this option.
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.given.push((name.to_owned(), value));
        self
    }

    /// With this option, if it was given.
    pub fn maybe(self, name: &str, value: Option<Value>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Runs it through the gate. What was asked for before by the same `Idempotency-Key` is not done again.
    ///
    /// # Errors
    /// The command's own words where it was not done.
    pub async fn run(self, caller: &Caller, guild: GuildId) -> Result<Done, Problem> {
        let bot = caller.app.bot();
        let key = match caller.request() {
            Some(key) if bot.was_done(key).await? => {
                return Ok(Done { said: "That was done already.".to_owned(), repeated: true, key });
            }
            Some(key) => key,
            None => bot.next_request(),
        };
        let actor = caller.actor(guild).await?;
        let answer = bot.invoke_as(actor, guild, self.command, self.given, key).await;
        match Problem::of(&answer) {
            Some(problem) => Err(problem),
            None => Ok(Done { said: answer.message.plain_text(), repeated: false, key }),
        }
    }
}
