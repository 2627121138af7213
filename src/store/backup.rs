//! Copies of the database, made before something that changes much of it.

use std::path::{Path, PathBuf};

use super::open::open_reader;
use crate::model::{Error, Result, Timestamp};

/// Copies of one kind that stay.
const KEPT: usize = 5;

/// Copies what is committed into a new file beside the database, `innkeeper.db.before-LABEL-TIME.0`, and drops the
/// oldest of its kind.
pub(super) fn make(path: &Path, label: &str, at: Timestamp) -> Result<PathBuf> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let kind = format!("{name}.before-{label}-");
    let time = at.utc().format("%Y%m%dT%H%M%S%3fZ");
    let free = |nth: &usize| !path.with_file_name(format!("{kind}{time}.{nth}")).exists();
    let nth = (0..=KEPT).find(free).unwrap_or(0);
    let copy = path.with_file_name(format!("{kind}{time}.{nth}"));
    let text = copy.to_str().ok_or_else(|| Error::Fault(anyhow::anyhow!("the database's path is no text")))?;
    open_reader(path)?.execute("VACUUM INTO ?1", [text])?;
    std::fs::File::open(&copy)?.sync_all()?;
    tracing::info!(copy = %copy.display(), "the database was copied");
    drop_oldest(path, &kind)?;
    Ok(copy)
}

fn drop_oldest(path: &Path, kind: &str) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let is_of_kind = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(kind));
    let mut copies: Vec<_> = entries.filter(is_of_kind).collect();
    // Their names end in the time.
    copies.sort_unstable();
    for old in copies.iter().rev().skip(KEPT) {
        std::fs::remove_file(old)?;
    }
    Ok(())
}
