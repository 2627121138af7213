//! Changes that a program asks for in words of its own: through the gate of the command that does the like, then as one
//! piece of work on the writer, like a command's plan.

use std::time::Instant;

use super::Bot;
use super::gate::Denied;
use crate::command::{Actor, Answer, Command, Door, Given, Invocation, Outcome, Value};
use crate::cx::{Cx, Source};
use crate::model::{Error, Event, GuildId, Result};
use crate::store::{Tx, done};

/// What is to be changed, as far as the gate is concerned.
pub struct Change {
    /// The command that does the like, with its options: who may not run it may not have this either. None: no command
    /// does, and the door has seen to what it takes.
    pub like: Option<(&'static str, Vec<(String, Value)>)>,
    pub actor: Actor,
    pub guild: GuildId,
    /// What comes twice under one number is done once.
    pub key: u64,
}

/// What came of a change.
pub enum Changed<T> {
    Done(T),
    /// The same came before, and was done then.
    Before,
    /// The gate turned it away, in words.
    Denied(Answer),
}

impl Bot {
    /// Makes a change, if the gate lets it pass; what it promises and tells leaves after the commit. Nobody is asked at
    /// Discord, and the command's own plan does not run.
    ///
    /// # Errors
    /// What `plan` refuses, or a fault: then nothing was changed.
    pub async fn change<T, F>(&self, change: Change, plan: F) -> Result<Changed<T>>
    where
        T: Send + 'static,
        F: Fn(&mut Cx<'_>) -> Result<T> + Send + 'static,
    {
        let Change { like, actor, guild, key } = change;
        let (began, at) = (Instant::now(), self.0.clock.now());
        let asked = like.map(|(command, given)| {
            let (command, given, people) = (command.to_owned(), Given::Named(given), Vec::new());
            Invocation { command, given, actor, guild, channel: None, door: Door::Http, people, key, at }
        });
        let count = |command, outcome| {
            if let Some(asked) = &asked {
                self.count_run(asked, command, outcome, began.elapsed());
            }
        };
        let command = match self.admit_change(asked.as_ref()).await {
            Ok(command) => command,
            Err(denied) => {
                let answer = denied.answer();
                count(denied.command, answer.outcome);
                return Ok(Changed::Denied(answer));
            }
        };
        let bot = self.clone();
        let done = self.0.store.write(move |tx: &Tx| bot.change_here(tx, guild, key, &plan)).await;
        self.0.promised.notify_one();
        let outcome = match &done {
            Ok(_) => Outcome::Ok,
            Err(Error::Refusal(_)) => Outcome::Refused,
            Err(Error::Fault(_)) => Outcome::Fault,
        };
        count(command, outcome);
        Ok(match done? {
            Some((made, emitted)) => {
                self.tell(&emitted);
                Changed::Done(made)
            }
            None => Changed::Before,
        })
    }

    /// The command whose gate a change passes, if there is one that does the like.
    async fn admit_change(&self, asked: Option<&Invocation>) -> Result<Option<&'static Command>, Denied> {
        let Some(asked) = asked else { return Ok(None) };
        let (command, _) = self.pass(asked).await?;
        self.cool_down(command, asked)?;
        Ok(Some(command))
    }

    /// Inside the writer: what was made, and what rooms emitted; none: it was done before.
    fn change_here<T>(
        &self,
        tx: &Tx,
        guild: GuildId,
        key: u64,
        plan: &impl Fn(&mut Cx<'_>) -> Result<T>,
    ) -> Result<Option<(T, Vec<Event>)>> {
        if done::is_noted(tx.read(), key)? {
            return Ok(None);
        }
        let config = self.config();
        let at = (self.time(None), self.0.vitals.watched());
        let mut cx = self.cx(tx, &config, Source::Id(key), at);
        (cx.asked_in, cx.door) = (Some(guild), Some(Door::Http));
        let made = plan(&mut cx)?;
        let emitted = self.show_what_came_of(tx, &mut cx)?;
        if tx.has_written() {
            done::note(tx, key, cx.now)?;
        }
        Ok(Some((made, emitted)))
    }
}
