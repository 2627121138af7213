//! Bumps as rows; what is told of them are sums over these.

use rusqlite::{Connection, params};

use super::rules::Told;
use crate::model::{GuildId, MessageId, Result, Timestamp, Used, UserId};
use crate::store::Tx;

/// How often somebody bumped, and when last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    pub bumps: i64,
    pub last: Option<Timestamp>,
}

/// A member on the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub user: UserId,
    /// Their name when they last bumped.
    pub name: String,
    pub bumps: i64,
}

/// Whether this answer was counted before.
pub fn is_known(connection: &Connection, message: MessageId) -> Result<bool> {
    Ok(connection.prepare_cached("SELECT 1 FROM bump WHERE message = ?1")?.exists([message.sql()])?)
}

pub fn insert(tx: &Tx, guild: GuildId, used: &Used, message: MessageId) -> Result<()> {
    let sql = "INSERT INTO bump (message, guild, user, user_name, at) VALUES (?1, ?2, ?3, ?4, ?5)";
    let (user, name) = (used.by.id.sql(), &used.by.name);
    let values = params![message.sql(), guild.sql(), user, name, message.time().ms()];
    tx.write()?.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// When the guild was last bumped.
pub fn find_last(connection: &Connection, guild: GuildId) -> Result<Option<Timestamp>> {
    let sql = "SELECT max(at) FROM bump WHERE guild = ?1";
    let last: Option<i64> = connection.prepare_cached(sql)?.query_row([guild.sql()], |row| row.get(0))?;
    Ok(last.map(Timestamp::from_ms))
}

/// How often a member bumped the guild.
pub fn count_of(connection: &Connection, guild: GuildId, user: UserId) -> Result<Stat> {
    let sql = "SELECT count(*), max(at) FROM bump WHERE guild = ?1 AND user = ?2";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?));
    let (bumps, last) = connection.prepare_cached(sql)?.query_row([guild.sql(), user.sql()], read)?;
    Ok(Stat { bumps, last: last.map(Timestamp::from_ms) })
}

/// Who bumped most, without those who chose to be on no board.
pub fn list_top(connection: &Connection, guild: GuildId, at_most: u32) -> Result<Vec<Placed>> {
    // Of the other columns, SQLite takes those of the row with the latest time.
    let sql = "SELECT user, user_name, count(*) AS bumps, max(at) FROM bump WHERE guild = ?1
            AND NOT EXISTS (SELECT 1 FROM hidden WHERE hidden.guild = bump.guild AND hidden.user = bump.user)
        GROUP BY user ORDER BY bumps DESC, max(at), user LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![guild.sql(), at_most])?;
    let mut placed = Vec::new();
    while let Some(row) = rows.next()? {
        let user = UserId::try_from(row.get::<_, i64>(0)?)?;
        placed.push(Placed { user, name: row.get(1)?, bumps: row.get(2)? });
    }
    Ok(placed)
}

/// A member who bumped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bumper {
    pub user: UserId,
    /// Their name when they last bumped.
    pub name: String,
    pub bumps: i64,
    pub last: Timestamp,
}

const TOLD: &str = "guild = ?1 AND (?2 IS NULL OR user = ?2)
    AND (?3 OR NOT EXISTS (SELECT 1 FROM hidden WHERE hidden.guild = bump.guild AND hidden.user = bump.user))";

/// Whose rows, and whether with those of members who chose to be on no board.
fn which(told: Told) -> (Option<i64>, bool) {
    match told {
        Told::All => (None, true),
        Told::Boards => (None, false),
        Told::Own(user) => (Some(user.sql()), true),
    }
}

/// How many members bumped, of those who are told of.
pub fn count_bumpers(connection: &Connection, guild: GuildId, told: Told) -> Result<u64> {
    let sql = format!("SELECT count(DISTINCT user) FROM bump WHERE {TOLD}");
    let (user, hidden) = which(told);
    let count: i64 =
        connection.prepare_cached(&sql)?.query_row(params![guild.sql(), user, hidden], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// The members themselves, who bumped last first, after skipping `offset`.
pub fn list_bumpers(
    connection: &Connection,
    guild: GuildId,
    told: Told,
    offset: u32,
    at_most: u32,
) -> Result<Vec<Bumper>> {
    let sql = format!(
        "SELECT user, user_name, count(*), max(at) FROM bump WHERE {TOLD}
            GROUP BY user ORDER BY max(at) DESC, user LIMIT ?4 OFFSET ?5"
    );
    let (user, hidden) = which(told);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![guild.sql(), user, hidden, at_most, offset])?;
    let mut bumpers = Vec::new();
    while let Some(row) = rows.next()? {
        let user = UserId::try_from(row.get::<_, i64>(0)?)?;
        let last = Timestamp::from_ms(row.get(3)?);
        bumpers.push(Bumper { user, name: row.get(1)?, bumps: row.get(2)?, last });
    }
    Ok(bumpers)
}
