//! Setting a damaged file aside, so that a power cut at any step of it is gone on with at the next start.
//!
//! A note beside the database names the place that the file goes to, from before it goes until its rows are in the
//! new one. A file whose rows are in it already says so itself, so that nothing comes back that was forgotten since.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::base::Clock;

/// SQLite's files beside a database.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A damaged file on its way.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Aside {
    /// The number in its name.
    pub(super) stamp: i64,
}

impl Aside {
    /// Chooses a name, and notes it.
    pub(in crate::store) fn begin(path: &Path, clock: &Clock) -> io::Result<Self> {
        let aside = Self { stamp: clock.wall_ms() - 1 }.next(path);
        let mut note = File::create(note(path))?;
        write!(note, "{}", aside.stamp)?;
        note.sync_all()?;
        flush_names(path)?;
        Ok(aside)
    }

    /// The next name that is free.
    pub(in crate::store) fn next(mut self, path: &Path) -> Self {
        self.stamp += 1;
        while self.place(path).exists() {
            self.stamp += 1;
        }
        self
    }

    /// The one that an earlier start began with and did not end.
    pub(in crate::store) fn begun(path: &Path) -> Option<Self> {
        let text = fs::read_to_string(note(path)).ok()?;
        let stamp = text.parse().ok();
        if stamp.is_none() {
            // The power failed before the note was whole: nothing had been moved.
            drop(fs::remove_file(note(path)));
        }
        stamp.map(|stamp| Self { stamp })
    }

    /// Where the file goes.
    pub(in crate::store) fn place(self, path: &Path) -> PathBuf {
        beside(path, &format!(".corrupt-{}", self.stamp))
    }

    /// Moves the file and what belongs to it, the file itself last; what has moved stays.
    pub(in crate::store) fn move_away(self, path: &Path) -> io::Result<()> {
        let place = self.place(path);
        if place.exists() {
            return Ok(());
        }
        for companion in COMPANIONS {
            let from = beside(path, companion);
            if from.exists() {
                fs::rename(&from, beside(&place, companion))?;
            }
        }
        flush_names(path)?;
        if path.exists() {
            fs::rename(path, &place)?;
        }
        flush_names(path)
    }

    /// The rows are in the new file, or cannot be read.
    pub(in crate::store) fn end(self, path: &Path) -> io::Result<()> {
        fs::remove_file(note(path))?;
        flush_names(path)
    }
}

fn note(path: &Path) -> PathBuf {
    beside(path, ".salvage")
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

fn flush_names(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
