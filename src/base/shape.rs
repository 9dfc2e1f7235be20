//! The shape of a settings file as data: one table of keys, types, ranges, defaults and docs.
//!
//! Checks, the JSON Schema, the default values and the commented default file are all made from
//! the same table, so that none of them can say something else than the others.

use serde_json::{Map, Value, json};

use super::{Doc, KeyFault, Name};

/// What a value must be.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// `true` or `false`.
    Bool,
    /// A whole number within both bounds.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A number, whole or not.
    Number,
    /// A text of at most so many bytes without control characters.
    Text {
        /// The most bytes.
        max: usize,
    },
    /// A [`Name`].
    Name,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A text that a function checks; `is` says in words what it must be.
    Checked {
        /// What the text must be, in words.
        is: &'static str,
        /// Whether it is.
        check: fn(&str) -> bool,
    },
    /// A list of at most so many.
    List {
        /// The shape of each item.
        of: &'static Shape,
        /// The most items.
        max: usize,
    },
    /// A table whose keys are names chosen by the writer.
    Map {
        /// The shape of each value.
        of: &'static Shape,
        /// The most entries.
        max: usize,
    },
    /// A table with known keys.
    Table(&'static [Field]),
    /// A table that another module checks.
    Elsewhere,
}

/// One key of a table: a line of the table of settings.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The key.
    pub key: &'static str,
    /// What its value must be.
    pub shape: Shape,
    /// Its value when it is not written.
    pub default: Default,
    /// What it is for, in a sentence.
    pub doc: &'static str,
}

/// The value of a key that is not written.
#[derive(Clone, Copy, Debug)]
pub enum Default {
    /// There is none: the key must be written.
    Required,
    /// There is none: the key may be left out.
    Absent,
    /// A text.
    Text(&'static str),
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    Bool(bool),
}

impl Default {
    /// The value, where there is one.
    #[must_use]
    pub fn value(&self) -> Option<Value> {
        match self {
            Self::Required | Self::Absent => None,
            Self::Text(text) => Some(json!(text)),
            Self::Integer(number) => Some(json!(number)),
            Self::Bool(flag) => Some(json!(flag)),
        }
    }
}

impl Shape {
    /// Every fault of a document against this shape, in the order of its lines.
    #[must_use]
    pub fn check(&self, doc: &Doc) -> Vec<KeyFault> {
        let mut check = Check { doc, faults: Vec::new() };
        check.value(self, "", doc.value());
        check.faults.sort_by_key(|fault| (fault.line, fault.column));
        check.faults
    }

    /// The value with the defaults of all keys that are not written.
    #[must_use]
    pub fn filled(&self, value: &Value) -> Value {
        match (self, value) {
            (Self::Table(fields), Value::Object(map)) => {
                let mut map = map.clone();
                for field in *fields {
                    let written = map.get(field.key).cloned();
                    let value = written.or_else(|| field.default.value()).or_else(|| field.shape.empty());
                    if let Some(value) = value {
                        map.insert(field.key.to_owned(), field.shape.filled(&value));
                    }
                }
                Value::Object(map)
            }
            (Self::Map { of, .. }, Value::Object(map)) => {
                Value::Object(map.iter().map(|(key, value)| (key.clone(), of.filled(value))).collect())
            }
            (Self::List { of, .. }, Value::Array(items)) => items.iter().map(|item| of.filled(item)).collect(),
            _ => value.clone(),
        }
    }

    /// The section that stands for one not written, where every key of it has a default.
    fn empty(&self) -> Option<Value> {
        match self {
            Self::Table(fields) if !fields.iter().any(|f| matches!(f.default, Default::Required)) => Some(json!({})),
            _ => None,
        }
    }

    /// The JSON Schema of this shape.
    #[must_use]
    pub fn schema(&self) -> Value {
        match self {
            Self::Bool => json!({"type": "boolean"}),
            Self::Integer { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
            Self::Number => json!({"type": "number"}),
            Self::Text { max } => json!({"type": "string", "maxLength": max}),
            Self::Name => json!({"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"}),
            Self::OneOf(words) => json!({"enum": words}),
            Self::Checked { is, .. } => json!({"type": "string", "$comment": is}),
            Self::List { of, max } => json!({"type": "array", "items": of.schema(), "maxItems": max}),
            Self::Map { of, max } => {
                let names = json!({"pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"});
                json!({"type": "object", "additionalProperties": of.schema(), "maxProperties": max, "propertyNames": names})
            }
            Self::Table(fields) => table_schema(fields),
            Self::Elsewhere => json!({"type": "object"}),
        }
    }

    /// What a value must be, in words.
    fn words(&self) -> String {
        match self {
            Self::Bool => "true or false".to_owned(),
            Self::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Self::Number => "a number".to_owned(),
            Self::Text { max } => format!("a text of at most {max} bytes without control characters"),
            Self::Name => "a name: 1 to 64 letters, digits, '_', '-', '.', beginning with a letter or digit".to_owned(),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
            Self::Checked { is, .. } => (*is).to_owned(),
            Self::List { max, .. } => format!("a list of at most {max}"),
            Self::Map { max, .. } => format!("a table of at most {max}"),
            Self::Table(_) | Self::Elsewhere => "a table".to_owned(),
        }
    }

    fn admits(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Integer { min, max }, value) => value.as_i64().is_some_and(|n| (*min..=*max).contains(&n)),
            (Self::Text { max }, Value::String(text)) => text.len() <= *max && !text.chars().any(char::is_control),
            (Self::Name, Value::String(text)) => Name::new(text).is_ok(),
            (Self::OneOf(words), Value::String(text)) => words.contains(&text.as_str()),
            (Self::Checked { check, .. }, Value::String(text)) => check(text),
            (Self::List { max, .. }, Value::Array(items)) => items.len() <= *max,
            (Self::Map { max, .. }, Value::Object(map)) => map.len() <= *max,
            (Self::Bool, Value::Bool(_))
            | (Self::Number, Value::Number(_))
            | (Self::Table(_) | Self::Elsewhere, Value::Object(_)) => true,
            _ => false,
        }
    }
}

fn table_schema(fields: &[Field]) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for field in fields {
        let mut schema = field.shape.schema();
        if let Value::Object(map) = &mut schema {
            map.insert("description".to_owned(), json!(field.doc));
            field.default.value().map(|default| map.insert("default".to_owned(), default));
        }
        properties.insert(field.key.to_owned(), schema);
        if matches!(field.default, Default::Required) {
            required.push(field.key);
        }
    }
    json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties})
}

struct Check<'a> {
    doc: &'a Doc,
    faults: Vec<KeyFault>,
}

impl Check<'_> {
    fn fault(&mut self, path: &str, value: Option<&Value>, problem: String) -> &mut KeyFault {
        let fault = KeyFault::of_file(self.doc.file(), problem).at(self.doc.place_of(path), path, value);
        if self.faults.len() >= super::limits::FAULTS {
            self.faults.pop();
        }
        let last = self.faults.len();
        self.faults.push(fault);
        &mut self.faults[last]
    }

    fn value(&mut self, shape: &Shape, path: &str, value: &Value) {
        if !shape.admits(value) {
            let fault = self.fault(path, Some(value), format!("must be {}", shape.words()));
            if let (Shape::OneOf(words), Value::String(word)) = (shape, value) {
                fault.did_you_mean = super::doc::nearest(word, words.iter().copied());
            }
            return;
        }
        match (shape, value) {
            (Shape::Table(fields), Value::Object(map)) => self.table(fields, path, map),
            (Shape::Map { of, .. }, Value::Object(map)) => {
                for (key, value) in map {
                    let path = joined(path, key);
                    if let Err(rule) = Name::new(key) {
                        self.fault(&path, None, rule.to_owned());
                    }
                    self.value(of, &path, value);
                }
            }
            (Shape::List { of, .. }, Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(of, &format!("{path}[{index}]"), item);
                }
            }
            _ => {}
        }
    }

    fn table(&mut self, fields: &[Field], path: &str, map: &Map<String, Value>) {
        for (key, value) in map {
            let path = joined(path, key);
            match fields.iter().find(|field| field.key == key) {
                Some(field) => self.value(&field.shape, &path, value),
                None => {
                    let known = fields.iter().map(|field| field.key);
                    let hint = super::doc::nearest(key, known.clone());
                    let problem = match &hint {
                        Some(_) => "no such key here".to_owned(),
                        None => format!("no such key here; known are {}", known.collect::<Vec<_>>().join(", ")),
                    };
                    self.fault(&path, Some(value), problem).did_you_mean = hint;
                }
            }
        }
        for field in fields.iter().filter(|field| matches!(field.default, Default::Required)) {
            if !map.contains_key(field.key) {
                let problem = format!("missing: {} ({})", field.shape.words(), field.doc);
                self.fault(&joined(path, field.key), None, problem);
            }
        }
    }
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The commented default file of a table: each key with its doc, what is allowed, and its default.
#[must_use]
pub fn default_text(fields: &[Field]) -> String {
    let mut out = String::new();
    section(&mut out, "", fields);
    out
}

fn section(out: &mut String, path: &str, fields: &[Field]) {
    let tables = |field: &&Field| matches!(field.shape, Shape::Table(_));
    for field in fields.iter().filter(|field| !tables(field) && !matches!(field.shape, Shape::Elsewhere)) {
        let empty = match field.shape {
            Shape::Map { .. } => "{}",
            Shape::List { .. } => "[]",
            _ => "\"\"",
        };
        let value = field.default.value().map_or_else(|| empty.to_owned(), |value| value.to_string());
        let off = if matches!(field.default, Default::Absent) { "# " } else { "" };
        let (key, doc, words) = (field.key, field.doc, field.shape.words());
        out.push_str(&format!("# {doc}\n# Allowed: {words}.\n{off}{key} = {value}\n\n"));
    }
    for field in fields.iter().filter(tables) {
        let Shape::Table(inner) = field.shape else { continue };
        let path = joined(path, field.key);
        out.push_str(&format!("# {}\n[{path}]\n", field.doc));
        section(out, &path, inner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAF: Shape = Shape::Integer { min: 1, max: 9 };
    const FIELDS: &[Field] = &[
        Field { key: "mode", shape: Shape::OneOf(&["auto", "text"]), default: Default::Text("auto"), doc: "How." },
        Field { key: "name", shape: Shape::Name, default: Default::Required, doc: "Who." },
        Field {
            key: "deep",
            shape: Shape::Table(&[Field { key: "n", shape: LEAF, default: Default::Integer(3), doc: "Many." }]),
            default: Default::Absent,
            doc: "Depth.",
        },
        Field { key: "more", shape: Shape::Map { of: &LEAF, max: 2 }, default: Default::Absent, doc: "More." },
    ];

    fn faults(text: &str) -> Vec<String> {
        let doc = Doc::parse(text.as_bytes(), "f").expect("grammar");
        Shape::Table(FIELDS).check(&doc).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_fault_is_told_at_once_with_its_way_out() {
        let told = faults("mode = \"autoo\"\nnane = 1\n[deep]\nn = 10\n[more]\na = \"x\"\n");
        assert_eq!(told.len(), 5, "{told:#?}");
        assert!(told[0].contains("missing: a name"), "{told:#?}");
        assert!(told[1].contains("f:1:1: mode = \"autoo\": must be one of auto, text (did you mean «auto»?)"));
        assert!(told[2].contains("f:2:1: nane = 1: no such key here (did you mean «name»?)"));
        assert!(told[3].contains("f:4:1: deep.n = 10: must be a whole number from 1 to 9"));
        assert!(told[4].contains("f:6:1: more.a"));
    }

    #[test]
    fn defaults_fill_what_is_not_written() {
        let doc = Doc::parse(b"name = \"x\"", "f").expect("grammar");
        let shape = Shape::Table(FIELDS);
        assert_eq!(shape.filled(doc.value()), json!({"name": "x", "mode": "auto", "deep": {"n": 3}}));
    }
}
