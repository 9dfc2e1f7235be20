//! The handle: what the rest of Hearth holds of the store.

use std::sync::Arc;
use std::thread;

use tokio::sync::{mpsc, oneshot};

use super::memory::Lived;
use super::policy::{Durability, Kind};
use super::worker::{Reply, Request, Worker};
use super::write::Write;
use super::{
    BeginCall, CallQuery, CallRecord, ChainHead, ChainReport, ChainRow, DataFolder, DeviceState, EndCall, Message,
    Opened, Options, Progress, Role, Vouched,
};
use super::{StoreError, StoreStatus, open, read};
use crate::base::{Clock, Id, IdSource, limits};
use crate::guard::leak;

/// The store. Clones share its thread; it ends with `close`, or when the last clone goes.
#[derive(Clone, Debug)]
pub struct Store {
    requests: mpsc::Sender<Request>,
    ids: Arc<IdSource>,
    clock: Clock,
    /// Made at the start: greater than every id of earlier runs, smaller than every id of this one.
    start: Id,
}

impl Store {
    /// Opens the database of `folder` on a thread of its own; blocks until it is ready, which a
    /// migration can make long: `progress` hears of each step before it runs, on that thread.
    ///
    /// # Errors
    /// [`StoreError::Newer`], [`StoreError::Foreign`], [`StoreError::Migration`]: the file is left as it is.
    /// A damaged file or a disk that refuses writes is no error: see [`Opened`].
    pub fn open(
        folder: &DataFolder,
        clock: Clock,
        options: Options,
        progress: impl FnMut(Progress) + Send + 'static,
    ) -> Result<(Self, Opened), StoreError> {
        if folder.path().to_str().is_none_or(|path| path.contains('\0')) {
            return Err(StoreError::Path(folder.path().to_path_buf()));
        }
        let (requests, receiver) = mpsc::channel(limits::STORE_QUEUE);
        let (ready, opened) = std::sync::mpsc::sync_channel(1);
        let (folder, thread_clock) = (folder.clone(), clock.clone());
        thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || run(folder, thread_clock, options, progress, receiver, &ready))
            .map_err(StoreError::Thread)?;
        let (opened, last) = opened.recv().map_err(|_| StoreError::Closed)??;
        let ids = Arc::new(IdSource::after(clock.clone(), last));
        let start = ids.next();
        Ok((Self { requests, ids, clock, start }, opened))
    }

    /// The source of every id of this process: greater than all stored ones, whatever the clock says.
    #[must_use]
    pub fn ids(&self) -> Arc<IdSource> {
        Arc::clone(&self.ids)
    }

    /// The wall clock, as it is written into rows.
    pub(super) fn now_ms(&self) -> i64 {
        self.clock.wall_ms()
    }

    /// Records that a call begins; its id. With [`Kind::BeginOnce`] the record is on disk when this returns.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Closed`]; for durable ones [`StoreError::Degraded`] and what SQLite says.
    pub async fn begin_call(&self, call: BeginCall, kind: Kind) -> Result<Id, StoreError> {
        let id = self.ids.next();
        let call = BeginCall { args: kept(call.args), reason: kept(call.reason), ..call };
        let write = Write::Begin { id, at_ms: self.clock.wall_ms(), call };
        match kind.durability() {
            Durability::Durable => self.ask(|reply| Request::Write(write, Some(reply))).await?,
            Durability::Grouped => self.post(write).await?,
        }
        Ok(id)
    }

    /// Records that a call ended.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Closed`].
    pub async fn end_call(&self, id: Id, end: EndCall) -> Result<(), StoreError> {
        let end = EndCall { detail: kept(end.detail), ..end };
        self.post(Write::End { id, at_ms: self.clock.wall_ms(), end }).await
    }

    /// Closes the calls of earlier runs that have a begin and no end as «outcome unknown»; returns them.
    ///
    /// # Errors
    /// As for a durable write.
    pub async fn close_orphans(&self) -> Result<Vec<CallRecord>, StoreError> {
        self.ask(|reply| Request::CloseOrphans(self.start, reply)).await
    }

    /// Reads calls with their ends.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Closed`], what SQLite says.
    pub async fn calls(&self, query: CallQuery) -> Result<Vec<CallRecord>, StoreError> {
        self.ask(|reply| Request::Calls(query, reply)).await
    }

    /// Notes that a session is used, making it if need be.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Closed`], [`StoreError::TooLong`].
    pub async fn touch_session(&self, key: &str, principal: &str, channel: &str) -> Result<(), StoreError> {
        for (what, text) in [("session key", key), ("principal", principal), ("channel", channel)] {
            bounded(what, text.len(), limits::AUDIT_TEXT_BYTES)?;
        }
        self.post(Write::Session {
            key: key.to_owned(),
            principal: principal.to_owned(),
            channel: channel.to_owned(),
            at_ms: self.clock.wall_ms(),
        })
        .await
    }

    /// Adds a message to a session; its id.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Closed`], [`StoreError::TooLong`].
    pub async fn add_message(
        &self,
        session: &str,
        role: Role,
        text: &str,
        trace: Option<Id>,
    ) -> Result<Id, StoreError> {
        bounded("session key", session.len(), limits::AUDIT_TEXT_BYTES)?;
        bounded("message", text.len(), limits::MESSAGE_BYTES)?;
        let id = self.ids.next();
        let (session, text, at_ms) = (session.to_owned(), kept(text.to_owned()), self.clock.wall_ms());
        self.post(Write::Message { id, session, role, text, trace, at_ms }).await?;
        Ok(id)
    }

    /// The last messages of a session, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Closed`], what SQLite says.
    pub async fn messages(&self, session: &str, limit: usize) -> Result<Vec<Message>, StoreError> {
        let session = session.to_owned();
        self.ask(|reply| Request::Messages(session, limit, reply)).await
    }

    /// Messages that hold every word of `query`, best first; any text is a valid query.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Closed`], what SQLite says.
    pub async fn search_messages(&self, query: &str, limit: usize) -> Result<Vec<Message>, StoreError> {
        let query = query.to_owned();
        self.ask(|reply| Request::Search(query, limit, reply)).await
    }

    /// Keeps read-back states of devices.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Closed`], [`StoreError::TooLong`].
    pub async fn save_states(&self, mut states: Vec<DeviceState>) -> Result<(), StoreError> {
        bounded("list of device states", states.len(), limits::ENTITIES)?;
        for state in &mut states {
            leak::clean_json(&mut state.state, leak::Policy::Secrets);
            bounded("device state", state.state.to_string().len(), limits::STATE_BYTES)?;
            bounded("entity id", state.entity.len(), limits::AUDIT_TEXT_BYTES)?;
        }
        self.post(Write::States(states)).await
    }

    /// Every device's last read-back state.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Closed`], what SQLite says.
    pub async fn load_states(&self) -> Result<Vec<DeviceState>, StoreError> {
        self.ask(Request::States).await
    }

    /// The head of the audit chain, after everything acknowledged so far is on disk; `None` before the first record.
    ///
    /// # Errors
    /// [`StoreError::Degraded`] while the disk refuses.
    pub async fn chain_head(&self) -> Result<Option<ChainHead>, StoreError> {
        self.ask(Request::ChainHead).await
    }

    /// The link at a place of the audit chain, as it stands there.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Closed`], what SQLite says.
    pub async fn chain_at(&self, place: i64) -> Result<Option<ChainHead>, StoreError> {
        self.ask(|reply| Request::ChainAt(place, reply)).await
    }

    /// Walks the audit chain up to a place; `vouched` is what the keeper remembers.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Closed`], what SQLite says. A chain that does not fit is no error.
    pub async fn check_chain(&self, vouched: Option<Vouched>, upto: i64) -> Result<ChainReport, StoreError> {
        self.ask(|reply| Request::CheckChain(vouched, upto, reply)).await
    }

    /// Audit records in the order of their chain, after a place; those from before the chain come first.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Closed`], what SQLite says.
    pub async fn chain_page(&self, after: i64) -> Result<Vec<ChainRow>, StoreError> {
        self.ask(|reply| Request::ChainPage(after, reply)).await
    }

    /// Sizes, counters and the degraded mode.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Closed`].
    pub async fn status(&self) -> Result<StoreStatus, StoreError> {
        self.ask(Request::Status).await
    }

    /// Puts everything acknowledged so far on disk; while degraded, tries to recover.
    ///
    /// # Errors
    /// [`StoreError::Degraded`] while the disk refuses.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.ask(Request::Flush).await
    }

    /// Flushes, closes the file and ends the thread; later calls answer [`StoreError::Closed`].
    ///
    /// # Errors
    /// [`StoreError::Degraded`] when the disk did not take the last records.
    pub async fn close(self) -> Result<(), StoreError> {
        self.ask(Request::Close).await
    }

    /// Queues a grouped write; its acknowledgement is that it is queued.
    pub(super) async fn post(&self, write: Write) -> Result<(), StoreError> {
        self.queue(Request::Write(write, None)).await
    }

    pub(super) async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.queue(request(reply)).await?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Waits for room while a commit runs: a burst of turns is slowed to the disk, not refused.
    async fn queue(&self, request: Request) -> Result<(), StoreError> {
        use mpsc::error::SendTimeoutError::{Closed, Timeout};
        self.requests.send_timeout(request, limits::STORE_WAIT).await.map_err(|error| match error {
            Timeout(_) => StoreError::Full(limits::STORE_QUEUE),
            Closed(_) => StoreError::Closed,
        })
    }
}

/// Brings the database of `folder` up or down to a schema version, for `hearth db migrate` and `rollback`;
/// the version before. Rows of tables that go are lost: take a backup first.
///
/// # Errors
/// [`StoreError::Migration`] and whatever opening meets; the file is then as it was.
pub fn migrate_to(folder: &DataFolder, version: u32, mut progress: impl FnMut(Progress)) -> Result<u32, StoreError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(StoreError::Thread)?;
    runtime.block_on(open::migrate(folder, version, &mut progress))
}

type Ready = Result<(Opened, Option<Id>), StoreError>;

/// The thread: open, say how it went, serve.
fn run(
    folder: DataFolder,
    clock: Clock,
    options: Options,
    mut progress: impl FnMut(Progress),
    requests: mpsc::Receiver<Request>,
    ready: &std::sync::mpsc::SyncSender<Ready>,
) {
    // Nobody hears the answer only if `open` itself is gone; then there is nothing to serve either.
    let answer = |result: Ready| drop(ready.send(result));
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => return answer(Err(StoreError::Thread(error))),
    };
    runtime.block_on(async {
        let (mut db, opened) = match open::open(&folder, &clock, &options, &mut progress).await {
            Ok(found) => found,
            Err(error) => return answer(Err(error)),
        };
        let last = match read::last_id(&mut db).await {
            Ok(last) => last,
            Err(error) => return answer(Err(error)),
        };
        // A count that cannot be read starts at nothing; it is no reason to refuse.
        let noted = read::usage(&mut db).await.ok().flatten();
        let mut worker = Worker::new(db, &opened, folder, clock, options, noted);
        if let Ok(lived) = Lived::read(&mut worker.db, &worker.clock).await {
            worker.lived = lived;
        }
        if !opened.checked && opened.degraded.is_none() {
            worker.check_rest().await;
        }
        answer(Ok((opened, last)));
        worker.serve(requests).await;
    });
}

/// A text as it is kept: without what looks like a secret.
pub(super) fn kept(text: String) -> String {
    match leak::clean(&text, leak::Policy::Secrets) {
        std::borrow::Cow::Borrowed(_) => text,
        std::borrow::Cow::Owned(clean) => clean,
    }
}

pub(super) const fn bounded(what: &'static str, bytes: usize, limit: usize) -> Result<(), StoreError> {
    if bytes > limit { Err(StoreError::TooLong { what, bytes, limit }) } else { Ok(()) }
}
