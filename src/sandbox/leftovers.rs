//! What a probe left that was killed: its folder and its shared memory go at the next one.
//!
//! A probe clears its stage away also when the spawner ends meanwhile. One that was killed itself cannot, and the
//! system holds only so many segments of shared memory (4096 as a rule).

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::unistd::geteuid;

/// What the name of a probe's folder begins with; its process id follows.
pub(super) const NAME: &str = "hearth-probe-";
/// A folder that is younger may be of a probe in another namespace of processes.
const AGE: Duration = Duration::from_secs(600);
/// Folders that one probe clears away at most.
const MOST: usize = 256;

/// Where a probe may put its folder up.
pub(super) fn places() -> impl Iterator<Item = PathBuf> {
    [std::env::temp_dir(), "/dev/shm".into(), "/run".into(), "/var/tmp".into()].into_iter()
}

/// Clears away what killed probes of this user left.
pub(super) fn clear() {
    let entries = places().filter_map(|place| fs::read_dir(place).ok()).flatten().flatten();
    let folders = entries.map(|entry| entry.path()).filter_map(|path| Some((left_by(&path)?, path)));
    for (pid, folder) in folders.take(MOST) {
        // SAFETY: numbers, and a null structure where nothing is written; a segment that is another's is refused.
        unsafe {
            let segment = libc::shmget(pid, 0, 0o600);
            if segment >= 0 {
                libc::shmctl(segment, libc::IPC_RMID, std::ptr::null_mut());
            }
        }
        if let Err(error) = fs::remove_dir_all(&folder) {
            tracing::debug!(%error, folder = %folder.display(), "what a probe left stays");
        }
    }
}

/// The probe that left this folder, if one did that has ended.
fn left_by(folder: &Path) -> Option<libc::key_t> {
    let pid: libc::key_t = folder.file_name()?.to_str()?.strip_prefix(NAME)?.parse().ok()?;
    let about = fs::symlink_metadata(folder).ok()?;
    let old = about.modified().ok()?.elapsed().is_ok_and(|age| age > AGE);
    let own = about.is_dir() && about.uid() == geteuid().as_raw();
    (own && old && !Path::new(&format!("/proc/{pid}")).exists()).then_some(pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_folders_of_probes_that_ended_are_left() {
        let place = std::env::temp_dir().join(format!("hearth-leftovers-{}", std::process::id()));
        // No process has a number so high (PID_MAX_LIMIT is 2^22).
        let names = ["hearth-probe-9999999", "hearth-probe-1", "hearth-probe-x", "other-9999999"];
        let hours_ago = std::time::SystemTime::now() - 12 * AGE;
        let folders: Vec<_> = names.iter().map(|name| place.join(name)).collect();
        for folder in &folders {
            fs::create_dir_all(folder).unwrap();
        }
        assert!(folders.iter().all(|folder| left_by(folder).is_none()), "they are young");
        for folder in &folders {
            fs::File::open(folder).unwrap().set_modified(hours_ago).unwrap();
        }
        assert_eq!(
            folders.iter().map(|folder| left_by(folder)).collect::<Vec<_>>(),
            [Some(9_999_999), None, None, None]
        );
        fs::remove_dir_all(&place).unwrap();
    }
}
