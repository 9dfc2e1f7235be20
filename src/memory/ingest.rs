//! From a file's text to rows: Markdown by its headings, records of programs by their form.
//!
//! What is indexed has one form, with a version: what a record must say, and under which name its rows stand.

use jiff::tz::TimeZone;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::MemoryFault;
use super::record::{Ground, Record};
use crate::base::limits;
use crate::guard::leak;
use crate::store::memory::{Area, NewMemory, Sector, Viewer};

/// The form of what is indexed; a row of another form is made anew.
pub(super) const SCHEMA: u32 = 1;

/// The rows of a file that was written then.
///
/// # Errors
/// What is wrong with it: then none of it is taken.
pub(super) fn pieces(name: &str, text: &str, now_ms: i64, zone: &TimeZone) -> Result<Vec<NewMemory>, String> {
    if let Some(kind) = leak::holds(text) {
        return Err(MemoryFault::Secret(kind).to_string());
    }
    let (viewer, under) = (Viewer::default(), under(name));
    let ground = Ground { viewer: &viewer, source: name, now_ms, zone };
    let records = if has(name, &["md"]) { sections(text) } else { records(text)? };
    let mut all: Vec<NewMemory> = Vec::new();
    for (place, record) in records.into_iter().enumerate() {
        let made = record.memories(&ground).map_err(|fault| format!("record {}: {fault}", place + 1))?;
        for mut memory in made {
            memory.reference = Some(format!("{under}{}", digest(&memory)));
            if all.iter().all(|known| known.reference != memory.reference) {
                all.push(memory);
            }
        }
    }
    if all.len() > limits::FILE_PIECES {
        return Err(format!("has {} pieces; at most {} are taken of one file", all.len(), limits::FILE_PIECES));
    }
    Ok(all)
}

/// How the names of a file's rows begin.
pub(super) fn under(name: &str) -> String {
    format!("file/{SCHEMA}:{name}#")
}

fn digest(memory: &NewMemory) -> String {
    let mut hash = Sha256::new();
    hash.update(memory.text.as_bytes());
    for part in [memory.area.word(), memory.sector.word(), memory.class.word(), memory.viewer.person.as_str()] {
        hash.update([0]);
        hash.update(part.as_bytes());
    }
    // Letters only, so that no piece looks like a number of one.
    hash.finalize()[..8].iter().flat_map(|b| [b >> 4, b & 15]).map(|n| char::from(b'g' + n)).collect()
}

/// A Markdown text as one record, which is cut under its headings.
fn sections(text: &str) -> Vec<Record> {
    super::chunk::pieces(text)
        .into_iter()
        .map(|piece| {
            let above = piece.headings.join(" / ");
            let text = if above.is_empty() { piece.text } else { format!("{above}: {}", piece.text) };
            let area = Some(Area::Fragments);
            Record { text, area, sector: Some(Sector::Semantic), ..Record::default() }
        })
        .collect()
}

/// Records of a program: one object, a list of them, or one a line; each says its form, source and class.
fn records(text: &str) -> Result<Vec<Record>, String> {
    let values: Vec<Value> = match serde_json::from_str(text) {
        Ok(Value::Array(all)) => all,
        Ok(one) => vec![one],
        Err(_) => {
            let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
            let each = lines.map(|(at, line)| {
                serde_json::from_str(line).map_err(|error| format!("line {}: not JSON: {error}", at + 1))
            });
            each.collect::<Result<_, _>>()?
        }
    };
    values
        .into_iter()
        .enumerate()
        .map(|(at, value)| checked(value).map_err(|f| format!("record {}: {f}", at + 1)))
        .collect()
}

fn checked(value: Value) -> Result<Record, String> {
    match value["schema"].as_u64() {
        Some(schema) if schema == u64::from(SCHEMA) => {}
        Some(other) => return Err(format!("schema = {other}: must be {SCHEMA}")),
        None => return Err(format!("schema: is missing; write \"schema\": {SCHEMA}")),
    }
    for key in ["source", "class"] {
        if value[key].as_str().is_none_or(|text| text.trim().is_empty()) {
            return Err(format!("{key}: is missing"));
        }
    }
    if let Some(key) = ["person", "chat"].iter().find(|key| !value[**key].is_null()) {
        return Err(format!("{key}: a file is the household's; say it with hearth memory import"));
    }
    serde_json::from_value(value).map_err(|error| error.to_string())
}

/// Whether a file's name has one of these endings.
pub(super) fn has(name: &str, endings: &[&str]) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| endings.iter().any(|e| ending.eq_ignore_ascii_case(e)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_a_program_says_its_form_source_and_class() {
        let good = r#"{"schema": 1, "source": "meter", "class": "internal", "text": "The meter reads 7."}"#;
        assert_eq!(records(good).unwrap().len(), 1);
        assert_eq!(records(&format!("[{good}, {good}]")).unwrap().len(), 2);
        assert_eq!(records(&format!("{good}\n\n{good}\n")).unwrap().len(), 2);
        for (text, part) in [
            (r#"{"source": "m", "class": "internal", "text": "x"}"#, "schema"),
            (r#"{"schema": 2, "source": "m", "class": "internal", "text": "x"}"#, "must be 1"),
            (r#"{"schema": 1, "class": "internal", "text": "x"}"#, "source"),
            (r#"{"schema": 1, "source": "m", "text": "x"}"#, "class"),
            (r#"{"schema": 1, "source": "m", "class": "secret", "text": "x"}"#, "secret"),
            ("{\"schema\": 1}\n{", "line 2"),
        ] {
            let fault = records(text).unwrap_err();
            assert!(fault.contains(part), "{text}: {fault}");
        }
    }
}
