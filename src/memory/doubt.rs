//! Doubt: whether the best answers are answers, or only what was least far.
//!
//! Two things tell: how near the best are in meaning, and how much of the question's weight they hold in words,
//! where a rare word weighs more than a common one and the names of speakers weigh nothing: «Which telescope did
//! Len buy?» is not answered by whatever Len bought. Thresholds were chosen on the first development talk,
//! with the second's table in sight (docs/memory.md).

use super::search::Found;
use super::{Memory, MemoryFault, words};
use crate::store::memory::{self, Filter, Sector};

/// Answers that are looked at.
const LOOKED_AT: usize = 3;
/// A vector is made behind the write: after ten minutes at the latest it is there, or there is none to come.
const FRESH_MS: u64 = 600_000;
/// What words count beside nearness.
const COVER: f32 = 0.6;
/// From this confidence on there is an answer, where both lists were asked.
const SURE: f32 = 0.42;
/// The same for words alone.
const SURE_BY_WORDS: f32 = 0.42;
/// The same for vectors alone: a cosine.
const SURE_BY_VECTORS: f32 = 0.45;

/// A word of a question and how rare it is.
#[derive(Clone, Debug)]
pub(super) struct Weighed {
    pub(super) word: String,
    pub(super) weight: f32,
}

/// The words of a question with how rare they are among `rows` rows.
pub(super) fn weigh(asked: &[String], frequencies: &[i64], rows: i64) -> Vec<Weighed> {
    #[allow(clippy::cast_precision_loss, reason = "a weight needs no more")]
    let weight = |frequency: i64| (1.0 + rows as f32 / (frequency as f32 + 0.5)).ln();
    let each = asked.iter().zip(frequencies.iter().chain(std::iter::repeat(&0)));
    each.map(|(word, frequency)| Weighed { word: word.clone(), weight: weight(*frequency) }).collect()
}

/// How near an answer is to the question, and how much of the question's weight its words hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    /// The cosine, 0 where it is not among the nearest; nothing where the answer has no vector yet.
    near: Option<f32>,
    /// 0 to 1.
    cover: f32,
}

/// How sure the best answers are, 0 to 1, and whether that is enough. What was kept a moment ago has no vector
/// yet: its words alone tell.
pub(super) fn judge(best: &[Fit], by_words: bool, by_vectors: bool) -> (f32, bool) {
    let most = |of: &dyn Fn(&Fit) -> Option<f32>| best.iter().filter_map(of).fold(0.0, f32::max);
    let near = most(&|fit| fit.near);
    match (by_words, by_vectors) {
        (true, true) => {
            let cover = most(&|fit| fit.near.and(Some(fit.cover)));
            let fresh = most(&|fit| fit.near.is_none().then_some(fit.cover));
            let confidence = (near + COVER * cover) / (1.0 + COVER);
            (confidence.max(fresh), confidence >= SURE || fresh >= SURE_BY_WORDS)
        }
        (true, false) => {
            let cover = most(&|fit| Some(fit.cover));
            (cover, cover >= SURE_BY_WORDS)
        }
        (false, _) => (near, near >= SURE_BY_VECTORS),
    }
}

impl Memory {
    /// Nearness and cover of the best answers; what was said right before one of them counts as its words.
    pub(super) async fn weigh_best(
        &self,
        found: &[Found],
        asked: &[Weighed],
        filter: &Filter,
    ) -> Result<Vec<Fit>, MemoryFault> {
        let talks = |one: &&Found| one.memory.sector == Sector::Episodic && !one.memory.session.is_empty();
        let before = |one: &Found| [one.memory.seq - 1, one.memory.seq - 2];
        let places: Vec<i64> = found.iter().take(LOOKED_AT).filter(talks).flat_map(before).collect();
        let turns = match places.is_empty() {
            true => Vec::new(),
            false => self.store.memories_at(places, filter.clone()).await?,
        };
        let mut best = Vec::with_capacity(LOOKED_AT);
        for one in found.iter().take(LOOKED_AT) {
            let around = turns.iter().filter(|row| {
                talks(&one)
                    && before(one).contains(&row.seq)
                    && row.session == one.memory.session
                    && row.sector == Sector::Episodic
            });
            let mut texts = vec![one.memory.text.as_str()];
            texts.extend(around.map(|row| row.text.as_str()));
            let speakers: Vec<&str> =
                found.iter().take(LOOKED_AT).chain([one]).map(|one| one.memory.speaker.as_str()).collect();
            let held = words::Held::of(&texts);
            let named = words::Held::of(&speakers);
            let (mut all, mut has) = (0.0, 0.0);
            for Weighed { word, weight } in asked.iter().filter(|one| !named.has(&one.word)) {
                all += weight;
                has += if held.has(word) { *weight } else { 0.0 };
            }
            let cover = if all > 0.0 { has / all } else { one.covered };
            let near = match one.near {
                None if self.is_bare(&one.memory).await? => None,
                near => Some(near.unwrap_or(0.0)),
            };
            best.push(Fit { near, cover });
        }
        Ok(best)
    }

    /// Whether a memory was stored a moment ago and not looked at for a vector yet. Of older ones it is not asked: the
    /// store would look through all that came after them.
    async fn is_bare(&self, memory: &memory::Memory) -> Result<bool, MemoryFault> {
        if self.clock.wall_ms().abs_diff(memory.stored_ms) > FRESH_MS {
            return Ok(false);
        }
        Ok(self.store.bare_memories(memory.seq - 1, 1).await?.first().is_some_and(|bare| bare.seq == memory.seq))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rare_word_weighs_more_and_one_that_nobody_said_most() {
        let asked = ["boiler", "tea", "unicorn"].map(str::to_owned);
        let weighed = weigh(&asked, &[3, 400, 0], 1000);
        assert!(weighed[2].weight > weighed[0].weight && weighed[0].weight > weighed[1].weight, "{weighed:?}");
    }

    #[test]
    fn nearness_and_words_make_up_for_each_other_and_neither_is_nothing() {
        let judged = |near, cover, words, vectors| judge(&[Fit { near, cover }], words, vectors).1;
        assert!(judged(Some(0.7), 0.1, true, true), "other words, the same meaning");
        assert!(judged(Some(0.35), 0.9, true, true), "the same words");
        assert!(!judged(Some(0.45), 0.1, true, true));
        assert!(!judge(&[], true, true).1 && !judge(&[], true, false).1 && !judge(&[], false, true).1);
        assert!(judged(Some(0.0), 0.8, true, false) && !judged(Some(0.9), 0.1, true, false));
        assert!(judged(Some(0.8), 0.0, false, true));
        // All its words, but far in meaning; the same before its meaning is known.
        assert!(!judged(Some(0.0), 1.0, true, true) && judged(None, 1.0, true, true) && !judged(None, 0.3, true, true));
    }
}
