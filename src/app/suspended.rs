//! Whether tool calls are suspended, kept over a restart: a file in the data folder.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use crate::base::{Code, Fault};
use crate::store::DataFolder;

fn file(folder: &DataFolder) -> PathBuf {
    folder.path().join("suspended")
}

/// Whether an earlier run was suspended. A file that cannot be looked for counts as there.
pub(super) fn is(folder: &DataFolder) -> bool {
    file(folder).try_exists().unwrap_or(true)
}

/// Keeps it, on the disk when this returns.
///
/// # Errors
/// Where the disk refuses: what was said holds until the end of this process only.
pub(super) fn keep(folder: &DataFolder, suspended: bool) -> Result<(), Fault> {
    let path = file(folder);
    let done = if suspended {
        File::create(&path).and_then(|file| file.sync_all())
    } else {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    };
    done.and_then(|()| File::open(folder.path())?.sync_all()).map_err(|error| {
        let what = if suspended { "suspended" } else { "resumed" };
        let message = format!("{what}, but only until Hearth ends: {} could not be written: {error}", path.display());
        Fault::new(Code::System, message)
    })
}
