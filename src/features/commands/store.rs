//! What servers set about commands, and how often these ran, in the database.

use rusqlite::{Connection, params};

use crate::model::{CommandRule, Counted, Day, GuildId, Outcome, Result, Tally, Timestamp, UserId};
use crate::store::{Reader, Tx};

/// Counts by day are kept this long.
const DAYS_KEPT: i64 = 35;
/// What runs are counted under when nobody is to be named.
const NOBODY: i64 = 0;

/// What every server set.
pub fn list(connection: &Connection) -> Result<Vec<(GuildId, String, CommandRule)>> {
    let sql = "SELECT guild, command, disabled, cooldown_seconds, level FROM command_rule";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map((), |row| {
        let rule = CommandRule { disabled: row.get(2)?, cooldown_seconds: row.get(3)?, level: row.get(4)? };
        Ok((row.get::<_, i64>(0)?, row.get(1)?, rule))
    })?;
    rows.map(|row| row.map_err(Into::into).and_then(|(guild, name, rule)| Ok((GuildId::try_from(guild)?, name, rule))))
        .collect()
}

/// Stores what a server set about a command; what says nothing new is not kept.
pub fn save(tx: &Tx, guild: GuildId, command: &str, rule: CommandRule) -> Result<()> {
    let connection = tx.write()?;
    if rule == CommandRule::default() {
        let sql = "DELETE FROM command_rule WHERE guild = ?1 AND command = ?2";
        connection.prepare_cached(sql)?.execute(params![guild.sql(), command])?;
        return Ok(());
    }
    let sql = "INSERT INTO command_rule (guild, command, disabled, cooldown_seconds, level)
        VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (guild, command) DO UPDATE SET disabled = excluded.disabled,
        cooldown_seconds = excluded.cooldown_seconds, level = excluded.level";
    let values = params![guild.sql(), command, rule.disabled, rule.cooldown_seconds, rule.level];
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

const SUMS: &str = "usage_count = usage_count + excluded.usage_count, ok = ok + excluded.ok,
    denied = denied + excluded.denied, refused = refused + excluded.refused, cooldown = cooldown + excluded.cooldown,
    disabled = disabled + excluded.disabled, fault = fault + excluded.fault, total_ms = total_ms + excluded.total_ms";

/// Adds to what was counted.
pub fn count(tx: &Tx, tallies: &[(Counted, Tally)]) -> Result<()> {
    let usage = format!(
        "INSERT INTO command_usage (usage_count, ok, denied, refused, cooldown, disabled, fault, total_ms,
            guild, command, user, last_used_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
        ON CONFLICT (guild, command, user) DO UPDATE SET {SUMS},
            last_used_at = max(last_used_at, excluded.last_used_at)"
    );
    let of_day = format!(
        "INSERT INTO command_day (usage_count, ok, denied, refused, cooldown, disabled, fault, total_ms,
            guild, command, day)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        ON CONFLICT (guild, day, command) DO UPDATE SET {SUMS}"
    );
    let connection = tx.write()?;
    for (counted, tally) in tallies {
        let [ok, denied, refused, cooldown, disabled, fault] = tally.by_outcome.map(|runs| runs as i64);
        let (runs, took) = (tally.runs() as i64, i64::try_from(tally.took_ms).unwrap_or(i64::MAX));
        let (guild, day) = (counted.guild.sql(), counted.day.number());
        let user = counted.user.map_or(NOBODY, UserId::sql);
        let at = tally.last_at.unwrap_or(Timestamp::from_ms(0)).ms();
        let command = counted.command;
        connection
            .prepare_cached(&usage)?
            .execute(params![runs, ok, denied, refused, cooldown, disabled, fault, took, guild, command, user, at])?;
        connection
            .prepare_cached(&of_day)?
            .execute(params![runs, ok, denied, refused, cooldown, disabled, fault, took, guild, command, day])?;
        let sql = "DELETE FROM command_day WHERE guild = ?1 AND day < ?2";
        connection.prepare_cached(sql)?.execute([guild, day - DAYS_KEPT])?;
    }
    Ok(())
}

/// How often each command ran in a server since a day, or ever: the most used first.
pub fn list_usage(connection: &Connection, guild: GuildId, since: Option<Day>) -> Result<Vec<(String, Tally)>> {
    let columns = "sum(ok), sum(denied), sum(refused), sum(cooldown), sum(disabled), sum(fault), sum(total_ms)";
    let sql = match since {
        None => {
            format!("SELECT command, {columns} FROM command_usage WHERE guild = ?1 AND ?2 IS NULL GROUP BY command")
        }
        Some(_) => {
            format!("SELECT command, {columns} FROM command_day WHERE guild = ?1 AND day >= ?2 GROUP BY command")
        }
    };
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![guild.sql(), since.map(Day::number)], |row| {
        let mut tally = Tally::default();
        for nth in 0..Outcome::ALL.len() {
            tally.by_outcome[nth] = row.get::<_, i64>(nth + 1)? as u64;
        }
        tally.took_ms = row.get::<_, i64>(Outcome::ALL.len() + 1)? as u64;
        Ok((row.get(0)?, tally))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Counts a member's runs as nobody's; returns how many commands that concerned.
pub fn forget(tx: &Tx, guild: GuildId, user: UserId) -> Result<usize> {
    let columns = "usage_count, ok, denied, refused, cooldown, disabled, fault, total_ms, guild, command";
    let sql = format!(
        "INSERT INTO command_usage ({columns}, user, last_used_at)
        SELECT {columns}, {NOBODY}, last_used_at FROM command_usage WHERE guild = ?1 AND user = ?2
        ON CONFLICT (guild, command, user) DO UPDATE SET {SUMS},
            last_used_at = max(last_used_at, excluded.last_used_at)"
    );
    let connection = tx.write()?;
    connection.prepare_cached(&sql)?.execute([guild.sql(), user.sql()])?;
    let sql = "DELETE FROM command_usage WHERE guild = ?1 AND user = ?2";
    Ok(connection.prepare_cached(sql)?.execute([guild.sql(), user.sql()])?)
}

/// Runs are as many as their outcomes.
pub fn verify(reader: &Reader) -> Result<Vec<String>> {
    let sql = "SELECT guild, command, count(*) FROM command_usage
        WHERE usage_count <> ok + denied + refused + cooldown + disabled + fault GROUP BY guild, command LIMIT 5";
    let mut statement = reader.prepare(sql)?;
    let rows = statement.query_map((), |row| {
        let (guild, command): (i64, String) = (row.get(0)?, row.get(1)?);
        Ok(format!("server {guild}: runs of {command} are not the sum of how they ended"))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
