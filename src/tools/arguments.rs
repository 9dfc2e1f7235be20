//! Reads the arguments of a tool call: names the key and what it should be.

use serde_json::Value;

use crate::base::{Code, Fault};

/// Refuses anything but an object with these keys.
pub(super) fn only(arguments: &Value, keys: &[&str]) -> Result<(), Fault> {
    let Value::Object(object) = arguments else {
        return Err(Fault::new(Code::BadInput, "arguments are a JSON object"));
    };
    match object.keys().find(|key| !keys.contains(&key.as_str())) {
        None => Ok(()),
        Some(unknown) => {
            let known = keys.join(", ");
            Err(Fault::new(Code::BadInput, format!("unknown argument «{unknown}»; there are: {known}")))
        }
    }
}

/// A text that must be there.
pub(super) fn text<'a>(arguments: &'a Value, key: &str) -> Result<&'a str, Fault> {
    let missing = || Fault::new(Code::BadInput, format!("argument «{key}» must be a text"));
    arguments.get(key).and_then(Value::as_str).ok_or_else(missing)
}

/// A text that may be missing.
pub(super) fn optional_text<'a>(arguments: &'a Value, key: &str) -> Result<Option<&'a str>, Fault> {
    match arguments.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => text(arguments, key).map(Some),
    }
}

/// A finite number that must be there.
pub(super) fn number(arguments: &Value, key: &str) -> Result<f64, Fault> {
    let missing = || Fault::new(Code::BadInput, format!("argument «{key}» must be a number"));
    arguments.get(key).and_then(Value::as_f64).filter(|number| number.is_finite()).ok_or_else(missing)
}
