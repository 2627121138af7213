//! Everybody's balance, once through, and the names of those who are told one by one.

use rusqlite::Connection;

use super::{Comparison, Outcome};
use crate::features::levels::import;
use crate::model::{Guild, GuildId, Result, UserId};
use crate::store::people::find_name;

/// Compares for everybody who is here. Reads, and nothing else.
pub fn run(connection: &Connection, guild: GuildId, mut comparison: Comparison<'_>) -> Result<Outcome> {
    let sql = "SELECT user, xp FROM xp WHERE guild = ?1 AND shown = 1 AND xp > 0 ORDER BY xp DESC, user";
    each(connection, sql, guild, &mut comparison)?;
    // Who chose to be on no board has levels and roles all the same.
    let sql = "SELECT user, xp FROM xp WHERE guild = ?1 AND shown = 0 AND away = 0 AND xp > 0";
    each(connection, sql, guild, &mut comparison)?;
    let mut outcome = comparison.end();
    for changed in &mut outcome.changed {
        changed.name = find_name(connection, guild, changed.user)?;
    }
    Ok(outcome)
}

fn each(connection: &Connection, sql: &str, guild: GuildId, comparison: &mut Comparison<'_>) -> Result<()> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([guild.sql()])?;
    while let Some(row) = rows.next()? {
        comparison.take(UserId::try_from(row.get::<_, i64>(0)?)?, row.get(1)?);
    }
    Ok(())
}

/// The guild as it was last seen.
pub fn find_guild(connection: &Connection, guild: GuildId) -> Result<Option<Guild>> {
    import::find_guild(connection, guild)
}
