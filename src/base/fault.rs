//! What can go wrong, in the few fixed numbers that cross process edges.
//!
//! Modules have their own error enums; at an edge (hand, spawner, keeper, admin socket, tool result)
//! they become a [`Fault`]: a number that is never reused and a sentence for a person.

use std::fmt;

/// A fixed number for a kind of failure. Numbers are wire format: append, never reuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u16)]
pub enum Code {
    /// The caller's input does not make sense; trying again with the same input is useless.
    BadInput = 1,
    /// The thing named does not exist.
    NotFound = 2,
    /// A manifest, policy or wall forbids it.
    Refused = 3,
    /// The time allowed ran out.
    Timeout = 4,
    /// A queue, buffer or table is full.
    Full = 5,
    /// The other side is not there (ended, not started, not connected).
    Unavailable = 6,
    /// The other side answered something that is not the protocol.
    Garbage = 7,
    /// The operating system said no; the message carries its words.
    System = 8,
    /// The act was done but its effect was not seen.
    NotConfirmed = 9,
    /// Whether the act was done is not known.
    OutcomeUnknown = 10,
    /// A defect of Hearth itself.
    Internal = 11,
    /// A person has to confirm exactly this act first.
    NeedsConfirmation = 12,
}

impl Code {
    /// The wire number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The code behind a wire number; a number from a newer version reads as [`Code::Internal`].
    #[must_use]
    pub const fn from_number(number: u16) -> Self {
        match number {
            1 => Self::BadInput,
            2 => Self::NotFound,
            3 => Self::Refused,
            4 => Self::Timeout,
            5 => Self::Full,
            6 => Self::Unavailable,
            7 => Self::Garbage,
            8 => Self::System,
            9 => Self::NotConfirmed,
            10 => Self::OutcomeUnknown,
            12 => Self::NeedsConfirmation,
            _ => Self::Internal,
        }
    }

    /// The word used in JSON and logs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BadInput => "bad_input",
            Self::NotFound => "not_found",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::Full => "full",
            Self::Unavailable => "unavailable",
            Self::Garbage => "garbage",
            Self::System => "system",
            Self::NotConfirmed => "not_confirmed",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Internal => "internal",
            Self::NeedsConfirmation => "needs_confirmation",
        }
    }

    /// Whether the same call may succeed later without a change by the caller.
    #[must_use]
    pub const fn retryable(self) -> bool {
        matches!(self, Self::Timeout | Self::Full | Self::Unavailable)
    }
}

/// A failure as it crosses an edge: a fixed code and a sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Fault {
    /// What kind of failure.
    pub code: Code,
    /// What happened, to what, and the way out; never holds a secret.
    pub message: String,
}

impl Fault {
    /// A fault with its sentence.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.message, self.code.word())
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_reads_back_as_its_code() {
        for number in 1..=12 {
            assert_eq!(Code::from_number(number).number(), number);
        }
        assert_eq!(Code::from_number(0), Code::Internal);
        assert_eq!(Code::from_number(u16::MAX), Code::Internal);
    }
}
