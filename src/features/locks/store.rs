//! Locks as rows: which channels are locked, by whom and until when, and what exactly was changed for that.

use rusqlite::{Connection, Row, params};

use super::rules::Place;
use crate::model::{Bar, ChannelId, GuildId, Halves, Left, MessageId, Permissions, Result, Shut, Timestamp, UserId};
use crate::store::Tx;
use crate::store::personal::NOBODY;

/// Locks that are over are kept this long, for whoever asks.
const ENDED_KEPT_MS: i64 = 30 * 86_400_000;

/// A lock as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    pub id: i64,
    pub guild: GuildId,
    pub channel: ChannelId,
    /// Its name at the time.
    pub channel_name: String,
    pub place: Place,
    pub locked_by: UserId,
    /// Their name at the time.
    pub locked_by_name: String,
    pub locked_at: Timestamp,
    /// None: until somebody unlocks it.
    pub unlock_at: Option<Timestamp>,
    pub message: Option<String>,
    pub state: State,
    /// What last went wrong with it.
    pub words: Option<String>,
    pub ended_at: Option<Timestamp>,
    /// The message in the channel that says so.
    pub notice: Option<MessageId>,
    pub unclosed: Permissions,
    pub synced: bool,
}

/// How far a lock is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Discord was not asked yet, or has not answered.
    Pending,
    Locked,
    /// Discord is asked to take it back.
    Opening,
    /// It never was locked.
    Failed,
    Opened,
}

impl State {
    const ALL: [Self; 5] = [Self::Pending, Self::Locked, Self::Opening, Self::Failed, Self::Opened];

    const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Locked => "locked",
            Self::Opening => "opening",
            Self::Failed => "failed",
            Self::Opened => "opened",
        }
    }

    const fn is_over(self) -> bool {
        matches!(self, Self::Failed | Self::Opened)
    }
}

const PLACES: [(Place, &str); 4] =
    [(Place::Text, "text"), (Place::Forum, "forum"), (Place::Voice, "voice"), (Place::Thread, "thread")];

/// A lock to be made.
#[derive(Debug, Clone)]
pub struct NewLock<'a> {
    pub guild: GuildId,
    pub channel: ChannelId,
    pub channel_name: &'a str,
    pub place: Place,
    pub shut: &'a Shut,
    pub locked_by: UserId,
    pub locked_by_name: &'a str,
    pub locked_at: Timestamp,
    pub unlock_at: Option<Timestamp>,
    pub message: Option<&'a str>,
    pub source: u64,
    pub unclosed: Permissions,
    pub synced: bool,
}

/// Writes a lock down, with what it changes, before Discord is asked; returns its number.
pub fn insert(tx: &Tx, lock: &NewLock<'_>) -> Result<i64> {
    let connection = tx.write()?;
    let old = lock.locked_at.ms() - ENDED_KEPT_MS;
    let locks = "DELETE FROM channel_lock WHERE guild = ?1 AND ended_at < ?2";
    connection.prepare_cached(locks)?.execute([lock.guild.sql(), old])?;
    let sql = "INSERT INTO channel_lock (guild, channel, channel_name, place, locked_by, locked_by_name, locked_at,
        unlock_at, message, state, source, unclosed, synced)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'pending', ?10, ?11, ?12)";
    let place = PLACES.iter().find(|(place, _)| *place == lock.place).map(|(_, word)| *word);
    connection.prepare_cached(sql)?.execute(params![
        lock.guild.sql(),
        lock.channel.sql(),
        lock.channel_name,
        place,
        lock.locked_by.sql(),
        lock.locked_by_name,
        lock.locked_at.ms(),
        lock.unlock_at.map(Timestamp::ms),
        lock.message,
        lock.source as i64,
        lock.unclosed.0 as i64,
        lock.synced,
    ])?;
    let id = connection.last_insert_rowid();
    let Shut::Overwrites(bars) = lock.shut else { return Ok(id) };
    let sql = "INSERT INTO channel_lock_overwrite
        (lock, target, for_member, existed, allow_before, deny_before, allow_set, deny_set)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    for bar in bars {
        let before = bar.before.unwrap_or_default();
        connection.prepare_cached(sql)?.execute(params![
            id,
            bar.target as i64,
            bar.for_member,
            bar.before.is_some(),
            before.allow.0 as i64,
            before.deny.0 as i64,
            bar.set.allow.0 as i64,
            bar.set.deny.0 as i64,
        ])?;
    }
    Ok(id)
}

const COLUMNS: &str =
    "id, guild, channel, channel_name, place, locked_by, locked_by_name, locked_at, unlock_at, message,
    state, words, ended_at, notice, unclosed, synced";

/// The lock with this number.
pub fn find(connection: &Connection, id: i64) -> Result<Option<Lock>> {
    Ok(list(connection, "id = ?1", params![id])?.pop())
}

/// The lock of a channel, from when it was asked for until it is over.
pub fn find_standing(connection: &Connection, channel: ChannelId) -> Result<Option<Lock>> {
    Ok(list(connection, "channel = ?1 AND ended_at IS NULL", params![channel.sql()])?.pop())
}

/// The locks of a guild that stand: those that end first, first.
pub fn list_standing(connection: &Connection, guild: GuildId) -> Result<Vec<Lock>> {
    let order = "guild = ?1 AND ended_at IS NULL ORDER BY unlock_at IS NULL, unlock_at, id";
    list(connection, order, params![guild.sql()])
}

/// The locks of a guild that were over since then, the last one first.
pub fn list_ended(connection: &Connection, guild: GuildId, since: Timestamp, at_most: u32) -> Result<Vec<Lock>> {
    let order = "guild = ?1 AND ended_at >= ?2 AND state = 'opened' ORDER BY ended_at DESC, id DESC LIMIT ?3";
    list(connection, order, params![guild.sql(), since.ms(), at_most])
}

/// What one command locked.
pub fn list_locked_by(connection: &Connection, source: i64) -> Result<Vec<Lock>> {
    list(connection, "source = ?1 ORDER BY id", params![source])
}

/// What one command unlocked.
pub fn list_unlocked_by(connection: &Connection, source: i64) -> Result<Vec<Lock>> {
    list(connection, "unlock_source = ?1 ORDER BY id", params![source])
}

/// What a lock changes in its channel.
pub fn load_shut(connection: &Connection, lock: &Lock) -> Result<Shut> {
    if lock.place == Place::Thread {
        return Ok(Shut::Thread);
    }
    let sql = "SELECT target, for_member, existed, allow_before, deny_before, allow_set, deny_set
        FROM channel_lock_overwrite WHERE lock = ?1 ORDER BY for_member DESC, target";
    let mut statement = connection.prepare_cached(sql)?;
    let bits = |row: &Row<'_>, index: usize| row.get::<_, i64>(index).map(|bits| Permissions(bits as u64));
    let bars = statement.query_map([lock.id], |row| {
        let before = Halves { allow: bits(row, 3)?, deny: bits(row, 4)? };
        Ok(Bar {
            target: row.get::<_, i64>(0)? as u64,
            for_member: row.get(1)?,
            before: row.get::<_, bool>(2)?.then_some(before),
            set: Halves { allow: bits(row, 5)?, deny: bits(row, 6)? },
        })
    })?;
    Ok(Shut::Overwrites(bars.collect::<rusqlite::Result<_>>()?))
}

/// What somebody had changed when a lock was taken back.
pub fn list_left(connection: &Connection, id: i64) -> Result<Vec<Left>> {
    let sql = "SELECT target, for_member, left_bits FROM channel_lock_overwrite WHERE lock = ?1 AND left_bits <> 0";
    let mut statement = connection.prepare_cached(sql)?;
    let left = statement.query_map([id], |row| {
        let bits = Permissions(row.get::<_, i64>(2)? as u64);
        Ok(Left { target: row.get::<_, i64>(0)? as u64, for_member: row.get(1)?, bits })
    })?;
    Ok(left.collect::<rusqlite::Result<_>>()?)
}

/// How far it is now, and what went wrong.
pub fn save_state(tx: &Tx, id: i64, state: State, words: Option<&str>, now: Timestamp) -> Result<()> {
    let sql = "UPDATE channel_lock SET state = ?2, words = ?3, ended_at = ?4 WHERE id = ?1";
    let ended_at = state.is_over().then(|| now.ms());
    tx.write()?.prepare_cached(sql)?.execute(params![id, state.word(), words, ended_at])?;
    Ok(())
}

/// Somebody asked for its end.
pub fn save_opening(tx: &Tx, id: i64, source: u64) -> Result<()> {
    let sql = "UPDATE channel_lock SET state = 'opening', words = NULL, unlock_source = ?2 WHERE id = ?1";
    tx.write()?.prepare_cached(sql)?.execute([id, source as i64])?;
    Ok(())
}

pub fn save_end(tx: &Tx, id: i64, unlock_at: Option<Timestamp>) -> Result<()> {
    let sql = "UPDATE channel_lock SET unlock_at = ?2 WHERE id = ?1";
    tx.write()?.prepare_cached(sql)?.execute(params![id, unlock_at.map(Timestamp::ms)])?;
    Ok(())
}

pub fn save_notice(tx: &Tx, id: i64, message: MessageId) -> Result<()> {
    let sql = "UPDATE channel_lock SET notice = ?2 WHERE id = ?1";
    tx.write()?.prepare_cached(sql)?.execute([id, message.sql()])?;
    Ok(())
}

pub fn save_left(tx: &Tx, id: i64, left: &[Left]) -> Result<()> {
    let sql = "UPDATE channel_lock_overwrite SET left_bits = ?4 WHERE lock = ?1 AND target = ?2 AND for_member = ?3";
    for left in left {
        let values = params![id, left.target as i64, left.for_member, left.bits.0 as i64];
        tx.write()?.prepare_cached(sql)?.execute(values)?;
    }
    Ok(())
}

fn list(connection: &Connection, which: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<Lock>> {
    let sql = format!("SELECT {COLUMNS} FROM channel_lock WHERE {which}");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(values)?;
    let mut locks = Vec::new();
    while let Some(row) = rows.next()? {
        locks.push(read(row)?);
    }
    Ok(locks)
}

fn read(row: &Row<'_>) -> Result<Lock> {
    let (place, state): (String, String) = (row.get(4)?, row.get(10)?);
    let time = |index: usize| row.get::<_, Option<i64>>(index).map(|time| time.map(Timestamp::from_ms));
    Ok(Lock {
        id: row.get(0)?,
        guild: GuildId::try_from(row.get::<_, i64>(1)?)?,
        channel: ChannelId::try_from(row.get::<_, i64>(2)?)?,
        channel_name: row.get(3)?,
        place: PLACES.iter().find(|(_, word)| *word == place).map_or(Place::Text, |(place, _)| *place),
        locked_by: UserId::try_from(row.get::<_, i64>(5)?)?,
        locked_by_name: row.get(6)?,
        locked_at: Timestamp::from_ms(row.get(7)?),
        unlock_at: time(8)?,
        message: row.get(9)?,
        state: State::ALL.into_iter().find(|known| known.word() == state).unwrap_or(State::Failed),
        words: row.get(11)?,
        ended_at: time(12)?,
        notice: row.get::<_, Option<i64>>(13)?.map(MessageId::try_from).transpose()?,
        unclosed: Permissions(row.get::<_, i64>(14)? as u64),
        synced: row.get(15)?,
    })
}

/// Takes the name of a member out of the locks that they made, and what they alone were allowed in channels out of
/// locks that are over.
pub fn forget(tx: &Tx, guild: GuildId, user: UserId) -> Result<usize> {
    let connection = tx.write()?;
    let sql = "DELETE FROM channel_lock_overwrite WHERE target = ?2 AND for_member = 1
        AND lock IN (SELECT id FROM channel_lock WHERE guild = ?1 AND ended_at IS NOT NULL)";
    let gone = connection.prepare_cached(sql)?.execute([guild.sql(), user.sql()])?;
    let sql = "UPDATE channel_lock SET locked_by = ?3, locked_by_name = ?4 WHERE guild = ?1 AND locked_by = ?2";
    let values = params![guild.sql(), user.sql(), NOBODY.0, NOBODY.1];
    Ok(gone + connection.prepare_cached(sql)?.execute(values)?)
}
