//! Two clocks: the wall's, which may jump, and the machine's, which may not.
//!
//! Deadlines and durations use the monotonic clock; only what a person reads uses the wall clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// When this program was made, in milliseconds since 1970 UTC: a time that has surely passed.
pub const BUILT_MS: i64 = seconds(env!("HEARTH_MADE")) * 1_000;

/// Decimal digits to a number; `str::parse` does not work in constants.
const fn seconds(text: &str) -> i64 {
    let (digits, mut at, mut number) = (text.as_bytes(), 0, 0);
    while at < digits.len() {
        number = number * 10 + (digits[at] - b'0') as i64;
        at += 1;
    }
    number
}

/// A source of both times; the manual one is for tests of clock jumps.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    shifts: Option<Arc<Shifts>>,
}

/// How far both clocks of a movable one stand before the system's, in milliseconds.
#[derive(Debug, Default)]
struct Shifts {
    wall: AtomicI64,
    steady: AtomicU64,
}

impl Clock {
    /// The system's clocks.
    #[must_use]
    pub const fn system() -> Self {
        Self { shifts: None }
    }

    /// The system's clocks, which [`Clock::jump`] and [`Clock::pass`] can move.
    #[must_use]
    pub fn movable() -> Self {
        Self { shifts: Some(Arc::default()) }
    }

    /// Moves the wall clock of a movable clock; nothing happens to the system's.
    pub fn jump(&self, by_ms: i64) {
        if let Some(shifts) = &self.shifts {
            shifts.wall.fetch_add(by_ms, Ordering::Relaxed);
        }
    }

    /// Lets time pass on both clocks of a movable clock; nothing happens to the system's.
    pub fn pass(&self, by: Duration) {
        if let Some(shifts) = &self.shifts {
            shifts.wall.fetch_add(millis(by), Ordering::Relaxed);
            shifts.steady.fetch_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// Milliseconds since 1970-01-01 UTC; negative before it.
    #[must_use]
    pub fn wall_ms(&self) -> i64 {
        let real = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => millis(since),
            Err(before) => -millis(before.duration()),
        };
        real.saturating_add(self.shifts.as_ref().map_or(0, |shifts| shifts.wall.load(Ordering::Relaxed)))
    }

    /// Now on the clock that never jumps.
    #[must_use]
    pub fn monotonic(&self) -> Instant {
        let passed = self.shifts.as_ref().map_or(0, |shifts| shifts.steady.load(Ordering::Relaxed));
        Instant::now() + Duration::from_millis(passed)
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_was_made_after_its_first_line_and_before_now() {
        assert!((1_795_219_200_000..=Clock::system().wall_ms().max(1_795_219_200_000)).contains(&BUILT_MS));
    }

    #[test]
    fn a_movable_clock_jumps_and_the_system_clock_does_not() {
        let movable = Clock::movable();
        let before = movable.wall_ms();
        movable.jump(-86_400_000);
        assert!(movable.wall_ms() < before - 86_000_000);
        let (wall, steady) = (movable.wall_ms(), movable.monotonic());
        movable.pass(Duration::from_secs(3_600));
        assert!(movable.wall_ms() >= wall + 3_600_000 && movable.monotonic() >= steady + Duration::from_secs(3_600));
        let system = Clock::system();
        let before = system.wall_ms();
        system.jump(-86_400_000);
        assert!(system.wall_ms() >= before - 1_000);
    }
}
