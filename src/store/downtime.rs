//! When the bot saw nothing of Discord, be it that it did not run or was not connected.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::Tx;
use crate::model::{Result, Timestamp};

/// So much of it on a day excuses the day.
pub const EXCUSES_FROM: Duration = Duration::from_secs(3_600);
/// Gaps are noted from so long on: a little longer than the moment of being alive may be old.
const NOTED_FROM: Duration = Duration::from_secs(2_100);
/// The moment of being alive is stored along with other commits, and by itself after so long.
const STAMP_EVERY: Duration = Duration::from_secs(1_800);
/// Along with others it is stored at most this often.
const STAMP_APART: Duration = Duration::from_secs(60);
/// Notes are kept this long: streaks look no further back.
const KEPT_MS: i64 = 400 * 86_400_000;

/// Notes the time since the bot was last alive, where that is long ago.
pub fn note(tx: &Tx, now: Timestamp) -> Result<()> {
    let Some(alive_at) = alive_at(tx.read())? else { return Ok(()) };
    // A gap of years is a clock that nobody has set yet.
    let gap = now.since(alive_at);
    if gap < NOTED_FROM || gap.as_millis() > KEPT_MS as u128 {
        return Ok(());
    }
    let known = "SELECT 1 FROM downtime WHERE began = ?1 AND ended >= ?2";
    if tx.read().prepare_cached(known)?.exists([alive_at.ms(), now.ms() - STAMP_APART.as_millis() as i64])? {
        return Ok(());
    }
    let connection = tx.write()?;
    let sql = "INSERT INTO downtime (began, ended) VALUES (?1, ?2)
        ON CONFLICT (began) DO UPDATE SET ended = max(ended, excluded.ended)";
    connection.prepare_cached(sql)?.execute([alive_at.ms(), now.ms()])?;
    connection.prepare_cached("DELETE FROM downtime WHERE ended < ?1")?.execute([now.ms() - KEPT_MS])?;
    Ok(())
}

/// The bot is alive and connected now: what was missed before is noted, and the moment stored now and then.
pub fn stamp(tx: &Tx, now: Timestamp) -> Result<()> {
    note(tx, now)?;
    let due = alive_at(tx.read())?.is_none_or(|last| {
        let age = now.since(last);
        age >= STAMP_EVERY || now < last || (tx.has_batch() && age >= STAMP_APART)
    });
    if due {
        tx.write()?.prepare_cached("UPDATE progress SET alive_at = ?1")?.execute([now.ms()])?;
    }
    Ok(())
}

/// How long the bot was down between two moments.
pub fn between(connection: &Connection, from: Timestamp, to: Timestamp) -> Result<Duration> {
    let sql = "SELECT coalesce(sum(min(ended, ?2) - max(began, ?1)), 0) FROM downtime WHERE ended > ?1 AND began < ?2";
    let ms: i64 = connection.prepare_cached(sql)?.query_row(params![from.ms(), to.ms()], |row| row.get(0))?;
    Ok(Duration::from_millis(u64::try_from(ms).unwrap_or(0)))
}

fn alive_at(connection: &Connection) -> Result<Option<Timestamp>> {
    let at: Option<i64> =
        connection.prepare_cached("SELECT alive_at FROM progress")?.query_row((), |row| row.get(0))?;
    Ok(at.map(Timestamp::from_ms))
}
