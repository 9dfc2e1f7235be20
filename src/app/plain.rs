//! Secrets that lie in files in plain text, for `hearth doctor`: in the data folder, the workspace, beside the settings.
//!
//! The settings themselves are refused when they hold one (`config`). Whatever else lies where the agent and its
//! commands can read is looked through for the shape of keys; each find is told with file and line, never with
//! its value. Database, models and whatever is no text are left out, and a large folder is not looked through whole:
//! then that is said.

use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::base::{limits, secret};

/// A line that looks like a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Find {
    file: PathBuf,
    line: usize,
    label: &'static str,
}

impl Find {
    /// What a person reads, with the way out.
    pub(super) fn told(&self) -> String {
        let Self { file, line, label } = self;
        let file = file.display();
        format!("{file}:{line} holds what looks like a secret in plain text ({label}): hearth secret add keeps it")
    }
}

/// What was found, and whether everything was looked at.
#[derive(Debug, Default)]
pub(super) struct Finds {
    pub(super) all: Vec<Find>,
    files: usize,
}

impl Finds {
    /// Looks through folders, each with what lies in it; one that lies in another is looked through with that.
    pub(super) fn within(folders: &[PathBuf]) -> Self {
        let mut finds = Self::default();
        let inner = |folder: &PathBuf| folders.iter().any(|other| folder != other && folder.starts_with(other));
        folders.iter().filter(|folder| !inner(folder)).for_each(|folder| finds.folder(folder, limits::PLAIN_DEPTH));
        finds
    }

    /// Whether there was more than may be looked at.
    pub(super) const fn full(&self) -> bool {
        self.files >= limits::PLAIN_FILES || self.all.len() >= limits::PLAIN_FINDS
    }

    fn folder(&mut self, folder: &Path, depth: usize) {
        let mut entries: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().collect();
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            if self.full() {
                return;
            }
            // Of the entry itself: what a link leads to lies elsewhere.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth > 0 => self.folder(&entry.path(), depth - 1),
                Ok(kind) if kind.is_file() => self.file(entry.path()),
                _ => {}
            }
        }
    }

    fn file(&mut self, path: PathBuf) {
        self.files += 1;
        let Some(text) = text(&path) else { return };
        let mut from = (0, 1);
        for hit in secret::find(&text) {
            let line = from.1 + text[from.0..hit.range.start].matches('\n').count();
            from = (hit.range.start, line);
            if self.all.len() < limits::PLAIN_FINDS {
                self.all.push(Find { file: path.clone(), line, label: hit.label });
            }
        }
    }
}

/// A small text; `None` for all else. A pipe that was put there for a file is not waited for.
fn text(path: &Path) -> Option<String> {
    let mut options = std::fs::File::options();
    let file = options.read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path).ok()?;
    let meta = file.metadata().ok()?;
    if !meta.is_file() || meta.len() > limits::PLAIN_BYTES {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(limits::PLAIN_BYTES + 1).read_to_end(&mut bytes).ok()?;
    if u64::try_from(bytes.len()).ok()? > limits::PLAIN_BYTES {
        return None;
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_a_file_is_told_with_its_line_and_without_its_value() {
        let folder = std::env::temp_dir().join(format!("hearth-plain-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("inner")).expect("folders");
        let key = format!("sk-{}", "abc123XYZdefghijklmnopqrs");
        std::fs::write(folder.join("inner/notes.md"), format!("one\ntwo\nold key {key}\n\npassword=Hunter2345\n"))
            .expect("written");
        std::fs::write(folder.join("bytes"), format!("\0{key}")).expect("written");
        std::fs::write(folder.join("large"), format!("{key}{}", " ".repeat(300_000))).expect("written");
        std::fs::write(folder.join("fine"), "the lamp in the hall\n").expect("written");
        std::os::unix::fs::symlink("/proc/self/environ", folder.join("link")).expect("a link");
        let finds = Finds::within(&[folder.clone(), folder.join("inner")]);
        let told: Vec<_> = finds.all.iter().map(Find::told).collect();
        assert!(!finds.full());
        assert_eq!((told.len(), finds.files), (2, 4), "each once: {told:?}");
        assert!(told[0].contains("inner/notes.md:3 ") && told[1].contains("inner/notes.md:5 "), "{told:?}");
        assert!(!told.concat().contains(&key) && !told.concat().contains("Hunter"), "{told:?}");
        for number in 0..limits::PLAIN_FILES {
            std::fs::write(folder.join(format!("many-{number}")), "").expect("written");
        }
        assert!(Finds::within(std::slice::from_ref(&folder)).full());
        std::fs::remove_dir_all(folder).expect("removed");
    }
}
