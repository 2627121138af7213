//! Waiting that stays awake: whatever the gateway's loop waits for outside a connection, it notices when it has to stop
//! and shows that it still turns.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::status::vitals::{Part, Vitals};

/// Why to stop waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// We were asked to.
    Stopped,
    /// Discord does not accept our token.
    TokenLost,
    /// It makes no sense to go on: what is wrong, and what to do.
    Fatal(&'static str, &'static str),
}

/// Watches for reasons to stop.
#[derive(Clone)]
pub struct Guard {
    pub vitals: Arc<Vitals>,
    pub stop: watch::Receiver<bool>,
    pub token_lost: watch::Receiver<bool>,
    pub tick: Duration,
}

impl Guard {
    /// The future's value, unless there is a reason to stop first.
    pub async fn during<T>(&mut self, future: impl Future<Output = T>) -> Result<T, Halt> {
        let mut future = std::pin::pin!(future);
        let mut tick = interval(self.tick);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                halt = halted(&mut self.stop, &mut self.token_lost) => return Err(halt),
                _ = tick.tick() => self.vitals.beat(Part::Loop),
                value = &mut future => return Ok(value),
            }
        }
    }

    /// Waits so long.
    pub async fn pause(&mut self, pause: Duration) -> Result<(), Halt> {
        self.during(sleep(pause)).await
    }

    /// Resolves with a reason to stop.
    pub async fn halted(&mut self) -> Halt {
        halted(&mut self.stop, &mut self.token_lost).await
    }
}

async fn halted(stop: &mut watch::Receiver<bool>, token_lost: &mut watch::Receiver<bool>) -> Halt {
    tokio::select! {
        biased;
        // Whoever could tell us to stop is gone: then there is nobody to run for.
        _ = stop.wait_for(|stop| *stop) => Halt::Stopped,
        Ok(_) = token_lost.wait_for(|lost| *lost) => Halt::TokenLost,
    }
}
