//! Another program beside the bot, with changes of its own: `innkeeper import`. Each change is a transaction. It
//! knocks, so that the bot's writer need not be waited for, and leaves room for the bot between two changes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::knock::{Knock, stand_aside};
use super::lock::holder;
use super::open::{OpenError, open_known, open_nowhere, open_writer, reopen_writer};
use super::{Tx, backup};
use crate::model::{Error, Refusal, Result, Timestamp};

/// How long the bot's writer gets between two changes: SQLite asks again every tenth of a second.
const STEP_ASIDE: Duration = Duration::from_millis(250);
/// Many rows are changed at once, in an order that is not every index's.
const CACHE_KIBIBYTES: i64 = 48 * 1024;
/// How often a change is tried that the database did not let in.
const TRIES_MAX: u32 = 3;
const NOT_LET_IN: &str = "The database is busy, so nothing more was changed. Try again in a while: what is done \
    already is not done twice.";

/// A program that changes the database without being the bot.
pub struct Guest {
    path: PathBuf,
    tx: Tx,
}

impl Guest {
    /// Opens the database, creating or migrating it.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let tx = Tx::new(open_writer(path)?);
        let guest = Self { path: path.to_owned(), tx };
        guest.widen_cache();
        Ok(guest)
    }

    /// Looks at the database without changing or making one: where there is none, at an empty one in memory.
    pub fn look(path: &Path) -> Result<Self, OpenError> {
        let connection = if path.exists() { open_known(path)? } else { open_nowhere()? };
        Ok(Self { path: path.to_owned(), tx: Tx::new(connection) })
    }

    /// What is committed, and nothing else.
    pub fn read(&self) -> &rusqlite::Connection {
        self.tx.read()
    }

    /// Runs `work` in a transaction of its own, which is on the disk when this returns. `work` runs again where the
    /// database failed.
    ///
    /// # Errors
    /// Whatever `work` says, and a refusal where the database does not let us in; nothing of it is written then.
    pub fn write<T>(&mut self, work: impl Fn(&Tx) -> Result<T>) -> Result<T> {
        for _ in 0..TRIES_MAX {
            match self.try_write(&work) {
                Err(Error::Fault(fault)) if self.tx.must_start_over() => {
                    tracing::warn!(%fault, "the database did not let us in");
                    self.tx = Tx::new(reopen_writer(&self.path)?);
                    self.widen_cache();
                }
                ended => return ended,
            }
        }
        Err(Refusal::new(NOT_LET_IN).into())
    }

    fn try_write<T>(&self, work: impl Fn(&Tx) -> Result<T>) -> Result<T> {
        let knock = Knock::leave(&self.path);
        self.tx.begin_anew()?;
        drop(knock);
        // What fails is taken back by its savepoint, and an empty transaction is committed.
        let result = self.tx.scope(|| work(&self.tx));
        if !self.tx.must_start_over() {
            self.tx.commit()?;
        }
        result
    }

    /// Leaves room for a bot that runs on the same database; returns at once where none does.
    pub fn step_aside(&self) {
        if self.has_company() {
            stand_aside(STEP_ASIDE, || false);
        }
    }

    /// Whether a bot runs on the same database.
    pub fn has_company(&self) -> bool {
        holder(&self.path).is_some()
    }

    /// Copies the database into a file beside it, with everything that the bot has not committed yet.
    pub fn backup(&mut self, label: &str, at: Timestamp) -> Result<PathBuf> {
        self.write(|_| Ok(()))?;
        backup::make(&self.path, label, at)
    }

    fn widen_cache(&self) {
        let set = self.tx.read().pragma_update(None, "cache_size", -CACHE_KIBIBYTES);
        if let Err(error) = set {
            tracing::debug!(%error, "the cache stays small");
        }
    }
}
