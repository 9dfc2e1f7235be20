//! What memory asks of the store, on its handle.

use super::super::handle::kept;
use super::super::worker::Request;
use super::super::{Message, Store, StoreError};
use super::around::{Bare, Sketch};
use super::ask::Ask;
use super::near::Packed;
use super::{Budget, Document, Fact, Filter, Hit, Kept, Memory, MemoryStats, NamedRow, NewMemory, Talk, Worded};
use crate::base::{Id, limits};

impl Store {
    /// Keeps memories in one commit, durably; one that says what is there already is not kept twice.
    ///
    /// # Errors
    /// [`StoreError::TooLong`] for a text over `limits::MEMORY_TEXT_BYTES`, [`StoreError::Degraded`] where nothing can
    /// be made durable, [`StoreError::NotFound`] for what is to be replaced; none is kept then.
    pub async fn keep_memories(&self, new: Vec<NewMemory>) -> Result<Vec<Kept>, StoreError> {
        for memory in &new {
            for (what, text, limit) in [
                ("memory", &memory.text, limits::MEMORY_TEXT_BYTES),
                ("speaker", &memory.speaker, limits::MEMORY_NAME_BYTES),
                ("session", &memory.session, limits::MEMORY_NAME_BYTES),
                ("source", &memory.source, limits::MEMORY_NAME_BYTES),
                ("person", &memory.viewer.person, limits::MEMORY_NAME_BYTES),
                ("chat", &memory.viewer.chat, limits::MEMORY_NAME_BYTES),
            ] {
                if text.len() > limit {
                    return Err(StoreError::TooLong { what, bytes: text.len(), limit });
                }
            }
        }
        let ids = self.ids();
        let clean = |memory: NewMemory| NewMemory { text: kept(memory.text), ..memory };
        let new = new.into_iter().map(|memory| (ids.next(), clean(memory))).collect();
        self.ask(|reply| Request::Memory(Ask::Keep(new, reply))).await
    }

    /// Keeps the vectors of memories, by their places.
    ///
    /// # Errors
    /// As for a durable write.
    pub async fn keep_vectors(&self, vectors: Vec<(i64, Packed)>) -> Result<(), StoreError> {
        let vectors = vectors.into_iter().map(|(seq, vector)| (seq, Some(vector))).collect();
        self.note_vectors(vectors, false).await
    }

    /// Keeps what became of memories that were looked at: their vectors, or that they get none. Where a
    /// person ordered it they are written past the flash budget too.
    ///
    /// # Errors
    /// As for a durable write.
    pub async fn note_vectors(&self, vectors: Vec<(i64, Option<Packed>)>, ordered: bool) -> Result<(), StoreError> {
        self.ask(|reply| Request::Memory(Ask::Vectors(vectors, !ordered, reply))).await
    }

    /// Memories behind a place that were not looked at for a vector yet, with what was said before them.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn bare_memories(&self, after: i64, limit: usize) -> Result<Vec<Bare>, StoreError> {
        self.ask(|reply| Request::Memory(Ask::Bare(after, limit, reply))).await
    }

    /// Visible memories that hold any of these quoted FTS5 terms (`memory::words` makes them), best first.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn memory_words(
        &self,
        terms: Vec<String>,
        trigrams: bool,
        filter: Filter,
        limit: usize,
    ) -> Result<Worded, StoreError> {
        self.ask(|reply| Request::Memory(Ask::Words(terms, trigrams, filter, limit, reply))).await
    }

    /// Visible memories whose vectors are nearest, nearest first; exact.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn memory_near(&self, query: Packed, filter: Filter, limit: usize) -> Result<Vec<Hit>, StoreError> {
        self.ask(|reply| Request::Memory(Ask::Near(query, filter, limit, reply))).await
    }

    /// What a ranking needs of visible memories at these places, each named once; where `neighbours` are wanted, of
    /// those right beside them in a conversation too.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn memory_sketches(
        &self,
        places: Vec<i64>,
        neighbours: bool,
        filter: Filter,
    ) -> Result<Vec<Sketch>, StoreError> {
        self.ask(|reply| Request::Memory(Ask::Sketches(places, neighbours, filter, reply))).await
    }

    /// Whole memories by their places, in that order.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn memories_at(&self, places: Vec<i64>, filter: Filter) -> Result<Vec<Memory>, StoreError> {
        self.ask(|reply| Request::Memory(Ask::At(places, filter, reply))).await
    }

    /// Whole memories behind a place, oldest first.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn memories(&self, filter: Filter, after: i64, limit: usize) -> Result<Vec<Memory>, StoreError> {
        self.ask(|reply| Request::Memory(Ask::List(filter, after, limit, reply))).await
    }

    /// One memory.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn memory(&self, filter: Filter, id: Id) -> Result<Option<Memory>, StoreError> {
        self.ask(|reply| Request::Memory(Ask::One(filter, id, reply))).await
    }

    /// Forgets memories that the filter sees; how many went.
    ///
    /// # Errors
    /// [`StoreError::Held`] for one under a hold: none goes then; else as for a durable write.
    pub async fn forget_memories(&self, filter: Filter, ids: Vec<Id>) -> Result<usize, StoreError> {
        self.ask(|reply| Request::Memory(Ask::Forget(filter, ids, reply))).await
    }

    /// Takes a text out of what was said in a person's conversations, whatever its case; from how many messages.
    ///
    /// # Errors
    /// As for a durable write.
    pub async fn forget_in_messages(&self, person: &str, text: &str) -> Result<usize, StoreError> {
        let (person, text) = (person.to_owned(), text.to_owned());
        self.ask(|reply| Request::Memory(Ask::Erase(person, text, reply))).await
    }

    /// Marks a memory as replaced by another; it stays as its history.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Circle`]; else as for a durable write.
    pub async fn supersede_memory(&self, filter: Filter, old: Id, new: Id) -> Result<(), StoreError> {
        self.ask(|reply| Request::Memory(Ask::Supersede(filter, old, new, reply))).await
    }

    /// Puts a memory under a hold, or lifts it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; else as for a durable write.
    pub async fn hold_memory(&self, filter: Filter, id: Id, held: bool) -> Result<(), StoreError> {
        self.ask(|reply| Request::Memory(Ask::Hold(filter, id, held, reply))).await
    }

    /// Forgets what has ended, and the least important of what is over a budget, at most `limits::STORE_ROWS` of
    /// each; how many went.
    ///
    /// # Errors
    /// As for a durable write.
    pub async fn prune_memories(&self, budget: Budget) -> Result<usize, StoreError> {
        self.ask(|reply| Request::Memory(Ask::Prune(budget, reply))).await
    }

    /// Makes what the same person kept twice, under several names, one: the newest stays, the others become its
    /// history; how many did.
    ///
    /// # Errors
    /// As for a durable write.
    pub async fn merge_memories(&self) -> Result<usize, StoreError> {
        self.ask(|reply| Request::Memory(Ask::Merge(reply))).await
    }

    /// The household's memories whose names begin so, at most `limits::STORE_ROWS`.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn memories_named(&self, prefix: &str) -> Result<Vec<NamedRow>, StoreError> {
        let prefix = prefix.to_owned();
        self.ask(|reply| Request::Memory(Ask::Named(prefix, reply))).await
    }

    /// The memory that an import gave this name, or that has it as its id.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn memory_by_name(&self, name: String, person: String, chat: String) -> Result<Option<Id>, StoreError> {
        let id = name.parse::<Id>().ok();
        let found: Option<Id> = self.ask(|reply| Request::Memory(Ask::ByName(name, person, chat, reply))).await?;
        Ok(found.or(id))
    }

    /// The files that memories come from, with the version of their form.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn memory_files(&self) -> Result<Vec<String>, StoreError> {
        self.ask(|reply| Request::Memory(Ask::Files(reply))).await
    }

    /// Messages of a conversation behind a place, oldest first, with their places; at most `limits::STORE_ROWS`.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn talk_page(&self, session: &str, after: i64) -> Result<Vec<(i64, Message)>, StoreError> {
        let session = session.to_owned();
        self.ask(|reply| Request::Memory(Ask::TalkPage(session, after, reply))).await
    }

    /// Deletes the oldest documents whose names begin so, until all of them are at most `bytes`; how many went.
    ///
    /// # Errors
    /// As for a durable write.
    pub async fn trim_documents(&self, prefix: &str, bytes: i64) -> Result<usize, StoreError> {
        let prefix = prefix.to_owned();
        self.ask(|reply| Request::Memory(Ask::Trim(prefix, bytes, reply))).await
    }

    /// The conversations that are kept, the latest first.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn talks(&self, limit: usize) -> Result<Vec<Talk>, StoreError> {
        self.ask(|reply| Request::Memory(Ask::Talks(limit, reply))).await
    }

    /// Counts and sizes.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn memory_stats(&self) -> Result<MemoryStats, StoreError> {
        self.ask(|reply| Request::Memory(Ask::Stats(reply))).await
    }

    /// How many memories went because the time of their sector or area was over, by each of which some went.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn memory_retained(&self) -> Result<Vec<(&'static str, i64)>, StoreError> {
        self.ask(|reply| Request::Memory(Ask::Retained(reply))).await
    }

    /// Sets a fact; the value before it becomes its history.
    ///
    /// # Errors
    /// As for a durable write.
    pub async fn set_fact(&self, fact: Fact) -> Result<(), StoreError> {
        self.ask(|reply| Request::Memory(Ask::SetFact(fact, reply))).await
    }

    /// A fact with its history, newest first.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn fact(&self, person: String, key: String) -> Result<Vec<Fact>, StoreError> {
        self.ask(|reply| Request::Memory(Ask::Fact(person, key, reply))).await
    }

    /// The facts that count, of a person and the household.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn facts(&self, person: String) -> Result<Vec<Fact>, StoreError> {
        self.ask(|reply| Request::Memory(Ask::Facts(person, reply))).await
    }

    /// Forgets a fact with its history; whether it was there.
    ///
    /// # Errors
    /// As for a durable write.
    pub async fn forget_fact(&self, person: String, key: String) -> Result<bool, StoreError> {
        self.ask(|reply| Request::Memory(Ask::ForgetFact(person, key, reply))).await
    }

    /// Writes a document.
    ///
    /// # Errors
    /// As for a durable write.
    pub async fn write_document(&self, document: Document) -> Result<(), StoreError> {
        self.ask(|reply| Request::Memory(Ask::Write(document, reply))).await
    }

    /// Reads a document.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn document(&self, name: String, person: String) -> Result<Option<Document>, StoreError> {
        self.ask(|reply| Request::Memory(Ask::Read(name, person, reply))).await
    }
}
