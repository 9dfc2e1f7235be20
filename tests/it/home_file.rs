//! The home file as it is described: schema, page and code name the same things.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use hearth::home::{Capability, Home, Kind};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn schema() -> Value {
    let path = Path::new(ROOT).join("schemas/home.schema.json");
    serde_json::from_slice(&std::fs::read(path).expect("the schema")).expect("JSON")
}

fn under(folder: &Path, ending: &str, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            under(&path, ending, out);
        } else if path.extension().is_some_and(|e| e == ending) {
            out.push(path);
        }
    }
}

#[test]
fn every_home_of_the_tests_is_one_by_the_schema_and_by_the_code() {
    let validator = jsonschema::validator_for(&schema()).expect("a schema");
    let mut homes = Vec::new();
    under(&Path::new(ROOT).join("tests/data/say"), "json", &mut homes);
    assert!(homes.len() >= 12, "{homes:?}");
    for path in &homes {
        let home: Value = serde_json::from_slice(&std::fs::read(path).expect("read")).expect("JSON");
        let faults: Vec<String> = validator.iter_errors(&home).map(|e| format!("{}: {e}", e.instance_path)).collect();
        assert!(faults.is_empty(), "{}: {faults:?}", path.display());
        assert!(Home::from_json(&home).is_ok(), "{}", path.display());
    }
    // What the code takes for a slip of the pen is none by the schema either.
    for wrong in [
        json!({"entities": [{"id": "light.a", "name": "A", "aera": "Hall"}]}),
        json!({"entities": [{"kind": "lihgt", "name": "A"}]}),
        json!({"entities": [{"id": "light.a", "name": "A", "capabilities": ["brightnes"]}]}),
        json!({"floors": [{"name": ""}]}),
    ] {
        assert!(!validator.is_valid(&wrong) && Home::from_json(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn the_schema_has_every_kind_and_every_power() {
    let schema = schema();
    let entity = &schema["properties"]["entities"]["items"]["properties"];
    let words = |list: &Value| -> BTreeSet<String> {
        list.as_array().expect("a list").iter().filter_map(|w| w.as_str().map(str::to_owned)).collect()
    };
    let kinds = words(&entity["kind"]["enum"]);
    assert_eq!(kinds, words(&entity["domain"]["enum"]));
    for kind in Kind::ALL {
        assert!(kinds.contains(kind.word()), "{}", kind.word());
    }
    for kind in &kinds {
        assert!(Kind::from_word(kind).is_some(), "{kind} is in the schema and not in the code");
    }
    let powers = words(&entity["capabilities"]["items"]["enum"]);
    let known: BTreeSet<String> = Capability::ALL.iter().map(|c| c.word().to_owned()).collect();
    assert_eq!(powers, known);
}

/// Texts in quotes behind one of these beginnings, in every file of a folder of the sources.
fn literals(folder: &str, leads: &[&str], fits: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let mut files = Vec::new();
    under(&Path::new(ROOT).join(folder), "rs", &mut files);
    let mut out = BTreeSet::new();
    for file in files {
        let code = std::fs::read_to_string(&file).expect("read");
        let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or(&code);
        for lead in leads {
            for rest in code.split(lead).skip(1) {
                let word = rest.split('"').next().unwrap_or("");
                if fits(word) {
                    out.insert(word.to_owned());
                }
            }
        }
    }
    out
}

#[test]
fn the_page_has_every_attribute_and_every_intent() {
    let page = std::fs::read_to_string(Path::new(ROOT).join("docs/say.md")).expect("the page");
    let plain = |w: &str| !w.is_empty() && w.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let leads = [".number(\"", ".text(\"", ".options(\"", "attributes.get(\"", "attributes.contains_key(\""];
    // `min` and `max` are those of numbers; what the reader of the file asks for is in the schema.
    let internal = ["min", "max"];
    let mut attributes = literals("src/intent", &leads, plain);
    attributes.extend(literals("src/home/", &leads, plain).into_iter().filter(|a| a.contains('_')));
    let schema = schema().to_string();
    attributes.retain(|a| !internal.contains(&a.as_str()) && !schema.contains(&format!("\"{a}\"")));
    assert!(attributes.len() >= 15, "{attributes:?}");
    for attribute in &attributes {
        assert!(page.contains(&format!("`{attribute}`")), "{attribute} is not in docs/say.md");
    }
    let intents = literals("src/intent", &["\"Hass", "\"Hearth"], |w| w.starts_with(char::is_uppercase));
    assert!(intents.len() >= 45, "{intents:?}");
    for intent in &intents {
        // `HassMediaPause`, `…Unpause`: the rest of a family is written by its ending.
        let family = (1..intent.len()).any(|at| page.contains(&format!("`…{}`", &intent[at..])));
        assert!(page.contains(intent.as_str()) || family, "{intent} is not in docs/say.md");
    }
}
