//! One bot per database: a lock beside the file, held for as long as the process lives. The kernel lets it go when the
//! process ends, however it ends, so there are no stale locks.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::open::OpenError;

/// Held by the bot that runs on this database.
pub struct InstanceLock(#[expect(dead_code, reason = "held, not read")] File);

impl InstanceLock {
    /// Takes the lock, or says which process has it.
    pub fn take(database: &Path) -> Result<Self, OpenError> {
        let path = beside(database, "lock");
        if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|error| OpenError::unwritable(database, &error))?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(|error| OpenError::unwritable(database, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::taken(database, read_pid(&mut file))),
            Err(TryLockError::Error(error)) => return Err(OpenError::unwritable(database, &error)),
        }
        // The number is only for the words of a second instance; failing to write it changes nothing.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Self(file))
    }
}

/// The process that holds the lock of this database, as far as can be seen without taking it. A number that was left
/// behind and now belongs to another process is taken for the bot's.
pub(super) fn holder(database: &Path) -> Option<u32> {
    let mut file = File::open(beside(database, "lock")).ok()?;
    let pid = read_pid(&mut file)?;
    let processes = Path::new("/proc/self");
    (!processes.exists() || Path::new("/proc").join(pid.to_string()).exists()).then_some(pid)
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// The path of a helper file beside the database: `innkeeper.db` → `innkeeper.db.lock`.
pub(super) fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}
