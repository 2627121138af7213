//! Roles for a while and roles that come back, as rows.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::model::{GuildId, Result, RoleId, Timestamp, UserId};
use crate::store::Tx;
use crate::store::personal::NOBODY;

/// A role given for a while, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Temporary {
    pub id: i64,
    pub guild: GuildId,
    pub user: UserId,
    /// Their name at the time, and the role's.
    pub user_name: String,
    pub role: RoleId,
    pub role_name: String,
    pub actor: UserId,
    pub actor_name: String,
    pub reason: Option<String>,
    pub assigned_at: Timestamp,
    pub expires_at: Timestamp,
    pub state: State,
    pub ended_at: Option<Timestamp>,
    pub words: Option<String>,
    /// The name of who asked for it to be taken early.
    pub taken_by: Option<String>,
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Discord was not heard of yet.
    Pending,
    Held,
    /// Who held it left, and may come back with it.
    Away,
    Over,
    /// Discord did not give it.
    Failed,
}

impl State {
    const ALL: [Self; 5] = [Self::Pending, Self::Held, Self::Away, Self::Over, Self::Failed];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Held => "held",
            Self::Away => "away",
            Self::Over => "over",
            Self::Failed => "failed",
        }
    }

    /// Whether it may still change.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Held | Self::Away)
    }
}

/// A role to be given for a while.
#[derive(Debug, Clone)]
pub struct NewTemporary<'a> {
    pub guild: GuildId,
    pub user: UserId,
    pub user_name: &'a str,
    pub role: RoleId,
    pub role_name: &'a str,
    pub actor: UserId,
    pub actor_name: &'a str,
    pub reason: Option<&'a str>,
    pub assigned_at: Timestamp,
    pub expires_at: Timestamp,
}

pub(super) const COLUMNS: &str = "id, guild, user, user_name, role, role_name, actor, actor_name, reason, assigned_at, \
    expires_at, state, ended_at, words, taken_by_name";

/// Writes it as pending, and returns its number.
pub fn insert(tx: &Tx, new: &NewTemporary<'_>) -> Result<i64> {
    let sql = "INSERT INTO temporary_role (guild, user, user_name, role, role_name, actor, actor_name, reason,
            assigned_at, expires_at, state)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'pending') RETURNING id";
    let values = params![
        new.guild.sql(),
        new.user.sql(),
        new.user_name,
        new.role.sql(),
        new.role_name,
        new.actor.sql(),
        new.actor_name,
        new.reason,
        new.assigned_at.ms(),
        new.expires_at.ms(),
    ];
    let id = tx.write()?.prepare_cached(sql)?.query_row(values, |row| row.get(0))?;
    tx.hurry();
    Ok(id)
}

pub fn find(connection: &Connection, guild: GuildId, id: i64) -> Result<Option<Temporary>> {
    let sql = format!("SELECT {COLUMNS} FROM temporary_role WHERE id = ?1 AND guild = ?2");
    Ok(connection.prepare_cached(&sql)?.query_row([id, guild.sql()], read).optional()?)
}

/// What there is of a member's role in one of these states; of several the newest.
pub fn find_in(
    connection: &Connection,
    (guild, user, role): (GuildId, UserId, RoleId),
    states: &[State],
) -> Result<Option<Temporary>> {
    let all = list_of(connection, guild, user, u32::MAX)?;
    Ok(all.into_iter().find(|row| row.role == role && states.contains(&row.state)))
}

/// A member's, the newest first.
pub fn list_of(connection: &Connection, guild: GuildId, user: UserId, at_most: u32) -> Result<Vec<Temporary>> {
    let sql = format!("SELECT {COLUMNS} FROM temporary_role WHERE guild = ?1 AND user = ?2 ORDER BY id DESC LIMIT ?3");
    list(connection, &sql, params![guild.sql(), user.sql(), at_most])
}

/// Those that are held in a guild, the next to end first.
pub fn list_held(connection: &Connection, guild: GuildId, offset: u32, at_most: u32) -> Result<Vec<Temporary>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM temporary_role WHERE guild = ?1 AND state = 'held'
            ORDER BY expires_at, id LIMIT ?2 OFFSET ?3"
    );
    list(connection, &sql, params![guild.sql(), at_most, offset])
}

pub fn count_held(connection: &Connection, guild: GuildId) -> Result<u32> {
    let sql = "SELECT count(*) FROM temporary_role WHERE guild = ?1 AND state = 'held'";
    Ok(connection.prepare_cached(sql)?.query_row([guild.sql()], |row| row.get(0))?)
}

/// Those of a role that are held.
pub fn list_of_role(connection: &Connection, guild: GuildId, role: RoleId) -> Result<Vec<Temporary>> {
    let sql =
        format!("SELECT {COLUMNS} FROM temporary_role WHERE guild = ?1 AND state = 'held' AND role = ?2 ORDER BY id");
    list(connection, &sql, params![guild.sql(), role.sql()])
}

/// Roles whose end Discord refused.
pub fn list_refused(connection: &Connection, guild: GuildId) -> Result<Vec<RoleId>> {
    let sql = "SELECT DISTINCT role FROM temporary_role WHERE guild = ?1 AND state = 'held' AND words IS NOT NULL";
    let mut statement = connection.prepare_cached(sql)?;
    let roles = statement.query_map([guild.sql()], |row| id(row, 0))?.collect::<rusqlite::Result<_>>()?;
    Ok(roles)
}

/// Where it stands from now on; what is over or failed ended now. Who asked to take what is held on was refused.
pub fn save_state(tx: &Tx, id: i64, state: State, words: Option<&str>, now: Timestamp) -> Result<()> {
    let ended_at = matches!(state, State::Over | State::Failed).then_some(now.ms());
    let sql = "UPDATE temporary_role SET state = ?2, words = ?3, ended_at = ?4,
        taken_by = iif(?2 = 'over', taken_by, NULL), taken_by_name = iif(?2 = 'over', taken_by_name, NULL)
        WHERE id = ?1";
    tx.write()?.prepare_cached(sql)?.execute(params![id, state.word(), words, ended_at])?;
    Ok(())
}

pub fn save_end(tx: &Tx, id: i64, expires_at: Timestamp) -> Result<()> {
    let sql = "UPDATE temporary_role SET expires_at = ?2 WHERE id = ?1";
    tx.write()?.prepare_cached(sql)?.execute([id, expires_at.ms()])?;
    Ok(())
}

pub fn save_taken_by(tx: &Tx, id: i64, user: UserId, name: &str) -> Result<()> {
    let sql = "UPDATE temporary_role SET taken_by = ?2, taken_by_name = ?3 WHERE id = ?1";
    tx.write()?.prepare_cached(sql)?.execute(params![id, user.sql(), name])?;
    Ok(())
}

pub(super) fn list(connection: &Connection, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<Temporary>> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(values, read)?.collect::<rusqlite::Result<_>>()?;
    Ok(rows)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Temporary> {
    let word: String = row.get(11)?;
    Ok(Temporary {
        id: row.get(0)?,
        guild: id(row, 1)?,
        user: id(row, 2)?,
        user_name: row.get(3)?,
        role: id(row, 4)?,
        role_name: row.get(5)?,
        actor: id(row, 6)?,
        actor_name: row.get(7)?,
        reason: row.get(8)?,
        assigned_at: Timestamp::from_ms(row.get(9)?),
        expires_at: Timestamp::from_ms(row.get(10)?),
        state: State::ALL.into_iter().find(|state| state.word() == word).unwrap_or(State::Failed),
        ended_at: row.get::<_, Option<i64>>(12)?.map(Timestamp::from_ms),
        words: row.get(13)?,
        taken_by: row.get(14)?,
    })
}

/// The id in a column.
pub fn id<T: TryFrom<i64>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let number: i64 = row.get(column)?;
    T::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

/// A role of the list that a member holds, or is to get back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Persistent {
    pub role: RoleId,
    pub away: bool,
}

pub fn list_persistent(connection: &Connection, guild: GuildId, user: UserId) -> Result<Vec<Persistent>> {
    let sql = "SELECT role, away FROM persistent_role WHERE guild = ?1 AND user = ?2 ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement
        .query_map([guild.sql(), user.sql()], |row| Ok(Persistent { role: id(row, 0)?, away: row.get(1)? }))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Remembers that a member holds a role.
pub fn save_persistent(
    tx: &Tx,
    (guild, user): (GuildId, UserId),
    (role, name): (RoleId, &str),
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO persistent_role (guild, user, role, role_name, assigned_at) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (guild, user, role) DO UPDATE SET away = 0, role_name = excluded.role_name";
    tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), user.sql(), role.sql(), name, now.ms()])?;
    Ok(())
}

/// All that a member holds is to be given back from now on.
pub fn save_away(tx: &Tx, guild: GuildId, user: UserId) -> Result<()> {
    let sql = "UPDATE persistent_role SET away = 1 WHERE guild = ?1 AND user = ?2 AND away = 0";
    tx.write()?.prepare_cached(sql)?.execute([guild.sql(), user.sql()])?;
    Ok(())
}

/// Who has it was given it back.
pub fn save_back(tx: &Tx, guild: GuildId, user: UserId, role: RoleId) -> Result<()> {
    let sql = "UPDATE persistent_role SET away = 0 WHERE guild = ?1 AND user = ?2 AND role = ?3";
    tx.write()?.prepare_cached(sql)?.execute([guild.sql(), user.sql(), role.sql()])?;
    Ok(())
}

/// Members who are here without a role that they are to get back.
pub fn list_waiting(connection: &Connection, guild: GuildId, role: RoleId, at_most: u32) -> Result<Vec<UserId>> {
    let sql = "SELECT user FROM persistent_role WHERE guild = ?1 AND role = ?2 AND away = 1
            AND NOT EXISTS (SELECT 1 FROM departure
                WHERE departure.guild = persistent_role.guild AND departure.user = persistent_role.user)
        ORDER BY user LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let users = statement.query_map(params![guild.sql(), role.sql(), at_most], |row| id(row, 0))?;
    Ok(users.collect::<rusqlite::Result<_>>()?)
}

pub fn remove_persistent(tx: &Tx, guild: GuildId, user: UserId, role: RoleId) -> Result<()> {
    let sql = "DELETE FROM persistent_role WHERE guild = ?1 AND user = ?2 AND role = ?3";
    tx.write()?.prepare_cached(sql)?.execute([guild.sql(), user.sql(), role.sql()])?;
    Ok(())
}

/// Forgets everything that would come back with a member.
pub fn forget(tx: &Tx, guild: GuildId, user: UserId) -> Result<()> {
    for sql in [
        "DELETE FROM persistent_role WHERE guild = ?1 AND user = ?2",
        "DELETE FROM nickname WHERE guild = ?1 AND user = ?2",
    ] {
        tx.write()?.prepare_cached(sql)?.execute([guild.sql(), user.sql()])?;
    }
    Ok(())
}

pub fn find_nickname(connection: &Connection, guild: GuildId, user: UserId) -> Result<Option<String>> {
    let sql = "SELECT nickname FROM nickname WHERE guild = ?1 AND user = ?2";
    Ok(connection.prepare_cached(sql)?.query_row([guild.sql(), user.sql()], |row| row.get(0)).optional()?)
}

/// Remembers a member's name of their own, or that they have none.
pub fn save_nickname(tx: &Tx, guild: GuildId, user: UserId, nickname: Option<&str>) -> Result<()> {
    match nickname {
        Some(nickname) => {
            let sql = "INSERT INTO nickname (guild, user, nickname) VALUES (?1, ?2, ?3)
                ON CONFLICT (guild, user) DO UPDATE SET nickname = excluded.nickname";
            tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), user.sql(), nickname])?;
        }
        None => {
            let sql = "DELETE FROM nickname WHERE guild = ?1 AND user = ?2";
            tx.write()?.prepare_cached(sql)?.execute([guild.sql(), user.sql()])?;
        }
    }
    Ok(())
}

/// How somebody left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Left,
    ThrownOut,
    /// A kick would not have been told.
    Unknown,
}

impl How {
    const ALL: [Self; 3] = [Self::Left, Self::ThrownOut, Self::Unknown];

    const fn word(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::ThrownOut => "thrown_out",
            Self::Unknown => "unknown",
        }
    }
}

/// When and how somebody left.
pub fn find_departure(connection: &Connection, guild: GuildId, user: UserId) -> Result<Option<(Timestamp, How)>> {
    let sql = "SELECT at, how FROM departure WHERE guild = ?1 AND user = ?2";
    let found = connection
        .prepare_cached(sql)?
        .query_row([guild.sql(), user.sql()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    Ok(found.map(|(at, word)| {
        let how = How::ALL.into_iter().find(|how| how.word() == word).unwrap_or(How::Unknown);
        (Timestamp::from_ms(at), how)
    }))
}

pub fn save_departure(tx: &Tx, guild: GuildId, user: UserId, at: Timestamp, how: How) -> Result<()> {
    let sql = "INSERT INTO departure (guild, user, at, how) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (guild, user) DO UPDATE SET at = excluded.at, how = excluded.how";
    tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), user.sql(), at.ms(), how.word()])?;
    Ok(())
}

pub fn remove_departure(tx: &Tx, guild: GuildId, user: UserId) -> Result<()> {
    let sql = "DELETE FROM departure WHERE guild = ?1 AND user = ?2";
    tx.write()?.prepare_cached(sql)?.execute([guild.sql(), user.sql()])?;
    Ok(())
}

/// Takes a member out: what is over goes, what is not stays until then, and what they gave others keeps no name.
pub fn forget_member(tx: &Tx, guild: GuildId, user: UserId) -> Result<usize> {
    let connection = tx.write()?;
    let sql = "DELETE FROM temporary_role WHERE guild = ?1 AND user = ?2 AND state IN ('over', 'failed')";
    let mut count = connection.prepare_cached(sql)?.execute([guild.sql(), user.sql()])?;
    for sql in [
        "UPDATE temporary_role SET actor = ?3, actor_name = ?4 WHERE guild = ?1 AND actor = ?2",
        "UPDATE temporary_role SET taken_by = ?3, taken_by_name = ?4 WHERE guild = ?1 AND taken_by = ?2",
    ] {
        let values = params![guild.sql(), user.sql(), NOBODY.0, NOBODY.1];
        count += connection.prepare_cached(sql)?.execute(values)?;
    }
    Ok(count)
}
