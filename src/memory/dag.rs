//! A long conversation in levels: chunks of messages, sections of chunks, the whole; each node points at what it
//! stands for, so that nothing is lost by reading the short form.
//!
//! No model: a node's summary is taken from its messages word for word. Nodes are made from the rows whenever they
//! are wanted, so that what was forgotten is in none of them.

use std::collections::HashMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::words;
use crate::base::Id;
use crate::store::{Message, Role};

/// Messages of one chunk.
pub const CHUNK: usize = 8;
/// Chunks of one section.
pub const SECTION: usize = 4;
/// Longest summary, in characters.
const SUMMARY: usize = 200;
/// Sentences of one summary.
const SENTENCES: usize = 2;

/// How much a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// [`CHUNK`] messages.
    Chunk,
    /// [`SECTION`] chunks.
    Section,
    /// The conversation.
    Whole,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// `c0`, `s0`, `whole`: level and number, for [`Dag::node`].
    pub name: String,
    /// Its level.
    pub level: Level,
    /// The first message that it stands for, from 0.
    pub start: usize,
    /// The message behind its last.
    pub end: usize,
    /// When the first was said, in milliseconds since 1970.
    pub from_ms: i64,
    /// When the last was said.
    pub to_ms: i64,
    /// Sentences of its messages, word for word.
    pub summary: String,
    /// Bytes of all its messages.
    pub bytes: usize,
    /// SHA-256 over ids, roles and texts of its messages, in hexadecimal.
    pub sha256: String,
}

impl Node {
    /// What it takes in a prompt, by the rule of four bytes a token.
    #[must_use]
    pub fn tokens(&self) -> usize {
        tokens(&self.line())
    }

    /// As it stands in a prompt.
    #[must_use]
    pub fn line(&self) -> String {
        format!("[{}: messages {} to {}] {}", self.name, self.start, self.end.saturating_sub(1), self.summary)
    }
}

/// The tokens of a text, by the rule of four bytes each.
#[must_use]
pub const fn tokens(text: &str) -> usize {
    text.len().div_ceil(4)
}

/// The nodes of one conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Dag {
    /// Chunks, sections, the whole, each in order.
    pub nodes: Vec<Node>,
    /// Messages altogether.
    pub messages: usize,
    /// Where the last thread of the conversation begins.
    pub thread: usize,
}

/// Makes the nodes from messages that come page by page.
#[derive(Debug, Default)]
pub struct Builder {
    chunks: Vec<Node>,
    waiting: Vec<Message>,
    messages: usize,
    thread: usize,
}

impl Builder {
    /// Takes the next message.
    pub fn take(&mut self, message: Message) {
        self.messages += 1;
        if super::begins_thread(&message) {
            self.thread = self.messages;
        }
        self.waiting.push(message);
        if self.waiting.len() == CHUNK {
            self.close();
        }
    }

    fn close(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let start = self.messages - self.waiting.len();
        let texts: Vec<(&str, bool)> = self.waiting.iter().map(|m| (m.text.as_str(), m.role == Role::User)).collect();
        let mut hash = Sha256::new();
        for message in &self.waiting {
            feed(&mut hash, message);
        }
        self.chunks.push(Node {
            name: format!("c{}", self.chunks.len()),
            level: Level::Chunk,
            start,
            end: self.messages,
            from_ms: self.waiting.first().map_or(0, |m| m.at_ms),
            to_ms: self.waiting.last().map_or(0, |m| m.at_ms),
            summary: summary(&texts),
            bytes: self.waiting.iter().map(|m| m.text.len()).sum(),
            sha256: hex(&hash.finalize()),
        });
        self.waiting.clear();
    }

    /// The nodes of everything that was taken.
    #[must_use]
    pub fn finish(mut self) -> Dag {
        self.close();
        let chunks = self.chunks;
        let mut nodes = chunks.clone();
        let above = |name: String, level: Level, of: &[Node]| {
            let (first, last) = (of.first()?, of.last()?);
            let texts: Vec<(&str, bool)> = of.iter().map(|node| (node.summary.as_str(), true)).collect();
            let mut hash = Sha256::new();
            of.iter().for_each(|node| hash.update(node.sha256.as_bytes()));
            Some(Node {
                name,
                level,
                start: first.start,
                end: last.end,
                from_ms: first.from_ms,
                to_ms: last.to_ms,
                summary: summary(&texts),
                bytes: of.iter().map(|node| node.bytes).sum(),
                sha256: hex(&hash.finalize()),
            })
        };
        let groups = chunks.chunks(SECTION).enumerate();
        let sections: Vec<Node> =
            groups.filter_map(|(number, of)| above(format!("s{number}"), Level::Section, of)).collect();
        nodes.extend(sections.iter().cloned());
        nodes.extend(above("whole".to_owned(), Level::Whole, &sections));
        Dag { nodes, messages: self.messages, thread: self.thread }
    }
}

impl Dag {
    /// The nodes over these messages.
    #[must_use]
    pub fn over(messages: Vec<Message>) -> Self {
        let mut builder = Builder::default();
        messages.into_iter().for_each(|message| builder.take(message));
        builder.finish()
    }

    /// A node by its name.
    #[must_use]
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.name == name)
    }

    /// The nodes right below one.
    #[must_use]
    pub fn below(&self, node: &Node) -> Vec<&Node> {
        let level = match node.level {
            Level::Chunk => return Vec::new(),
            Level::Section => Level::Chunk,
            Level::Whole => Level::Section,
        };
        self.nodes.iter().filter(|one| one.level == level && one.start >= node.start && one.end <= node.end).collect()
    }

    /// Nodes that together stand for all chunks that end at or before `upto`, within a budget of tokens: the
    /// newest in their own words, older ones by section, the oldest by whatever still fits.
    #[must_use]
    pub fn within(&self, upto: usize, budget: usize) -> Vec<&Node> {
        let of = |level: Level| self.nodes.iter().filter(move |node| node.level == level && node.end <= upto);
        // What no complete section covers stays in chunks.
        let sections: Vec<&Node> = of(Level::Section).filter(|node| node.end - node.start == CHUNK * SECTION).collect();
        let covered = sections.last().map_or(0, |node| node.end);
        let mut chosen: Vec<&Node> = sections;
        chosen.extend(of(Level::Chunk).filter(|node| node.start >= covered));
        let mut spent: usize = chosen.iter().map(|node| node.tokens()).sum();
        // Too much even so: the oldest go, which the whole still names.
        while spent > budget && !chosen.is_empty() {
            spent -= chosen.remove(0).tokens();
        }
        // Room is left: open sections, newest first.
        for place in (0..chosen.len()).rev() {
            if chosen[place].level == Level::Section {
                let below = self.below(chosen[place]);
                let more: usize = below.iter().map(|node| node.tokens()).sum();
                if spent - chosen[place].tokens() + more > budget {
                    break;
                }
                spent = spent - chosen[place].tokens() + more;
                chosen.splice(place..=place, below);
            }
        }
        chosen
    }
}

/// The sentences that say most, in their order.
fn summary(texts: &[(&str, bool)]) -> String {
    let sentences: Vec<(&str, bool)> =
        texts.iter().flat_map(|(text, own)| sentences(text).map(move |sentence| (sentence, *own))).collect();
    let mut often: HashMap<String, f32> = HashMap::new();
    let meaning: Vec<Vec<String>> = sentences.iter().map(|(sentence, _)| plain(sentence)).collect();
    for word in meaning.iter().flatten() {
        *often.entry(word.clone()).or_default() += 1.0;
    }
    let mut scored: Vec<(usize, f32)> = meaning
        .iter()
        .enumerate()
        .map(|(place, words)| {
            let weight: f32 = words.iter().map(|word| often.get(word).copied().unwrap_or(0.0)).sum();
            let digits = if sentences[place].0.chars().any(|c| c.is_ascii_digit()) { 1.0 } else { 0.0 };
            #[allow(clippy::cast_precision_loss, reason = "a count of words")]
            let length = (words.len().max(3) as f32).sqrt();
            let own = if sentences[place].1 { 1.3 } else { 1.0 };
            (place, (weight + digits) * own / length)
        })
        .collect();
    scored.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut chosen: Vec<usize> = Vec::new();
    for (place, _) in scored {
        if chosen.len() < SENTENCES && chosen.iter().all(|other| sentences[*other].0 != sentences[place].0) {
            chosen.push(place);
        }
    }
    chosen.sort_unstable();
    let whole = chosen.iter().map(|place| sentences[*place].0).collect::<Vec<_>>().join(" ");
    match whole.char_indices().nth(SUMMARY) {
        None => whole,
        Some(_) => {
            let end = whole.char_indices().nth(SUMMARY - 1).map_or(whole.len(), |(at, _)| at);
            format!("{}…", &whole[..end])
        }
    }
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(['.', '!', '?', '\n', '。']).map(str::trim).filter(|sentence| !sentence.is_empty())
}

fn plain(sentence: &str) -> Vec<String> {
    if words::says_something(sentence) { words::meaningful(sentence) } else { Vec::new() }
}

fn feed(hash: &mut Sha256, message: &Message) {
    hash.update(message.id.bytes());
    hash.update(message.role.word().as_bytes());
    hash.update(message.text.len().to_le_bytes());
    hash.update(message.text.as_bytes());
}

/// The hash that a chunk of these messages has.
#[must_use]
pub fn hash_of(messages: &[Message]) -> String {
    let mut hash = Sha256::new();
    messages.iter().for_each(|message| feed(&mut hash, message));
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One place that a search of a conversation found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The message, from 0.
    pub message: usize,
    /// Its id.
    pub id: Id,
    /// The chunk that it is in.
    pub node: String,
    /// What stands around it.
    pub line: String,
}

impl Place {
    /// The place of a text in a message, whatever its case; [`None`] where it is not there.
    #[must_use]
    pub fn of(number: usize, message: &Message, needle: &str) -> Option<Self> {
        let line = around(&message.text, needle)?;
        Some(Self { message: number, id: message.id, node: format!("c{}", number / CHUNK), line })
    }
}

/// What stands around the first place of a text, whatever its case.
#[must_use]
pub fn around(text: &str, needle: &str) -> Option<String> {
    let at = text.to_ascii_lowercase().find(&needle.to_ascii_lowercase()).filter(|_| !needle.is_empty())?;
    let from = text.floor_char_boundary(at.saturating_sub(60));
    let to = text.floor_char_boundary((at + needle.len() + 100).min(text.len()));
    Some(text[from..to].split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::{Clock, IdSource};

    fn talk(texts: &[String]) -> Vec<Message> {
        let ids = IdSource::after(Clock::system(), None);
        let one = |(place, text): (usize, &String)| Message {
            id: ids.next(),
            session: "s".into(),
            role: if place % 2 == 0 { Role::User } else { Role::Assistant },
            text: text.clone(),
            trace: None,
            at_ms: i64::try_from(place).unwrap(),
        };
        texts.iter().enumerate().map(one).collect()
    }

    #[test]
    fn levels_stand_for_their_messages_and_summaries_are_words_of_them() {
        let texts: Vec<String> =
            (0..70).map(|n| format!("The boiler number {n} was serviced. It was late. Fine!")).collect();
        let messages = talk(&texts);
        let dag = Dag::over(messages.clone());
        let count = |level| dag.nodes.iter().filter(|node| node.level == level).count();
        assert_eq!((count(Level::Chunk), count(Level::Section), count(Level::Whole)), (9, 3, 1));
        let node = dag.node("c2").unwrap();
        assert_eq!((node.start, node.end), (16, 24));
        assert_eq!(node.sha256, hash_of(&messages[16..24]), "the pointer leads to the very bytes");
        assert!(node.summary.chars().count() <= SUMMARY && node.summary.contains("boiler"), "{}", node.summary);
        let whole = dag.node("whole").unwrap();
        assert_eq!((whole.start, whole.end, dag.below(whole).len()), (0, 70, 3));
    }

    #[test]
    fn a_budget_is_kept_and_the_newest_are_told_most_of() {
        let texts: Vec<String> = (0..320).map(|n| format!("Sentence {n} about the garden and the roof.")).collect();
        let dag = Dag::over(talk(&texts));
        let levels = |nodes: &[&Node]| nodes.iter().map(|node| node.level).collect::<Vec<_>>();
        for budget in [0, 50, 300, 600, 10_000] {
            let chosen = dag.within(320, budget);
            assert!(chosen.iter().map(|node| node.tokens()).sum::<usize>() <= budget);
            assert!(chosen.windows(2).all(|pair| pair[0].end == pair[1].start), "no gap, no overlap");
        }
        let chosen = dag.within(320, 600);
        assert_eq!((levels(&chosen)[0], chosen.last().unwrap().level), (Level::Section, Level::Chunk));
        assert_eq!(dag.within(320, 10_000).len(), 40, "with room, all chunks");
    }

    proptest! {
        #[test]
        fn chunks_cover_every_message_once(texts in proptest::collection::vec("\\PC{0,40}", 0..80), upto in 0_usize..90) {
            let messages = talk(&texts);
            let dag = Dag::over(messages.clone());
            let mut next = 0;
            for node in dag.nodes.iter().filter(|node| node.level == Level::Chunk) {
                prop_assert_eq!(node.start, next);
                prop_assert_eq!(&node.sha256, &hash_of(&messages[node.start..node.end]));
                next = node.end;
            }
            prop_assert_eq!(next, messages.len());
            prop_assert!(dag.within(upto, 200).iter().all(|node| node.end <= upto));
        }
    }
}
