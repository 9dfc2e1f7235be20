//! What the hardware reads becomes what is true.

use serde_json::Value;

use super::attr::{number, text_of};
use super::entity::{Binding, Entity, EntityRef};
use super::kind::Kind;
use super::model::{Change, Home};

/// A value of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LineValue {
    /// High or low.
    Level(bool),
    /// A duty cycle, 0-100.
    Percent(u8),
    /// A number that a sensor gave.
    Number(f64),
}

impl Home {
    /// Takes in the value that a line has now; what changed by it.
    ///
    /// Nothing happens for an entity without a line.
    pub fn observe(&mut self, entity: EntityRef, value: LineValue) -> Vec<Change> {
        let style = self.style;
        let Some(it) = self.entities.get_mut(entity.0) else { return Vec::new() };
        let (active_low, scale) = match &it.binding {
            Binding::Line { active_low, reading, .. } => (*active_low, reading.scale),
            Binding::Mqtt { reading, .. } => (false, reading.scale),
            Binding::None => return Vec::new(),
        };
        let mut facts: Vec<(String, Value)> = Vec::new();
        match (it.kind, value) {
            (Kind::Sensor, LineValue::Number(n)) => facts.push(fact("state", number(n * scale).to_string())),
            (Kind::Sensor, LineValue::Percent(p)) => {
                facts.push(fact("state", number(f64::from(p) * scale).to_string()));
            }
            (_, LineValue::Percent(p)) => {
                let level = if active_low { 100 - p.min(100) } else { p.min(100) };
                let key = if it.kind == Kind::Fan { "percentage" } else { "brightness" };
                facts.push(fact("state", on_off(it, level > 0)));
                if level > 0 {
                    facts.push((key.to_owned(), number((f64::from(level) * style.per_percent(key)).round())));
                }
            }
            (_, LineValue::Level(high)) => facts.push(fact("state", on_off(it, high != active_low))),
            (_, LineValue::Number(n)) => facts.push(fact("state", on_off(it, (n != 0.0) != active_low))),
        }
        facts.into_iter().filter_map(|(property, to)| it.set(&property, to)).collect()
    }

    /// Takes in that an entity cannot be reached; what changed by it.
    pub fn observe_lost(&mut self, entity: EntityRef) -> Vec<Change> {
        let lost = self.entities.get_mut(entity.0).and_then(|e| e.set("state", Value::from("unavailable")));
        lost.into_iter().collect()
    }
}

fn fact(property: &str, value: impl Into<Value>) -> (String, Value) {
    (property.to_owned(), value.into())
}

fn on_off(entity: &Entity, on: bool) -> String {
    let (yes, no) = (entity.kind.on_state(), entity.kind.off_state());
    let word = if on { yes } else { no };
    if word.is_empty() { if on { "on" } else { "off" }.to_owned() } else { word.to_owned() }
}

impl Entity {
    /// Makes something true; the change, if it is one.
    pub(super) fn set(&mut self, property: &str, to: Value) -> Option<Change> {
        let from = if property == "state" {
            Value::from(self.state.as_str())
        } else {
            self.attributes.get(property).cloned().unwrap_or(Value::Null)
        };
        if from == to {
            return None;
        }
        if property == "state" {
            self.state = text_of(&to);
            self.state_words = None;
        } else {
            self.attributes.insert(property.to_owned(), to.clone());
        }
        Some(Change { entity: self.id.clone(), property: property.to_owned(), from, to })
    }
}
