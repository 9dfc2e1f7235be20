//! Opens files beneath the workspace, and nothing outside it.
//!
//! The kernel holds the border: openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS, so that
//! `..`, absolute paths, symbolic links and races between check and use have nowhere to go. On
//! kernels before 5.6 there is no openat2, and the file tools are refused.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2, renameat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, unlinkat};

use crate::base::limits::PATH_BYTES;
use crate::base::{Code, Fault, IdSource};
use crate::guard::path::is_sensitive;

/// The folder of the file tools.
#[derive(Debug)]
pub struct Workspace {
    root: OwnedFd,
    place: PathBuf,
    ids: IdSource,
}

/// A file that is written beside its target and takes its place when it is whole.
pub(super) struct Draft {
    folder: OwnedFd,
    temporary: PathBuf,
    target: PathBuf,
    pub(super) file: File,
}

impl Workspace {
    /// Opens the workspace, making the folder where there is none.
    ///
    /// # Errors
    /// Where it cannot be made or opened.
    pub fn open(root: &Path, ids: IdSource) -> std::io::Result<Self> {
        std::fs::create_dir_all(root)?;
        Ok(Self { root: File::open(root)?.into(), place: root.to_owned(), ids })
    }

    /// A file for reading.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::Refused`] for a path that leaves the workspace or is no plain file.
    pub(super) fn read(&self, path: &str) -> Result<File, Fault> {
        let file = self.beneath(path, OFlag::O_RDONLY | OFlag::O_NONBLOCK, Mode::empty())?;
        plain(path, file)
    }

    /// A file for appending, made where there is none.
    ///
    /// # Errors
    /// As [`Workspace::read`].
    pub(super) fn append(&self, path: &str) -> Result<File, Fault> {
        let flags = OFlag::O_WRONLY | OFlag::O_APPEND | OFlag::O_CREAT | OFlag::O_NONBLOCK;
        let file = self.beneath(path, flags, Mode::S_IRUSR | Mode::S_IWUSR)?;
        plain(path, file)
    }

    /// The folder itself, for a hand that works in it.
    ///
    /// # Errors
    /// Where no descriptor is left.
    pub(super) fn folder(&self) -> Result<OwnedFd, Fault> {
        self.root.try_clone().map_err(|error| Fault::new(Code::System, format!("duplicate a descriptor: {error}")))
    }

    /// A draft that will replace `path`.
    ///
    /// # Errors
    /// As [`Workspace::read`]; the folder must exist.
    pub(super) fn draft(&self, path: &str) -> Result<Draft, Fault> {
        let path = self.checked(path)?;
        let name = path.file_name().ok_or_else(|| leaves(path))?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        let folder = self.resolve(parent, OFlag::O_DIRECTORY | OFlag::O_RDONLY, Mode::empty())?;
        let temporary = PathBuf::from(format!(".hearth-{}", self.ids.next()));
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW;
        let file = open_beneath(folder.as_fd(), &temporary, flags, Mode::S_IRUSR | Mode::S_IWUSR)
            .map_err(|error| fault(path, error))?;
        Ok(Draft { folder, temporary, target: PathBuf::from(name), file: file.into() })
    }

    fn beneath(&self, path: &str, flags: OFlag, mode: Mode) -> Result<OwnedFd, Fault> {
        self.resolve(self.checked(path)?, flags, mode)
    }

    /// A path inside, relative or with the workspace's own place before it; where links lead is the kernel's to judge.
    fn checked<'a>(&self, path: &'a str) -> Result<&'a Path, Fault> {
        if path.is_empty() || path.len() > PATH_BYTES || path.contains('\0') {
            return Err(Fault::new(Code::BadInput, format!("a path has 1 to {PATH_BYTES} bytes and no NUL")));
        }
        let whole = Path::new(path);
        let path = whole.strip_prefix(&self.place).unwrap_or(whole);
        if path.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Err(leaves(whole));
        }
        if is_sensitive(path) {
            let message = format!("«{}» has the name of a file of secrets; tools do not open it", path.display());
            return Err(Fault::new(Code::Refused, message));
        }
        Ok(path)
    }

    fn resolve(&self, path: &Path, flags: OFlag, mode: Mode) -> Result<OwnedFd, Fault> {
        open_beneath(self.root.as_fd(), path, flags, mode).map_err(|error| fault(path, error))
    }
}

impl Draft {
    /// Makes the draft the file: its bytes and its name are on disk when this returns.
    ///
    /// # Errors
    /// The step that failed; the old file is untouched then.
    pub(super) fn publish(self) -> Result<(), Fault> {
        let failed = |step: &str, error: &dyn std::fmt::Display| Fault::new(Code::System, format!("{step}: {error}"));
        self.file.sync_all().map_err(|error| failed("write the file to disk", &error))?;
        renameat(&self.folder, &self.temporary, &self.folder, &self.target)
            .map_err(|error| failed("give the file its name", &error))?;
        nix::unistd::fsync(&self.folder).map_err(|error| failed("write the folder to disk", &error))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After `publish` the name is gone and this finds nothing.
        let _ = unlinkat(&self.folder, &self.temporary, UnlinkatFlags::NoRemoveDir);
    }
}

fn open_beneath(root: std::os::fd::BorrowedFd<'_>, path: &Path, flags: OFlag, mode: Mode) -> nix::Result<OwnedFd> {
    let resolve = ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS;
    let how = OpenHow::new().flags(flags | OFlag::O_CLOEXEC).mode(mode).resolve(resolve);
    openat2(root, path, how)
}

fn leaves(path: &Path) -> Fault {
    let message = format!("«{}» is not a path inside the workspace: no «..», no leading «/»", path.display());
    Fault::new(Code::Refused, message)
}

fn plain(path: &str, file: OwnedFd) -> Result<File, Fault> {
    let file = File::from(file);
    match file.metadata() {
        Ok(metadata) if metadata.is_file() => Ok(file),
        Ok(_) => Err(Fault::new(Code::Refused, format!("«{path}» is not a plain file"))),
        Err(error) => Err(Fault::new(Code::System, format!("«{path}»: {error}"))),
    }
}

fn fault(path: &Path, error: Errno) -> Fault {
    let path = path.display();
    match error {
        Errno::ENOENT => Fault::new(Code::NotFound, format!("there is no «{path}» in the workspace")),
        Errno::EXDEV | Errno::ELOOP => Fault::new(Code::Refused, format!("«{path}» leads out of the workspace")),
        Errno::ENOSYS => Fault::new(Code::Refused, "this kernel has no openat2 (Linux 5.6): file tools are off"),
        error => Fault::new(Code::System, format!("«{path}»: {error}")),
    }
}

#[cfg(test)]
mod attacks;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Clock;

    fn workspace(name: &str) -> (PathBuf, Workspace) {
        let root = std::env::temp_dir().join(format!("hearth-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        let inside = root.join("inside");
        let workspace = Workspace::open(&inside, IdSource::after(Clock::system(), None)).expect("opened");
        std::fs::write(root.join("outside.txt"), "secret").expect("written");
        std::fs::write(inside.join("a.txt"), "hello").expect("written");
        std::os::unix::fs::symlink("../outside.txt", inside.join("escape")).expect("linked");
        std::os::unix::fs::symlink("a.txt", inside.join("alias")).expect("linked");
        std::os::unix::fs::symlink("/proc/self/root", inside.join("magic")).expect("linked");
        (root, workspace)
    }

    #[test]
    fn what_is_inside_opens_and_what_leads_out_is_refused() {
        let (root, workspace) = workspace("beneath");
        assert!(workspace.read("a.txt").is_ok());
        assert!(workspace.read("./alias").is_ok());
        for out in ["../outside.txt", "/etc/passwd", "escape", "magic/etc/passwd", "a/../../outside.txt"] {
            assert_eq!(workspace.read(out).map_err(|f| f.code).map(|_| ()), Err(Code::Refused), "{out}");
        }
        // The same path without the wall: it is there to be read.
        assert_eq!(std::fs::read_to_string(root.join("inside/escape")).expect("read"), "secret");
        assert_eq!(workspace.read("none").map_err(|f| f.code).map(|_| ()), Err(Code::NotFound));
        assert_eq!(workspace.read("a\0b").map_err(|f| f.code).map(|_| ()), Err(Code::BadInput));
        assert_eq!(workspace.read(".").map_err(|f| f.code).map(|_| ()), Err(Code::Refused));
        std::fs::remove_dir_all(root).expect("cleaned");
    }

    #[test]
    fn a_dropped_draft_leaves_nothing_and_a_published_one_replaces() {
        use std::io::Write;
        let (root, workspace) = workspace("draft");
        let mut draft = workspace.draft("a.txt").expect("draft");
        draft.file.write_all(b"half").expect("written");
        drop(draft);
        assert_eq!(std::fs::read_to_string(root.join("inside/a.txt")).expect("read"), "hello");
        let mut draft = workspace.draft("a.txt").expect("draft");
        draft.file.write_all(b"whole").expect("written");
        draft.publish().expect("published");
        assert_eq!(std::fs::read_to_string(root.join("inside/a.txt")).expect("read"), "whole");
        let left = std::fs::read_dir(root.join("inside")).expect("listed").count();
        assert_eq!(left, 4, "a.txt and three links");
        std::fs::remove_dir_all(root).expect("cleaned");
    }
}
