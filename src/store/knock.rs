//! How another program gets in while the bot keeps a transaction open for company: it leaves a file beside the
//! database, and the writer, which looks for it every now and then, commits, takes the file away and steps aside.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::lock::beside;

/// How long a knock may go unheard, at most. Another program waits for five seconds.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long the writer leaves the database to whoever knocked: SQLite asks again every tenth of a second.
const STEP_ASIDE: Duration = Duration::from_millis(150);

/// A knock that was left; it is taken back when this is dropped.
pub(super) struct Knock(PathBuf);

impl Knock {
    /// Knocks. Where no file can be left, whoever waits has SQLite's own patience.
    pub(super) fn leave(database: &Path) -> Self {
        let path = place(database);
        if let Err(error) = File::create(&path) {
            tracing::debug!(%error, "could not knock");
        }
        Self(path)
    }
}

impl Drop for Knock {
    fn drop(&mut self) {
        // The writer may have taken it.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Where a knock is left: `innkeeper.db.knock`.
fn place(database: &Path) -> PathBuf {
    beside(database, "knock")
}

/// The writer's ear for knocks.
pub(super) struct Ear {
    place: PathBuf,
    next_look: Instant,
}

impl Ear {
    pub(super) fn new(database: &Path) -> Self {
        Self { place: place(database), next_look: Instant::now() }
    }

    /// Whether somebody knocked; looks no more often than is needed. A knock that nobody stands behind any more costs
    /// a commit.
    pub(super) fn hears(&mut self) -> bool {
        let now = Instant::now();
        if now < self.next_look {
            return false;
        }
        self.next_look = now + LOOK_EVERY;
        self.place.exists()
    }

    /// Takes a knock away after the commit and waits until whoever knocked is in, or until `is_over`.
    pub(super) fn answer(&self, is_over: impl Fn() -> bool) {
        let _ = std::fs::remove_file(&self.place);
        stand_aside(STEP_ASIDE, is_over);
    }
}

/// Leaves the database alone for so long, or until `is_over`.
pub(super) fn stand_aside(length: Duration, is_over: impl Fn() -> bool) {
    let until = Instant::now() + length;
    while let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        if is_over() {
            return;
        }
        std::thread::park_timeout(left);
    }
}
