//! The model: from a text to its vector, in one process, with no door to anything.
//!
//! `weights` reads the file, `table` looks word pieces up, `encoder` is the network; the mean over
//! all pieces, scaled to length 1, is the vector. Every byte of the file is foreign until its hash is
//! known, and even then a wrong shape is an error and no panic.

#![forbid(unsafe_code)]

mod encoder;
mod table;
mod weights;

use sha2::{Digest as _, Sha256};

use super::pinned::DIMENSIONS;
use super::words::{Pieces, VocabularyFault, Words};
use crate::base::sys::Mapping;
use crate::base::{Code, Fault, limits};
use encoder::Encoder;
use table::Rows;
use weights::Weights;

/// Where the table of word pieces lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// In memory: a look-up never waits for the disk.
    Memory,
    /// In the mapped file: a look-up reads the page that it touches, and memory is freed under pressure.
    Mapped,
}

/// Why a model was not believed, or gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum ModelFault {
    /// Another file than the pinned one, or a damaged one.
    #[error("the model file is not the one of this build: its SHA-256 is {found}, wanted is {wanted}")]
    Hash {
        /// What the file has.
        found: String,
        /// What was asked for.
        wanted: String,
    },
    /// The container is damaged.
    #[error("the model file is damaged: {0}")]
    Container(#[from] safetensors::SafeTensorError),
    /// It is a container of something else.
    #[error("the model file has the layout «{0}», wanted is «{wanted}»", wanted = super::pinned::FORMAT)]
    Format(String),
    /// A tensor has another type or shape than the network needs.
    #[error("the model file's tensor «{name}» is {problem}")]
    Tensor {
        /// Its name.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// The vocabulary cannot be used.
    #[error("the model file is damaged: {0}")]
    Vocabulary(#[from] VocabularyFault),
    /// The arithmetic refused its input.
    #[error("the network cannot be run: {0}")]
    Network(String),
    /// The vector holds something that is no number.
    #[error("the model gave a vector without a direction")]
    NoDirection,
    /// The file could not be mapped.
    #[error("the model file cannot be mapped: {0}")]
    Mapping(#[from] std::io::Error),
}

impl From<ModelFault> for Fault {
    fn from(fault: ModelFault) -> Self {
        let code = match fault {
            ModelFault::Mapping(_) => Code::System,
            ModelFault::Network(_) | ModelFault::NoDirection => Code::Internal,
            _ => Code::BadInput,
        };
        Self::new(code, fault.to_string())
    }
}

/// The model, ready.
#[derive(Debug)]
pub struct Model {
    words: Words,
    rows: Rows,
    encoder: Encoder,
}

/// A text's vector, and what there is to say of the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedded {
    /// [`DIMENSIONS`] numbers, of length 1 together.
    pub vector: Vec<f32>,
    /// Pieces read, the two markers included.
    pub tokens: usize,
    /// Words they came from; many pieces for few words is a sign of another language.
    pub words: usize,
    /// Whether the end of the text was not read.
    pub cut: bool,
}

impl Model {
    /// Reads the model from its mapped file, where its hash is `sha256` (hex).
    ///
    /// # Errors
    /// [`ModelFault`]; nothing of a file with another hash is interpreted.
    pub fn read(mapping: Mapping, sha256: &str, table: Table) -> Result<Self, ModelFault> {
        let found = hex(&Sha256::digest(mapping.bytes()));
        if found != sha256 {
            return Err(ModelFault::Hash { found, wanted: sha256.to_owned() });
        }
        let weights = Weights::read(mapping.bytes())?;
        let words = Words::read(weights.bytes("vocabulary")?)?;
        let encoder = Encoder::build(&weights)?;
        let places = Rows::find(&weights, words.count())?;
        drop(weights);
        let rows = match table {
            Table::Memory => places.in_memory(mapping.bytes()),
            Table::Mapped => places.in_file(mapping),
        };
        Ok(Self { words, rows, encoder })
    }

    /// The text as pieces.
    #[must_use]
    pub fn split(&self, text: &str) -> Pieces {
        self.words.split(text, limits::EMBED_TOKENS)
    }

    /// The vector of a text.
    ///
    /// # Errors
    /// [`ModelFault::Network`] or [`ModelFault::NoDirection`]; a valid file gives neither.
    pub fn embed(&self, text: &str) -> Result<Embedded, ModelFault> {
        self.embed_pieces(&self.split(text))
    }

    /// The vector of a text that was split already.
    ///
    /// # Errors
    /// As [`Model::embed`].
    pub fn embed_pieces(&self, pieces: &Pieces) -> Result<Embedded, ModelFault> {
        let rows = self.rows.of(&pieces.ids)?;
        let vector = direction(&self.encoder.run(pieces.ids.len(), rows)?)?;
        Ok(Embedded { vector, tokens: pieces.ids.len(), words: pieces.words, cut: pieces.cut })
    }
}

/// The mean of all rows, scaled to length 1.
fn direction(rows: &[f32]) -> Result<Vec<f32>, ModelFault> {
    let mut sum = vec![0_f32; DIMENSIONS];
    for row in rows.chunks_exact(DIMENSIONS) {
        sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt();
    if !length.is_finite() || length <= 0.0 {
        return Err(ModelFault::NoDirection);
    }
    sum.iter_mut().for_each(|value| *value /= length);
    Ok(sum)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
