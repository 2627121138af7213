//! The store: what is acknowledged is on the disk, one bad piece of work takes nobody with it, and a failing disk loses
//! nothing that it did not lose itself.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, mpsc};

use innkeeper::model::{Error, Refusal, Result, Timestamp};
use innkeeper::store::{Guest, InstanceLock, Progress, SavedSession, SessionKey, Store, StoreSettings, Tx, Work};
use rusqlite::Connection;
use support::{Folder, open_store};

/// Relaxed work that adds a row to the table of identifies, which is as good as any.
struct Add(i64, Option<mpsc::Sender<Result<()>>>);

impl Work for Add {
    fn run(&mut self, tx: &Tx) -> Result<()> {
        tx.write()?.execute("INSERT INTO identify (at) VALUES (?1)", [self.0])?;
        Ok(())
    }

    fn done(self: Box<Self>, result: Result<()>) {
        if let Some(told) = self.1 {
            told.send(result).unwrap();
        }
    }
}

/// Tells that the writer came here, with its transaction open where there was something before it.
struct Reached(mpsc::Sender<()>);

impl Work for Reached {
    fn run(&mut self, _: &Tx) -> Result<()> {
        let _ = self.0.send(());
        Ok(())
    }

    fn done(self: Box<Self>, _: Result<()>) {}
}

fn insert(tx: &Tx, at: i64) -> Result<()> {
    tx.write()?.execute("INSERT INTO identify (at) VALUES (?1)", [at])?;
    Ok(())
}

/// What another connection sees: what is committed.
fn committed(store: &Store) -> Vec<i64> {
    let connection = Connection::open(store.path()).unwrap();
    let mut statement = connection.prepare("SELECT at FROM identify ORDER BY at").unwrap();
    statement.query_map((), |row| row.get(0)).unwrap().map(|row| row.unwrap()).collect()
}

fn progress(sequence: u64) -> Progress {
    let session = SessionKey { id: "s".to_owned(), resume_url: "wss://x".to_owned() };
    Progress { session: Arc::new(session), sequence }
}

#[tokio::test]
async fn durable_work_is_on_the_disk_when_it_is_acknowledged_and_takes_relaxed_work_along() {
    let folder = Folder::new();
    let (store, _) = open_store(&folder.file("a.db"));
    store.submit(Box::new(Add(1, None))).unwrap();
    store.read(|_| Ok(())).await.unwrap();
    assert_eq!(committed(&store), [0_i64; 0]);
    store.write(|tx| insert(tx, 2)).await.unwrap();
    assert_eq!(committed(&store), [1, 2]);
    store.close();
}

#[tokio::test]
async fn relaxed_work_commits_when_enough_of_it_waits() {
    let folder = Folder::new();
    let (store, vitals) = open_store(&folder.file("a.db"));
    let (tell, told) = mpsc::channel();
    for at in 0..20 {
        store.submit(Box::new(Add(at, (at == 19).then(|| tell.clone())))).unwrap();
    }
    tokio::task::spawn_blocking(move || told.recv().unwrap().unwrap()).await.unwrap();
    assert_eq!(committed(&store).len(), 20);
    assert_eq!(vitals.commits.load(Relaxed), 1);
    store.close();
}

/// Relaxed work that only moves the session.
struct Move(u64);

impl Work for Move {
    fn run(&mut self, tx: &Tx) -> Result<()> {
        tx.note_progress(progress(self.0));
        Ok(())
    }

    fn done(self: Box<Self>, _: Result<()>) {}
}

#[tokio::test]
async fn closing_commits_what_waits_and_how_far_the_session_is() {
    let folder = Folder::new();
    let saved = |sequence| Some(SavedSession { id: "s".to_owned(), resume_url: "wss://x".to_owned(), sequence });
    let (store, vitals) = open_store(&folder.file("a.db"));
    store.submit(Box::new(Move(6))).unwrap();
    assert_eq!(store.settle().await.unwrap(), saved(6));
    // A sequence alone causes no commit.
    store.submit(Box::new(Move(7))).unwrap();
    store.write(|_| Ok(())).await.unwrap();
    assert_eq!((vitals.commits.load(Relaxed), store.saved_session().await.unwrap()), (1, saved(6)));
    store.submit(Box::new(Add(1, None))).unwrap();
    store.submit(Box::new(Move(8))).unwrap();
    store.close();
    let (store, _) = open_store(&folder.file("a.db"));
    assert_eq!((committed(&store), store.saved_session().await.unwrap()), (vec![1], saved(8)));
    store.forget_session().await.unwrap();
    assert_eq!(store.saved_session().await.unwrap(), None);
    store.close();
}

#[tokio::test]
async fn a_refusal_an_error_or_a_panic_takes_back_its_own_work_alone() {
    let folder = Folder::new();
    let (store, _) = open_store(&folder.file("a.db"));
    store.submit(Box::new(Add(1, None))).unwrap();
    let refused = store
        .write(|tx| {
            insert(tx, 2)?;
            Err::<(), _>(Refusal::new("no").into())
        })
        .await;
    assert!(matches!(refused, Err(Error::Refusal(_))));
    let failed = store
        .write(|tx| {
            insert(tx, 3)?;
            tx.write()?.execute("no SQL", ())?;
            Ok(())
        })
        .await;
    assert!(matches!(failed, Err(Error::Fault(_))));
    let panicked = store
        .write(|tx| -> Result<()> {
            insert(tx, 4)?;
            panic!("on purpose")
        })
        .await;
    assert!(panicked.unwrap_err().to_string().contains("on purpose"));
    store.write(|tx| insert(tx, 5)).await.unwrap();
    assert_eq!(committed(&store), [1, 5]);
    store.close();
}

#[tokio::test]
async fn an_inner_scope_fails_alone_and_memos_go_with_it() {
    #[derive(Default)]
    struct Seen(u32);
    let folder = Folder::new();
    let (store, _) = open_store(&folder.file("a.db"));
    let seen = store
        .write(|tx| {
            insert(tx, 1)?;
            tx.memo(|seen: &mut Seen| seen.0 = 1);
            let failed: Result<()> = tx.scope(|| {
                insert(tx, 2)?;
                Err(Refusal::new("no").into())
            });
            assert!(failed.is_err());
            insert(tx, 3)?;
            Ok(tx.memo(|seen: &mut Seen| seen.0))
        })
        .await;
    assert_eq!(seen.unwrap(), 0);
    assert_eq!(committed(&store), [1, 3]);
    store.close();
}

#[tokio::test]
async fn a_full_disk_costs_a_retry_and_nothing_else() {
    let folder = Folder::new();
    let (store, vitals) = open_store(&folder.file("a.db"));
    store.submit(Box::new(Add(1, None))).unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    store
        .write(move |tx| {
            // The first run finds the "disk" full; the limit is the connection's, so a fresh one has room.
            if counted.fetch_add(1, Relaxed) == 0 {
                tx.read().query_row("PRAGMA max_page_count = 1", (), |_| Ok(()))?;
            }
            tx.write()?.execute(
                "INSERT INTO registration (scope, hash) VALUES ('x', zeroblob(0) || ?1)",
                ["y".repeat(100_000)],
            )?;
            insert(tx, 2)
        })
        .await
        .unwrap();
    assert_eq!(runs.load(Relaxed), 2);
    assert_eq!(committed(&store), [1, 2]);
    assert!(vitals.store_writable.load(Relaxed));
    store.close();
}

#[tokio::test]
async fn while_the_file_cannot_be_written_waiting_work_is_refused_and_patient_work_is_kept() {
    let folder = Folder::new();
    let (path, away) = (folder.file("a.db"), folder.file("away.db"));
    let (store, vitals) = open_store(&path);
    let (tell, told) = mpsc::channel();
    store.submit(Box::new(Add(1, Some(tell)))).unwrap();
    let (from, to) = (path.clone(), away.clone());
    let refused = store
        .write(move |tx| {
            std::fs::rename(&from, &to)?;
            tx.read().query_row("PRAGMA max_page_count = 1", (), |_| Ok(()))?;
            tx.write()?.execute("INSERT INTO registration (scope, hash) VALUES ('x', ?1)", ["y".repeat(100_000)])?;
            Ok(())
        })
        .await;
    assert!(matches!(refused, Err(Error::Refusal(_))), "{refused:?}");
    assert!(!vitals.store_writable.load(Relaxed));
    assert_eq!(vitals.problems()[0].name, "store");
    std::fs::rename(&away, &path).unwrap();
    tokio::task::spawn_blocking(move || told.recv().unwrap().unwrap()).await.unwrap();
    assert_eq!(committed(&store), [1]);
    assert!(vitals.store_writable.load(Relaxed) && vitals.problems().is_empty());
    store.write(|tx| insert(tx, 2)).await.unwrap();
    assert_eq!(committed(&store), [1, 2]);
    store.close();
}

/// Takes the database away from its place, or back, with what belongs to it.
fn move_database(from: &std::path::Path, to: &std::path::Path) {
    for ending in ["", "-wal", "-shm"] {
        let with = |path: &std::path::Path| format!("{}{ending}", path.display());
        std::fs::rename(with(from), with(to)).unwrap();
    }
}

#[tokio::test]
async fn a_commit_that_happened_after_all_does_not_count_for_work_that_came_later() {
    let folder = Folder::new();
    let (path, away) = (folder.file("a.db"), folder.file("away.db"));
    let (store, _) = open_store(&path);
    let (tell, told) = mpsc::channel();
    store.submit(Box::new(Add(1, Some(tell.clone())))).unwrap();
    let (from, to) = (path.clone(), away.clone());
    let refused = store
        .write(move |tx| {
            move_database(&from, &to);
            // The commit fails, and the file cannot be opened to see what became of it.
            let sql = "CREATE TEMP TRIGGER vain AFTER UPDATE ON progress BEGIN SELECT RAISE(ROLLBACK, 'vain'); END";
            tx.write()?.execute_batch(sql)?;
            Ok(())
        })
        .await;
    assert!(matches!(refused, Err(Error::Refusal(_))), "{refused:?}");
    store.submit(Box::new(Add(2, Some(tell)))).unwrap();
    // What the disk did all the same.
    let sql = "BEGIN; INSERT INTO identify (at) VALUES (1); UPDATE progress SET batch = batch + 1; COMMIT";
    Connection::open(&away).unwrap().execute_batch(sql).unwrap();
    move_database(&away, &path);
    tokio::task::spawn_blocking(move || (told.recv().unwrap().unwrap(), told.recv().unwrap().unwrap())).await.unwrap();
    assert_eq!(committed(&store), [1, 2]);
    store.close();
}

#[tokio::test]
async fn a_stop_while_the_disk_fails_stores_no_session_ahead_of_its_work() {
    let folder = Folder::new();
    let (path, away) = (folder.file("a.db"), folder.file("away.db"));
    let (store, _) = open_store(&path);
    store.submit(Box::new(Add(1, None))).unwrap();
    store.submit(Box::new(Move(5))).unwrap();
    let (from, to) = (path.clone(), away.clone());
    let refused = store
        .write(move |tx| -> Result<()> {
            move_database(&from, &to);
            // What SQLite may do after an error of the disk.
            tx.write()?.execute_batch("ROLLBACK")?;
            Err(Error::Fault(anyhow::anyhow!("the disk failed")))
        })
        .await;
    assert!(matches!(refused, Err(Error::Refusal(_))), "{refused:?}");
    store.close();
    move_database(&away, &path);
    let (store, _) = open_store(&path);
    assert_eq!((committed(&store), store.saved_session().await.unwrap()), (vec![], None));
    store.close();
}

#[tokio::test]
async fn a_stop_is_heard_while_the_disk_fails_and_no_more_work_can_be_kept() {
    let folder = Folder::new();
    let (path, away) = (folder.file("a.db"), folder.file("away.db"));
    let (store, _) = open_store(&path);
    let (from, to) = (path.clone(), away.clone());
    let refused = store
        .write(move |tx| -> Result<()> {
            move_database(&from, &to);
            tx.write()?.execute_batch("ROLLBACK")?;
            Err(Error::Fault(anyhow::anyhow!("the disk failed")))
        })
        .await;
    assert!(matches!(refused, Err(Error::Refusal(_))), "{refused:?}");
    let mut refusals = 0;
    while refusals < 10_000 {
        refusals += u32::from(store.submit(Box::new(Add(1, None))).is_err());
    }
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        store.close();
        tell.send(()).unwrap();
    });
    let ended = tokio::task::spawn_blocking(move || told.recv_timeout(std::time::Duration::from_secs(10))).await;
    assert_eq!(ended.unwrap(), Ok(()), "it hangs");
}

#[tokio::test]
async fn work_that_fails_leaves_no_transaction_open_for_ever() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let settings = StoreSettings { batch_rows: 20, batch_wait: std::time::Duration::from_millis(1) };
    let vitals = innkeeper::status::Vitals::new(support::hand_clock());
    let store = Store::open(&path, settings, vitals).unwrap();
    let refused = store.write(|tx| insert(tx, 1).and_then(|()| Err::<(), _>(Refusal::new("no").into()))).await;
    assert!(matches!(refused, Err(Error::Refusal(_))));
    // Another program waits for its turn at most so long.
    let other = Connection::open(&path).unwrap();
    other.busy_timeout(std::time::Duration::from_secs(4)).unwrap();
    other.execute("INSERT INTO identify (at) VALUES (2)", ()).unwrap();
    store.close();
}

#[tokio::test]
async fn readers_see_what_is_committed_and_do_not_wait() {
    let folder = Folder::new();
    let (store, _) = open_store(&folder.file("a.db"));
    store.submit(Box::new(Add(5, None))).unwrap();
    assert_eq!(store.identifies_since(Timestamp::from_ms(0)).await.unwrap(), []);
    assert_eq!(store.settle().await.unwrap(), None);
    assert_eq!(store.identifies_since(Timestamp::from_ms(0)).await.unwrap(), [Timestamp::from_ms(5)]);
    store.count_identify(Timestamp::from_ms(100_000_000)).await.unwrap();
    assert_eq!(store.identifies_since(Timestamp::from_ms(0)).await.unwrap(), [Timestamp::from_ms(100_000_000)]);
    store.close();
}

#[tokio::test]
async fn another_program_may_write_between_batches_and_is_noticed() {
    #[derive(Default)]
    struct Seen(u32);
    let folder = Folder::new();
    let (store, _) = open_store(&folder.file("a.db"));
    store
        .write(|tx| {
            tx.memo(|seen: &mut Seen| seen.0 = 1);
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(store.write(|tx| Ok(tx.memo(|seen: &mut Seen| seen.0))).await.unwrap(), 1);
    Connection::open(store.path()).unwrap().execute("INSERT INTO identify (at) VALUES (9)", ()).unwrap();
    assert_eq!(store.write(|tx| Ok(tx.memo(|seen: &mut Seen| seen.0))).await.unwrap(), 0);
    store.close();
}

#[test]
fn a_second_instance_is_told_who_has_the_database() {
    let folder = Folder::new();
    // The folder is made where it is missing.
    let path = folder.file("data").join("a.db");
    let first = InstanceLock::take(&path).unwrap();
    let refusal = InstanceLock::take(&path).err().unwrap().to_string();
    assert!(refusal.contains(&format!("process {}", std::process::id())), "{refusal}");
    drop(first);
    assert!(InstanceLock::take(&path).is_ok());
}

#[test]
fn files_that_are_not_ours_are_refused_and_left_alone() {
    let folder = Folder::new();
    let open = |name: &str| {
        let settings = StoreSettings { batch_rows: 20, batch_wait: std::time::Duration::from_secs(60) };
        let vitals = innkeeper::status::Vitals::new(support::hand_clock());
        Store::open(&folder.file(name), settings, vitals)
            .map(|store| store.close())
            .map_err(|e| (e.to_string(), e.permanent))
    };
    std::fs::write(folder.file("text.db"), "this is a shopping list, not a database, and long enough to be read")
        .unwrap();
    let (words, permanent) = open("text.db").unwrap_err();
    assert!(words.contains("text.db") && words.contains("no database of Innkeeper's") && permanent, "{words}");
    Connection::open(folder.file("other.db")).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(open("other.db").unwrap_err().0.contains("other tables"));
    open("ours.db").unwrap();
    let sql = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) VALUES (9999, 'x', '', '0')";
    Connection::open(folder.file("ours.db")).unwrap().execute(sql, ()).unwrap();
    let (words, permanent) = open("ours.db").unwrap_err();
    assert!(words.contains("newer Innkeeper (schema 9999") && permanent, "{words}");
    let before = std::fs::read(folder.file("text.db")).unwrap();
    assert!(open("text.db").is_err());
    assert_eq!(std::fs::read(folder.file("text.db")).unwrap(), before);
}

/// A change by another program, which waits for the bot's writer no longer than it takes to hear a knock.
fn insert_as_guest(path: &std::path::Path, at: i64) -> Result<()> {
    Guest::open(path).unwrap().write(|tx| insert(tx, at))
}

#[tokio::test]
async fn whoever_knocks_is_let_in_although_a_transaction_is_open() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let (store, _) = open_store(&path);
    let (reached, there) = mpsc::channel();
    store.submit(Box::new(Add(1, None))).unwrap();
    store.submit(Box::new(Reached(reached))).unwrap();
    let knocking = path.clone();
    let guest = tokio::task::spawn_blocking(move || {
        there.recv().unwrap();
        insert_as_guest(&knocking, 2)
    });
    guest.await.unwrap().unwrap();
    assert_eq!(committed(&store), [1, 2]);
    assert!(!folder.file("a.db.knock").exists(), "nobody knocks any more");
    store.submit(Box::new(Add(3, None))).unwrap();
    assert_eq!(committed(&store), [1, 2], "nobody knocked, so it waits for company");
    store.close();
}

#[tokio::test]
async fn a_knock_that_was_left_behind_is_answered_once() {
    let folder = Folder::new();
    let (store, vitals) = open_store(&folder.file("a.db"));
    std::fs::write(folder.file("a.db.knock"), "").unwrap();
    let (tell, told) = mpsc::channel();
    store.submit(Box::new(Add(1, Some(tell)))).unwrap();
    tokio::task::spawn_blocking(move || told.recv().unwrap().unwrap()).await.unwrap();
    assert_eq!((committed(&store), vitals.commits.load(Relaxed)), (vec![1], 1));
    store.close();
    assert!(!folder.file("a.db.knock").exists());
}

#[tokio::test]
async fn work_that_read_before_another_program_wrote_begins_anew() {
    let folder = Folder::new();
    let path = folder.file("a.db");
    let (store, vitals) = open_store(&path);
    let runs = Arc::new(AtomicU32::new(0));
    let (counted, beside) = (runs.clone(), path.clone());
    let count =
        |tx: &Tx| -> Result<i64> { Ok(tx.read().query_row("SELECT count(*) FROM identify", (), |r| r.get(0))?) };
    let seen = store.write(move |tx| {
        let seen = count(tx)?;
        if counted.fetch_add(1, Relaxed) == 0 {
            insert_as_guest(&beside, 1)?;
        }
        insert(tx, 100 + seen)?;
        Ok(seen)
    });
    assert_eq!((seen.await.unwrap(), runs.load(Relaxed)), (1, 2));
    assert_eq!(committed(&store), [1, 101]);
    assert!(vitals.store_writable.load(Relaxed) && vitals.problems().is_empty());
    store.close();
}

#[test]
fn what_fails_as_a_guest_writes_nothing() {
    let folder = Folder::new();
    let mut guest = Guest::open(&folder.file("a.db")).unwrap();
    let refused = guest.write(|tx| insert(tx, 1).and_then(|()| Err::<(), _>(Refusal::new("no").into())));
    assert!(matches!(refused, Err(Error::Refusal(_))));
    guest.write(|tx| insert(tx, 2)).unwrap();
    let rows = "SELECT group_concat(at) FROM identify";
    assert_eq!(guest.read().query_row(rows, (), |row| row.get::<_, String>(0)).unwrap(), "2");
    assert!(!guest.has_company());
    let lock = InstanceLock::take(&folder.file("a.db")).unwrap();
    assert!(guest.has_company());
    drop(lock);
}
