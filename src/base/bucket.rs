//! A token bucket: so many at once, refilled evenly over a minute.
//!
//! It holds no clock: who asks says when, so that a test can be a minute later at once.

use std::time::{Duration, Instant};

/// See the module.
#[derive(Clone, Debug)]
pub struct Bucket {
    per_minute: u32,
    left: f64,
    at: Instant,
}

impl Bucket {
    /// A full one, of `per_minute` tokens (at least 1).
    #[must_use]
    pub fn full(per_minute: u32, now: Instant) -> Self {
        let per_minute = per_minute.max(1);
        Self { per_minute, left: f64::from(per_minute), at: now }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// The time until there is one; nothing is taken then.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let rate = f64::from(self.per_minute) / 60.0;
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + passed * rate).min(f64::from(self.per_minute));
        self.at = self.at.max(now);
        if self.left >= 1.0 {
            self.left -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - self.left) / rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_through_then_a_token_comes_at_a_time() {
        let start = Instant::now();
        let mut bucket = Bucket::full(30, start);
        assert!((0..30).all(|_| bucket.take(start).is_ok()), "the burst");
        let wait = bucket.take(start).expect_err("empty");
        assert!(wait > Duration::from_millis(1_990) && wait <= Duration::from_millis(2_010), "{wait:?}");
        assert!(bucket.take(start + Duration::from_secs(1)).is_err(), "half a token is none");
        assert!(bucket.take(start + wait + Duration::from_millis(1)).is_ok(), "when it said");
        assert!(bucket.take(start).is_err(), "an earlier time gives nothing");
        let later = start + Duration::from_secs(3_600);
        assert!((0..30).all(|_| bucket.take(later).is_ok()) && bucket.take(later).is_err(), "never more than full");
        assert!(Bucket::full(0, start).take(start).is_ok(), "0 is 1");
    }
}
