//! The handle's part for memories, timers and list items: acknowledged when they are on disk.

use super::handle::{bounded, kept};
use super::keep::{Keep, ListItem, Memory, MemoryVector, Timer, VECTOR_BYTES};
use super::policy::{Durability, Kind};
use super::worker::Request;
use super::write::Write;
use super::{Store, StoreError};
use crate::base::{Id, limits};

/// A memory to be kept; the store gives it its id and time.
#[derive(Clone, Copy, Debug)]
pub struct NewMemory<'a> {
    /// Whose it is.
    pub principal: &'a str,
    /// What it is about; «note» where nothing more is known.
    pub kind: &'a str,
    /// The words; at most `limits::MESSAGE_BYTES`.
    pub text: &'a str,
    /// Where it comes from.
    pub source: &'a str,
    /// BCP 47 tag of the language, where it is known.
    pub language: Option<&'a str>,
}

impl Store {
    /// Keeps a memory; its id. It is on disk, and found by its words, when this returns.
    ///
    /// # Errors
    /// [`StoreError::TooLong`], [`StoreError::Degraded`]: then it is not kept, and must not be claimed.
    pub async fn remember(&self, new: NewMemory<'_>) -> Result<Id, StoreError> {
        short(&[("principal", new.principal), ("kind", new.kind), ("source", new.source)])?;
        short(&[("language", new.language.unwrap_or_default())])?;
        bounded("memory", new.text.len(), limits::MESSAGE_BYTES)?;
        let id = self.ids().next();
        let memory = Memory {
            id,
            principal: new.principal.to_owned(),
            kind: new.kind.to_owned(),
            text: kept(new.text.to_owned()),
            source: new.source.to_owned(),
            language: new.language.map(str::to_owned),
            at_ms: self.now_ms(),
        };
        self.keep(Keep::Remember(memory), Kind::Memory).await?;
        Ok(id)
    }

    /// Forgets a memory for good, its words and its vector with it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; else as [`Store::remember`].
    pub async fn forget(&self, id: Id) -> Result<(), StoreError> {
        self.keep(Keep::Forget(id), Kind::Memory).await
    }

    /// The latest memories, newest first.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Closed`], what SQLite says.
    pub async fn memories(&self, limit: usize) -> Result<Vec<Memory>, StoreError> {
        self.ask(|reply| Request::Memories(None, limit, reply)).await
    }

    /// Memories that hold every word of `query`, best first; any text is a valid query.
    ///
    /// # Errors
    /// As [`Store::memories`].
    pub async fn search_memories(&self, query: &str, limit: usize) -> Result<Vec<Memory>, StoreError> {
        let query = Some(query.to_owned());
        self.ask(|reply| Request::Memories(query, limit, reply)).await
    }

    /// Notes the vector of a memory; it is made again from the text where it is lost.
    ///
    /// # Errors
    /// [`StoreError::TooLong`] for another length than [`VECTOR_BYTES`]; [`StoreError::Full`], [`StoreError::Closed`].
    pub async fn set_vector(&self, vector: MemoryVector) -> Result<(), StoreError> {
        if vector.vector.len() != VECTOR_BYTES {
            return Err(StoreError::TooLong { what: "vector", bytes: vector.vector.len(), limit: VECTOR_BYTES });
        }
        short(&[("model", &vector.model)])?;
        self.keep(Keep::Vector(vector), Kind::Vector).await
    }

    /// Vectors of memories after `after`, in order of ids, at most `limits::STORE_ROWS`.
    ///
    /// # Errors
    /// As [`Store::memories`].
    pub async fn vectors(&self, after: Option<Id>) -> Result<Vec<MemoryVector>, StoreError> {
        self.ask(|reply| Request::Vectors(after, reply)).await
    }

    /// Keeps a timer until [`Store::end_timer`]; its id. It is on disk when this returns.
    ///
    /// # Errors
    /// As [`Store::remember`].
    pub async fn set_timer(&self, principal: &str, session: &str, name: &str, due_ms: i64) -> Result<Id, StoreError> {
        short(&[("principal", principal), ("session key", session), ("name of a timer", name)])?;
        let id = self.ids().next();
        let (principal, session, name) = (principal.to_owned(), session.to_owned(), kept(name.to_owned()));
        let timer = Timer { id, principal, session, name, due_ms, at_ms: self.now_ms() };
        self.keep(Keep::SetTimer(timer), Kind::Timer).await?;
        Ok(id)
    }

    /// Ends a timer: it rang or was called off.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; else as [`Store::remember`].
    pub async fn end_timer(&self, id: Id) -> Result<(), StoreError> {
        self.keep(Keep::EndTimer(id), Kind::Timer).await
    }

    /// Timers that have not ended, the next one first.
    ///
    /// # Errors
    /// As [`Store::memories`].
    pub async fn timers(&self) -> Result<Vec<Timer>, StoreError> {
        self.ask(Request::Timers).await
    }

    /// Puts an item on a list; its id. It is on disk when this returns.
    ///
    /// # Errors
    /// As [`Store::remember`].
    pub async fn add_item(&self, principal: &str, list: &str, text: &str) -> Result<Id, StoreError> {
        short(&[("principal", principal), ("name of a list", list), ("list item", text)])?;
        let id = self.ids().next();
        let (principal, list, text) = (principal.to_owned(), list.to_owned(), kept(text.to_owned()));
        let item = ListItem { id, principal, list, text, at_ms: self.now_ms(), done_ms: None };
        self.keep(Keep::AddItem(item), Kind::Item).await?;
        Ok(id)
    }

    /// Ticks an item off.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; else as [`Store::remember`].
    pub async fn tick_item(&self, id: Id) -> Result<(), StoreError> {
        self.keep(Keep::TickItem(id, self.now_ms()), Kind::Item).await
    }

    /// Takes an item off its list.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; else as [`Store::remember`].
    pub async fn remove_item(&self, id: Id) -> Result<(), StoreError> {
        self.keep(Keep::RemoveItem(id), Kind::Item).await
    }

    /// The items of a list, oldest first.
    ///
    /// # Errors
    /// As [`Store::memories`].
    pub async fn items(&self, list: &str) -> Result<Vec<ListItem>, StoreError> {
        let list = list.to_owned();
        self.ask(|reply| Request::Items(list, reply)).await
    }

    async fn keep(&self, change: Keep, kind: Kind) -> Result<(), StoreError> {
        match kind.durability() {
            Durability::Durable => self.ask(|reply| Request::Write(Write::Keep(change), Some(reply))).await,
            Durability::Grouped => self.post(Write::Keep(change)).await,
        }
    }
}

fn short(texts: &[(&'static str, &str)]) -> Result<(), StoreError> {
    texts.iter().try_for_each(|(what, text)| bounded(what, text.len(), limits::AUDIT_TEXT_BYTES))
}
