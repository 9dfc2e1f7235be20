//! A TOML text, read once: its values as JSON and the place of each of them.
//!
//! Configuration, boards and homes are checked on the values; the places give each fault its line.
//! Every fault of the text is found in one go; secrets are refused here, wherever they stand.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{limits, secret};

/// One thing that is wrong with a file that a person wrote, in words for that person.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct KeyFault {
    /// The file; a path or a word such as «built in».
    pub file: String,
    /// Its line, counted from 1, where it is known.
    pub line: Option<usize>,
    /// The column in characters, counted from 1.
    pub column: Option<usize>,
    /// The key with its path, `log.level`; empty where the fault is the file's.
    pub key: String,
    /// The value as written, shortened; absent where it is or may be a secret.
    pub value: Option<String>,
    /// What is wrong and what is allowed.
    pub problem: String,
    /// The nearest known word.
    pub did_you_mean: Option<String>,
}

impl KeyFault {
    /// A fault of a whole file.
    #[must_use]
    pub fn of_file(file: &str, problem: impl Into<String>) -> Self {
        Self { file: file.to_owned(), problem: problem.into(), ..Self::default() }
    }

    /// The same fault with the place, key and value; secrets are taken out of both.
    #[must_use]
    pub fn at(mut self, place: Option<Place>, key: &str, value: Option<&Value>) -> Self {
        self.line = place.map(|place| place.line);
        self.column = place.map(|place| place.column);
        self.key = short(&secret::redact(key));
        self.value = value.filter(|_| !secret::sounds_secret(key)).map(shown);
        self
    }

    /// The same fault with the nearest of the known words, if one is near.
    #[must_use]
    pub fn suggest<'a>(mut self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        self.did_you_mean = nearest(word, known);
        self
    }
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(column) = self.column {
            write!(f, ":{column}")?;
        }
        f.write_str(": ")?;
        match (self.key.is_empty(), &self.value) {
            (false, Some(value)) => write!(f, "{} = {value}: ", self.key)?,
            (false, None) => write!(f, "{}: ", self.key)?,
            (true, _) => {}
        }
        f.write_str(&self.problem)?;
        match &self.did_you_mean {
            Some(word) => write!(f, " (did you mean «{word}»?)"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for KeyFault {}

fn shown(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "a table".to_owned(),
        // Redacted before it is cut: half a key no longer has the shape of one.
        Value::String(text) => Value::String(short(&secret::redact(text))).to_string(),
        other => other.to_string(),
    }
}

fn short(text: &str) -> String {
    let mut cut: String = text.chars().take(60).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

/// The known word that is nearest to a mistyped one, if any is near enough to be meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    if word.len() > 64 {
        return None;
    }
    let lower = word.to_lowercase();
    known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&lower, &known.to_lowercase()), known))
        .filter(|(score, _)| *score >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known.to_owned())
}

/// A line and a column in characters, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// Where a value stands: the tree of places beside the tree of values.
#[derive(Clone, Debug, Default)]
pub struct Spot {
    at: usize,
    keys: BTreeMap<String, Spot>,
    items: Vec<Spot>,
}

/// A text with its values and their places.
#[derive(Clone, Debug)]
pub struct Doc {
    file: String,
    text: String,
    value: Value,
    root: Spot,
}

impl Doc {
    /// Reads a text: the document, and every fault of grammar, number or secret in it.
    ///
    /// # Errors
    /// The faults of the text. The values are not worth checking where its grammar is broken.
    pub fn parse(bytes: &[u8], file: &str) -> Result<Self, Vec<KeyFault>> {
        if u64::try_from(bytes.len()).is_ok_and(|len| len > limits::CONFIG_BYTES) {
            let problem = format!("{} bytes; at most {} are read", bytes.len(), limits::CONFIG_BYTES);
            return Err(vec![KeyFault::of_file(file, problem)]);
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
                let fault = KeyFault::of_file(file, "not UTF-8 here; save the file as UTF-8");
                return Err(vec![fault.at(Some(place(&good, good.len())), "", None)]);
            }
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut reader = Reader { file, text, faults: Vec::new() };
        errors.iter().for_each(|error| reader.grammar(error));
        let (value, root) =
            if reader.faults.is_empty() { reader.table(table.get_ref(), 0) } else { (Value::Null, Spot::default()) };
        reader.secrets();
        if reader.faults.is_empty() {
            Ok(Self { file: file.to_owned(), text: text.to_owned(), value, root })
        } else {
            reader.faults.sort_by_key(|fault| (fault.line, fault.column));
            reader.faults.truncate(limits::FAULTS);
            Err(reader.faults)
        }
    }

    /// The file's name, as faults say it.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The values.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// The place of a path such as `home.entities[3].line`; of its nearest ancestor where the path
    /// itself is not written.
    #[must_use]
    pub fn place_of(&self, path: &str) -> Option<Place> {
        let mut spot = &self.root;
        for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
            let next = match step.strip_suffix(']').map(str::parse::<usize>) {
                Some(Ok(index)) => spot.items.get(index),
                _ => spot.keys.get(step),
            };
            let Some(next) = next else { break };
            spot = next;
        }
        (!std::ptr::eq(spot, &raw const self.root)).then(|| place(&self.text, spot.at))
    }

    /// Whether the path itself is written in this text.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        path.split('.').try_fold(&self.value, |value, step| value.get(step)).is_some()
    }
}

fn place(text: &str, at: usize) -> Place {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |n| n + 1);
    Place { line: before.matches('\n').count() + 1, column: before[start..].chars().count() + 1 }
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    faults: Vec<KeyFault>,
}

impl Reader<'_> {
    fn fault(&mut self, at: usize, key: &str, problem: &str) {
        if self.faults.len() < limits::FAULTS {
            let fault = KeyFault::of_file(self.file, problem);
            self.faults.push(fault.at(Some(place(self.text, at)), key, None));
        }
    }

    fn grammar(&mut self, error: &toml::de::Error) {
        let span = error.span().unwrap_or(0..0);
        let key = if error.message() == "duplicate key" { self.text.get(span.clone()).unwrap_or_default() } else { "" };
        let problem = format!("not TOML: {}", secret::redact(error.message()));
        self.fault(span.start, key, &problem);
    }

    fn table(&mut self, table: &DeTable<'_>, at: usize) -> (Value, Spot) {
        let (mut map, mut keys) = (Map::new(), BTreeMap::new());
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let (value, mut spot) = self.value(name, value);
            // A table's own place is its key, which is also what a fault about a value points at.
            spot.at = key.span().start;
            map.insert(name.to_owned(), value);
            keys.insert(name.to_owned(), spot);
        }
        (Value::Object(map), Spot { at, keys, items: Vec::new() })
    }

    fn value(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> (Value, Spot) {
        let at = value.span().start;
        let leaf = |value: Value| (value, Spot { at, ..Spot::default() });
        match value.get_ref() {
            DeValue::String(text) => {
                self.string(at, key, text);
                leaf(Value::String(text.clone().into_owned()))
            }
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => leaf(number.into()),
                Err(_) => {
                    self.fault(at, key, "this number does not fit 64 bits");
                    leaf(Value::Null)
                }
            },
            DeValue::Float(number) => {
                match number.as_str().parse::<f64>().ok().and_then(serde_json::Number::from_f64) {
                    Some(number) => leaf(Value::Number(number)),
                    None => {
                        self.fault(at, key, "this is not a finite number");
                        leaf(Value::Null)
                    }
                }
            }
            DeValue::Boolean(flag) => leaf(Value::Bool(*flag)),
            DeValue::Datetime(_) => {
                self.fault(at, key, "a date is written as text here: put it in quotes");
                leaf(Value::Null)
            }
            DeValue::Array(items) => {
                let (values, items) = items.iter().map(|item| self.value(key, item)).unzip();
                (Value::Array(values), Spot { at, items, ..Spot::default() })
            }
            DeValue::Table(table) => self.table(table, at),
        }
    }

    fn string(&mut self, at: usize, key: &str, text: &str) {
        let named = secret::sounds_secret(key) && text.len() >= 4 && !text.starts_with("vault:");
        let label = secret::holds(text).or_else(|| named.then_some("SECRET"));
        if let Some(label) = label {
            self.secret(at, key, label);
        }
    }

    /// Lines as they are written: comments, keys, and texts whose grammar is broken.
    fn secrets(&mut self) {
        for hit in secret::find(self.text) {
            self.secret(hit.range.start, "", hit.label);
        }
    }

    fn secret(&mut self, at: usize, key: &str, label: &str) {
        if self.faults.len() >= limits::FAULTS {
            return;
        }
        let line = place(self.text, at).line;
        let known = self.faults.iter().any(|fault| fault.line == Some(line) && fault.problem.contains("secret"));
        if !known {
            let problem =
                format!("this looks like a secret ({label}); secrets live in the keeper: remove it here and rotate it");
            self.fault(at, key, &problem);
        }
    }
}

#[cfg(test)]
#[path = "doc_tests.rs"]
mod tests;
