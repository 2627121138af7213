//! Kudos in the database: every gift as it was made, taken back or not, and what follows from those that stand.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rules::Before;
use crate::model::{ChannelId, GuildId, MessageId, Result, Timestamp, UserId};
use crate::store::Tx;
use crate::store::personal::NOBODY;

/// A gift to store.
#[derive(Debug, Clone, Copy)]
pub struct NewGift<'a> {
    pub guild: GuildId,
    pub giver: UserId,
    pub receiver: UserId,
    pub amount: i64,
    pub reason: Option<&'a str>,
    /// By which names they go now.
    pub giver_name: &'a str,
    pub receiver_name: Option<&'a str>,
    /// The message, interaction or request behind it.
    pub source: u64,
    pub channel: Option<ChannelId>,
    /// The message with which it goes, if it came from one.
    pub message: Option<MessageId>,
    pub at: Timestamp,
}

/// A gift as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gift {
    pub id: i64,
    pub guild: GuildId,
    pub giver: UserId,
    pub receiver: UserId,
    pub amount: i64,
    pub reason: Option<String>,
    pub giver_name: String,
    pub receiver_name: Option<String>,
    pub channel: Option<ChannelId>,
    pub message: Option<MessageId>,
    pub at: Timestamp,
    pub undone: Option<Undone>,
}

/// How a gift was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undone {
    /// Its message was deleted.
    Deleted(Timestamp),
    /// Somebody did it.
    By(UserId, Timestamp),
}

/// A member on the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub rank: u64,
    pub user: UserId,
    pub name: Option<String>,
    pub amount: i64,
}

/// The name under which a member was last seen, and whether they are in the guild as far as is known.
pub fn find_member(connection: &Connection, guild: GuildId, user: UserId) -> Result<Option<(String, bool)>> {
    let sql = "SELECT name, present FROM member WHERE guild = ?1 AND user = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([guild.sql(), user.sql()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

/// What was given before an offer, where the giver's day lasts from `from` until `until`.
pub fn load_before(
    connection: &Connection,
    guild: GuildId,
    (giver, receiver): (UserId, UserId),
    (from, until): (Timestamp, Timestamp),
) -> Result<Before> {
    let last = "SELECT max(at) FROM kudos WHERE guild = ?1 AND giver = ?2 AND receiver = ?3 AND undone_at IS NULL";
    let mut last = connection.prepare_cached(last)?;
    let mut last = |giver: UserId, receiver: UserId| {
        last.query_row([guild.sql(), giver.sql(), receiver.sql()], |row| row.get::<_, Option<i64>>(0))
    };
    // What a program takes away gives nobody more to give.
    let given = "SELECT coalesce(sum(max(amount, 0)), 0) FROM kudos
        WHERE guild = ?1 AND giver = ?2 AND at >= ?3 AND at < ?4 AND undone_at IS NULL";
    let day = [guild.sql(), giver.sql(), from.ms(), until.ms()];
    Ok(Before {
        last: last(giver, receiver)?.map(Timestamp::from_ms),
        last_back: last(receiver, giver)?.map(Timestamp::from_ms),
        given_today: connection.prepare_cached(given)?.query_row(day, |row| row.get(0))?,
    })
}

/// Whether this source gave to this receiver before, standing or not.
pub fn is_known(connection: &Connection, source: u64, receiver: UserId) -> Result<bool> {
    let sql = "SELECT 1 FROM kudos WHERE source = ?1 AND receiver = ?2";
    Ok(connection.prepare_cached(sql)?.exists([source as i64, receiver.sql()])?)
}

/// Stores a gift; returns its number.
pub fn insert(tx: &Tx, gift: &NewGift<'_>) -> Result<i64> {
    let connection = tx.write()?;
    let sql = "INSERT INTO kudos
        (guild, giver, receiver, amount, reason, giver_name, receiver_name, source, channel, message, at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    connection.prepare_cached(sql)?.execute(params![
        gift.guild.sql(),
        gift.giver.sql(),
        gift.receiver.sql(),
        gift.amount,
        gift.reason,
        gift.giver_name,
        gift.receiver_name,
        gift.source as i64,
        gift.channel.map(ChannelId::sql),
        gift.message.map(MessageId::sql),
        gift.at.ms(),
    ])?;
    Ok(connection.last_insert_rowid())
}

/// Takes a member out: what they were given goes, what they gave keeps its amount and receiver alone.
pub fn forget(tx: &Tx, guild: GuildId, user: UserId) -> Result<usize> {
    let connection = tx.write()?;
    let gone = "DELETE FROM kudos WHERE guild = ?1 AND receiver = ?2";
    let gone = connection.prepare_cached(gone)?.execute([guild.sql(), user.sql()])?;
    let given = "UPDATE kudos SET giver = ?3, giver_name = ?4, reason = NULL WHERE guild = ?1 AND giver = ?2";
    let given = connection.prepare_cached(given)?.execute(params![guild.sql(), user.sql(), NOBODY.0, NOBODY.1])?;
    let undone = "UPDATE kudos SET undone_by = ?3 WHERE guild = ?1 AND undone_by = ?2";
    let undone = connection.prepare_cached(undone)?.execute(params![guild.sql(), user.sql(), NOBODY.0])?;
    Ok(gone + given + undone)
}

pub(super) const COLUMNS: &str =
    "id, guild, giver, receiver, amount, reason, giver_name, receiver_name, channel, message, at,
    undone_at, undone_by";

/// The gift with this number, in this guild.
pub fn find(connection: &Connection, guild: GuildId, id: i64) -> Result<Option<Gift>> {
    let sql = format!("SELECT {COLUMNS} FROM kudos WHERE id = ?1 AND guild = ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id, guild.sql()])?;
    rows.next()?.map(read).transpose()
}

/// The gift that came from a request.
pub fn find_from(connection: &Connection, guild: GuildId, source: u64) -> Result<Option<Gift>> {
    let sql = format!("SELECT {COLUMNS} FROM kudos WHERE source = ?1 AND guild = ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([source as i64, guild.sql()])?;
    rows.next()?.map(read).transpose()
}

/// How many gifts a guild has, those that were taken back included; of one member, or of all.
pub fn count_all(connection: &Connection, guild: GuildId, user: Option<UserId>) -> Result<u64> {
    let sql = "SELECT count(*) FROM kudos WHERE guild = ?1 AND (?2 IS NULL OR giver = ?2 OR receiver = ?2)";
    let values = params![guild.sql(), user.map(UserId::sql)];
    Ok(connection.prepare_cached(sql)?.query_row(values, |row| row.get::<_, i64>(0))?.unsigned_abs())
}

/// A guild's gifts, the newest first; of one member, or of all.
pub fn list_all(
    connection: &Connection,
    guild: GuildId,
    user: Option<UserId>,
    skipped: u32,
    at_most: u32,
) -> Result<Vec<Gift>> {
    if let Some(user) = user {
        return list_of(connection, guild, user, skipped, at_most);
    }
    let sql = format!("SELECT {COLUMNS} FROM kudos WHERE guild = ?1 ORDER BY id DESC LIMIT ?2 OFFSET ?3");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![guild.sql(), at_most, skipped])?;
    let mut gifts = Vec::new();
    while let Some(row) = rows.next()? {
        gifts.push(read(row)?);
    }
    Ok(gifts)
}

/// The gifts that a member made or was given, the newest first.
pub fn list_of(connection: &Connection, guild: GuildId, user: UserId, skipped: u32, at_most: u32) -> Result<Vec<Gift>> {
    // Each direction by its own index, as far as the page may reach into it.
    let one = |direction: &str| {
        format!(
            "SELECT * FROM (SELECT {COLUMNS} FROM kudos WHERE guild = ?1 AND {direction} = ?2
            ORDER BY at DESC, id DESC LIMIT ?3 + ?4)"
        )
    };
    let sql = format!("{} UNION ALL {} ORDER BY at DESC, id DESC LIMIT ?3 OFFSET ?4", one("giver"), one("receiver"));
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![guild.sql(), user.sql(), at_most, skipped])?;
    let mut gifts = Vec::new();
    while let Some(row) = rows.next()? {
        gifts.push(read(row)?);
    }
    Ok(gifts)
}

pub(super) fn read(row: &Row<'_>) -> Result<Gift> {
    let undone_at: Option<i64> = row.get(11)?;
    let undone_by = row.get::<_, Option<i64>>(12)?.map(UserId::try_from).transpose()?;
    let undone = undone_at.map(Timestamp::from_ms).map(|at| match undone_by {
        Some(by) => Undone::By(by, at),
        None => Undone::Deleted(at),
    });
    Ok(Gift {
        id: row.get(0)?,
        guild: GuildId::try_from(row.get::<_, i64>(1)?)?,
        giver: UserId::try_from(row.get::<_, i64>(2)?)?,
        receiver: UserId::try_from(row.get::<_, i64>(3)?)?,
        amount: row.get(4)?,
        reason: row.get(5)?,
        giver_name: row.get(6)?,
        receiver_name: row.get(7)?,
        channel: row.get::<_, Option<i64>>(8)?.map(ChannelId::try_from).transpose()?,
        message: row.get::<_, Option<i64>>(9)?.map(MessageId::try_from).transpose()?,
        at: Timestamp::from_ms(row.get(10)?),
        undone,
    })
}

/// How many kudos a member was given, and gave, as far as they stand.
pub fn count_of(connection: &Connection, guild: GuildId, user: UserId) -> Result<(i64, i64)> {
    let sql = "SELECT
        (SELECT coalesce(sum(amount), 0) FROM kudos WHERE guild = ?1 AND receiver = ?2 AND undone_at IS NULL),
        (SELECT coalesce(sum(amount), 0) FROM kudos WHERE guild = ?1 AND giver = ?2 AND undone_at IS NULL)";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([guild.sql(), user.sql()], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Takes a gift back.
pub fn save_undone(tx: &Tx, id: i64, by: UserId, at: Timestamp) -> Result<()> {
    let sql = "UPDATE kudos SET undone_at = ?2, undone_by = ?3, undone_why = 'undo' WHERE id = ?1";
    tx.write()?.prepare_cached(sql)?.execute(params![id, at.ms(), by.sql()])?;
    Ok(())
}

/// Takes back the gifts that came with a message; tells whether there were any.
pub fn save_deleted(tx: &Tx, guild: GuildId, message: MessageId, at: Timestamp) -> Result<bool> {
    let standing = "SELECT 1 FROM kudos WHERE message = ?1 AND guild = ?2 AND undone_at IS NULL";
    if !tx.read().prepare_cached(standing)?.exists([message.sql(), guild.sql()])? {
        return Ok(false);
    }
    let sql = "UPDATE kudos SET undone_at = ?3, undone_why = 'deleted'
        WHERE message = ?1 AND guild = ?2 AND undone_at IS NULL";
    tx.write()?.prepare_cached(sql)?.execute([message.sql(), guild.sql(), at.ms()])?;
    Ok(true)
}

/// Who was given most, since a moment or ever. Who left, and who chose to be on no board, is not on it.
pub fn list_top(connection: &Connection, guild: GuildId, from: Option<Timestamp>, at_most: u32) -> Result<Vec<Placed>> {
    // All of time has an index of its own, in the order of members.
    let since = if from.is_some() { "at >= ?2" } else { "?2 IS NULL" };
    let sql = format!(
        "WITH sums AS (SELECT receiver AS user, sum(amount) AS amount FROM kudos
            WHERE guild = ?1 AND {since} AND undone_at IS NULL GROUP BY receiver HAVING sum(amount) > 0)
        SELECT sums.user, coalesce(member.name, (SELECT receiver_name FROM kudos
            WHERE guild = ?1 AND receiver = sums.user ORDER BY at DESC LIMIT 1)), sums.amount FROM sums
        LEFT JOIN member ON member.guild = ?1 AND member.user = sums.user
        WHERE coalesce(member.present, 1) = 1
            AND NOT EXISTS (SELECT 1 FROM hidden WHERE hidden.guild = ?1 AND hidden.user = sums.user)
        ORDER BY sums.amount DESC, sums.user LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![guild.sql(), from.map(Timestamp::ms), at_most])?;
    let mut board: Vec<Placed> = Vec::new();
    while let Some(row) = rows.next()? {
        let (user, name, amount) = (UserId::try_from(row.get::<_, i64>(0)?)?, row.get(1)?, row.get(2)?);
        let rank = match board.last() {
            Some(above) if above.amount == amount => above.rank,
            _ => board.len() as u64 + 1,
        };
        board.push(Placed { rank, user, name, amount });
    }
    Ok(board)
}

/// Gifts that cannot be: their numbers.
pub fn list_wrong(connection: &Connection, at_most: u32) -> Result<Vec<i64>> {
    let sql = "SELECT id FROM kudos WHERE giver = receiver OR reason = ''
            OR (undone_at IS NULL) <> (undone_why IS NULL) OR (undone_by IS NULL) <> (undone_why IS NOT 'undo')
        ORDER BY id LIMIT ?1";
    let mut statement = connection.prepare(sql)?;
    let wrong = statement.query_map([at_most], |row| row.get(0))?;
    Ok(wrong.collect::<rusqlite::Result<_>>()?)
}
