//! Doubt: whether the best answers are answers, or only what was least far.
//!
//! Two things tell: how near the best are in meaning, and how much of the question's weight they hold in words,
//! where a rare word weighs more than a common one and the names of speakers weigh nothing: «Which telescope did
//! Len buy?» is not answered by whatever Len bought. Thresholds were chosen on the first development talk,
//! with the second's table in sight (docs/memory.md).

use super::search::Found;
use super::{Memory, MemoryFault, words};
use crate::store::memory::{Filter, Sector};

/// Answers that are looked at.
const LOOKED_AT: usize = 3;
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

/// How sure the best answers are, 0 to 1, and whether that is enough.
pub(super) fn judge(best: &[(f32, f32)], by_words: bool, by_vectors: bool) -> (f32, bool) {
    let near = best.iter().map(|(near, _)| *near).fold(0.0, f32::max);
    let cover = best.iter().map(|(_, cover)| *cover).fold(0.0, f32::max);
    match (by_words, by_vectors) {
        (true, true) => {
            let confidence = (near + COVER * cover) / (1.0 + COVER);
            (confidence, confidence >= SURE)
        }
        (true, false) => (cover, cover >= SURE_BY_WORDS),
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
    ) -> Result<Vec<(f32, f32)>, MemoryFault> {
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
            best.push((one.near.unwrap_or(0.0), cover));
        }
        Ok(best)
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
        assert!(judge(&[(0.7, 0.1)], true, true).1, "other words, the same meaning");
        assert!(judge(&[(0.35, 0.9)], true, true).1, "the same words");
        assert!(!judge(&[(0.45, 0.1)], true, true).1);
        assert!(!judge(&[], true, true).1 && !judge(&[], true, false).1 && !judge(&[], false, true).1);
        assert!(judge(&[(0.0, 0.8)], true, false).1 && !judge(&[(0.9, 0.1)], true, false).1);
        assert!(judge(&[(0.8, 0.0)], false, true).1);
    }
}
