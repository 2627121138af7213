//! Who is in which voice channel, so that entering one can be told from a mute.

use rusqlite::{OptionalExtension, params};

use crate::model::{ChannelId, GuildId, Result, UserId, Voice};
use crate::store::Tx;

/// Notes where somebody is; tells whether that is another channel than before.
pub fn save_voice(tx: &Tx, guild: GuildId, voice: &Voice) -> Result<bool> {
    let sql = "SELECT channel FROM occasion_voice WHERE guild = ?1 AND user = ?2";
    let mut statement = tx.read().prepare_cached(sql)?;
    let known = statement.query_row([guild.sql(), voice.user.sql()], |row| row.get::<_, i64>(0)).optional()?;
    let channel = voice.channel.map(ChannelId::sql);
    if known == channel {
        return Ok(false);
    }
    match channel {
        Some(channel) => {
            let sql = "INSERT INTO occasion_voice (guild, user, channel) VALUES (?1, ?2, ?3)
                ON CONFLICT (guild, user) DO UPDATE SET channel = excluded.channel";
            tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), voice.user.sql(), channel])?;
        }
        None => remove_voice(tx, guild, voice.user)?,
    }
    Ok(true)
}

fn remove_voice(tx: &Tx, guild: GuildId, user: UserId) -> Result<()> {
    let sql = "DELETE FROM occasion_voice WHERE guild = ?1 AND user = ?2";
    tx.write()?.prepare_cached(sql)?.execute([guild.sql(), user.sql()])?;
    Ok(())
}

/// A guild tells who is in voice; whoever came while nobody could tell us came unseen.
pub fn save_voices(tx: &Tx, guild: GuildId, voices: &[Voice]) -> Result<()> {
    tx.write()?.prepare_cached("DELETE FROM occasion_voice WHERE guild = ?1")?.execute([guild.sql()])?;
    voices.iter().try_for_each(|voice| save_voice(tx, guild, voice).map(|_| ()))
}
