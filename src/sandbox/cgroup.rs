//! Caps of control groups (cgroup v2): memory and processes of a whole tree, where limits of
//! setrlimit(2) count one process or all of a uid.
//!
//! cgroups(7), Documentation/admin-guide/cgroup-v2.rst. The wall is there where the group that Hearth was
//! started in is its own to divide (systemd: `Delegate=memory pids`), and nowhere else. Brain and spawner
//! move into a leaf of it, since a group with controllers holds no process itself; each hand gets another.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::policy::Class;
use crate::base::limits;

/// The leaf of brain and spawner.
const LEAF: &str = "hearth";

/// A delegated group, divided.
#[derive(Clone, Debug)]
pub(super) struct Groups(PathBuf);

impl Groups {
    /// Divides the group that this process is in, and moves it into the leaf; `None`, with everything as it
    /// was, where the group is not ours or has neither controller.
    pub(super) fn take_over() -> Option<Self> {
        let own = own_group()?;
        if own.file_name().is_some_and(|name| name == LEAF) {
            // Started again where the one before had moved to.
            let root = own.parent()?.to_owned();
            return enable(&root).ok().map(|()| Self(root));
        }
        let leaf = own.join(LEAF);
        match fs::create_dir(&leaf) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return None,
            _ => {}
        }
        let divided = enter(&leaf).and_then(|()| enable(&own));
        if divided.is_ok() {
            return Some(Self(own));
        }
        let _ = enter(&own);
        let _ = fs::remove_dir(&leaf);
        None
    }

    /// The door of the group of the hand at `place`, with the caps of its class: who writes «0» to it is in.
    ///
    /// # Errors
    /// The kernel's answer; without the caps there is no door.
    pub(super) fn door(&self, place: u32, class: Class) -> io::Result<File> {
        let group = self.0.join(format!("hand-{place}"));
        match fs::create_dir(&group) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let (memory, processes) = caps(class);
        put(&group.join("memory.max"), &memory.to_string())?;
        put(&group.join("pids.max"), &processes.to_string())?;
        match put(&group.join("memory.swap.max"), "0") {
            // A kernel without swap has no such file.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        File::options().write(true).open(group.join("cgroup.procs"))
    }

    /// How many processes in the group of the hand at `place` were ended for its memory, since there is the group.
    pub(super) fn ended_for_memory(&self, place: u32) -> u64 {
        let told = fs::read_to_string(self.0.join(format!("hand-{place}")).join("memory.events"));
        oom_kills(&told.unwrap_or_default())
    }

    /// Ends whatever is left in the group of a hand that ended (Linux 5.14; before, the sweep does it).
    pub(super) fn clear(&self, place: u32) {
        let _ = put(&self.0.join(format!("hand-{place}")).join("cgroup.kill"), "1");
    }
}

/// Walks through a door: this process, and what it forks, is counted there.
///
/// # Errors
/// The kernel's answer.
pub(super) fn walk_in(mut door: &File) -> io::Result<()> {
    door.write_all(b"0")
}

/// Memory in bytes, and processes, of one hand with all that it forks.
const fn caps(class: Class) -> (u64, u64) {
    match class {
        // The supervisor looks first, and says what was passed; this holds where it is too slow. Its `/tmp` counts too.
        Class::Shell => (limits::SHELL_TREE_BYTES + limits::SHELL_TMP_BYTES, limits::SHELL_PROCESSES_HARD),
        Class::Pure | Class::Files | Class::Lines | Class::Net | Class::Link | Class::Embed => {
            (limits::HAND_TREE_BYTES, 1)
        }
    }
}

/// The count in the text of `memory.events`; none where it is not told.
fn oom_kills(events: &str) -> u64 {
    events.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok()).unwrap_or_default()
}

fn enable(root: &Path) -> io::Result<()> {
    put(&root.join("cgroup.subtree_control"), "+memory +pids")
}

fn enter(group: &Path) -> io::Result<()> {
    put(&group.join("cgroup.procs"), "0")
}

/// Control files are written whole, and never made.
fn put(path: &Path, text: &str) -> io::Result<()> {
    File::options().write(true).open(path)?.write_all(text.as_bytes())
}

/// The folder of the group that this process is in.
fn own_group() -> Option<PathBuf> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    folder_of(path, &mounts)
}

/// The folder of a group by its path and the mounts (proc_pid_mountinfo(5)): root, mount point … - type.
fn folder_of(path: &str, mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let mut fields = place.split(' ').skip(3);
        let (root, point) = (fields.next()?, fields.next()?);
        kind.starts_with("cgroup2 ").then_some(())?;
        let below = Path::new(path).strip_prefix(root).ok()?;
        Some(Path::new(point).join(below))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_of_a_process_is_found_below_the_mount_that_shows_it() {
        let mounts = "22 1 0:20 / /proc rw - proc proc rw\n\
                      30 1 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
        let found = folder_of("/system.slice/hearth.service", mounts);
        assert_eq!(found.as_deref(), Some(Path::new("/sys/fs/cgroup/system.slice/hearth.service")));
        let inner = "30 1 0:26 /a.slice /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        assert_eq!(folder_of("/a.slice/b", inner).as_deref(), Some(Path::new("/sys/fs/cgroup/b")));
        assert_eq!(folder_of("/other/b", inner), None, "it is not to be seen here");
        assert_eq!(folder_of("/", "22 1 0:20 / /proc rw - proc proc rw\n"), None);
    }

    #[test]
    fn the_kernels_count_of_what_it_ended_is_read() {
        assert_eq!(oom_kills("low 0\nhigh 0\nmax 41\noom 3\noom_kill 2\noom_group_kill 7\n"), 2);
        assert_eq!(oom_kills("oom_group_kill 7\n"), 0);
        assert_eq!(oom_kills(""), 0);
    }

    #[test]
    fn the_kernels_cap_stands_behind_the_supervisors() {
        assert!(caps(Class::Shell).0 > limits::SHELL_TREE_BYTES && caps(Class::Shell).1 > limits::SHELL_PROCESSES);
        assert_eq!(caps(Class::Pure).1, 1, "a hand makes no process");
    }
}
