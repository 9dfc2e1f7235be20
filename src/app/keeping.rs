//! The store of this service: how it behaves by the settings, and the calls that an earlier run left open.

use crate::base::limits;
use crate::board::Board;
use crate::config;
use crate::store::memory::Retention;
use crate::store::{Caps, Options, Store};

/// How many vectors this board may hold in memory: of what its budget leaves beside all processes with the model
/// loaded, two thirds.
#[must_use]
pub fn resident_vectors(board: &Board) -> usize {
    let left = board.budget_mb.saturating_sub(limits::PROCESSES_MB) * 1024 * 1024 * 2 / 3;
    usize::try_from(left / limits::VECTOR_BYTES).unwrap_or(usize::MAX).max(limits::RESIDENT_VECTORS)
}

/// How the store behaves by these settings.
pub(super) fn options(settings: &config::Store, board: &Board) -> Options {
    let caps = Caps {
        sessions: settings.sessions,
        messages: settings.messages,
        audit: settings.audit_records,
        ..Caps::default()
    };
    Options {
        caps,
        flash_day: settings.flash_day_mb.saturating_mul(1024 * 1024),
        resident_vectors: resident_vectors(board),
        ..Options::default()
    }
}

/// For how long memories are kept by these settings.
pub(super) fn retention(settings: &config::Config) -> Retention {
    Retention::of(|name| settings.retention.get(name).copied().unwrap_or(0))
}

/// Ends the calls that an earlier run began and did not end; how many there were.
pub(super) async fn closed_orphans(store: &Store) -> usize {
    match store.close_orphans().await {
        Ok(orphans) => {
            for call in &orphans {
                tracing::warn!(call = %call.id, tool = call.tool, "a call of an earlier run has no end: outcome unknown");
            }
            orphans.len()
        }
        Err(error) => {
            tracing::error!(%error, "calls of earlier runs were not closed");
            0
        }
    }
}
