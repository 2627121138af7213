//! Boards in the database: of all time, since a moment, and as they were at one.

use rusqlite::{Connection, params};

use super::super::standings::Place;
use super::super::store::{Placed, count_above, count_of_equal_before, list_from, rank, standings};
use crate::model::{GuildId, Result, Timestamp, UserId};
use crate::store::Tx;

/// Past so many members a page is found by counts instead of by skipping.
const SKIPPED_MAX: u32 = 1_000;
/// Rows of the ledger follow the time to within this: a message may be stored later than it was written.
const LATE_MS: i64 = 3_600_000;

/// A page of the board of all time, after skipping `offset` members.
pub fn list_page(tx: &Tx, guild: GuildId, offset: u32, at_most: u32) -> Result<Vec<Placed>> {
    let before = u64::from(offset);
    let place = match offset > SKIPPED_MAX {
        true => standings(tx, guild, |standings| standings.at(before))?,
        false => None,
    };
    let board = match place {
        Some(None) => return Ok(Vec::new()),
        Some(Some(place)) => list_from(tx.read(), guild, place, at_most)?,
        None => list_from(tx.read(), guild, Place::top(before), at_most)?,
    };
    ranked(board, offset, |xp| rank(tx, guild, xp))
}

/// The same of what is committed, for readers.
pub fn list_committed(connection: &Connection, guild: GuildId, offset: u32, at_most: u32) -> Result<Vec<Placed>> {
    let board = list_from(connection, guild, Place::top(u64::from(offset)), at_most)?;
    ranked(board, offset, |xp| Ok(count_above(connection, guild, xp)? + 1))
}

/// How many members are before this one on the board of all time.
pub fn place(tx: &Tx, guild: GuildId, user: UserId, xp: i64) -> Result<u64> {
    Ok(rank(tx, guild, xp)? - 1 + count_of_equal_before(tx.read(), guild, user, xp)?)
}

/// The board of what was earned since then.
pub fn list_since(connection: &Connection, guild: GuildId, from: Timestamp, at_most: u32) -> Result<Vec<Placed>> {
    // The plus keeps SQLite from going through all of the guild's rows by an index.
    let first = first_since(connection, from.ms() - LATE_MS)?;
    let sql = "WITH sums AS (SELECT user, sum(amount) AS xp FROM ledger
            WHERE id >= ?1 AND +guild = ?2 AND at >= ?3 GROUP BY user)
        SELECT sums.user, member.name, sums.xp FROM sums
        JOIN xp ON xp.guild = ?2 AND xp.user = sums.user AND xp.shown = 1
        LEFT JOIN member ON member.guild = ?2 AND member.user = sums.user
        WHERE sums.xp > 0 ORDER BY sums.xp DESC, sums.user LIMIT ?4";
    list(connection, sql, params![first, guild.sql(), from.ms(), at_most])
}

/// The board as it was then.
pub fn list_as_of(connection: &Connection, guild: GuildId, until: Timestamp, at_most: u32) -> Result<Vec<Placed>> {
    let sql = "WITH sums AS (SELECT user, sum(amount) AS xp FROM ledger WHERE guild = ?1 AND at < ?2 GROUP BY user)
        SELECT sums.user, member.name, sums.xp FROM sums
        JOIN xp ON xp.guild = ?1 AND xp.user = sums.user AND xp.shown = 1
        LEFT JOIN member ON member.guild = ?1 AND member.user = sums.user
        WHERE sums.xp > 0 ORDER BY sums.xp DESC, sums.user LIMIT ?3";
    list(connection, sql, params![guild.sql(), until.ms(), at_most])
}

fn list(connection: &Connection, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<Placed>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut board: Vec<Placed> = Vec::new();
    while let Some(row) = rows.next()? {
        let user = UserId::try_from(row.get::<_, i64>(0)?)?;
        let (name, xp) = (row.get(1)?, row.get(2)?);
        let rank = match board.last() {
            Some(above) if above.xp == xp => above.rank,
            _ => board.len() as u64 + 1,
        };
        board.push(Placed { rank, user, name, xp });
    }
    Ok(board)
}

/// Members who share an amount share the rank of the first of them, who may be on an earlier page.
fn ranked(mut board: Vec<Placed>, offset: u32, rank: impl Fn(i64) -> Result<u64>) -> Result<Vec<Placed>> {
    for nth in 0..board.len() {
        let xp = board[nth].xp;
        board[nth].rank = match nth.checked_sub(1).map(|above| &board[above]) {
            Some(above) if above.xp == xp => above.rank,
            Some(_) => u64::from(offset) + nth as u64 + 1,
            None if offset == 0 => 1,
            None => rank(xp)?,
        };
    }
    Ok(board)
}

/// The first row of the ledger from then on, found by halving: rows are numbered as they come.
fn first_since(connection: &Connection, from_ms: i64) -> Result<i64> {
    let newest = "SELECT coalesce(max(id), 0) FROM ledger";
    let (mut low, mut high) = (0, connection.prepare_cached(newest)?.query_row((), |row| row.get::<_, i64>(0))? + 1);
    let mut probe = connection.prepare_cached("SELECT id, at FROM ledger WHERE id >= ?1 ORDER BY id LIMIT 1")?;
    while low < high {
        let middle = low + (high - low) / 2;
        let found = probe.query_row([middle], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)));
        match found {
            Ok((id, at)) if at < from_ms => low = id + 1,
            Ok(_) | Err(rusqlite::Error::QueryReturnedNoRows) => high = middle,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(low)
}
