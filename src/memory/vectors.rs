//! Vectors for memories: made behind the write, in the background, and for every question.
//!
//! A row is durable and found by its words before it has a vector. What has none yet is taken in the order
//! of the store, a page at a time, behind every text for which a person waits. A memory whose language the
//! model does not know is marked as looked at and gets none. What was said in a conversation is embedded twice,
//! alone and behind the two turns before it, because an answer alone («On Tuesday, she said») means little.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, Notify};

use super::{Memory, MemoryFault};
use crate::base::{Code, Fault, limits};
use crate::embed::{Embedder, Priority};
use crate::store::Store;
use crate::store::memory::around::Bare;
use crate::store::memory::near::Packed;

/// What one page of work came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Filled {
    /// Memories that have a vector now.
    pub made: usize,
    /// Memories that get none: the model does not know their language.
    pub left_out: usize,
    /// Whether there may be more.
    pub more: bool,
    /// Why there are none: there is no embedder.
    pub why: Option<String>,
}

/// What makes the vectors. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Maker {
    store: Store,
    embedder: Embedder,
    news: Arc<Notify>,
    /// One page at a time; up to here everything has been looked at.
    looked: Arc<Mutex<()>>,
    behind: Arc<AtomicI64>,
}

impl Maker {
    pub(super) fn new(store: Store, embedder: Embedder) -> Self {
        Self { store, embedder, news: Arc::default(), looked: Arc::default(), behind: Arc::default() }
    }

    /// Makes vectors behind the writes for as long as the runtime lives.
    pub(super) fn start(&self) {
        if self.embedder.refuses().is_none() {
            tokio::spawn(self.clone().work());
        }
    }

    /// Tells that vectors were taken away: all memories are looked at again.
    pub(super) fn again(&self) {
        self.behind.store(0, Ordering::Relaxed);
        self.news.notify_one();
    }

    /// Tells that memories were kept.
    pub(super) fn kept(&self) {
        self.news.notify_one();
    }

    /// Looks for what an earlier run left, then waits for news.
    async fn work(self) {
        // A command that ends at once does not load the model for what a service will do.
        tokio::time::sleep(limits::FILL_START).await;
        loop {
            match self.page(false).await {
                Ok(Filled { more: true, .. }) => {}
                Ok(_) => self.news.notified().await,
                Err(fault) => {
                    tracing::warn!(%fault, "memories wait for their vectors");
                    tokio::time::sleep(limits::FILL_AGAIN).await;
                }
            }
        }
    }

    /// Makes the vectors of one page; `ordered` by a person they are written past the flash budget too.
    ///
    /// # Errors
    /// The embedder's or the store's.
    pub(super) async fn page(&self, ordered: bool) -> Result<Filled, Fault> {
        if let Some(why) = self.embedder.refuses() {
            return Ok(Filled { why: Some(why.to_owned()), ..Filled::default() });
        }
        let _alone = self.looked.lock().await;
        let after = self.behind.load(Ordering::Relaxed);
        let bare = self.store.bare_memories(after, limits::FILL_PAGE).await?;
        let Some(last) = bare.last().map(|one| one.seq) else { return Ok(Filled::default()) };
        let texts = bare.iter().flat_map(|one| [Some(said(&one.speaker, &one.text)), in_talk(one)]).flatten().collect();
        let mut made = self.embedder.embed(texts, Priority::Import, limits::FILL_WALL).await?.into_iter();
        let mut next = || made.next().and_then(|noted| noted.vector);
        let vectors: Vec<(i64, Option<Packed>)> = bare
            .iter()
            .map(|one| {
                let alone = next();
                let around = in_talk(one).and_then(|_| next());
                let packed = match (&alone, &around) {
                    (Some(alone), Some(around)) => Packed::middle(alone, around),
                    (Some(alone), None) => Packed::of(alone),
                    (None, _) => None,
                };
                (one.seq, packed)
            })
            .collect();
        let with = vectors.iter().filter(|(_, vector)| vector.is_some()).count();
        let told = Filled { made: with, left_out: vectors.len() - with, more: true, why: None };
        self.store.note_vectors(vectors, ordered).await?;
        self.behind.store(last, Ordering::Relaxed);
        Ok(told)
    }

    /// Whether there are no vectors here at all: words answer, now and a moment later.
    pub(super) fn is_off(&self) -> bool {
        self.embedder.refuses().is_some()
    }

    /// The vector of a question, or why there is none.
    pub(super) async fn question(&self, text: &str, within: Duration) -> Result<Packed, String> {
        if let Some(why) = self.embedder.refuses() {
            return Err(why.to_owned());
        }
        if text.trim().is_empty() {
            return Err("the question is empty".to_owned());
        }
        let made = self.embedder.embed(vec![text.to_owned()], Priority::Talk, within).await;
        let noted = made.map_err(|fault| match fault.code {
            Code::Timeout => format!("the question has no vector after {} ms", within.as_millis()),
            _ => fault.message,
        })?;
        let vector = noted.into_iter().next().and_then(|noted| noted.vector);
        let packed = vector.as_deref().and_then(Packed::of);
        packed.ok_or_else(|| "the model does not know the question's language".to_owned())
    }
}

impl Memory {
    /// Makes the vectors of one page of memories that have none.
    ///
    /// # Errors
    /// The embedder's or the store's.
    pub async fn fill(&self) -> Result<Filled, Fault> {
        self.maker.page(true).await
    }
}

/// What is embedded of a memory: who said it belongs to what was said.
fn said(speaker: &str, text: &str) -> String {
    let mut whole = if speaker.is_empty() { text.to_owned() } else { format!("{speaker}: {text}") };
    whole.truncate(whole.floor_char_boundary(limits::EMBED_TEXT_BYTES));
    whole
}

/// Words of an earlier turn that are read with a later one: its end, where questions stand.
const TAIL_WORDS: usize = 20;
/// A turn of more words is understood alone.
const LONG_WORDS: usize = 60;

/// A turn behind what was said right before it; nothing where nothing was, or where it is understood alone.
fn in_talk(one: &Bare) -> Option<String> {
    if one.before.is_empty() || one.text.split_whitespace().count() > LONG_WORDS {
        return None;
    }
    let end = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        words[words.len().saturating_sub(TAIL_WORDS)..].join(" ")
    };
    let mut turns: Vec<String> = one.before.iter().map(|(speaker, text)| said(speaker, &end(text))).collect();
    turns.push(said(&one.speaker, &one.text));
    let mut whole = turns.join(" ");
    whole.truncate(whole.floor_char_boundary(limits::EMBED_TEXT_BYTES));
    Some(whole)
}

impl From<Fault> for MemoryFault {
    fn from(fault: Fault) -> Self {
        Self::Embedder(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_said_it_is_embedded_too_and_nothing_is_too_long() {
        assert_eq!(said("Anna", "the boiler"), "Anna: the boiler");
        assert_eq!(said("", "the boiler"), "the boiler");
        let long = said("Zoë", &"ö".repeat(limits::MEMORY_TEXT_BYTES / 2));
        assert!(long.len() <= limits::EMBED_TEXT_BYTES && long.len() > limits::EMBED_TEXT_BYTES - 4);
    }

    #[test]
    fn a_turn_is_read_behind_the_ends_of_what_was_said_before_it() {
        let turn = |text: &str, before: &[(&str, &str)]| {
            let before = before.iter().map(|(who, text)| ((*who).to_owned(), (*text).to_owned())).collect();
            Bare { seq: 1, speaker: "Jan".into(), text: text.into(), before }
        };
        assert_eq!(in_talk(&turn("On Tuesday.", &[])), None);
        let asked = format!("{}when does she come?", "well, ".repeat(40));
        let whole = in_talk(&turn("On Tuesday.", &[("Jan", "Hello."), ("Anna", &asked)])).expect("a talk");
        assert!(
            whole.starts_with("Jan: Hello. Anna: well,") && whole.ends_with("when does she come? Jan: On Tuesday.")
        );
        assert_eq!(whole.split_whitespace().count(), 2 + 1 + TAIL_WORDS + 3);
        assert_eq!(in_talk(&turn(&"word ".repeat(LONG_WORDS + 1), &[("Anna", "Hello.")])), None);
    }
}
