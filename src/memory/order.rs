//! What commands and tools ask of memory, as JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Lists;
use super::artefacts::{Asker, Deed};
use crate::store::memory::{Area, Sector};

/// An order. `person` and `chat` say who asks; empty is the household.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "memory", rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// Keep records, each a line of an import; a bad one is told and the others go in.
    Add {
        /// As in `docs/memory.md`.
        records: Vec<Value>,
        /// Where they come from.
        source: String,
        /// Whose they are, where a record does not say it.
        #[serde(default)]
        person: String,
        /// The chat they belong to.
        #[serde(default)]
        chat: String,
    },
    /// Find.
    Search {
        /// The question.
        text: String,
        /// How many answers.
        limit: usize,
        /// Who asks.
        #[serde(default)]
        person: String,
        /// In which chat.
        #[serde(default)]
        chat: String,
        /// Only this area.
        #[serde(default)]
        area: Option<Area>,
        /// Only this sector.
        #[serde(default)]
        sector: Option<Sector>,
        /// Only what was said from this time on, in milliseconds since 1970.
        #[serde(default)]
        since_ms: Option<i64>,
        /// Only what was said before this time.
        #[serde(default)]
        until_ms: Option<i64>,
        /// Also what was replaced.
        #[serde(default)]
        history: bool,
        /// Only what holds every word, and phrases in quotes as phrases.
        #[serde(default)]
        exact: bool,
        /// Which lists answer.
        #[serde(default)]
        lists: Lists,
        /// Waits for the question's vector as long as it takes: a file of questions, not a person.
        #[serde(default)]
        patient: bool,
    },
    /// Make the vectors of one page of memories that have none.
    Fill,
    /// One memory, whoever it belongs to.
    Show {
        /// Its id.
        id: String,
    },
    /// Replace the text of a memory; the old one becomes its history.
    Edit {
        /// Its id.
        id: String,
        /// The new text.
        text: String,
    },
    /// Forget memories.
    Forget {
        /// Their ids.
        ids: Vec<String>,
    },
    /// Mark a memory as replaced by another, by their ids or by the names that an import gave them.
    Supersede {
        /// What is replaced.
        old: String,
        /// What replaces it.
        new: String,
        /// Whose names they are.
        #[serde(default)]
        person: String,
        /// In which chat.
        #[serde(default)]
        chat: String,
    },
    /// Put a memory under a hold, or lift it.
    Hold {
        /// Its id.
        id: String,
        /// Whether it is held.
        held: bool,
    },
    /// A page of everything behind a place, for an export.
    Page {
        /// The place, from 0.
        after: i64,
        /// How many.
        limit: usize,
    },
    /// Forget what has ended and what is over a budget; over the usual one, where none is said.
    Prune {
        /// Memories that may stay.
        #[serde(default)]
        rows: Option<usize>,
        /// Bytes of their texts.
        #[serde(default)]
        bytes: Option<i64>,
    },
    /// Forget what was said before a time, of one kind or of every kind; what is held stays.
    Retain {
        /// In milliseconds since 1970.
        before_ms: i64,
        /// Only this sector.
        #[serde(default)]
        sector: Option<Sector>,
    },
    /// Make what was kept twice under several names one.
    Merge,
    /// What was said in a conversation, or which conversations there are.
    Talk {
        /// The conversation; lists them where there is none.
        #[serde(default)]
        session: Option<String>,
        /// How many, the latest.
        limit: usize,
    },
    /// A node of a conversation's levels, with what lies below it.
    Describe {
        /// The conversation.
        session: String,
        /// The node; the whole, where it is not said.
        #[serde(default)]
        node: Option<String>,
    },
    /// The very messages of a node.
    Expand {
        /// The conversation.
        session: String,
        /// The node.
        node: String,
        /// Messages of it that are passed over.
        #[serde(default)]
        from: usize,
    },
    /// Where a text stands in a conversation.
    Grep {
        /// The conversation.
        session: String,
        /// The text.
        text: String,
    },
    /// A part of a large result that was kept beside a conversation, or the places of a text in it.
    Result {
        /// Whose.
        #[serde(default)]
        person: String,
        /// Its id.
        id: String,
        /// Where the part begins, in bytes.
        #[serde(default)]
        from: usize,
        /// What is looked for.
        #[serde(default)]
        text: Option<String>,
    },
    /// What is kept of a person.
    Profile {
        /// The person.
        #[serde(default)]
        person: String,
    },
    /// Look at the files of the data folder now, and tell what became of each.
    Files,
    /// The observations of a conversation.
    Observations {
        /// The conversation.
        session: String,
    },
    /// Counts and sizes.
    Stats,
    /// Set a fact.
    Set {
        /// Whose.
        #[serde(default)]
        person: String,
        /// Its key.
        key: String,
        /// Its value.
        value: String,
    },
    /// One fact with its history, or all that count.
    Facts {
        /// Whose.
        #[serde(default)]
        person: String,
        /// The key; all where there is none.
        #[serde(default)]
        key: Option<String>,
    },
    /// Forget a fact.
    Unset {
        /// Whose.
        #[serde(default)]
        person: String,
        /// Its key.
        key: String,
    },
    /// Read the working context of an agent for a person, or change it.
    Context {
        /// The agent.
        agent: String,
        /// The person.
        #[serde(default)]
        person: String,
        /// The new text; reads where there is none.
        #[serde(default)]
        text: Option<String>,
        /// Behind what is there, not instead of it.
        #[serde(default)]
        append: bool,
    },
    /// Do something with artefacts.
    Artefact {
        /// Who asks.
        asker: Asker,
        /// What.
        deed: Deed,
    },
}
