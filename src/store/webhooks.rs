//! Hooks of API keys: where they are, how they did, and what is promised to them.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

use super::Tx;
use super::promises::{self, NewPromise};
use crate::model::effect::hook_lane;
use crate::model::webhook::{Delivery, HookKind, Posted, WebhookUrl};
use crate::model::{Effect, GuildId, Refusal, Result, Secret, Setback, Timestamp};

/// Hooks of a guild.
const HOOKS_OF_GUILD_MAX: i64 = 25;
/// Happenings that wait for a hook; past it the oldest is not delivered.
const WAITING_MAX: i64 = 1_000;
/// So many deliveries that are given up in a row disable a hook.
const FAILURES_MAX: i64 = 20;
/// What a server answers where there is nothing, and never will be.
const GONE: [u16; 2] = [404, 410];
const TOO_MANY_WAITED: &str = "More happenings waited than I keep, so the oldest was not delivered.";

/// Keys that are alive at `?2`.
const ALIVE: &str = "api_key.revoked_at IS NULL AND (api_key.expires_at IS NULL OR api_key.expires_at > ?2)";

/// A hook to make.
pub struct NewHook<'h> {
    pub api_key: i64,
    pub guild: GuildId,
    pub url: &'h WebhookUrl,
    pub kinds: &'h [HookKind],
    pub secret: &'h Secret,
}

/// A hook as it stands, without what is secret.
#[derive(Debug, Clone)]
pub struct Hook {
    pub id: i64,
    pub guild: GuildId,
    /// The name of its key.
    pub key: String,
    pub key_is_alive: bool,
    pub kinds: Vec<HookKind>,
    pub host: String,
    pub created_at: Timestamp,
    pub last_at: Option<Timestamp>,
    pub last_status: Option<u16>,
    pub last_words: Option<String>,
    pub failures: i64,
    pub dropped: i64,
    pub waiting: i64,
    pub disabled: bool,
}

/// Where a delivery goes.
pub enum Addressed {
    Found { url: String, secret: Secret },
    Disabled { url: String, secret: Secret },
    Gone,
    KeyOver,
}

/// Stores a hook; its number.
///
/// # Errors
/// A refusal where the guild has too many.
pub fn insert(tx: &Tx, new: &NewHook<'_>, now: Timestamp) -> Result<i64> {
    let connection = tx.write()?;
    let held = "SELECT count(*) FROM webhook WHERE guild = ?1";
    if connection.query_row(held, [new.guild.sql()], |row| row.get::<_, i64>(0))? >= HOOKS_OF_GUILD_MAX {
        let words = format!("This server has {HOOKS_OF_GUILD_MAX} webhooks already: delete one first.");
        return Err(Refusal::new(words).into());
    }
    let kinds = new.kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(" ");
    let sql = "INSERT INTO webhook (api_key, guild, url, kinds, secret, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let url = new.url.reveal().as_str();
    let values = params![new.api_key, new.guild.sql(), url, kinds, new.secret.reveal(), now.ms()];
    connection.execute(sql, values)?;
    Ok(connection.last_insert_rowid())
}

/// The newest hook of a key at this address, and its secret.
pub fn find_own(connection: &Connection, wanted: &NewHook<'_>) -> Result<Option<(i64, Secret)>> {
    let sql = "SELECT id, secret FROM webhook WHERE api_key = ?1 AND guild = ?2 AND url = ?3 ORDER BY id DESC LIMIT 1";
    let values = params![wanted.api_key, wanted.guild.sql(), wanted.url.reveal().as_str()];
    let read = |row: &Row<'_>| Ok((row.get(0)?, Secret::new(row.get::<_, String>(1)?)));
    Ok(connection.prepare_cached(sql)?.query_row(values, read).optional()?)
}

/// The hooks of a guild, the oldest first.
pub fn list(connection: &Connection, guild: GuildId, now: Timestamp) -> Result<Vec<Hook>> {
    let sql = format!(
        "SELECT webhook.id, webhook.guild, api_key.name, {ALIVE}, kinds, url, webhook.created_at, last_at, last_status,
            last_words, failures, dropped, disabled,
            (SELECT count(*) FROM promise WHERE state = 'due' AND lane = 'hook:' || webhook.id)
        FROM webhook JOIN api_key ON api_key.id = webhook.api_key WHERE webhook.guild = ?1 ORDER BY webhook.id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([guild.sql(), now.ms()])?;
    let mut hooks = Vec::new();
    while let Some(row) = rows.next()? {
        hooks.push(read(row)?);
    }
    Ok(hooks)
}

/// A hook of a guild.
pub fn find(connection: &Connection, guild: GuildId, id: i64, now: Timestamp) -> Result<Option<Hook>> {
    Ok(list(connection, guild, now)?.into_iter().find(|hook| hook.id == id))
}

/// Something that happened, as hooks are told of it.
pub struct Told {
    pub kind: HookKind,
    pub guild: GuildId,
    /// One event may be several happenings of a kind: what tells this one from the others.
    pub which: String,
    /// An object; ids are texts.
    pub fields: Value,
}

/// Promises to tell the hooks of the guild that are for such a happening: each once, however often it is told here
/// under the same source.
pub fn tell(tx: &Tx, source: &str, told: &Told, now: Timestamp) -> Result<()> {
    let Told { kind, guild, which, fields } = told;
    let word = kind.word();
    for (hook, host) in list_for(tx.read(), *guild, *kind, now)? {
        let origin = format!("{source}:hook.{hook}.{word}.{which}");
        let delivery = Delivery::new(hook, &origin, (word, *guild), fields.clone(), now);
        let about = format!("tell {host} of {word}");
        promise(tx, Order { guild: *guild, origin, about: &about, delivery }, now)?;
    }
    Ok(())
}

/// The hooks of a guild that are to be told of such a happening, with the servers that they are on.
fn list_for(connection: &Connection, guild: GuildId, kind: HookKind, now: Timestamp) -> Result<Vec<(i64, String)>> {
    let sql = format!(
        "SELECT webhook.id, kinds, url FROM webhook JOIN api_key ON api_key.id = webhook.api_key
            WHERE webhook.guild = ?1 AND NOT disabled AND {ALIVE} ORDER BY webhook.id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([guild.sql(), now.ms()])?;
    let mut hooks = Vec::new();
    while let Some(row) = rows.next()? {
        if HookKind::read(&row.get::<_, String>(1)?).contains(&kind) {
            hooks.push((row.get(0)?, host_of(&row.get::<_, String>(2)?)));
        }
    }
    Ok(hooks)
}

/// Where a hook is, and whether it may be told anything.
pub fn find_address(connection: &Connection, id: i64, now: Timestamp) -> Result<Addressed> {
    let sql = format!(
        "SELECT url, secret, disabled, {ALIVE} FROM webhook JOIN api_key ON api_key.id = webhook.api_key
            WHERE webhook.id = ?1"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id, now.ms()])?;
    let Some(row) = rows.next()? else { return Ok(Addressed::Gone) };
    let (url, secret) = (row.get(0)?, Secret::new(row.get::<_, String>(1)?));
    Ok(match (row.get(2)?, row.get(3)?) {
        (_, false) => Addressed::KeyOver,
        (true, true) => Addressed::Disabled { url, secret },
        (false, true) => Addressed::Found { url, secret },
    })
}

/// Deletes a hook, and calls off what was promised to it. Whether there was one.
pub fn remove(tx: &Tx, guild: GuildId, id: i64, now: Timestamp) -> Result<bool> {
    let connection = tx.write()?;
    let gone = connection.execute("DELETE FROM webhook WHERE id = ?1 AND guild = ?2", [id, guild.sql()])? > 0;
    if gone {
        let sql = "UPDATE promise SET state = 'cancelled', words = 'its hook was deleted', ended_at = ?2
            WHERE state = 'due' AND lane = ?1";
        connection.execute(sql, params![hook_lane(id), now.ms()])?;
    }
    Ok(gone)
}

/// What is promised to a hook, and why.
pub struct Order<'o> {
    pub guild: GuildId,
    /// See [`NewPromise::origin`].
    pub origin: String,
    pub about: &'o str,
    pub delivery: Delivery,
}

/// Promises a delivery, once for its origin. Where too many wait, the oldest gives way.
pub fn promise(tx: &Tx, order: Order<'_>, now: Timestamp) -> Result<()> {
    let Order { guild, origin, about, delivery } = order;
    if promises::is_known(tx.read(), &origin)? {
        return Ok(());
    }
    let hook = delivery.hook;
    make_room(tx, hook, now)?;
    let (guild, about, effect) = (Some(guild), about.to_owned(), Effect::Deliver(delivery));
    let new = NewPromise { origin, target: None, guild, about, effect, due_at: now, tells: None };
    promises::insert(tx, &new, now)?;
    let sql = "UPDATE webhook SET last_promise = (SELECT id FROM promise WHERE origin = ?2) WHERE id = ?1";
    tx.write()?.prepare_cached(sql)?.execute(params![hook, new.origin])?;
    Ok(())
}

fn make_room(tx: &Tx, hook: i64, now: Timestamp) -> Result<()> {
    let lane = hook_lane(hook);
    let waiting = "SELECT count(*), min(id) FROM promise WHERE state = 'due' AND lane = ?1";
    let (waiting, oldest): (i64, Option<i64>) =
        tx.read().prepare_cached(waiting)?.query_row([&lane], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some(oldest) = oldest.filter(|_| waiting >= WAITING_MAX) else { return Ok(()) };
    promises::cancel(tx, oldest, TOO_MANY_WAITED, now)?;
    let sql = "UPDATE webhook SET dropped = dropped + 1, last_words = ?2 WHERE id = ?1";
    tx.write()?.prepare_cached(sql)?.execute(params![hook, TOO_MANY_WAITED])?;
    Ok(())
}

/// The latest delivery to a hook that is still known, and the number of its promise.
pub fn find_last(connection: &Connection, id: i64) -> Result<Option<(i64, Delivery)>> {
    let sql = "SELECT promise.id, promise.effect FROM webhook JOIN promise ON promise.id = webhook.last_promise
        WHERE webhook.id = ?1 AND promise.lane = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let read = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?));
    let Some((promise, effect)) = statement.query_row(params![id, hook_lane(id)], read).optional()? else {
        return Ok(None);
    };
    Ok(match serde_json::from_str(&effect)? {
        Effect::Deliver(delivery) => Some((promise, delivery)),
        _ => None,
    })
}

/// Takes down what came of an attempt. Whether the hook is disabled by it.
pub fn note_attempt(tx: &Tx, id: i64, posted: &Posted, now: Timestamp) -> Result<bool> {
    let words = posted.outcome.as_ref().err().map(Setback::words);
    // One that works is in use again; one that may work later is not judged.
    let (failures, disabled) = match &posted.outcome {
        Ok(()) => ("0", "0".to_owned()),
        Err(Setback::Later { .. }) => ("failures", "disabled".to_owned()),
        Err(Setback::Refused { .. }) if posted.status.is_some_and(|status| GONE.contains(&status)) => {
            ("failures + 1", "1".to_owned())
        }
        Err(Setback::Refused { .. }) => ("failures + 1", format!("disabled OR failures + 1 >= {FAILURES_MAX}")),
    };
    let sql = format!(
        "UPDATE webhook SET last_at = ?2, last_status = ?3, last_words = ?4, failures = {failures},
            disabled = {disabled} WHERE id = ?1 RETURNING disabled"
    );
    let values = params![id, now.ms(), posted.status, words];
    Ok(tx.write()?.prepare_cached(&sql)?.query_row(values, |row| row.get(0)).optional()?.unwrap_or(false))
}

fn read(row: &Row<'_>) -> Result<Hook> {
    let time = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_ms));
    Ok(Hook {
        id: row.get(0)?,
        guild: GuildId::try_from(row.get::<_, i64>(1)?)?,
        key: row.get(2)?,
        key_is_alive: row.get(3)?,
        kinds: HookKind::read(&row.get::<_, String>(4)?),
        host: host_of(&row.get::<_, String>(5)?),
        created_at: Timestamp::from_ms(row.get(6)?),
        last_at: time(7)?,
        last_status: row.get(8)?,
        last_words: row.get(9)?,
        failures: row.get(10)?,
        dropped: row.get(11)?,
        disabled: row.get(12)?,
        waiting: row.get(13)?,
    })
}

/// Of an address, what is no secret.
fn host_of(url: &str) -> String {
    url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}
