//! How the writer is woken. Waking a thread costs more than handling a message, so what nobody waits for does not ring
//! while the writer only dozes: it is found when the doze is over, a twenty-fifth of a second later at most.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed, Ordering::SeqCst, fence};
use std::thread::{Thread, current, park_timeout};
use std::time::Duration;

/// How long the writer waits for company before it sleeps. It is woken into cold caches, so the fewer times the better.
const DOZE: Duration = Duration::from_millis(40);

/// So much work ends a doze early.
const CROWD: u32 = 512;

/// Between those who hand over work and the writer.
#[derive(Default)]
pub struct Bell {
    writer: OnceLock<Thread>,
    /// The writer sleeps: whoever comes has to ring.
    asleep: AtomicBool,
    /// What came since the writer last looked, roughly.
    waiting: AtomicU32,
    closing: AtomicBool,
}

impl Bell {
    /// The calling thread is the writer.
    pub fn is_mine(&self) {
        let _ = self.writer.set(current());
    }

    /// Work was put into the queue; `urgent` when somebody waits for it.
    pub fn ring(&self, urgent: bool) {
        // With its counterpart in `sleep`: either the writer sees the work, or we see it asleep.
        fence(SeqCst);
        let is_crowd = self.waiting.fetch_add(1, Relaxed) == CROWD;
        if urgent || is_crowd || self.asleep.load(Relaxed) {
            self.asleep.store(false, Relaxed);
            self.wake();
        }
    }

    /// The store is being closed; heard even where the queue is full.
    pub fn close(&self) {
        self.closing.store(true, SeqCst);
        self.wake();
    }

    pub fn is_closing(&self) -> bool {
        self.closing.load(SeqCst)
    }

    /// Waits a little for work that does not ring.
    pub fn doze(&self) {
        self.waiting.store(0, Relaxed);
        park_timeout(DOZE);
    }

    /// Waits for a ring, unless `has_work` finds that it is not needed.
    pub fn sleep<T>(&self, at_most: Duration, has_work: impl FnOnce() -> Option<T>) -> Option<T> {
        self.asleep.store(true, Relaxed);
        fence(SeqCst);
        let found = has_work();
        if found.is_none() && !self.is_closing() {
            park_timeout(at_most);
        }
        self.asleep.store(false, Relaxed);
        found
    }

    fn wake(&self) {
        if let Some(writer) = self.writer.get() {
            writer.unpark();
        }
    }
}
