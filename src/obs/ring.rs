//! The last events in memory: for `status`, and for boards that write no log at all.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::base::limits::{LOG_RING_BYTES, LOG_RING_LINES};

/// The last lines, bounded in number and bytes; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Ring {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<String>,
    bytes: usize,
}

impl Ring {
    /// The lines, oldest first.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.kept().lines.iter().cloned().collect()
    }

    pub(super) fn push(&self, line: &str) {
        let mut kept = self.kept();
        kept.bytes += line.len();
        kept.lines.push_back(line.to_owned());
        while kept.lines.len() > LOG_RING_LINES || kept.bytes > LOG_RING_BYTES {
            let Some(gone) = kept.lines.pop_front() else { break };
            kept.bytes -= gone.len();
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_is_bounded_in_lines_and_bytes() {
        let ring = Ring::default();
        for number in 0..LOG_RING_LINES * 2 {
            ring.push(&number.to_string());
        }
        assert_eq!(ring.lines().len(), LOG_RING_LINES);
        ring.push(&"x".repeat(LOG_RING_BYTES));
        assert_eq!(ring.lines().len(), 1);
    }
}
