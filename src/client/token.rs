//! The token that stands for the key: kept, renewed before it ends, and by one task for all that wait for it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Mutex;

use super::Error;
use crate::model::{Clock, Secret};

/// So long before its end a token is not used any more.
const BEFORE_ITS_END: Duration = Duration::from_secs(60);

/// What the server gives for a key.
#[derive(Deserialize)]
pub(super) struct Given {
    token: Secret,
    /// Seconds.
    expires_in: u64,
}

#[derive(Default)]
pub(super) struct Tokens {
    kept: Mutex<Kept>,
    /// How often a renewal failed.
    vain: AtomicU64,
}

#[derive(Default)]
struct Kept {
    token: Option<Secret>,
    /// When it is to be renewed.
    until: Duration,
    /// How the last renewal failed.
    error: Option<Error>,
}

impl Tokens {
    /// The token; where there is none that lasts, renewed. Whoever comes meanwhile waits for the same renewal, and
    /// shares its failure.
    pub async fn find_or<F>(&self, clock: &Clock, renew: impl FnOnce() -> F) -> Result<Secret, Error>
    where
        F: Future<Output = Result<Given, Error>>,
    {
        let vain = self.vain.load(Relaxed);
        let mut kept = self.kept.lock().await;
        let now = clock.monotonic();
        if let Some(token) = kept.token.as_ref().filter(|_| now < kept.until) {
            return Ok(token.clone());
        }
        if let Some(error) = kept.error.as_ref().filter(|_| self.vain.load(Relaxed) != vain) {
            return Err(error.clone());
        }
        match renew().await {
            Ok(Given { token, expires_in }) => {
                let life = Duration::from_secs(expires_in);
                let until = now.saturating_add(life.saturating_sub(BEFORE_ITS_END).max(life / 2));
                *kept = Kept { token: Some(token.clone()), until, error: None };
                Ok(token)
            }
            Err(error) => {
                *kept = Kept { error: Some(error.clone()), ..Kept::default() };
                self.vain.fetch_add(1, Relaxed);
                Err(error)
            }
        }
    }

    /// Forgets a token that the server does not take, unless there is another already.
    pub async fn forget(&self, token: &Secret) {
        let mut kept = self.kept.lock().await;
        if kept.token.as_ref() == Some(token) {
            *kept = Kept::default();
        }
    }
}
