//! A folder for a test, removed with its last user.

use std::path::PathBuf;

pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        let name = format!("innkeeper-gateway-{}-{:x}", std::process::id(), fastrand::u64(..));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
