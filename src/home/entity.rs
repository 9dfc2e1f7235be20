//! One entity: what it is called, where it is, what it can do, what is true of it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::attr::{number_of, text_of};
use super::kind::{Capability, Kind, Tier};

/// An entity of one home, by its place in [`super::Home::entities`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityRef(pub usize);

/// An area of one home, by its place in [`super::Home::areas`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AreaRef(pub usize);

/// A floor of one home, by its place in [`super::Home::floors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FloorRef(pub usize);

/// What an entity is wired to. More kinds of wire come with the features that bring them.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Binding {
    /// Nothing: the caller decides whether it is simulated or unavailable.
    #[default]
    None,
    /// A line of the board, by the name that the board file gives it.
    Line {
        /// The board's name of the line.
        line: String,
        /// The device is on while the line is low.
        active_low: bool,
        /// The line takes 0-100 % instead of 0 and 1.
        dimmable: bool,
        /// How a reading of the line becomes a value; only for sensors.
        reading: Reading,
        /// How long a change must last before it is one, in milliseconds; only for what is read.
        debounce_ms: u64,
    },
    /// Topics of a broker.
    Mqtt {
        /// The topics and payloads.
        topics: super::remote::Topics,
        /// How a report becomes a value; only for sensors.
        reading: Reading,
    },
}

/// How the number on a line becomes a reading: `value * scale`, in `unit`.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The factor.
    pub scale: f64,
    /// The unit of the result, as shown; empty where there is none.
    pub unit: String,
}

impl Default for Reading {
    fn default() -> Self {
        Self { scale: 1.0, unit: String::new() }
    }
}

/// An item of a list.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ListItem {
    /// The text, as it was said.
    pub summary: String,
    /// Whether it is done or bought.
    pub done: bool,
}

/// One entity of a home.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// The id, unique in the home: `light.kitchen_lamp`.
    pub id: String,
    /// The name that people use.
    pub name: String,
    /// Further names.
    pub aliases: Vec<String>,
    /// The kind.
    pub kind: Kind,
    /// Finer than the kind: `garage`, `curtain`, `battery`, …
    pub device_class: Option<String>,
    /// The area, its own or its device's.
    pub area: Option<AreaRef>,
    /// The device that it belongs to, by place in [`super::Home::devices`].
    pub device: Option<usize>,
    /// What is true of it now.
    pub state: String,
    /// More that is true of it now; names as in the home file.
    pub attributes: BTreeMap<String, Value>,
    /// What it can do.
    pub capabilities: Vec<Capability>,
    /// What it is wired to.
    pub binding: Binding,
    /// Items, for lists.
    pub items: Vec<ListItem>,
    /// The state in the words of the home file, where these differ (`low` for `on`).
    pub state_words: Option<String>,
}

impl Entity {
    /// Whether it can do this.
    #[must_use]
    pub fn can(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }

    /// How much care a change of it needs.
    #[must_use]
    pub fn tier(&self) -> Tier {
        self.kind.tier(self.device_class.as_deref())
    }

    /// Whether it is known to be out of reach.
    #[must_use]
    pub fn unavailable(&self) -> bool {
        self.state == "unavailable"
    }

    /// A numeric attribute.
    #[must_use]
    pub fn number(&self, attribute: &str) -> Option<f64> {
        self.attributes.get(attribute).and_then(number_of)
    }

    /// An attribute as text.
    #[must_use]
    pub fn text(&self, attribute: &str) -> Option<String> {
        self.attributes.get(attribute).map(text_of).filter(|t| !t.is_empty())
    }

    /// The names in a list attribute such as `hvac_modes` or `source_list`.
    #[must_use]
    pub fn options(&self, attribute: &str) -> Vec<String> {
        match self.attributes.get(attribute) {
            Some(Value::Array(list)) => list.iter().map(text_of).collect(),
            _ => Vec::new(),
        }
    }

    /// The unit of its state, if it has one.
    #[must_use]
    pub fn unit(&self) -> Option<String> {
        match &self.binding {
            Binding::Line { reading, .. } | Binding::Mqtt { reading, .. } if !reading.unit.is_empty() => {
                Some(reading.unit.clone())
            }
            _ => self.text("unit_of_measurement"),
        }
    }

    /// What is true of it, as JSON: id, name, state, attributes.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut out = serde_json::json!({ "id": self.id, "name": self.name, "state": self.state });
        if !self.attributes.is_empty() {
            out["attributes"] = serde_json::json!(self.attributes);
        }
        if self.kind == Kind::Todo {
            out["items"] = serde_json::json!(self.items);
        }
        out
    }
}
