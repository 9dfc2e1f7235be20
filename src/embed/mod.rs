//! Meaning as numbers: texts to vectors whose angle tells how near they are, on the board, offline.
//!
//! The model is MiniLM-L6 in one file (`models/`), English. The brain never reads it: a hand of class
//! `embed` maps the file, checks its hash and computes; [`Embedder`] queues texts for that hand, people
//! before imports, and lets it go when nobody asks, which is how its memory returns. A text in another
//! language gets no vector, because one from this model would mislead ([`language`]); its words are
//! still found by the store's word index. Where there is no model, or the board is too small, every
//! request is refused with that reason and memory goes on with words.

#![forbid(unsafe_code)]

mod file;
mod hand;
pub mod language;
mod model;
mod pinned;
mod queue;
mod service;
mod words;

pub use file::{ModelFile, bare};
pub use hand::body;
pub use model::{Embedded, Model, ModelFault, Table};
pub use pinned::{DIMENSIONS, MODEL_FILE, MODEL_SHA256};
pub use queue::Priority;
pub use service::{Embedder, Mode, Noted, check};
pub use words::Words;
