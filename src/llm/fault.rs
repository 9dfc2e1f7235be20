//! What can go wrong with a model, in classes that decide what is done next.

use crate::base::{Code, Fault};

/// The class of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The key is wrong, missing or spent; nothing helps but another key.
    Key,
    /// Too much was asked in this time; later is fine.
    Rate,
    /// The server has a fault of its own; later may be fine.
    Server,
    /// The question is longer than the model takes.
    TooLong,
    /// The server does not understand the question: wrong model, wrong address.
    Question,
    /// Nobody was reached, or nothing came in time.
    Silent,
    /// The answer broke off.
    Cut,
    /// The answer is not the protocol.
    Garbage,
}

impl Why {
    /// Whether the same question may be asked again.
    #[must_use]
    pub const fn passes(self) -> bool {
        matches!(self, Self::Rate | Self::Server | Self::Silent | Self::Cut)
    }

    /// The word in logs and answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Rate => "rate",
            Self::Server => "server",
            Self::TooLong => "too_long",
            Self::Question => "question",
            Self::Silent => "silent",
            Self::Cut => "cut",
            Self::Garbage => "garbage",
        }
    }
}

/// A fault of the model's server, or of the way to it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ModelFault {
    /// Its class.
    pub why: Why,
    /// For a person.
    pub message: String,
    /// Seconds that the server wants to be left alone.
    pub retry_after: Option<u64>,
}

impl ModelFault {
    /// A fault.
    pub(super) fn new(why: Why, message: impl Into<String>) -> Self {
        Self { why, message: message.into(), retry_after: None }
    }

    /// The fault of the way there.
    pub(super) fn of_wire(fault: &Fault) -> Self {
        let why = match fault.code {
            Code::Timeout | Code::Unavailable | Code::NotFound => Why::Silent,
            Code::Garbage => Why::Garbage,
            Code::Refused | Code::BadInput | Code::NeedsConfirmation => Why::Question,
            _ => Why::Server,
        };
        Self::new(why, format!("the model's server was not reached: {}", fault.message))
    }

    /// What a refusal of the server means: status first, then its words, as servers agree on few codes.
    pub(super) fn of_status(status: u16, body: &str, retry_after: Option<u64>) -> Self {
        let says = body.to_lowercase();
        let has = |parts: &[&str]| parts.iter().any(|part| says.contains(part));
        let long = ["context length", "context_length", "context window", "too many tokens", "maximum context"];
        let why = match status {
            _ if has(&long) => Why::TooLong,
            402 => Why::Key,
            429 if has(&["insufficient_quota", "billing", "credit balance"]) => Why::Key,
            401 | 403 => Why::Key,
            408 | 504 => Why::Silent,
            413 => Why::TooLong,
            429 => Why::Rate,
            500.. => Why::Server,
            _ => Why::Question,
        };
        let words = match why {
            Why::Key => "does not accept the key",
            Why::Rate => "wants to be asked less often",
            Why::TooLong => "finds the conversation too long",
            Why::Server | Why::Silent => "has a fault of its own",
            _ => "does not understand the question; is base_url right, and model?",
        };
        Self { why, message: format!("the model's server {words} (status {status})"), retry_after }
    }
}

impl From<ModelFault> for Fault {
    fn from(fault: ModelFault) -> Self {
        let code = match fault.why {
            Why::Key | Why::Question | Why::TooLong => Code::Refused,
            Why::Rate => Code::Full,
            Why::Server | Why::Silent | Why::Cut => Code::Unavailable,
            Why::Garbage => Code::Garbage,
        };
        Self::new(code, fault.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_its_class() {
        let table = [
            (401, "", Why::Key),
            (402, "", Why::Key),
            (429, "slow down", Why::Rate),
            (429, r#"{"error":{"code":"insufficient_quota"}}"#, Why::Key),
            (400, "This model's maximum context length is 8192 tokens", Why::TooLong),
            (404, "no such model", Why::Question),
            (500, "", Why::Server),
            (503, "overloaded", Why::Server),
            (504, "", Why::Silent),
        ];
        for (status, body, why) in table {
            assert_eq!(ModelFault::of_status(status, body, None).why, why, "{status} {body}");
        }
        assert!(Why::Rate.passes() && !Why::Key.passes());
    }
}
