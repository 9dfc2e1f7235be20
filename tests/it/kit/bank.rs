//! The outside of the simulated bank: a test acts as the hardware through the line's file.
//!
//! Written against the file format in `docs/adding-a-board.md`, not with Hearth's own code.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// One line; three fields of eight bytes: drive, pull, short.
pub(crate) struct Line {
    path: PathBuf,
}

impl Line {
    /// The line of any chip in a bank.
    pub(crate) fn in_bank(bank: &Path, name: &str) -> Self {
        let chips = std::fs::read_dir(bank).map(|all| all.flatten().map(|e| e.path()).collect::<Vec<_>>());
        let path = chips.unwrap_or_default().into_iter().map(|chip| chip.join(name)).find(|path| path.exists());
        Self { path: path.unwrap_or_else(|| bank.join("simulated").join(name)) }
    }

    /// What Hearth drives; `None` while it drives nothing.
    pub(crate) fn driven(&self) -> Option<f64> {
        let text = std::fs::read_to_string(&self.path).unwrap_or_else(|e| panic!("{}: {e}", self.path.display()));
        text.get(..8).and_then(|field| field.trim().parse().ok())
    }

    /// Puts a level there for when nobody drives: a switch, a sensor.
    pub(crate) fn pull(&self, value: f64) {
        self.field(8, &value.to_string());
    }

    /// Forces a level, whoever drives: a stuck relay.
    pub(crate) fn short(&self, value: f64) {
        self.field(16, &value.to_string());
    }

    /// Forces nothing any more.
    pub(crate) fn free(&self) {
        self.field(16, "-");
    }

    fn field(&self, at: u64, text: &str) {
        let file = std::fs::File::options().write(true).open(&self.path).expect("the line's file");
        file.write_all_at(format!("{text:<8}").as_bytes(), at).expect("written");
    }
}
