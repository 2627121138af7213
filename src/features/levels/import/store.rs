//! Balances by the thousand: what is known of many members at once, and amounts that are set without anything else.

use rusqlite::{Connection, OptionalExtension, Rows, params};

use super::{Known, Order};
use crate::model::{Guild, GuildId, Result, UserId};
use crate::store::{Tx, promises};

/// What is known of these members of an order, who come in the order of their ids.
pub fn list_known(connection: &Connection, order: &Order, members: &[(UserId, i64)]) -> Result<Vec<Known>> {
    let mut known = vec![Known::default(); members.len()];
    let (Some((first, _)), Some((last, _))) = (members.first(), members.last()) else { return Ok(known) };
    let range = params![order.guild.sql(), first.sql(), last.sql()];
    let sql = "SELECT user, xp FROM xp WHERE guild = ?1 AND user BETWEEN ?2 AND ?3 ORDER BY user";
    let mut balances = connection.prepare_cached(sql)?;
    meet(balances.query(range)?, members, |nth, xp| known[nth].before = Some(xp))?;
    let sql = "SELECT user, present FROM member WHERE guild = ?1 AND user BETWEEN ?2 AND ?3 ORDER BY user";
    let mut seen = connection.prepare_cached(sql)?;
    meet(seen.query(range)?, members, |nth, present| known[nth].present = present != 0)?;
    if let Some(roll) = &order.roll {
        for (known, (user, _)) in known.iter_mut().zip(members) {
            let is_here = roll.find(*user).is_some();
            *known = Known { before: known.before, present: is_here, unseen: is_here && !known.present };
        }
    }
    Ok(known)
}

/// Walks along rows and members, both in order, and tells where they meet.
fn meet(mut rows: Rows<'_>, members: &[(UserId, i64)], mut tell: impl FnMut(usize, i64)) -> Result<()> {
    let mut nth = 0;
    while let Some(row) = rows.next()? {
        let user: i64 = row.get(0)?;
        while members.get(nth).is_some_and(|(member, _)| member.sql() < user) {
            nth += 1;
        }
        match members.get(nth) {
            Some((member, _)) if member.sql() == user => tell(nth, row.get(1)?),
            Some(_) => {}
            None => break,
        }
    }
    Ok(())
}

/// The XP of a member, if they have a row.
pub fn find_xp(connection: &Connection, guild: GuildId, user: UserId) -> Result<Option<i64>> {
    let sql = "SELECT xp FROM xp WHERE guild = ?1 AND user = ?2";
    Ok(connection.prepare_cached(sql)?.query_row([guild.sql(), user.sql()], |row| row.get(0)).optional()?)
}

/// Sets a member's XP and leaves everything else; one who had no row before is `away` or not.
pub fn save_xp(tx: &Tx, guild: GuildId, user: UserId, xp: i64, away: bool) -> Result<()> {
    let sql = "INSERT INTO xp (guild, user, xp, last_message, away, shown) VALUES (?1, ?2, ?3, 0, ?4, NOT ?4)
        ON CONFLICT (guild, user) DO UPDATE SET xp = excluded.xp";
    tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), user.sql(), xp, away])?;
    Ok(())
}

/// Shows every change of a batch.
pub fn each_in_batch(connection: &Connection, batch: i64, mut see: impl FnMut(UserId, i64)) -> Result<()> {
    let mut statement = connection.prepare_cached("SELECT user, amount FROM ledger WHERE batch = ?1")?;
    let mut rows = statement.query([batch])?;
    while let Some(row) = rows.next()? {
        see(UserId::try_from(row.get::<_, i64>(0)?)?, row.get(1)?);
    }
    Ok(())
}

/// The guild as it was last seen.
pub fn find_guild(connection: &Connection, guild: GuildId) -> Result<Option<Guild>> {
    let sql = "SELECT state FROM guild WHERE guild = ?1";
    let state: Option<String> =
        connection.prepare_cached(sql)?.query_row([guild.sql()], |row| row.get(0)).optional()?;
    Ok(state.and_then(|state| serde_json::from_str(&state).ok()))
}

/// The guilds that the bot is in, as far as it was told.
pub fn list_guilds(connection: &Connection) -> Result<Vec<GuildId>> {
    let mut statement = connection.prepare_cached("SELECT guild FROM guild WHERE present = 1 ORDER BY guild")?;
    let guilds = statement.query_map((), |row| row.get::<_, i64>(0))?;
    guilds.map(|guild| Ok(GuildId::try_from(guild?)?)).collect()
}

/// A member with XP.
pub struct Earner {
    pub user: UserId,
    /// As last seen, where they were.
    pub name: Option<String>,
    pub xp: i64,
    /// Seen in the guild, and not seen leaving.
    pub is_here: bool,
}

/// Members who have at least so much XP, at most so many after this one, by their ids.
pub fn list_earners(
    connection: &Connection,
    guild: GuildId,
    xp: i64,
    after: Option<UserId>,
    at_most: usize,
) -> Result<Vec<Earner>> {
    let sql = "SELECT xp.user, member.name, xp.xp, xp.away = 0 AND coalesce(member.present, 0) = 1
        FROM xp LEFT JOIN member USING (guild, user)
        WHERE xp.guild = ?1 AND xp.user > ?2 AND xp.xp >= ?3 ORDER BY xp.user LIMIT ?4";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![guild.sql(), after.map_or(0, UserId::sql), xp, at_most as i64])?;
    let mut earners = Vec::new();
    while let Some(row) = rows.next()? {
        let user = UserId::try_from(row.get::<_, i64>(0)?)?;
        earners.push(Earner { user, name: row.get(1)?, xp: row.get(2)?, is_here: row.get(3)? });
    }
    Ok(earners)
}

/// Whether this was promised once, or something else about the same waits.
pub fn is_promised(connection: &Connection, origin: &str, target: &str) -> Result<bool> {
    Ok(promises::is_known(connection, origin)? || promises::is_open(connection, target)?)
}
