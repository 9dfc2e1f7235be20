//! Which vectors are nearest: an exact scan, over vectors held in memory or read from flash.
//!
//! Two back-ends behind [`Nearest`] give the same answers: `Resident` is fast and costs about 450 bytes
//! of memory a vector, [`Streamed`] reads the table and costs none. An approximate index is no third one:
//! libsql's writes 150 to 800 times the bytes, and deleting one of two equal vectors hides its twin.

use super::super::StoreError;
use super::super::db::Db;
use super::probe::Probe;
use super::rows;
use super::{Area, Class, Filter, Hit, Sector};

/// A vector of length 1, or the middle of two, as one scale and a signed byte for each dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct Packed {
    scale: f32,
    /// Signed bytes, as they are stored.
    steps: Vec<u8>,
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
        let steps = vector.iter().map(|v| ((v / step).round() as i8).cast_unsigned()).collect();
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
        bytes.extend_from_slice(&self.steps);
        bytes
    }

    /// From stored bytes; `None` where they are no vector.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (scale, steps) = bytes.split_first_chunk::<4>()?;
        let scale = f32::from_le_bytes(*scale);
        let sound = scale.is_finite() && scale > 0.0 && !steps.is_empty();
        sound.then(|| Self { scale, steps: steps.to_vec() })
    }

    /// Cosine of the angle between two vectors (the mean cosine for a [`Packed::middle`]); 0 where their dimensions
    /// differ.
    #[must_use]
    pub fn cosine(&self, other: &Self) -> f32 {
        Probe::of(self).cosine(other.scale, &other.steps)
    }

    /// Its scale and its signed bytes.
    pub(super) fn parts(&self) -> (f32, &[u8]) {
        (self.scale, &self.steps)
    }
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
pub(super) struct Best {
    pub(super) hits: Vec<Hit>,
    limit: usize,
}

impl Best {
    pub(super) fn new(limit: usize) -> Self {
        Self { hits: Vec::with_capacity(limit + 1), limit }
    }

    pub(super) fn offer(&mut self, hit: Hit) {
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
        let (mut best, probe) = (Best::new(limit), Probe::of(query));
        let mut after = 0;
        loop {
            let page = rows::vectors(db, filter, now_ms, after).await?;
            let Some((last, _)) = page.last() else { return Ok(best.hits) };
            after = *last;
            for (seq, packed) in page {
                if let Some(packed) = packed {
                    best.offer(Hit { seq, score: probe.cosine(packed.scale, &packed.steps) });
                }
            }
        }
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
