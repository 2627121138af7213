//! What several test programs share.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use innkeeper::model::{Clock, Timestamp};
use innkeeper::status::Vitals;
use innkeeper::store::{Store, StoreSettings};
use tracing::Level;
use tracing::subscriber::DefaultGuard;

/// A folder of the test's own, gone with it.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        let name = format!("innkeeper-test-{}-{:x}", std::process::id(), fastrand::u64(..));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A clock at a moment of 2026 that moves by hand.
pub fn hand_clock() -> Clock {
    Clock::hand(Timestamp::from_ms(1_790_000_000_000))
}

/// A store whose relaxed work waits for a long time, so that tests see when it is committed.
pub fn open_store(path: &Path) -> (Store, Arc<Vitals>) {
    let vitals = Vitals::new(hand_clock());
    let settings = StoreSettings { batch_rows: 20, batch_wait: Duration::from_secs(3_600) };
    (Store::open(path, settings, vitals.clone()).unwrap(), vitals)
}

/// What is logged on this thread.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Begins to keep everything that is logged, however unimportant, until the guard is dropped.
    pub fn listen() -> (Self, DefaultGuard) {
        let log = Self::default();
        let written = log.clone();
        let lines = tracing_subscriber::fmt().with_max_level(Level::TRACE).with_writer(move || written.clone());
        (log, tracing::subscriber::set_default(lines.finish()))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
