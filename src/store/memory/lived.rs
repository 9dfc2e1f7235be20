//! What time it surely is: the least that the wall clock has said while Hearth ran for a week and more.
//!
//! What has an end is out of sight as soon as the wall clock is past it, and back in sight when the clock is set
//! back. It is deleted only when the clock has stood behind its end all through `limits::ENDED_FOR` of running
//! time, which the clock counts that cannot jump: a clock that jumps ten years eats nothing unless nobody sets it
//! right for a week. What ended before this program was made has ended whatever the clock says.
//!
//! A clock that is behind makes what is stored look old, so a span that ends also says when, at the earliest, it and
//! the one before it began: what was stored in them was not stored before that. What was stored since has not seen a
//! whole span, and is not known to have a right time yet ([`Lived::note`] gives the last place that is).
//!
//! Kept over restarts; time in which Hearth does not run counts for nothing.

use std::time::Instant;

use libsql::Value;

use super::super::StoreError;
use super::super::commit::SET_META;
use super::super::db::Db;
use crate::base::clock::BUILT_MS;
use crate::base::{Clock, limits};

const READ: &str = "SELECT (SELECT value FROM meta WHERE key = 'lived_least'),
    (SELECT value FROM meta WHERE key = 'lived_for'), (SELECT value FROM meta WHERE key = 'lived_before'),
    (SELECT value FROM meta WHERE key = 'lived_from'), (SELECT value FROM meta WHERE key = 'lived_from_before')";
const LIFT: &str = "UPDATE memories SET stored_ms = ?3 WHERE seq > ?1 AND seq <= ?2 AND stored_ms < ?3";

/// Two spans of running time, the present one and the one before it, which was a whole one.
#[derive(Debug)]
pub(in super::super) struct Lived {
    /// The least that the wall clock said in the present span, and how long that has lasted, in milliseconds.
    least: i64,
    lasted: i64,
    /// The least of the span before.
    before: Option<i64>,
    seen: Instant,
    /// The last place of a memory when the present span began; none where it is still to be asked for.
    from: Option<i64>,
    /// The same of the span before.
    from_before: Option<i64>,
    /// Places behind which rows were stored in spans that have ended, and when those began at the earliest.
    over: [Option<(i64, i64)>; 2],
}

impl Lived {
    /// A life that begins now.
    pub(in super::super) fn new(clock: &Clock) -> Self {
        Self {
            least: clock.wall_ms(),
            lasted: 0,
            before: None,
            seen: clock.monotonic(),
            from: None,
            from_before: None,
            over: [None; 2],
        }
    }

    /// Takes up what an earlier run noted.
    pub(in super::super) async fn read(db: &mut Db, clock: &Clock) -> Result<Self, StoreError> {
        let read = |row: &libsql::Row| {
            let number = |column| row.get::<Option<i64>>(column);
            Ok((number(0)?, number(1)?, number(2)?, (number(3)?, number(4)?)))
        };
        let mut lived = Self::new(clock);
        match db.rows(READ, Vec::new(), read).await?.into_iter().next() {
            Some((Some(least), Some(lasted), before, (from, from_before))) => {
                let (least, lasted) = (least.min(lived.least), lasted.max(0));
                lived = Self { least, lasted, before, from, from_before, ..lived };
            }
            // Nothing was ever noted: of no memory is it known when it was stored.
            _ => lived = Self { from: Some(0), from_before: Some(0), ..lived },
        }
        Ok(lived)
    }

    /// Looks at both clocks. What time has surely passed, in milliseconds since 1970.
    pub(super) fn look(&mut self, clock: &Clock) -> i64 {
        let (now, wall) = (clock.monotonic(), clock.wall_ms());
        let passed = now.saturating_duration_since(self.seen).as_millis();
        self.seen = now;
        self.lasted = self.lasted.saturating_add(i64::try_from(passed).unwrap_or(i64::MAX));
        self.least = self.least.min(wall);
        let span = i64::try_from(limits::ENDED_FOR.as_millis()).unwrap_or(i64::MAX);
        if self.lasted >= span {
            let began = wall.saturating_sub(self.lasted);
            let earlier = self.from_before.map(|from| (from, began.saturating_sub(span)));
            let over = [self.from.map(|from| (from, began)), earlier];
            *self = Self { before: Some(self.least), from_before: self.from, over, ..Self::new(clock) };
        }
        self.before.map_or(BUILT_MS, |before| before.min(self.least).max(BUILT_MS))
    }

    /// Notes it, inside the open transaction. The last place whose time of storing is right as far as can be known.
    pub(super) async fn note(&mut self, db: &mut Db) -> Result<i64, StoreError> {
        let from = match self.from {
            Some(from) => from,
            None => db.number("SELECT max(seq) FROM memories").await?,
        };
        self.from = Some(from);
        let known = *self.from_before.get_or_insert(from);
        for (behind, began) in self.over.into_iter().flatten() {
            db.execute(LIFT, [behind, from, began].map(Value::Integer).to_vec()).await?;
        }
        let values = [
            ("lived_least", Some(self.least)),
            ("lived_for", Some(self.lasted)),
            ("lived_before", self.before),
            ("lived_from", Some(from)),
            ("lived_from_before", Some(known)),
        ];
        for (key, value) in values {
            if let Some(value) = value {
                db.execute(SET_META, vec![Value::Text(key.to_owned()), Value::Integer(value)]).await?;
            }
        }
        Ok(known)
    }

    /// What was noted is on disk.
    pub(super) const fn noted(&mut self) {
        self.over = [None; 2];
    }
}
