//! Roles for a while and roles that come back, of a whole guild or of one member.

use rusqlite::{Connection, params};

use crate::features::roles::store::{COLUMNS, State, Temporary, id, list};
use crate::model::{GuildId, Result, RoleId, Timestamp, UserId};

/// Which roles for a while; none: whichever.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    pub user: Option<UserId>,
    pub state: Option<State>,
}

const WANTED: &str = "guild = ?1 AND (?2 IS NULL OR user = ?2) AND (?3 IS NULL OR state = ?3)";

pub fn count_temporary(connection: &Connection, guild: GuildId, wanted: Wanted) -> Result<u64> {
    let sql = format!("SELECT count(*) FROM temporary_role WHERE {WANTED}");
    let values = params![guild.sql(), wanted.user.map(UserId::sql), wanted.state.map(State::word)];
    Ok(connection.prepare_cached(&sql)?.query_row(values, |row| row.get::<_, i64>(0))?.unsigned_abs())
}

/// The newest first, after skipping `offset`.
pub fn list_temporary(
    connection: &Connection,
    guild: GuildId,
    wanted: Wanted,
    offset: u32,
    at_most: u32,
) -> Result<Vec<Temporary>> {
    let sql = format!("SELECT {COLUMNS} FROM temporary_role WHERE {WANTED} ORDER BY id DESC LIMIT ?4 OFFSET ?5");
    let (user, state) = (wanted.user.map(UserId::sql), wanted.state.map(State::word));
    list(connection, &sql, params![guild.sql(), user, state, at_most, offset])
}

/// A role that comes back with its member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    pub user: UserId,
    pub role: RoleId,
    pub role_name: String,
    pub assigned_at: Timestamp,
    /// They are to get it back.
    pub away: bool,
}

pub fn count_persistent(connection: &Connection, guild: GuildId, user: Option<UserId>) -> Result<u64> {
    let sql = "SELECT count(*) FROM persistent_role WHERE guild = ?1 AND (?2 IS NULL OR user = ?2)";
    let values = params![guild.sql(), user.map(UserId::sql)];
    Ok(connection.prepare_cached(sql)?.query_row(values, |row| row.get::<_, i64>(0))?.unsigned_abs())
}

/// The newest first, after skipping `offset`.
pub fn list_persistent(
    connection: &Connection,
    guild: GuildId,
    user: Option<UserId>,
    offset: u32,
    at_most: u32,
) -> Result<Vec<Remembered>> {
    let sql = "SELECT user, role, role_name, assigned_at, away FROM persistent_role
        WHERE guild = ?1 AND (?2 IS NULL OR user = ?2) ORDER BY id DESC LIMIT ?3 OFFSET ?4";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![guild.sql(), user.map(UserId::sql), at_most, offset], |row| {
        Ok(Remembered {
            user: id(row, 0)?,
            role: id(row, 1)?,
            role_name: row.get(2)?,
            assigned_at: Timestamp::from_ms(row.get(3)?),
            away: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
