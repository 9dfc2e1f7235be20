//! Reading a home description: objects with known keys, every fault noted and none fatal.

use serde_json::{Map, Value};

use super::attr::number_of;
use super::fault::{HomeFault, did_you_mean};

/// Where faults are gathered while reading goes on.
#[derive(Default)]
pub(super) struct Faults(pub(super) Vec<HomeFault>, pub(super) Vec<HomeFault>);

impl Faults {
    /// Notes a fault.
    pub(super) fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        // A hostile file must not make a report larger than itself.
        if self.0.len() < 100 {
            self.0.push(HomeFault::new(path, message));
        }
    }

    /// Notes something that is not known here and can be passed over: a fault only where the file must be exact.
    pub(super) fn pass(&mut self, path: impl Into<String>, message: impl Into<String>) {
        if self.1.len() < 100 {
            self.1.push(HomeFault::new(path, message));
        }
    }
}

/// One object of the file: its place, its values, and the keys it may have.
pub(super) struct Object<'a> {
    pub(super) path: String,
    map: &'a Map<String, Value>,
}

impl<'a> Object<'a> {
    /// The object at a place; unknown keys are faults.
    pub(super) fn open(value: &'a Value, path: String, keys: &[&str], faults: &mut Faults) -> Option<Self> {
        let Value::Object(map) = value else {
            faults.add(path, format!("expected an object, found {}", shape(value)));
            return None;
        };
        let object = Self { path, map };
        for key in map.keys().filter(|k| !keys.contains(&k.as_str())) {
            let hint = did_you_mean(key, keys.iter().copied());
            let message = format!("unknown key `{key}`{hint}");
            // A key that is nearly a known one is a slip of the pen; others belong to other programs.
            if hint.is_empty() { faults.pass(object.at(key), message) } else { faults.add(object.at(key), message) }
        }
        Some(object)
    }

    /// The place of a key.
    pub(super) fn at(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The value of a key; null counts as absent.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key).filter(|v| !v.is_null())
    }

    /// A text.
    pub(super) fn text(&self, key: &str, faults: &mut Faults) -> Option<String> {
        match self.get(key)? {
            Value::String(s) => Some(s.clone()),
            other => {
                faults.add(self.at(key), format!("expected a text, found {}", shape(other)));
                None
            }
        }
    }

    /// A text that must be there and must not be empty.
    pub(super) fn required(&self, key: &str, faults: &mut Faults) -> Option<String> {
        if self.get(key).is_none() {
            faults.add(self.path.clone(), format!("`{key}` is missing"));
            return None;
        }
        let text = self.text(key, faults)?;
        if text.trim().is_empty() {
            faults.add(self.at(key), "must not be empty");
            return None;
        }
        Some(text)
    }

    /// A number within bounds.
    pub(super) fn number(&self, key: &str, low: f64, high: f64, faults: &mut Faults) -> Option<f64> {
        let value = self.get(key)?;
        match number_of(value) {
            Some(n) if (low..=high).contains(&n) => Some(n),
            Some(n) => {
                faults.add(self.at(key), format!("{n} is outside {low} to {high}"));
                None
            }
            None => {
                faults.add(self.at(key), format!("expected a number, found {}", shape(value)));
                None
            }
        }
    }

    /// A whole number from 0 that fits the bound; 0 where it is absent.
    pub(super) fn count(&self, key: &str, high: u32, faults: &mut Faults) -> u64 {
        let n = self.number(key, 0.0, f64::from(high), faults).unwrap_or(0.0);
        u64::try_from(super::attr::whole(n)).unwrap_or(0)
    }

    /// A yes or no; `otherwise` where it is absent.
    pub(super) fn flag(&self, key: &str, otherwise: bool, faults: &mut Faults) -> bool {
        match self.get(key) {
            None => otherwise,
            Some(Value::Bool(b)) => *b,
            Some(other) => {
                faults.add(self.at(key), format!("expected true or false, found {}", shape(other)));
                otherwise
            }
        }
    }

    /// The elements of a list with their places; empty where it is absent.
    pub(super) fn list(&self, key: &str, most: usize, faults: &mut Faults) -> Vec<(String, &'a Value)> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let Value::Array(list) = value else {
            faults.add(self.at(key), format!("expected a list, found {}", shape(value)));
            return Vec::new();
        };
        if list.len() > most {
            faults.add(self.at(key), format!("{} elements; at most {most} are allowed", list.len()));
        }
        list.iter().take(most).enumerate().map(|(i, v)| (format!("{}[{i}]", self.at(key)), v)).collect()
    }

    /// A list of texts.
    pub(super) fn texts(&self, key: &str, faults: &mut Faults) -> Vec<String> {
        let mut out = Vec::new();
        for (path, value) in self.list(key, 64, faults) {
            match value {
                Value::String(s) if !s.trim().is_empty() => out.push(s.clone()),
                Value::String(_) => faults.add(path, "must not be empty"),
                other => faults.add(path, format!("expected a text, found {}", shape(other))),
            }
        }
        out
    }
}

/// What a value is, for a message.
pub(super) fn shape(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
