//! A search: two rankings of what may be seen, fused, faded with age, and its own doubt.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::doubt::{self, Weighed};
use super::{Memory, MemoryFault, fuse, record, words};
use crate::base::limits;
use crate::store::memory::around::Sketch;
use crate::store::memory::near::Packed;
use crate::store::memory::{self, Filter, Worded};

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// In a person's words; any text.
    pub text: String,
    /// Who asks, and what is wanted of it.
    pub filter: Filter,
    /// How many answers, at most `limits::MEMORY_ANSWERS`.
    pub limit: usize,
    /// Only what holds every word, and phrases in quotes as phrases.
    pub exact: bool,
}

/// Which lists answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lists {
    /// Words and vectors, fused.
    #[default]
    Both,
    /// Words alone.
    Words,
    /// Vectors alone.
    Vectors,
}

/// The answers, and what there is to say of them.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Best first.
    pub found: Vec<Found>,
    /// Whether the best are answers, or only what was least far.
    pub sure: bool,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// Why vectors had no part in it, where they had none.
    pub words_alone: Option<String>,
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Found {
    /// The memory.
    pub memory: memory::Memory,
    /// Its score, 0 to 1.
    pub score: f32,
    /// Its ranks in the two lists, from 1.
    pub words: Option<usize>,
    /// See `words`.
    pub vectors: Option<usize>,
    /// The share of the question's words that it holds, 0 to 1.
    pub covered: f32,
    /// The cosine between its vector and the question's, where it is among the nearest.
    pub near: Option<f32>,
}

impl Found {
    /// As the commands print it: `id` is the name that an import gave, where it gave one.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut json = json!(self.memory);
        json["uuid"] = json!(self.memory.id);
        json["id"] = json!(self.name());
        json["score"] = json!((f64::from(self.score) * 1e4).round() / 1e4);
        json["ranks"] = json!({"words": self.words, "vectors": self.vectors});
        json["near"] = json!(self.near.map(|near| (f64::from(near) * 1e4).round() / 1e4));
        json["covered"] = json!((f64::from(self.covered) * 1e4).round() / 1e4);
        json
    }

    /// The name that an import gave the text that this is a piece of, else the memory's own id.
    #[must_use]
    pub fn name(&self) -> String {
        let Some(reference) = &self.memory.reference else { return self.memory.id.to_string() };
        record::whole(reference).to_owned()
    }
}

/// Candidates of each list for each answer that is wanted, and at least.
const CANDIDATES: (usize, usize) = (5, 100);
/// Below this share of the question's words, and without a near vector, nothing was found.
const COVERED: f32 = 0.34;
/// From this cosine on a vector is near.
const NEAR: f32 = 0.5;

impl Memory {
    /// What may be seen and fits best, best first.
    ///
    /// # Errors
    /// [`MemoryFault::Store`].
    pub async fn search(&self, question: &Question) -> Result<Vec<Found>, MemoryFault> {
        Ok(self.answer(question, Lists::Both, limits::QUESTION_WALL).await?.found)
    }

    /// As [`Memory::search`], by one list or both; the question's vector is waited for `within`.
    ///
    /// # Errors
    /// [`MemoryFault::Store`]; without an embedder words answer, and the answer says so.
    pub async fn answer(&self, question: &Question, lists: Lists, within: Duration) -> Result<Answer, MemoryFault> {
        let lists = if question.exact { Lists::Words } else { lists };
        let vector = async {
            match lists {
                Lists::Words => Err("words alone were asked for".to_owned()),
                Lists::Both | Lists::Vectors => self.maker.question(cut(&question.text), within).await,
            }
        };
        // A hand makes the vector while the store looks for the words.
        let (vector, worded) = tokio::join!(vector, self.worded(question, lists));
        let words_alone = vector.as_ref().err().cloned();
        let by_vectors = vector.is_ok();
        let (found, asked) = self.ranking(question, worded?, vector.ok()).await?;
        let best = self.weigh_best(&found, &asked, &question.filter).await?;
        let (confidence, enough) = doubt::judge(&best, lists != Lists::Vectors, by_vectors);
        // All words of an exact question are there; scripts without spaces have no words to be weighed.
        let wholly = question.exact || !words::trigrams(cut(&question.text)).is_empty();
        let sure = enough || (wholly && Self::is_sure(&found));
        Ok(Answer { sure, confidence, found, words_alone })
    }

    /// The half of a search that needs no vector: hits by words, with sketches of them and their neighbours.
    async fn worded(&self, question: &Question, lists: Lists) -> Result<(Worded, Vec<Sketch>), MemoryFault> {
        if lists == Lists::Vectors {
            return Ok((Worded::default(), Vec::new()));
        }
        let found = self.by_words(cut(&question.text), question.exact, &question.filter, candidates(question)).await?;
        let places = found.hits.iter().map(|hit| hit.seq).collect();
        // What words lend may bring a neighbour in; what a vector lends only lifts one that is there.
        let sketches = self.store.memory_sketches(places, true, question.filter.clone()).await?;
        Ok((found, sketches))
    }

    async fn by_words(
        &self,
        text: &str,
        exact: bool,
        filter: &Filter,
        candidates: usize,
    ) -> Result<Worded, MemoryFault> {
        let terms = if exact { exactly(text) } else { words::any_of(text) };
        let mut found = self.store.memory_words(terms, false, filter.clone(), candidates).await?;
        let pieces = words::trigrams(text);
        if !pieces.is_empty() {
            let more = self.store.memory_words(pieces, true, filter.clone(), candidates).await?;
            let known: HashSet<i64> = found.hits.iter().map(|hit| hit.seq).collect();
            found.hits.extend(more.hits.into_iter().filter(|hit| !known.contains(&hit.seq)));
        }
        Ok(found)
    }

    /// Ranks what may be seen against the question and its vector.
    ///
    /// # Errors
    /// [`MemoryFault::Store`].
    pub async fn rank(
        &self,
        question: &Question,
        lists: Lists,
        vector: Option<Packed>,
    ) -> Result<Vec<Found>, MemoryFault> {
        let worded = self.worded(question, lists).await?;
        Ok(self.ranking(question, worded, vector).await?.0)
    }

    /// As [`Memory::rank`], with how rare the question's words are.
    async fn ranking(
        &self,
        question: &Question,
        (worded, mut sketches): (Worded, Vec<Sketch>),
        vector: Option<Packed>,
    ) -> Result<(Vec<Found>, Vec<Weighed>), MemoryFault> {
        let limit = question.limit.clamp(1, limits::MEMORY_ANSWERS);
        let text = cut(&question.text);
        let filter = &question.filter;
        let Worded { hits: by_words, frequencies, rows } = worded;
        let near = match vector {
            Some(vector) => self.store.memory_near(vector, filter.clone(), candidates(question)).await?,
            None => Vec::new(),
        };
        let nearness: HashMap<i64, f32> = near.iter().map(|hit| (hit.seq, hit.score)).collect();
        let known: HashSet<i64> = sketches.iter().map(|sketch| sketch.seq).collect();
        let places: Vec<i64> = near.iter().map(|hit| hit.seq).filter(|seq| !known.contains(seq)).collect();
        if !places.is_empty() {
            sketches.extend(self.store.memory_sketches(places, false, filter.clone()).await?);
        }
        let asked = words::meaningful(text);
        let both = fuse::Lists { words: &by_words, vectors: &near };
        let mut ranked = fuse::fuse(both, &sketches, &asked, self.clock.wall_ms());
        if question.exact {
            // A neighbour does not hold every word.
            ranked.retain(|one| one.words.is_some());
        }
        let mut found: Vec<Found> = Vec::with_capacity(limit);
        // Pieces of one text are one answer: more may be read than are wanted.
        for page in ranked.chunks(limit) {
            let places = page.iter().map(|one| one.seq).collect();
            let rows = self.store.memories_at(places, filter.clone()).await?;
            let mut by_place: HashMap<i64, memory::Memory> = rows.into_iter().map(|row| (row.seq, row)).collect();
            for one in page {
                // A row that was forgotten between the two questions is not there any more.
                let Some(memory) = by_place.remove(&one.seq) else { continue };
                let covered = words::covered(&asked, &[&memory.text, &memory.speaker]);
                let near = nearness.get(&one.seq).copied();
                let answer = Found { memory, score: one.score, words: one.words, vectors: one.vectors, covered, near };
                if found.len() < limit && found.iter().all(|known| known.name() != answer.name()) {
                    found.push(answer);
                }
            }
            if found.len() == limit {
                break;
            }
        }
        let weighed = doubt::weigh(&asked, &frequencies, rows);
        Ok((found, weighed))
    }

    /// Whether the best answers are answers, or only what was least far.
    #[must_use]
    pub fn is_sure(found: &[Found]) -> bool {
        found.iter().take(3).any(|one| one.covered >= COVERED || one.near.is_some_and(|near| near >= NEAR))
    }
}

/// How many of each list are looked at.
fn candidates(question: &Question) -> usize {
    (question.limit.clamp(1, limits::MEMORY_ANSWERS) * CANDIDATES.0).clamp(CANDIDATES.1, limits::STORE_ROWS)
}

/// One term that wants every word; none for a text without words.
fn exactly(text: &str) -> Vec<String> {
    let letters = text.chars().any(char::is_alphanumeric);
    Some(words::quoted(text)).filter(|expression| letters && !expression.is_empty()).into_iter().collect()
}

/// The question, as far as it is read.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(limits::QUESTION_BYTES)]
}
