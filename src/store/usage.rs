//! Bytes that the store's thread writes, by the kernel's own count, against the day's budget.

use super::policy::Sheds;
use crate::base::Clock;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Counts `write_bytes` of `/proc/thread-self/io` (proc_pid_io(5)) since midnight UTC.
pub(super) struct Usage {
    day: i64,
    /// The thread's count when the day began.
    base: u64,
    /// What earlier runs wrote on this day.
    carried: u64,
}

impl Usage {
    /// Starts at the thread's own zero, with what an earlier run noted.
    pub(super) fn new(clock: &Clock, noted: Option<(i64, u64)>) -> Self {
        let day = today(clock);
        let carried = noted.filter(|(of, _)| *of == day).map_or(0, |(_, bytes)| bytes);
        Self { day, base: 0, carried }
    }

    /// Bytes of today; `None` where the kernel has no task I/O accounting. Must be called on the store's thread.
    pub(super) fn today(&mut self, clock: &Clock) -> Option<u64> {
        let written = parse(&std::fs::read_to_string("/proc/thread-self/io").ok()?)?;
        let day = today(clock);
        if self.day != day {
            *self = Self { day, base: written, carried: 0 };
        }
        Some(self.carried + written.saturating_sub(self.base))
    }

    /// Whether midnight has passed since the last count.
    pub(super) fn is_over(&self, clock: &Clock) -> bool {
        self.day != today(clock)
    }

    /// The day that is counted.
    pub(super) const fn day(&self) -> i64 {
        self.day
    }
}

/// What is held back after so many bytes: kinds of write that shed at least so early.
pub(super) fn shedding(written: u64, budget: u64) -> Option<Sheds> {
    if written < budget {
        None
    } else if written < budget.saturating_add(budget / 2) {
        Some(Sheds::First)
    } else {
        Some(Sheds::Late)
    }
}

fn today(clock: &Clock) -> i64 {
    clock.wall_ms().div_euclid(DAY)
}

fn parse(io: &str) -> Option<u64> {
    io.lines().find_map(|line| line.strip_prefix("write_bytes:"))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_day_starts_at_nothing_and_a_restart_goes_on() {
        let clock = Clock::movable();
        let mut usage = Usage::new(&clock, Some((today(&clock), 700)));
        let Some(written) = usage.today(&clock) else {
            println!("SKIPPED: this kernel has no task I/O accounting");
            return;
        };
        assert!(written >= 700);
        assert!(Usage::new(&clock, Some((today(&clock) - 1, 700))).carried == 0, "noted on another day");
        clock.jump(DAY);
        assert!(usage.is_over(&clock));
        assert_eq!(usage.today(&clock), Some(0));
        assert_eq!(parse("rchar: 1\nwrite_bytes: 4096\ncancelled_write_bytes: 9\n"), Some(4096));
        assert_eq!(parse("write_bytes: x"), None);
    }

    #[test]
    fn the_unimportant_is_shed_first() {
        assert_eq!(shedding(99, 100), None);
        assert_eq!(shedding(100, 100), Some(Sheds::First));
        assert_eq!(shedding(149, 100), Some(Sheds::First));
        assert_eq!(shedding(150, 100), Some(Sheds::Late));
        assert!(Sheds::Never < Sheds::Late && Sheds::Late < Sheds::First);
    }
}
