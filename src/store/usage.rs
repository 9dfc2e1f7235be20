//! Bytes that the store's thread writes, by the kernel's own count.

use crate::base::Clock;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Counts `write_bytes` of `/proc/thread-self/io` (proc_pid_io(5)) since midnight UTC.
pub(super) struct Usage {
    day: Option<i64>,
    base: u64,
}

impl Usage {
    /// Starts at the thread's own zero.
    pub(super) const fn new() -> Self {
        Self { day: None, base: 0 }
    }

    /// Bytes of today; `None` where the kernel has no task I/O accounting. Must be called on the store's thread.
    pub(super) fn today(&mut self, clock: &Clock) -> Option<u64> {
        let written = parse(&std::fs::read_to_string("/proc/thread-self/io").ok()?)?;
        let day = clock.wall_ms().div_euclid(DAY);
        if self.day.is_some_and(|known| known != day) {
            self.base = written;
        }
        self.day = Some(day);
        Some(written.saturating_sub(self.base))
    }
}

fn parse(io: &str) -> Option<u64> {
    io.lines().find_map(|line| line.strip_prefix("write_bytes:"))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_day_starts_at_nothing() {
        let clock = Clock::movable();
        let mut usage = Usage { day: Some(clock.wall_ms().div_euclid(DAY)), base: 0 };
        let Some(_) = usage.today(&clock) else {
            println!("SKIPPED: this kernel has no task I/O accounting");
            return;
        };
        clock.jump(DAY);
        assert_eq!(usage.today(&clock), Some(0));
        assert_eq!(parse("rchar: 1\nwrite_bytes: 4096\ncancelled_write_bytes: 9\n"), Some(4096));
        assert_eq!(parse("write_bytes: x"), None);
    }
}
