//! Cases and what became of them, as rows.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rules::{Kind, Weight};
use crate::model::{ChannelId, GuildId, MessageId, Result, Timestamp, Told, UserId};
use crate::store::Tx;

/// A case as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub guild: GuildId,
    pub number: i64,
    pub kind: Kind,
    pub user: UserId,
    /// Their name at the time.
    pub user_name: String,
    /// None: a rule of the configuration.
    pub moderator: Option<UserId>,
    pub moderator_name: String,
    pub reason: String,
    pub at: Timestamp,
    pub ends_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub state: State,
    /// Why it failed.
    pub words: Option<String>,
    pub told: Option<Told>,
    pub link: Option<String>,
    pub by_hand: bool,
    pub resolved: Option<Resolved>,
    pub hidden: bool,
    pub undone_by: Option<i64>,
    pub revision: i64,
    pub log: Option<Posted>,
    /// What a program calls it that put it on record; none: the bot knows of it by itself.
    pub action: Option<String>,
}

/// Whether Discord did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Pending,
    Done,
    Failed,
}

impl State {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    pub at: Timestamp,
    pub by: String,
    pub note: String,
}

/// The message of a case in the modlog, and which revision it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posted {
    pub channel: ChannelId,
    pub message: MessageId,
    pub revision: i64,
}

/// A case to be made.
#[derive(Debug, Clone)]
pub struct NewCase<'a> {
    pub guild: GuildId,
    pub kind: Kind,
    pub user: UserId,
    pub user_name: &'a str,
    pub moderator: Option<UserId>,
    pub moderator_name: &'a str,
    pub reason: &'a str,
    pub at: Timestamp,
    pub ends_at: Option<Timestamp>,
    pub state: State,
    pub link: Option<&'a str>,
    /// What it came from, and which of the cases that come from it.
    pub source: u64,
    pub part: u8,
    pub by_hand: bool,
    pub action: Option<&'a str>,
}

impl Case {
    pub fn weight(&self) -> Weight {
        let settled = self.resolved.is_some() || self.undone_by.is_some() || self.ended_at.is_some();
        Weight { kind: self.kind, failed: self.state == State::Failed, settled, ends_at: self.ends_at }
    }
}

/// Writes a case under the next number of its guild, which it returns: one thread writes, so no two get the same.
pub fn insert(tx: &Tx, case: &NewCase<'_>) -> Result<i64> {
    let connection = tx.write()?;
    let sql =
        "INSERT INTO moderation_case (guild, number, kind, user, user_name, moderator, moderator_name, reason, at,
            ends_at, state, link, source, part, by_hand, action)
        VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM moderation_case WHERE guild = ?1),
            ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
        RETURNING number";
    let values = params![
        case.guild.sql(),
        case.kind.word(),
        case.user.sql(),
        case.user_name,
        case.moderator.map(UserId::sql),
        case.moderator_name,
        case.reason,
        case.at.ms(),
        case.ends_at.map(Timestamp::ms),
        case.state.word(),
        case.link,
        case.source as i64,
        case.part,
        case.by_hand,
        case.action,
    ];
    let number = connection.prepare_cached(sql)?.query_row(values, |row| row.get(0))?;
    tx.hurry();
    Ok(number)
}

/// Whether something has become a case already.
pub fn is_known(connection: &Connection, guild: GuildId, source: u64) -> Result<bool> {
    let sql = "SELECT 1 FROM moderation_case WHERE guild = ?1 AND source = ?2";
    Ok(connection.prepare_cached(sql)?.exists(params![guild.sql(), source as i64])?)
}

/// The case that came from a source, as the nth of its cases.
pub fn find_part(connection: &Connection, guild: GuildId, source: u64, part: u8) -> Result<Option<Case>> {
    let sql = format!("SELECT {COLUMNS} FROM moderation_case WHERE guild = ?1 AND source = ?2 AND part = ?3");
    let values = params![guild.sql(), source as i64, part];
    Ok(connection.prepare_cached(&sql)?.query_row(values, read).optional()?)
}

/// Nobody settled it, as the index `moderation_case_open` has it. SQLite is told which index to use: it takes the guild
/// alone for precise enough, and would walk through all of its cases.
const OPEN: &str = "resolved_at IS NULL AND undone_by IS NULL AND ended_at IS NULL AND state <> 'failed'";

pub(super) const COLUMNS: &str = "guild, number, kind, user, user_name, moderator, moderator_name, reason, at, ends_at, ended_at, \
    state, words, told, told_words, link, by_hand, resolved_at, resolved_by, resolution, hidden, undone_by, revision, \
    log_channel, log_message, log_revision, action";

pub fn find(connection: &Connection, guild: GuildId, number: i64) -> Result<Option<Case>> {
    let sql = format!("SELECT {COLUMNS} FROM moderation_case WHERE guild = ?1 AND number = ?2");
    Ok(connection.prepare_cached(&sql)?.query_row([guild.sql(), number], read).optional()?)
}

/// Cases from the newest on, after skipping `offset`: of one member or of all. Hidden ones are left out of a member's.
pub fn list(
    connection: &Connection,
    guild: GuildId,
    user: Option<UserId>,
    offset: u32,
    at_most: u32,
) -> Result<Vec<Case>> {
    match user {
        // Numbers first, from the index alone: pages far back cost little.
        Some(user) => {
            let sql = format!(
                "SELECT {COLUMNS} FROM moderation_case WHERE guild = ?1 AND number IN (
                    SELECT number FROM moderation_case WHERE guild = ?1 AND user = ?2 AND hidden = 0
                    ORDER BY number DESC LIMIT ?3 OFFSET ?4) ORDER BY number DESC"
            );
            collect(connection, &sql, params![guild.sql(), user.sql(), at_most, offset])
        }
        // Numbers have no gaps, so a page is a range of them.
        None => {
            let sql = format!(
                "SELECT {COLUMNS} FROM moderation_case WHERE guild = ?1 AND number <=
                    (SELECT max(number) FROM moderation_case WHERE guild = ?1) - ?2
                ORDER BY number DESC LIMIT ?3"
            );
            collect(connection, &sql, params![guild.sql(), offset, at_most])
        }
    }
}

/// A member's cases of one kind, the newest first.
pub fn list_of_kind(
    connection: &Connection,
    guild: GuildId,
    user: UserId,
    kind: Kind,
    at_most: u32,
) -> Result<Vec<Case>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM moderation_case INDEXED BY moderation_case_user
            WHERE guild = ?1 AND user = ?2 AND hidden = 0 AND kind = ?3 ORDER BY number DESC LIMIT ?4"
    );
    collect(connection, &sql, params![guild.sql(), user.sql(), kind.word(), at_most])
}

/// A member's cases that nobody settled, the newest first; some may have ended by themselves.
pub fn list_open(connection: &Connection, guild: GuildId, user: UserId, at_most: u32) -> Result<Vec<Case>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM moderation_case INDEXED BY moderation_case_open
            WHERE guild = ?1 AND user = ?2 AND {OPEN} ORDER BY number DESC LIMIT ?3"
    );
    collect(connection, &sql, params![guild.sql(), user.sql(), at_most])
}

/// The numbers of a member's cases of this kind that nobody settled.
pub fn list_unsettled(connection: &Connection, guild: GuildId, user: UserId, kind: Kind) -> Result<Vec<i64>> {
    unsettled(connection, guild, user, kind, "")
}

/// A case of this kind that Discord is still being asked for.
pub fn find_pending(connection: &Connection, guild: GuildId, user: UserId, kind: Kind) -> Result<Option<i64>> {
    // The sign keeps SQLite from finding a part of the index's own condition superfluous, and with it the index.
    Ok(unsettled(connection, guild, user, kind, "AND +state = 'pending'")?.pop())
}

fn unsettled(connection: &Connection, guild: GuildId, user: UserId, kind: Kind, more: &str) -> Result<Vec<i64>> {
    let sql = format!(
        "SELECT number FROM moderation_case INDEXED BY moderation_case_open
            WHERE guild = ?1 AND user = ?2 AND kind = ?3 AND {OPEN} {more} ORDER BY number"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let numbers = statement.query_map(params![guild.sql(), user.sql(), kind.word()], |row| row.get(0))?;
    Ok(numbers.collect::<rusqlite::Result<_>>()?)
}

/// How many cases a member has that are not hidden, and how many that are.
pub fn count_of(connection: &Connection, guild: GuildId, user: UserId) -> Result<(u32, u32)> {
    let sql = "SELECT count(*) FILTER (WHERE hidden = 0), count(*) FILTER (WHERE hidden = 1)
        FROM moderation_case WHERE guild = ?1 AND user = ?2";
    Ok(connection.prepare_cached(sql)?.query_row([guild.sql(), user.sql()], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// How many cases a guild has.
pub fn count(connection: &Connection, guild: GuildId) -> Result<u32> {
    let sql = "SELECT coalesce(max(number), 0) FROM moderation_case WHERE guild = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([guild.sql()], |row| row.get(0))?)
}

/// A member's warnings that count at `now` and were given after `since`.
pub fn count_warnings(
    connection: &Connection,
    guild: GuildId,
    user: UserId,
    since: Timestamp,
    now: Timestamp,
) -> Result<u32> {
    let sql = format!(
        "SELECT count(*) FROM moderation_case INDEXED BY moderation_case_open WHERE guild = ?1 AND user = ?2
            AND kind = 'warn' AND at > ?3 AND {OPEN} AND (ends_at IS NULL OR ends_at > ?4)"
    );
    let values = params![guild.sql(), user.sql(), since.ms(), now.ms()];
    Ok(connection.prepare_cached(&sql)?.query_row(values, |row| row.get(0))?)
}

/// Discord did it, or did not, in these words.
pub fn save_outcome(tx: &Tx, guild: GuildId, number: i64, state: State, words: Option<&str>) -> Result<()> {
    let sql = "UPDATE moderation_case SET state = ?3, words = ?4, revision = revision + 1
        WHERE guild = ?1 AND number = ?2";
    tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), number, state.word(), words])?;
    Ok(())
}

/// Whether they could be told.
pub fn save_told(tx: &Tx, guild: GuildId, number: i64, told: &Told) -> Result<()> {
    let (told, words) = match told {
        Told::Yes => (true, None),
        Told::No(words) => (false, Some(words)),
    };
    let sql = "UPDATE moderation_case SET told = ?3, told_words = ?4, revision = revision + 1
        WHERE guild = ?1 AND number = ?2";
    tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), number, told, words])?;
    Ok(())
}

/// It is over.
pub fn save_ended(tx: &Tx, guild: GuildId, number: i64, at: Timestamp) -> Result<()> {
    let sql = "UPDATE moderation_case SET ended_at = ?3, revision = revision + 1
        WHERE guild = ?1 AND number = ?2 AND ended_at IS NULL";
    tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), number, at.ms()])?;
    Ok(())
}

/// It ends at another time, or never.
pub fn save_end(tx: &Tx, guild: GuildId, number: i64, ends_at: Option<Timestamp>) -> Result<()> {
    let sql = "UPDATE moderation_case SET ends_at = ?3, revision = revision + 1 WHERE guild = ?1 AND number = ?2";
    tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), number, ends_at.map(Timestamp::ms)])?;
    Ok(())
}

/// Another reason stands there now.
pub fn save_reason(tx: &Tx, guild: GuildId, number: i64, reason: &str) -> Result<()> {
    let sql = "UPDATE moderation_case SET reason = ?3, revision = revision + 1 WHERE guild = ?1 AND number = ?2";
    tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), number, reason])?;
    Ok(())
}

/// Somebody settled it, or opened it again.
pub fn save_resolved(tx: &Tx, guild: GuildId, number: i64, resolved: Option<&Resolved>) -> Result<()> {
    let sql = "UPDATE moderation_case SET resolved_at = ?3, resolved_by = ?4, resolution = ?5, revision = revision + 1
        WHERE guild = ?1 AND number = ?2";
    let at = resolved.map(|resolved| resolved.at.ms());
    let (by, note) = (resolved.map(|resolved| &resolved.by), resolved.map(|resolved| &resolved.note));
    tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), number, at, by, note])?;
    Ok(())
}

/// Whether it is left out of lists.
pub fn save_hidden(tx: &Tx, guild: GuildId, number: i64, hidden: bool) -> Result<()> {
    let sql = "UPDATE moderation_case SET hidden = ?3, revision = revision + 1 WHERE guild = ?1 AND number = ?2";
    tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), number, hidden])?;
    Ok(())
}

/// It was taken back by the case with this number, or (none) was not after all.
pub fn save_undone(tx: &Tx, guild: GuildId, number: i64, by: Option<i64>) -> Result<()> {
    let sql = "UPDATE moderation_case SET undone_by = ?3, revision = revision + 1 WHERE guild = ?1 AND number = ?2";
    tx.write()?.prepare_cached(sql)?.execute(params![guild.sql(), number, by])?;
    Ok(())
}

/// The case that the case with this number takes back.
pub fn find_undone_by(connection: &Connection, guild: GuildId, user: UserId, by: i64) -> Result<Option<i64>> {
    let sql = "SELECT number FROM moderation_case INDEXED BY moderation_case_user
        WHERE guild = ?1 AND user = ?2 AND undone_by = ?3 AND number <> ?3";
    let values = [guild.sql(), user.sql(), by];
    Ok(connection.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?)
}

/// The case stands in the modlog; none: no longer.
pub fn save_log(tx: &Tx, guild: GuildId, number: i64, posted: Option<Posted>) -> Result<()> {
    let sql = "UPDATE moderation_case SET log_channel = ?3, log_message = ?4, log_revision = ?5
        WHERE guild = ?1 AND number = ?2";
    let (channel, message) = (posted.map(|p| p.channel.sql()), posted.map(|p| p.message.sql()));
    let values = params![guild.sql(), number, channel, message, posted.map(|p| p.revision)];
    tx.write()?.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

pub(super) fn collect(connection: &Connection, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<Case>> {
    let mut statement = connection.prepare_cached(sql)?;
    let cases = statement.query_map(values, read)?;
    Ok(cases.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Case> {
    let unreadable = |column| move || rusqlite::Error::IntegralValueOutOfRange(column, 0);
    let time = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_ms));
    let kind: String = row.get(2)?;
    let told_words = row.get::<_, Option<String>>(14)?.unwrap_or_default();
    let told = row.get::<_, Option<bool>>(13)?.map(|told| if told { Told::Yes } else { Told::No(told_words) });
    let resolved = match time(17)? {
        Some(at) => {
            let text = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<String>>(column)?.unwrap_or_default());
            Some(Resolved { at, by: text(18)?, note: text(19)? })
        }
        None => None,
    };
    let (channel, message): (Option<i64>, Option<i64>) = (row.get(23)?, row.get(24)?);
    let revision: Option<i64> = row.get(25)?;
    let log =
        channel.and_then(|id| ChannelId::try_from(id).ok()).zip(message.and_then(|id| MessageId::try_from(id).ok()));
    Ok(Case {
        guild: GuildId::try_from(row.get::<_, i64>(0)?).ok().ok_or_else(unreadable(0))?,
        number: row.get(1)?,
        kind: Kind::of_word(&kind).ok_or_else(unreadable(2))?,
        user: UserId::try_from(row.get::<_, i64>(3)?).ok().ok_or_else(unreadable(3))?,
        user_name: row.get(4)?,
        moderator: row.get::<_, Option<i64>>(5)?.and_then(|id| UserId::try_from(id).ok()),
        moderator_name: row.get(6)?,
        reason: row.get(7)?,
        at: Timestamp::from_ms(row.get(8)?),
        ends_at: time(9)?,
        ended_at: time(10)?,
        state: match row.get::<_, String>(11)?.as_str() {
            "pending" => State::Pending,
            "done" => State::Done,
            _ => State::Failed,
        },
        words: row.get(12)?,
        told,
        link: row.get(15)?,
        by_hand: row.get(16)?,
        resolved,
        hidden: row.get(20)?,
        undone_by: row.get(21)?,
        revision: row.get(22)?,
        log: log.map(|(channel, message)| Posted { channel, message, revision: revision.unwrap_or(0) }),
        action: row.get(26)?,
    })
}
