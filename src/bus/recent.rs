//! Remembers which commands were taken, so that a redelivered one does not run again.

use std::collections::VecDeque;
use std::time::Instant;

use crate::base::limits::{RECENT_COMMANDS, RECENT_WINDOW};

/// A bounded window over (who, id), oldest first.
#[derive(Debug, Default)]
pub(super) struct Recent {
    seen: VecDeque<(Instant, String, String)>,
}

impl Recent {
    /// Whether this speaker's command was taken before.
    pub(super) fn knows(&mut self, who: &str, id: &str, now: Instant) -> bool {
        while self.seen.front().is_some_and(|(since, ..)| now.duration_since(*since) > RECENT_WINDOW) {
            self.seen.pop_front();
        }
        self.seen.iter().any(|(_, speaker, known)| speaker == who && known == id)
    }

    /// Notes one that was taken.
    pub(super) fn note(&mut self, who: &str, id: &str, now: Instant) {
        if self.seen.len() >= RECENT_COMMANDS {
            self.seen.pop_front();
        }
        self.seen.push_back((now, who.to_owned(), id.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_window_is_bounded_in_number_and_time() {
        let (mut recent, now) = (Recent::default(), Instant::now());
        for number in 0..RECENT_COMMANDS + 1 {
            recent.note("a", &number.to_string(), now);
        }
        assert!(!recent.knows("a", "0", now) && recent.knows("a", "1", now) && !recent.knows("b", "1", now));
        assert!(!recent.knows("a", "1", now + RECENT_WINDOW + Duration::from_secs(1)) && recent.seen.is_empty());
    }
}
