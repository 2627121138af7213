//! By which name and face somebody is to be shown: as they were last seen in a guild.

use rusqlite::{Connection, OptionalExtension};

use crate::model::{GuildId, Result, UserId};

/// The name and avatar with which a member was last seen.
pub fn find_look(connection: &Connection, guild: GuildId, user: UserId) -> Result<Option<(String, Option<String>)>> {
    let sql = "SELECT name, avatar FROM member WHERE guild = ?1 AND user = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([guild.sql(), user.sql()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// The name under which a member was last seen.
pub fn find_name(connection: &Connection, guild: GuildId, user: UserId) -> Result<Option<String>> {
    let sql = "SELECT name FROM member WHERE guild = ?1 AND user = ?2";
    Ok(connection.prepare_cached(sql)?.query_row([guild.sql(), user.sql()], |row| row.get(0)).optional()?)
}
