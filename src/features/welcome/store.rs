//! Newcomers who have not accepted the rules yet.

use rusqlite::{OptionalExtension, params};

use crate::model::{GuildId, Result, Timestamp, UserId};
use crate::store::Tx;

/// Whether anybody waits anywhere, once that was looked up: mostly nobody does, and every message asks.
#[derive(Default)]
struct Anybody(Option<bool>);

/// When a newcomer came who has not been seen to accept the rules.
pub fn find_waiting(tx: &Tx, guild: GuildId, user: UserId) -> Result<Option<Timestamp>> {
    if !is_anybody_waiting(tx)? {
        return Ok(None);
    }
    let sql = "SELECT came_at FROM welcome_waiting WHERE guild = ?1 AND user = ?2";
    let mut statement = tx.read().prepare_cached(sql)?;
    let came_at = statement.query_row([guild.sql(), user.sql()], |row| row.get(0)).optional()?;
    Ok(came_at.map(Timestamp::from_ms))
}

fn is_anybody_waiting(tx: &Tx) -> Result<bool> {
    if let Some(known) = tx.memo(|anybody: &mut Anybody| anybody.0) {
        return Ok(known);
    }
    let mut statement = tx.read().prepare_cached("SELECT EXISTS (SELECT 1 FROM welcome_waiting)")?;
    let is = statement.query_row((), |row| row.get(0))?;
    tx.memo(|anybody: &mut Anybody| anybody.0 = Some(is));
    Ok(is)
}

/// A newcomer has to accept the rules first.
pub fn save_waiting(tx: &Tx, guild: GuildId, user: UserId, came_at: Timestamp) -> Result<()> {
    let sql = "INSERT INTO welcome_waiting (guild, user, came_at) VALUES (?1, ?2, ?3)
        ON CONFLICT (guild, user) DO UPDATE SET came_at = excluded.came_at";
    tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), user.sql(), came_at.ms()])?;
    tx.memo(|anybody: &mut Anybody| anybody.0 = Some(true));
    Ok(())
}

/// They have, or they left.
pub fn remove_waiting(tx: &Tx, guild: GuildId, user: UserId) -> Result<()> {
    let sql = "DELETE FROM welcome_waiting WHERE guild = ?1 AND user = ?2";
    tx.write()?.prepare_cached(sql)?.execute([guild.sql(), user.sql()])?;
    tx.memo(|anybody: &mut Anybody| anybody.0 = None);
    Ok(())
}

/// The bot is in this guild no longer.
pub fn remove_guild(tx: &Tx, guild: GuildId) -> Result<()> {
    tx.write()?.prepare_cached("DELETE FROM welcome_waiting WHERE guild = ?1")?.execute([guild.sql()])?;
    Ok(())
}
