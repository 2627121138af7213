//! Changes of cases, as rows.

use rusqlite::{Connection, params};

use crate::cx::Cx;
use crate::model::{GuildId, Result, Timestamp, UserId};

/// What became of a case at some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub what: String,
    pub actor_name: String,
    pub words: String,
    pub at: Timestamp,
}

/// Takes down what became of a case. `before` is what stood there.
pub fn note(
    cx: &Cx<'_>,
    case: (GuildId, i64),
    what: &str,
    (actor, name): (Option<UserId>, &str),
    words: &str,
    before: Option<&str>,
) -> Result<()> {
    let sql = "INSERT INTO moderation_change (guild, number, what, actor, actor_name, words, before, at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let actor = actor.map(UserId::sql);
    let values = params![case.0.sql(), case.1, what, actor, name, words, before, cx.now.ms()];
    cx.tx.write()?.prepare_cached(sql)?.execute(values)?;
    cx.tx.hurry();
    Ok(())
}

/// What became of a case, oldest first, as far as it is the last so many changes.
pub fn list(connection: &Connection, guild: GuildId, number: i64, at_most: u32) -> Result<Vec<Change>> {
    let sql = "SELECT what, actor_name, words, at FROM (
            SELECT id, what, actor_name, words, at FROM moderation_change WHERE guild = ?1 AND number = ?2
            ORDER BY id DESC LIMIT ?3) ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let changes = statement.query_map(params![guild.sql(), number, at_most], |row| {
        let at = Timestamp::from_ms(row.get(3)?);
        Ok(Change { what: row.get(0)?, actor_name: row.get(1)?, words: row.get(2)?, at })
    })?;
    Ok(changes.collect::<rusqlite::Result<_>>()?)
}
