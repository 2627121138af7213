//! Kudos of all guilds, as far as they stand.

use rusqlite::{Connection, params};

use crate::features::kudos::store::{COLUMNS, Gift, read};
use crate::model::{GuildId, Result};
use crate::store::id_list;

/// Which kudos; none: whichever.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of these guilds.
    pub guilds: Vec<GuildId>,
    /// Given by them or to them.
    pub user: Option<i64>,
    pub giver: Option<i64>,
    pub receiver: Option<i64>,
}

/// The gift of this number, if it stands.
pub fn find_any(connection: &Connection, id: i64) -> Result<Option<Gift>> {
    let sql = format!("SELECT {COLUMNS} FROM kudos WHERE id = ?1 AND undone_at IS NULL");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(read).transpose()
}

/// The newest first.
pub fn list(connection: &Connection, wanted: &Wanted, at_most: u32) -> Result<Vec<Gift>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM kudos WHERE guild IN (SELECT value FROM json_each(?1)) AND undone_at IS NULL
            AND (?2 IS NULL OR giver = ?2 OR receiver = ?2) AND (?3 IS NULL OR giver = ?3)
            AND (?4 IS NULL OR receiver = ?4)
        ORDER BY at DESC, id DESC LIMIT ?5"
    );
    let guilds = id_list(&wanted.guilds)?;
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![guilds, wanted.user, wanted.giver, wanted.receiver, at_most])?;
    let mut gifts = Vec::new();
    while let Some(row) = rows.next()? {
        gifts.push(read(row)?);
    }
    Ok(gifts)
}
