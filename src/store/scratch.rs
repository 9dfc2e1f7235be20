//! A folder for one unit test, removed with it.

use std::path::{Path, PathBuf};

/// The folder.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// A new empty folder under the system's temporary one.
    pub(super) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hearth-store-{}-{name}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
