//! The ledger: every change of a balance, with who, what, why and the message, command or key behind it.

use rusqlite::{Connection, params};

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
    /// Who caused it, when it was not the member.
    pub actor: Option<UserId>,
    /// The message, interaction or request behind it.
    pub source: u64,
    pub reason: Option<&'a str>,
    pub at: Timestamp,
}

/// Writes a row; returns its number.
pub fn insert(tx: &Tx, entry: &Entry<'_>) -> Result<i64> {
    let connection = tx.write()?;
    let sql = "INSERT INTO ledger (guild, user, what, amount, actor, source, reason, at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    connection.prepare_cached(sql)?.execute(params![
        entry.guild.sql(),
        entry.user.sql(),
        entry.what,
        entry.amount,
        entry.actor.map(UserId::sql),
        entry.source as i64,
        entry.reason,
        entry.at.ms(),
    ])?;
    Ok(connection.last_insert_rowid())
}

/// The sum of a member's changes: what their balance must be.
pub fn sum(connection: &Connection, guild: GuildId, user: UserId) -> Result<i64> {
    let sql = "SELECT coalesce(sum(amount), 0) FROM ledger WHERE guild = ?1 AND user = ?2";
    Ok(connection.prepare_cached(sql)?.query_row([guild.sql(), user.sql()], |row| row.get(0))?)
}
