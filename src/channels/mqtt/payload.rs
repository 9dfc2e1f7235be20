//! The payloads: what is said, what is answered, what went wrong. `schemas/mqtt-*.schema.json` say the same.

use serde::Deserialize;
use serde_json::{Value, json};

use super::topics::Meaning;
use crate::base::{Code, Fault};
use crate::bus::{Notice, Outbound};

/// A payload that can be put on the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The sentence or `/set` command.
    pub text: String,
    /// The speaker's own id of it.
    pub id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spoken {
    text: String,
    #[serde(default)]
    id: Option<String>,
}

/// Reads a payload on a topic of this meaning.
///
/// # Errors
/// [`Code::BadInput`] with what is expected instead.
pub fn read(meaning: Meaning<'_>, payload: &[u8]) -> Result<Said, Fault> {
    let bad = |what: &str| Fault::new(Code::BadInput, what);
    let text = std::str::from_utf8(payload).map_err(|_| bad("the payload is not UTF-8 text"))?.trim();
    let said = match meaning {
        Meaning::Request(_) => spoken(text)?,
        Meaning::Say if text.starts_with('{') => spoken(text)?,
        Meaning::Say => Said { text: text.to_owned(), id: None },
        Meaning::Set(entity) => return set(entity, text),
    };
    if said.text.trim().is_empty() {
        return Err(bad("the text is missing"));
    }
    // A sentence from the network is a sentence: commands with a slash are for consoles.
    if said.text.trim_start().starts_with('/') {
        return Err(bad("commands with a slash are not taken over MQTT"));
    }
    Ok(said)
}

fn spoken(text: &str) -> Result<Said, Fault> {
    let Spoken { text, id } = serde_json::from_str(text).map_err(|error| {
        let message = format!("the payload is not {{\"text\": …}} with, at will, \"id\": {error}");
        Fault::new(Code::BadInput, message)
    })?;
    Ok(Said { text, id })
}

/// `/set ENTITY VALUE`, as a console would say it.
fn set(entity: &str, text: &str) -> Result<Said, Fault> {
    let bad = |what: &str| Fault::new(Code::BadInput, what);
    if entity.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(bad("that is no entity"));
    }
    if text.is_empty() {
        return Err(bad("the payload is empty: it takes ON, OFF, TOGGLE, OPEN, CLOSE, STOP, a number, or JSON"));
    }
    let mut id = None;
    let mut value = text.to_owned();
    if text.starts_with('{') {
        let mut object: Value =
            serde_json::from_str(text).map_err(|error| bad(&format!("the payload is not JSON: {error}")))?;
        if let Some(Value::String(own)) = object.as_object_mut().and_then(|map| map.remove("id")) {
            id = Some(own);
        }
        value = object.to_string();
    }
    Ok(Said { text: format!("/set {entity} {value}"), id })
}

/// An answer.
pub(super) fn answer(answer: &Outbound, id: Option<&str>) -> Vec<u8> {
    let mut payload = json!({"text": answer.text, "trace": answer.trace, "detail": answer.detail});
    if let Some(id) = id {
        payload["id"] = json!(id);
    }
    payload.to_string().into_bytes()
}

/// What is told unasked.
pub(super) fn notice(notice: &Notice) -> Vec<u8> {
    json!({"notice": notice.text}).to_string().into_bytes()
}

/// What was wrong with a payload.
pub(super) fn error(fault: &Fault, id: Option<&str>) -> Vec<u8> {
    let mut payload = json!({"error": {"code": fault.code, "message": fault.message}});
    if let Some(id) = id {
        payload["id"] = json!(id);
    }
    payload.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_that_are_taken() {
        let said = |meaning, payload: &str| read(meaning, payload.as_bytes()).map(|said| (said.text, said.id));
        let (say, set) = (Meaning::Say, Meaning::Set("light.desk"));
        assert_eq!(said(say, " turn on the lamp\n"), Ok(("turn on the lamp".into(), None)));
        assert_eq!(said(say, r#"{"text":"hi","id":"7"}"#), Ok(("hi".into(), Some("7".into()))));
        assert_eq!(said(set, "ON"), Ok(("/set light.desk ON".into(), None)));
        let json = said(set, r#"{"state":"ON","id":"8"}"#);
        assert_eq!(json, Ok((r#"/set light.desk {"state":"ON"}"#.into(), Some("8".into()))));
    }

    #[test]
    fn forms_that_are_not() {
        let request = Meaning::Request("phone");
        for (meaning, payload) in [
            (Meaning::Say, &b"\xff"[..]),
            (Meaning::Say, b""),
            (Meaning::Say, b"/pins"),
            (Meaning::Say, br#"{"txt":"hi"}"#),
            (request, b"not json"),
            (request, br#"{"text":""}"#),
            (Meaning::Set("a"), b""),
            (Meaning::Set("a"), b"{"),
            (Meaning::Set("a b"), b"ON"),
        ] {
            assert_eq!(read(meaning, payload).map_err(|f| f.code), Err(Code::BadInput), "{meaning:?} {payload:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_payload_panics(payload in proptest::collection::vec(0_u8..=255, 0..200)) {
            for meaning in [Meaning::Say, Meaning::Request("x"), Meaning::Set("light.x")] {
                let _ = read(meaning, &payload);
            }
        }
    }
}
