//! People by the name and avatar to show, for each guild that they were seen in.

use rusqlite::{Connection, OptionalExtension, params};

use super::Tx;
use crate::model::{Author, Avatar, GuildId, Result, Timestamp, UserId};

/// The name and avatar with which a member was last seen.
pub fn find_look(connection: &Connection, guild: GuildId, user: UserId) -> Result<Option<(String, Option<Avatar>)>> {
    let sql = "SELECT name, avatar FROM member WHERE guild = ?1 AND user = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let look = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get::<_, Option<String>>(1)?));
    let look: Option<(String, _)> = statement.query_row([guild.sql(), user.sql()], look).optional()?;
    // What is no avatar is none.
    Ok(look.map(|(name, avatar)| (name, avatar.and_then(|avatar| avatar.parse().ok()))))
}

/// The name under which a member was last seen.
pub fn find_name(connection: &Connection, guild: GuildId, user: UserId) -> Result<Option<String>> {
    let sql = "SELECT name FROM member WHERE guild = ?1 AND user = ?2";
    Ok(connection.prepare_cached(sql)?.query_row([guild.sql(), user.sql()], |row| row.get(0)).optional()?)
}

/// Whether a program alone told that somebody is in a guild.
pub fn is_told(connection: &Connection, guild: GuildId, user: UserId) -> Result<bool> {
    let sql = "SELECT 1 FROM member WHERE guild = ?1 AND user = ?2 AND told = 1 AND present = 1";
    Ok(connection.prepare_cached(sql)?.exists([guild.sql(), user.sql()])?)
}

/// Somebody who was taken to be in a guild is not: they are gone since now, as far as anybody knows.
pub fn save_missing(tx: &Tx, guild: GuildId, user: UserId, now: Timestamp) -> Result<()> {
    let here = "SELECT 1 FROM member WHERE guild = ?1 AND user = ?2 AND present = 1";
    if tx.read().prepare_cached(here)?.exists([guild.sql(), user.sql()])? {
        let sql = "UPDATE member SET present = 0, left_at = ?3 WHERE guild = ?1 AND user = ?2";
        tx.write()?.prepare_cached(sql)?.execute([guild.sql(), user.sql(), now.ms()])?;
    }
    Ok(())
}

/// What became of somebody's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// It said the same already.
    Same,
    Changed,
    /// There was none.
    New,
}

/// Stores how somebody looks who is in a guild, where that is news.
pub fn save(tx: &Tx, guild: GuildId, author: &Author) -> Result<Saved> {
    let known =
        "SELECT name = ?3 AND avatar IS ?4 AND present = 1 AND told = 0 FROM member WHERE guild = ?1 AND user = ?2";
    let avatar = author.avatar.as_ref().map(ToString::to_string);
    let values = params![guild.sql(), author.id.sql(), author.name, avatar];
    let mut statement = tx.read().prepare_cached(known)?;
    let same = statement.query_map(values, |row| row.get::<_, bool>(0))?.next().transpose()?;
    if same != Some(true) {
        let sql = "INSERT INTO member (guild, user, name, avatar, present) VALUES (?1, ?2, ?3, ?4, 1)
            ON CONFLICT (guild, user) DO UPDATE SET name = excluded.name, avatar = excluded.avatar, present = 1,
                left_at = NULL, picture = NULL, told = 0";
        tx.write()?.prepare_cached(sql)?.execute(values)?;
    }
    Ok(match same {
        Some(true) => Saved::Same,
        Some(false) => Saved::Changed,
        None => Saved::New,
    })
}
