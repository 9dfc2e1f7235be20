//! One ranking out of two: words and vectors by their scores, lent to neighbours, weighed by speaker and age.
//!
//! BM25 is divided by its best, cosines are stretched between the nearest and the last candidate, and the two
//! are added by weight: on both development talks that finds more than reciprocal ranks do, which throw away how
//! much better the first is than the second. Weights were chosen on `tests/data/memory/talk.jsonl`, with what
//! `second-talk.jsonl` gives in sight (docs/memory.md); around these values both are flat.

use std::collections::{BTreeMap, HashMap};

use crate::store::memory::around::Sketch;
use crate::store::memory::{Hit, Sector};

/// What the words count, where both lists answer.
const WORDS: f32 = 0.4;
/// What the vectors count.
const VECTORS: f32 = 0.6;
/// What a turn's words lend to the turn behind it, which may be its answer, and to the one before.
const WORDS_LENT: (f32, f32) = (0.5, 0.2);
/// What its vector lends; that was made with the turns before it already.
const VECTORS_LENT: (f32, f32) = (0.1, 0.1);
/// What it counts that the question names who said it.
const NAMED: f32 = 0.1;
/// The smallest factor that age leaves.
const FLOOR: f32 = 0.9;
/// The greatest score there is.
const MOST: f32 = WORDS + VECTORS * (1.0 + VECTORS_LENT.0 + VECTORS_LENT.1) + NAMED;

/// A memory's place with its fused score and its ranks, from 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// The memory's place in the store.
    pub seq: i64,
    /// The fused score, 0 to 1.
    pub score: f32,
    /// Its rank among the words.
    pub words: Option<usize>,
    /// Its rank among the vectors.
    pub vectors: Option<usize>,
}

/// The two lists, each best first.
#[derive(Clone, Copy, Debug)]
pub struct Lists<'a> {
    /// By words, with BM25.
    pub words: &'a [Hit],
    /// By vectors, with cosines.
    pub vectors: &'a [Hit],
}

/// Fuses two lists over the sketches of their places and neighbours; best first, ties by the newer. What has no
/// sketch may not be seen, or is gone. `asked` are the words of the question, in lower case.
#[must_use]
pub fn fuse(lists: Lists<'_>, sketches: &[Sketch], asked: &[String], now_ms: i64) -> Vec<Ranked> {
    let known: HashMap<i64, &Sketch> = sketches.iter().map(|sketch| (sketch.seq, sketch)).collect();
    let mut words = stretched(lists.words, 0.0);
    lend(&mut words, &known, WORDS_LENT);
    let best = words.values().copied().fold(f32::EPSILON, f32::max);
    let last = lists.vectors.last().filter(|_| lists.vectors.len() > 1).map_or(0.0, |hit| hit.score);
    let mut vectors = stretched(lists.vectors, last);
    lend(&mut vectors, &known, VECTORS_LENT);
    // A list that has nothing to say leaves the whole weight to the other.
    let (by_words, by_vectors) = match (words.is_empty(), vectors.is_empty()) {
        (false, true) => (WORDS + VECTORS, 0.0),
        (true, false) => (0.0, WORDS + VECTORS),
        _ => (WORDS, VECTORS),
    };
    let mut all: BTreeMap<i64, Ranked> = BTreeMap::new();
    for (scores, weight) in [(&words, by_words / best), (&vectors, by_vectors)] {
        for (seq, score) in scores.iter().filter(|(seq, _)| known.contains_key(*seq)) {
            let start = Ranked { seq: *seq, score: 0.0, words: None, vectors: None };
            all.entry(*seq).or_insert(start).score += weight * score;
        }
    }
    for (place, hit) in lists.words.iter().enumerate() {
        all.entry(hit.seq).and_modify(|one| one.words = Some(place + 1));
    }
    for (place, hit) in lists.vectors.iter().enumerate() {
        all.entry(hit.seq).and_modify(|one| one.vectors = Some(place + 1));
    }
    let mut ranked: Vec<Ranked> = all.into_values().collect();
    for one in &mut ranked {
        let Some(sketch) = known.get(&one.seq) else { continue };
        let named = if is_named(&sketch.speaker, asked) { NAMED } else { 0.0 };
        one.score = (one.score + named) / MOST * decay(sketch.sector, now_ms - sketch.said_ms);
    }
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.seq.cmp(&a.seq)));
    ranked
}

/// Scores between the best, which is 1, and `floor`, which is 0.
fn stretched(hits: &[Hit], floor: f32) -> HashMap<i64, f32> {
    let best = hits.first().map_or(1.0, |hit| hit.score);
    let span = if best - floor > f32::EPSILON { best - floor } else { 1.0 };
    hits.iter().map(|hit| (hit.seq, ((hit.score - floor) / span).max(0.0))).collect()
}

/// Lends the neighbours in the same conversation a part: the one behind, the one before. Places are its order.
fn lend(scores: &mut HashMap<i64, f32>, known: &HashMap<i64, &Sketch>, (behind, before): (f32, f32)) {
    let own: Vec<(i64, f32)> = scores.iter().map(|(seq, score)| (*seq, *score)).collect();
    for (seq, score) in own {
        let Some(talk) = known.get(&seq).map(|sketch| &sketch.talk).filter(|talk| !talk.is_empty()) else { continue };
        for (neighbour, part) in [(seq + 1, behind), (seq - 1, before)] {
            if known.get(&neighbour).is_some_and(|sketch| sketch.talk == *talk) {
                *scores.entry(neighbour).or_default() += score * part;
            }
        }
    }
}

/// Whether the question holds a name of who said it.
fn is_named(speaker: &str, asked: &[String]) -> bool {
    let mut names = speaker.split(|c: char| !c.is_alphanumeric()).filter(|name| name.chars().count() > 1);
    names.any(|name| asked.contains(&name.to_lowercase()))
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

    fn hits(places: &[(i64, f32)]) -> Vec<Hit> {
        places.iter().map(|(seq, score)| Hit { seq: *seq, score: *score }).collect()
    }

    fn sketches(talk: &str, speakers: &[&str]) -> Vec<Sketch> {
        let one = |(seq, speaker): (i64, &&str)| Sketch {
            seq,
            talk: talk.to_owned(),
            speaker: (*speaker).to_owned(),
            sector: Sector::Episodic,
            said_ms: 0,
        };
        (1..).zip(speakers).map(one).collect()
    }

    fn order(ranked: &[Ranked]) -> Vec<i64> {
        ranked.iter().map(|one| one.seq).collect()
    }

    #[test]
    fn what_both_lists_have_comes_first_and_what_may_not_be_seen_never() {
        let (words, vectors) = (hits(&[(1, 9.0), (2, 8.0), (9, 7.0), (3, 6.0)]), hits(&[(3, 0.8), (4, 0.5)]));
        let lists = Lists { words: &words, vectors: &vectors };
        let ranked = fuse(lists, &sketches("", &["", "", "", ""]), &[], 0);
        assert_eq!(ranked[0].seq, 3);
        assert_eq!((ranked[0].words, ranked[0].vectors), (Some(4), Some(1)));
        assert!(ranked.iter().all(|one| one.seq != 9 && (0.0..=1.0).contains(&one.score)), "{ranked:?}");
        let alone = fuse(Lists { words: &hits(&[(2, 3.0), (1, 1.0)]), vectors: &[] }, &sketches("", &["", ""]), &[], 0);
        assert_eq!(order(&alone), [2, 1]);
        assert!(fuse(Lists { words: &[], vectors: &[] }, &[], &[], 0).is_empty());
    }

    #[test]
    fn how_much_better_counts_and_not_only_the_rank() {
        // By ranks both are alike; by scores the words are nearly even and the vectors are not.
        let (words, vectors) = (hits(&[(1, 5.0), (2, 4.9)]), hits(&[(2, 0.9), (1, 0.2)]));
        let ranked = fuse(Lists { words: &words, vectors: &vectors }, &sketches("", &["", ""]), &[], 0);
        assert_eq!(order(&ranked), [2, 1]);
    }

    #[test]
    fn the_turn_behind_a_question_is_found_by_the_words_of_the_question() {
        let words = hits(&[(1, 5.0)]);
        let lists = Lists { words: &words, vectors: &[] };
        assert_eq!(order(&fuse(lists, &sketches("s1", &["", "", ""]), &[], 0)), [1, 2], "not the one after that");
        assert_eq!(order(&fuse(lists, &sketches("", &["", "", ""]), &[], 0)), [1], "statements have no neighbours");
        let mut apart = sketches("s1", &["", ""]);
        apart[1].talk = "s2".to_owned();
        assert_eq!(order(&fuse(lists, &apart, &[], 0)), [1], "another conversation");
    }

    #[test]
    fn who_is_named_is_who_said_it() {
        let words = hits(&[(1, 5.0), (2, 5.0)]);
        let asked = ["anna".to_owned(), "boiler".to_owned()];
        let ranked = fuse(Lists { words: &words, vectors: &[] }, &sketches("", &["Anna Kowalska", "Jan"]), &asked, 0);
        assert_eq!(order(&ranked), [1, 2], "else the newer would be first");
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
