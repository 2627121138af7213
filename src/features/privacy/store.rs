//! Who left when, in the table of members.

use rusqlite::{Connection, params};

use crate::model::{GuildId, Result, Timestamp, UserId};
use crate::store::Tx;

const DAY_MS: i64 = 86_400_000;

/// So many days before.
pub fn days_before(now: Timestamp, days: u32) -> Timestamp {
    Timestamp::from_ms(now.ms() - i64::from(days) * DAY_MS)
}

/// For those who are gone since nobody knows when, time begins to run now.
pub fn note_since_when(tx: &Tx, now: Timestamp) -> Result<()> {
    let any = "SELECT 1 FROM member WHERE present = 0 AND left_at IS NULL";
    if tx.read().prepare_cached(any)?.exists(())? {
        let sql = "UPDATE member SET left_at = ?1 WHERE present = 0 AND left_at IS NULL";
        tx.write()?.prepare_cached(sql)?.execute([now.ms()])?;
    }
    Ok(())
}

/// Members who left before then, the longest gone first.
pub fn list_left_before(connection: &Connection, before: Timestamp, at_most: u32) -> Result<Vec<(GuildId, UserId)>> {
    let sql = "SELECT guild, user FROM member WHERE present = 0 AND left_at < ?1 ORDER BY left_at LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![before.ms(), at_most], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.map(|row| row.map_err(Into::into).and_then(|(guild, user)| ids(guild, user))).collect()
}

fn ids(guild: i64, user: i64) -> Result<(GuildId, UserId)> {
    Ok((GuildId::try_from(guild)?, UserId::try_from(user)?))
}
