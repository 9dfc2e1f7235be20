//! The table of word pieces: 4-bit rows, in memory or in the mapped file, and the places in a text.

#![forbid(unsafe_code)]

use std::ops::Range;

use safetensors::Dtype;
use tract_core::prelude::f16;

use super::ModelFault;
use super::weights::{Weights, wrong};
use crate::base::sys::Mapping;
use crate::embed::pinned::{BLOCK, DIMENSIONS};

/// Bytes of one row's digits, and of its scales.
const DIGITS: usize = DIMENSIONS / 2;
const SCALES: usize = DIMENSIONS / BLOCK * 2;

/// The rows.
#[derive(Debug)]
pub(super) struct Rows {
    store: Store,
    digits: Range<usize>,
    scales: Range<usize>,
    /// What is added for each place in a text.
    places: Vec<f32>,
}

#[derive(Debug)]
enum Store {
    Memory(Vec<u8>),
    File(Mapping),
}

/// Where the rows are in the file.
#[derive(Debug)]
pub(super) struct Found {
    digits: Range<usize>,
    scales: Range<usize>,
    places: Vec<f32>,
}

impl Rows {
    /// Finds the rows of `count` pieces.
    ///
    /// # Errors
    /// Where their shape is not what the network needs.
    pub(super) fn find(weights: &Weights<'_>, count: usize) -> Result<Found, ModelFault> {
        let exact = |name: &str, dtype, columns: usize, rows: Option<usize>| {
            let (r, c, data) = weights.matrix(name, dtype)?;
            if c != columns || rows.is_some_and(|rows| rows != r) {
                return Err(wrong(name, format!("of shape [{r}, {c}], wanted are {columns} columns, {rows:?} rows")));
            }
            let start = weights.place(data);
            Ok((start..start + data.len(), data))
        };
        let (digits, _) = exact("table.digits", Dtype::U8, DIGITS, Some(count))?;
        let (scales, _) = exact("table.scales", Dtype::F16, SCALES / 2, Some(count))?;
        let (_, places) = exact("positions", Dtype::F16, DIMENSIONS, None)?;
        let places = places.as_chunks().0.iter().map(|bytes| f16::from_le_bytes(*bytes).to_f32()).collect();
        Ok(Found { digits, scales, places })
    }

    /// The network's input for these pieces, row after row.
    ///
    /// # Errors
    /// [`ModelFault::Network`] for an id or a length that the table does not have.
    pub(super) fn of(&self, ids: &[u32]) -> Result<Vec<f32>, ModelFault> {
        let mut made = Vec::with_capacity(ids.len() * DIMENSIONS);
        for (at, id) in ids.iter().enumerate() {
            let id = usize::try_from(*id).unwrap_or(usize::MAX);
            let digits = self.row(&self.digits, id, DIGITS)?;
            let scales = self.row(&self.scales, id, SCALES)?;
            let none = || ModelFault::Network(format!("the model has no place {at} in a text"));
            let place = self.places.get(at * DIMENSIONS..(at + 1) * DIMENSIONS).ok_or_else(none)?;
            let blocks = digits.chunks_exact(BLOCK / 2).zip(scales.as_chunks().0).zip(place.chunks_exact(BLOCK));
            for ((digits, scale), place) in blocks {
                let scale = f16::from_le_bytes(*scale).to_f32();
                for (pair, place) in digits.iter().zip(place.as_chunks::<2>().0) {
                    made.push((f32::from(pair & 15) - 8.0).mul_add(scale, place[0]));
                    made.push((f32::from(pair >> 4) - 8.0).mul_add(scale, place[1]));
                }
            }
        }
        Ok(made)
    }

    fn row(&self, all: &Range<usize>, id: usize, width: usize) -> Result<&[u8], ModelFault> {
        let bytes = match &self.store {
            Store::Memory(bytes) => bytes.as_slice(),
            Store::File(mapping) => mapping.bytes(),
        };
        let rows = bytes.get(all.clone()).unwrap_or_default();
        let start = id.saturating_mul(width);
        let none = || ModelFault::Network(format!("the model has no piece {id}"));
        rows.get(start..start.saturating_add(width)).ok_or_else(none)
    }
}

impl Found {
    /// The rows copied; the file can go.
    pub(super) fn in_memory(self, file: &[u8]) -> Rows {
        let digits = file.get(self.digits.clone()).unwrap_or_default();
        let scales = file.get(self.scales.clone()).unwrap_or_default();
        let split = digits.len();
        let store = Store::Memory([digits, scales].concat());
        Rows { store, digits: 0..split, scales: split..split + self.scales.len(), places: self.places }
    }

    /// The rows where they are; pages that were read for the hash are given back.
    pub(super) fn in_file(self, mapping: Mapping) -> Rows {
        mapping.forget_pages();
        Rows { store: Store::File(mapping), digits: self.digits, scales: self.scales, places: self.places }
    }
}
