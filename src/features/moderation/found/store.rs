//! Cases of a guild, whatever is asked of them.

use rusqlite::{Connection, params};

use crate::features::moderation::rules::Kind;
use crate::features::moderation::store::{COLUMNS, Case, collect};
use crate::model::{GuildId, Result, UserId};

/// Which cases; none: whichever.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    pub user: Option<UserId>,
    pub kind: Option<Kind>,
    pub resolved: Option<bool>,
}

const WANTED: &str = "guild = ?1 AND (?2 IS NULL OR user = ?2) AND (?3 IS NULL OR kind = ?3)
    AND (?4 IS NULL OR (resolved_at IS NOT NULL) = ?4)";

/// How many there are, hidden ones included.
pub fn count_wanted(connection: &Connection, guild: GuildId, wanted: Wanted) -> Result<u64> {
    let sql = format!("SELECT count(*) FROM moderation_case WHERE {WANTED}");
    let (user, kind) = (wanted.user.map(UserId::sql), wanted.kind.map(Kind::word));
    let values = params![guild.sql(), user, kind, wanted.resolved];
    Ok(connection.prepare_cached(&sql)?.query_row(values, |row| row.get::<_, i64>(0))?.unsigned_abs())
}

/// The newest first, after skipping `offset`.
pub fn list_wanted(
    connection: &Connection,
    guild: GuildId,
    wanted: Wanted,
    offset: u32,
    at_most: u32,
) -> Result<Vec<Case>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM moderation_case WHERE guild = ?1 AND number IN (
            SELECT number FROM moderation_case WHERE {WANTED} ORDER BY number DESC LIMIT ?5 OFFSET ?6)
        ORDER BY number DESC"
    );
    let (user, kind) = (wanted.user.map(UserId::sql), wanted.kind.map(Kind::word));
    collect(connection, &sql, params![guild.sql(), user, kind, wanted.resolved, at_most, offset])
}

/// Guilds whose numbers have gaps: guild, cases, highest number.
pub fn list_gaps(connection: &Connection) -> Result<Vec<(i64, i64, i64)>> {
    let sql = "SELECT guild, count(*), max(number) FROM moderation_case GROUP BY guild HAVING count(*) <> max(number)";
    let mut statement = connection.prepare(sql)?;
    let gaps = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(gaps.collect::<rusqlite::Result<_>>()?)
}
