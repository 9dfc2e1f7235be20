//! Things and states as people say them: «the hall lamp», «unlocked», «a, b and c».

use crate::home::{Entity, Kind};

/// The name at the head of a sentence.
pub(in crate::intent) fn called(entity: &Entity) -> String {
    let lower = entity.name.to_lowercase();
    let owned = lower.split(' ').next().is_some_and(|first| first.ends_with("'s") || first.ends_with("’s"));
    if matches!(entity.kind, Kind::Person | Kind::Scene | Kind::Weather) || lower.starts_with("the ") || owned {
        return entity.name.clone();
    }
    format!("The {}", decapitalised(&entity.name))
}

/// «Kitchen Lamp» inside a sentence is «kitchen lamp»; «TV» stays.
fn decapitalised(name: &str) -> String {
    let words: Vec<String> = name
        .split(' ')
        .map(|w| {
            let capitals = w.chars().filter(|c| c.is_uppercase()).count();
            if capitals > 1 || w.chars().any(|c| c.is_ascii_digit()) { w.to_owned() } else { w.to_lowercase() }
        })
        .collect();
    words.join(" ")
}

/// What «on» and «off» are called for a class of binary sensors.
fn binary_word(entity: &Entity) -> Option<&'static str> {
    if entity.kind != Kind::BinarySensor {
        return None;
    }
    let (on, off) = match entity.device_class.as_deref()? {
        "door" | "window" | "garage_door" | "opening" => ("open", "closed"),
        "lock" => ("unlocked", "locked"),
        "battery" => ("low", "fine"),
        "battery_charging" => ("charging", "not charging"),
        "connectivity" => ("connected", "disconnected"),
        "plug" => ("plugged in", "unplugged"),
        "presence" => ("at home", "away"),
        "occupancy" => ("occupied", "vacant"),
        "moisture" => ("wet", "dry"),
        "running" => ("running", "not running"),
        "safety" => ("unsafe", "safe"),
        "update" => ("out of date", "up to date"),
        "motion" | "smoke" | "gas" | "sound" | "vibration" | "carbon_monoxide" | "problem" | "tamper" | "heat" => {
            ("triggered", "clear")
        }
        _ => return None,
    };
    match entity.state.as_str() {
        "on" => Some(on),
        "off" => Some(off),
        _ => None,
    }
}

/// A state as people say it.
pub(in crate::intent) fn spoken_state(entity: &Entity) -> String {
    if let Some(words) = &entity.state_words {
        return words.clone();
    }
    if let Some(word) = binary_word(entity) {
        return word.to_owned();
    }
    let state = entity.state.replace('_', " ");
    // «heat» has no unit, whatever its degrees have.
    match entity.unit().filter(|_| !matches!(entity.kind, Kind::Climate | Kind::WaterHeater)) {
        Some(unit) => format!("{state} {unit}"),
        None => state,
    }
}

/// «is» or «are», as a name wants it.
pub(in crate::intent) fn is_or_are(entity: &Entity) -> &'static str {
    if plural(&entity.name) { "are" } else { "is" }
}

/// «Nursery Curtains»
pub(in crate::intent) fn plural(name: &str) -> bool {
    let last = name.rsplit(' ').next().unwrap_or(name).to_lowercase();
    last.ends_with('s') && crate::home::words::stem(&last) != last
}

/// «a, b and c»; without a last word: «a, b, c».
pub(in crate::intent) fn listed(names: &[String], last: &str) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        _ if last.is_empty() => names.join(", "),
        [head @ .., tail] => format!("{} {last} {tail}", head.join(", ")),
    }
}
