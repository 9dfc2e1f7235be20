//! Tools `timer` and `list`: what the service keeps for people, changed by sentences and nothing else.
//!
//! The agent does the change and hands it to the gate ([`crate::gate::Gate::keep`]), which decides and records; this
//! is their declaration. Names, messages and items can be taken off again and audit records cannot, so those
//! hold their lengths; a command for later stands there whole, because it will move something.

use serde_json::{Value, json};

use crate::base::{Code, Fault};
use crate::gate::{Job, Manifest, Tier, Tool};

/// See the module.
#[derive(Debug)]
pub struct Kept {
    manifest: Manifest,
}

impl Kept {
    /// Timers, reminders and commands for later.
    #[must_use]
    pub fn timers() -> Self {
        Self::new("timer", "Timers, reminders and commands for later; said in a sentence")
    }

    /// The items of lists.
    #[must_use]
    pub fn lists() -> Self {
        Self::new("list", "What stands on the lists of the home; said in a sentence")
    }

    fn new(name: &'static str, purpose: &'static str) -> Self {
        let arguments = json!({"type": "object", "required": ["command"], "additionalProperties": false,
            "properties": {"command": {"type": "string"}, "value": {}, "entities": {"type": "array"}}});
        let manifest =
            Manifest { name, purpose, arguments, class: None, needs: &[], tier: Tier::Changes, idempotent: false };
        Self { manifest }
    }
}

impl Tool for Kept {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn offered(&self) -> bool {
        false
    }

    fn recorded(&self, arguments: &Value) -> Value {
        let mut kept = arguments.clone();
        let length = |text: &mut Value| {
            if let Some(long) = text.as_str().map(str::len).filter(|long| *long > 0) {
                *text = json!(format!("{long} bytes"));
            }
        };
        if let Some(value) = kept.get_mut("value") {
            length(value);
            for path in ["/name", "/timer/name"] {
                if let Some(name) = value.pointer_mut(path) {
                    length(name);
                }
            }
        }
        kept
    }

    fn prepare(&self, _arguments: &Value) -> Result<Job, Fault> {
        let name = self.manifest.name;
        Err(Fault::new(Code::Refused, format!("a {name} is changed by saying so: hearth ask")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_hold_what_was_done_and_no_words_but_those_of_a_later_command() {
        let of = |arguments: Value| Kept::timers().recorded(&arguments);
        let item = json!({"command": "add_item", "value": "oat milk", "entities": ["todo.chores"]});
        assert_eq!(of(item)["value"], "8 bytes");
        let timer =
            json!({"command": "start_timer", "value": {"name": "call mum", "command": "lamp on"}, "entities": []});
        assert_eq!(of(timer)["value"], json!({"name": "8 bytes", "command": "lamp on"}));
        let more = json!({"command": "extend_timer", "value": {"timer": {"name": "tea"}, "seconds": 60}});
        assert_eq!(of(more)["value"], json!({"timer": {"name": "3 bytes"}, "seconds": 60}));
        let none = json!({"command": "cancel_timer", "value": {"name": null}});
        assert_eq!(of(none.clone()), none);
        assert!(Kept::lists().prepare(&none).is_err() && !Kept::lists().offered());
    }
}
