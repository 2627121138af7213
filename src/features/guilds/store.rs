//! Guilds and their members in the database.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::model::{Avatar, GuildId, Result, Timestamp, UserId};
use crate::store::Tx;

/// The guilds that the bot was in at last: how each looked, as JSON, and how many members it had.
pub fn list(connection: &Connection) -> Result<Vec<(String, u64)>> {
    let mut statement = connection.prepare("SELECT state, members FROM guild WHERE present = 1")?;
    let stored = statement.query_map((), |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))?;
    Ok(stored.collect::<rusqlite::Result<_>>()?)
}

/// The same by their ids.
pub fn list_known(connection: &Connection) -> Result<Vec<GuildId>> {
    let mut statement = connection.prepare_cached("SELECT guild FROM guild WHERE present = 1")?;
    let known = statement.query_map((), |row| row.get::<_, i64>(0))?;
    known.map(|id| Ok(GuildId::try_from(id?)?)).collect()
}

/// Whether the bot was in this guild already.
pub fn is_known(connection: &Connection, guild: GuildId) -> Result<bool> {
    let sql = "SELECT 1 FROM guild WHERE guild = ?1 AND present = 1";
    Ok(connection.prepare_cached(sql)?.exists([guild.sql()])?)
}

/// Stores how a guild looks, where that is news.
pub fn save(tx: &Tx, guild: GuildId, members: u64, state: &str) -> Result<()> {
    let known = "SELECT 1 FROM guild WHERE guild = ?1 AND present = 1 AND members = ?2 AND state = ?3";
    let values = params![guild.sql(), members as i64, state];
    if tx.read().prepare_cached(known)?.exists(values)? {
        return Ok(());
    }
    let sql = "INSERT INTO guild (guild, present, members, state) VALUES (?1, 1, ?2, ?3)
        ON CONFLICT (guild) DO UPDATE SET present = 1, members = excluded.members, state = excluded.state";
    tx.write()?.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// Stores how many members a guild has.
pub fn save_count(tx: &Tx, guild: GuildId, members: u64) -> Result<()> {
    let sql = "UPDATE guild SET members = ?2 WHERE guild = ?1";
    tx.write()?.prepare_cached(sql)?.execute([guild.sql(), members as i64])?;
    Ok(())
}

/// The bot is in a guild no longer.
pub fn save_loss(tx: &Tx, guild: GuildId) -> Result<()> {
    tx.write()?.prepare_cached("UPDATE guild SET present = 0 WHERE guild = ?1")?.execute([guild.sql()])?;
    Ok(())
}

/// A member left. Somebody who was never seen may have left more than a name.
pub fn save_leaving(tx: &Tx, guild: GuildId, user: UserId, at: Timestamp) -> Result<()> {
    let sql = "INSERT INTO member (guild, user, name, present, left_at) VALUES (?1, ?2, '', 0, ?3)
        ON CONFLICT (guild, user) DO UPDATE SET present = 0, left_at = excluded.left_at";
    tx.write()?.prepare_cached(sql)?.execute([guild.sql(), user.sql(), at.ms()])?;
    Ok(())
}

/// Whether any member was ever seen.
pub fn has_any(connection: &Connection) -> Result<bool> {
    Ok(connection.prepare_cached("SELECT 1 FROM member LIMIT 1")?.exists(())?)
}

/// All members that were ever seen, each once for every guild.
pub fn count_seen(connection: &Connection) -> Result<u64> {
    Ok(connection.query_row("SELECT count(*) FROM member", (), |row| row.get::<_, i64>(0))? as u64)
}

/// A member as they were last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub user: UserId,
    /// Empty: they left before they were seen.
    pub name: String,
    pub avatar: Option<Avatar>,
    pub present: bool,
    pub left_at: Option<Timestamp>,
    /// The address of a picture that a program told.
    pub picture: Option<String>,
}

/// Which members are looked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// What their names begin with; ASCII letters in either case.
    pub prefix: String,
    /// Only those who are here, or are not.
    pub present: Option<bool>,
}

const IS_WANTED: &str = "guild = ?1 AND (?2 = '%' OR name LIKE ?2 ESCAPE '\\') AND (?3 IS NULL OR present = ?3)";

impl Wanted {
    /// As a pattern of SQLite's `LIKE`.
    fn pattern(&self) -> String {
        let mut pattern = String::with_capacity(self.prefix.len() + 1);
        for char in self.prefix.chars() {
            if matches!(char, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(char);
        }
        pattern.push('%');
        pattern
    }
}

/// How many members of a guild are wanted.
pub fn count_members(connection: &Connection, guild: GuildId, wanted: &Wanted) -> Result<u64> {
    let sql = format!("SELECT count(*) FROM member WHERE {IS_WANTED}");
    let values = params![guild.sql(), wanted.pattern(), wanted.present];
    Ok(connection.prepare_cached(&sql)?.query_row(values, |row| row.get::<_, i64>(0))? as u64)
}

const COLUMNS: &str = "user, name, avatar, present, left_at, picture";

/// The members of a guild that are wanted, by name; the nameless come last.
pub fn list_members(
    connection: &Connection,
    guild: GuildId,
    wanted: &Wanted,
    offset: u32,
    at_most: u32,
) -> Result<Vec<Member>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM member WHERE {IS_WANTED}
            ORDER BY name = '', name COLLATE NOCASE, user LIMIT ?4 OFFSET ?5"
    );
    let values = params![guild.sql(), wanted.pattern(), wanted.present, at_most, offset];
    let mut statement = connection.prepare_cached(&sql)?;
    let members = statement.query_map(values, read)?;
    Ok(members.collect::<rusqlite::Result<_>>()?)
}

/// The members who are here, by their ids, but the bot itself; without those who are on no board, where they are hidden
/// from whoever asks.
pub fn list_here(
    connection: &Connection,
    guild: GuildId,
    (me, sees_hidden): (Option<UserId>, bool),
    (offset, at_most): (u32, u32),
) -> Result<Vec<Member>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM member WHERE guild = ?1 AND present = 1 AND user IS NOT ?2
            AND (?3 OR (guild, user) NOT IN (SELECT guild, user FROM hidden))
            ORDER BY user LIMIT ?4 OFFSET ?5"
    );
    let values = params![guild.sql(), me.map(UserId::sql), sees_hidden, at_most, offset];
    let mut statement = connection.prepare_cached(&sql)?;
    let members = statement.query_map(values, read)?;
    Ok(members.collect::<rusqlite::Result<_>>()?)
}

/// Stores somebody as a program tells that they look; whether nobody knew them.
pub fn save_given(tx: &Tx, guild: GuildId, user: UserId, name: &str, picture: Option<&str>) -> Result<bool> {
    let is_new = find_member(tx.read(), guild, user)?.is_none();
    let sql = "INSERT INTO member (guild, user, name, present, picture, told) VALUES (?1, ?2, ?3, 1, ?4, 1)
        ON CONFLICT (guild, user) DO UPDATE SET name = excluded.name, avatar = NULL, present = 1, left_at = NULL,
            picture = excluded.picture, told = told OR NOT present";
    tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), user.sql(), name, picture])?;
    Ok(is_new)
}

/// A member by their id, here or not.
pub fn find_member(connection: &Connection, guild: GuildId, user: UserId) -> Result<Option<Member>> {
    let sql = format!("SELECT {COLUMNS} FROM member WHERE guild = ?1 AND user = ?2");
    Ok(connection.prepare_cached(&sql)?.query_row([guild.sql(), user.sql()], read).optional()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Member> {
    let unreadable = |_| rusqlite::Error::IntegralValueOutOfRange(0, 0);
    Ok(Member {
        user: UserId::try_from(row.get::<_, i64>(0)?).map_err(unreadable)?,
        name: row.get(1)?,
        // What is no avatar is none.
        avatar: row.get::<_, Option<String>>(2)?.and_then(|avatar| avatar.parse().ok()),
        present: row.get(3)?,
        left_at: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_ms),
        picture: row.get(5)?,
    })
}
