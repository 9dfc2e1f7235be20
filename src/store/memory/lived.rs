//! What time it surely is: the least that the wall clock has said while Hearth ran for a week and more.
//!
//! What has an end is out of sight as soon as the wall clock is past it, and back in sight when the clock is set
//! back. It is deleted only when the clock has stood behind its end all through `limits::ENDED_FOR` of running
//! time, which the clock counts that cannot jump: a clock that jumps ten years eats nothing unless nobody sets it
//! right for a week. What ended before this program was made has ended whatever the clock says.
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
    (SELECT value FROM meta WHERE key = 'lived_for'), (SELECT value FROM meta WHERE key = 'lived_before')";

/// Two spans of running time, the present one and the one before it, which was a whole one.
#[derive(Debug)]
pub(in super::super) struct Lived {
    /// The least that the wall clock said in the present span, and how long that has lasted, in milliseconds.
    least: i64,
    lasted: i64,
    /// The least of the span before.
    before: Option<i64>,
    seen: Instant,
}

impl Lived {
    /// A life that begins now.
    pub(in super::super) fn new(clock: &Clock) -> Self {
        Self { least: clock.wall_ms(), lasted: 0, before: None, seen: clock.monotonic() }
    }

    /// Takes up what an earlier run noted.
    pub(in super::super) async fn read(db: &mut Db, clock: &Clock) -> Result<Self, StoreError> {
        let read = |row: &libsql::Row| {
            Ok((row.get::<Option<i64>>(0)?, row.get::<Option<i64>>(1)?, row.get::<Option<i64>>(2)?))
        };
        let mut lived = Self::new(clock);
        if let Some((Some(least), Some(lasted), before)) = db.rows(READ, Vec::new(), read).await?.into_iter().next() {
            lived = Self { least: least.min(lived.least), lasted: lasted.max(0), before, ..lived };
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
        if self.lasted >= i64::try_from(limits::ENDED_FOR.as_millis()).unwrap_or(i64::MAX) {
            *self = Self { before: Some(self.least), ..Self::new(clock) };
        }
        self.before.map_or(BUILT_MS, |before| before.min(self.least).max(BUILT_MS))
    }

    /// Notes it, inside the open transaction.
    pub(super) async fn note(&self, db: &mut Db) -> Result<(), StoreError> {
        let values =
            [("lived_least", Some(self.least)), ("lived_for", Some(self.lasted)), ("lived_before", self.before)];
        for (key, value) in values {
            if let Some(value) = value {
                db.execute(SET_META, vec![Value::Text(key.to_owned()), Value::Integer(value)]).await?;
            }
        }
        Ok(())
    }
}
