//! Answers about things with a name: their state, a property, a reading.

use super::facts::{bearers, get, holds, how, kind_state, places};
use super::question::{Form, Query};
use crate::base::limits;
use crate::home::words::split;
use crate::home::{Entity, EntityRef, Home, Kind, NameHit, NameKind, NameOf};
use crate::intent::meant::kinds::kind_matches;
use crate::intent::meant::scene::Scene;
use crate::intent::saying::outcome::answered;
use crate::intent::saying::spoken::{called, is_or_are, spoken_state};
use crate::intent::sentence::np::Named;
use crate::intent::turn::{Slots, Understanding};
use crate::intent::words::lexicon::Sense;

/// A question about something with a name.
pub(in crate::intent) fn named(scene: &Scene<'_>, q: &Query) -> Option<Understanding> {
    if q.np.names.len() > 1 {
        // «how much gas … by the gas meter»: the first is the word, not the device «Gas».
        let mut one = q.clone();
        one.np.names.retain(|n| !n.generic);
        return if one.np.names.len() == 1 { named(scene, &one) } else { several(scene, q) };
    }
    let mut bearers = bearers(scene, q);
    if q.states.iter().any(|s| matches!(s, Sense::State("open" | "closed"))) {
        // «is the front door open»: a contact knows better than a lock of the same name.
        bearers.sort_by_key(|e| e.kind == Kind::Lock);
    }
    if q.states.is_empty() {
        return reading(scene, q, &bearers);
    }
    // The bearer of whom the state can be asked; the class that was said decides between several.
    let mut best: Option<(&Entity, &'static str, bool)> = None;
    for entity in bearers {
        let Some(state) = q.states.iter().find_map(|s| state_of(entity, *s)) else { continue };
        let said = class_said(entity, q);
        let literal = q.states.iter().any(|s| class_state(entity, *s));
        let fits = said || literal;
        match best {
            Some((_, _, true)) if !fits => {}
            Some((_, _, true)) if fits && best.is_some_and(|b| b.0.device_class == entity.device_class) => {}
            Some((_, _, before)) if before || !fits => {}
            _ => best = Some((entity, state, fits)),
        }
    }
    let (entity, state, _) = best?;
    let mut slots = entity_slots(entity);
    slots.set("state", state);
    places(scene, q, &mut slots);
    let yes = entity.state == state || holds(entity, state);
    // «what is the telly playing»
    if let (Form::What, "playing", true, Some(title)) = (q.form, state, yes, entity.text("media_title")) {
        let say = format!("{} is playing {title}.", called(entity));
        return Some(mentioning(scene, answered(scene.turn, get(slots), say), entity));
    }
    let truth = spoken_state(entity);
    let name = called(entity).replacen("The ", "the ", 1);
    let verdict = match (yes, entity.state.as_str()) {
        (true, _) => "Yes,",
        // Off or on, nobody knows.
        (false, "unavailable" | "unknown") => "I cannot tell:",
        (false, _) => "No,",
    };
    let say = format!("{verdict} {name} {} {truth}.", is_or_are(entity));
    Some(mentioning(scene, answered(scene.turn, get(slots), say), entity))
}

/// «is the tank leaking»: a word of a name, and a state that only one of its bearers can have.
pub(in crate::intent) fn partly(scene: &Scene<'_>, q: &Query) -> Option<Understanding> {
    let parts = q.np.parts.as_ref().filter(|_| matches!(q.form, Form::Is | Form::Any))?;
    let of_class = |e: &&EntityRef| {
        scene.home.entity(**e).is_some_and(|e| q.states.iter().any(|s| class_state(e, *s) && state_of(e, *s).is_some()))
    };
    let mut able = parts.iter().filter(of_class);
    let one = *able.next().filter(|_| able.next().is_none())?;
    let mut named_so = q.clone();
    let hit = NameHit { of: NameOf::Entity(one), kind: NameKind::Short, plural: false };
    named_so.np.names = vec![Named { hits: vec![hit], generic: false, word: false, plural: false, words: q.np.words }];
    named_so.np.parts = None;
    named(scene, &named_so)
}

fn mentioning(scene: &Scene<'_>, mut out: Understanding, entity: &Entity) -> Understanding {
    out.context.mentioned = scene.home.find(&entity.id).into_iter().collect();
    out
}

/// «are the hall lamp and the desk lamp on»
fn several(scene: &Scene<'_>, q: &Query) -> Option<Understanding> {
    let mut says = Vec::new();
    let mut readings = Vec::new();
    for name in &q.np.names {
        let mut one = q.clone();
        one.np.names = vec![name.clone()];
        let out = named(scene, &one)?;
        says.push(out.say);
        readings.extend(out.readings);
    }
    Some(answered(scene.turn, readings, says.join(" ")))
}

/// The slots that name an entity; the domain where its questions are particular to it.
fn entity_slots(entity: &Entity) -> Slots {
    let mut slots = Slots::default();
    let particular = matches!(
        entity.kind,
        Kind::BinarySensor | Kind::Cover | Kind::Lock | Kind::Person | Kind::Valve | Kind::Scene | Kind::Script
    ) || entity.kind == Kind::Sensor && entity.device_class.is_some();
    if particular {
        slots.set("domain", entity.kind.word());
        if let Some(class) =
            entity.device_class.as_deref().filter(|_| matches!(entity.kind, Kind::BinarySensor | Kind::Sensor))
        {
            slots.set("device_class", class);
        }
    }
    slots.set("name", entity.name.as_str());
    slots
}

fn class_said(entity: &Entity, q: &Query) -> bool {
    let class = entity.device_class.as_deref().unwrap_or("");
    q.binaries.contains(&class) || q.measures.contains(&class) || q.np.kinds.iter().any(|k| kind_matches(k, entity))
}

/// Whether a state word belongs to the very class of an entity («low» to batteries).
fn class_state(entity: &Entity, sense: Sense) -> bool {
    matches!(sense, Sense::BinaryOn(c) | Sense::BinaryOff(c) if Some(c) == entity.device_class.as_deref())
}

/// What a state word means for an entity; [`None`] where it cannot be asked of it.
pub(in crate::intent) fn state_of(entity: &Entity, sense: Sense) -> Option<&'static str> {
    let class = entity.device_class.as_deref();
    match (sense, entity.kind) {
        (Sense::BinaryOn("any"), Kind::BinarySensor) => Some("on"),
        (Sense::BinaryOff("any"), Kind::BinarySensor) => Some("off"),
        (Sense::BinaryOn(c), Kind::BinarySensor) if Some(c) == class || class.is_none() => Some("on"),
        (Sense::BinaryOff(c), Kind::BinarySensor) if Some(c) == class || class.is_none() => Some("off"),
        (Sense::State("on" | "open"), Kind::BinarySensor) => Some("on"),
        (Sense::State("off" | "closed"), Kind::BinarySensor) => Some("off"),
        (Sense::State("unlocked"), Kind::BinarySensor) if class == Some("lock") => Some("on"),
        (Sense::State("locked"), Kind::BinarySensor) if class == Some("lock") => Some("off"),
        (Sense::BinaryOn("running") | Sense::State("on"), Kind::Valve) => Some("open"),
        (Sense::State("off"), Kind::Valve) => Some("closed"),
        (Sense::State(state), kind) => kind_state(kind, state).then_some(state),
        (Sense::BinaryOn("running"), Kind::Script | Kind::Switch | Kind::Fan | Kind::Light) => Some("on"),
        (Sense::BinaryOn("running"), Kind::Vacuum) => Some("cleaning"),
        _ => None,
    }
}

/// «what does the lamp read», «how full is the battery»
fn reading(scene: &Scene<'_>, q: &Query, bearers: &[&Entity]) -> Option<Understanding> {
    // «which scent is set»: what is chosen is what a list says.
    let asked = match q.form {
        Form::What => true,
        Form::Which => bearers.iter().any(|e| matches!(e.kind, Kind::Select | Kind::InputSelect)),
        _ => false,
    };
    if !asked {
        return None;
    }
    if let Some(sensor) = measured(scene, q, bearers) {
        let mut slots = entity_slots(sensor);
        places(scene, q, &mut slots);
        let say = format!("{} {} {}.", called(sensor), is_or_are(sensor), spoken_state(sensor));
        return Some(mentioning(scene, answered(scene.turn, get(slots), say), sensor));
    }
    let classed = bearers.iter().filter(|e| class_said(e, q));
    // The class that was said last is the most particular: «rainfall intensity».
    let entity = classed
        .clone()
        .filter(|e| e.kind == Kind::Sensor)
        .find(|e| e.device_class.as_deref() == q.measures.last().copied())
        .or_else(|| classed.clone().next())
        .or_else(|| bearers.first())?;
    let asked = q.attrs.iter().chain(&q.measures);
    let property = asked.clone().find_map(|a| property(scene.home, entity, a));
    // The charge of something that tells none is not answered with its state.
    let reads = matches!(entity.kind, Kind::Sensor | Kind::BinarySensor | Kind::Number | Kind::InputNumber);
    if property.is_none() && q.measures.contains(&"battery") && !class_said(entity, q) && !reads {
        let say = format!("{} tells me nothing of its battery.", called(entity));
        return Some(answered(scene.turn, get(entity_slots(entity)), say));
    }
    let mut slots = entity_slots(entity);
    if entity.kind != Kind::Sensor && entity.kind != Kind::BinarySensor && property.is_some() {
        slots = Slots::default();
        slots.set("name", entity.name.as_str());
    }
    places(scene, q, &mut slots);
    let say = match property {
        Some((name, value)) => format!("The {name} of {} is {value}.", called(entity).replacen("The ", "the ", 1)),
        None => format!("{} {} {}.", called(entity), is_or_are(entity), how(entity, bearers)),
    };
    Some(mentioning(scene, answered(scene.turn, get(slots), say), entity))
}

/// «the battery of the front door lock»: the one sensor of that class with the name in its own.
fn measured<'h>(scene: &Scene<'h>, q: &Query, bearers: &[&Entity]) -> Option<&'h Entity> {
    let [class, ..] = q.measures.as_slice() else { return None };
    if bearers.iter().any(|e| class_said(e, q)) {
        return None;
    }
    let stems: Vec<String> =
        split(&bearers.first()?.name, limits::SENTENCE_WORDS).into_iter().map(|w| w.stem).collect();
    let gazetteer = scene.home.gazetteer();
    let named = |e: &EntityRef| stems.iter().all(|s| gazetteer.bearing(s).contains(e));
    let all = (0..scene.home.entities.len()).map(EntityRef).filter(named).filter_map(|e| scene.home.entity(e));
    let mut sensors = all.filter(|e| e.kind == Kind::Sensor && e.device_class.as_deref() == Some(class));
    sensors.next().filter(|_| sensors.next().is_none())
}

/// The first of these attributes that it has, in percent.
pub(in crate::intent) fn share(home: &Home, entity: &Entity, keys: &[&str]) -> Option<f64> {
    keys.iter().find_map(|k| Some(entity.number(k)? / home.style.per_percent(k)))
}

/// A property that was asked for, as it reads now.
pub(in crate::intent) fn property(home: &Home, entity: &Entity, attr: &str) -> Option<(&'static str, String)> {
    let share = |keys: &[&str]| share(home, entity, keys).map(|level| format!("{level:.0} %"));
    match attr {
        "battery" => return Some(("battery", format!("{} %", entity.text("battery_level")?))),
        // What is off has no brightness to speak of.
        "brightness" if entity.state == "on" => return Some(("brightness", share(&["brightness"])?)),
        "volume" => return Some(("volume", share(&["volume_level"])?)),
        "position" => return Some(("position", share(&["position", "current_position"])?)),
        "tilt" => return Some(("tilt", share(&["current_tilt_position", "tilt_position"])?)),
        "setpoint" => return Some(("target temperature", entity.text("temperature")?)),
        _ => {}
    }
    let (name, keys): (_, &[&str]) = match attr {
        "color" => ("color", &["color", "rgb_color"]),
        "color_temperature" => ("color temperature", &["color_temp_kelvin"]),
        "speed" => ("speed", &["percentage", "fan_mode", "fan_speed"]),
        "humidity" => ("humidity", &["current_humidity", "humidity"]),
        "source" => ("source", &["source"]),
        "playback" => ("title", &["media_title"]),
        "mode" => ("mode", &["mode", "hvac_mode"]),
        "preset" => ("preset", &["preset_mode"]),
        _ => return None,
    };
    let value = keys.iter().find_map(|k| entity.text(k))?;
    Some((name, value))
}
