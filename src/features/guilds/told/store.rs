//! Guilds and people, as programs tell of them and as the bot has seen them.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::model::{Avatar, GuildId, Result, Timestamp, UserId};
use crate::store::{Tx, id_list};

/// What a program told of a guild.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldGuild {
    pub guild: GuildId,
    /// None: nothing else than Discord says.
    pub name: Option<String>,
    pub icon_url: Option<String>,
    pub joined_at: Option<Timestamp>,
    pub created_at: Option<Timestamp>,
}

/// Somebody, as the guilds that know them say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub user: UserId,
    /// Which guild says so.
    pub guild: GuildId,
    /// Empty: they left before they were seen.
    pub name: String,
    pub avatar: Option<Avatar>,
    /// The address of a picture that a program told.
    pub picture: Option<String>,
    pub discriminator: Option<String>,
    /// Since when a program told more of them than their name.
    pub created_at: Option<Timestamp>,
}

/// All guilds of which something is told, by their ids.
pub fn list_guilds(connection: &Connection) -> Result<Vec<ToldGuild>> {
    let sql = "SELECT guild, name, icon_url, joined_at, created_at FROM told_guild ORDER BY guild";
    let mut statement = connection.prepare_cached(sql)?;
    let told = statement.query_map((), guild)?;
    Ok(told.collect::<rusqlite::Result<_>>()?)
}

pub fn find_guild(connection: &Connection, wanted: GuildId) -> Result<Option<ToldGuild>> {
    let sql = "SELECT guild, name, icon_url, joined_at, created_at FROM told_guild WHERE guild = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([wanted.sql()], guild).optional()?)
}

pub fn save_guild(tx: &Tx, told: &ToldGuild) -> Result<()> {
    let sql = "INSERT INTO told_guild (guild, name, icon_url, joined_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (guild) DO UPDATE SET name = excluded.name, icon_url = excluded.icon_url";
    let ms = |at: Option<Timestamp>| at.map(Timestamp::ms);
    let values = params![told.guild.sql(), told.name, told.icon_url, ms(told.joined_at), ms(told.created_at)];
    tx.write()?.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// Members of these guilds: those who are there before those who left.
const PEOPLE: &str = "SELECT member.user, member.guild, name, avatar, picture, discriminator, created_at FROM member
    LEFT JOIN told_user ON told_user.guild = member.guild AND told_user.user = member.user
    WHERE member.guild IN (SELECT value FROM json_each(?1))";

/// Everybody whom these guilds know, each once, by their ids.
pub fn list_people(connection: &Connection, seen: &[GuildId], at_most: u32) -> Result<Vec<Person>> {
    let sql = format!("{PEOPLE} ORDER BY member.user, present DESC, member.guild LIMIT ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let known = statement.query_map(params![id_list(seen)?, at_most], person)?;
    let mut people: Vec<Person> = Vec::new();
    for known in known {
        add(&mut people, known?);
    }
    Ok(people)
}

/// Somebody whom one of these guilds knows.
pub fn find_person(connection: &Connection, seen: &[GuildId], user: UserId) -> Result<Option<Person>> {
    let sql = format!("{PEOPLE} AND member.user = ?2 ORDER BY present DESC, member.guild");
    let mut statement = connection.prepare_cached(&sql)?;
    let known = statement.query_map(params![id_list(seen)?, user.sql()], person)?;
    let mut people: Vec<Person> = Vec::new();
    for known in known {
        add(&mut people, known?);
    }
    Ok(people.pop())
}

/// What another guild says of somebody fills what the first one leaves open.
fn add(people: &mut Vec<Person>, known: Person) {
    match people.last_mut().filter(|last| last.user == known.user) {
        Some(last) => {
            last.discriminator = last.discriminator.take().or(known.discriminator);
            last.picture = last.picture.take().or(known.picture);
            last.created_at = last.created_at.or(known.created_at);
        }
        None => people.push(known),
    }
}

/// Which of these guilds know somebody.
pub fn list_guilds_of(connection: &Connection, seen: &[GuildId], user: UserId) -> Result<Vec<GuildId>> {
    let sql = "SELECT guild FROM member WHERE guild IN (SELECT value FROM json_each(?1)) AND user = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let guilds = statement.query_map(params![id_list(seen)?, user.sql()], |row| row.get::<_, i64>(0))?;
    guilds.map(|id| Ok(GuildId::try_from(id?)?)).collect()
}

/// They go by this name now.
pub fn save_name(tx: &Tx, guild: GuildId, user: UserId, name: &str) -> Result<()> {
    let sql = "UPDATE member SET name = ?3 WHERE guild = ?1 AND user = ?2";
    tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), user.sql(), name])?;
    Ok(())
}

/// They look so now; none: as Discord tells it.
pub fn save_picture(tx: &Tx, guild: GuildId, user: UserId, picture: Option<&str>) -> Result<()> {
    let sql = "UPDATE member SET picture = ?3 WHERE guild = ?1 AND user = ?2";
    tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), user.sql(), picture])?;
    Ok(())
}

/// What a program tells of somebody besides their name and picture.
pub fn save_person(
    tx: &Tx,
    (guild, user): (GuildId, UserId),
    discriminator: Option<&str>,
    since: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO told_user (guild, user, discriminator, created_at) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (guild, user) DO UPDATE SET discriminator = excluded.discriminator";
    tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), user.sql(), discriminator, since.ms()])?;
    Ok(())
}

fn guild(row: &Row<'_>) -> rusqlite::Result<ToldGuild> {
    let time = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_ms));
    Ok(ToldGuild {
        guild: GuildId::try_from(row.get::<_, i64>(0)?).map_err(unreadable)?,
        name: row.get(1)?,
        icon_url: row.get(2)?,
        joined_at: time(3)?,
        created_at: time(4)?,
    })
}

fn person(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        user: UserId::try_from(row.get::<_, i64>(0)?).map_err(unreadable)?,
        guild: GuildId::try_from(row.get::<_, i64>(1)?).map_err(unreadable)?,
        name: row.get(2)?,
        // What is no avatar is none.
        avatar: row.get::<_, Option<String>>(3)?.and_then(|avatar| avatar.parse().ok()),
        picture: row.get(4)?,
        discriminator: row.get(5)?,
        created_at: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_ms),
    })
}

fn unreadable<E>(_: E) -> rusqlite::Error {
    rusqlite::Error::IntegralValueOutOfRange(0, 0)
}
