//! Menus of roles, as rows.

use rusqlite::{Connection, OptionalExtension, params};

use super::super::store::id;
use crate::model::{ChannelId, GuildId, MessageId, Result, RoleId, Timestamp, UserId};
use crate::store::Tx;
use crate::store::personal::NOBODY;

/// A menu as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu {
    pub guild: GuildId,
    pub number: i64,
    pub channel: ChannelId,
    /// None until Discord took it, or after it was deleted.
    pub message: Option<MessageId>,
    pub title: String,
    /// One of its roles at a time.
    pub single: bool,
    /// A list to choose from rather than buttons.
    pub is_list: bool,
    /// Who lacks it cannot choose.
    pub required: Option<RoleId>,
    pub state: State,
    /// What Discord refused last.
    pub words: Option<String>,
    /// In its order, with the names of the time.
    pub roles: Vec<(RoleId, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Pending,
    Posted,
    Failed,
    Removed,
}

impl State {
    const ALL: [Self; 4] = [Self::Pending, Self::Posted, Self::Failed, Self::Removed];

    const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Posted => "posted",
            Self::Failed => "failed",
            Self::Removed => "removed",
        }
    }
}

/// The number of the next menu of a guild.
pub fn next_number(connection: &Connection, guild: GuildId) -> Result<i64> {
    let sql = "SELECT coalesce(max(number), 0) + 1 FROM role_menu WHERE guild = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([guild.sql()], |row| row.get(0))?)
}

/// How many there are that were not removed.
pub fn count(connection: &Connection, guild: GuildId) -> Result<u32> {
    let sql = "SELECT count(*) FROM role_menu WHERE guild = ?1 AND state <> 'removed'";
    Ok(connection.prepare_cached(sql)?.query_row([guild.sql()], |row| row.get(0))?)
}

pub fn find(connection: &Connection, guild: GuildId, number: i64) -> Result<Option<Menu>> {
    let sql = "SELECT channel, message, title, choice, look, required, state, words FROM role_menu
        WHERE guild = ?1 AND number = ?2";
    let found = connection.prepare_cached(sql)?.query_row([guild.sql(), number], |row| {
        let word: String = row.get(6)?;
        Ok(Menu {
            guild,
            number,
            channel: id(row, 0)?,
            message: row.get::<_, Option<i64>>(1)?.and_then(|id| MessageId::try_from(id).ok()),
            title: row.get(2)?,
            single: row.get::<_, String>(3)? == "single",
            is_list: row.get::<_, String>(4)? == "list",
            required: row.get::<_, Option<i64>>(5)?.and_then(|id| RoleId::try_from(id).ok()),
            state: State::ALL.into_iter().find(|state| state.word() == word).unwrap_or(State::Failed),
            words: row.get(7)?,
            roles: Vec::new(),
        })
    });
    let Some(menu) = found.optional()? else { return Ok(None) };
    let sql = "SELECT role, role_name FROM role_menu_role WHERE guild = ?1 AND number = ?2 ORDER BY place";
    let mut statement = connection.prepare_cached(sql)?;
    let roles = statement.query_map([guild.sql(), number], |row| Ok((id(row, 0)?, row.get(1)?)))?;
    let roles = roles.collect::<rusqlite::Result<_>>()?;
    Ok(Some(Menu { roles, ..menu }))
}

/// The menus that offer this role, or any, by their numbers; not those that were removed or are just being posted.
pub fn list_offering(connection: &Connection, guild: GuildId, role: Option<RoleId>) -> Result<Vec<i64>> {
    let sql = "SELECT DISTINCT number FROM role_menu_role JOIN role_menu USING (guild, number)
        WHERE guild = ?1 AND (?2 IS NULL OR role = ?2) AND state IN ('posted', 'failed') ORDER BY number";
    let mut statement = connection.prepare_cached(sql)?;
    let numbers = statement.query_map(params![guild.sql(), role.map(RoleId::sql)], |row| row.get(0))?;
    Ok(numbers.collect::<rusqlite::Result<_>>()?)
}

/// Writes a menu as it is from now on; `actor` made it, where it is new.
pub fn save(tx: &Tx, menu: &Menu, actor: UserId, now: Timestamp) -> Result<()> {
    let connection = tx.write()?;
    let sql = "INSERT INTO role_menu (guild, number, channel, message, title, choice, look, required, state, words,
            actor, made_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
        ON CONFLICT (guild, number) DO UPDATE SET channel = excluded.channel, message = excluded.message,
            title = excluded.title, choice = excluded.choice, look = excluded.look, required = excluded.required,
            state = excluded.state, words = excluded.words";
    connection.prepare_cached(sql)?.execute(params![
        menu.guild.sql(),
        menu.number,
        menu.channel.sql(),
        menu.message.map(MessageId::sql),
        menu.title,
        if menu.single { "single" } else { "multiple" },
        if menu.is_list { "list" } else { "buttons" },
        menu.required.map(RoleId::sql),
        menu.state.word(),
        menu.words,
        actor.sql(),
        now.ms(),
    ])?;
    save_roles(tx, menu)?;
    tx.hurry();
    Ok(())
}

/// Writes what a menu offers from now on.
pub fn save_roles(tx: &Tx, menu: &Menu) -> Result<()> {
    let connection = tx.write()?;
    let sql = "DELETE FROM role_menu_role WHERE guild = ?1 AND number = ?2";
    connection.prepare_cached(sql)?.execute([menu.guild.sql(), menu.number])?;
    let sql = "INSERT INTO role_menu_role (guild, number, place, role, role_name) VALUES (?1, ?2, ?3, ?4, ?5)";
    for (place, (role, name)) in (0_i64..).zip(&menu.roles) {
        let values = params![menu.guild.sql(), menu.number, place, role.sql(), name];
        connection.prepare_cached(sql)?.execute(values)?;
    }
    Ok(())
}

/// Where its message is, and whether Discord took it.
pub fn save_message(
    tx: &Tx,
    (guild, number): (GuildId, i64),
    state: State,
    message: Option<MessageId>,
    words: Option<&str>,
) -> Result<()> {
    let sql = "UPDATE role_menu SET state = ?3, message = ?4, words = ?5 WHERE guild = ?1 AND number = ?2";
    let values = params![guild.sql(), number, state.word(), message.map(MessageId::sql), words];
    tx.write()?.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// What Discord refused of it last.
pub fn save_words(tx: &Tx, (guild, number): (GuildId, i64), words: Option<&str>) -> Result<()> {
    let sql = "UPDATE role_menu SET words = ?3 WHERE guild = ?1 AND number = ?2";
    tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), number, words])?;
    Ok(())
}

/// The menus whose messages were in a channel that is gone have none any more.
pub fn save_channel_gone(tx: &Tx, guild: GuildId, channel: ChannelId, words: &str) -> Result<()> {
    let any = "SELECT 1 FROM role_menu WHERE guild = ?1 AND channel = ?2 AND state = 'posted'";
    if tx.read().prepare_cached(any)?.exists([guild.sql(), channel.sql()])? {
        let sql = "UPDATE role_menu SET state = 'failed', message = NULL, words = ?3
            WHERE guild = ?1 AND channel = ?2 AND state = 'posted'";
        tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), channel.sql(), words])?;
    }
    Ok(())
}

/// Takes the name of a member out of the menus that they made.
pub fn forget(tx: &Tx, guild: GuildId, user: UserId) -> Result<usize> {
    let sql = "UPDATE role_menu SET actor = ?3 WHERE guild = ?1 AND actor = ?2";
    Ok(tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), user.sql(), NOBODY.0])?)
}
