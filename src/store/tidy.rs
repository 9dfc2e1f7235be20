//! Caps of the tables that grow with use: counted and kept beside the work, the oldest rows first.
//!
//! A look counts what came since the last one, page by page, and lets rows go in small batches, each a step of
//! its own between requests. Nothing goes because of its age: a clock that jumps eats nothing.

use std::time::Instant;

use libsql::Value;

use super::StoreError;
use super::db::Db;
use super::error::Severity;
use super::worker::Worker;
use crate::base::limits;

/// What the tables may hold. Memories have caps of their own, held ones among them never go.
#[derive(Clone, Debug)]
pub struct Caps {
    /// Conversations.
    pub sessions: i64,
    /// Messages.
    pub messages: i64,
    /// Bytes of their texts.
    pub message_bytes: i64,
    /// Audit records, begins and ends counted each.
    pub audit: i64,
    /// Bytes of their texts.
    pub audit_bytes: i64,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            sessions: limits::KEPT_SESSIONS,
            messages: limits::KEPT_MESSAGES,
            message_bytes: limits::KEPT_MESSAGE_BYTES,
            audit: limits::KEPT_AUDIT,
            audit_bytes: limits::KEPT_AUDIT_BYTES,
        }
    }
}

/// What is known of a table whose rows grow at its end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    /// The last row counted.
    upto: i64,
    pub(super) rows: i64,
    pub(super) bytes: i64,
}

/// When the next step is due, and what is known.
pub(super) struct Tidy {
    pub(super) at: Instant,
    /// Writes since the last look.
    pub(super) writes: usize,
    pub(super) messages: Count,
    pub(super) audit: Count,
}

const COUNT_MESSAGES: &str = "SELECT coalesce(max(seq), ?1), count(*), coalesce(sum(bytes), 0) FROM
    (SELECT seq, octet_length(text) AS bytes FROM messages WHERE seq > ?1 ORDER BY seq LIMIT ?2)";
const COUNT_AUDIT: &str = "SELECT coalesce(max(seq), ?1), count(*), coalesce(sum(bytes), 0) FROM
    (SELECT seq, coalesce(octet_length(tool) + octet_length(principal) + octet_length(args) + octet_length(reason),
     octet_length(detail)) AS bytes FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2)";

// `chosen` holds the rows of one batch.
const CHOSEN: &str = "CREATE TEMP TABLE IF NOT EXISTS chosen (seq INTEGER PRIMARY KEY)";
const CLEAR: &str = "DELETE FROM temp.chosen WHERE true";
const OLDEST: &str = "INSERT INTO temp.chosen SELECT seq FROM messages ORDER BY seq LIMIT ?1";
const OF_SESSION: &str = "INSERT INTO temp.chosen SELECT seq FROM messages WHERE session = ?1 ORDER BY seq LIMIT ?2";
const THEIR_BYTES: &str = "SELECT sum(octet_length(text)) FROM messages WHERE seq IN (SELECT seq FROM temp.chosen)";
const UNINDEX: &str = "INSERT INTO messages_fts (messages_fts, rowid, text)
    SELECT 'delete', seq, text FROM messages WHERE seq IN (SELECT seq FROM temp.chosen)";
const DELETE: &str = "DELETE FROM messages WHERE seq IN (SELECT seq FROM temp.chosen)";
const STALE_SESSION: &str = "SELECT id FROM sessions ORDER BY touched_ms, id LIMIT 1";
const DELETE_SESSION: &str =
    "DELETE FROM sessions WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM messages WHERE session = ?1)";
const DEVICES: &str = "DELETE FROM device_states WHERE entity IN
    (SELECT entity FROM device_states ORDER BY at_ms DESC LIMIT -1 OFFSET ?1)";

impl Count {
    /// Counts one more page; whether there may be more.
    async fn page(&mut self, db: &mut Db, sql: &'static str) -> Result<bool, StoreError> {
        let most = i64::try_from(limits::STORE_ROWS).unwrap_or(1);
        let values = vec![Value::Integer(self.upto), Value::Integer(most)];
        let read = |row: &libsql::Row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?));
        let Some((upto, rows, bytes)) = db.rows(sql, values, read).await?.into_iter().next() else { return Ok(false) };
        *self = Self { upto, rows: self.rows + rows, bytes: self.bytes + bytes };
        Ok(rows == most)
    }

    /// So much went.
    pub(super) const fn less(&mut self, rows: i64, bytes: i64) {
        self.rows -= rows;
        self.bytes -= bytes;
    }
}

impl Tidy {
    pub(super) fn new(at: Instant) -> Self {
        Self { at, writes: 0, messages: Count::default(), audit: Count::default() }
    }
}

impl Worker {
    /// One step: counts a page, or lets one batch go.
    pub(super) async fn tidy_on(&mut self) {
        let more = if self.status.degraded.is_some() { Ok(false) } else { self.tidy_step().await };
        let pause = match more {
            Ok(true) => limits::TIDY_PAUSE,
            Ok(false) => {
                self.tidy.writes = 0;
                self.options.tidy
            }
            Err(error) => {
                tracing::warn!(%error, "a full table could not be tidied");
                self.options.tidy
            }
        };
        self.tidy.at = Instant::now() + pause;
    }

    /// After a commit: many writes make the next look due at once.
    pub(super) fn tidy_soon(&mut self, writes: usize) {
        self.tidy.writes += writes;
        if self.tidy.writes >= limits::TIDY_WRITES {
            self.tidy.writes = 0;
            self.tidy.at = Instant::now();
        }
    }

    async fn tidy_step(&mut self) -> Result<bool, StoreError> {
        let counted = self.count_on().await;
        if self.noticed(counted).await? {
            return Ok(true);
        }
        let sessions = self.db.number("SELECT count(*) FROM sessions").await;
        let sessions = self.noticed(sessions).await?;
        let caps = self.options.caps.clone();
        let Count { rows, bytes, .. } = self.tidy.messages;
        let messages_full = rows > caps.messages || bytes > caps.message_bytes;
        if !(messages_full || sessions > caps.sessions || self.cut_waits().await?) {
            self.tidy_devices().await?;
            return Ok(false);
        }
        let begun = self.begin().await;
        self.noticed(begun).await?;
        let marked = self.db.batch("SAVEPOINT tidy").await;
        self.noticed(marked).await?;
        let done = if messages_full {
            let rows_over = rows - caps.messages;
            let bytes_over = (bytes - caps.message_bytes).max(0).saturating_mul(rows) / bytes.max(1);
            self.drop_messages(None, rows_over.max(bytes_over)).await
        } else if sessions > caps.sessions {
            self.drop_session().await
        } else {
            self.drop_cut().await
        };
        match done {
            Ok(()) => {
                let released = self.db.batch("RELEASE tidy").await;
                self.noticed(released).await?;
                self.commit().await?;
                Ok(true)
            }
            Err(error) if error.severity() == Severity::Statement && !self.db.idle() => {
                let undone = self.db.batch("ROLLBACK TO tidy; RELEASE tidy").await;
                self.noticed(undone).await?;
                Err(error)
            }
            other => self.noticed(other).await.map(|()| false),
        }
    }

    async fn count_on(&mut self) -> Result<bool, StoreError> {
        Ok(self.tidy.messages.page(&mut self.db, COUNT_MESSAGES).await?
            || self.tidy.audit.page(&mut self.db, COUNT_AUDIT).await?)
    }

    /// Lets so many of the oldest messages go, of all or of one session, with their words; few at a time.
    async fn drop_messages(&mut self, session: Option<i64>, most: i64) -> Result<(), StoreError> {
        self.index().await?;
        self.db.batch(CHOSEN).await?;
        self.db.execute(CLEAR, Vec::new()).await?;
        let most = Value::Integer(most.clamp(1, limits::TIDY_ROWS));
        match session {
            None => self.db.execute(OLDEST, vec![most]).await?,
            Some(session) => self.db.execute(OF_SESSION, vec![Value::Integer(session), most]).await?,
        };
        let bytes = self.db.number(THEIR_BYTES).await?;
        self.db.execute(UNINDEX, Vec::new()).await?;
        let rows = self.db.execute(DELETE, Vec::new()).await?;
        let rows = i64::try_from(rows).unwrap_or(0);
        if rows > 0 {
            tracing::info!(rows, "the messages are at their cap; the oldest went");
        }
        self.tidy.messages.less(rows, bytes);
        self.status.pruned += rows.unsigned_abs();
        Ok(())
    }

    /// Lets the session go that was used longest ago, its messages first.
    async fn drop_session(&mut self) -> Result<(), StoreError> {
        for _ in 0..limits::TIDY_ROWS / 8 {
            let stale = self.db.rows(STALE_SESSION, Vec::new(), |row| row.get::<i64>(0)).await?;
            let Some(session) = stale.into_iter().next() else { return Ok(()) };
            let had = self.tidy.messages.rows;
            self.drop_messages(Some(session), limits::TIDY_ROWS).await?;
            self.status.pruned +=
                u64::try_from(self.db.execute(DELETE_SESSION, vec![Value::Integer(session)]).await?).unwrap_or(0);
            let left = self.db.number("SELECT count(*) FROM sessions").await?;
            if left <= self.options.caps.sessions || had - self.tidy.messages.rows >= limits::TIDY_ROWS {
                break;
            }
        }
        Ok(())
    }

    /// States of devices that are no longer there.
    async fn tidy_devices(&mut self) -> Result<(), StoreError> {
        let most = i64::try_from(limits::ENTITIES).unwrap_or(i64::MAX);
        if self.db.number("SELECT count(*) FROM device_states").await? <= most {
            return Ok(());
        }
        let begun = self.begin().await;
        self.noticed(begun).await?;
        let gone = self.db.execute(DEVICES, vec![Value::Integer(most)]).await;
        self.noticed(gone).await?;
        self.commit().await
    }
}
