//! The store's thread: one request after the other, grouped commits, and the degraded mode.
//!
//! libsql blocks the executor that polls it, therefore it has a thread and an executor of its own.
//! Grouped writes are applied at once inside an open transaction, so that reads see them, and kept
//! until the commit, so that a disk that refuses it loses nothing.

use std::time::{Duration, Instant};

use libsql::Value;
use tokio::sync::{mpsc, oneshot};

use super::db::{Db, blob};
use super::error::Severity;
use super::ring::Ring;
use super::write::{self, Write};
use super::{CallQuery, CallRecord, DataFolder, DeviceState, Message, Opened, Options, StoreError, StoreStatus};
use super::{open, read, search, usage};
use crate::base::{Clock, Id, limits};

/// Where a request's answer goes.
pub(super) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the handle asks of the thread.
pub(super) enum Request {
    /// A write; with a reply it is durable before the answer.
    Write(Write, Option<Reply<()>>),
    /// Commit what is grouped; while degraded, try to recover.
    Flush(Reply<()>),
    /// Close the calls that never ended before this id.
    CloseOrphans(Id, Reply<Vec<CallRecord>>),
    /// Read calls.
    Calls(CallQuery, Reply<Vec<CallRecord>>),
    /// Read a session's messages.
    Messages(String, usize, Reply<Vec<Message>>),
    /// Search messages.
    Search(String, usize, Reply<Vec<Message>>),
    /// Read device states.
    States(Reply<Vec<DeviceState>>),
    /// Counters.
    Status(Reply<StoreStatus>),
    /// Commit and end.
    Close(Reply<()>),
}

/// The thread's state.
pub(super) struct Worker {
    db: Db,
    folder: DataFolder,
    clock: Clock,
    options: Options,
    /// Applied in the open transaction, not yet committed.
    pending: Vec<Write>,
    /// When the open transaction is committed at the latest.
    deadline: Option<Instant>,
    ring: Ring,
    status: StoreStatus,
    /// Messages since the word index was last brought up to date.
    not_indexed: usize,
    retry_at: Option<Instant>,
    usage: usage::Usage,
}

impl Worker {
    /// A worker on an opened database.
    pub(super) fn new(db: Db, opened: &Opened, folder: DataFolder, clock: Clock, options: Options) -> Self {
        let status = StoreStatus {
            version: opened.version,
            degraded: opened.degraded.clone(),
            quarantined: opened.quarantined.clone(),
            ..StoreStatus::default()
        };
        let retry_at = status.degraded.is_some().then(|| Instant::now() + options.retry);
        Self {
            db,
            folder,
            clock,
            options,
            pending: Vec::new(),
            deadline: None,
            ring: Ring::default(),
            status,
            not_indexed: 0,
            retry_at,
            usage: usage::Usage::new(),
        }
    }

    /// Serves requests until `Close`, or until no handle is left.
    pub(super) async fn serve(mut self, mut requests: mpsc::Receiver<Request>) {
        loop {
            let wake = [self.deadline, self.retry_at].into_iter().flatten().min();
            let request = match wake {
                None => requests.recv().await,
                Some(at) => match tokio::time::timeout_at(at.into(), requests.recv()).await {
                    Ok(request) => request,
                    Err(_) => {
                        self.on_time().await;
                        continue;
                    }
                },
            };
            match request {
                None => {
                    // Logged inside; there is no one left to tell.
                    drop(self.finish().await);
                    return;
                }
                Some(Request::Close(reply)) => {
                    requests.close();
                    let closed = self.finish().await;
                    drop(self);
                    // Nobody has to wait for the answer.
                    drop(reply.send(closed));
                    return;
                }
                Some(request) => self.answer(request).await,
            }
            // A stream of requests must not starve the clock.
            if wake.is_some_and(|at| at <= Instant::now()) {
                self.on_time().await;
            }
        }
    }

    async fn answer(&mut self, request: Request) {
        match request {
            Request::Write(write, None) => {
                if let Err(error) = self.write(write, false).await {
                    tracing::warn!(%error, "a record was not stored");
                }
            }
            Request::Write(write, Some(reply)) => send(reply, self.write(write, true).await),
            Request::Flush(reply) => send(reply, self.flush().await),
            Request::CloseOrphans(before, reply) => send(reply, self.close_orphans(before).await),
            Request::Calls(query, reply) => {
                let found = read::calls(&mut self.db, query).await;
                let found = found.map(|mut calls| {
                    self.ring.overlay_calls(query, &mut calls);
                    calls
                });
                send(reply, self.noticed(found).await);
            }
            Request::Messages(session, limit, reply) => {
                let found = read::messages(&mut self.db, &session, limit).await;
                let found = found.map(|mut messages| {
                    self.ring.overlay_messages(&session, limit, &mut messages);
                    messages
                });
                send(reply, self.noticed(found).await);
            }
            Request::Search(query, limit, reply) => {
                let found = self.search(&query, limit).await;
                send(reply, self.noticed(found).await);
            }
            Request::States(reply) => {
                let found = read::states(&mut self.db).await;
                let found = found.map(|mut states| {
                    self.ring.overlay_states(&mut states);
                    states
                });
                send(reply, self.noticed(found).await);
            }
            Request::Status(reply) => send(reply, Ok(self.status())),
            Request::Close(reply) => send(reply, Err(StoreError::Closed)),
        }
    }

    /// The deadline of a group or of a retry has come.
    async fn on_time(&mut self) {
        let now = Instant::now();
        if self.deadline.is_some_and(|at| at <= now)
            && let Err(error) = self.commit().await
        {
            tracing::warn!(%error, "a grouped commit failed");
        }
        if self.retry_at.is_some_and(|at| at <= now)
            && let Err(error) = self.recover().await
        {
            tracing::debug!(%error, "the disk still refuses writes");
        }
    }

    /// One write: applied now; durable ones are committed before the answer.
    async fn write(&mut self, change: Write, durable: bool) -> Result<(), StoreError> {
        if self.status.degraded.is_some() {
            if !durable {
                self.ring.push(change);
                return Ok(());
            }
            self.recover().await?;
        }
        if let Err(error) = self.apply(&change).await {
            self.refused(&error).await;
            if error.severity() != Severity::Statement && !durable {
                self.ring.push(change);
                return Ok(());
            }
            return Err(error);
        }
        if durable {
            // Not in `pending`: if the commit fails the caller is told no, so it must not appear later.
            return self.commit().await;
        }
        self.pending.push(change);
        self.deadline.get_or_insert_with(|| Instant::now() + self.options.group);
        if self.pending.len() >= limits::GROUP_WRITES { self.commit().await } else { Ok(()) }
    }

    async fn apply(&mut self, change: &Write) -> Result<(), StoreError> {
        if self.db.idle() {
            self.db.batch("BEGIN IMMEDIATE").await?;
        }
        write::apply(&mut self.db, change).await?;
        self.not_indexed += usize::from(matches!(change, Write::Message { .. }));
        Ok(())
    }

    /// Commits the open transaction; a refusal makes the store degraded and keeps what was grouped.
    async fn commit(&mut self) -> Result<(), StoreError> {
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
        self.pending.clear();
        self.deadline = None;
        self.status.commits += 1;
        self.status.last_commit_ms = Some(self.clock.wall_ms());
        Ok(())
    }

    /// Brings the word index up to date, inside the open transaction.
    async fn index(&mut self) -> Result<(), StoreError> {
        self.db.execute(search::INDEX_REST, Vec::new()).await?;
        self.not_indexed = 0;
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        if self.status.degraded.is_some() { self.recover().await } else { self.commit().await }
    }

    async fn finish(&mut self) -> Result<(), StoreError> {
        let done = self.flush().await;
        if let Err(error) = &done {
            let held = self.ring.len();
            tracing::error!(%error, held, "the store ends with records that the disk did not take");
        }
        done
    }

    /// After a failed statement: a single one is undone by SQLite; a disk or file fault ends the
    /// transaction, and what was grouped in it is held in memory.
    async fn refused(&mut self, error: &StoreError) {
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
            self.reopen().await;
        }
    }

    /// A read that meets a damaged page has the same end as a write that does.
    async fn noticed<T>(&mut self, found: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &found {
            self.refused(error).await;
        }
        found
    }

    /// Writes what is held; the store is whole again when the disk takes it.
    async fn recover(&mut self) -> Result<(), StoreError> {
        let reason = self.status.degraded.clone().unwrap_or_default();
        self.retry_at = Some(Instant::now() + self.options.retry);
        if !self.reopen().await {
            return Err(StoreError::Degraded(self.status.degraded.clone().unwrap_or(reason)));
        }
        if let Err(error) = self.replay().await {
            self.db.rollback().await;
            self.status.degraded = Some(error.to_string());
            return Err(StoreError::Degraded(error.to_string()));
        }
        tracing::warn!(written = self.ring.len(), dropped = self.ring.dropped(), "the store writes again");
        self.ring.clear();
        self.status.degraded = None;
        self.retry_at = None;
        Ok(())
    }

    /// Opens the file again, as at the start; whether it can be written.
    async fn reopen(&mut self) -> bool {
        // The old connection holds the file's lock until it is dropped.
        let Ok(empty) = Db::open_memory().await else { return false };
        self.db = empty;
        match open::open(&self.folder, &self.clock, &self.options, &mut |_| {}).await {
            Ok((db, opened)) => {
                self.db = db;
                self.status.quarantined = opened.quarantined.or_else(|| self.status.quarantined.take());
                if let Some(reason) = opened.degraded {
                    self.status.degraded = Some(reason);
                    return false;
                }
                true
            }
            Err(error) => {
                self.status.degraded = Some(error.to_string());
                false
            }
        }
    }

    async fn replay(&mut self) -> Result<(), StoreError> {
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

    async fn close_orphans(&mut self, before: Id) -> Result<Vec<CallRecord>, StoreError> {
        if self.status.degraded.is_some() {
            self.recover().await?;
        }
        let found = read::orphans(&mut self.db).await;
        let orphans: Vec<_> = self.noticed(found).await?.into_iter().filter(|call| call.id < before).collect();
        for call in &orphans {
            let end = super::orphan_end();
            let change = Write::End { id: call.id, at_ms: self.clock.wall_ms(), end };
            self.write(change, false).await?;
        }
        if self.db.idle() {
            self.db.batch("BEGIN IMMEDIATE").await?;
        }
        let last =
            orphans.last().map_or(before, |call| if orphans.len() < limits::STORE_ROWS { before } else { call.id });
        let values = vec![Value::Text("closed_upto".to_owned()), blob(last)];
        let set = self.db.execute(SET_META, values).await.map(drop);
        self.noticed(set).await?;
        self.commit().await?;
        Ok(orphans)
    }

    async fn search(&mut self, query: &str, limit: usize) -> Result<Vec<Message>, StoreError> {
        let Some(expression) = search::expression(query) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        if self.status.degraded.is_none() {
            if self.db.idle() {
                self.db.batch("BEGIN IMMEDIATE").await?;
            }
            self.index().await?;
            self.deadline.get_or_insert_with(|| Instant::now() + self.options.group);
        } else {
            found
                .extend(read::not_indexed(&mut self.db).await?.into_iter().filter(|m| search::matches(query, &m.text)));
            self.ring.overlay_search(query, &mut found);
        }
        found.extend(read::search(&mut self.db, &expression, limit).await?);
        found.truncate(limit.min(limits::STORE_ROWS));
        Ok(found)
    }

    fn status(&mut self) -> StoreStatus {
        let path = self.folder.database();
        let size = |path: String| std::fs::metadata(path).map_or(0, |m| m.len());
        StoreStatus {
            bytes: size(path.display().to_string()),
            log_bytes: size(format!("{}-wal", path.display())),
            pending: self.pending.len(),
            held: self.ring.len(),
            dropped: self.ring.dropped(),
            written_today: self.usage.today(&self.clock),
            ..self.status.clone()
        }
    }
}

const SET_META: &str = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2";

fn send<T>(reply: Reply<T>, answer: Result<T, StoreError>) {
    // A caller that no longer waits has cancelled its turn; what was written stays written.
    drop(reply.send(answer));
}

/// How long a group waits and how often a refused disk is tried; tests use shorter times.
pub(super) const DEFAULTS: (Duration, Duration) = (limits::GROUP_COMMIT, limits::STORE_RETRY);
