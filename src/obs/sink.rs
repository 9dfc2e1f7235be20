//! Where lines go: standard error, or a file that is bounded by bytes.
//!
//! The file and its predecessor (`.1`) together keep at most the bytes allowed. A disk that refuses
//! a line loses the line; the number of lost lines is told with the next one that works.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

#[derive(Debug)]
pub(super) struct Sink {
    to: To,
    lost: u64,
}

#[derive(Debug)]
enum To {
    Stderr,
    File {
        path: PathBuf,
        file: Option<File>,
        written: u64,
        half: u64,
    },
    #[cfg(test)]
    Nowhere,
}

impl Sink {
    /// A sink to this file, or to standard error.
    pub(super) fn open(path: Option<PathBuf>, max_bytes: u64) -> Self {
        let to = path.map_or(To::Stderr, |path| {
            let file = append(&path);
            let half = max_bytes / 2;
            if std::fs::metadata(previous(&path)).is_ok_and(|metadata| metadata.len() > half) {
                // Left by a larger bound.
                let _ = std::fs::remove_file(previous(&path));
            }
            let written = file.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |metadata| metadata.len());
            To::File { path, file, written, half }
        });
        Self { to, lost: 0 }
    }

    #[cfg(test)]
    pub(super) const fn nowhere() -> Self {
        Self { to: To::Nowhere, lost: 0 }
    }

    /// Writes a line and its end.
    pub(super) fn write(&mut self, line: &str) {
        if self.lost > 0 && self.try_write(&format!("{{\"lost_log_lines\":{}}}", self.lost)) {
            self.lost = 0;
        }
        if !self.try_write(line) {
            self.lost += 1;
        }
    }

    fn try_write(&mut self, line: &str) -> bool {
        match &mut self.to {
            // A reader that does not read must not stop the loop: a line that would wait is lost.
            To::Stderr => stderr_takes() && writeln!(std::io::stderr().lock(), "{line}").is_ok(),
            To::File { path, file, written, half } => {
                let length = line.len() as u64 + 1;
                if *written + length > *half {
                    *file = None;
                    let kept = *written <= *half && std::fs::rename(&*path, previous(path)).is_ok();
                    if !kept {
                        // A folder that refuses the name, or a file left by a larger bound: the bound holds, the
                        // older half is lost.
                        let _ = File::options().write(true).truncate(true).open(&*path);
                    }
                }
                if file.is_none() {
                    *file = append(path);
                    // As it is, not as it was counted: a full disk may have taken half a line.
                    *written = file.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |metadata| metadata.len());
                }
                let Some(open) = file else { return false };
                if *written + length > *half {
                    return false;
                }
                let mut whole = String::with_capacity(line.len() + 1);
                whole.push_str(line);
                whole.push('\n');
                match open.write_all(whole.as_bytes()) {
                    Ok(()) => *written += length,
                    Err(_) => *file = None,
                }
                file.is_some()
            }
            #[cfg(test)]
            To::Nowhere => true,
        }
    }
}

fn previous(path: &Path) -> PathBuf {
    path.with_extension("log.1")
}

fn stderr_takes() -> bool {
    let stderr = std::io::stderr();
    let mut polled = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
    let ready = poll(&mut polled, PollTimeout::ZERO);
    ready.is_ok() && polled[0].revents().is_some_and(|events| events.contains(PollFlags::POLLOUT))
}

fn append(path: &Path) -> Option<File> {
    OpenOptions::new().append(true).create(true).open(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_never_passes_its_bytes_and_keeps_the_newest() {
        let folder = std::env::temp_dir().join(format!("hearth-log-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("hearth.log");
        let mut sink = Sink::open(Some(path.clone()), 2_000);
        for number in 0..500 {
            sink.write(&format!("line number {number}"));
            let bytes: u64 = std::fs::read_dir(&folder)
                .expect("listed")
                .flatten()
                .map(|entry| entry.metadata().expect("metadata").len())
                .sum();
            assert!(bytes <= 2_000, "{bytes}");
        }
        assert!(std::fs::read_to_string(&path).expect("read").contains("line number 499"));
        std::fs::remove_dir_all(folder).expect("cleaned");
    }

    #[test]
    fn the_bound_holds_where_the_file_cannot_be_renamed_and_after_a_smaller_bound() {
        let folder = std::env::temp_dir().join(format!("hearth-fixedlog-{}", std::process::id()));
        let path = folder.join("hearth.log");
        // A folder with something in it stands where the older half would go.
        std::fs::create_dir_all(previous(&path).join("taken")).expect("a folder");
        let mut sink = Sink::open(Some(path.clone()), 1_000);
        for number in 0..200 {
            sink.write(&format!("line number {number}"));
            assert!(std::fs::metadata(&path).expect("metadata").len() <= 500);
        }
        assert!(std::fs::read_to_string(&path).expect("read").contains("line number 199"));
        std::fs::remove_dir_all(previous(&path)).expect("cleaned");
        std::fs::write(previous(&path), vec![b'x'; 5_000]).expect("written");
        std::fs::write(&path, vec![b'x'; 5_000]).expect("written");
        let mut sink = Sink::open(Some(path.clone()), 1_000);
        for number in 0..100 {
            sink.write(&format!("line number {number}"));
        }
        let bytes = std::fs::metadata(&path).expect("metadata").len()
            + std::fs::metadata(previous(&path)).expect("older").len();
        assert!(bytes <= 1_000, "{bytes}");
        std::fs::remove_dir_all(folder).expect("cleaned");
    }

    #[test]
    fn a_disk_that_refuses_loses_lines_and_says_how_many() {
        let folder = std::env::temp_dir().join(format!("hearth-nolog-{}", std::process::id()));
        let path = folder.join("hearth.log");
        let mut sink = Sink::open(Some(path.clone()), 10_000);
        sink.write("one");
        sink.write("two");
        std::fs::create_dir_all(&folder).expect("a folder");
        sink.write("three");
        let log = std::fs::read_to_string(&path).expect("read");
        assert_eq!(log, "{\"lost_log_lines\":2}\nthree\n");
        std::fs::remove_dir_all(folder).expect("cleaned");
    }
}
