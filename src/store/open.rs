//! Opening the database: settings, migrations, and words for everything that can be wrong with the file.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

/// How long other programs (a backup, `innkeeper key create`) may make us wait.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Small pages: a quiet community commits a row or two at a time, and each touched page is written whole.
const PAGE_BYTES: u32 = 1024;
/// The write-ahead log is folded into the file at this size.
const WAL_PAGES_MAX: u32 = 4096;
/// The log keeps this length on the disk, so that a commit does not change the file's length (and with it the
/// file system's own records).
const WAL_KEPT_BYTES: u32 = 8 * 1024 * 1024;
const CACHE_KIBIBYTES: i32 = 2048;
const STATEMENTS_KEPT: usize = 128;

mod migrations {
    refinery::embed_migrations!("migrations");
}

/// Why the database cannot be used, in words, and whether trying again can help.
#[derive(Debug)]
pub struct OpenError {
    words: String,
    /// A restart cannot mend it: the process should exit with 78.
    pub permanent: bool,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for OpenError {}

impl OpenError {
    pub(super) fn taken(path: &Path, pid: Option<u32>) -> Self {
        let by = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
        let words = format!("{} is in use by {by}: one bot per database. Stop that one first.", path.display());
        Self { words, permanent: false }
    }

    pub(super) fn unwritable(path: &Path, error: &std::io::Error) -> Self {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let words =
            format!("cannot write in {}: {error}. Set store.path to a folder of the bot's own.", folder.display());
        Self { words, permanent: false }
    }

    pub(super) fn unreadable(path: &Path, error: &dyn fmt::Display) -> Self {
        Self { words: format!("cannot use {}: {error}", path.display()), permanent: false }
    }

    fn newer(path: &Path, found: i64, known: i64) -> Self {
        let words = format!(
            "{} was written by a newer Innkeeper (schema {found}, this one knows {known}). Install that version again, \
             or restore a backup made before the update.",
            path.display()
        );
        Self { words, permanent: true }
    }

    fn damaged(path: &Path, detail: &dyn fmt::Display) -> Self {
        let words = format!(
            "{} is damaged or is no database of Innkeeper's ({detail}). It was not touched. Restore a backup, or move \
             the file away to begin anew.",
            path.display()
        );
        Self { words, permanent: true }
    }

    pub(super) fn from_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let code = error.sqlite_error_code();
        match code {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::damaged(path, error),
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                Self::unwritable(path, &std::io::Error::other(error.to_string()))
            }
            _ => Self { words: format!("cannot open {}: {error}", path.display()), permanent: false },
        }
    }
}

/// Opens the file for the writer, creating and migrating it where needed.
pub(super) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| OpenError::unwritable(path, &error))?;
    }
    let mut connection = connect(path).map_err(|error| OpenError::from_sqlite(path, &error))?;
    migrate(path, &mut connection)?;
    Ok(connection)
}

/// Opens the file for reading only, if it is as this program knows it.
pub(super) fn open_known(path: &Path) -> Result<Connection, OpenError> {
    let unreadable = |error| OpenError::from_sqlite(path, &error);
    let connection = open_reader(path).map_err(unreadable)?;
    match schema_version(&connection).map_err(unreadable)? {
        Some(found) if found == known_version() => Ok(connection),
        _ => {
            let state = schema_state(path, &connection)?;
            Err(OpenError::unreadable(path, &format_args!("its schema is not this program's ({state})")))
        }
    }
}

/// A database that is nowhere and empty, to try things against where there is none yet.
pub(super) fn open_nowhere() -> Result<Connection, OpenError> {
    let path = Path::new("(memory)");
    let mut connection = Connection::open_in_memory().map_err(|error| OpenError::from_sqlite(path, &error))?;
    migrate(path, &mut connection)?;
    Ok(connection)
}

/// Opens the file for the writer again, after an error: it must exist and be migrated already.
pub(super) fn reopen_writer(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    Ok(connection)
}

/// Opens the file for reading only.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIBIBYTES)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(connection)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    configure(&connection)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES_MAX)?;
    connection.pragma_update(None, "journal_size_limit", WAL_KEPT_BYTES)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIBIBYTES)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(())
}

fn migrate(path: &Path, connection: &mut Connection) -> Result<(), OpenError> {
    let known = known_version();
    let found = schema_version(connection).map_err(|error| OpenError::from_sqlite(path, &error))?;
    match found {
        Some(found) if found == known => return Ok(()),
        Some(found) if found > known => return Err(OpenError::newer(path, found, known)),
        Some(_) => {}
        None => refuse_foreign(path, connection)?,
    }
    migrations::migrations::runner().run(connection).map_err(|error| OpenError::damaged(path, &error))?;
    Ok(())
}

/// Whether the file's schema is just this program's.
pub(super) fn is_known(connection: &Connection) -> bool {
    schema_version(connection).is_ok_and(|found| found == Some(known_version()))
}

/// Whether this program can use the file's schema, in words.
pub(super) fn schema_state(path: &Path, connection: &Connection) -> Result<String, OpenError> {
    let known = known_version();
    match schema_version(connection).map_err(|error| OpenError::from_sqlite(path, &error))? {
        Some(found) if found > known => Err(OpenError::newer(path, found, known)),
        Some(found) if found == known => Ok(format!("version {found}, as it should be")),
        Some(found) => Ok(format!("version {found}; the next start brings it to {known}")),
        None => refuse_foreign(path, connection).map(|()| "empty; the next start fills it".to_owned()),
    }
}

/// The newest migration that this program has; `build.rs` says it.
fn known_version() -> i64 {
    const { parsed(env!("NEWEST_MIGRATION")) }
}

const fn parsed(digits: &str) -> i64 {
    let (digits, mut number, mut at) = (digits.as_bytes(), 0, 0);
    while at < digits.len() {
        number = number * 10 + (digits[at] - b'0') as i64;
        at += 1;
    }
    number
}

/// The newest migration that the file has seen; none for an empty file or somebody else's.
fn schema_version(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'refinery_schema_history'";
    if connection.query_row(sql, (), |row| row.get::<_, i64>(0))? == 0 {
        return Ok(None);
    }
    connection.query_row("SELECT max(version) FROM refinery_schema_history", (), |row| row.get(0))
}

fn refuse_foreign(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let tables = connection.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get::<_, i64>(0));
    match tables {
        Ok(0) => Ok(()),
        Ok(_) => Err(OpenError::damaged(path, &"it has other tables")),
        Err(error) => Err(OpenError::from_sqlite(path, &error)),
    }
}

/// Bytes of the database and its log.
pub(super) fn bytes_on_disk(path: &Path) -> u64 {
    let mut log = PathBuf::from(path).into_os_string();
    log.push("-wal");
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
    size(path) + size(Path::new(&log))
}

#[cfg(test)]
mod tests {
    use super::*;
    use refinery::Target;

    /// A database as the migrations up to this one left it.
    fn of_old(version: u32) -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrations::migrations::runner().set_target(Target::Version(version as _)).run(&mut connection).unwrap();
        connection
    }

    #[test]
    fn who_was_on_no_board_before_there_were_several_is_on_none_of_them() {
        let mut connection = of_old(2);
        let sql = "INSERT INTO xp (guild, user, xp, last_message, choices)
            VALUES (1, 10, 5, 0, 0), (1, 11, 5, 0, 2), (1, 12, 0, 0, 7), (1, 13, 5, 0, 5)";
        connection.execute(sql, ()).unwrap();
        migrate(Path::new("(memory)"), &mut connection).unwrap();
        let mut statement = connection.prepare("SELECT user FROM hidden WHERE guild = 1 ORDER BY user").unwrap();
        let hidden = statement.query_map((), |row| row.get(0)).unwrap();
        assert_eq!(hidden.collect::<rusqlite::Result<Vec<i64>>>().unwrap(), [11, 12]);
    }

    #[test]
    fn cases_that_were_there_get_a_number_for_all_guilds_and_lose_nothing() {
        let mut connection = of_old(13);
        let sql =
            "INSERT INTO moderation_case (guild, number, kind, user, user_name, moderator_name, reason, at, state,
                source, resolved_at, resolution, log_channel, log_message, log_revision)
            VALUES (2, 1, 'ban', 10, 'Ada', 'Mo', 'spam', 50, 'done', 1, 60, 'sorry', 7, 8, 1),
                (1, 1, 'note', 11, 'Bea', 'Mo', 'sings', 10, 'done', 2, NULL, NULL, NULL, NULL, NULL),
                (1, 2, 'warn', 10, 'Ada', 'Mo', 'loud', 90, 'failed', 3, NULL, NULL, NULL, NULL, NULL)";
        connection.execute(sql, ()).unwrap();
        migrate(Path::new("(memory)"), &mut connection).unwrap();
        let sql = "SELECT concat_ws(' ', id, guild, number, kind, user, user_name, reason, at, state, source,
            resolution, log_message, revision, ifnull(action, '-')) FROM moderation_case ORDER BY id";
        let mut statement = connection.prepare(sql).unwrap();
        let cases = statement.query_map((), |row| row.get(0)).unwrap().collect::<rusqlite::Result<Vec<String>>>();
        let wanted = [
            "1 1 1 note 11 Bea sings 10 done 2 1 -",
            "2 2 1 ban 10 Ada spam 50 done 1 sorry 8 1 -",
            "3 1 2 warn 10 Ada loud 90 failed 3 1 -",
        ];
        assert_eq!(cases.unwrap(), wanted);
    }

    #[test]
    fn the_newest_migration_is_the_newest_of_those_that_are_embedded() {
        let runner = migrations::migrations::runner();
        let newest = runner.get_migrations().iter().map(|migration| i64::from(migration.version())).max();
        assert_eq!(newest, Some(known_version()));
    }
}
