//! The PIN of a line that strangers can reach: a slow hash in the settings, and few attempts.
//!
//! A PIN has few digits: who has read the settings file can find it by trying. What protects the line
//! is the wait after wrong attempts; the hash keeps the PIN from being read in passing.

use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Params, Version};

use crate::base::{Code, Fault};

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;
/// Shortest and longest PIN, in characters.
const LENGTHS: std::ops::RangeInclusive<usize> = 4..=32;
/// Wrong attempts before a wait.
const ATTEMPTS: u32 = 3;
/// The wait after them, and after each further one.
const WAIT: Duration = Duration::from_secs(30);
/// Silence after which the line is locked again.
pub(super) const LOCKS_AFTER: Duration = Duration::from_secs(600);

/// The hash of a PIN, as the settings hold it: `argon2id.SALT.HASH` in hexadecimal digits.
///
/// # Errors
/// [`Code::BadInput`] for a PIN that is too short or too long.
pub fn hash(pin: &str) -> Result<String, Fault> {
    if !LENGTHS.contains(&pin.chars().count()) {
        return Err(Fault::new(Code::BadInput, "a PIN has 4 to 32 characters"));
    }
    let salt: [u8; SALT_BYTES] = *uuid::Uuid::new_v4().as_bytes();
    let hash = derived(pin, &salt)?;
    Ok(format!("argon2id.{}.{}", hex(&salt), hex(&hash)))
}

/// Whether this is the PIN behind a hash.
#[must_use]
pub fn matches(pin: &str, stored: &str) -> bool {
    let mut parts = stored.split('.');
    let (Some("argon2id"), Some(salt), Some(hash)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let (Some(salt), Some(hash)) = (unhex(salt), unhex(hash)) else { return false };
    let Ok(derived) = derived(pin, &salt) else { return false };
    // Without an early end: the time must not tell how much was right.
    derived.len() == hash.len() && derived.iter().zip(&hash).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

fn derived(pin: &str, salt: &[u8]) -> Result<[u8; HASH_BYTES], Fault> {
    let fault = |error: argon2::Error| Fault::new(Code::Internal, format!("the PIN could not be hashed: {error}"));
    // 8 MiB and two passes: some 30 ms on a desktop, under a second on the smallest board.
    let params = Params::new(8 * 1024, 2, 1, Some(HASH_BYTES)).map_err(fault)?;
    let mut hash = [0; HASH_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(pin.as_bytes(), salt, &mut hash)
        .map_err(fault)?;
    Ok(hash)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pair = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    if text.len().is_multiple_of(2) { (0..text.len()).step_by(2).map(pair).collect() } else { None }
}

/// Whether a line is open, and how many wrong attempts there were.
#[derive(Debug)]
pub(super) struct Lock {
    open_until: Option<Instant>,
    wrong: u32,
    wait_until: Option<Instant>,
}

impl Lock {
    pub(super) const fn closed() -> Self {
        Self { open_until: None, wrong: 0, wait_until: None }
    }

    /// Whether what is said now is heard; keeps an open line open.
    pub(super) fn is_open(&mut self, now: Instant) -> bool {
        let open = self.open_until.is_some_and(|until| now < until);
        self.open_until = open.then(|| now + LOCKS_AFTER);
        open
    }

    /// How long no attempt is looked at.
    pub(super) fn wait(&self, now: Instant) -> Option<Duration> {
        self.wait_until.and_then(|until| until.checked_duration_since(now)).filter(|wait| !wait.is_zero())
    }

    pub(super) fn attempted(&mut self, right: bool, now: Instant) {
        if right {
            *self = Self { open_until: Some(now + LOCKS_AFTER), wrong: 0, wait_until: None };
            return;
        }
        self.wrong += 1;
        if self.wrong >= ATTEMPTS {
            self.wait_until = Some(now + WAIT);
        }
    }

    /// The line was unplugged: who comes back says the PIN again; the attempts stay counted.
    pub(super) fn close(&mut self) {
        self.open_until = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_knows_its_pin_and_no_other() {
        let stored = hash("4711").expect("hashed");
        assert!(matches("4711", &stored) && !matches("4712", &stored) && !matches("", &stored));
        assert_ne!(stored, hash("4711").expect("hashed"), "salted");
        for broken in ["", "argon2id", "argon2id..", "argon2id.zz.zz", "md5.00.00"] {
            assert!(!matches("4711", broken), "{broken}");
        }
        assert!(hash("1").is_err() && hash(&"1".repeat(33)).is_err());
    }

    #[test]
    fn wrong_attempts_wait_and_silence_locks() {
        let (mut lock, now) = (Lock::closed(), Instant::now());
        assert!(!lock.is_open(now));
        for _ in 0..ATTEMPTS {
            assert_eq!(lock.wait(now), None);
            lock.attempted(false, now);
        }
        assert!(lock.wait(now).is_some() && lock.wait(now + WAIT).is_none());
        lock.attempted(true, now);
        assert!(lock.is_open(now + LOCKS_AFTER / 2) && lock.is_open(now + LOCKS_AFTER));
        assert!(!lock.is_open(now + LOCKS_AFTER * 3));
        lock.attempted(true, now);
        lock.close();
        assert!(!lock.is_open(now));
    }
}
