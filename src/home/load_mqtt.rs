//! The topics of one device from its description.

use serde_json::Value;

use super::raw::{Faults, Object};
use super::remote::{Topics, expression, has_place};

const KEYS: &[&str] =
    &["command_topic", "state_topic", "command_template", "value_template", "payload_on", "payload_off", "level_scale"];

/// Reads the table `mqtt` of an entity.
pub(super) fn topics(value: &Value, path: String, faults: &mut Faults) -> Option<Topics> {
    let o = Object::open(value, path, KEYS, faults)?;
    let state = o.required("state_topic", faults)?;
    let command = o.text("command_topic", faults);
    for (key, topic) in [("state_topic", Some(&state)), ("command_topic", command.as_ref())] {
        if topic.is_some_and(|topic| !is_topic(topic)) {
            faults.add(o.at(key), "must be a topic of at most 512 bytes without wildcards and control characters");
        }
    }
    if command.as_ref() == Some(&state) {
        faults.add(o.at("command_topic"), "must differ from `state_topic`: nothing would answer");
    }
    let text =
        |key: &str, otherwise: &str, faults: &mut Faults| o.text(key, faults).unwrap_or_else(|| otherwise.to_owned());
    let command_template = text("command_template", "{{ value }}", faults);
    if !has_place(&command_template) {
        faults.add(o.at("command_template"), "needs `{{ value }}` exactly once");
    }
    let value_template = text("value_template", "{{ value }}", faults);
    let path = expression(&value_template);
    if !path.is_some_and(|path| path == "value" || path.strip_prefix("value_json.").is_some_and(is_path)) {
        faults.add(o.at("value_template"), "must be `{{ value }}` or `{{ value_json.NAME }}`");
    }
    Some(Topics {
        command,
        state,
        command_template,
        value_template,
        on: text("payload_on", "ON", faults),
        off: text("payload_off", "OFF", faults),
        scale: o.number("level_scale", 1.0, 65_535.0, faults),
    })
}

fn is_topic(text: &str) -> bool {
    !text.is_empty() && text.len() <= 512 && !text.contains(['#', '+']) && !text.chars().any(char::is_control)
}

fn is_path(path: &str) -> bool {
    let name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    path.split('.').all(name)
}
