//! One ranking out of two: words and vectors by their ranks, weighed by age.
//!
//! Reciprocal rank fusion (Cormack, Clarke, Büttcher, SIGIR 2009) needs no common scale for BM25 and
//! cosine. The weights below are first values, not chosen by measurement: nothing gives vectors to memory yet.

use std::collections::HashMap;

use crate::store::memory::{Hit, Sector};

/// How much the first ranks stand out; 60 is the paper's value.
const K: f32 = 60.0;
/// What a rank among the words counts.
const WORDS: f32 = 1.0;
/// What a rank among the vectors counts.
const VECTORS: f32 = 1.0;
/// The smallest factor that age leaves.
const FLOOR: f32 = 0.7;

/// A memory's place with its fused score and its ranks, from 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// The memory's place in the store.
    pub seq: i64,
    /// The fused score; 1 where both lists have it first.
    pub score: f32,
    /// Its rank among the words.
    pub words: Option<usize>,
    /// Its rank among the vectors.
    pub vectors: Option<usize>,
}

/// Fuses two lists, each best first; best first, ties by the newer.
#[must_use]
pub fn fuse(words: &[Hit], vectors: &[Hit]) -> Vec<Ranked> {
    let mut by_place: HashMap<i64, Ranked> = HashMap::new();
    let most = (WORDS + VECTORS) / (K + 1.0);
    for (list, weight, is_words) in [(words, WORDS, true), (vectors, VECTORS, false)] {
        let mut rank = 0.0;
        for (place, hit) in list.iter().enumerate() {
            rank += 1.0;
            let start = Ranked { seq: hit.seq, score: 0.0, words: None, vectors: None };
            let entry = by_place.entry(hit.seq).or_insert(start);
            entry.score += weight / (K + rank) / most;
            *(if is_words { &mut entry.words } else { &mut entry.vectors }) = Some(place + 1);
        }
    }
    let mut ranked: Vec<Ranked> = by_place.into_values().collect();
    sort(&mut ranked);
    ranked
}

/// Best first; of two alike the newer.
pub fn sort(ranked: &mut [Ranked]) {
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.seq.cmp(&a.seq)));
}

/// What age leaves of a score: half of what lies above the floor for each half-life.
///
/// An age below zero (a clock that was set back) counts as none.
#[must_use]
pub fn decay(sector: Sector, age_ms: i64) -> f32 {
    let half_life_days = match sector {
        Sector::Episodic => 90.0,
        Sector::Reflective => 180.0,
        // What is so and how it is done stays so until it is replaced.
        Sector::Semantic | Sector::Procedural => return 1.0,
    };
    #[allow(clippy::cast_precision_loss, reason = "a weight needs no more")]
    let days = age_ms.max(0) as f32 / 86_400_000.0;
    FLOOR + (1.0 - FLOOR) * 0.5_f32.powf(days / half_life_days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(places: &[i64]) -> Vec<Hit> {
        places.iter().map(|seq| Hit { seq: *seq, score: 1.0 }).collect()
    }

    #[test]
    fn what_both_lists_have_comes_first() {
        let ranked = fuse(&hits(&[1, 2, 3]), &hits(&[3, 4]));
        assert_eq!(ranked[0].seq, 3);
        assert_eq!((ranked[0].words, ranked[0].vectors), (Some(3), Some(1)));
        assert_eq!(ranked.len(), 4);
        let both = fuse(&hits(&[7]), &hits(&[7]));
        assert!((both[0].score - 1.0).abs() < 1e-6);
        assert_eq!(fuse(&hits(&[5, 6]), &[]).iter().map(|r| r.seq).collect::<Vec<_>>(), [5, 6]);
    }

    #[test]
    fn what_happened_fades_and_what_is_so_does_not() {
        let year = 365 * 86_400_000;
        assert!(decay(Sector::Episodic, year) < decay(Sector::Episodic, year / 12));
        assert!(decay(Sector::Episodic, 100 * year) >= FLOOR);
        assert!((decay(Sector::Semantic, year) - 1.0).abs() < f32::EPSILON);
        assert!((decay(Sector::Episodic, -year) - 1.0).abs() < f32::EPSILON);
    }
}
