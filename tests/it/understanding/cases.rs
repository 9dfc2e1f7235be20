//! The cases of the set, and when an answer counts as right.

use std::path::Path;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// One sentence with its home and what is expected.
pub(crate) struct Case {
    /// The set that it is of.
    pub(crate) set: &'static str,
    pub(crate) sentence: String,
    pub(crate) held: bool,
    home: Value,
    area: Option<String>,
    pub(crate) intent: String,
    slots: Map<String, Value>,
    /// The first set states the domain where the second leaves it to be inferred.
    strict: bool,
    /// The area of the speaker is meant and not among the slots.
    implied_area: bool,
}

/// Whether a sentence is held out: SHA-256 as a big-endian number modulo five is zero.
pub(crate) fn held_out(sentence: &str) -> bool {
    // 256 leaves 1 when divided by five, so that the digits of the number base 256 may simply be added.
    Sha256::digest(sentence.as_bytes()).iter().map(|byte| u32::from(*byte)).sum::<u32>() % 5 == 0
}

/// A file of JSON.
pub(crate) fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("readable")).expect("JSON")
}

/// Every case of the set.
pub(crate) fn cases(file: &Value) -> Vec<Case> {
    let mut out = Vec::new();
    for set in ["set_A", "set_B", "set_A_combo_files"] {
        let fixtures = &file[set]["fixtures"];
        for case in file[set]["cases"].as_array().expect("cases") {
            out.push(one(set, fixtures, case));
        }
    }
    out
}

fn one(set: &'static str, fixtures: &Value, case: &Value) -> Case {
    let mut home = match case["fixture"].as_str() {
        Some(fixture) => fixtures[fixture].clone(),
        None => fixtures.clone(),
    };
    if let Some(media) = case.get("media") {
        home["media"] = media.clone();
    }
    let implied_area = case["context_area"] == json!(true);
    let marked = |a: &&Value| a["context_area"] == json!(true);
    let areas = home["areas"].as_array().cloned().unwrap_or_default();
    let somewhere = || areas.iter().find(marked).or_else(|| areas.first()).and_then(|a| a["name"].as_str());
    let area = match case["context"]["area"].as_str() {
        Some(area) => Some(area.to_owned()),
        None => implied_area.then(|| somewhere().unwrap_or("Living Room").to_owned()),
    };
    let sentence = case["sentence"].as_str().expect("a sentence").to_owned();
    Case {
        set,
        held: held_out(&sentence),
        sentence,
        home,
        area,
        intent: case["intent"].as_str().expect("an intent").to_owned(),
        slots: case["slots"].as_object().expect("slots").clone(),
        strict: set == "set_A",
        implied_area,
    }
}

/// Intents by their beginning, and the kinds of entities without which they cannot be carried out.
const NEEDED: &[(&str, &[&str])] = &[
    ("HassVacuum", &["vacuum"]),
    ("HassLawnMower", &["lawn_mower"]),
    ("HassMedia", &["media_player"]),
    ("HassSetVolume", &["media_player"]),
    ("HassClimate", &["climate", "sensor"]),
    ("HassGetWeather", &["weather"]),
    ("HassFan", &["fan"]),
    ("HassLightSet", &["light"]),
    ("HassSetPosition", &["cover", "valve"]),
    ("HassList", &["todo"]),
];

impl Case {
    /// Whether its home holds no entity of a kind that its intent needs.
    pub(crate) fn homeless(&self) -> bool {
        let kinds = NEEDED.iter().find(|(intent, _)| self.intent.starts_with(intent)).map(|(_, kinds)| *kinds);
        let entities = self.home["entities"].as_array().map_or(&[][..], Vec::as_slice);
        let kind = |e: &Value| {
            let id = e["id"].as_str().and_then(|id| id.split('.').next()).map(str::to_owned);
            e["domain"].as_str().map(str::to_owned).or(id).unwrap_or_default()
        };
        kinds.is_some_and(|kinds| !entities.iter().any(|e| kinds.contains(&kind(e).as_str())))
    }

    /// Whether the calls go to what the slots name: entities of that name, or of that area and domain.
    pub(crate) fn aimed(&self, answer: &Value) -> bool {
        let entities = self.home["entities"].as_array().map_or(&[][..], Vec::as_slice);
        let areas = self.home["areas"].as_array().map_or(&[][..], Vec::as_slice);
        let plain = |name: &str| name.replace(['[', ']', '\''], "").trim().to_lowercase();
        let is = |value: &Value, wanted: &Value| match (value.as_str(), wanted) {
            (Some(have), Value::String(want)) => plain(have) == plain(want),
            (Some(have), Value::Array(any)) => any.iter().any(|w| w.as_str().is_some_and(|w| plain(w) == plain(have))),
            _ => false,
        };
        let called = |entity: &Value, wanted: &Value| {
            let aliases = entity["aliases"].as_array().map_or(&[][..], Vec::as_slice);
            is(&entity["name"], wanted) || aliases.iter().any(|alias| is(alias, wanted))
        };
        let placed = |entity: &Value, wanted: &Value| {
            let area = areas.iter().find(|a| a["id"] == entity["area"] || a["name"] == entity["area"]);
            area.is_some_and(|a| is(&a["name"], wanted))
        };
        let calls = answer["calls"].as_array().map_or(&[][..], Vec::as_slice);
        let targets = calls.iter().flat_map(|c| c["entities"].as_array().map_or(&[][..], Vec::as_slice));
        // The room that is cleaned is not where the robot stands.
        let elsewhere = self.intent == "HassVacuumCleanArea" || self.intent.contains("Timer");
        targets.into_iter().all(|id| {
            let Some(entity) = entities.iter().find(|e| e["id"] == *id) else { return true };
            match (self.slots.get("name"), self.slots.get("area")) {
                (Some(name), _) if *name != json!("all") => called(entity, name),
                (_, Some(area)) if !elsewhere => placed(entity, area),
                _ => true,
            }
        })
    }

    /// The case as a line for `hearth say --batch`.
    pub(crate) fn line(&self) -> Value {
        json!({"home": self.home, "sentence": self.sentence, "area": self.area, "now": "2013-09-17T01:02:00"})
    }
}

/// Whether intent and slots are right.
///
/// Left out of account: the slot `name: "all"`; domain and device class where a name implies them or
/// the second set lets them be inferred; the area of the speaker where the case only implies it; case
/// and outer blanks of texts. A list of expected values means any one of them.
pub(crate) fn same(case: &Case, answer: &Value) -> bool {
    if answer["intent"] != json!(case.intent) {
        return false;
    }
    let mut want = case.slots.clone();
    let mut got = answer["slots"].as_object().cloned().unwrap_or_default();
    for slots in [&mut want, &mut got] {
        if slots.get("name") == Some(&json!("all")) {
            slots.remove("name");
        }
    }
    if case.implied_area && !want.contains_key("area") {
        got.remove("area");
    }
    let named = want.contains_key("name");
    for slot in ["domain", "device_class"] {
        if named || !case.strict && !want.contains_key(slot) {
            want.remove(slot);
            got.remove(slot);
        }
    }
    want.len() == got.len()
        && want.iter().all(|(slot, w)| got.get(slot).is_some_and(|g| fits(w, g)))
        && case.aimed(answer)
}

fn fits(want: &Value, got: &Value) -> bool {
    match want {
        Value::Array(any) => any.iter().any(|w| fits(w, got)),
        Value::String(w) => got.as_str().is_some_and(|g| g.trim().to_lowercase() == w.trim().to_lowercase()),
        Value::Number(w) => got.as_f64().zip(w.as_f64()).is_some_and(|(g, w)| (g - w).abs() < 1e-9),
        other => got == other,
    }
}
