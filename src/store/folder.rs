//! The data folder and its lock: one process writes it at a time.
//!
//! The lock is `flock` on `hearth.lock`, which also holds the process id, so that the second
//! process can say who is in the way. The kernel drops the lock when the holder ends, however it ends.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::StoreError;

/// Name of the lock file inside the folder.
const LOCK: &str = "hearth.lock";

/// A data folder that this process holds. Clones share the lock; it ends with the last of them.
#[derive(Clone, Debug)]
pub struct DataFolder {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    /// Open as long as the folder is held.
    _lock: File,
}

impl DataFolder {
    /// Opens the folder, creating it for this user only (0700), and takes its lock.
    ///
    /// # Errors
    /// [`StoreError::Locked`] with the holder's process id; [`StoreError::Folder`] when the folder
    /// cannot be made or read. A folder on a read-only disk opens.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let wrong = |source| StoreError::Folder { path: path.to_path_buf(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(path).or_else(ignore_existing(path)).map_err(wrong)?;
        let path = path.canonicalize().map_err(wrong)?;
        let mut lock = lock_file(&path).map_err(wrong)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                let holder = holder(&mut lock);
                return Err(StoreError::Locked { path, holder });
            }
            Err(fs::TryLockError::Error(source)) => return Err(wrong(source)),
        }
        write_holder(&mut lock);
        Ok(Self { inner: Arc::new(Inner { path, _lock: lock }) })
    }

    /// The folder, absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// The database file inside it.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.inner.path.join("hearth.db")
    }
}

/// `create` on a read-only disk says EROFS also for a folder that is there.
fn ignore_existing(path: &Path) -> impl FnOnce(io::Error) -> io::Result<()> {
    move |error| if path.is_dir() { Ok(()) } else { Err(error) }
}

/// The file to lock: `hearth.lock`, or the folder itself where no file can be made (read-only disk).
fn lock_file(folder: &Path) -> io::Result<File> {
    let path = folder.join(LOCK);
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .or_else(|_| File::open(&path))
        .or_else(|_| File::open(folder))
}

fn holder(lock: &mut File) -> String {
    let mut text = String::new();
    match lock.take(32).read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        _ => "unknown".to_owned(),
    }
}

/// Best effort: the lock counts, the name in it only helps a person.
fn write_holder(lock: &mut File) {
    let text = format!("{}\n", std::process::id());
    let written = lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| lock.write_all(text.as_bytes()));
    if let Err(error) = written {
        tracing::debug!(%error, "the lock file does not name its holder");
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::store::scratch::Scratch;

    #[test]
    fn a_folder_is_made_for_its_user_only_and_has_one_holder() {
        let scratch = Scratch::new("folder");
        let path = scratch.path().join("deep/data");
        let first = DataFolder::open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        let refused = DataFolder::open(&path).unwrap_err().to_string();
        assert!(refused.contains(&std::process::id().to_string()), "{refused}");
        let clone = first.clone();
        drop(first);
        assert!(DataFolder::open(&path).is_err(), "a clone holds the lock");
        drop(clone);
        DataFolder::open(&path).unwrap();
    }

    #[test]
    fn a_file_where_the_folder_should_be_is_an_error_that_names_it() {
        let scratch = Scratch::new("folder-file");
        let path = scratch.path().join("data");
        fs::write(&path, "x").unwrap();
        let error = DataFolder::open(&path).unwrap_err();
        assert!(error.to_string().contains("data"), "{error}");
    }
}
