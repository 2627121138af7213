//! The roster in the database.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rules::{Entry, Leave};
use crate::model::{GuildId, Presence, Result, RoleId, Status, Timestamp, UserId};
use crate::store::Tx;

const COLUMNS: &str = "id, guild, user, name, role, by_hand, rank, added_at, leave_from, leave_until, here, status,
    custom_status, activity, changed_at";

fn entry(row: &Row<'_>) -> Result<Entry> {
    let user: Option<i64> = row.get(2)?;
    let role: Option<i64> = row.get(4)?;
    let (from, until): (Option<i64>, Option<i64>) = (row.get(8)?, row.get(9)?);
    let status: Option<String> = row.get(11)?;
    let (custom_status, activity) = (row.get(12)?, row.get(13)?);
    let status = status.and_then(|word| Status::of_word(&word));
    Ok(Entry {
        id: row.get(0)?,
        guild: GuildId::try_from(row.get::<_, i64>(1)?)?,
        user: user.map(UserId::try_from).transpose()?,
        name: row.get(3)?,
        role: role.map(RoleId::try_from).transpose()?,
        by_hand: row.get(5)?,
        rank: row.get(6)?,
        added_at: Timestamp::from_ms(row.get(7)?),
        leave: from.map(|from| Leave { from: Timestamp::from_ms(from), until: until.map(Timestamp::from_ms) }),
        here: row.get(10)?,
        presence: status.map(|status| Presence { status, custom_status, activity }),
        changed_at: row.get::<_, Option<i64>>(14)?.map(Timestamp::from_ms),
    })
}

/// The entry of a member.
pub fn find_of(connection: &Connection, guild: GuildId, user: UserId) -> Result<Option<Entry>> {
    let sql = format!("SELECT {COLUMNS} FROM roster WHERE guild = ?1 AND user = ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_row([guild.sql(), user.sql()], |row| Ok(entry(row))).optional()?.transpose()
}

/// The entry with this number.
pub fn find(connection: &Connection, guild: GuildId, id: i64) -> Result<Option<Entry>> {
    let sql = format!("SELECT {COLUMNS} FROM roster WHERE guild = ?1 AND id = ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_row([guild.sql(), id], |row| Ok(entry(row))).optional()?.transpose()
}

/// All entries of a guild, by their numbers.
pub fn list(connection: &Connection, guild: GuildId) -> Result<Vec<Entry>> {
    let sql = format!("SELECT {COLUMNS} FROM roster WHERE guild = ?1 ORDER BY id");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([guild.sql()])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(entry(row)?);
    }
    Ok(entries)
}

/// Everybody whose account is linked, in every guild.
pub fn list_users(connection: &Connection) -> Result<Vec<(GuildId, UserId)>> {
    let mut statement = connection.prepare_cached("SELECT guild, user FROM roster WHERE user IS NOT NULL")?;
    let mut rows = statement.query(())?;
    let mut users = Vec::new();
    while let Some(row) = rows.next()? {
        users.push((GuildId::try_from(row.get::<_, i64>(0)?)?, UserId::try_from(row.get::<_, i64>(1)?)?));
    }
    Ok(users)
}

/// Of whom Discord is asked how they are there; all members (an empty list) where nobody is on the roster yet but
/// somebody may be `by_role`. None: nobody can be.
pub fn list_to_compare(connection: &Connection, guild: GuildId, by_role: bool) -> Result<Option<Vec<UserId>>> {
    let users: Vec<_> = list(connection, guild)?.into_iter().filter_map(|entry| entry.user).collect();
    Ok(Some(users).filter(|users| !users.is_empty() || by_role))
}

/// How many entries a guild has.
pub fn count(connection: &Connection, guild: GuildId) -> Result<usize> {
    let sql = "SELECT count(*) FROM roster WHERE guild = ?1";
    let count: i64 = connection.prepare_cached(sql)?.query_row([guild.sql()], |row| row.get(0))?;
    Ok(usize::try_from(count)?)
}

/// Somebody new, as they are written down first.
pub struct NewEntry<'n> {
    pub guild: GuildId,
    pub user: Option<UserId>,
    pub name: &'n str,
    pub role: Option<RoleId>,
    pub by_hand: bool,
    pub rank: Option<&'n str>,
    pub here: Option<bool>,
    pub at: Timestamp,
}

/// Returns the entry's number.
pub fn insert(tx: &Tx, new: &NewEntry<'_>) -> Result<i64> {
    let NewEntry { guild, user, name, role, by_hand, rank, here, at } = *new;
    let sql = "INSERT INTO roster (guild, user, name, role, by_hand, rank, here, added_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let connection = tx.write()?;
    let (user, role) = (user.map(UserId::sql), role.map(RoleId::sql));
    let values = params![guild.sql(), user, name, role, by_hand, rank, here, at.ms()];
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(connection.last_insert_rowid())
}

/// Stores everything of an entry but its number, its guild and when it was added.
pub fn save(tx: &Tx, entry: &Entry) -> Result<()> {
    let sql = "UPDATE roster SET user = ?2, name = ?3, role = ?4, by_hand = ?5, rank = ?6, leave_from = ?7,
        leave_until = ?8, here = ?9, status = ?10, custom_status = ?11, activity = ?12, changed_at = ?13 WHERE id = ?1";
    let (user, role) = (entry.user.map(UserId::sql), entry.role.map(RoleId::sql));
    let (from, until) = (entry.leave.map(|leave| leave.from.ms()), entry.leave.and_then(|leave| leave.until));
    let presence = entry.presence.as_ref();
    let values = params![
        entry.id,
        user,
        entry.name,
        role,
        entry.by_hand,
        entry.rank,
        from,
        until.map(Timestamp::ms),
        entry.here,
        presence.map(|presence| presence.status.word()),
        presence.and_then(|presence| presence.custom_status.as_deref()),
        presence.and_then(|presence| presence.activity.as_deref()),
        entry.changed_at.map(Timestamp::ms),
    ];
    tx.write()?.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

pub fn remove(tx: &Tx, id: i64) -> Result<()> {
    tx.write()?.prepare_cached("DELETE FROM roster WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Ends the leaves whose time is up; returns whether there were any.
pub fn end_leaves(tx: &Tx, now: Timestamp) -> Result<bool> {
    let any = "SELECT 1 FROM roster WHERE leave_until <= ?1";
    if !tx.read().prepare_cached(any)?.exists([now.ms()])? {
        return Ok(false);
    }
    let sql = "UPDATE roster SET leave_from = NULL, leave_until = NULL WHERE leave_until <= ?1";
    tx.write()?.prepare_cached(sql)?.execute([now.ms()])?;
    Ok(true)
}
