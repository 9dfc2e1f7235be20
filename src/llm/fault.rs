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
            Code::Full => Why::Rate,
            Code::Refused | Code::BadInput | Code::NeedsConfirmation => Why::Question,
            _ => Why::Server,
        };
        Self::new(why, format!("the model's server was not reached: {}", fault.message))
    }

    /// What a refusal of the server means: status first, then its words, as servers agree on few codes.
    pub(super) fn of_status(status: u16, body: &str, retry_after: Option<u64>) -> Self {
        let says = body.to_lowercase();
        let has = |parts: &[&str]| parts.iter().any(|part| says.contains(part));
        let long = [
            "context length",
            "context_length",
            "context window",
            "context_window",
            "too many tokens",
            "token limit",
            "prompt is too long",
            "request too large",
        ];
        let spent = ["insufficient_quota", "billing", "credit balance", "insufficient credits", "insufficient balance"];
        let why = match status {
            _ if has(&long) => Why::TooLong,
            402 => Why::Key,
            400 | 429 if has(&spent) => Why::Key,
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

    /// The collection classes the error texts of other programs' network libraries as well. Ours has none: a fault
    /// of the way comes from the hand with a code, and a refusal of the server with its status.
    #[test]
    fn every_status_and_every_servers_own_words_of_the_collection() {
        let path = std::env::var_os("HEARTH_SHARED").map(std::path::PathBuf::from).or_else(|| {
            let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
            ["../shared", "../../shared"].iter().map(|place| root.join(place)).find(|place| place.is_dir())
        });
        let Some(text) = path.and_then(|folder| std::fs::read(folder.join("vectors/provider_errors.json")).ok()) else {
            assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "provider_errors.json is missing");
            return eprintln!("SKIPPED: there is no provider_errors.json; set HEARTH_SHARED");
        };
        let suite: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
        let (mut statuses, mut words) = (0, 0);
        for case in suite["cases"].as_array().expect("cases") {
            let expected = case["expected"].as_str().unwrap_or_default();
            if let Some(status) = case["status"].as_u64().and_then(|status| u16::try_from(status).ok()) {
                let why = ModelFault::of_status(status, "", None).why;
                if let Some(passes) = case["retryable"].as_bool() {
                    assert_eq!(why.passes(), passes, "{case}");
                }
                let right = match expected {
                    "Auth" | "Billing" => why == Why::Key,
                    "RateLimit" => why == Why::Rate,
                    // A server that timed out or is overloaded: asked again, as the collection has it.
                    "Timeout" => why.passes(),
                    "Format" => why == Why::Question,
                    _ => true,
                };
                assert!(right, "{case}: {why:?}");
                statuses += 1;
            }
            let Some(message) = case["message"].as_str() else { continue };
            let wanted = match expected {
                "ContextOverflow" => Why::TooLong,
                "Billing" if message != "payment required" => Why::Key,
                _ => continue,
            };
            for status in [400, 429] {
                assert_eq!(ModelFault::of_status(status, message, None).why, wanted, "{status} {message}");
            }
            words += 1;
        }
        assert!(statuses >= 19 && words >= 11, "{statuses} {words}");
    }
}
