//! Promises: effects that must not be lost, as rows that live until Discord says they are done.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::happenings::note_promise;
use super::{Tx, people};
use crate::model::{Effect, GuildId, Result, Timestamp, UserId, text};

/// Ended promises are kept this long, for the page and for questions.
const ENDED_KEPT_MS: i64 = 30 * 86_400_000;
/// Refused promises that are taken up again become due so far apart: Discord blocks who is refused too often
/// (10,000 times in ten minutes).
const REVIVED_APART_MS: i64 = 500;

/// Shorter names stand in too many texts to look for them there.
pub(super) const NAME_CHARS_MIN: usize = 3;

/// An effect to be performed at a time, for a reason.
#[derive(Debug, Clone)]
pub struct NewPromise {
    /// The event and action behind it, such as `1234:level_up`: the same origin promises only once.
    pub origin: String,
    /// What it is about, where only one may be open: a new promise with the same target replaces the open one.
    pub target: Option<String>,
    pub guild: Option<GuildId>,
    /// In words, for the page: "announce level 5 of Ada".
    pub about: String,
    pub effect: Effect,
    pub due_at: Timestamp,
    /// The room's own word for it, where it wants to be told how it ended.
    pub tells: Option<String>,
}

/// A promise as it stands.
#[derive(Debug, Clone)]
pub struct Promise {
    pub id: i64,
    /// See [`Effect::lane`].
    pub lane: String,
    pub about: String,
    /// As JSON: a row that this version cannot read must not hide the others.
    effect: String,
    pub due_at: Timestamp,
    pub attempts: u32,
    pub created_at: Timestamp,
    /// Why the last attempt failed.
    pub words: Option<String>,
    pub guild: Option<GuildId>,
    /// See [`NewPromise::tells`].
    pub tells: Option<String>,
    /// Discord refused it, and it waits for somebody to act.
    pub failed: bool,
}

impl Promise {
    /// What is to be performed.
    pub fn effect(&self) -> Result<Effect> {
        Ok(serde_json::from_str(&self.effect)?)
    }

    /// The number under which Discord recognises a message sent twice; at most 25 characters.
    pub fn nonce(&self) -> String {
        format!("ik{:x}.{:x}", self.id, self.created_at.ms())
    }
}

/// Stores a promise. Nothing happens when the same origin promised before.
pub fn insert(tx: &Tx, promise: &NewPromise, now: Timestamp) -> Result<()> {
    if is_known(tx.read(), &promise.origin)? {
        return Ok(());
    }
    let connection = tx.write()?;
    if let Some(target) = &promise.target {
        let sql = "UPDATE promise SET state = 'cancelled', words = 'replaced by a newer one', ended_at = ?2
            WHERE target = ?1 AND state IN ('due', 'failed') RETURNING id";
        change(tx, sql, params![target, now.ms()], "called_off", now)?;
    }
    let sql = "INSERT INTO promise (origin, target, lane, guild, about, effect, due_at, created_at, tells)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    connection.prepare_cached(sql)?.execute(params![
        promise.origin,
        promise.target,
        promise.effect.lane(),
        promise.guild.map(GuildId::sql),
        promise.about,
        serde_json::to_string(&promise.effect)?,
        promise.due_at.ms(),
        now.ms(),
        promise.tells,
    ])?;
    note_promise(tx, connection.last_insert_rowid(), "made", now)?;
    tx.hurry();
    Ok(())
}

/// The target of the answer to the prefix command with this key, which this user gave.
pub fn answer_to(key: u64, user: UserId) -> String {
    format!("answer:{key}:{user}")
}

/// Whether this origin has promised something, kept or not.
pub fn is_known(connection: &Connection, origin: &str) -> Result<bool> {
    Ok(connection.prepare_cached("SELECT 1 FROM promise WHERE origin = ?1")?.exists([origin])?)
}

/// Whether what this origin promised is still to be done.
pub fn is_due(connection: &Connection, origin: &str) -> Result<bool> {
    let sql = "SELECT 1 FROM promise WHERE origin = ?1 AND state = 'due'";
    Ok(connection.prepare_cached(sql)?.exists([origin])?)
}

/// The room's word for what is still to be done about this target.
pub fn find_due_word(connection: &Connection, target: &str) -> Result<Option<String>> {
    let sql = "SELECT tells FROM promise WHERE target = ?1 AND state IN ('due', 'failed') AND +state = 'due'";
    Ok(connection.prepare_cached(sql)?.query_row([target], |row| row.get(0)).optional()?.flatten())
}

/// Whether a promise for this target is still open: due, or refused by Discord and waiting for somebody to act.
pub fn is_open(connection: &Connection, target: &str) -> Result<bool> {
    let sql = "SELECT 1 FROM promise WHERE target = ?1 AND state IN ('due', 'failed')";
    Ok(connection.prepare_cached(sql)?.exists([target])?)
}

const COLUMNS: &str = "id, lane, about, effect, due_at, attempts, created_at, words, guild, tells, state = 'failed'";
const COLUMNS_COUNT: usize = 11;

/// Lanes that wait for the same of Discord's limits: what is done about the members of a guild, and private messages.
/// Hooks of programs are a crowd as well, so that servers that do not answer take few places.
const CROWD: &str = "CASE WHEN lane GLOB 'member:*' THEN rtrim(lane, '0123456789') WHEN lane GLOB 'user:*' THEN 'user'
    WHEN lane GLOB 'hook:*' THEN 'hook' ELSE lane END";

/// The promises that are due by `now`, the longest overdue first: one of each lane, so that a lane that has to wait
/// keeps no other from its turn, and at most so many of a crowd of lanes that wait for the same.
pub fn list_due(connection: &Connection, now: Timestamp, at_most: usize, of_a_crowd: usize) -> Result<Vec<Promise>> {
    // From lane to lane, and the first of each: a long queue in one of them is not read.
    let sql = format!(
        "WITH RECURSIVE lanes (lane) AS (
            SELECT min(lane) FROM promise WHERE state = 'due'
            UNION ALL
            SELECT (SELECT min(lane) FROM promise WHERE state = 'due' AND lane > lanes.lane) FROM lanes
            WHERE lanes.lane IS NOT NULL),
        firsts (id, nth) AS (
            SELECT id, row_number() OVER (PARTITION BY {CROWD} ORDER BY due_at, id) FROM promise
            WHERE due_at <= ?1 AND id IN (
                SELECT (SELECT id FROM promise AS first WHERE first.state = 'due' AND first.lane = lanes.lane
                    ORDER BY first.due_at, first.id LIMIT 1) FROM lanes WHERE lanes.lane IS NOT NULL))
        SELECT {COLUMNS} FROM promise WHERE id IN (SELECT id FROM firsts WHERE nth <= ?3)
        ORDER BY due_at, id LIMIT ?2"
    );
    list(connection, &sql, params![now.ms(), at_most as i64, of_a_crowd as i64])
}

/// What Discord refused in this guild, the newest first.
pub fn list_failed(connection: &Connection, guild: GuildId, at_most: usize) -> Result<Vec<Promise>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM promise WHERE state IN ('due', 'failed') AND state = 'failed' AND guild = ?1
            ORDER BY id DESC LIMIT ?2"
    );
    list(connection, &sql, params![guild.sql(), at_most as i64])
}

/// What is open and worth a look: not the answers to commands, which are on their way in this moment.
/// Nor what goes to programs, which see that for themselves.
const WORTH_A_LOOK: &str = "state IN ('due', 'failed') AND NOT (state = 'due' AND origin GLOB '*:answer*')
    AND lane NOT GLOB 'hook:*'";

/// What is open in this guild: what Discord refused first, then what is due, the next first.
pub fn list_open(connection: &Connection, guild: GuildId, offset: u32, at_most: u32) -> Result<Vec<Promise>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM promise WHERE {WORTH_A_LOOK} AND guild = ?1
            ORDER BY state = 'due', due_at, id LIMIT ?2 OFFSET ?3"
    );
    list(connection, &sql, params![guild.sql(), at_most, offset])
}

/// How much is open in this guild: due, and refused.
pub fn count_open(connection: &Connection, guild: GuildId) -> Result<(u32, u32)> {
    let sql = format!(
        "SELECT count(*) FILTER (WHERE state = 'due'), count(*) FILTER (WHERE state = 'failed') FROM promise
            WHERE {WORTH_A_LOOK} AND guild = ?1"
    );
    Ok(connection.prepare_cached(&sql)?.query_row([guild.sql()], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// An open promise of this guild by its number.
pub fn find_open(connection: &Connection, guild: GuildId, id: i64) -> Result<Option<Promise>> {
    let sql = format!("SELECT {COLUMNS} FROM promise WHERE id = ?1 AND guild = ?2 AND state IN ('due', 'failed')");
    Ok(list(connection, &sql, params![id, guild.sql()])?.pop())
}

/// Whether Discord was asked for what this origin promised, with whatever result, or will not be any more.
pub fn was_tried(connection: &Connection, origin: &str) -> Result<bool> {
    let sql = "SELECT 1 FROM promise WHERE origin = ?1 AND state = 'due' AND attempts = 0";
    Ok(!connection.prepare_cached(sql)?.exists([origin])?)
}

/// What became of what an origin promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Due,
    /// Words say what was done, where that was known only then.
    Done(String),
    /// Discord refused it, in words.
    Refused(String),
    /// It was called off, with words that say why.
    CalledOff(String),
}

/// What became of what this origin promised; none when it promised nothing.
pub fn find_outcome(connection: &Connection, origin: &str) -> Result<Option<Outcome>> {
    let sql = "SELECT state, coalesce(words, '') FROM promise WHERE origin = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_map([origin], |row| read_outcome(row, 0))?.next().transpose()?)
}

/// A promise of this guild by its number, and what became of it: it is kept for a while after it ended.
pub fn find(connection: &Connection, guild: GuildId, id: i64) -> Result<Option<(Promise, Outcome)>> {
    let sql = format!("SELECT {COLUMNS}, state, coalesce(words, '') FROM promise WHERE id = ?1 AND guild = ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id, guild.sql()])?;
    let found = rows.next()?.map(|row| Ok((read(row)?, read_outcome(row, COLUMNS_COUNT)?)));
    found.transpose()
}

/// The state from this column on, and its words.
fn read_outcome(row: &Row<'_>, column: usize) -> rusqlite::Result<Outcome> {
    let words = row.get(column + 1)?;
    Ok(match row.get::<_, String>(column)?.as_str() {
        "done" => Outcome::Done(words),
        "failed" => Outcome::Refused(words),
        "cancelled" => Outcome::CalledOff(words),
        _ => Outcome::Due,
    })
}

/// The number of the newest promise; 0 without any.
pub fn find_newest(connection: &Connection) -> Result<i64> {
    Ok(connection.query_row("SELECT coalesce(max(id), 0) FROM promise", (), |row| row.get(0))?)
}

/// When the next promise becomes due after `now`.
pub fn next_due(connection: &Connection, now: Timestamp) -> Result<Option<Timestamp>> {
    let sql = "SELECT min(due_at) FROM promise WHERE state = 'due' AND due_at > ?1";
    let due: Option<i64> = connection.prepare_cached(sql)?.query_row([now.ms()], |row| row.get(0))?;
    Ok(due.map(Timestamp::from_ms))
}

/// How many promises are due and how many were refused.
pub fn count(connection: &Connection) -> Result<(u64, u64)> {
    let sql = "SELECT count(*) FILTER (WHERE state = 'due'), count(*) FILTER (WHERE state = 'failed') FROM promise
        WHERE state IN ('due', 'failed')";
    let counts =
        connection.prepare_cached(sql)?.query_row((), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
    Ok((counts.0 as u64, counts.1 as u64))
}

/// Discord did it; words say what, where that is known only now.
pub fn note_done(tx: &Tx, id: i64, words: Option<&str>, now: Timestamp) -> Result<()> {
    end(tx, id, "done", words, now)?;
    note_promise(tx, id, "kept", now)
}

/// Discord refused it for good; it stays visible until somebody acts.
pub fn note_failed(tx: &Tx, id: i64, words: &str, now: Timestamp) -> Result<()> {
    end(tx, id, "failed", Some(words), now)?;
    note_promise(tx, id, "refused", now)
}

fn end(tx: &Tx, id: i64, state: &str, words: Option<&str>, now: Timestamp) -> Result<()> {
    let connection = tx.write()?;
    let sql = "UPDATE promise SET state = ?2, words = ?3, ended_at = ?4, attempts = attempts + 1
        WHERE id = ?1 AND state = 'due'";
    connection.prepare_cached(sql)?.execute(params![id, state, words, now.ms()])?;
    // What Discord refused stays until somebody acts, unless there is nothing that could be acted on any more.
    let sql = "DELETE FROM promise WHERE state <> 'due' AND ended_at < ?1
        AND (state <> 'failed' OR target IS NULL OR target GLOB 'answer:*')";
    connection.prepare_cached(sql)?.execute([now.ms() - ENDED_KEPT_MS])?;
    Ok(())
}

/// It did not work this time; it is tried again at `due_at`.
pub fn note_retry(tx: &Tx, id: i64, words: &str, due_at: Timestamp) -> Result<()> {
    let sql = "UPDATE promise SET due_at = ?2, words = ?3, attempts = attempts + 1 WHERE id = ?1 AND state = 'due'";
    tx.write()?.prepare_cached(sql)?.execute(params![id, due_at.ms(), words])?;
    Ok(())
}

/// Makes an open promise due at this time, be it refused so far or not.
pub fn move_to(tx: &Tx, id: i64, due_at: Timestamp, now: Timestamp) -> Result<()> {
    let sql = "UPDATE promise SET state = 'due', due_at = ?2, ended_at = NULL
        WHERE id = ?1 AND state IN ('due', 'failed') RETURNING id";
    change(tx, sql, params![id, due_at.ms()], "moved", now)?;
    tx.hurry();
    Ok(())
}

/// Calls an open promise off.
pub fn cancel(tx: &Tx, id: i64, words: &str, now: Timestamp) -> Result<()> {
    let sql = "UPDATE promise SET state = 'cancelled', words = ?2, ended_at = ?3
        WHERE id = ?1 AND state IN ('due', 'failed') RETURNING id";
    change(tx, sql, params![id, words, now.ms()], "called_off", now)?;
    tx.hurry();
    Ok(())
}

/// Takes failed promises with these targets up again, one after another, because what stood in their way may be gone.
/// `targets` is a pattern of SQLite's `GLOB`.
pub fn revive(tx: &Tx, targets: &str, now: Timestamp) -> Result<()> {
    let sql = "SELECT id FROM promise WHERE state IN ('due', 'failed') AND state = 'failed' AND target GLOB ?1
        ORDER BY due_at, id";
    let mut statement = tx.read().prepare_cached(sql)?;
    let failed = statement.query_map([targets], |row| row.get::<_, i64>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    let sql = "UPDATE promise SET state = 'due', due_at = ?2, ended_at = NULL WHERE id = ?1";
    for (id, nth) in failed.into_iter().zip(0..) {
        tx.write()?.prepare_cached(sql)?.execute([id, now.ms() + nth * REVIVED_APART_MS])?;
        note_promise(tx, id, "moved", now)?;
        tx.hurry();
    }
    Ok(())
}

/// Calls off open promises with these targets, a pattern of SQLite's `GLOB`.
pub fn call_off(tx: &Tx, targets: &str, words: &str, now: Timestamp) -> Result<()> {
    let any = "SELECT 1 FROM promise WHERE state IN ('due', 'failed') AND target GLOB ?1";
    if tx.read().prepare_cached(any)?.exists([targets])? {
        let sql = "UPDATE promise SET state = 'cancelled', words = ?2, ended_at = ?3
            WHERE state IN ('due', 'failed') AND target GLOB ?1 RETURNING id";
        change(tx, sql, params![targets, words, now.ms()], "called_off", now)?;
    }
    Ok(())
}

/// Changes open promises, and tells those outside what became of each.
fn change(tx: &Tx, sql: &str, values: &[&dyn rusqlite::ToSql], change: &str, now: Timestamp) -> Result<()> {
    let mut statement = tx.write()?.prepare_cached(sql)?;
    let changed = statement.query_map(values, |row| row.get::<_, i64>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    changed.into_iter().try_for_each(|id| note_promise(tx, id, change, now))
}

/// Removes what was promised about a member, kept or not; what a room waits for to end stays until then. What ended and
/// names them by name alone (a board that somebody asked for) goes too.
pub fn forget(tx: &Tx, guild: GuildId, user: UserId) -> Result<usize> {
    let sql = "DELETE FROM promise WHERE guild = ?1 AND (state IN ('done', 'cancelled') OR tells IS NULL)
        AND (instr(effect, ?2) > 0 OR instr(target, ?2) > 0 OR instr(lane, ?2) > 0 OR instr(origin, ?2) > 0)";
    let mut gone = tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), user.to_string()])?;
    let name = people::find_name(tx.read(), guild, user)?.unwrap_or_default();
    if name.chars().count() < NAME_CHARS_MIN {
        return Ok(gone);
    }
    let sql = "DELETE FROM promise WHERE guild = ?1 AND state IN ('done', 'cancelled')
        AND (instr(about, ?2) > 0 OR instr(effect, ?3) > 0 OR instr(effect, ?4) > 0)";
    let [plain, escaped] = [&name, &text::name(&name)].map(|name| serde_json::Value::from(name.as_str()).to_string());
    let values = params![guild.sql(), name, plain.trim_matches('"'), escaped.trim_matches('"')];
    gone += tx.write()?.prepare_cached(sql)?.execute(values)?;
    Ok(gone)
}

fn list(connection: &Connection, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<Promise>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut promises = Vec::new();
    while let Some(row) = rows.next()? {
        promises.push(read(row)?);
    }
    Ok(promises)
}

fn read(row: &Row<'_>) -> Result<Promise> {
    Ok(Promise {
        id: row.get(0)?,
        lane: row.get(1)?,
        about: row.get(2)?,
        effect: row.get(3)?,
        due_at: Timestamp::from_ms(row.get(4)?),
        attempts: row.get(5)?,
        created_at: Timestamp::from_ms(row.get(6)?),
        words: row.get(7)?,
        guild: row.get::<_, Option<i64>>(8)?.and_then(|guild| GuildId::try_from(guild).ok()),
        tells: row.get(9)?,
        failed: row.get(10)?,
    })
}
