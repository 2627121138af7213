//! Promises: what Discord did is done once, even where our own disk cannot say so for a while.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use innkeeper::bot::{Attempt, Bot, BoxFuture, Discord};
use innkeeper::config::Config;
use innkeeper::model::{Delivered, Effect, Error, GuildId, Outgoing, Result, Seen, Setback, UserId};
use innkeeper::store::Store;
use innkeeper::store::promises::{self, NewPromise};
use support::{Folder, hand_clock, open_store};
use tokio::sync::watch;

/// A Discord that does what it is asked, after which our disk fails.
struct LastStraw {
    store: Store,
    away: PathBuf,
    performed: AtomicU32,
}

impl Discord for LastStraw {
    fn perform<'a>(&'a self, _: &'a Effect, _: Attempt<'a>) -> BoxFuture<'a, Result<Delivered, Setback>> {
        Box::pin(async {
            if self.performed.fetch_add(1, Relaxed) == 0 {
                let (from, to) = (self.store.path().to_owned(), self.away.clone());
                let refused = self.store.write(move |tx| -> Result<()> {
                    move_database(&from, &to);
                    tx.write()?.execute_batch("ROLLBACK")?;
                    Err(Error::Fault(anyhow::anyhow!("the disk failed")))
                });
                assert!(refused.await.is_err());
            }
            Ok(Delivered::default())
        })
    }

    fn look_up(&self, _: GuildId, _: UserId) -> BoxFuture<'_, Result<Option<Seen>, Setback>> {
        Box::pin(async { Ok(None) })
    }
}

fn move_database(from: &Path, to: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let with = |path: &Path| format!("{}{ending}", path.display());
        std::fs::rename(with(from), with(to)).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn what_discord_did_is_not_done_again_while_our_disk_cannot_take_it_down() {
    let folder = Folder::new();
    let (path, away) = (folder.file("a.db"), folder.file("away.db"));
    let (store, vitals) = open_store(&path);
    let clock = hand_clock();
    let bot = Bot::open(Config::default(), store.clone(), clock.clone(), vitals.clone()).await.unwrap();
    let now = clock.now();
    clock.learn(now, std::time::Duration::ZERO);
    let channel = 5.to_string().parse().unwrap();
    let promise = move || NewPromise {
        origin: "1:test".to_owned(),
        target: None,
        guild: None,
        about: "say hello".to_owned(),
        effect: Effect::SendMessage { channel, message: Outgoing::text("hello"), reply_to: None },
        due_at: now,
        tells: None,
    };
    store.write(move |tx| promises::insert(tx, &promise(), now)).await.unwrap();
    vitals.was_ready.store(true, Relaxed);
    let discord = LastStraw { store: store.clone(), away: away.clone(), performed: AtomicU32::new(0) };
    let (stop, stopping) = watch::channel(false);
    let mut version = store.version();
    version.mark_unchanged();
    let story = async {
        while vitals.store_writable.load(Relaxed) {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        // Long enough for many more attempts.
        tokio::time::sleep(std::time::Duration::from_secs(120)).await;
        move_database(&away, &path);
        let mut due = 1;
        while due > 0 {
            version.changed().await.unwrap();
            due = store.read(|reader| promises::count(reader)).await.unwrap().0;
        }
        stop.send_replace(true);
    };
    tokio::join!(bot.keep_promises(&discord, stopping), story);
    assert_eq!(discord.performed.load(Relaxed), 1);
    store.close();
}

/// A Discord in which one channel has to wait for its limit for ever.
struct Stuck(Mutex<Vec<String>>);

impl Discord for Stuck {
    fn perform<'a>(&'a self, effect: &'a Effect, _: Attempt<'a>) -> BoxFuture<'a, Result<Delivered, Setback>> {
        Box::pin(async {
            self.0.lock().unwrap().push(effect.lane());
            match effect.lane().as_str() {
                "channel:1" => std::future::pending().await,
                _ => Ok(Delivered::default()),
            }
        })
    }

    fn look_up(&self, _: GuildId, _: UserId) -> BoxFuture<'_, Result<Option<Seen>, Setback>> {
        Box::pin(async { Ok(None) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_has_to_wait_holds_up_no_other() {
    let folder = Folder::new();
    let (store, vitals) = open_store(&folder.file("a.db"));
    let clock = hand_clock();
    let bot = Bot::open(Config::default(), store.clone(), clock.clone(), vitals.clone()).await.unwrap();
    let now = clock.now();
    clock.learn(now, std::time::Duration::ZERO);
    store
        .write(move |tx| {
            for nth in 0..100 {
                let channel = if nth < 80 { "1" } else { "2" }.parse().unwrap();
                let promise = NewPromise {
                    origin: format!("{nth}:test"),
                    target: None,
                    guild: None,
                    about: "say hello".to_owned(),
                    effect: Effect::SendMessage { channel, message: Outgoing::text("hello"), reply_to: None },
                    due_at: now,
                    tells: None,
                };
                promises::insert(tx, &promise, now)?;
            }
            // Another version's promise, which this one cannot read.
            tx.write()?.execute("UPDATE promise SET effect = '{\"do\": \"dance\"}', lane = 'x' WHERE id = 90", ())?;
            Ok(())
        })
        .await
        .unwrap();
    vitals.was_ready.store(true, Relaxed);
    let discord = Stuck(Mutex::default());
    let (_stop, stopping) = watch::channel(false);
    let mut version = store.version();
    let others_done = async {
        while store.read(|reader| promises::count(reader)).await.unwrap() != (80, 1) {
            version.changed().await.unwrap();
        }
    };
    tokio::select! {
        () = bot.keep_promises(&discord, stopping) => panic!("it went on without being told to stop"),
        () = others_done => {}
    }
    let seen = discord.0.lock().unwrap().clone();
    assert_eq!(seen.iter().filter(|lane| *lane == "channel:1").count(), 1, "one of a lane at a time");
    assert_eq!(seen.iter().filter(|lane| *lane == "channel:2").count(), 19);
    store.close();
}
