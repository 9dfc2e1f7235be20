//! What to say about what was done: what is now true, and by name what is not.

use super::lexicon::{ENGLISH, Sense};
use super::turn::{Decision, Outcome, Understanding};
use crate::home::{Call, Command, Entity, EntityRef, Home, Kind, number_of};

/// The reply to a sentence, from what became of each step. `home` is as it is after the read-back.
#[must_use]
pub fn reply(home: &Home, understanding: &Understanding, outcomes: &[Outcome]) -> String {
    if understanding.decision != Decision::Act {
        return understanding.say.clone();
    }
    // A timer or list was changed: what to say about it is known beforehand, that it was done is not.
    let carried = outcomes.iter().all(|o| matches!(o, Outcome::Carried | Outcome::Done(_))) && !outcomes.is_empty();
    if carried && !understanding.say.is_empty() {
        return understanding.say.clone();
    }
    let mut done: Vec<EntityRef> = Vec::new();
    for outcome in outcomes {
        if let Outcome::Done(entity) = outcome
            && !done.contains(entity)
        {
            done.push(*entity);
        }
    }
    // «dim the lamp», which is off: nothing was done that one could tell.
    let dark = |e: &&EntityRef| home.entity(**e).is_some_and(|e| e.kind == Kind::Light && e.state == "off");
    let dims = |c: &Call| matches!(c.command, Command::BrightnessStep(step) if step < 0.0);
    if !done.is_empty() && understanding.calls.iter().all(dims) && done.iter().all(|e| dark(&e)) {
        let names: Vec<String> = done.iter().filter_map(|e| home.entity(*e)).map(mid).collect();
        let is = if let [one] = names.as_slice()
            && !plural(one)
        {
            "is"
        } else {
            "are"
        };
        return format!("{} {is} off, so there is nothing to dim.", capital(&listed(&names, "and")));
    }
    let mut say = together(home, understanding, &done);
    for (why, names) in failures(home, outcomes) {
        if !say.is_empty() {
            say.push(' ');
        }
        say.push_str(&format!("{} {why}.", capital(&listed(&names, "and"))));
    }
    if say.is_empty() { "I understood, but nothing here carries that out.".to_owned() } else { say }
}

/// What was not done, with the names of those that it was not done to, in order.
fn failures(home: &Home, outcomes: &[Outcome]) -> Vec<(String, Vec<String>)> {
    let mut out: Vec<(String, Vec<String>)> = Vec::new();
    for outcome in outcomes {
        let (entity, why) = match outcome {
            Outcome::Done(_) | Outcome::Carried => continue,
            Outcome::NotConfirmed(e) => (*e, None),
            Outcome::Failed(e, why) => (*e, Some(why.clone())),
        };
        let Some(entity) = home.entity(entity) else { continue };
        let why = why.unwrap_or_else(|| format!("did not confirm: it still reads {}", spoken_state(entity)));
        let name = mid(entity);
        match out.iter_mut().find(|(w, _)| *w == why) {
            Some((_, names)) => names.push(name),
            None => out.push((why, vec![name])),
        }
    }
    out
}

/// A name inside a sentence.
fn mid(entity: &Entity) -> String {
    called(entity).replacen("The ", "the ", 1)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The name at the head of a sentence.
pub(super) fn called(entity: &Entity) -> String {
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
pub(super) fn spoken_state(entity: &Entity) -> String {
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

/// What is now true of an entity, as far as the commands are about it: «on, at 50 %».
fn truth(home: &Home, entity: &Entity, commands: &[&Command]) -> String {
    let attribute = |name: &str| entity.attributes.get(name).and_then(number_of);
    let percent = |name: &str| attribute(name).map(|level| format!("{:.0} %", level / home.style.per_percent(name)));
    let flag = |name: &str| entity.attributes.get(name).and_then(serde_json::Value::as_bool);
    // Only what was read back is said, never what was asked for.
    let part = |command: &Command| match command {
        Command::Brightness(_) | Command::BrightnessStep(_) => Some(format!("at {}", percent("brightness")?)),
        Command::Color(_) => entity.text("color"),
        Command::ColorTemperature(_) | Command::ColorTemperatureStep(_) => {
            Some(format!("at {:.0} kelvin", attribute("color_temp_kelvin")?))
        }
        Command::Temperature(_) | Command::TemperatureStep(_) => {
            Some(format!("set to {} degrees", attribute("temperature")?))
        }
        Command::Volume(_) | Command::VolumeStep(_) => Some(format!("at volume {}", percent("volume_level")?)),
        Command::Position(_) | Command::PositionStep(_) => {
            Some(format!("at {}", percent("current_position").or_else(|| percent("position"))?))
        }
        Command::Tilt(_) | Command::TiltStep(_) => {
            Some(format!("tilted to {}", percent("current_tilt_position").or_else(|| percent("tilt_position"))?))
        }
        Command::Speed(_) | Command::SpeedStep(_) => Some(format!("at {}", percent("percentage")?)),
        Command::Humidity(_) | Command::HumidityStep(_) => Some(format!("set to {}", percent("humidity")?)),
        Command::Oscillate(_) => Some(if flag("oscillating")? { "swinging" } else { "not swinging" }.to_owned()),
        Command::Mute(_) => Some(if flag("is_volume_muted")? { "muted" } else { "not muted" }.to_owned()),
        Command::Preset(_) => Some(format!("on {}", entity.text("preset_mode")?)),
        Command::Source(_) => Some(format!("on {}", entity.text("source")?)),
        _ => None,
    };
    let scene = entity.kind == Kind::Scene && commands.contains(&&Command::TurnOn);
    let mut said = if scene { "active".to_owned() } else { spoken_state(entity) };
    for part in commands.iter().filter_map(|c| part(c)) {
        said.push_str(", ");
        said.push_str(&part);
    }
    said
}

/// «Nursery Curtains»
pub(super) fn plural(name: &str) -> bool {
    let last = name.rsplit(' ').next().unwrap_or(name).to_lowercase();
    last.ends_with('s') && crate::home::words::stem(&last) != last
}

/// Everything that was done: those of whom the same is true together, by name up to four, by number beyond.
fn together(home: &Home, u: &Understanding, done: &[EntityRef]) -> String {
    let mut groups: Vec<(String, Vec<&Entity>)> = Vec::new();
    for entity in done {
        let calls = u.calls.iter().filter(|call| call.targets.contains(entity));
        let commands: Vec<&Command> = calls.map(|call| &call.command).collect();
        let Some(entity) = home.entity(*entity) else { continue };
        let truth = truth(home, entity, &commands);
        match groups.iter_mut().find(|(t, members)| *t == truth && members[0].kind == entity.kind) {
            Some((_, members)) => members.push(entity),
            None => groups.push((truth, vec![entity])),
        }
    }
    let sentences: Vec<String> = groups.iter().map(|(truth, members)| sentence(home, truth, members)).collect();
    sentences.join(" ")
}

fn sentence(home: &Home, truth: &str, members: &[&Entity]) -> String {
    match members {
        [one] => format!("{} {} {truth}.", called(one), if plural(&one.name) { "are" } else { "is" }),
        many if many.len() > 4 => {
            let kind = ENGLISH.word_for(Sense::Kind(many[0].kind.word())).unwrap_or("device");
            let ending = if kind.ends_with("ch") { "es" } else { "s" };
            format!("{} {kind}{ending} are {truth}.", many.len())
        }
        many => {
            // Namesakes are told apart by where they are.
            let twin = |e: &Entity| many.iter().filter(|o| o.name == e.name).count() > 1;
            let name = |e: &&Entity| match e.area.filter(|_| twin(e)) {
                Some(area) => format!("{} in {}", mid(e), home.area_name(area)),
                None => mid(e),
            };
            let names: Vec<String> = many.iter().map(name).collect();
            format!("{} are {truth}.", capital(&listed(&names, "and")))
        }
    }
}

/// «a, b and c»; without a last word: «a, b, c».
pub(super) fn listed(names: &[String], last: &str) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        _ if last.is_empty() => names.join(", "),
        [head @ .., tail] => format!("{} {last} {tail}", head.join(", ")),
    }
}
