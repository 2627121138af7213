//! Who is in voice, in the database: a resumed session does not tell it again.
//!
//! A row holds a state and up to where it is settled. It is written when a state changes (with everybody in the
//! channels concerned) and when minutes are paid; in between, what was settled is only remembered. Losing the memory
//! loses nothing: from the rows the same is settled again.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rules::{Mark, Seat, Tally};
use crate::model::{ChannelId, GuildId, Result, RoleId, UserId, VoiceFlags};
use crate::store::Tx;

/// Seats by guild, as they are settled.
#[derive(Default)]
struct Seats(HashMap<GuildId, Vec<Seat>>);

/// The guilds with somebody in voice.
pub fn list_guilds(connection: &Connection) -> Result<Vec<GuildId>> {
    let mut statement = connection.prepare_cached("SELECT DISTINCT guild FROM voice_state")?;
    let guilds = statement.query_map((), |row| row.get::<_, i64>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(guilds.into_iter().filter_map(|guild| GuildId::try_from(guild).ok()).collect())
}

/// Everybody in voice in a guild. Hand them back with [`keep`].
pub fn take(tx: &Tx, guild: GuildId) -> Result<Vec<Seat>> {
    match tx.memo(|seats: &mut Seats| seats.0.remove(&guild)) {
        Some(seats) => Ok(seats),
        None => list(tx.read(), guild),
    }
}

/// Remembers how far everybody is settled.
pub fn keep(tx: &Tx, guild: GuildId, seats: Vec<Seat>) {
    tx.memo(|kept: &mut Seats| match seats.is_empty() {
        true => kept.0.remove(&guild),
        false => kept.0.insert(guild, seats),
    });
}

/// Drops who is remembered in voice in a guild: the table tells it anew.
pub fn drop_memory(tx: &Tx, guild: GuildId, _: UserId) {
    tx.memo(|kept: &mut Seats| kept.0.remove(&guild));
}

/// Stores one of them.
pub fn save(tx: &Tx, guild: GuildId, seat: &Seat) -> Result<()> {
    let sql = "INSERT INTO voice_state (guild, user, name, roles, bot, channel, flags, seen_ms, missed_ms, counted_ms,
            muted_ms, deafened_ms, alone_ms, afk_ms, unseen_ms)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
        ON CONFLICT (guild, user) DO UPDATE SET name = excluded.name, roles = excluded.roles, bot = excluded.bot,
            channel = excluded.channel, flags = excluded.flags, seen_ms = excluded.seen_ms,
            missed_ms = excluded.missed_ms, counted_ms = excluded.counted_ms, muted_ms = excluded.muted_ms,
            deafened_ms = excluded.deafened_ms, alone_ms = excluded.alone_ms, afk_ms = excluded.afk_ms,
            unseen_ms = excluded.unseen_ms";
    let [counted, muted, deafened, alone, afk, unseen] = seat.tally.0.map(|ms| ms as i64);
    tx.write()?.prepare_cached(sql)?.execute(params![
        guild.sql(),
        seat.user.sql(),
        seat.name,
        serde_json::to_string(&seat.roles)?,
        seat.is_bot,
        seat.channel.sql(),
        bits(seat),
        seat.settled.seen_ms as i64,
        seat.settled.missed_ms as i64,
        counted,
        muted,
        deafened,
        alone,
        afk,
        unseen,
    ])?;
    Ok(())
}

/// Somebody is in voice no longer.
pub fn remove(tx: &Tx, guild: GuildId, user: UserId) -> Result<()> {
    let sql = "DELETE FROM voice_state WHERE guild = ?1 AND user = ?2";
    tx.write()?.prepare_cached(sql)?.execute([guild.sql(), user.sql()])?;
    Ok(())
}

/// Nobody of a guild is known to be in voice any more.
pub fn remove_all(tx: &Tx, guild: GuildId) -> Result<()> {
    tx.write()?.prepare_cached("DELETE FROM voice_state WHERE guild = ?1")?.execute([guild.sql()])?;
    Ok(())
}

/// The guild's AFK channel, as of the event that is being handled: what is known of guilds elsewhere is already ahead.
pub fn find_afk(tx: &Tx, guild: GuildId) -> Result<Option<ChannelId>> {
    let sql = "SELECT channel FROM voice_afk WHERE guild = ?1";
    let channel: Option<i64> = tx.read().prepare_cached(sql)?.query_row([guild.sql()], |row| row.get(0)).optional()?;
    Ok(channel.and_then(|channel| ChannelId::try_from(channel).ok()))
}

/// Stores the guild's AFK channel, where that is news.
pub fn save_afk(tx: &Tx, guild: GuildId, channel: Option<ChannelId>) -> Result<()> {
    match (find_afk(tx, guild)?, channel) {
        (before, after) if before == after => {}
        (_, Some(channel)) => {
            let sql = "INSERT INTO voice_afk (guild, channel) VALUES (?1, ?2)
                ON CONFLICT (guild) DO UPDATE SET channel = excluded.channel";
            tx.write()?.prepare_cached(sql)?.execute([guild.sql(), channel.sql()])?;
        }
        (_, None) => {
            tx.write()?.prepare_cached("DELETE FROM voice_afk WHERE guild = ?1")?.execute([guild.sql()])?;
        }
    }
    Ok(())
}

/// A new process has seen nothing yet: what the last one did not settle stays unpaid.
pub fn begin_anew(tx: &Tx) -> Result<()> {
    tx.write()?.execute("UPDATE voice_state SET seen_ms = 0, missed_ms = 0", ())?;
    Ok(())
}

fn list(connection: &Connection, guild: GuildId) -> Result<Vec<Seat>> {
    let sql = "SELECT user, name, roles, bot, channel, flags, seen_ms, missed_ms, counted_ms, muted_ms, deafened_ms,
            alone_ms, afk_ms, unseen_ms
        FROM voice_state WHERE guild = ?1 ORDER BY user";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([guild.sql()])?;
    let mut seats = Vec::new();
    while let Some(row) = rows.next()? {
        seats.push(seat(row)?);
    }
    Ok(seats)
}

fn seat(row: &Row<'_>) -> Result<Seat> {
    let ms = |column: usize| row.get::<_, i64>(column).map(|ms| u64::try_from(ms).unwrap_or(0));
    let flags: u8 = row.get(5)?;
    Ok(Seat {
        user: UserId::try_from(row.get::<_, i64>(0)?)?,
        name: row.get(1)?,
        roles: serde_json::from_str::<Vec<RoleId>>(&row.get::<_, String>(2)?)?,
        is_bot: row.get(3)?,
        channel: ChannelId::try_from(row.get::<_, i64>(4)?)?,
        flags: VoiceFlags { muted: flags & 1 != 0, deafened: flags & 2 != 0, suppressed: flags & 4 != 0 },
        is_afk: flags & 8 != 0,
        settled: Mark { seen_ms: ms(6)?, missed_ms: ms(7)? },
        tally: Tally([ms(8)?, ms(9)?, ms(10)?, ms(11)?, ms(12)?, ms(13)?]),
    })
}

fn bits(seat: &Seat) -> u8 {
    let VoiceFlags { muted, deafened, suppressed } = seat.flags;
    u8::from(muted) | u8::from(deafened) << 1 | u8::from(suppressed) << 2 | u8::from(seat.is_afk) << 3
}
