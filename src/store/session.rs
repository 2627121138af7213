//! How far the gateway is, kept with the work it led to: the session to resume, the identifies of the last day, and
//! what was last registered as slash commands.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use super::{QueueFull, Reader, Store, Tx, Work};
use crate::model::{ApplicationId, Result, Timestamp, UserId};

/// How long an identify is remembered: Discord counts 24 hours.
const IDENTIFY_KEPT_MS: i64 = 24 * 3_600_000;

/// Names a gateway session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionKey {
    pub id: String,
    pub resume_url: String,
}

/// A place in a session: everything up to `sequence` was handed to the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    pub session: Arc<SessionKey>,
    pub sequence: u64,
}

/// The session as it was last committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSession {
    pub id: String,
    pub resume_url: String,
    pub sequence: u64,
}

/// Who the bot is on Discord.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    pub user: UserId,
    pub application: ApplicationId,
    pub name: String,
}

impl From<&Progress> for SavedSession {
    fn from(progress: &Progress) -> Self {
        let SessionKey { id, resume_url } = &*progress.session;
        Self { id: id.clone(), resume_url: resume_url.clone(), sequence: progress.sequence }
    }
}

/// Writes the batch's number and, where the gateway runs, how far it is.
pub(super) fn save_progress(connection: &Connection, batch: i64, progress: Option<&Progress>) -> Result<()> {
    match progress {
        Some(Progress { session, sequence }) => connection
            .prepare_cached("UPDATE progress SET batch = ?1, session = ?2, resume_url = ?3, sequence = ?4")?
            .execute(params![batch, session.id, session.resume_url, *sequence as i64])?,
        None => connection.prepare_cached("UPDATE progress SET batch = ?1")?.execute([batch])?,
    };
    Ok(())
}

/// The number of the last batch that was committed.
pub(super) fn load_batch(connection: &Connection) -> Result<i64> {
    Ok(connection.query_row("SELECT batch FROM progress", (), |row| row.get(0))?)
}

fn find_session(connection: &Connection) -> Result<Option<SavedSession>> {
    let sql = "SELECT session, resume_url, sequence FROM progress
        WHERE session IS NOT NULL AND resume_url IS NOT NULL AND sequence IS NOT NULL";
    let row = connection.query_row(sql, (), |row| {
        Ok(SavedSession { id: row.get(0)?, resume_url: row.get(1)?, sequence: row.get::<_, i64>(2)? as u64 })
    });
    Ok(row.optional()?)
}

/// Who the bot was when Discord last told it.
pub fn find_me(connection: &Connection) -> Result<Option<Me>> {
    let sql = "SELECT me, application, name FROM progress WHERE me IS NOT NULL AND application IS NOT NULL";
    let row = connection.query_row(sql, (), |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<String>>(2)?.unwrap_or_default()))
    });
    let Some((user, application, name)) = row.optional()? else { return Ok(None) };
    Ok(Some(Me { user: UserId::try_from(user)?, application: ApplicationId::try_from(application)?, name }))
}

/// Stores who the bot is.
pub fn save_me(tx: &Tx, me: &Me) -> Result<()> {
    let sql = "UPDATE progress SET me = ?1, application = ?2, name = ?3";
    tx.write()?.execute(sql, params![me.user.sql(), me.application.sql(), me.name])?;
    Ok(())
}

impl Store {
    /// The session that the last process left, if it can be resumed.
    pub async fn saved_session(&self) -> Result<Option<SavedSession>> {
        self.read(|reader: &Reader| find_session(reader)).await
    }

    /// Discord no longer knows the session.
    pub async fn forget_session(&self) -> Result<()> {
        self.write(|tx: &Tx| {
            tx.write()?.execute("UPDATE progress SET session = NULL, resume_url = NULL, sequence = NULL", ())?;
            tx.forget_progress();
            Ok(())
        })
        .await
    }

    /// A session begins that was asked to tell this much, as Discord's intents. To be called before its first event is
    /// handed over, so that whoever finds the session finds this too.
    ///
    /// # Errors
    /// The queue is full and nothing was taken.
    pub fn note_intents(&self, intents: u64) -> Result<(), QueueFull> {
        self.submit(Box::new(Asked(intents)))
    }

    /// What the last session to begin was asked to tell.
    pub async fn session_intents(&self) -> Result<Option<u64>> {
        self.read(|reader: &Reader| {
            let intents = reader.query_row("SELECT intents FROM progress", (), |row| row.get::<_, Option<i64>>(0))?;
            Ok(intents.map(|intents| intents as u64))
        })
        .await
    }

    /// Counts an identify; it is on the disk when this resolves, so that no crash loop can forget it.
    pub async fn count_identify(&self, at: Timestamp) -> Result<()> {
        self.write(move |tx: &Tx| {
            let connection = tx.write()?;
            connection.execute("DELETE FROM identify WHERE at < ?1", [at.ms() - IDENTIFY_KEPT_MS])?;
            connection.execute("INSERT INTO identify (at) VALUES (?1)", [at.ms()])?;
            Ok(())
        })
        .await
    }

    /// The identifies counted since then, oldest first.
    pub async fn identifies_since(&self, from: Timestamp) -> Result<Vec<Timestamp>> {
        self.read(move |reader: &Reader| {
            let mut statement = reader.prepare_cached("SELECT at FROM identify WHERE at >= ?1 ORDER BY at")?;
            let rows = statement.query_map([from.ms()], |row| row.get(0).map(Timestamp::from_ms))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// What was last registered in this scope, as a hash.
    pub async fn registered_commands(&self, scope: &str) -> Result<Option<String>> {
        let scope = scope.to_owned();
        self.read(move |reader: &Reader| {
            let sql = "SELECT hash FROM registration WHERE scope = ?1";
            Ok(reader.query_row(sql, [&scope], |row| row.get(0)).optional()?)
        })
        .await
    }

    /// Remembers what is now registered in this scope.
    pub async fn note_registered_commands(&self, scope: &str, hash: &str) -> Result<()> {
        let (scope, hash) = (scope.to_owned(), hash.to_owned());
        self.write(move |tx: &Tx| {
            let sql = "INSERT INTO registration (scope, hash) VALUES (?1, ?2)
                ON CONFLICT (scope) DO UPDATE SET hash = excluded.hash";
            tx.write()?.execute(sql, params![scope, hash])?;
            Ok(())
        })
        .await
    }
}

/// Stores what the session that begins was asked to tell.
struct Asked(u64);

impl Work for Asked {
    fn run(&mut self, tx: &Tx) -> Result<()> {
        tx.write()?.execute("UPDATE progress SET intents = ?1", [self.0 as i64])?;
        Ok(())
    }

    fn done(self: Box<Self>, result: Result<()>) {
        if let Err(fault) = result {
            tracing::warn!(%fault, "what the session tells could not be stored; the next start will not resume it");
        }
    }
}
