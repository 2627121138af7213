//! The one writer: a thread that owns the write connection, runs work in the order it came, and commits it in groups.
//!
//! Relaxed work waits for company; durable work ends the batch. After an error of the database itself the connection
//! is opened anew and the batch is run again, unless the batch's number says that its commit happened after all.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use tokio::sync::{oneshot, watch};

use super::bell::Bell;
use super::knock::{self, Ear};
use super::open::{bytes_on_disk, reopen_writer};
use super::session::{Progress, SavedSession, load_batch, save_progress};
use super::{StoreSettings, Tx};
use crate::model::{Error, Refusal, Result};
use crate::status::vitals::{Part, Vitals};

/// How much work is taken in one go before a commit is considered.
const BURST_MAX: usize = 512;
/// How long an idle writer waits before it shows that it is alive.
const IDLE_WAIT: Duration = Duration::from_secs(5);
/// Full batches commit no closer together than this: when much happens, more rows share a commit.
const BATCHES_APART: Duration = Duration::from_millis(250);
/// Work that may wait for a failing disk; past it the queue fills and the gateway waits.
const KEPT_MAX: usize = 8_192;
const RETRY_FIRST: Duration = Duration::from_millis(250);
const RETRY_MAX: Duration = Duration::from_secs(15);

pub(super) const NOTHING_DONE: &str =
    "My storage is full or failing, so I did nothing. Try again in a while; the status page says more.";
const IN_DOUBT: &str = "My storage failed while I wrote this down, so I cannot tell whether it was done. Look before you \
    ask again; the status page says more.";

/// A piece of work for the writer.
pub trait Work: Send {
    /// Does it. May be called again after an error of the disk, so it depends on the transaction alone.
    fn run(&mut self, tx: &Tx) -> Result<()>;

    /// Whether somebody waits for it.
    fn is_durable(&self) -> bool {
        false
    }

    /// The end: after the commit, or at once where nothing was written.
    fn done(self: Box<Self>, result: Result<()>);
}

pub(super) enum Message {
    Work(Box<dyn Work>),
    /// Commit everything so far, how far the gateway is included, and say how far that was.
    Flush(oneshot::Sender<Option<SavedSession>>),
    Stop,
}

struct Kept {
    work: Box<dyn Work>,
    result: Result<()>,
    /// It is part of the transaction, so it is on the disk when the commit happened.
    ran: bool,
}

impl Kept {
    /// Work that waits until the disk can be written again.
    fn waiting(work: Box<dyn Work>) -> Self {
        Self { work, result: Ok(()), ran: false }
    }
}

pub(super) struct Writer {
    path: PathBuf,
    settings: StoreSettings,
    inbox: Receiver<Message>,
    vitals: Arc<Vitals>,
    version: watch::Sender<u64>,
    tx: Tx,
    batch: i64,
    committed: Option<Progress>,
    kept: Vec<Kept>,
    /// Pieces of work in this batch that wrote something.
    rows: usize,
    deadline: Option<Instant>,
    last_commit: Option<Instant>,
    hurry: bool,
    flushes: Vec<oneshot::Sender<Option<SavedSession>>>,
    stopping: bool,
    bell: Arc<Bell>,
    /// Work came the last time we waited for it, so more may come soon.
    has_company: bool,
    /// The last attempt to bring the batch to the disk was in vain: the open transaction is nothing to build on.
    failing: bool,
    /// The last commit was reported as failed, and nobody has seen yet whether it happened all the same.
    in_doubt: bool,
    ear: Ear,
}

impl Writer {
    pub(super) fn new(
        path: PathBuf,
        settings: StoreSettings,
        inbox: Receiver<Message>,
        vitals: Arc<Vitals>,
        version: watch::Sender<u64>,
        bell: Arc<Bell>,
        tx: Tx,
    ) -> Result<Self> {
        let batch = load_batch(tx.read())?;
        vitals.store_bytes.store(bytes_on_disk(&path), Relaxed);
        Ok(Self {
            ear: Ear::new(&path),
            path,
            settings,
            inbox,
            vitals,
            version,
            tx,
            batch,
            committed: None,
            kept: Vec::new(),
            rows: 0,
            deadline: None,
            last_commit: None,
            hurry: false,
            flushes: Vec::new(),
            stopping: false,
            bell,
            has_company: false,
            failing: false,
            in_doubt: false,
        })
    }

    /// Works until it is told to stop, or until nobody is left who could send work; commits what is open.
    pub(super) fn run(mut self) {
        self.bell.is_mine();
        while !self.stopping {
            self.vitals.beat(Part::Writer);
            match self.next() {
                Some(message) => self.take_burst(message),
                None => self.stopping |= self.bell.is_closing(),
            }
            if self.is_due() {
                self.commit();
            }
            self.let_in();
        }
        self.commit();
        let _ = self.tx.read().execute_batch("PRAGMA optimize");
    }

    /// What comes next, or none after a while without anything.
    fn next(&mut self) -> Option<Message> {
        let waiting = || self.inbox.try_recv().ok();
        if let Some(message) = waiting() {
            return Some(message);
        }
        if self.has_company {
            self.bell.doze();
        }
        let message = waiting().or_else(|| self.bell.sleep(self.patience(), waiting)).or_else(waiting);
        self.has_company = message.is_some();
        message
    }

    fn patience(&self) -> Duration {
        match self.deadline {
            Some(deadline) => deadline.saturating_duration_since(Instant::now()).min(knock::LOOK_EVERY),
            None => IDLE_WAIT,
        }
    }

    /// Commits where another program waits for that, and leaves the database alone for a moment.
    fn let_in(&mut self) {
        if self.tx.has_batch() && self.ear.hears() {
            self.commit();
            self.ear.answer(|| self.bell.is_closing());
        }
    }

    fn is_due(&self) -> bool {
        let late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        late || self.hurry || self.stopping || !self.flushes.is_empty()
    }

    fn take_burst(&mut self, first: Message) {
        if !self.tx.has_batch() {
            self.tx.notice_other_writers();
        }
        self.take(first);
        for _ in 1..BURST_MAX {
            let Ok(next) = self.inbox.try_recv() else { break };
            self.take(next);
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Work(work) if self.failing => self.set_aside(work),
            Message::Work(work) => self.execute(work),
            Message::Flush(waiter) => self.flushes.push(waiter),
            Message::Stop => self.stopping = true,
        }
    }

    fn execute(&mut self, mut work: Box<dyn Work>) {
        let result = self.tx.scope(|| work.run(&self.tx));
        let (wrote, hurry) = self.tx.take_flags();
        if self.tx.must_start_over() {
            self.kept.push(Kept::waiting(work));
            self.recover();
            return;
        }
        if wrote {
            // Also for work that failed: it may have opened the transaction, which keeps other programs out.
            self.deadline.get_or_insert_with(|| Instant::now() + self.settings.batch_wait);
        }
        let durable = hurry || work.is_durable();
        if result.is_err() || !(wrote || (durable && self.tx.has_batch())) {
            return work.done(result);
        }
        self.rows += usize::from(wrote);
        if self.rows == self.settings.batch_rows {
            let soon = self.last_commit.map_or_else(Instant::now, |last| last + BATCHES_APART);
            self.deadline = Some(self.deadline.map_or(soon, |deadline| deadline.min(soon)));
        }
        self.hurry |= durable;
        self.kept.push(Kept { work, result, ran: true });
    }

    /// Ends the batch: nobody is told of anything before this succeeded.
    fn commit(&mut self) {
        if self.failing {
            return self.recover();
        }
        let moved = self.tx.progress() != self.committed;
        let forced = (self.stopping || !self.flushes.is_empty()) && moved;
        if !self.tx.has_batch() && !forced {
            return self.finish();
        }
        match self.try_commit() {
            Ok(()) => self.finish(),
            Err(_) => self.recover(),
        }
    }

    fn try_commit(&mut self) -> Result<()> {
        let begun = Instant::now();
        let progress = self.tx.progress();
        self.tx.begin()?;
        save_progress(self.tx.read(), self.batch + 1, progress.as_ref())?;
        self.in_doubt = true;
        self.tx.commit()?;
        self.in_doubt = false;
        self.tx.take_flags();
        self.vitals.note_commit(begun.elapsed());
        self.note_committed(progress);
        Ok(())
    }

    fn note_committed(&mut self, progress: Option<Progress>) {
        self.batch += 1;
        self.last_commit = Some(Instant::now());
        self.committed = progress;
        self.vitals.store_bytes.store(bytes_on_disk(&self.path), Relaxed);
        self.version.send_modify(|version| *version += 1);
    }

    fn finish(&mut self) {
        (self.rows, self.deadline, self.hurry) = (0, None, false);
        for Kept { work, result, .. } in self.kept.drain(..) {
            work.done(result);
        }
        let saved = self.committed.as_ref().map(SavedSession::from);
        for waiter in self.flushes.drain(..) {
            let _ = waiter.send(saved.clone());
        }
    }

    /// Brings the batch to the disk after the database failed. Whoever waits is told after the first vain try; the
    /// rest waits with us.
    fn recover(&mut self) {
        self.failing = true;
        let mut wait = RETRY_FIRST;
        for attempt in 0.. {
            match self.try_again() {
                Ok(()) => {
                    self.failing = false;
                    self.vitals.store_writable.store(true, Relaxed);
                    self.vitals.solved("store");
                    return self.finish();
                }
                Err(fault) => self.show_failure(attempt, &fault),
            }
            self.refuse_waiting();
            if self.stopping {
                return;
            }
            self.receive_for(wait);
            wait = (wait * 2).min(RETRY_MAX);
        }
    }

    fn try_again(&mut self) -> Result<()> {
        let progress = self.tx.progress();
        self.tx = Tx::new(reopen_writer(&self.path)?);
        if let Some(progress) = progress {
            self.tx.note_progress(progress);
        }
        let batch = load_batch(self.tx.read())?;
        self.in_doubt = false;
        if batch > self.batch {
            self.end_what_happened();
        }
        for Kept { work, result, ran } in &mut self.kept {
            *result = self.tx.scope(|| work.run(&self.tx));
            *ran = true;
            if self.tx.must_start_over() {
                return Err(Error::Fault(anyhow!("the disk failed again")));
            }
        }
        self.try_commit()
    }

    /// A commit of ours happened although it was reported as failed: what ran for it is done. What was taken in since
    /// then has yet to run.
    fn end_what_happened(&mut self) {
        self.note_committed(self.tx.progress());
        let (done, left) = std::mem::take(&mut self.kept).into_iter().partition(|kept| kept.ran);
        self.kept = left;
        let done: Vec<Kept> = done;
        for Kept { work, result, .. } in done {
            work.done(result);
        }
    }

    fn show_failure(&self, attempt: u32, fault: &Error) {
        self.vitals.store_writable.store(false, Relaxed);
        self.vitals.problem(
            "store",
            format!("The database cannot be written: {fault}."),
            "Make room on the disk, or see whether it is failing; I go on by myself once it can be written.",
        );
        if attempt == 0 {
            tracing::error!(%fault, "the database cannot be written; trying again");
        }
    }

    fn refuse_waiting(&mut self) {
        let kept = std::mem::take(&mut self.kept);
        let (waiting, patient): (Vec<_>, Vec<_>) = kept.into_iter().partition(|kept| kept.work.is_durable());
        self.kept = patient;
        for Kept { work, ran, .. } in waiting {
            let words = if ran && self.in_doubt { IN_DOUBT } else { NOTHING_DONE };
            work.done(Err(Refusal::new(words).into()));
        }
    }

    /// Takes work without running it while the disk fails: durable work is refused at once.
    fn set_aside(&mut self, work: Box<dyn Work>) {
        if work.is_durable() {
            return work.done(Err(Refusal::new(NOTHING_DONE).into()));
        }
        self.kept.push(Kept::waiting(work));
    }

    /// Takes in what comes while the disk fails, as long as there is room.
    fn receive_for(&mut self, wait: Duration) {
        let until = Instant::now() + wait;
        loop {
            self.vitals.beat(Part::Writer);
            let left = until.saturating_duration_since(Instant::now());
            if self.kept.len() >= KEPT_MAX {
                if !self.bell.is_closing() {
                    std::thread::park_timeout(left);
                }
                self.stopping |= self.bell.is_closing();
                return;
            }
            match self.inbox.recv_timeout(left) {
                Ok(Message::Work(work)) => self.set_aside(work),
                Ok(Message::Flush(waiter)) => self.flushes.push(waiter),
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => self.stopping = true,
                Err(RecvTimeoutError::Timeout) => return,
            }
            if self.stopping {
                return;
            }
        }
    }
}
