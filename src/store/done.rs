//! Things done once for an event, so that a replay does nothing twice.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::Tx;
use crate::model::{Result, Timestamp};

const COMMAND: &str = "command";
/// Notes are kept this long; Discord replays a session for minutes, programs ask again for a day.
const KEPT: Duration = Duration::from_secs(86_400);

/// Whether the command of this message, interaction or request ran before.
pub fn is_noted(connection: &Connection, key: u64) -> Result<bool> {
    let sql = "SELECT 1 FROM done WHERE event = ?1 AND action = ?2";
    Ok(connection.prepare_cached(sql)?.exists(params![key as i64, COMMAND])?)
}

/// Notes that it ran; old notes are dropped.
pub fn note(tx: &Tx, key: u64, now: Timestamp) -> Result<()> {
    let connection = tx.write()?;
    let oldest = now.ms() - i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX);
    connection.prepare_cached("DELETE FROM done WHERE at < ?1")?.execute([oldest])?;
    let sql = "INSERT INTO done (event, action, at) VALUES (?1, ?2, ?3)";
    connection.prepare_cached(sql)?.execute(params![key as i64, COMMAND, now.ms()])?;
    Ok(())
}
