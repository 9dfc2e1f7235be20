//! The store of this service: how it behaves by the settings, and the calls that an earlier run left open.

use crate::config;
use crate::store::{Caps, Options, Store};

/// How the store behaves by these settings.
pub(super) fn options(settings: &config::Store) -> Options {
    let caps = Caps {
        sessions: settings.sessions,
        messages: settings.messages,
        audit: settings.audit_records,
        ..Caps::default()
    };
    Options { caps, flash_day: settings.flash_day_mb.saturating_mul(1024 * 1024), ..Options::default() }
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
