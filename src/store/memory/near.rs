//! Which vectors are nearest: an exact scan, over vectors held in memory or read from flash.
//!
//! Two back-ends behind [`Nearest`] give the same answers: [`Resident`] is fast and costs about 450 bytes
//! of memory a vector, [`Streamed`] reads the table and costs none. An approximate index is no third one:
//! libsql's writes 150 to 800 times the bytes, and deleting one of two equal vectors hides its twin.

use std::collections::HashMap;

use super::super::StoreError;
use super::super::db::Db;
use super::rows;
use super::{Area, Class, Filter, Hit, Sector};
use crate::base::limits;

/// A vector of length 1, or the middle of two, as one scale and a signed byte for each dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct Packed {
    scale: f32,
    steps: Vec<i8>,
}

impl Packed {
    /// Packs a vector of any length but zero; `None` where it has no direction.
    #[must_use]
    pub fn of(vector: &[f32]) -> Option<Self> {
        let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
        let most = vector.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
        if !length.is_finite() || length <= f32::EPSILON {
            return None;
        }
        let step = most / 127.0;
        #[allow(clippy::cast_possible_truncation, reason = "rounded, and at most 127 in size")]
        let steps = vector.iter().map(|v| (v / step).round() as i8).collect();
        Some(Self { scale: step / length, steps })
    }

    /// The middle of two directions, as long as they agree: its cosine with a third is the mean of theirs.
    /// `None` where one has no direction or they differ in dimensions.
    #[must_use]
    pub fn middle(one: &[f32], other: &[f32]) -> Option<Self> {
        let unit = |vector: &[f32]| {
            let length = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
            (length.is_finite() && length > f32::EPSILON).then_some(length)
        };
        let (a, b) = (unit(one)?, unit(other)?);
        let middle: Vec<f32> = one.iter().zip(other).map(|(x, y)| f32::midpoint(x / a, y / b)).collect();
        let long = unit(&middle)?;
        let packed = Self::of(&middle).filter(|_| one.len() == other.len())?;
        Some(Self { scale: packed.scale * long, ..packed })
    }

    /// The stored bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.scale.to_le_bytes().to_vec();
        bytes.extend(self.steps.iter().map(|step| step.cast_unsigned()));
        bytes
    }

    /// From stored bytes; `None` where they are no vector.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (scale, steps) = bytes.split_first_chunk::<4>()?;
        let scale = f32::from_le_bytes(*scale);
        let sound = scale.is_finite() && scale > 0.0 && !steps.is_empty();
        sound.then(|| Self { scale, steps: steps.iter().map(|step| step.cast_signed()).collect() })
    }

    /// Cosine of the angle between two vectors (the mean cosine for a [`Packed::middle`]); 0 where their dimensions
    /// differ.
    #[must_use]
    pub fn cosine(&self, other: &Self) -> f32 {
        if self.steps.len() == other.steps.len() {
            dot(&self.steps, &other.steps) * self.scale * other.scale
        } else {
            0.0
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "below 2^24 for 1,000 dimensions")]
fn dot(a: &[i8], b: &[i8]) -> f32 {
    // 130,000 dimensions would overflow; unchecked sums are twice as fast where size forbids vector loops.
    a.iter().zip(b).fold(0_i32, |sum, (a, b)| sum.wrapping_add(i32::from(*a) * i32::from(*b))) as f32
}

/// What a filter looks at, of one memory with a vector.
#[derive(Clone, Debug)]
pub(in crate::store) struct Marks {
    pub(super) seq: i64,
    pub(super) person: String,
    pub(super) chat: String,
    pub(super) area: Area,
    pub(super) sector: Sector,
    pub(super) said_ms: i64,
    /// When it may no longer be found; never for a held one.
    pub(super) ends_ms: i64,
    pub(super) replaced: bool,
    pub(super) class: Class,
}

/// A back-end.
pub(in crate::store) trait Nearest {
    /// The visible memories nearest to `query`, nearest first.
    async fn nearest(
        &mut self,
        db: &mut Db,
        query: &Packed,
        filter: &Filter,
        now_ms: i64,
        limit: usize,
    ) -> Result<Vec<Hit>, StoreError>;
}

/// The best hits so far, at most `limit`.
struct Best {
    hits: Vec<Hit>,
    limit: usize,
}

impl Best {
    fn new(limit: usize) -> Self {
        Self { hits: Vec::with_capacity(limit + 1), limit }
    }

    fn offer(&mut self, hit: Hit) {
        if self.hits.len() == self.limit && self.hits.last().is_none_or(|worst| worst.score >= hit.score) {
            return;
        }
        let place = self.hits.partition_point(|held| held.score >= hit.score);
        self.hits.insert(place, hit);
        self.hits.truncate(self.limit);
    }
}

/// Reads every visible vector from the table.
#[derive(Debug, Default)]
pub(in crate::store) struct Streamed;

impl Nearest for Streamed {
    async fn nearest(
        &mut self,
        db: &mut Db,
        query: &Packed,
        filter: &Filter,
        now_ms: i64,
        limit: usize,
    ) -> Result<Vec<Hit>, StoreError> {
        let mut best = Best::new(limit);
        let mut after = 0;
        loop {
            let page = rows::vectors(db, filter, now_ms, after).await?;
            let Some((last, _)) = page.last() else { return Ok(best.hits) };
            after = *last;
            for (seq, packed) in page {
                if let Some(packed) = packed {
                    best.offer(Hit { seq, score: query.cosine(&packed) });
                }
            }
        }
    }
}

/// Every vector in memory, read once.
#[derive(Debug, Default)]
pub(in crate::store) struct Resident {
    rows: Vec<(Kept, Packed)>,
    names: HashMap<String, u32>,
    loaded: bool,
}

/// [`Marks`] with names as numbers.
#[derive(Clone, Copy, Debug)]
struct Kept {
    seq: i64,
    person: u32,
    chat: u32,
    area: Area,
    sector: Sector,
    said_ms: i64,
    ends_ms: i64,
    replaced: bool,
    class: Class,
}

impl Resident {
    /// Takes a vector in, if the rest is loaded already; else it comes with the rest.
    pub(super) fn add(&mut self, marks: &Marks, packed: Packed) {
        if self.loaded {
            self.put(marks, packed);
        }
    }

    /// How many are held.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    fn put(&mut self, marks: &Marks, packed: Packed) {
        let (person, chat) = (self.number(&marks.person), self.number(&marks.chat));
        let Marks { seq, area, sector, said_ms, ends_ms, replaced, class, .. } = *marks;
        let row = (Kept { seq, person, chat, area, sector, said_ms, ends_ms, replaced, class }, packed);
        match self.rows.binary_search_by_key(&seq, |(kept, _)| kept.seq) {
            Ok(place) => self.rows[place] = row,
            Err(place) => self.rows.insert(place, row),
        }
    }

    /// Forgets one.
    pub(super) fn remove(&mut self, seq: i64) {
        if let Ok(place) = self.rows.binary_search_by_key(&seq, |(kept, _)| kept.seq) {
            self.rows.remove(place);
        }
    }

    /// Reads everything anew at the next question.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The number of a name; 0 is the empty one.
    fn number(&mut self, name: &str) -> u32 {
        if name.is_empty() {
            return 0;
        }
        let next = u32::try_from(self.names.len() + 1).unwrap_or(u32::MAX);
        *self.names.entry(name.to_owned()).or_insert(next)
    }

    /// Reads every vector, unless there are more than `most`; whether they are here now.
    pub(super) async fn load(&mut self, db: &mut Db, most: usize) -> Result<bool, StoreError> {
        let mut after = 0;
        while !self.loaded {
            let page = rows::marks(db, after, limits::STORE_ROWS).await?;
            if self.rows.len() + page.len() > most {
                self.clear();
                return Ok(false);
            }
            let Some((last, _)) = page.last() else { break };
            after = last.seq;
            for (marks, packed) in page {
                if let Some(packed) = packed {
                    self.put(&marks, packed);
                }
            }
        }
        self.loaded = true;
        Ok(true)
    }
}

impl Nearest for Resident {
    async fn nearest(
        &mut self,
        db: &mut Db,
        query: &Packed,
        filter: &Filter,
        now_ms: i64,
        limit: usize,
    ) -> Result<Vec<Hit>, StoreError> {
        self.load(db, usize::MAX).await?;
        // A name that no vector has is a number that no vector has.
        let number = |name: &str| if name.is_empty() { 0 } else { self.names.get(name).copied().unwrap_or(u32::MAX) };
        let (person, chat) = (number(&filter.viewer.person), number(&filter.viewer.chat));
        let visible = |kept: &Kept| {
            let own = filter.viewer.everyone
                || ((kept.person == 0 || kept.person == person) && (kept.chat == 0 || kept.chat == chat));
            own && (filter.viewer.everyone || kept.ends_ms > now_ms)
                && (filter.history || !kept.replaced)
                && filter.viewer.reach.is_none_or(|reach| kept.class <= reach)
                && filter.area.is_none_or(|area| kept.area == area)
                && filter.sector.is_none_or(|sector| kept.sector == sector)
                && filter.since_ms.is_none_or(|since| kept.said_ms >= since)
                && filter.until_ms.is_none_or(|until| kept.said_ms < until)
        };
        let mut best = Best::new(limit);
        for (kept, packed) in self.rows.iter().filter(|(kept, _)| visible(kept)) {
            best.offer(Hit { seq: kept.seq, score: query.cosine(packed) });
        }
        Ok(best.hits)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_vector_is_near_itself_and_far_from_its_opposite() {
        let a = Packed::of(&[0.3, -0.2, 0.9]).unwrap();
        let b = Packed::of(&[-0.3, 0.2, -0.9]).unwrap();
        assert!(a.cosine(&a) > 0.99 && a.cosine(&b) < -0.99);
        assert_eq!(a.cosine(&Packed::of(&[1.0]).unwrap()), 0.0);
        assert_eq!(Packed::of(&[0.0, 0.0]), None);
        assert_eq!(Packed::read(&a.bytes()), Some(a));
    }

    #[test]
    fn a_middle_answers_with_the_mean_of_both() {
        let (a, b, c) = ([3.0, 0.0, 1.0], [0.0, 2.0, 1.0], [1.0, 1.0, 0.5]);
        let of = |v: &[f32]| Packed::of(v).unwrap();
        let middle = Packed::middle(&a, &b).unwrap();
        let mean = f32::midpoint(of(&a).cosine(&of(&c)), of(&b).cosine(&of(&c)));
        assert!((middle.cosine(&of(&c)) - mean).abs() < 0.02, "{} {mean}", middle.cosine(&of(&c)));
        assert_eq!(Packed::middle(&a, &[0.0; 3]), None);
        assert_eq!(Packed::middle(&a, &[1.0]), None);
        assert_eq!(Packed::read(&middle.bytes()), Some(middle));
    }

    proptest! {
        #[test]
        fn packing_keeps_angles(pair in proptest::collection::vec((-1.0_f32..1.0, -1.0_f32..1.0), 16..400)) {
            let (a, b): (Vec<f32>, Vec<f32>) = pair.into_iter().unzip();
            let length = |v: &[f32]| v.iter().map(|x| x * x).sum::<f32>().sqrt();
            prop_assume!(length(&a) > 0.1 && length(&b) > 0.1);
            let exact = a.iter().zip(&b).map(|(x, y)| x * y).sum::<f32>() / (length(&a) * length(&b));
            let packed = Packed::of(&a).unwrap().cosine(&Packed::of(&b).unwrap());
            prop_assert!((exact - packed).abs() < 0.02, "{exact} {packed}");
        }

        #[test]
        fn any_bytes_are_a_vector_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Some(packed) = Packed::read(&bytes) {
                prop_assert_eq!(packed.bytes(), bytes);
            }
        }

        #[test]
        fn the_best_are_the_best(scores in proptest::collection::vec(-1.0_f32..1.0, 0..200), limit in 1_usize..20) {
            let mut best = Best::new(limit);
            for (seq, score) in (0_i64..).zip(&scores) {
                best.offer(Hit { seq, score: *score });
            }
            let mut sorted = scores.clone();
            sorted.sort_by(|a, b| b.total_cmp(a));
            sorted.truncate(limit);
            prop_assert_eq!(best.hits.iter().map(|h| h.score).collect::<Vec<_>>(), sorted);
        }
    }
}
