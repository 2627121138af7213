//! The minutes: once in a minute of community time every room is shown that it is over. Whatever has to be looked at
//! now and then hangs on this one beat.

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::Bot;
use super::observe::Setting;
use crate::cx::Source;
use crate::model::{Event, Result};
use crate::store::{Tx, Work};

impl Bot {
    /// Shows every room that a minute is over. Where the writer's queue is full it is skipped: the next one makes up
    /// for it. By itself it neither commits nor moves the session.
    pub fn pass_minute(&self) {
        let minute = Minute {
            bot: self.clone(),
            setting: Setting {
                source: Source::Minute(self.0.clock.now()),
                watched: self.0.vitals.watched(),
                is_command: false,
            },
            emitted: Vec::new(),
            wrote: false,
        };
        if self.0.store.submit(Box::new(minute)).is_err() {
            tracing::debug!("a minute is skipped: the queue is full");
        }
    }

    /// Lets minutes pass until `stop`; the one that is under way then counts as over, so that nothing waits for a next.
    /// A clock that moves by hand has no minutes of its own.
    pub async fn keep_time(&self, mut stop: watch::Receiver<bool>) {
        if let Some(minute) = self.0.clock.minute() {
            let mut beat = interval_at(Instant::now() + minute, minute);
            beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = beat.tick() => self.pass_minute(),
                    _ = stop.changed() => break,
                }
            }
        } else {
            let _ = stop.changed().await;
        }
        self.pass_minute();
    }
}

/// A minute on its way through the writer.
struct Minute {
    bot: Bot,
    setting: Setting,
    /// What followed.
    emitted: Vec<Event>,
    wrote: bool,
}

impl Work for Minute {
    fn run(&mut self, tx: &Tx) -> Result<()> {
        let emitted = self.bot.show(tx, &Event::MinutePassed, &self.setting)?;
        self.emitted = self.bot.show_emitted(tx, emitted, &self.setting)?;
        self.wrote = tx.has_written();
        Ok(())
    }

    fn done(self: Box<Self>, result: Result<()>) {
        match result {
            Ok(()) => self.bot.0.happenings.tell(&self.emitted, self.bot.0.clock.now()),
            Err(fault) => tracing::error!(%fault, "a minute was lost"),
        }
        if self.wrote {
            self.bot.0.promised.notify_one();
        }
    }
}
