//! Vectors held in memory, read once: side by side, because a scan is as fast as memory is read in order.

use std::collections::HashMap;

use super::super::StoreError;
use super::super::db::Db;
use super::near::{Best, Marks, Nearest, Packed};
use super::probe::Probe;
use super::{Area, Class, Filter, Hit, Sector, rows};
use crate::base::limits;

/// Every vector in memory.
#[derive(Debug, Default)]
pub(in crate::store) struct Resident {
    /// In the order of their places.
    rows: Vec<Kept>,
    shelves: Vec<Shelf>,
    names: HashMap<String, u32>,
    loaded: bool,
}

/// [`Marks`] with names as numbers, and where the vector lies.
#[derive(Clone, Copy, Debug)]
struct Kept {
    seq: i64,
    said_ms: i64,
    ends_ms: i64,
    person: u32,
    chat: u32,
    slot: u32,
    shelf: u16,
    area: Area,
    sector: Sector,
    class: Class,
    replaced: bool,
}

/// Vectors of the same dimensions: one shelf, unless the model was another one once.
#[derive(Debug)]
struct Shelf {
    dimensions: usize,
    scales: Vec<f32>,
    steps: Vec<u8>,
    /// Slots of what is gone.
    free: Vec<u32>,
}

impl Shelf {
    fn put(&mut self, scale: f32, steps: &[u8]) -> u32 {
        if let Some(slot) = self.free.pop() {
            let place = slot as usize;
            self.scales[place] = scale;
            self.steps[place * self.dimensions..][..self.dimensions].copy_from_slice(steps);
            return slot;
        }
        self.scales.push(scale);
        self.steps.extend_from_slice(steps);
        u32::try_from(self.scales.len() - 1).unwrap_or(u32::MAX)
    }

    fn cosine(&self, probe: &Probe, slot: u32) -> f32 {
        let place = slot as usize;
        let scale = self.scales.get(place).copied().unwrap_or_default();
        let steps = self.steps.get(place * self.dimensions..(place + 1) * self.dimensions);
        probe.cosine(scale, steps.unwrap_or_default())
    }
}

impl Resident {
    /// Takes a vector in, if the rest is loaded already; else it comes with the rest.
    pub(super) fn add(&mut self, marks: &Marks, packed: &Packed) {
        if self.loaded {
            self.put(marks, packed);
        }
    }

    /// How many are held.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    fn put(&mut self, marks: &Marks, packed: &Packed) {
        self.remove(marks.seq);
        let (person, chat) = (self.number(&marks.person), self.number(&marks.chat));
        let (scale, steps) = packed.parts();
        let shelf = self.shelf(steps.len());
        let slot = self.shelves[shelf].put(scale, steps);
        let Marks { seq, area, sector, said_ms, ends_ms, replaced, class, .. } = *marks;
        let shelf = u16::try_from(shelf).unwrap_or(u16::MAX);
        let row = Kept { seq, said_ms, ends_ms, person, chat, slot, shelf, area, sector, class, replaced };
        let place = self.rows.partition_point(|kept| kept.seq < seq);
        self.rows.insert(place, row);
    }

    fn shelf(&mut self, dimensions: usize) -> usize {
        let found = self.shelves.iter().position(|shelf| shelf.dimensions == dimensions);
        found.unwrap_or_else(|| {
            self.shelves.push(Shelf { dimensions, scales: Vec::new(), steps: Vec::new(), free: Vec::new() });
            self.shelves.len() - 1
        })
    }

    /// Forgets one.
    pub(super) fn remove(&mut self, seq: i64) {
        if let Ok(place) = self.rows.binary_search_by_key(&seq, |kept| kept.seq) {
            let kept = self.rows.remove(place);
            if let Some(shelf) = self.shelves.get_mut(usize::from(kept.shelf)) {
                shelf.free.push(kept.slot);
            }
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
                    self.put(&marks, &packed);
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
        let visible = |kept: &&Kept| {
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
        let (mut best, probe) = (Best::new(limit), Probe::of(query));
        for kept in self.rows.iter().filter(visible) {
            let Some(shelf) = self.shelves.get(usize::from(kept.shelf)) else { continue };
            best.offer(Hit { seq: kept.seq, score: shelf.cosine(&probe, kept.slot) });
        }
        Ok(best.hits)
    }
}
