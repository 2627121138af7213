//! The store: one SQLite file, one writer with group commit, a few readers. It names no feature; a room's SQL is in the
//! room's own `store.rs`.
//!
//! What is acknowledged to a person or program is on the disk before the answer ([`Store::write`]). Passive gains
//! ([`Store::submit`] with relaxed work) join the next batch, at most [`StoreSettings::batch_wait`] away.

pub mod access;
mod backup;
mod bell;
pub mod check;
pub mod done;
pub mod downtime;
pub mod fold;
mod guest;
pub mod happenings;
pub mod hidden;
mod knock;
pub mod ledger;
mod lock;
mod open;
pub mod people;
pub mod personal;
pub mod promises;
pub mod session;
mod tx;
pub mod webhooks;
mod writer;

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::anyhow;
use rusqlite::Connection;
use tokio::sync::{Semaphore, oneshot, watch};

pub use guest::Guest;
pub use lock::InstanceLock;
pub use open::OpenError;
pub use session::{Progress, SavedSession, SessionKey};
pub use tx::Tx;
pub use writer::Work;

use crate::model::{Error, GuildId, Refusal, Result};
use crate::status::vitals::Vitals;
use bell::Bell;
use writer::{Message, NOTHING_DONE, Writer};

/// Pieces of work that may wait for the writer.
pub const QUEUE_MAX: usize = 8_192;
/// Connections for reading.
const READERS_MAX: usize = 3;

/// How the writer groups its commits.
#[derive(Debug, Clone, Copy)]
pub struct StoreSettings {
    /// Relaxed work commits when so many pieces wait …
    pub batch_rows: usize,
    /// … or so long after the first of them.
    pub batch_wait: Duration,
}

/// These guilds for SQLite's `json_each`.
pub fn id_list(guilds: &[GuildId]) -> Result<String> {
    Ok(serde_json::to_string(&guilds.iter().map(|guild| guild.sql()).collect::<Vec<_>>())?)
}

/// The queue to the writer is full; nothing was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueFull;

/// A handle on the store; clones share it. Dropping the last one ends the writer after a commit.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    path: PathBuf,
    queue: SyncSender<Message>,
    readers: Mutex<Vec<Connection>>,
    places: Semaphore,
    version: watch::Receiver<u64>,
    writer: Mutex<Option<JoinHandle<()>>>,
    bell: Arc<Bell>,
    vitals: Arc<Vitals>,
}

/// A read-only view of what is committed.
pub struct Reader(Connection);

impl Deref for Reader {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl Store {
    /// Opens the database, creating or migrating it, and starts the writer.
    pub fn open(path: &Path, settings: StoreSettings, vitals: Arc<Vitals>) -> Result<Self, OpenError> {
        let tx = Tx::new(open::open_writer(path)?);
        let (queue, inbox) = sync_channel(QUEUE_MAX);
        let (announce, version) = watch::channel(0);
        let bell = Arc::new(Bell::default());
        let writer = Writer::new(path.to_owned(), settings, inbox, vitals.clone(), announce, bell.clone(), tx);
        let writer = writer.map_err(|error| OpenError::unreadable(path, &error))?;
        let thread = std::thread::Builder::new().name("writer".to_owned()).spawn(move || writer.run());
        let thread = thread.map_err(|error| OpenError::unreadable(path, &Error::from(error)))?;
        Ok(Self(Arc::new(Inner {
            path: path.to_owned(),
            queue,
            readers: Mutex::default(),
            places: Semaphore::new(READERS_MAX),
            version,
            writer: Mutex::new(Some(thread)),
            bell,
            vitals,
        })))
    }

    /// Where the database is.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Moves with every commit.
    pub fn version(&self) -> watch::Receiver<u64> {
        self.0.version.clone()
    }

    /// Hands over a piece of work without waiting, in order.
    pub fn submit(&self, work: Box<dyn Work>) -> Result<(), QueueFull> {
        let urgent = work.is_durable();
        match self.0.queue.try_send(Message::Work(work)) {
            Ok(()) => {
                self.0.bell.ring(urgent);
                Ok(())
            }
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(QueueFull),
        }
    }

    /// Runs `work` on the writer and resolves when it is on the disk. `work` may run more than once.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Tx) -> Result<T> + Send + 'static,
    {
        let (answer, waiting) = oneshot::channel();
        let call = Message::Work(Box::new(Call { work, value: None, answer }));
        self.send(call).await?;
        waiting.await.map_err(|_| stopped())?
    }

    /// Commits everything handed over so far and tells how far the gateway's session is on the disk.
    pub async fn settle(&self) -> Result<Option<SavedSession>> {
        let (answer, waiting) = oneshot::channel();
        self.send(Message::Flush(answer)).await?;
        waiting.await.map_err(|_| stopped())
    }

    /// Runs a query on a reader: it sees what is committed and never waits for the writer.
    pub async fn read<T, F>(&self, query: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Reader) -> Result<T> + Send + 'static,
    {
        let store = self.clone();
        let _place = self.0.places.acquire().await?;
        tokio::task::spawn_blocking(move || store.read_here(query)).await?
    }

    /// The same on the calling thread, for programs without a runtime.
    pub fn read_here<T>(&self, query: impl FnOnce(&Reader) -> Result<T>) -> Result<T> {
        let pooled = self.readers().pop();
        let reader = match pooled {
            Some(connection) => Reader(connection),
            None => Reader(open::open_reader(&self.0.path)?),
        };
        let result = query(&reader);
        // After a failure of the file a fresh connection is the safer one.
        if !matches!(&result, Err(Error::Fault(fault)) if tx::is_of_the_disk(fault)) {
            self.readers().push(reader.0);
        }
        result
    }

    /// Copies everything handed over so far into a file beside the database; only the newest few such copies stay.
    pub async fn backup(&self, label: &str) -> Result<PathBuf> {
        self.settle().await?;
        let (path, label, at) = (self.0.path.clone(), label.to_owned(), self.0.vitals.clock.now());
        tokio::task::spawn_blocking(move || backup::make(&path, &label, at)).await?
    }

    /// Commits, ends the writer and waits for it.
    pub fn close(&self) {
        let thread = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A writer that waits for a failing disk may take nothing more from its queue, so the word goes past it too.
        self.0.bell.close();
        let _ = self.0.queue.try_send(Message::Stop);
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }

    fn readers(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.0.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place in the queue without holding up the runtime.
    async fn send(&self, message: Message) -> Result<()> {
        let message = match self.0.queue.try_send(message) {
            Ok(()) => {
                self.0.bell.ring(true);
                return Ok(());
            }
            // A failing disk may take nothing for hours; whoever asks meanwhile is not to hold a thread for it.
            Err(TrySendError::Full(_)) if !self.0.vitals.store_writable.load(Relaxed) => {
                return Err(Refusal::new(NOTHING_DONE).into());
            }
            Err(TrySendError::Full(message)) => message,
            Err(TrySendError::Disconnected(_)) => return Err(stopped()),
        };
        let store = self.clone();
        let sent = tokio::task::spawn_blocking(move || {
            let sent = store.0.queue.send(message).map_err(|_| stopped());
            store.0.bell.ring(true);
            sent
        });
        sent.await?
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.bell.close();
    }
}

/// A question to, or a change by, somebody who waits.
struct Call<T, F> {
    work: F,
    value: Option<T>,
    answer: oneshot::Sender<Result<T>>,
}

impl<T: Send, F: Fn(&Tx) -> Result<T> + Send> Work for Call<T, F> {
    fn run(&mut self, tx: &Tx) -> Result<()> {
        self.value = Some((self.work)(tx)?);
        Ok(())
    }

    fn is_durable(&self) -> bool {
        true
    }

    fn done(self: Box<Self>, result: Result<()>) {
        let Self { value, answer, .. } = *self;
        let result = result.and_then(|()| value.ok_or_else(|| Error::Fault(anyhow!("the work left no value"))));
        // Nobody may be waiting any more; what is done stays done.
        let _ = answer.send(result);
    }
}

fn stopped() -> Error {
    Error::Fault(anyhow!("the store is closed"))
}
