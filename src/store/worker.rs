//! The store's thread: one request after the other, grouped commits, and the degraded mode.
//!
//! libsql blocks the executor that polls it, therefore it has a thread and an executor of its own.
//! Grouped writes are applied at once inside an open transaction, so that reads see them, and kept
//! until the commit, so that a disk that refuses it loses nothing.

use std::path::PathBuf;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use super::care::{Backup, Compacted};
use super::check::Rest;
use super::db::Db;
use super::keep::{self, ListItem, Timer};
use super::policy::Sheds;
use super::ring::Ring;
use super::tidy::Tidy;
use super::write::Write;
use super::{
    CallQuery, CallRecord, ChainHead, ChainReport, ChainRow, CutDue, DataFolder, DeviceState, Message, Opened, Options,
    StoreError, StoreStatus, Vouched,
};
use super::{chain, cut, memory, read, usage};
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
    /// Timers.
    Timers(Reply<Vec<Timer>>),
    /// Items of a list.
    Items(String, Reply<Vec<ListItem>>),
    /// The head of the audit chain, as it is on disk.
    ChainHead(Reply<Option<ChainHead>>),
    /// The link at a place of the audit chain.
    ChainAt(i64, Reply<Option<ChainHead>>),
    /// Walk the audit chain up to a place; what the keeper remembers.
    CheckChain(Option<Vouched>, i64, Reply<ChainReport>),
    /// Audit records that should go.
    CutDue(Reply<Option<CutDue>>),
    /// The last one that went.
    ChainCut(Reply<Option<ChainHead>>),
    /// Cut the chain's front off.
    CutChain(ChainHead, Reply<()>),
    /// Audit records with their links, after a place.
    ChainPage(i64, Reply<Vec<ChainRow>>),
    /// What memory asks.
    Memory(memory::Ask),
    /// Counters.
    Status(Reply<StoreStatus>),
    /// Read everything and tell every fault.
    Check(Reply<Vec<String>>),
    /// Copy the file.
    Backup(PathBuf, Reply<Backup>),
    /// Make the file small.
    Compact(Reply<Compacted>),
    /// Commit and end.
    Close(Reply<()>),
}

/// The thread's state.
pub(super) struct Worker {
    pub(super) db: Db,
    pub(super) folder: DataFolder,
    pub(super) clock: Clock,
    pub(super) options: Options,
    /// Applied in the open transaction, not yet committed.
    pub(super) pending: Vec<Write>,
    /// When the open transaction is committed at the latest.
    pub(super) deadline: Option<Instant>,
    pub(super) ring: Ring,
    pub(super) status: StoreStatus,
    /// Messages since the word index was last brought up to date.
    pub(super) not_indexed: usize,
    pub(super) retry_at: Option<Instant>,
    /// Whether `db` is the file, open for writing.
    pub(super) writable: bool,
    /// What of a large file is still to be checked, and when the next part is due.
    pub(super) rest: Option<(Rest, Instant)>,
    /// Whether a table is full.
    pub(super) tidy: Tidy,
    /// Vectors held in memory.
    pub(super) shelf: memory::Shelf,
    /// What time it surely is.
    pub(super) lived: memory::Lived,
    /// The time and place up to which this retention has nothing more to do.
    pub(super) kept_by: Option<(i64, i64, memory::Retention)>,
    /// The latest place that a memory was given.
    pub(super) placed: i64,
    pub(super) usage: usage::Usage,
    /// What is held in memory because the day's budget is spent: kinds that shed at least so early.
    pub(super) sheds: Option<Sheds>,
}

impl Worker {
    /// A worker on an opened database.
    pub(super) fn new(
        db: Db,
        opened: &Opened,
        folder: DataFolder,
        clock: Clock,
        options: Options,
        noted: Option<(i64, u64)>,
    ) -> Self {
        let usage = usage::Usage::new(&clock, noted);
        let status = StoreStatus {
            version: opened.version,
            degraded: opened.degraded.clone(),
            quarantined: opened.quarantined.clone(),
            carried: opened.carried,
            checked: opened.checked,
            ..StoreStatus::default()
        };
        let lived = memory::Lived::new(&clock);
        let tidy = Tidy::new(Instant::now() + options.tidy.min(limits::TIDY_FIRST));
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
            writable: opened.degraded.is_none(),
            rest: None,
            tidy,
            shelf: memory::Shelf::default(),
            lived,
            kept_by: None,
            placed: 0,
            usage,
            sheds: None,
        }
    }

    /// Serves requests until `Close`, or until no handle is left.
    pub(super) async fn serve(mut self, mut requests: mpsc::Receiver<Request>) {
        loop {
            let check_at = self.rest.as_ref().map(|(_, at)| *at);
            let wake = [self.deadline, self.retry_at, check_at, Some(self.tidy.at)].into_iter().flatten().min();
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
                Some(request) => {
                    self.answer(request).await;
                    // The check waits until nobody wants anything.
                    if let Some((_, at)) = &mut self.rest {
                        *at = Instant::now() + limits::CHECK_PAUSE;
                    }
                }
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
                let found = self.search_words(&query, limit).await;
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
            Request::Timers(reply) => {
                let found = keep::read::timers(&mut self.db).await;
                send(reply, self.noticed(found).await);
            }
            Request::Items(list, reply) => {
                let found = keep::read::items(&mut self.db, &list).await;
                send(reply, self.noticed(found).await);
            }
            Request::ChainHead(reply) => {
                // What is vouched for must be on disk.
                let done = match self.flush().await {
                    Ok(()) => chain::head(&mut self.db).await,
                    Err(error) => Err(error),
                };
                send(reply, done);
            }
            Request::ChainAt(place, reply) => {
                let found = chain::at(&mut self.db, place).await;
                send(reply, self.noticed(found).await);
            }
            Request::CheckChain(vouched, upto, reply) => {
                let found = chain::check(&mut self.db, vouched, upto).await;
                send(reply, self.noticed(found).await);
            }
            Request::CutDue(reply) => {
                let found = self.cut_due().await;
                send(reply, self.noticed(found).await);
            }
            Request::ChainCut(reply) => {
                let found = cut::place(&mut self.db).await;
                send(reply, self.noticed(found).await);
            }
            Request::CutChain(upto, reply) => send(reply, self.cut_chain(upto).await),
            Request::ChainPage(after, reply) => {
                let found = chain::page(&mut self.db, after).await;
                send(reply, self.noticed(found).await);
            }
            Request::Memory(ask) => self.remember(ask).await,
            Request::Check(reply) => send(reply, self.check().await),
            Request::Backup(to, reply) => send(reply, self.backup(&to).await),
            Request::Compact(reply) => send(reply, self.compact().await),
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
        if self.rest.as_ref().is_some_and(|(_, at)| *at <= now) {
            self.check_on().await;
        }
        if self.tidy.at <= now {
            self.tidy_on().await;
        }
    }

    /// Checks one more table of a large file; what is found ends as any damage that a read meets.
    async fn check_on(&mut self) {
        let Some((mut rest, _)) = self.rest.take() else { return };
        match rest.next(&mut self.db).await {
            Ok(true) => self.rest = Some((rest, Instant::now() + limits::CHECK_PAUSE)),
            Ok(false) => {
                tracing::info!("every page of the database was read and is sound");
                self.status.checked = true;
            }
            Err(error) => self.refused(&error).await,
        }
    }

    /// Starts the check of what opening did not read.
    pub(super) async fn check_rest(&mut self) {
        match Rest::all(&mut self.db).await {
            Ok(rest) => self.rest = Some((rest, Instant::now() + limits::CHECK_PAUSE)),
            Err(error) => self.refused(&error).await,
        }
    }

    fn status(&mut self) -> StoreStatus {
        let path = self.folder.database();
        let size = |path: String| std::fs::metadata(path).map_or(0, |m| m.len());
        StoreStatus {
            bytes: size(path.display().to_string()),
            log_bytes: size(format!("{}-wal", path.display())),
            // Vectors wait for the commit of their group without being held for a recovery.
            pending: self.pending.len().max(usize::from(self.deadline.is_some())),
            held: self.ring.len(),
            dropped: self.ring.dropped(),
            written_today: self.usage.today(&self.clock),
            flash_day: self.options.flash_day,
            shedding: self.sheds.map(|from| match from {
                Sheds::First => "sessions, device states and vectors",
                _ => "sessions, device states, vectors and messages",
            }),
            ..self.status.clone()
        }
    }
}

fn send<T>(reply: Reply<T>, answer: Result<T, StoreError>) {
    // A caller that no longer waits has cancelled its turn; what was written stays written.
    drop(reply.send(answer));
}
