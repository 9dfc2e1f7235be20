//! A folder, a store on it, and the smallest records that make a turn.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hearth::base::{Clock, Id};
use hearth::store::memory::near::Packed;
use hearth::store::memory::{Budget, Filter, Memory, NewMemory, Viewer};
use hearth::store::{BeginCall, DataFolder, Decision, EndCall, Opened, Options, Store, StoreError};

pub(super) const DAY: Duration = Duration::from_secs(86_400);
pub(super) const DAY_MS: i64 = 86_400_000;

/// A folder under the system's temporary one, removed with the value.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hearth-it-store-{}-{name}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn database(&self) -> PathBuf {
        self.0.join("hearth.db")
    }

    /// The store on this folder, with short times.
    pub(super) fn open(&self) -> (Store, Opened) {
        self.try_open(Clock::system(), quick()).unwrap()
    }

    /// The store on this folder at the time of this clock.
    pub(super) fn at(&self, clock: &Clock) -> Store {
        self.try_open(clock.clone(), quick()).unwrap().0
    }

    pub(super) fn try_open(&self, clock: Clock, options: Options) -> Result<(Store, Opened), StoreError> {
        let folder = DataFolder::open(&self.0)?;
        Store::open(&folder, clock, options, |_| {})
    }

    /// Every file that was moved away as damaged.
    pub(super) fn quarantined(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.0).unwrap().map(|e| e.unwrap().path());
        entries.filter(|p| p.to_string_lossy().contains(".corrupt-")).collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Options that retry only when asked, so that a test decides when.
pub(super) fn quick() -> Options {
    Options {
        group: Duration::from_millis(50),
        retry: Duration::from_secs(3600),
        max_pages: None,
        ..Options::default()
    }
}

pub(super) fn begin(tool: &str, trace: Id) -> BeginCall {
    BeginCall {
        tool: tool.to_owned(),
        principal: "console".to_owned(),
        trace,
        args: r#"{"entity":"kitchen lamp"}"#.to_owned(),
        decision: Decision::Allow,
        reason: "tier 1: idempotent".to_owned(),
    }
}

/// Something to remember.
pub(super) fn note(text: &str) -> NewMemory {
    NewMemory { text: text.to_owned(), source: "said".to_owned(), importance: 0.5, ..NewMemory::default() }
}

/// So many days in which the service looks twice a day what is over; how many memories were deleted.
pub(super) async fn days(store: &Store, clock: &Clock, many: u32, budget: Budget) -> usize {
    let mut went = 0;
    for _ in 0..many * 2 {
        clock.pass(DAY / 2);
        went += store.prune_memories(budget).await.unwrap();
    }
    went
}

/// Everyone's, whatever became of it.
pub(super) fn everything() -> Filter {
    Filter { viewer: Viewer { everyone: true, ..Viewer::default() }, history: true, ..Filter::default() }
}

/// Keeps one memory; its id.
pub(super) async fn remember(store: &Store, new: NewMemory) -> Result<Id, StoreError> {
    Ok(store.keep_memories(vec![new]).await?[0].id)
}

/// The memories that hold any of these words, best first.
pub(super) async fn found(store: &Store, words: &[&str]) -> Vec<Memory> {
    let terms = words.iter().map(|word| format!("\"{word}\"")).collect();
    let hits = store.memory_words(terms, false, everything(), 9).await.unwrap().hits;
    store.memories_at(hits.iter().map(|hit| hit.seq).collect(), everything()).await.unwrap()
}

/// A vector of one direction.
pub(super) fn direction(axis: u8) -> Packed {
    let numbers: Vec<f32> = (0..16).map(|n| if n == axis % 16 { 1.0 } else { 0.1 }).collect();
    Packed::of(&numbers).unwrap()
}

pub(super) fn end() -> EndCall {
    EndCall { outcome: Ok(()), detail: "read back: on".to_owned(), took: Duration::from_micros(1500) }
}

/// Runs a future to its end on an executor of this test's own.
pub(super) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
