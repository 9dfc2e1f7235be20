//! What memory asks of the store's thread.

use super::super::Message;
use super::super::worker::Reply;
use super::around::{Bare, Sketch};
use super::near::Packed;
use super::{Budget, Document, Fact, Filter, Hit, Kept, Memory, MemoryStats, NamedRow, NewMemory, Talk, Worded};
use crate::base::Id;

/// A question or an order of memory.
pub(in super::super) enum Ask {
    /// Keep these, durably; each with the id that it gets.
    Keep(Vec<(Id, NewMemory)>, Reply<Vec<Kept>>),
    /// Keep the vectors of memories; `true` where they may be held back by the flash budget.
    Vectors(Vec<(i64, Option<Packed>)>, bool, Reply<()>),
    /// Memories without a vector, behind a place.
    Bare(i64, usize, Reply<Vec<Bare>>),
    /// Hits of any of these quoted terms; `true` for the trigrams.
    Words(Vec<String>, bool, Filter, usize, Reply<Worded>),
    /// Hits of a vector.
    Near(Packed, Filter, usize, Reply<Vec<Hit>>),
    /// What a ranking needs of these places; `true` for their neighbours in a talk too.
    Sketches(Vec<i64>, bool, Filter, Reply<Vec<Sketch>>),
    /// Whole memories by their places, in that order; those that may not be seen are left out.
    At(Vec<i64>, Filter, Reply<Vec<Memory>>),
    /// Whole memories behind a place.
    List(Filter, i64, usize, Reply<Vec<Memory>>),
    /// One memory.
    One(Filter, Id, Reply<Option<Memory>>),
    /// Forget what may be seen; how many went.
    Forget(Filter, Vec<Id>, Reply<usize>),
    /// Take a text out of the messages of a person's sessions.
    Erase(String, String, Reply<usize>),
    /// Mark what is seen as replaced by something newer.
    Supersede(Filter, Id, Id, Reply<()>),
    /// Hold, or lift a hold.
    Hold(Filter, Id, bool, Reply<()>),
    /// Forget what has ended and what is over a budget, a page of it; how many went.
    Prune(Budget, Reply<usize>),
    /// Make what was kept twice one; how many became history.
    Merge(Reply<usize>),
    /// The household's rows whose names begin so.
    Named(String, Reply<Vec<NamedRow>>),
    /// The row that an import gave a name: name, person, chat.
    ByName(String, String, String, Reply<Option<Id>>),
    /// The files that rows come from.
    Files(Reply<Vec<String>>),
    /// Messages of a conversation behind a place.
    TalkPage(String, i64, Reply<Vec<(i64, Message)>>),
    /// Delete the oldest documents of a prefix until all of it fits.
    Trim(String, i64, Reply<usize>),
    /// The conversations, the latest first.
    Talks(usize, Reply<Vec<Talk>>),
    /// Counts.
    Stats(Reply<MemoryStats>),
    /// How many went by each rule of the retention.
    Retained(Reply<Vec<(&'static str, i64)>>),
    /// Set a fact.
    SetFact(Fact, Reply<()>),
    /// A fact with its history.
    Fact(String, String, Reply<Vec<Fact>>),
    /// All facts.
    Facts(String, Reply<Vec<Fact>>),
    /// Forget a fact.
    ForgetFact(String, String, Reply<bool>),
    /// Write a document.
    Write(Document, Reply<()>),
    /// Read a document.
    Read(String, String, Reply<Option<Document>>),
}
