//! Memories on flash: rows, their words, their vectors, facts and documents.
//!
//! What is remembered is durable before it is acknowledged. Who may see a row is part of every query
//! ([`Viewer`]), for words and for vectors alike: nothing is filtered after it was ranked. Vectors are
//! held beside the rows and compared exactly; see [`near`] for the two back-ends.

pub mod around;
mod ask;
mod erase;
mod expression;
mod facts;
mod handle;
mod lived;
pub mod near;
mod probe;
mod prune;
mod resident;
mod retain;
mod rows;
mod same;
mod serve;
mod talks;

pub(super) use ask::Ask;
pub use facts::{Document, Fact};
pub(super) use lived::Lived;
pub use prune::{Budget, Ended};
pub use retain::Retention;
pub(super) use rows::put_vectors;
pub(super) use serve::Shelf;
pub use talks::Talk;

use crate::base::Id;

/// What a memory is for (an agent's four areas).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// What people said and what is so.
    Main,
    /// Pieces of longer texts.
    Fragments,
    /// How something was solved.
    Solutions,
    /// How a tool is used here.
    Instruments,
}

/// What kind of knowledge it is; each fades at its own pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sector {
    /// What happened.
    Episodic,
    /// What is so.
    Semantic,
    /// How something is done.
    Procedural,
    /// What was concluded.
    Reflective,
}

/// How far it may travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Anyone may hear it.
    Public,
    /// Those of the house.
    Internal,
    /// Its person only; never sent to a model that is not on the board.
    Private,
}

macro_rules! words {
    ($type:ty, $default:path, $($variant:path => $word:literal),+) => {
        impl $type {
            /// Every one.
            pub const ALL: &[Self] = &[$($variant),+];

            /// The stored word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $($variant => $word),+ }
            }

            /// The one of this name.
            #[must_use]
            pub fn named(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word)
            }
        }

        impl Default for $type {
            fn default() -> Self {
                $default
            }
        }
    };
}

words!(Area, Area::Main, Area::Main => "main", Area::Fragments => "fragments",
    Area::Solutions => "solutions", Area::Instruments => "instruments");
words!(Sector, Sector::Episodic, Sector::Episodic => "episodic", Sector::Semantic => "semantic",
    Sector::Procedural => "procedural", Sector::Reflective => "reflective");
words!(Class, Class::Internal, Class::Public => "public", Class::Internal => "internal", Class::Private => "private");

/// Whose memory a row is, or who asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Viewer {
    /// The person; empty for the household.
    pub person: String,
    /// The chat; empty for every chat of the person.
    pub chat: String,
    /// Sees the rows of every person, ended ones too: the owner's commands, never a conversation.
    pub everyone: bool,
    /// Sees nothing that may travel less far than this; every class, where it is not said.
    pub reach: Option<Class>,
}

/// What may be found.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Filter {
    /// Who asks.
    pub viewer: Viewer,
    /// Only this area.
    pub area: Option<Area>,
    /// Only this sector.
    pub sector: Option<Sector>,
    /// Only what was said at or after this time, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// Only what was said before this time.
    pub until_ms: Option<i64>,
    /// Also what was replaced by something newer.
    pub history: bool,
}

/// A memory to be kept.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct NewMemory {
    /// The name that an import gives it.
    pub reference: Option<String>,
    /// Whose it is.
    pub viewer: Viewer,
    /// What it is for.
    pub area: Area,
    /// Its kind.
    pub sector: Sector,
    /// How far it may travel.
    pub class: Class,
    /// Its words.
    pub text: String,
    /// Who said it, where that is known.
    pub speaker: String,
    /// The conversation it was said in.
    pub session: String,
    /// Where it came from: a channel, a file, an import.
    pub source: String,
    /// ISO 639-1 code of its language, or empty.
    pub language: String,
    /// When it was said, in milliseconds since 1970.
    pub said_ms: i64,
    /// That day in words, for the word index.
    pub day: String,
    /// When it may be forgotten.
    pub expires_ms: Option<i64>,
    /// Kept whatever happens, until the hold is lifted.
    pub held: bool,
    /// 0 to 1.
    pub importance: f64,
    /// The memory that this one replaces.
    pub replaces: Option<Id>,
}

/// A memory that is kept.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Memory {
    /// Its id.
    pub id: Id,
    /// Its place in the store; grows with time.
    #[serde(skip)]
    pub seq: i64,
    /// The name that an import gave it.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Whose it is; empty for the household.
    pub person: String,
    /// The chat it belongs to; empty for every chat.
    pub chat: String,
    /// What it is for.
    pub area: Area,
    /// Its kind.
    pub sector: Sector,
    /// How far it may travel.
    pub class: Class,
    /// Its words.
    pub text: String,
    /// Who said it.
    pub speaker: String,
    /// The conversation it was said in.
    pub session: String,
    /// Where it came from.
    pub source: String,
    /// Its language, or empty.
    pub language: String,
    /// When it was said.
    pub said_ms: i64,
    /// When it was stored.
    pub stored_ms: i64,
    /// When it may be forgotten.
    pub expires_ms: Option<i64>,
    /// Whether it is held.
    pub held: bool,
    /// 0 to 1.
    pub importance: f64,
    /// What replaced it.
    pub replaced_by: Option<Id>,
}

/// A row by the name that was given to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRow {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub reference: String,
    /// Whether it is held.
    pub held: bool,
}

/// What became of a memory that was to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its id, or that of the one that says the same.
    pub id: Id,
    /// Its place.
    pub seq: i64,
    /// Whether it was there already.
    pub duplicate: bool,
}

/// One hit of a search, before rows are read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// The memory's place.
    pub seq: i64,
    /// BM25 for words (higher is better), cosine for vectors.
    pub score: f32,
}

/// What a search by words found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Worded {
    /// The hits, best first.
    pub hits: Vec<Hit>,
    /// How many rows hold each term, whoever may see them, in the order of the terms.
    pub frequencies: Vec<i64>,
    /// How many rows there are, about.
    pub rows: i64,
}

/// Counts and sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct MemoryStats {
    /// Memories, replaced ones included.
    pub memories: i64,
    /// Replaced by a newer one.
    pub replaced: i64,
    /// Under a hold.
    pub held: i64,
    /// With a vector.
    pub vectors: i64,
    /// Facts that count.
    pub facts: i64,
    /// Bytes of all texts.
    pub text_bytes: i64,
}
