//! Looking a database over without changing it, for `innkeeper check`.

use std::path::Path;

use rusqlite::Connection;

use super::open::{self, OpenError};
use super::{Reader, open::schema_state};
use crate::model::Result;

/// What was found about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub name: &'static str,
    pub ok: bool,
    pub detail: String,
}

impl Finding {
    fn good(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, ok: true, detail: detail.into() }
    }

    fn bad(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, ok: false, detail: detail.into() }
    }
}

/// A rule that the tables of a room must hold to: the sentences say what breaks it.
pub type Verify = fn(&Reader) -> Result<Vec<String>>;

/// Looks a database over: whether it opens, its schema, its pages, and what the rooms know must hold.
pub fn inspect(path: &Path, rooms: &[(&'static str, Verify)]) -> Vec<Finding> {
    if !path.exists() {
        let detail = format!("{} does not exist yet; the first start makes it", path.display());
        return vec![Finding::good("database", detail)];
    }
    let connection = match open::open_reader(path) {
        Ok(connection) => connection,
        Err(error) => return vec![Finding::bad("database", OpenError::from_sqlite(path, &error).to_string())],
    };
    let mut findings = vec![syncs(&connection)];
    match schema_state(path, &connection) {
        Ok(words) => findings.push(Finding::good("schema", words)),
        Err(error) => {
            findings.push(Finding::bad("schema", error.to_string()));
            return findings;
        }
    }
    findings.push(pages(&connection));
    let is_known = open::is_known(&connection);
    let reader = Reader(connection);
    for (room, verify) in rooms {
        if !is_known {
            findings.push(Finding::good(room, "looked over once the next start has brought the schema up to date"));
            continue;
        }
        findings.push(match verify(&reader) {
            Ok(broken) if broken.is_empty() => Finding::good(room, "its records hold together"),
            Ok(broken) => Finding::bad(room, broken.join("; ")),
            Err(error) => Finding::bad(room, format!("could not be read: {error}")),
        });
    }
    findings
}

fn pages(connection: &Connection) -> Finding {
    let checked = connection.prepare("PRAGMA integrity_check(5)").and_then(|mut statement| {
        statement.query_map((), |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()
    });
    match checked {
        Ok(lines) if lines == ["ok"] => Finding::good("pages", "SQLite finds the file sound"),
        Ok(lines) => Finding::bad("pages", format!("damaged: {}. Restore a backup.", lines.join("; "))),
        Err(error) => Finding::bad("pages", format!("damaged: {error}. Restore a backup.")),
    }
}

/// Builds outside of this folder may miss the setting; it costs writes, not safety.
fn syncs(connection: &Connection) -> Finding {
    let sql = "SELECT count(*) FROM pragma_compile_options WHERE compile_options = 'HAVE_FDATASYNC'";
    match connection.query_row(sql, (), |row| row.get::<_, i64>(0)) {
        Ok(0) => Finding::good("sqlite", "built without HAVE_FDATASYNC: each commit writes a little more"),
        _ => Finding::good("sqlite", format!("SQLite {} syncs with fdatasync", rusqlite::version())),
    }
}
