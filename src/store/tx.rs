//! What a piece of work sees of the store while the writer runs it: one connection, a transaction that opens at the
//! first write, savepoints around each piece, and memos that never outlive a rollback.

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::anyhow;
use rusqlite::{Connection, ErrorCode};

use super::session::Progress;
use crate::model::{Error, Result};

/// What a room remembers, by its type; none while it is in use.
type Memo = (TypeId, Option<Box<dyn Any + Send>>);

/// The writer's view of the database.
pub struct Tx {
    connection: Connection,
    /// A transaction is open.
    open: Cell<bool>,
    /// One entry for each scope we are in: whether its savepoint is open.
    scopes: RefCell<Vec<bool>>,
    wrote: Cell<bool>,
    durable: Cell<bool>,
    broken: Cell<bool>,
    progress: RefCell<Option<Progress>>,
    /// There are a dozen kinds at most, so looking through them is faster than hashing.
    memos: RefCell<Vec<Memo>>,
    /// The database's version when we last looked; it moves when another program writes. 0: not looked yet.
    version: Cell<i64>,
}

impl Tx {
    pub(super) fn new(connection: Connection) -> Self {
        let tx = Self {
            connection,
            open: Cell::new(false),
            scopes: RefCell::default(),
            wrote: Cell::new(false),
            durable: Cell::new(false),
            broken: Cell::new(false),
            progress: RefCell::default(),
            memos: RefCell::default(),
            version: Cell::new(0),
        };
        tx.notice_other_writers();
        tx
    }

    /// For queries. Sees everything written before in this batch, committed or not.
    pub fn read(&self) -> &Connection {
        &self.connection
    }

    /// For changes: opens the transaction and the savepoints around the present piece of work when they are not open.
    pub fn write(&self) -> Result<&Connection> {
        if !self.open.get() {
            self.run("BEGIN IMMEDIATE")?;
            self.open.set(true);
            self.refuse_what_is_old()?;
        }
        let mut scopes = self.scopes.borrow_mut();
        for (depth, opened) in scopes.iter_mut().enumerate() {
            if !*opened {
                self.run(SAVEPOINTS[depth].open)?;
                *opened = true;
            }
        }
        self.wrote.set(true);
        Ok(&self.connection)
    }

    /// Asks that this batch is committed at once: somebody is told of what is in it.
    pub fn hurry(&self) {
        self.durable.set(true);
    }

    /// Runs `work` in a savepoint of its own: an error or a panic takes back what `work` wrote, and nothing else.
    pub fn scope<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let depth = self.scopes.borrow().len();
        if depth >= SAVEPOINTS.len() {
            return Err(Error::Fault(anyhow!("more than {} savepoints inside one another", SAVEPOINTS.len())));
        }
        self.scopes.borrow_mut().push(false);
        let result = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(Error::Fault(panicked(&*panic))));
        self.scopes.borrow_mut().truncate(depth + 1);
        let opened = self.scopes.borrow_mut().pop().unwrap_or(false);
        if let Err(Error::Fault(fault)) = &result {
            self.judge(fault);
        }
        if self.broken.get() || !opened {
            return result;
        }
        match result {
            Ok(value) => self.run(SAVEPOINTS[depth].release).map(|()| value),
            Err(error) => {
                self.memos.borrow_mut().clear();
                self.run(SAVEPOINTS[depth].roll_back)?;
                self.run(SAVEPOINTS[depth].release)?;
                Err(error)
            }
        }
    }

    /// Something remembered between pieces of work that must agree with the database: it is dropped with every
    /// rollback, so what is in it was read from, or written to, the transaction that is still standing.
    pub fn memo<M: Default + Send + 'static, T>(&self, use_it: impl FnOnce(&mut M) -> T) -> T {
        // Taken out while in use, so that a query inside may use other memos.
        let kind = TypeId::of::<M>();
        let place = |memos: &[(TypeId, _)]| memos.iter().position(|(known, _)| *known == kind);
        let taken = {
            let mut memos = self.memos.borrow_mut();
            place(&memos).and_then(|at| memos[at].1.take())
        };
        let mut memo = taken.and_then(|any| any.downcast::<M>().ok()).unwrap_or_default();
        let result = use_it(&mut memo);
        let mut memos = self.memos.borrow_mut();
        match place(&memos) {
            Some(at) => memos[at].1 = Some(memo),
            None => memos.push((kind, Some(memo))),
        }
        result
    }

    /// The gateway's sequence that this work belongs to; stored with the next commit.
    pub fn note_progress(&self, progress: Progress) {
        *self.progress.borrow_mut() = Some(progress);
    }

    /// The session is gone; there is nothing to store of it any more.
    pub(super) fn forget_progress(&self) {
        *self.progress.borrow_mut() = None;
    }

    /// Forgets what is remembered where another program wrote meanwhile; it cannot while our transaction is open.
    pub(super) fn notice_other_writers(&self) {
        if let Ok(version) = self.load_version()
            && version != self.version.replace(version)
        {
            self.memos.borrow_mut().clear();
        }
    }

    /// Another program wrote between what the present work has read and its first change: the work has to begin anew.
    fn refuse_what_is_old(&self) -> Result<()> {
        let version = self.load_version()?;
        let before = self.version.replace(version);
        if before == 0 || before == version {
            return Ok(());
        }
        self.broken.set(true);
        Err(Error::Fault(anyhow!("another program wrote meanwhile")))
    }

    fn load_version(&self) -> Result<i64> {
        let mut statement = self.connection.prepare_cached("PRAGMA data_version")?;
        Ok(statement.query_row((), |row| row.get(0))?)
    }

    /// Opens a transaction for work that has read nothing yet.
    pub(super) fn begin_anew(&self) -> Result<()> {
        self.memos.borrow_mut().clear();
        self.version.set(0);
        self.begin()
    }

    /// Whether the present piece of work has written something.
    pub fn has_written(&self) -> bool {
        self.wrote.get()
    }

    /// Whether something waits to be committed, so that writing a little more costs no commit of its own.
    pub fn has_batch(&self) -> bool {
        self.open.get()
    }

    /// The transaction is gone or the disk failed: the work has to end, and is run again later.
    pub fn must_start_over(&self) -> bool {
        self.broken.get()
    }

    pub(super) fn take_flags(&self) -> (bool, bool) {
        (self.wrote.replace(false), self.durable.replace(false))
    }

    pub(super) fn progress(&self) -> Option<Progress> {
        self.progress.borrow().clone()
    }

    pub(super) fn begin(&self) -> Result<()> {
        self.write().map(|_| ())
    }

    pub(super) fn commit(&self) -> Result<()> {
        self.run("COMMIT")?;
        self.open.set(false);
        Ok(())
    }

    fn run(&self, sql: &str) -> Result<()> {
        let done = self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute(()));
        done.map(|_| ()).map_err(|error| {
            // A transaction that cannot be opened, closed or kept is no longer one to build on.
            self.broken.set(true);
            Error::from(error)
        })
    }

    /// Whether a fault is the database's own, after which SQLite may have rolled back everything.
    fn judge(&self, fault: &anyhow::Error) {
        let lost = self.open.get() && self.connection.is_autocommit();
        if lost || is_of_the_disk(fault) {
            self.broken.set(true);
        }
    }
}

/// Whether this is about the disk, the file or memory rather than about the work.
pub(super) fn is_of_the_disk(fault: &anyhow::Error) -> bool {
    let Some(rusqlite::Error::SqliteFailure(error, _)) = fault.downcast_ref::<rusqlite::Error>() else { return false };
    matches!(
        error.code,
        ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::OutOfMemory
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::ReadOnly
            | ErrorCode::CannotOpen
            | ErrorCode::DatabaseBusy
    )
}

fn panicked(panic: &(dyn Any + Send)) -> anyhow::Error {
    let words = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let words = words.or_else(|| panic.downcast_ref::<String>().cloned());
    anyhow!("panicked: {}", words.as_deref().unwrap_or("(no message)"))
}

struct Savepoint {
    open: &'static str,
    release: &'static str,
    roll_back: &'static str,
}

/// Savepoints by depth; an event's rooms and a command's plan need two.
const SAVEPOINTS: [Savepoint; 3] = [
    Savepoint { open: "SAVEPOINT a", release: "RELEASE a", roll_back: "ROLLBACK TO a" },
    Savepoint { open: "SAVEPOINT b", release: "RELEASE b", roll_back: "ROLLBACK TO b" },
    Savepoint { open: "SAVEPOINT c", release: "RELEASE c", roll_back: "ROLLBACK TO c" },
];
