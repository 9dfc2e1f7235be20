//! Memory: remember, find, forget.
//!
//! Rows, words and vectors lie in the store; here is what they mean: how a text becomes memories
//! ([`record`]), how a question becomes an expression ([`words`]) and two rankings one ([`fuse`]). What
//! holds a secret is refused at write. What a person may not see is left out by the query itself, never
//! afterwards. Vectors come behind the rows ([`vectors`]); without an embedder a search is by words, and says so.

#![forbid(unsafe_code)]

mod artefact_files;
pub mod artefacts;
pub mod chunk;
mod context;
pub mod dag;
mod doubt;
mod files;
pub mod fuse;
mod ingest;
pub mod observe;
mod observer;
mod order;
pub mod record;
mod said;
mod search;
mod seats;
mod serve;
mod talk;
mod vectors;
pub mod when;
mod wish;
pub mod words;

pub use context::Change;
pub use observer::Observer;
pub use order::Order;
pub use said::Speaker;
pub use search::{Answer, Found, Lists, Question};
pub use talk::{NEW_THREAD, begins_thread, thread};
pub use vectors::Filled;
pub use wish::{AGENT, Wish};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::base::cache::Cache;
use crate::base::{Clock, Code, Fault, Id, IdSource, limits};
use crate::embed::Embedder;
use crate::guard::leak;
use crate::store::memory::{Budget, Ended, Kept, NewMemory, Retention};
use crate::store::{Store, StoreError};
use vectors::Maker;

/// Why something was not remembered or found.
#[derive(Debug, thiserror::Error)]
pub enum MemoryFault {
    /// The text holds a secret.
    #[error("text: holds what looks like {0}; secrets are kept with `hearth secret add`, never in memory")]
    Secret(&'static str),
    /// What was handed in is wrong.
    #[error("{0}")]
    Record(String),
    /// No memory of this name is there for who asks.
    #[error("there is no memory «{0}»; `hearth memory search` finds them")]
    Unknown(String),
    /// No part of a conversation, no kept result, no artefact of this name is there for who asks.
    #[error("there is no {0} «{1}»; {2}")]
    Missing(&'static str, String, &'static str),
    /// It is there, and another's.
    #[error("the memory «{0}» is not yours to change")]
    NotYours(String),
    /// What the disk says of an artefact.
    #[error("artefact: {0}")]
    File(String),
    /// The embedder's answer.
    #[error(transparent)]
    Embedder(Fault),
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MemoryFault {
    /// No conversation of this name.
    fn no_talk(name: impl Into<String>) -> Self {
        Self::Missing("conversation", name.into(), "`hearth memory talk` lists them")
    }

    /// No node of this name in a conversation.
    fn no_node(name: impl Into<String>) -> Self {
        Self::Missing("part", name.into(), "`hearth memory dag SESSION` tells the parts of a conversation")
    }

    /// No large result of this name.
    fn no_result(id: impl Into<String>) -> Self {
        Self::Missing("result", id.into(), "the conversation tells the ids of its results")
    }

    /// No artefact of this name.
    fn no_artefact(id: impl Into<String>) -> Self {
        Self::Missing("artefact", id.into(), "`hearth memory artefact list` tells them")
    }
}

impl From<MemoryFault> for Fault {
    fn from(fault: MemoryFault) -> Self {
        let code = match &fault {
            MemoryFault::Secret(_) | MemoryFault::NotYours(_) => Code::Refused,
            MemoryFault::Record(_) => Code::BadInput,
            MemoryFault::Unknown(_) | MemoryFault::Missing(..) => Code::NotFound,
            MemoryFault::File(_) => Code::System,
            MemoryFault::Embedder(fault) => fault.code,
            MemoryFault::Store(error) => error.code(),
        };
        Self::new(code, fault.to_string())
    }
}

/// What memory may hold.
pub const BUDGET: Budget =
    Budget { rows: limits::MEMORIES, bytes: limits::MEMORY_BYTES, ended: Ended::Surely, retention: Retention::FOREVER };

/// The memory of this Hearth. Clones share it.
#[derive(Clone, Debug)]
pub struct Memory {
    store: Store,
    clock: Clock,
    zone: TimeZone,
    files: Option<Arc<files::Files>>,
    seats: seats::Seats,
    /// For how long the settings keep what has no end of its own.
    retention: Retention,
    /// Bytes that were kept since it was last pruned.
    grown: Arc<AtomicUsize>,
    answers: Arc<Mutex<Cache<String, Answer>>>,
    ids: Arc<IdSource>,
    /// Artefacts that are being handed in, by their ids.
    uploads: Arc<Mutex<BTreeMap<String, artefacts::Upload>>>,
    maker: Maker,
}

impl Memory {
    /// Memory over a store; times without a zone are in `zone`. Inside a tokio runtime.
    #[must_use]
    pub fn new(store: Store, clock: Clock, zone: TimeZone, embedder: Embedder) -> Self {
        let made = Self::still(store, clock, zone, embedder);
        made.maker.start();
        made
    }

    /// As [`Memory::new`], but vectors are made only by [`Memory::fill`].
    #[must_use]
    pub fn still(store: Store, clock: Clock, zone: TimeZone, embedder: Embedder) -> Self {
        let answers = Arc::new(Mutex::new(Cache::new(limits::SEARCH_CACHE_BYTES)));
        let (maker, grown) = (Maker::new(store.clone(), embedder), Arc::default());
        let (ids, uploads) = (Arc::new(IdSource::after(clock.clone(), None)), Arc::default());
        let (files, seats, retention) = (None, seats::Seats::default(), Retention::default());
        Self { store, clock, zone, files, seats, retention, grown, answers, ids, uploads, maker }
    }

    /// Keeps what has no end of its own for these times.
    #[must_use]
    pub fn with_retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    fn uploads(&self) -> MutexGuard<'_, BTreeMap<String, artefacts::Upload>> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops every answer that is held: something was kept, forgotten or revoked.
    pub fn revoke(&self) {
        self.answers().clear();
    }

    fn answers(&self) -> MutexGuard<'_, Cache<String, Answer>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// [`Memory::answer`], or its answer to the same question a moment ago.
    ///
    /// # Errors
    /// [`MemoryFault::Store`].
    pub async fn find(&self, question: &Question, lists: Lists, within: Duration) -> Result<Answer, MemoryFault> {
        let key = format!("{lists:?} {question:?}");
        let now = self.clock.monotonic();
        if let Some(known) = self.answers().get(&key, now).filter(|known| known.fresh) {
            return Ok(known.value);
        }
        let epoch = self.answers().epoch();
        let answer = self.answer(question, lists, within).await?;
        let bytes = key.len() + answer.found.iter().map(|one| one.memory.text.len() + 400).sum::<usize>();
        let tags = vec![format!("person:{}", question.filter.viewer.person)];
        // What was kept or forgotten meanwhile is in no answer that is held; nor is one whose vector came too late.
        let as_ever = answer.words_alone.is_none() || self.maker.is_off();
        let mut answers = self.answers();
        if answers.epoch() == epoch && as_ever {
            answers.put(key, answer.clone(), bytes, limits::SEARCH_CACHE_TIME, tags, now);
        }
        Ok(answer)
    }

    /// Forgets what has ended, what was kept for its time and what is over a budget, all of it; how many went.
    ///
    /// # Errors
    /// [`MemoryFault::Store`].
    pub async fn prune(&self, budget: Budget) -> Result<usize, MemoryFault> {
        self.prune_pages(budget, usize::MAX).await
    }

    async fn prune_pages(&self, budget: Budget, most: usize) -> Result<usize, MemoryFault> {
        let mut went = 0;
        self.grown.store(0, Ordering::Relaxed);
        for _ in 0..most {
            let page = self.store.prune_memories(budget).await?;
            if page == 0 {
                break;
            }
            self.revoke();
            went += page;
        }
        if went > 0 {
            // What was said right behind it needs another vector.
            self.maker.again();
        }
        Ok(went)
    }

    /// Keeps memory within its budget and no longer than is set: in time, or when much was kept since.
    pub async fn tidy(&self) {
        let budget = Budget { retention: self.retention, ..BUDGET };
        match self.prune_pages(budget, limits::TIDY_PAGES).await {
            Ok(0) => {}
            Ok(forgotten) => {
                tracing::info!(forgotten, "what had ended or was over its time or the budget was forgotten")
            }
            Err(fault) => tracing::warn!(%fault, "memory was not kept within its budget"),
        }
    }

    /// Forgets these, whoever they belong to.
    async fn forget_all(&self, ids: Vec<Id>) -> Result<usize, MemoryFault> {
        let went = self.store.forget_memories(serve::everything(), ids).await;
        self.revoke();
        self.maker.again();
        Ok(went?)
    }

    /// Drops the answers that something new of these people may change; everybody sees the household's.
    fn told_of(&self, whose: &BTreeSet<String>) {
        let mut answers = self.answers();
        if whose.contains("") {
            return answers.clear();
        }
        for person in whose {
            answers.drop_tag(&format!("person:{person}"));
        }
    }

    /// Keeps memories, all of them or none, durably.
    ///
    /// # Errors
    /// [`MemoryFault::Secret`] for a text with a secret, [`MemoryFault::Store`].
    pub async fn keep(&self, new: Vec<NewMemory>) -> Result<Vec<Kept>, MemoryFault> {
        if let Some(kind) = new.iter().find_map(|memory| leak::holds(&memory.text)) {
            return Err(MemoryFault::Secret(kind));
        }
        let whose: BTreeSet<String> = new.iter().map(|memory| memory.viewer.person.clone()).collect();
        let bytes: usize = new.iter().map(|memory| memory.text.len()).sum();
        let kept = self.store.keep_memories(new).await;
        self.told_of(&whose);
        let kept = kept?;
        if kept.iter().any(|kept| !kept.duplicate) {
            self.maker.kept();
        }
        if self.grown.fetch_add(bytes, Ordering::Relaxed) + bytes > limits::MEMORY_GROWN {
            self.tidy().await;
        }
        Ok(kept)
    }
}
