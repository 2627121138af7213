//! What happened in the communities, as those outside are told of it. A row is written with what caused it, in its
//! transaction; the newest are kept, so that who was away for a while is told the rest.

use rusqlite::{Connection, Row, params};
use serde_json::{Value, json};

use super::webhooks::{self, Told};
use super::{Tx, people, promises};
use crate::model::webhook::HookKind;
use crate::model::{GuildId, Result, Timestamp, UserId};

/// So many are kept, and at most …
const KEPT: i64 = 1_000;
/// … so many more: old ones go together, so that not each new one touches another page.
const REMOVED_AT_ONCE: i64 = 64;
/// What happens, by name.
pub const KINDS: [&str; 7] = ["case", "kudos", "level_up", "member", "presence", "promise", "tool_unlocked"];
/// The number of what is told to who listens at that moment, and kept for nobody: it would push out everything else.
pub const LIVE: i64 = 0;

/// Who may know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Everybody, where the owner shows the board to everybody.
    Everybody,
    Members,
    Moderators,
}

impl Audience {
    const fn word(self) -> &'static str {
        match self {
            Self::Everybody => "everybody",
            Self::Members => "members",
            Self::Moderators => "moderators",
        }
    }

    fn of_word(word: &str) -> Self {
        let known = [Self::Everybody, Self::Members].into_iter().find(|audience| audience.word() == word);
        known.unwrap_or(Self::Moderators)
    }
}

/// Something that happened in a community, as those outside are told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    /// Later ones have larger ones, also after a restart; [`LIVE`] for what is not kept.
    pub id: i64,
    /// One of [`KINDS`].
    pub kind: &'static str,
    pub guild: GuildId,
    pub at: Timestamp,
    pub audience: Audience,
    /// An object; ids are texts.
    pub fields: Value,
}

impl Happening {
    /// One that is not stored yet: its number comes with that.
    pub fn new(kind: &'static str, guild: GuildId, audience: Audience, fields: Value, at: Timestamp) -> Self {
        Self { id: 0, kind, guild, at, audience, fields }
    }

    /// The fields, `guild_id`, and `timestamp` as RFC 3339, as one JSON object.
    pub fn json(&self) -> Value {
        let mut json = self.fields.clone();
        json["guild_id"] = json!(self.guild);
        json["timestamp"] = self.at.rfc3339().into();
        json
    }
}

/// Stores it under the next number.
pub fn insert(tx: &Tx, happening: &Happening) -> Result<()> {
    let connection = tx.write()?;
    let Happening { kind, guild, at, audience, fields, .. } = happening;
    let sql = "INSERT INTO happening (guild, kind, audience, fields, at) VALUES (?1, ?2, ?3, ?4, ?5)";
    let values = params![guild.sql(), kind, audience.word(), fields.to_string(), at.ms()];
    connection.prepare_cached(sql)?.execute(values)?;
    let id = connection.last_insert_rowid();
    if id % REMOVED_AT_ONCE == 0 {
        connection.prepare_cached("DELETE FROM happening WHERE id <= ?1")?.execute([gone_by(id)])?;
    }
    Ok(())
}

/// Notes what became of a promise. Answers to commands are not told of: they are on their way in this moment.
pub(super) fn note_promise(tx: &Tx, id: i64, change: &str, now: Timestamp) -> Result<()> {
    let sql = "SELECT guild, about, due_at, state, lane GLOB 'hook:*' FROM promise
        WHERE id = ?1 AND guild IS NOT NULL AND origin NOT GLOB '*:answer*'";
    let mut statement = tx.read().prepare_cached(sql)?;
    let mut rows = statement.query([id])?;
    let Some(row) = rows.next()? else { return Ok(()) };
    let Ok(guild) = GuildId::try_from(row.get::<_, i64>(0)?) else { return Ok(()) };
    let due_at = Timestamp::from_ms(row.get(2)?).rfc3339();
    let (about, state): (String, String) = (row.get(1)?, row.get(3)?);
    let fields = json!({"promise_id": id, "change": change, "about": about, "due_at": due_at, "state": state});
    let is_delivery: bool = row.get(4)?;
    insert(tx, &Happening::new("promise", guild, Audience::Moderators, fields.clone(), now))?;
    // Of what is promised to hooks they are not told: there would be no end of it.
    if is_delivery {
        return Ok(());
    }
    let which = tx.read().last_insert_rowid().to_string();
    webhooks::tell(tx, &format!("promise {id}"), &Told { kind: HookKind::Promise, guild, which, fields }, now)
}

/// The newest number that was given; 0: none was.
pub fn newest(connection: &Connection) -> Result<i64> {
    let sql = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'happening'), 0)";
    Ok(connection.prepare_cached(sql)?.query_row((), |row| row.get(0))?)
}

/// The newest number that is not kept any more, when this one is the newest.
pub const fn gone_by(newest: i64) -> i64 {
    let gone = newest - newest % REMOVED_AT_ONCE - KEPT;
    if gone > 0 { gone } else { 0 }
}

/// What is kept after the one with this number, the oldest first.
pub fn list_after(connection: &Connection, after: i64, at_most: usize) -> Result<Vec<Happening>> {
    let sql = "SELECT id, guild, kind, audience, fields, at FROM happening WHERE id > ?1 ORDER BY id LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([after, at_most as i64])?;
    let mut happenings = Vec::new();
    while let Some(row) = rows.next()? {
        happenings.push(read(row)?);
    }
    Ok(happenings)
}

fn read(row: &Row<'_>) -> Result<Happening> {
    let (kind, audience): (String, String) = (row.get(2)?, row.get(3)?);
    Ok(Happening {
        id: row.get(0)?,
        // What another version knows is told, too.
        kind: KINDS.into_iter().find(|known| *known == kind).unwrap_or("other"),
        guild: GuildId::try_from(row.get::<_, i64>(1)?)?,
        at: Timestamp::from_ms(row.get(5)?),
        audience: Audience::of_word(&audience),
        fields: serde_json::from_str(&row.get::<_, String>(4)?)?,
    })
}

/// Removes what names a member: by their id or, as promises do, by their name; and what is told of promises that went.
pub fn forget(tx: &Tx, guild: GuildId, user: UserId) -> Result<usize> {
    let sql = "DELETE FROM happening WHERE guild = ?1 AND (instr(fields, ?2) > 0
        OR kind = 'promise' AND NOT EXISTS (SELECT 1 FROM promise WHERE promise.id = fields ->> 'promise_id'))";
    let mut gone = tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), user.to_string()])?;
    let name = people::find_name(tx.read(), guild, user)?.unwrap_or_default();
    if name.chars().count() >= promises::NAME_CHARS_MIN {
        let sql = "DELETE FROM happening WHERE guild = ?1 AND kind = 'promise' AND instr(fields ->> 'about', ?2) > 0";
        gone += tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), name])?;
    }
    Ok(gone)
}
