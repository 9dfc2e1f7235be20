//! Writing: applied at once, committed now or with its group.

use std::time::{Duration, Instant};

use libsql::Value;

use super::error::Severity;
use super::policy::Kind;
use super::worker::Worker;
use super::write::{self, Write};
use super::{CallRecord, EndCall, Message, StoreError, check, read, search, usage};
use crate::base::{Code, Id, limits};

/// SQLITE_CORRUPT_VTAB: the word index disagrees with itself; the rows may be sound.
const WORD_INDEX_DAMAGED: i32 = 267;

pub(super) const SET_META: &str =
    "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2";

impl Worker {
    /// One write: applied now; durable ones are committed before the answer.
    pub(super) async fn write(&mut self, change: Write, durable: bool) -> Result<(), StoreError> {
        if self.status.degraded.is_some() {
            if !durable {
                self.ring.push(change);
                return Ok(());
            }
            self.recover().await?;
        }
        if !durable && self.holds_back(change.kind()).await {
            self.ring.push(change);
            return Ok(());
        }
        if let Err(error) = self.apply(&change).await {
            let held = error.severity() != Severity::Statement && !durable;
            if held {
                // With its group: held in memory, and written when the disk recovers, which may be at once.
                self.pending.push(change);
            }
            self.refused(&error).await;
            return if held { Ok(()) } else { Err(not_durable(error)) };
        }
        if durable {
            // Not in `pending`: if the commit fails the caller is told no, so it must not appear later.
            return self.commit().await.map_err(not_durable);
        }
        self.pending.push(change);
        self.deadline.get_or_insert_with(|| Instant::now() + self.options.group);
        if self.pending.len() >= limits::GROUP_WRITES { self.commit().await } else { Ok(()) }
    }

    async fn apply(&mut self, change: &Write) -> Result<(), StoreError> {
        self.begin().await?;
        write::apply(&mut self.db, change).await?;
        self.not_indexed += usize::from(matches!(change, Write::Message { .. }));
        Ok(())
    }

    /// Commits the open transaction; a refusal makes the store degraded and keeps what was grouped.
    pub(super) async fn commit(&mut self) -> Result<(), StoreError> {
        if self.db.idle() {
            self.deadline = None;
            return Ok(());
        }
        if self.not_indexed >= limits::SEARCH_BATCH
            && let Err(error) = self.index().await
        {
            self.refused(&error).await;
            return Err(error);
        }
        if let Err(error) = self.db.batch("COMMIT").await {
            self.refused(&error).await;
            return Err(error);
        }
        self.tidy_soon(self.pending.len() + 1);
        self.pending.clear();
        self.deadline = None;
        self.status.commits += 1;
        self.status.last_commit_ms = Some(self.clock.wall_ms());
        self.count();
        Ok(())
    }

    /// Brings the word index up to date, inside the open transaction.
    pub(super) async fn index(&mut self) -> Result<(), StoreError> {
        self.db.execute(search::INDEX_REST, Vec::new()).await?;
        self.not_indexed = 0;
        Ok(())
    }

    /// Commits what is grouped; while degraded, tries to recover.
    pub(super) async fn flush(&mut self) -> Result<(), StoreError> {
        if self.status.degraded.is_some() { self.recover().await } else { self.commit().await }
    }

    /// Compares what was written today with the day's budget.
    fn count(&mut self) {
        let written = self.usage.today(&self.clock);
        let spent = written.and_then(|bytes| usage::shedding(bytes, self.options.flash_day));
        if spent.is_some() && self.sheds != spent {
            let budget = self.options.flash_day;
            tracing::warn!(written, budget, "the flash budget of the day is spent; the unimportant is held in memory");
        }
        self.sheds = spent;
    }

    /// Whether a write waits in memory for the next day; on that day what has waited is written first.
    pub(super) async fn holds_back(&mut self, kind: Kind) -> bool {
        if self.sheds.is_some() && self.usage.is_over(&self.clock) {
            self.count();
            if self.sheds.is_none() {
                self.write_shed().await;
            }
        }
        self.sheds.is_some_and(|from| kind.sheds() >= from)
    }

    /// Writes what was held back, all in one commit.
    async fn write_shed(&mut self) {
        if self.ring.len() == 0 {
            return;
        }
        let done = match self.commit().await {
            Ok(()) => self.replay().await,
            refused => refused,
        };
        if let Err(error) = done {
            self.refused(&error).await;
        }
    }

    /// Notes how much of today's budget is spent, for a start on the same day.
    async fn note_usage(&mut self) -> Result<(), StoreError> {
        let Some(written) = self.usage.today(&self.clock) else { return Ok(()) };
        let bytes = i64::try_from(written).unwrap_or(i64::MAX);
        self.begin().await?;
        for (key, value) in [("flash_day", self.usage.day()), ("flash_bytes", bytes)] {
            self.db.execute(SET_META, vec![Value::Text(key.to_owned()), Value::Integer(value)]).await?;
        }
        Ok(())
    }

    /// The last commit.
    pub(super) async fn finish(&mut self) -> Result<(), StoreError> {
        if self.status.degraded.is_none() {
            self.write_shed().await;
        }
        if self.status.degraded.is_none()
            && self.status.commits > 0
            && let Err(error) = self.note_usage().await
        {
            self.refused(&error).await;
        }
        let done = self.flush().await;
        if let Err(error) = &done {
            let held = self.ring.len();
            tracing::error!(%error, held, "the store ends with records that the disk did not take");
        }
        done
    }

    /// Opens a transaction where none is open.
    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        if self.db.idle() { self.db.batch("BEGIN IMMEDIATE").await } else { Ok(()) }
    }

    /// Ends the calls of earlier runs that never ended, durably, and returns them.
    pub(super) async fn close_orphans(&mut self, before: Id) -> Result<Vec<CallRecord>, StoreError> {
        if self.status.degraded.is_some() {
            self.recover().await?;
        }
        let found = read::orphans(&mut self.db, before).await;
        let orphans = self.noticed(found).await?;
        for call in &orphans {
            self.write(Write::End { id: call.id, at_ms: self.clock.wall_ms(), end: orphan_end() }, false).await?;
        }
        // Where there are more than one answer holds, the next start goes on from the last of these.
        let upto = orphans.last().filter(|_| orphans.len() == limits::STORE_ROWS).map_or(before, |call| call.id);
        let values = vec![Value::Text("closed_upto".to_owned()), Value::Integer(write::seq(upto))];
        let begun = self.begin().await;
        self.noticed(begun).await?;
        let set = self.db.execute(SET_META, values).await.map(drop);
        self.noticed(set).await?;
        self.commit().await?;
        Ok(orphans)
    }

    /// Finds messages; brings the word index up to date first, or reads what it lacks while degraded.
    pub(super) async fn search_words(&mut self, query: &str, limit: usize) -> Result<Vec<Message>, StoreError> {
        let Some(expression) = search::expression(query) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        if self.status.degraded.is_none() {
            self.begin().await?;
            self.index().await?;
            self.deadline.get_or_insert_with(|| Instant::now() + self.options.group);
        } else {
            let rest = read::not_indexed(&mut self.db).await?;
            found.extend(rest.into_iter().filter(|m| search::matches(query, &m.text)));
        }
        self.ring.overlay_search(query, &mut found);
        match read::search(&mut self.db, &expression, limit).await {
            Err(StoreError::Sql { code: WORD_INDEX_DAMAGED, message }) if self.status.degraded.is_none() => {
                check::rebuild(&mut self.db, &StoreError::Sql { code: WORD_INDEX_DAMAGED, message }).await?;
                found.extend(read::search(&mut self.db, &expression, limit).await?);
            }
            answer => found.extend(answer?),
        }
        found.truncate(limit.min(limits::STORE_ROWS));
        Ok(found)
    }
}

/// What a refused durable write means to its caller.
pub(super) fn not_durable(error: StoreError) -> StoreError {
    match error {
        StoreError::Degraded(_) => error,
        error if error.severity() == Severity::Statement => error,
        error => StoreError::Degraded(error.to_string()),
    }
}

/// The end record of a call whose process ended before it did.
fn orphan_end() -> EndCall {
    EndCall {
        outcome: Err(Code::OutcomeUnknown),
        detail: "Hearth ended before the call did; whether it took effect is not known".to_owned(),
        took: Duration::ZERO,
    }
}
