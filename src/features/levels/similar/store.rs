//! The sketches of a member's last few messages that earned, eight bytes each; kept only where repeats are looked for.

use rusqlite::{OptionalExtension, params};

use super::{Recent, Sketch};
use crate::model::{GuildId, Result, UserId};
use crate::store::Tx;

/// A member's sketches; none for one of whom nothing is kept.
pub fn load(tx: &Tx, guild: GuildId, user: UserId) -> Result<Recent> {
    let sql = "SELECT sketches FROM said WHERE guild = ?1 AND user = ?2";
    let bytes: Option<Vec<u8>> =
        tx.read().prepare_cached(sql)?.query_row([guild.sql(), user.sql()], |row| row.get(0)).optional()?;
    let bytes = bytes.unwrap_or_default();
    let sketches = bytes.as_chunks().0.iter().map(|bits| Sketch::from_bits(u64::from_le_bytes(*bits)));
    Ok(Recent::new(sketches.collect()))
}

/// Stores a member's sketches.
pub fn save(tx: &Tx, guild: GuildId, user: UserId, recent: &Recent) -> Result<()> {
    let sql = "INSERT INTO said (guild, user, sketches) VALUES (?1, ?2, ?3)
        ON CONFLICT (guild, user) DO UPDATE SET sketches = excluded.sketches";
    let bytes: Vec<u8> = recent.sketches().iter().flat_map(|sketch| sketch.bits().to_le_bytes()).collect();
    tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), user.sql(), bytes])?;
    Ok(())
}
