//! When the disk refuses: hold in memory, say so, try again, write what was held.

use std::time::Instant;

use libsql::Value;

use super::commit::SET_META;
use super::db::Db;
use super::error::Severity;
use super::tidy::Count;
use super::worker::Worker;
use super::{Options, StoreError, open, write};

/// SQLITE_FULL: the same connection writes again as soon as there is room.
const FULL: i32 = 13;

impl Worker {
    /// After a failed statement: a single one is undone by SQLite; a fault of disk or file ends the
    /// transaction, and what was grouped in it is held in memory.
    pub(super) async fn refused(&mut self, error: &StoreError) {
        if error.severity() == Severity::Statement {
            return;
        }
        self.db.rollback().await;
        for write in std::mem::take(&mut self.pending) {
            self.ring.push(write);
        }
        self.deadline = None;
        self.not_indexed = 0;
        self.retry_at = Some(Instant::now() + self.options.retry);
        if self.status.degraded.is_none() {
            tracing::error!(%error, held = self.ring.len(), "the store cannot write; records are held in memory");
        }
        self.status.degraded = Some(error.to_string());
        if error.severity() == Severity::Corrupt {
            // Opening again quarantines a damaged file; what it says is in `status` already.
            self.writable = false;
            drop(self.recover().await);
        }
    }

    /// A read that meets a damaged page has the same end as a write that does.
    pub(super) async fn noticed<T>(&mut self, found: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &found {
            self.refused(error).await;
        }
        found
    }

    /// Writes what is held; the store is whole again when the disk takes it.
    pub(super) async fn recover(&mut self) -> Result<(), StoreError> {
        self.retry_at = Some(Instant::now() + self.options.retry);
        if self.writable {
            match self.replay().await {
                Ok(()) => return Ok(()),
                Err(StoreError::Sql { code, .. }) if code & 0xff == FULL => return Err(self.still_degraded()),
                // The connection may be what is wrong (a file that vanished, a disk that came back).
                Err(_) => {}
            }
        }
        if !self.reopen().await {
            return Err(self.still_degraded());
        }
        self.replay().await.map_err(|_| self.still_degraded())
    }

    fn still_degraded(&self) -> StoreError {
        StoreError::Degraded(self.status.degraded.clone().unwrap_or_default())
    }

    /// Opens the file again, as at the start; whether it can be written.
    async fn reopen(&mut self) -> bool {
        // The old connection holds the file's lock until it is dropped.
        let Ok(empty) = Db::open_memory().await else { return false };
        self.db = empty;
        // Something was wrong, so every page is read before the file is believed again.
        let options = Options { check_at_open: u64::MAX, ..self.options.clone() };
        match open::open(&self.folder, &self.clock, &options, &mut |_| {}).await {
            Ok((db, opened)) => {
                self.db = db;
                self.rest = None;
                self.status.checked = opened.checked;
                self.status.carried += opened.carried;
                self.shelf = super::memory::Shelf::default();
                self.tidy.messages = Count::default();
                self.tidy.audit = Count::default();
                self.status.quarantined = opened.quarantined.or_else(|| self.status.quarantined.take());
                self.writable = opened.degraded.is_none();
                self.status.degraded = opened.degraded.or_else(|| self.status.degraded.take());
            }
            Err(error) => {
                self.writable = false;
                self.status.degraded = Some(error.to_string());
            }
        }
        self.writable
    }

    /// Writes what is held in one transaction and leaves the degraded mode.
    pub(super) async fn replay(&mut self) -> Result<(), StoreError> {
        if let Err(error) = self.write_held().await {
            self.db.rollback().await;
            self.status.degraded = Some(error.to_string());
            return Err(error);
        }
        tracing::warn!(written = self.ring.len(), dropped = self.ring.dropped(), "the store writes again");
        self.ring.clear();
        self.status.degraded = None;
        self.retry_at = None;
        Ok(())
    }

    async fn write_held(&mut self) -> Result<(), StoreError> {
        self.db.batch("BEGIN IMMEDIATE").await?;
        for change in self.ring.iter() {
            match write::apply(&mut self.db, change).await {
                Err(error) if error.severity() == Severity::Statement => {
                    tracing::warn!(%error, "a held record was not stored");
                }
                done => done?,
            }
        }
        // Also the proof that the disk takes a write when nothing is held.
        let now = Value::Integer(self.clock.wall_ms());
        self.db.execute(SET_META, vec![Value::Text("recovered_ms".to_owned()), now]).await?;
        self.db.batch("COMMIT").await
    }
}
