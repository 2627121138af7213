//! Cases of all guilds, as programs know them: by a number that no two guilds share.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::features::moderation::rules::Kind;
use crate::features::moderation::store::{COLUMNS, Case, read};
use crate::model::{GuildId, Result};
use crate::store::{Tx, id_list};

/// A case, with what only programs are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number among the cases of all guilds.
    pub id: i64,
    pub case: Case,
    /// How it was settled; it may stand there of one that was opened again.
    pub resolution: Option<String>,
}

impl Record {
    /// What was done, in the word of the program that did it, else in ours.
    pub fn action(&self) -> &str {
        self.case.action.as_deref().unwrap_or_else(|| self.case.kind.word())
    }
}

/// What programs keep apart, and we keep as cases of several kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    /// Those that were given as such, here or by a program.
    Warnings,
    /// The rest, without moderators' notes to themselves.
    Cases,
}

impl Record {
    /// Whether this is one of them.
    pub fn is_of(&self, only: Only) -> bool {
        match (only, self.case.kind) {
            // What a program calls so is a case of its own.
            (only, _) if self.case.action.is_some() => only == Only::Cases,
            (_, Kind::Note) => false,
            (only, Kind::Warn) => only == Only::Warnings,
            _ => only == Only::Cases,
        }
    }
}

/// Which cases; none: whichever.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of these guilds.
    pub guilds: Vec<GuildId>,
    pub user: Option<i64>,
    pub moderator: Option<i64>,
    /// Who stands for a rule of the configuration, which is nobody.
    pub nobody: Option<i64>,
    pub only: Option<Only>,
    /// What was done, in exactly this word.
    pub action: Option<String>,
    pub resolved: Option<bool>,
}

pub fn find(connection: &Connection, guild: GuildId, number: i64) -> Result<Option<Record>> {
    let sql = format!("SELECT {COLUMNS}, id FROM moderation_case WHERE guild = ?1 AND number = ?2");
    Ok(connection.prepare_cached(&sql)?.query_row([guild.sql(), number], record).optional()?)
}

/// The case of this number among those of all guilds.
pub fn find_any(connection: &Connection, id: i64) -> Result<Option<Record>> {
    let sql = format!("SELECT {COLUMNS}, id FROM moderation_case WHERE id = ?1");
    Ok(connection.prepare_cached(&sql)?.query_row([id], record).optional()?)
}

/// The newest first, hidden ones included.
pub fn list(connection: &Connection, wanted: &Wanted, at_most: u32) -> Result<Vec<Record>> {
    let sql = format!(
        "SELECT {COLUMNS}, id FROM moderation_case WHERE guild IN (SELECT value FROM json_each(?1))
            AND (?2 IS NULL OR user = ?2) AND (?3 IS NULL OR coalesce(moderator, ?4) = ?3)
            AND (?5 IS NULL OR (kind <> 'note' OR action IS NOT NULL) AND (kind = 'warn' AND action IS NULL) = ?5)
            AND (?6 IS NULL OR coalesce(action, kind) = ?6)
            AND (?7 IS NULL OR (resolved_at IS NOT NULL) = ?7)
        ORDER BY at DESC, id DESC LIMIT ?8"
    );
    let guilds = id_list(&wanted.guilds)?;
    let values = params![
        guilds,
        wanted.user,
        wanted.moderator,
        wanted.nobody,
        wanted.only.map(|only| only == Only::Warnings),
        wanted.action,
        wanted.resolved,
        at_most
    ];
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map(values, record)?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// What is said of how it was settled, whether it is or not.
pub fn save_resolution(tx: &Tx, id: i64, note: Option<&str>) -> Result<()> {
    tx.write()?
        .prepare_cached("UPDATE moderation_case SET resolution = ?2 WHERE id = ?1")?
        .execute(params![id, note])?;
    Ok(())
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let case = read(row)?;
    let resolution: Option<String> = row.get("resolution")?;
    // A command that settles without a word leaves an empty one.
    Ok(Record { id: row.get("id")?, case, resolution: resolution.filter(|words| !words.is_empty()) })
}
