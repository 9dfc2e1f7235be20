//! Ids that sort by time: UUIDv7 (RFC 9562), monotonic over clock jumps.
//!
//! Ids are stored as 16-byte blobs; their order is the order in which one process made them, also
//! when the wall clock steps back, and across restarts when the source is told the last id.

use std::fmt;
use std::str::FromStr;
use std::sync::Mutex;

use uuid::Uuid;

use super::Clock;

/// A UUIDv7.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Uuid);

impl Id {
    /// The 16 bytes, in the order in which they sort.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The id in 16 stored bytes; `None` where the length differs.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        Uuid::from_slice(bytes).ok().map(Self)
    }

    /// Milliseconds since 1970 that the id was made at (or after, while a clock was behind).
    #[must_use]
    pub fn millis(&self) -> i64 {
        let b = self.bytes();
        i64::from_be_bytes([0, 0, b[0], b[1], b[2], b[3], b[4], b[5]])
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Id {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self)
    }
}

impl serde::Serialize for Id {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Makes ids, each greater than the one before.
#[derive(Debug)]
pub struct IdSource {
    clock: Clock,
    last: Mutex<(u64, u16)>,
}

/// Ids of one millisecond before the source moves on to the next: the 12 bits of `rand_a`.
const PER_MILLI: u16 = 0x0fff;

impl IdSource {
    /// A source that starts after `last`, the greatest id that was ever stored.
    #[must_use]
    pub fn after(clock: Clock, last: Option<Id>) -> Self {
        let floor = last.map_or(0, |id| u64::try_from(id.millis()).unwrap_or(0) + 1);
        Self { clock, last: Mutex::new((floor, 0)) }
    }

    /// The next id.
    #[must_use]
    pub fn next(&self) -> Id {
        let now = u64::try_from(self.clock.wall_ms()).unwrap_or(0);
        let mut last = match self.last.lock() {
            Ok(guard) => guard,
            Err(poisoned) => poisoned.into_inner(),
        };
        *last = match *last {
            (millis, _) if now > millis => (now, 0),
            (millis, count) if count < PER_MILLI => (millis, count + 1),
            (millis, _) => (millis + 1, 0),
        };
        let (millis, count) = *last;
        drop(last);
        Id(assemble(millis, count, *Uuid::new_v4().as_bytes()))
    }
}

/// RFC 9562 5.7: 48 bits of milliseconds, version, 12 bits of counter (method 1), variant, 62 random bits.
fn assemble(millis: u64, count: u16, random: [u8; 16]) -> Uuid {
    let mut bytes = random;
    bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    bytes[6..8].copy_from_slice(&(0x7000 | (count & PER_MILLI)).to_be_bytes());
    Uuid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_over_a_clock_that_steps_back_and_over_a_restart() {
        let clock = Clock::movable();
        let source = IdSource::after(clock.clone(), None);
        let mut last = source.next();
        for round in 0..20_000 {
            if round == 5_000 {
                clock.jump(-3_600_000);
            }
            let next = source.next();
            assert!(next > last, "{next} after {last}");
            last = next;
        }
        let restarted = IdSource::after(clock, Some(last));
        assert!(restarted.next() > last);
    }

    #[test]
    fn an_id_is_a_valid_version_7_and_round_trips() {
        let id = IdSource::after(Clock::system(), None).next();
        assert_eq!(id.0.get_version_num(), 7);
        assert_eq!(id.0.get_variant(), uuid::Variant::RFC4122);
        assert_eq!(Id::from_slice(id.bytes()), Some(id));
        assert_eq!(id.to_string().parse::<Id>().ok(), Some(id));
        assert_eq!(Id::from_slice(&[1, 2, 3]), None);
    }
}
