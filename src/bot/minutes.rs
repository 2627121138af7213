//! The minutes: once in a minute of community time every room is shown that it is over. Whatever has to be looked at
//! now and then hangs on this one beat.

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::Bot;
use crate::cx::Source;
use crate::model::Event;

impl Bot {
    /// Shows every room that a minute is over. Where the writer's queue is full it is skipped: the next one makes up
    /// for it. By itself it neither commits nor moves the session.
    pub fn pass_minute(&self) {
        let now = self.0.clock.now();
        if self.submit_own(Event::MinutePassed, Source::Minute(now)).is_err() {
            tracing::debug!("a minute is skipped: the queue is full");
        }
        self.write_counts(false);
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
        if self.submit_own(Event::Closing, Source::Minute(self.0.clock.now())).is_err() {
            tracing::debug!("what is in memory alone is lost: the queue is full");
        }
        self.write_counts(true);
    }
}
