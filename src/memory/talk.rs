//! Conversations as memory keeps them: whose they are, their threads, their levels, and large results beside them.

use serde_json::{Value, json};

use super::dag::{self, Builder, Dag, Place};
use super::{Memory, MemoryFault};
use crate::base::{Id, limits};
use crate::store::memory::Document;
use crate::store::{Message, Role};

/// The message that begins a new thread of a conversation; said by Hearth, never shown to a model.
pub const NEW_THREAD: &str = "(a new conversation)";

/// Whether a message begins a thread.
#[must_use]
pub fn begins_thread(message: &Message) -> bool {
    message.role == Role::System && message.text == NEW_THREAD
}

/// The messages behind the last beginning of a thread.
#[must_use]
pub fn thread(mut messages: Vec<Message>) -> Vec<Message> {
    if let Some(at) = messages.iter().rposition(begins_thread) {
        messages.drain(..=at);
    }
    messages
}

/// What is not there: the node, or the whole conversation.
fn absent(dag: &Dag, session: &str, node: &str) -> MemoryFault {
    if dag.messages == 0 { MemoryFault::no_talk(session) } else { MemoryFault::no_node(node) }
}

/// The name under which a large result is kept.
const RESULT: &str = "result:";

impl Memory {
    /// The conversation of a person that is meant: the named one, or the one used last.
    ///
    /// # Errors
    /// [`MemoryFault::Missing`] for one that is not there, or another's.
    pub(super) async fn session_of(&self, person: &str, named: Option<String>) -> Result<String, MemoryFault> {
        let talks = self.store.talks(limits::STORE_ROWS).await?;
        let own = talks.into_iter().filter(|talk| talk.principal.split_once('@').map_or("", |(p, _)| p) == person);
        let found = own.map(|talk| talk.session).find(|session| named.as_ref().is_none_or(|want| want == session));
        found.ok_or_else(|| MemoryFault::no_talk(named.unwrap_or_else(|| "the last".to_owned())))
    }

    /// Every message of a conversation, in order, page by page.
    async fn each(&self, session: &str, mut take: impl FnMut(usize, Message)) -> Result<(), MemoryFault> {
        let (mut after, mut number) = (0, 0);
        loop {
            let page = self.store.talk_page(session, after).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = *last;
            for (_, message) in page {
                take(number, message);
                number += 1;
            }
            if number >= limits::TALK_MESSAGES {
                return Ok(());
            }
        }
    }

    /// The levels of a conversation.
    ///
    /// # Errors
    /// [`MemoryFault::Store`].
    pub async fn dag(&self, session: &str) -> Result<Dag, MemoryFault> {
        let mut builder = Builder::default();
        self.each(session, |_, message| builder.take(message)).await?;
        Ok(builder.finish())
    }

    /// A node with what lies below it; the whole, where none is named.
    ///
    /// # Errors
    /// [`MemoryFault::Missing`], [`MemoryFault::Store`].
    pub async fn describe(&self, session: &str, node: Option<&str>) -> Result<Value, MemoryFault> {
        let dag = self.dag(session).await?;
        let name = node.unwrap_or("whole");
        let found = dag.node(name).ok_or_else(|| absent(&dag, session, name))?;
        Ok(json!({"session": session, "messages": dag.messages, "node": found, "below": dag.below(found)}))
    }

    /// The very messages that a node stands for, as far as one answer holds.
    ///
    /// # Errors
    /// [`MemoryFault::Missing`], [`MemoryFault::Store`].
    pub async fn expand(&self, session: &str, node: &str, skip: usize) -> Result<Value, MemoryFault> {
        let dag = self.dag(session).await?;
        let found = dag.node(node).ok_or_else(|| absent(&dag, session, node))?;
        let mut messages = Vec::new();
        let from = found.start.saturating_add(skip);
        let (mut room, mut next) = (limits::EXPAND_BYTES, None);
        self.each(session, |number, message| {
            if !(from..found.end).contains(&number) || next.is_some() {
                return;
            }
            if messages.is_empty() || message.text.len() <= room {
                room = room.saturating_sub(message.text.len());
                messages.push(message);
            } else {
                next = Some(number - found.start);
            }
        })
        .await?;
        let shown: Vec<Value> = messages.iter().map(shown).collect();
        Ok(json!({"session": session, "node": node, "sha256": found.sha256, "messages": shown, "next": next}))
    }

    /// Where a text stands in a conversation, whatever its case.
    ///
    /// # Errors
    /// [`MemoryFault::Record`] for an empty text, [`MemoryFault::Store`].
    pub async fn grep(&self, session: &str, needle: &str) -> Result<Value, MemoryFault> {
        let needle = checked(needle)?;
        let mut places = Vec::new();
        self.each(session, |number, message| {
            if places.len() < limits::GREP_PLACES {
                places.extend(Place::of(number, &message, needle));
            }
        })
        .await?;
        Ok(json!({"session": session, "places": places}))
    }

    /// Keeps a large result beside the conversation; what is shown instead of it.
    ///
    /// # Errors
    /// [`MemoryFault::Store`].
    pub async fn off_load(&self, person: &str, id: Id, text: &str) -> Result<Value, MemoryFault> {
        let kept = &text[..text.floor_char_boundary(limits::RESULT_BYTES)];
        let (name, at_ms) = (format!("{RESULT}{id}"), self.clock.wall_ms());
        let document = Document { name, person: person.to_owned(), text: kept.to_owned(), at_ms };
        self.store.write_document(document).await?;
        self.store.trim_documents(RESULT, limits::RESULTS_BYTES).await?;
        let head = &kept[..kept.floor_char_boundary(limits::PREVIEW_BYTES)];
        let tail = &kept[kept.ceil_char_boundary(kept.len().saturating_sub(limits::PREVIEW_BYTES / 2))..];
        Ok(json!({
            "off_loaded": id, "bytes": text.len(), "kept": kept.len(), "head": head, "tail": tail,
            "how": "memory action result with this id: from (bytes) reads a part, text finds places in it",
        }))
    }

    /// A part of a result that was off-loaded, or the places of a text in it.
    ///
    /// # Errors
    /// [`MemoryFault::Missing`] for one that is not there, or another's.
    pub async fn result(&self, person: &str, id: &str, from: usize, find: Option<&str>) -> Result<Value, MemoryFault> {
        let found = self.store.document(format!("{RESULT}{id}"), person.to_owned()).await?;
        let text = found.ok_or_else(|| MemoryFault::no_result(id))?.text;
        if let Some(needle) = find {
            let needle = checked(needle)?;
            return Ok(json!({"id": id, "places": places(&text, needle)}));
        }
        let from = text.floor_char_boundary(from);
        let to = text.floor_char_boundary(from.saturating_add(limits::EXPAND_BYTES));
        let next = (to < text.len()).then_some(to);
        Ok(json!({"id": id, "from": from, "text": &text[from..to], "next": next, "bytes": text.len()}))
    }

    /// What is kept of a person.
    ///
    /// # Errors
    /// [`MemoryFault::Store`].
    pub async fn profile(&self, person: &str) -> Result<Value, MemoryFault> {
        let talks = self.store.talks(limits::STORE_ROWS).await?;
        let own: Vec<_> =
            talks.into_iter().filter(|talk| talk.principal.split_once('@').map_or("", |(p, _)| p) == person).collect();
        let facts = self.store.facts(person.to_owned()).await?;
        Ok(json!({
            "person": person,
            "facts": facts,
            "context": self.context(super::AGENT, person).await?,
            "first_ms": own.iter().map(|talk| talk.created_ms).min(),
            "last_ms": own.iter().map(|talk| talk.touched_ms).max(),
            "talks": own,
        }))
    }
}

fn checked(needle: &str) -> Result<&str, MemoryFault> {
    let needle = needle.trim();
    if needle.is_empty() || needle.len() > limits::QUESTION_BYTES {
        return Err(MemoryFault::Record("text: a text to look for is needed".to_owned()));
    }
    Ok(needle)
}

fn places(text: &str, needle: &str) -> Vec<Value> {
    let (low, wanted) = (text.to_ascii_lowercase(), needle.to_ascii_lowercase());
    let found = low.match_indices(&wanted).take(limits::GREP_PLACES);
    found.map(|(at, _)| json!({"at": at, "line": dag::around(&text[text.floor_char_boundary(at)..], needle)})).collect()
}

fn shown(message: &Message) -> Value {
    json!({"id": message.id, "role": message.role, "text": message.text, "at_ms": message.at_ms})
}
