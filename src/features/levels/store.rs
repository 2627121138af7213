//! XP in the database: a row for each member, and where a member stands among the others.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::rules::{Choices, Row};
use super::standings::{Place, Standings};
use super::why::Note;
use crate::model::{GuildId, Result, Timestamp, UserId};
use crate::store::Tx;

/// Rows that are kept in memory; past it the memory begins anew.
const REMEMBERED_MAX: usize = 16_384;
/// From so many members on a guild's ranks come from counts in memory instead of a count in SQL.
const COUNTED_MAX: i64 = 20_000;

/// Rows as they stand in the open transaction.
#[derive(Default)]
struct Rows(HashMap<(GuildId, UserId), Row>);

/// Counts of large guilds.
#[derive(Default)]
struct Counts(HashMap<GuildId, Standings>);

/// A member on a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub rank: u64,
    pub user: UserId,
    pub name: Option<String>,
    pub xp: i64,
}

/// The member's row; all zero for one who never earned.
pub fn load(tx: &Tx, guild: GuildId, user: UserId) -> Result<Row> {
    let key = (guild, user);
    if let Some(row) = tx.memo(|rows: &mut Rows| rows.0.get(&key).copied()) {
        return Ok(row);
    }
    let row = find(tx.read(), guild, user)?.unwrap_or_default();
    remember(tx, key, row);
    Ok(row)
}

/// The member's row, as it is committed or in the open transaction; none for one who never earned.
pub fn find(connection: &Connection, guild: GuildId, user: UserId) -> Result<Option<Row>> {
    let sql = "SELECT xp, last_message, cooldown, command_cooldown, day, streak, choices, away FROM xp
        WHERE guild = ?1 AND user = ?2";
    let row = connection.prepare_cached(sql)?.query_row([guild.sql(), user.sql()], |row| {
        let nanoseconds = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(|n| n as u64));
        Ok(Row {
            xp: row.get(0)?,
            last_message: row.get::<_, i64>(1)? as u64,
            cooldown: nanoseconds(2)?,
            command_cooldown: nanoseconds(3)?,
            day: row.get(4)?,
            streak: row.get(5)?,
            choices: Choices::from_bits(row.get(6)?),
            away: row.get(7)?,
        })
    });
    Ok(row.optional()?)
}

/// Stores the member's row, which was `before`.
pub fn save(tx: &Tx, guild: GuildId, user: UserId, before: &Row, after: Row) -> Result<()> {
    let sql = "INSERT INTO xp
        (guild, user, xp, last_message, cooldown, command_cooldown, day, streak, choices, away, shown)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        ON CONFLICT (guild, user) DO UPDATE SET xp = excluded.xp, last_message = excluded.last_message,
        cooldown = excluded.cooldown, command_cooldown = excluded.command_cooldown, day = excluded.day,
        streak = excluded.streak, choices = excluded.choices, away = excluded.away, shown = excluded.shown";
    let nanoseconds = |cooldown: Option<u64>| cooldown.map(|cooldown| cooldown as i64);
    tx.write()?.prepare_cached(sql)?.execute(params![
        guild.sql(),
        user.sql(),
        after.xp,
        after.last_message as i64,
        nanoseconds(after.cooldown),
        nanoseconds(after.command_cooldown),
        after.day,
        after.streak,
        after.choices.bits(),
        after.away,
        after.is_shown(),
    ])?;
    remember(tx, (guild, user), after);
    tx.memo(|counts: &mut Counts| {
        if let Some(standings) = counts.0.get_mut(&guild) {
            let counted = |row: &Row| if row.is_shown() { row.xp } else { 0 };
            standings.moved(user.sql(), counted(before), counted(&after));
        }
    });
    Ok(())
}

/// Drops what is remembered of a member whose row goes.
pub fn drop_memory(tx: &Tx, guild: GuildId, user: UserId) {
    tx.memo(|rows: &mut Rows| rows.0.remove(&(guild, user)));
    tx.memo(|counts: &mut Counts| counts.0.remove(&guild));
}

/// The reasons that were stored of a member, oldest first; what cannot be read is none.
pub fn find_notes(connection: &Connection, guild: GuildId, user: UserId) -> Result<Vec<Note>> {
    let sql = "SELECT notes FROM why WHERE guild = ?1 AND user = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let notes: Option<String> = statement.query_row([guild.sql(), user.sql()], |row| row.get(0)).optional()?;
    Ok(notes.and_then(|notes| serde_json::from_str(&notes).ok()).unwrap_or_default())
}

/// Stores a member's reasons.
pub fn save_notes(tx: &Tx, guild: GuildId, user: UserId, notes: &[Note], at: Timestamp) -> Result<()> {
    let sql = "INSERT INTO why (guild, user, at, notes) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (guild, user) DO UPDATE SET at = excluded.at, notes = excluded.notes";
    let notes = serde_json::to_string(notes)?;
    tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), user.sql(), at.ms(), notes])?;
    Ok(())
}

/// Drops reasons from before then.
pub fn drop_notes(tx: &Tx, before: Timestamp) -> Result<()> {
    tx.write()?.prepare_cached("DELETE FROM why WHERE at < ?1")?.execute([before.ms()])?;
    Ok(())
}

/// The rank of an amount of XP in its guild: one more than the members who have more. Equal XP shares a rank.
pub fn rank(tx: &Tx, guild: GuildId, xp: i64) -> Result<u64> {
    let counted = standings(tx, guild, |standings| standings.above(xp))?;
    let (counted, open_range) = counted.unwrap_or((0, Some((xp, i64::MAX))));
    let rest = match open_range {
        Some((low, high)) => {
            let sql = "SELECT count(*) FROM xp WHERE guild = ?1 AND shown = 1 AND xp > ?2 AND xp <= ?3";
            tx.read().prepare_cached(sql)?.query_row(params![guild.sql(), low, high], |row| row.get::<_, i64>(0))?
        }
        None => 0,
    };
    Ok(counted + rest as u64 + 1)
}

/// Asks the counts of a large guild; none for a small one, which has no need of them.
pub fn standings<T>(tx: &Tx, guild: GuildId, ask: impl Fn(&Standings) -> T) -> Result<Option<T>> {
    let known = tx.memo(|counts: &mut Counts| counts.0.get(&guild).map(&ask));
    if known.is_some() || !is_large(tx.read(), guild)? {
        return Ok(known);
    }
    let standings = count_all(tx.read(), guild)?;
    let answer = ask(&standings);
    tx.memo(|counts: &mut Counts| counts.0.insert(guild, standings));
    Ok(Some(answer))
}

/// How many members with the same XP come before this one on the board.
pub fn count_of_equal_before(connection: &Connection, guild: GuildId, user: UserId, xp: i64) -> Result<u64> {
    let sql = "SELECT count(*) FROM xp WHERE guild = ?1 AND shown = 1 AND xp = ?2 AND user < ?3";
    let before = connection.prepare_cached(sql)?.query_row(params![guild.sql(), xp, user.sql()], |row| row.get(0));
    Ok(before.map(|before: i64| before as u64)?)
}

/// The top of the board.
pub fn list_top(connection: &Connection, guild: GuildId, at_most: u32) -> Result<Vec<Placed>> {
    let mut board = list_from(connection, guild, Place::top(0), at_most)?;
    for nth in 1..board.len() {
        board[nth].rank = if board[nth].xp == board[nth - 1].xp { board[nth - 1].rank } else { nth as u64 + 1 };
    }
    Ok(board)
}

/// The board from a place on. The ranks are still to be found.
pub fn list_from(connection: &Connection, guild: GuildId, place: Place, at_most: u32) -> Result<Vec<Placed>> {
    // Two steps, since an index has no use for "less, or equal with a larger id".
    let equal = "SELECT xp.user, member.name, xp.xp FROM xp LEFT JOIN member USING (guild, user)
        WHERE xp.guild = ?1 AND xp.shown = 1 AND xp.xp > 0 AND xp.xp = ?2 AND xp.user >= ?3
        ORDER BY xp.user LIMIT ?4 OFFSET ?5";
    let less = "SELECT xp.user, member.name, xp.xp FROM xp LEFT JOIN member USING (guild, user)
        WHERE xp.guild = ?1 AND xp.shown = 1 AND xp.xp > 0 AND xp.xp < ?2
        ORDER BY xp.xp DESC, xp.user LIMIT ?3 OFFSET ?4";
    let Place { xp, user, skip } = place;
    let skip = i64::try_from(skip)?;
    let mut board = list(connection, equal, params![guild.sql(), xp, user, at_most, skip])?;
    let found = board.len() as u32;
    if found < at_most {
        let passed = if found > 0 || skip == 0 { skip } else { count_from(connection, guild, xp, user)?.min(skip) };
        let rest = params![guild.sql(), xp, at_most - found, if found > 0 { 0 } else { skip - passed }];
        board.extend(list(connection, less, rest)?);
    }
    Ok(board)
}

/// The members with just this XP, from this id on.
fn count_from(connection: &Connection, guild: GuildId, xp: i64, user: i64) -> Result<i64> {
    let sql = "SELECT count(*) FROM xp WHERE guild = ?1 AND shown = 1 AND xp = ?2 AND user >= ?3";
    Ok(connection.prepare_cached(sql)?.query_row(params![guild.sql(), xp, user], |row| row.get(0))?)
}

fn list(connection: &Connection, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<Placed>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut board = Vec::new();
    while let Some(row) = rows.next()? {
        let user = UserId::try_from(row.get::<_, i64>(0)?)?;
        board.push(Placed { rank: 1, user, name: row.get(1)?, xp: row.get(2)? });
    }
    Ok(board)
}

/// How many members have more XP, counted one by one.
pub fn count_above(connection: &Connection, guild: GuildId, xp: i64) -> Result<u64> {
    let sql = "SELECT count(*) FROM xp WHERE guild = ?1 AND shown = 1 AND xp > ?2";
    let above: i64 = connection.prepare_cached(sql)?.query_row(params![guild.sql(), xp], |row| row.get(0))?;
    Ok(above as u64)
}

/// How many members have XP, counted no further than `at_most`.
pub fn count(connection: &Connection, guild: GuildId, at_most: i64) -> Result<i64> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM xp WHERE guild = ?1 AND shown = 1 AND xp > 0 LIMIT ?2)";
    Ok(connection.prepare_cached(sql)?.query_row(params![guild.sql(), at_most], |row| row.get(0))?)
}

/// The members who have XP, on the board or not.
pub fn list_with_xp(connection: &Connection, guild: GuildId, at_most: usize) -> Result<Vec<UserId>> {
    let sql = "SELECT user FROM xp WHERE guild = ?1 AND xp > 0 LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let users = statement.query_map(params![guild.sql(), at_most as i64], |row| row.get::<_, i64>(0))?;
    users.map(|user| Ok(UserId::try_from(user?)?)).collect()
}

/// Members whose XP is not the sum of their ledger rows: user, XP, sum.
pub fn list_imbalances(connection: &Connection, at_most: u32) -> Result<Vec<(i64, i64, i64)>> {
    let sql = "WITH sums AS (SELECT guild, user, sum(amount) AS total FROM ledger GROUP BY guild, user)
        SELECT coalesce(xp.user, sums.user), coalesce(xp.xp, 0), coalesce(sums.total, 0)
        FROM xp FULL JOIN sums USING (guild, user)
        WHERE coalesce(xp.xp, 0) <> coalesce(sums.total, 0) LIMIT ?1";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([at_most], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many members are on the board.
pub fn count_shown(tx: &Tx, guild: GuildId) -> Result<i64> {
    match standings(tx, guild, Standings::members)? {
        Some(members) => Ok(members as i64),
        None => count(tx.read(), guild, COUNTED_MAX),
    }
}

fn is_large(connection: &Connection, guild: GuildId) -> Result<bool> {
    Ok(count(connection, guild, COUNTED_MAX + 1)? > COUNTED_MAX)
}

fn count_all(connection: &Connection, guild: GuildId) -> Result<Standings> {
    let sql = "SELECT xp, user FROM xp WHERE guild = ?1 AND shown = 1 ORDER BY xp DESC, user";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([guild.sql()])?;
    let mut counts = Standings::default();
    while let Some(row) = rows.next()? {
        counts.add(row.get(0)?, row.get(1)?);
    }
    Ok(counts.counted())
}

fn remember(tx: &Tx, key: (GuildId, UserId), row: Row) {
    tx.memo(|rows: &mut Rows| {
        if rows.0.len() >= REMEMBERED_MAX {
            rows.0.clear();
        }
        rows.0.insert(key, row);
    });
}
