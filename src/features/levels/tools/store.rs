//! Tools in the database, and who unlocked which.

use rusqlite::{Connection, Row, params};

use super::rules::{Tool, Unlock};
use crate::model::{GuildId, Result, Timestamp, UserId};
use crate::store::Tx;

/// Tools that are read at once; a house with more of them shows the first.
pub const TOOLS_MAX: u32 = 200;

/// All tools, by required level, switched off ones included.
pub fn list(connection: &Connection) -> Result<Vec<Tool>> {
    let sql = "SELECT id, name, description, icon, tier, required_level, enabled, config, created_at, updated_at
        FROM tool ORDER BY required_level, created_at, rowid LIMIT ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let tools = statement.query_map([TOOLS_MAX], tool)?;
    Ok(tools.collect::<rusqlite::Result<_>>()?)
}

fn tool(row: &Row<'_>) -> rusqlite::Result<Tool> {
    Ok(Tool {
        id: row.get(0)?,
        name: row.get(1)?,
        description: row.get(2)?,
        icon: row.get(3)?,
        tier: row.get(4)?,
        required_level: row.get(5)?,
        enabled: row.get(6)?,
        config: row.get(7)?,
        created_at: Timestamp::from_ms(row.get(8)?),
        updated_at: Timestamp::from_ms(row.get(9)?),
    })
}

/// The names of the tools that become available on the way from one level to another, in the order of their levels.
pub fn available_between(connection: &Connection, before: u32, after: u32) -> Result<Vec<String>> {
    let sql = "SELECT name FROM tool WHERE enabled = 1 AND required_level > ?1 AND required_level <= ?2
        ORDER BY required_level, created_at, rowid LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let names = statement.query_map([before, after, TOOLS_MAX], |row| row.get(0))?;
    Ok(names.collect::<rusqlite::Result<_>>()?)
}

/// How many tools there are.
pub fn count(connection: &Connection) -> Result<i64> {
    Ok(connection.prepare_cached("SELECT count(*) FROM tool")?.query_row((), |row| row.get(0))?)
}

/// How many of the tools that are switched on a member has unlocked, and how many there are.
pub fn count_unlocked(connection: &Connection, guild: GuildId, user: UserId) -> Result<(usize, usize)> {
    let sql = "SELECT (SELECT count(*) FROM tool_unlock JOIN tool ON tool.id = tool_unlock.tool AND tool.enabled = 1
        WHERE guild = ?1 AND user = ?2), (SELECT count(*) FROM tool WHERE enabled = 1)";
    let counts = connection.prepare_cached(sql)?.query_row([guild.sql(), user.sql()], |row| {
        Ok((row.get::<_, i64>(0)? as usize, row.get::<_, i64>(1)? as usize))
    });
    Ok(counts?)
}

pub fn insert(tx: &Tx, tool: &Tool) -> Result<()> {
    let sql = "INSERT INTO tool
        (id, name, description, icon, tier, required_level, enabled, config, created_at, updated_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    tx.write()?.prepare_cached(sql)?.execute(params![
        tool.id,
        tool.name,
        tool.description,
        tool.icon,
        tool.tier,
        tool.required_level,
        tool.enabled,
        tool.config,
        tool.created_at.ms(),
        tool.updated_at.ms(),
    ])?;
    Ok(())
}

/// What a member unlocked, the oldest first.
pub fn list_unlocked(connection: &Connection, guild: GuildId, user: UserId) -> Result<Vec<Unlock>> {
    let sql = "SELECT tool, unlocked_at, usage_count FROM tool_unlock WHERE guild = ?1 AND user = ?2
        ORDER BY unlocked_at, tool LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let unlocked = statement.query_map(params![guild.sql(), user.sql(), TOOLS_MAX], |row| {
        Ok(Unlock { tool: row.get(0)?, at: Timestamp::from_ms(row.get(1)?), usage_count: row.get(2)? })
    })?;
    Ok(unlocked.collect::<rusqlite::Result<_>>()?)
}

pub fn insert_unlock(tx: &Tx, guild: GuildId, user: UserId, tool: &str, at: Timestamp) -> Result<()> {
    let sql = "INSERT INTO tool_unlock (guild, user, tool, unlocked_at) VALUES (?1, ?2, ?3, ?4)";
    tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), user.sql(), tool, at.ms()])?;
    Ok(())
}
