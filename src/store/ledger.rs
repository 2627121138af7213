//! The ledger: every change of a balance, with who, what, why and the message, command or key behind it.

use rusqlite::{Connection, OptionalExtension, params};

use super::Tx;
use crate::model::{GuildId, Result, Timestamp, UserId};

/// A change of a member's balance.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    pub guild: GuildId,
    pub user: UserId,
    /// What kind of change: `message`, `add`, `set_level`, `reset` …
    pub what: &'a str,
    /// By how much, in XP.
    pub amount: i64,
    /// The balance after it.
    pub after: i64,
    /// Who caused it, when it was not the member.
    pub actor: Option<UserId>,
    /// The message, interaction or request behind it.
    pub source: u64,
    pub reason: Option<&'a str>,
    pub at: Timestamp,
    /// The batch that it belongs to.
    pub batch: Option<i64>,
    /// The row that it takes back.
    pub undoes: Option<i64>,
}

/// A row as it stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub id: i64,
    pub guild: GuildId,
    pub user: UserId,
    pub what: String,
    pub amount: i64,
    pub after: i64,
    pub actor: Option<UserId>,
    pub reason: Option<String>,
    pub at: Timestamp,
    pub batch: Option<i64>,
    pub undoes: Option<i64>,
}

impl Row {
    /// Whether it stands for a whole day of rows.
    pub fn is_folded(&self) -> bool {
        self.reason.as_deref().is_some_and(|reason| reason.ends_with(super::fold::TOGETHER))
    }
}

/// Changes that were made together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub id: i64,
    pub what: String,
    /// The batch that took this one back.
    pub undone_by: Option<i64>,
}

/// Writes a row; returns its number.
pub fn insert(tx: &Tx, entry: &Entry<'_>) -> Result<i64> {
    let connection = tx.write()?;
    let sql = "INSERT INTO ledger (guild, user, what, amount, after, actor, source, reason, at, batch, undoes)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    connection.prepare_cached(sql)?.execute(params![
        entry.guild.sql(),
        entry.user.sql(),
        entry.what,
        entry.amount,
        entry.after,
        entry.actor.map(UserId::sql),
        entry.source as i64,
        entry.reason,
        entry.at.ms(),
        entry.batch,
        entry.undoes,
    ])?;
    Ok(connection.last_insert_rowid())
}

/// Begins a batch; returns its number.
pub fn insert_batch(
    tx: &Tx,
    guild: GuildId,
    what: &str,
    actor: UserId,
    source: u64,
    at: Timestamp,
    undoes: Option<i64>,
) -> Result<i64> {
    let connection = tx.write()?;
    let sql = "INSERT INTO batch (guild, what, actor, source, at, undoes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let values = params![guild.sql(), what, actor.sql(), source as i64, at.ms(), undoes];
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(connection.last_insert_rowid())
}

/// A batch of many transactions, which another program makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    pub id: i64,
    pub finished: bool,
}

/// Begins a batch that takes several transactions; `origin` finds it again.
pub fn begin_batch(
    tx: &Tx,
    guild: GuildId,
    what: &str,
    origin: &str,
    at: Timestamp,
    undoes: Option<i64>,
) -> Result<i64> {
    let connection = tx.write()?;
    let sql = "INSERT INTO batch (guild, what, source, at, undoes, origin, finished) VALUES (?1, ?2, 0, ?3, ?4, ?5, 0)";
    connection.prepare_cached(sql)?.execute(params![guild.sql(), what, at.ms(), undoes, origin])?;
    Ok(connection.last_insert_rowid())
}

/// The batch of this origin that nobody took back, the newest first.
pub fn find_begun(connection: &Connection, guild: GuildId, origin: &str) -> Result<Option<Begun>> {
    let sql = "SELECT id, finished FROM batch WHERE guild = ?1 AND origin = ?2
        AND NOT EXISTS (SELECT 1 FROM batch AS undo WHERE undo.undoes = batch.id) ORDER BY id DESC LIMIT 1";
    let row = connection
        .prepare_cached(sql)?
        .query_row(params![guild.sql(), origin], |row| Ok(Begun { id: row.get(0)?, finished: row.get(1)? }));
    Ok(row.optional()?)
}

/// All of a batch is written.
pub fn finish_batch(tx: &Tx, id: i64) -> Result<()> {
    tx.write()?.prepare_cached("UPDATE batch SET finished = 1 WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// What each member was given by batches of this kind for this reason, as far as nobody took it back: `see` is shown
/// every row.
pub fn each_given(
    connection: &Connection,
    guild: GuildId,
    what: &str,
    reason: &str,
    mut see: impl FnMut(UserId, i64),
) -> Result<()> {
    let sql = "SELECT ledger.user, ledger.amount FROM batch JOIN ledger ON ledger.batch = batch.id
        WHERE batch.guild = ?1 AND batch.what = ?2 AND ledger.reason = ?3
            AND NOT EXISTS (SELECT 1 FROM ledger AS undo WHERE undo.undoes = ledger.id)";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![guild.sql(), what, reason])?;
    while let Some(row) = rows.next()? {
        see(UserId::try_from(row.get::<_, i64>(0)?)?, row.get(1)?);
    }
    Ok(())
}

/// The rows of a batch.
pub fn count_batch(connection: &Connection, batch: i64) -> Result<usize> {
    let sql = "SELECT count(*) FROM ledger WHERE batch = ?1";
    let count = connection.prepare_cached(sql)?.query_row([batch], |row| row.get::<_, i64>(0))?;
    Ok(usize::try_from(count).unwrap_or(0))
}

const COLUMNS: &str = "id, guild, user, what, amount, after, actor, reason, at, batch, undoes";

/// The row with this number, in this guild.
pub fn find(connection: &Connection, guild: GuildId, id: i64) -> Result<Option<Row>> {
    let sql = format!("SELECT {COLUMNS} FROM ledger WHERE id = ?1 AND guild = ?2");
    Ok(connection.prepare_cached(&sql)?.query_row([id, guild.sql()], read).optional()?)
}

/// The row that took this one back.
pub fn find_undo(connection: &Connection, id: i64) -> Result<Option<i64>> {
    let sql = "SELECT id FROM ledger WHERE undoes = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?)
}

/// The batch with this number, in this guild.
pub fn find_batch(connection: &Connection, guild: GuildId, id: i64) -> Result<Option<Batch>> {
    let sql = "SELECT id, what, (SELECT id FROM batch AS undo WHERE undo.undoes = batch.id) FROM batch
        WHERE id = ?1 AND guild = ?2";
    let row = connection
        .prepare_cached(sql)?
        .query_row([id, guild.sql()], |row| Ok(Batch { id: row.get(0)?, what: row.get(1)?, undone_by: row.get(2)? }));
    Ok(row.optional()?)
}

/// The rows of a batch that nobody took back one by one, in their order.
pub fn list_batch(connection: &Connection, batch: i64) -> Result<Vec<Row>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM ledger WHERE batch = ?1
            AND NOT EXISTS (SELECT 1 FROM ledger AS undo WHERE undo.undoes = ledger.id) ORDER BY id"
    );
    list(connection, &sql, params![batch])
}

/// The same, at most so many that come after the row with this number.
pub fn list_batch_after(connection: &Connection, batch: i64, after: i64, at_most: usize) -> Result<Vec<Row>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM ledger WHERE batch = ?1 AND id > ?2
            AND NOT EXISTS (SELECT 1 FROM ledger AS undo WHERE undo.undoes = ledger.id) ORDER BY id LIMIT ?3"
    );
    list(connection, &sql, params![batch, after, at_most as i64])
}

/// A member's rows, the newest first, after skipping `offset`.
pub fn list_of(connection: &Connection, guild: GuildId, user: UserId, offset: u32, at_most: u32) -> Result<Vec<Row>> {
    let sql =
        format!("SELECT {COLUMNS} FROM ledger WHERE guild = ?1 AND user = ?2 ORDER BY id DESC LIMIT ?3 OFFSET ?4");
    list(connection, &sql, params![guild.sql(), user.sql(), at_most, offset])
}

/// A guild's rows, the newest first, after skipping `offset`.
pub fn list_all(connection: &Connection, guild: GuildId, offset: u32, at_most: u32) -> Result<Vec<Row>> {
    // From the end of the table: the index by members would have to be sorted as a whole.
    let sql = format!("SELECT {COLUMNS} FROM ledger WHERE +guild = ?1 ORDER BY id DESC LIMIT ?2 OFFSET ?3");
    list(connection, &sql, params![guild.sql(), at_most, offset])
}

/// How many rows there are of a member, or of everybody: some ten milliseconds for a million, which an index holds.
pub fn count(connection: &Connection, guild: GuildId, user: Option<UserId>) -> Result<u64> {
    let count = match user {
        Some(user) => connection
            .prepare_cached("SELECT count(*) FROM ledger WHERE guild = ?1 AND user = ?2")?
            .query_row([guild.sql(), user.sql()], |row| row.get::<_, i64>(0))?,
        None => connection
            .prepare_cached("SELECT count(*) FROM ledger WHERE guild = ?1")?
            .query_row([guild.sql()], |row| row.get::<_, i64>(0))?,
    };
    Ok(count.unsigned_abs())
}

/// The sum of a member's changes: what their balance must be.
pub fn sum(connection: &Connection, guild: GuildId, user: UserId) -> Result<i64> {
    let sql = "SELECT coalesce(sum(amount), 0) FROM ledger WHERE guild = ?1 AND user = ?2";
    Ok(connection.prepare_cached(sql)?.query_row([guild.sql(), user.sql()], |row| row.get(0))?)
}

/// Takes a member out: their own rows go, which their balance has to follow, and what they changed of others stays
/// without their name. Returns how many rows that concerned.
pub fn forget(tx: &Tx, guild: GuildId, user: UserId) -> Result<usize> {
    let connection = tx.write()?;
    let values = [guild.sql(), user.sql()];
    let gone = connection.prepare_cached("DELETE FROM ledger WHERE guild = ?1 AND user = ?2")?.execute(values)?;
    let sql = "UPDATE ledger SET actor = NULL WHERE guild = ?1 AND actor = ?2";
    Ok(gone + connection.prepare_cached(sql)?.execute(values)?)
}

/// Takes a member's name from the batches that they made.
pub fn forget_batches(tx: &Tx, guild: GuildId, user: UserId) -> Result<usize> {
    let sql = "UPDATE batch SET actor = NULL WHERE guild = ?1 AND actor = ?2";
    Ok(tx.write()?.prepare_cached(sql)?.execute([guild.sql(), user.sql()])?)
}

fn list(connection: &Connection, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<Row>> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(values, read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let id = |column| row.get::<_, i64>(column);
    let unreadable = |column| move |_| rusqlite::Error::IntegralValueOutOfRange(column, 0);
    let actor: Option<i64> = row.get(6)?;
    Ok(Row {
        id: id(0)?,
        guild: GuildId::try_from(id(1)?).map_err(unreadable(1))?,
        user: UserId::try_from(id(2)?).map_err(unreadable(2))?,
        what: row.get(3)?,
        amount: row.get(4)?,
        after: row.get(5)?,
        actor: actor.and_then(|actor| UserId::try_from(actor).ok()),
        reason: row.get(7)?,
        at: Timestamp::from_ms(row.get(8)?),
        batch: row.get(9)?,
        undoes: row.get(10)?,
    })
}
