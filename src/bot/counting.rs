//! Counting how commands end. The counts wait in memory and go to the disk along with what is committed anyway.

use std::time::Duration;

use super::Bot;
use super::observe::Setting;
use crate::command::{Command, Invocation, Outcome};
use crate::cx::Source;
use crate::model::{Counted, Event, Result, Tally};
use crate::store::{Tx, Work};

impl Bot {
    /// Counts a run of a command; none: of a word that is no command.
    pub(super) fn count_run(
        &self,
        invocation: &Invocation,
        command: Option<&'static Command>,
        outcome: Outcome,
        took: Duration,
    ) {
        self.0.vitals.note_command(command.map_or("unknown", |command| command.name), outcome.word());
        let Some(command) = command else { return };
        let now = self.0.clock.now();
        let user = (!command.untold).then_some(invocation.actor.user);
        let day = self.0.config.load().discord.timezone.day(now);
        let counted = Counted { guild: invocation.guild, user, command: command.name, day };
        let is_much = self.0.book.count(counted, outcome, took, now);
        self.write_counts(is_much);
    }

    /// Writes what was counted with what waits to be committed, or `anyway`.
    pub(super) fn write_counts(&self, anyway: bool) {
        let work = Counting { bot: self.clone(), anyway, taken: Vec::new() };
        if self.0.store.submit(Box::new(work)).is_err() {
            tracing::debug!("counts of commands wait on: the queue is full");
        }
    }
}

/// Counts on their way through the writer.
struct Counting {
    bot: Bot,
    anyway: bool,
    /// What is to be written; kept for a second try.
    taken: Vec<(Counted, Tally)>,
}

impl Work for Counting {
    fn run(&mut self, tx: &Tx) -> Result<()> {
        if self.taken.is_empty() {
            if !self.anyway && !tx.has_batch() {
                return Ok(());
            }
            self.taken = self.bot.0.book.take();
        }
        if self.taken.is_empty() {
            return Ok(());
        }
        let source = Source::Minute(self.bot.0.clock.now());
        let setting = Setting { source, watched: self.bot.0.vitals.watched(), is_command: false };
        self.bot.show(tx, &Event::CommandsCounted(self.taken.clone()), &setting).map(drop)
    }

    fn done(self: Box<Self>, result: Result<()>) {
        if let Err(fault) = result {
            tracing::warn!(%fault, "counts of commands could not be stored yet");
            self.bot.0.book.put_back(&self.taken);
        }
    }
}
