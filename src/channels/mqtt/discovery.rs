//! What Home Assistant reads to show Hearth's entities by itself: one retained description an entity.
//!
//! Source: <https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery>. A description stands on
//! `<prefix>/<component>/<device>/<object>/config`; an empty one takes an entity away. What the broker
//! keeps of an entity that the home no longer has is taken away when it is heard at the greeting.

use serde_json::{Value, json};

use super::topics::{Topics, is_topic};
use crate::home::{Binding, Capability, Entity, Home, Kind};

/// Descriptions of one device's entities, and where they stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Discovery {
    prefix: String,
    device: String,
    /// Topic and description, in the order of the home.
    pub(super) known: Vec<(String, String)>,
}

impl Discovery {
    /// The descriptions of a home's own entities under a prefix; none for an empty prefix. What is itself
    /// behind the broker is left out: its own bridge describes it.
    #[must_use]
    pub fn of(home: &Home, prefix: &str, device: &str, status: &Value, topics: &Topics) -> Option<Self> {
        let prefix = prefix.trim_end_matches('/');
        if prefix.is_empty() {
            return None;
        }
        let (device_id, mut known) = (slug(device), Vec::new());
        for entity in &home.entities {
            if matches!(entity.binding, Binding::Mqtt { .. }) || !is_topic(&topics.state(&entity.id)) {
                continue;
            }
            let Some((component, mut text)) = component(entity, &topics.set(&entity.id), &topics.state(&entity.id))
            else {
                continue;
            };
            let object = slug(&entity.id);
            text["name"] = json!(entity.name);
            text["unique_id"] = json!(format!("hearth_{device_id}_{object}"));
            text["state_topic"] = json!(topics.state(&entity.id));
            text["availability_topic"] = json!(topics.availability());
            text["device"] = json!({
                "identifiers": [format!("hearth_{device_id}")],
                "name": device,
                "manufacturer": "Hearth",
                "model": status["board"],
                "sw_version": status["version"],
            });
            text["origin"] = json!({"name": "Hearth", "sw_version": status["version"]});
            known.push((format!("{prefix}/{component}/{device_id}/{object}/config"), text.to_string()));
        }
        Some(Self { prefix: prefix.to_owned(), device: device_id, known })
    }

    /// What is subscribed, to hear what an earlier home left at the broker.
    pub(super) fn filter(&self) -> String {
        format!("{}/+/{}/+/config", self.prefix, self.device)
    }

    /// Whether a topic is one of this device's descriptions, known or left over.
    pub(super) fn holds(&self, topic: &str) -> bool {
        let rest = topic.strip_prefix(&self.prefix).and_then(|rest| rest.strip_prefix('/'));
        let parts: Vec<_> = rest.map(|rest| rest.split('/').collect()).unwrap_or_default();
        matches!(parts[..], [_, device, _, "config"] if device == self.device)
    }

    /// Whether a topic holds the description of an entity that is no longer there.
    pub(super) fn is_left_over(&self, topic: &str) -> bool {
        self.holds(topic) && self.known.iter().all(|(known, _)| known != topic)
    }
}

/// The component that shows an entity, and what only it needs; `None` for what has none.
fn component(entity: &Entity, set: &str, state: &str) -> Option<(&'static str, Value)> {
    const STATE: &str = "{{ value_json.state }}";
    // A lamp that is off has no level: an empty one is passed over.
    const BRIGHTNESS: &str = "{{ (value_json.attributes | default({})).brightness | default('') }}";
    let switched = |template: &str| {
        let mut text = json!({"command_topic": set, "payload_on": "on", "payload_off": "off"});
        text[template] = json!(STATE);
        text
    };
    Some(match entity.kind {
        Kind::Light => {
            let mut text = switched("state_value_template");
            if entity.can(Capability::Brightness) {
                text["brightness_command_topic"] = json!(set);
                text["brightness_state_topic"] = json!(state);
                text["brightness_value_template"] = json!(BRIGHTNESS);
                text["brightness_scale"] = json!(100);
                // «on» goes first, so the level is what holds.
                text["on_command_type"] = json!("first");
            }
            ("light", text)
        }
        Kind::Switch | Kind::InputBoolean | Kind::Siren => ("switch", switched("value_template")),
        Kind::Fan => ("fan", switched("state_value_template")),
        Kind::Lock => (
            "lock",
            json!({
                "command_topic": set, "payload_lock": "lock", "payload_unlock": "unlock",
                "state_locked": "locked", "state_unlocked": "unlocked", "value_template": STATE,
            }),
        ),
        Kind::Cover => (
            "cover",
            json!({
                "command_topic": set, "payload_open": "open", "payload_close": "close", "payload_stop": "stop",
                "state_open": "open", "state_closed": "closed", "value_template": STATE,
                "device_class": entity.device_class,
            }),
        ),
        Kind::BinarySensor => (
            "binary_sensor",
            json!({
                "payload_on": "on", "payload_off": "off", "value_template": STATE,
                "device_class": entity.device_class,
            }),
        ),
        Kind::Sensor => (
            "sensor",
            json!({
                "value_template": STATE, "device_class": entity.device_class,
                "unit_of_measurement": entity.unit(),
            }),
        ),
        _ => return None,
    })
    .map(|(component, text)| (component, without_nulls(text)))
}

/// Without keys that hold nothing: Home Assistant takes a null for a fault.
fn without_nulls(mut value: Value) -> Value {
    if let Some(map) = value.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
    value
}

/// A name as an object id takes it: letters, digits, `_` and `-`.
fn slug(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}
