//! Members who chose to be on no board. They say so once; each room that has a board leaves out those in the table
//! `hidden`.

use rusqlite::Connection;

use super::Tx;
use crate::model::{GuildId, Result, UserId};

/// Notes what a member chose.
pub fn save(tx: &Tx, guild: GuildId, user: UserId, hidden: bool) -> Result<()> {
    let sql = match hidden {
        true => "INSERT INTO hidden (guild, user) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        false => "DELETE FROM hidden WHERE guild = ?1 AND user = ?2",
    };
    tx.write()?.prepare_cached(sql)?.execute([guild.sql(), user.sql()])?;
    Ok(())
}

/// Whether a member chose so.
pub fn is_hidden(connection: &Connection, guild: GuildId, user: UserId) -> Result<bool> {
    let sql = "SELECT 1 FROM hidden WHERE guild = ?1 AND user = ?2";
    Ok(connection.prepare_cached(sql)?.exists([guild.sql(), user.sql()])?)
}
