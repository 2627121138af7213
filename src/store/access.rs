//! Keys, tokens' secret, links to sign in and browsers that are signed in. Of everything secret only the hash is here.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Tx;
use crate::model::access::{
    self, ApiKey, LOCAL_ID, SESSION_IDLE, SESSION_LIFE, Scopes, WebSession, new_signing_secret, prefix_of,
};
use crate::model::{GuildId, Refusal, Result, Secret, Timestamp, UserId};

/// Keys that are alive at a time.
const KEYS_MAX: i64 = 1_000;
/// Links of one member that are good at a time: a new one puts the oldest out of use.
pub const LINKS_OF_ONE_MAX: usize = 5;
/// Browsers of one member that are signed in at a time, likewise.
const SESSIONS_OF_ONE_MAX: i64 = 20;

const KEY: &str =
    "SELECT id, name, prefix, scopes, guild, created_at, created_by, expires_at, last_used_at FROM api_key";

/// A key to make.
pub struct NewKey<'k> {
    pub name: &'k str,
    pub scopes: Scopes,
    pub guild: Option<GuildId>,
    pub created_by: Option<UserId>,
    pub expires_at: Option<Timestamp>,
}

/// Stores a key by its hash.
///
/// # Errors
/// A refusal where the name is taken or there are too many keys.
pub fn create_key(tx: &Tx, new: &NewKey<'_>, key: &Secret, now: Timestamp) -> Result<()> {
    let connection = tx.write()?;
    let taken = "SELECT 1 FROM api_key WHERE name = ?1 AND revoked_at IS NULL";
    if connection.prepare_cached(taken)?.exists([new.name])? {
        return Err(Refusal::new(format!("There is a key named {} already: revoke it first.", new.name)).into());
    }
    let alive = "SELECT count(*) FROM api_key WHERE revoked_at IS NULL";
    if connection.query_row(alive, (), |row| row.get::<_, i64>(0))? >= KEYS_MAX {
        return Err(Refusal::new(format!("There are {KEYS_MAX} keys already: revoke some first.")).into());
    }
    let sql = "INSERT INTO api_key (name, hash, prefix, scopes, guild, created_at, created_by, expires_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    connection.execute(
        sql,
        params![
            new.name,
            access::hash_of(key.reveal()),
            prefix_of(key),
            new.scopes.to_string(),
            new.guild.map(GuildId::sql),
            now.ms(),
            new.created_by.map(UserId::sql),
            new.expires_at.map(Timestamp::ms),
        ],
    )?;
    Ok(())
}

/// Keys that were not revoked, by name: those for this guild alone, or all.
pub fn list_keys(connection: &Connection, guild: Option<GuildId>) -> Result<Vec<ApiKey>> {
    let sql = format!("{KEY} WHERE revoked_at IS NULL AND (?1 IS NULL OR guild = ?1) ORDER BY name");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([guild.map(GuildId::sql)])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        keys.push(api_key(row)?);
    }
    Ok(keys)
}

/// Puts a key out of use, and with it its tokens; of all keys, or of those for this guild alone. Whether there was one.
pub fn revoke_key(tx: &Tx, name: &str, guild: Option<GuildId>, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE api_key SET revoked_at = ?3
        WHERE name = ?1 AND revoked_at IS NULL AND (?2 IS NULL OR guild = ?2)";
    Ok(tx.write()?.execute(sql, params![name, guild.map(GuildId::sql), now.ms()])? > 0)
}

/// The key that this text is, if it is one that is alive.
pub fn find_key(connection: &Connection, key: &str, now: Timestamp) -> Result<Option<ApiKey>> {
    let sql = format!("{KEY} WHERE hash = ?1 AND revoked_at IS NULL");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([access::hash_of(key)])?;
    let found = rows.next()?.map(api_key).transpose()?;
    Ok(found.filter(|key| key.is_alive(now)))
}

/// The key that this token is of, if both are alive.
pub fn find_key_of_token(connection: &Connection, token: &str, now: Timestamp) -> Result<Option<ApiKey>> {
    let Some(id) = find_number_of_token(connection, token, now)? else { return Ok(None) };
    find_key_by_number(connection, id, now)
}

/// The key that this refresh token is of, if both are alive; that of local development, where it is a token of that.
pub fn find_key_of_refresh(connection: &Connection, token: &str, now: Timestamp) -> Result<Option<ApiKey>> {
    let secret = find_signing_secret(connection)?;
    match secret.and_then(|secret| access::read_refresh(&secret, token, now)) {
        None => Ok(None),
        Some(LOCAL_ID) => Ok(Some(ApiKey::local(now))),
        Some(id) => find_key_by_number(connection, id, now),
    }
}

fn find_key_by_number(connection: &Connection, id: i64, now: Timestamp) -> Result<Option<ApiKey>> {
    let sql = format!("{KEY} WHERE id = ?1 AND revoked_at IS NULL");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id])?;
    let found = rows.next()?.map(api_key).transpose()?;
    Ok(found.filter(|key| key.is_alive(now)))
}

/// Whether this is a token of the key of local development, and not over.
pub fn is_local_token(connection: &Connection, token: &str, now: Timestamp) -> Result<bool> {
    Ok(find_number_of_token(connection, token, now)? == Some(LOCAL_ID))
}

fn find_number_of_token(connection: &Connection, token: &str, now: Timestamp) -> Result<Option<i64>> {
    let secret = find_signing_secret(connection)?;
    Ok(secret.and_then(|secret| access::read_token(&secret, token, now)))
}

/// Notes that a key was used.
pub fn note_use(tx: &Tx, key: i64, now: Timestamp) -> Result<()> {
    tx.write()?.execute("UPDATE api_key SET last_used_at = ?2 WHERE id = ?1", [key, now.ms()])?;
    Ok(())
}

/// What tokens are signed with; made when it is first asked for.
pub fn signing_secret(tx: &Tx) -> Result<Vec<u8>> {
    if let Some(secret) = find_signing_secret(tx.read())? {
        return Ok(secret);
    }
    let secret = new_signing_secret();
    tx.write()?.execute("INSERT INTO token_secret (only_row, secret) VALUES (1, ?1)", [&secret])?;
    Ok(secret)
}

fn find_signing_secret(connection: &Connection) -> Result<Option<Vec<u8>>> {
    Ok(connection.prepare_cached("SELECT secret FROM token_secret")?.query_row((), |row| row.get(0)).optional()?)
}

/// Somebody, as they are to be signed in.
pub struct Comer {
    pub guild: GuildId,
    pub user: UserId,
    pub name: String,
}

/// Stores a link for somebody, good until it ends.
pub fn add_link(tx: &Tx, comer: &Comer, pass: &Secret, now: Timestamp, ends: Timestamp) -> Result<()> {
    let connection = tx.write()?;
    connection.execute("DELETE FROM login_link WHERE expires_at <= ?1", [now.ms()])?;
    let one_too_many = "DELETE FROM login_link WHERE hash IN (SELECT hash FROM login_link WHERE user = ?1
        ORDER BY expires_at DESC LIMIT -1 OFFSET ?2)";
    connection.execute(one_too_many, params![comer.user.sql(), LINKS_OF_ONE_MAX as i64 - 1])?;
    let sql = "INSERT INTO login_link (hash, guild, user, user_name, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)";
    let hash = access::hash_of(pass.reveal());
    connection.execute(sql, params![hash, comer.guild.sql(), comer.user.sql(), comer.name, ends.ms()])?;
    Ok(())
}

/// For whom a link is, if it is still good.
pub fn find_link(connection: &Connection, pass: &str, now: Timestamp) -> Result<Option<Comer>> {
    let sql = "SELECT guild, user, user_name FROM login_link WHERE hash = ?1 AND expires_at > ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![access::hash_of(pass), now.ms()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(Comer {
        guild: GuildId::try_from(row.get::<_, i64>(0)?)?,
        user: UserId::try_from(row.get::<_, i64>(1)?)?,
        name: row.get(2)?,
    }))
}

/// Uses a link up: who came by it is signed in with this cookie. None: it is not good, or not any more.
pub fn use_link(tx: &Tx, pass: &str, cookie: &Secret, now: Timestamp) -> Result<Option<Comer>> {
    let Some(comer) = find_link(tx.read(), pass, now)? else { return Ok(None) };
    tx.write()?.execute("DELETE FROM login_link WHERE hash = ?1", [access::hash_of(pass)])?;
    begin_session(tx, &comer, cookie, now)?;
    Ok(Some(comer))
}

/// Signs a browser in with this cookie, for somebody of whom it is known who they are.
pub fn begin_session(tx: &Tx, comer: &Comer, cookie: &Secret, now: Timestamp) -> Result<()> {
    let connection = tx.write()?;
    let over = "DELETE FROM web_session WHERE seen_at <= ?1 OR created_at <= ?2";
    let before = |life: std::time::Duration| now.ms() - i64::try_from(life.as_millis()).unwrap_or(i64::MAX);
    connection.execute(over, [before(SESSION_IDLE), before(SESSION_LIFE)])?;
    let one_too_many = "DELETE FROM web_session WHERE hash IN (SELECT hash FROM web_session WHERE user = ?1
        ORDER BY seen_at DESC LIMIT -1 OFFSET ?2)";
    connection.execute(one_too_many, params![comer.user.sql(), SESSIONS_OF_ONE_MAX - 1])?;
    let sql = "INSERT INTO web_session (hash, guild, user, user_name, created_at, seen_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?5)";
    let hash = access::hash_of(cookie.reveal());
    connection.execute(sql, params![hash, comer.guild.sql(), comer.user.sql(), comer.name, now.ms()])?;
    Ok(())
}

/// The browser with this cookie, if it is signed in.
pub fn find_session(connection: &Connection, cookie: &str, now: Timestamp) -> Result<Option<WebSession>> {
    let sql = "SELECT guild, user, user_name, created_at, seen_at FROM web_session WHERE hash = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([access::hash_of(cookie)])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let session = WebSession {
        guild: GuildId::try_from(row.get::<_, i64>(0)?)?,
        user: UserId::try_from(row.get::<_, i64>(1)?)?,
        name: row.get(2)?,
        created_at: Timestamp::from_ms(row.get(3)?),
        seen_at: Timestamp::from_ms(row.get(4)?),
    };
    Ok(session.is_alive(now).then_some(session))
}

/// Notes that a browser was seen.
pub fn note_seen(tx: &Tx, cookie: &str, now: Timestamp) -> Result<()> {
    let sql = "UPDATE web_session SET seen_at = ?2 WHERE hash = ?1";
    tx.write()?.execute(sql, params![access::hash_of(cookie), now.ms()])?;
    Ok(())
}

/// Signs a browser out.
pub fn end_session(tx: &Tx, cookie: &str) -> Result<()> {
    tx.write()?.execute("DELETE FROM web_session WHERE hash = ?1", [access::hash_of(cookie)])?;
    Ok(())
}

/// Signs all browsers of somebody out, and puts their links out of use; how many browsers there were.
pub fn end_sessions(tx: &Tx, user: UserId) -> Result<usize> {
    let connection = tx.write()?;
    connection.execute("DELETE FROM login_link WHERE user = ?1", [user.sql()])?;
    Ok(connection.execute("DELETE FROM web_session WHERE user = ?1", [user.sql()])?)
}

/// Takes somebody's name out of the keys of a guild that they made; how many there were.
pub fn forget_maker(tx: &Tx, guild: GuildId, user: UserId) -> Result<usize> {
    let sql = "UPDATE api_key SET created_by = NULL WHERE guild = ?1 AND created_by = ?2";
    Ok(tx.write()?.execute(sql, [guild.sql(), user.sql()])?)
}

fn api_key(row: &Row<'_>) -> Result<ApiKey> {
    let time = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_ms));
    Ok(ApiKey {
        id: row.get(0)?,
        name: row.get(1)?,
        prefix: row.get(2)?,
        // What is no scope any more allows nothing.
        scopes: row.get::<_, String>(3)?.parse().unwrap_or_default(),
        guild: row.get::<_, Option<i64>>(4)?.map(GuildId::try_from).transpose()?,
        created_at: Timestamp::from_ms(row.get(5)?),
        created_by: row.get::<_, Option<i64>>(6)?.map(UserId::try_from).transpose()?,
        expires_at: time(7)?,
        last_used_at: time(8)?,
    })
}
