//! How the store behaves.

use std::time::Duration;

use super::tidy::Caps;
use crate::base::limits;

/// How the store behaves; the default is right outside tests.
#[derive(Clone, Debug)]
pub struct Options {
    /// Longest time that a grouped write waits for its commit.
    pub group: Duration,
    /// Time between two attempts to write again after the disk refused.
    pub retry: Duration,
    /// Pages that the file may have: a full disk that comes when a test wants it.
    pub max_pages: Option<u32>,
    /// Files of at most so many bytes are checked before they are used, larger ones beside the work.
    pub check_at_open: u64,
    /// Whether a commit waits for the disk. Without it a power cut loses rows: for the test that shows it.
    pub wait_for_disk: bool,
    /// Vectors that may be held in memory; more are read from flash at every question.
    pub resident_vectors: usize,
    /// How much the tables that grow with use may hold.
    pub caps: Caps,
    /// Longest time between two looks whether one of them is full.
    pub tidy: Duration,
    /// Bytes that may be written to flash in a day before the unimportant is held in memory.
    pub flash_day: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            group: limits::GROUP_COMMIT,
            retry: limits::STORE_RETRY,
            max_pages: None,
            check_at_open: limits::CHECK_AT_OPEN,
            wait_for_disk: true,
            resident_vectors: limits::RESIDENT_VECTORS,
            caps: Caps::default(),
            tidy: limits::TIDY_EVERY,
            flash_day: limits::FLASH_DAY,
        }
    }
}
