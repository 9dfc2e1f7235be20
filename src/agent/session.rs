//! What one conversation leaves behind for its next sentence; bounded in number.

use std::time::Instant;

use super::recall::Spoken;
use crate::base::limits::{CONFIRM_WITHIN, SESSIONS};
use crate::intent::{Context, Understanding};

/// One conversation.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// For the next understanding: «it», the last area, a question asked back.
    pub(super) context: Context,
    /// Bytes that were said since it was last observed, as far as this run knows.
    pub(super) unobserved: Option<usize>,
    /// For the next turn with memory.
    pub(super) spoken: Spoken,
    waiting: Option<(Understanding, Instant)>,
}

impl Session {
    /// One of an earlier run, with what it left behind.
    pub(super) fn taken_up(context: Context, spoken: Spoken) -> Self {
        Self { context, spoken, ..Self::default() }
    }

    /// Keeps what waits for a «yes».
    pub(super) fn wait_for_yes(&mut self, understood: Understanding, now: Instant) {
        self.waiting = Some((understood, now));
    }

    /// What waits for a «yes», once; whatever is said next, it waits no longer.
    pub(super) fn waiting(&mut self, now: Instant) -> Option<Understanding> {
        let (understood, since) = self.waiting.take()?;
        (now.duration_since(since) <= CONFIRM_WITHIN).then_some(understood)
    }
}

/// The conversations, the one used last at the end.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    kept: Vec<(String, Session)>,
}

impl Sessions {
    /// Whether the conversation of this key is here already.
    pub(super) fn knows(&self, key: &str) -> bool {
        self.kept.iter().any(|(of, _)| of == key)
    }

    /// The conversation of this key; the one that was silent longest makes room for a new one.
    pub(super) fn of(&mut self, key: &str) -> &mut Session {
        let session = match self.kept.iter().position(|(of, _)| of == key) {
            Some(place) => self.kept.remove(place),
            None => (key.to_owned(), Session::default()),
        };
        if self.kept.len() >= SESSIONS {
            self.kept.remove(0);
        }
        self.kept.push(session);
        let last = self.kept.len() - 1;
        &mut self.kept[last].1
    }
}

/// Whether a reply confirms.
pub(super) fn is_yes(text: &str) -> bool {
    matches!(word(text).as_str(), "yes" | "y" | "yes please" | "do it" | "confirm" | "ok" | "okay" | "sure")
}

/// Whether a reply declines.
pub(super) fn is_no(text: &str) -> bool {
    matches!(word(text).as_str(), "no" | "n" | "no thanks" | "cancel" | "stop" | "never mind" | "nevermind")
}

fn word(text: &str) -> String {
    text.trim().trim_end_matches(['.', '!']).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_bounded_and_the_silent_one_goes() {
        let mut sessions = Sessions::default();
        for number in 0..SESSIONS {
            sessions.of(&number.to_string());
        }
        sessions.of("0");
        sessions.of("new");
        assert_eq!(sessions.kept.len(), SESSIONS);
        assert!(sessions.kept.iter().any(|(key, _)| key == "0"));
        assert!(sessions.kept.iter().all(|(key, _)| key != "1"));
    }

    #[test]
    fn only_a_plain_yes_confirms() {
        assert!(is_yes(" Yes! ") && is_no("never mind"));
        for other in ["yes unlock the back door too", "yesterday", ""] {
            assert!(!is_yes(other) && !is_no(other), "{other}");
        }
    }
}
