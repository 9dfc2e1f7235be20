//! Memory: remember, find, forget.
//!
//! Rows, words and vectors lie in the store; here is what they mean: how a text becomes memories
//! ([`record`]), how a question becomes an expression ([`words`]) and two rankings one ([`fuse`]). What
//! holds a secret is refused at write. What a person may not see is left out by the query itself, never
//! afterwards. A search is by words alone so far: the store compares vectors, but nothing makes them yet.

#![forbid(unsafe_code)]

pub mod chunk;
mod context;
pub mod fuse;
mod order;
pub mod record;
mod said;
mod search;
pub mod when;
mod wish;
pub mod words;

pub use context::Change;
pub use order::Order;
pub use said::Speaker;
pub use search::{Found, Question};
pub use wish::{AGENT, Wish};

use jiff::tz::TimeZone;

use crate::base::{Clock, Code, Fault};
use crate::guard::leak;
use crate::store::memory::{Kept, NewMemory};
use crate::store::{Store, StoreError};

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
    /// It is there, and another's.
    #[error("the memory «{0}» is not yours to change")]
    NotYours(String),
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<MemoryFault> for Fault {
    fn from(fault: MemoryFault) -> Self {
        let code = match &fault {
            MemoryFault::Secret(_) | MemoryFault::NotYours(_) => Code::Refused,
            MemoryFault::Record(_) => Code::BadInput,
            MemoryFault::Unknown(_) => Code::NotFound,
            MemoryFault::Store(error) => error.code(),
        };
        Self::new(code, fault.to_string())
    }
}

/// The memory of this Hearth. Clones share it.
#[derive(Clone, Debug)]
pub struct Memory {
    store: Store,
    clock: Clock,
    zone: TimeZone,
}

impl Memory {
    /// Memory over a store; times without a zone are in `zone`.
    #[must_use]
    pub const fn new(store: Store, clock: Clock, zone: TimeZone) -> Self {
        Self { store, clock, zone }
    }

    /// Keeps memories, all of them or none, durably.
    ///
    /// # Errors
    /// [`MemoryFault::Secret`] for a text with a secret, [`MemoryFault::Store`].
    pub async fn keep(&self, new: Vec<NewMemory>) -> Result<Vec<Kept>, MemoryFault> {
        if let Some(kind) = new.iter().find_map(|memory| leak::holds(&memory.text)) {
            return Err(MemoryFault::Secret(kind));
        }
        Ok(self.store.keep_memories(new).await?)
    }
}
