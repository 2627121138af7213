//! Folding the ledger: of what members earned long ago, one row for each member, kind and day stays. Sums stay equal.
//!
//! It goes forward through the ledger, a day at a time, and remembers how far it is.

use rusqlite::{Connection, OptionalExtension, params};

use super::Tx;
use crate::model::{Result, Timestamp};

/// How the reason of a row ends that stands for many.
pub const TOGETHER: &str = " together";
/// The kinds that come in numbers. Bonuses, changes by hand and undone rows stay as they are.
const FOLDED: &str = "what IN ('message', 'voice', 'command') AND batch IS NULL AND undoes IS NULL
    AND NOT EXISTS (SELECT 1 FROM ledger AS undo WHERE undo.undoes = ledger.id)";

/// When the oldest row that is not folded yet was written.
pub fn oldest(connection: &Connection) -> Result<Option<Timestamp>> {
    let sql = "SELECT at FROM ledger WHERE id > (SELECT folded FROM progress) ORDER BY id LIMIT 1";
    let at: Option<i64> = connection.prepare_cached(sql)?.query_row((), |row| row.get(0)).optional()?;
    Ok(at.map(Timestamp::from_ms))
}

/// Folds the rows from where it left off to the first one written at `until` or later. Returns how many rows went.
pub fn fold(tx: &Tx, until: Timestamp) -> Result<usize> {
    let (from, to) = range(tx.read(), until)?;
    let sql = format!(
        "SELECT guild, user, what, max(id), sum(amount), count(*) FROM ledger
        WHERE id > ?1 AND id < ?2 AND {FOLDED} GROUP BY guild, user, what HAVING count(*) > 1"
    );
    let mut statement = tx.read().prepare_cached(&sql)?;
    let groups = statement.query_map([from, to], |row| {
        let what: String = row.get(2)?;
        let counts: (i64, i64, i64) = (row.get(3)?, row.get(4)?, row.get(5)?);
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, what, counts))
    })?;
    let groups = groups.collect::<rusqlite::Result<Vec<_>>>()?;
    let connection = tx.write()?;
    let delete =
        format!("DELETE FROM ledger WHERE guild = ?1 AND user = ?2 AND what = ?3 AND id > ?4 AND id < ?5 AND {FOLDED}");
    let mut gone = 0;
    for (guild, user, what, (last, sum, rows)) in groups {
        gone += connection.prepare_cached(&delete)?.execute(params![guild, user, what, from, last])?;
        // The last row's balance is the balance after all of them, so it is the one that stays.
        let sql = "UPDATE ledger SET amount = ?2, source = 0, reason = ?3 WHERE id = ?1";
        connection.prepare_cached(sql)?.execute(params![last, sum, format!("{rows}{TOGETHER}")])?;
    }
    connection.prepare_cached("UPDATE progress SET folded = ?1")?.execute([to - 1])?;
    Ok(gone)
}

/// The rows between these two numbers are to be folded.
fn range(connection: &Connection, until: Timestamp) -> Result<(i64, i64)> {
    let from = connection.prepare_cached("SELECT folded FROM progress")?.query_row((), |row| row.get(0))?;
    let sql = "SELECT id FROM ledger WHERE id > ?1 AND at >= ?2 ORDER BY id LIMIT 1";
    let next: Option<i64> =
        connection.prepare_cached(sql)?.query_row(params![from, until.ms()], |row| row.get(0)).optional()?;
    let end = "SELECT coalesce(max(id), 0) + 1 FROM ledger";
    let to = match next {
        Some(next) => next,
        None => connection.prepare_cached(end)?.query_row((), |row| row.get(0))?,
    };
    Ok((from, to))
}
