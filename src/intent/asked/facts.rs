//! What the home knows of those that a question is about, and the yes, number or names that come of it.

use super::question::{Form, Query};
use crate::home::{AreaRef, Entity, Home, Kind, NameOf};
use crate::intent::meant::scene::Scene;
use crate::intent::saying::spoken::{listed, spoken_state};
use crate::intent::turn::{Reading, Slots};

pub(in crate::intent) fn get(slots: Slots) -> Vec<Reading> {
    vec![Reading { intent: "HassGetState", slots }]
}

pub(in crate::intent) fn bearers<'h>(scene: &Scene<'h>, q: &Query) -> Vec<&'h Entity> {
    let hits = q.np.names.first().map_or(&[][..], |n| n.hits.as_slice());
    let mut all: Vec<&Entity> = hits
        .iter()
        .filter_map(|h| if let NameOf::Entity(e) = h.of { scene.home.entity(e) } else { None })
        .filter(|e| there(scene, e, q, false))
        .collect();
    // Of namesakes the one where the speaker is.
    let near = |e: &&Entity| scene.turn.area.is_some() && e.area == scene.turn.area;
    let first = all.iter().find(|e| near(e)).map(|e| e.name.clone()).filter(|_| !q.np.placed());
    if let Some(name) = first {
        all.retain(|e| near(e) || e.name != name);
    }
    all
}

/// Whether an entity is where the question says.
pub(in crate::intent) fn there(scene: &Scene<'_>, entity: &Entity, q: &Query, strict: bool) -> bool {
    let np = &q.np;
    let Some(area) = entity.area else { return !strict || np.areas.is_empty() && np.floors.is_empty() && !np.here };
    (np.areas.is_empty() || np.areas.contains(&area))
        && (np.floors.is_empty() || scene.home.floor_of(area).is_some_and(|f| np.floors.contains(&f)))
        && (!np.here || scene.turn.area.is_none_or(|a| a == area))
}

/// Where the question says, as slots.
pub(in crate::intent) fn places(scene: &Scene<'_>, q: &Query, slots: &mut Slots) {
    if let Some(area) = q.np.areas.first().copied().or_else(|| here(scene, q)) {
        slots.set("area", scene.home.area_name(area));
    }
    if let Some(floor) = q.np.floors.first() {
        slots.set("floor", scene.home.floor_name(*floor));
    }
}

pub(in crate::intent) fn here(scene: &Scene<'_>, q: &Query) -> Option<AreaRef> {
    scene.turn.area.filter(|_| q.np.here)
}

/// Whether a kind can be in a state.
pub(in crate::intent) fn kind_state(kind: Kind, state: &str) -> bool {
    let states: &[&str] = match kind {
        Kind::Cover | Kind::Valve => &["open", "closed", "opening", "closing"],
        Kind::Lock => &["locked", "unlocked", "locking", "unlocking", "jammed", "open"],
        Kind::Person | Kind::DeviceTracker => &["home", "not_home"],
        Kind::MediaPlayer => &["on", "off", "playing", "paused", "idle", "standby"],
        Kind::Vacuum => &["cleaning", "docked", "returning", "paused", "idle", "on", "off"],
        Kind::LawnMower => &["mowing", "docked", "returning", "paused", "on", "off"],
        Kind::Climate | Kind::WaterHeater => &["on", "off", "heating", "cooling", "idle"],
        Kind::Sensor | Kind::Weather | Kind::Todo => &[],
        _ => &["on", "off"],
    };
    states.contains(&state) || state == "unavailable"
}

pub(in crate::intent) fn members<'h>(scene: &Scene<'h>, q: &Query, test: impl Fn(&Entity) -> bool) -> Vec<&'h Entity> {
    scene.home.entities.iter().filter(|e| test(e) && there(scene, e, q, true)).collect()
}

pub(in crate::intent) fn contact(class: &str, entity: &Entity) -> bool {
    let of = entity.device_class.as_deref().unwrap_or("");
    of == class || class == "garage" && of == "garage_door" || class == "door" && of == "garage_door"
}

/// How something is; a door that shares its name with its lock is both: «closed and locked».
pub(in crate::intent) fn how(entity: &Entity, bearers: &[&Entity]) -> String {
    let same = |e: &&&Entity| e.name.eq_ignore_ascii_case(&entity.name) && e.area == entity.area;
    let opens = |e: &&&Entity| matches!(e.kind, Kind::BinarySensor | Kind::Cover);
    let leaf = bearers.iter().filter(same).find(opens);
    let lock = bearers.iter().filter(same).find(|e| e.kind == Kind::Lock);
    match (leaf, lock) {
        (Some(leaf), Some(lock)) if matches!(entity.kind, Kind::BinarySensor | Kind::Cover | Kind::Lock) => {
            format!("{} and {}", spoken_state(leaf), spoken_state(lock))
        }
        _ => spoken_state(entity),
    }
}

/// A name; namesakes are told apart by where they are.
pub(in crate::intent) fn apart(home: &Home, list: &[&Entity], entity: &Entity) -> String {
    let twin = list.iter().filter(|other| other.name == entity.name).count() > 1;
    let common =
        home.entities.iter().filter(|other| other.name == entity.name && other.kind == entity.kind).count() > 1;
    match entity.area.filter(|_| twin || common) {
        Some(area) => format!("{} in {}", entity.name, home.area_name(area)),
        None => entity.name.clone(),
    }
}

/// The names of entities in order, not more than six.
pub(in crate::intent) fn names(home: &Home, list: &[&Entity]) -> String {
    let mut names: Vec<String> = list.iter().map(|e| apart(home, list, e)).collect();
    names.sort();
    if names.len() > 6 {
        let more = names.len() - 5;
        names.truncate(5);
        names.push(format!("{more} more"));
    }
    listed(&names, "and")
}

/// Yes or no, a number, or names, as the form of the question wants it.
pub(in crate::intent) fn verdict(home: &Home, form: Form, yes: &[&Entity], no: &[&Entity]) -> String {
    match form {
        Form::Count => format!("{}.", yes.len()),
        Form::All if no.is_empty() => "Yes.".to_owned(),
        Form::All => format!("No, not {}.", names(home, no)),
        Form::Which | Form::What if yes.is_empty() => "None.".to_owned(),
        Form::Which | Form::What => format!("{}.", names(home, yes)),
        _ if yes.is_empty() => "No.".to_owned(),
        _ => format!("Yes, {}.", names(home, yes)),
    }
}

/// Whether an entity is in a state as people mean it.
pub(in crate::intent) fn holds(entity: &Entity, state: &str) -> bool {
    match (entity.kind, state) {
        (Kind::MediaPlayer, "on") => !matches!(entity.state.as_str(), "off" | "standby" | "unavailable" | "unknown"),
        (Kind::Climate | Kind::WaterHeater, "on") => {
            !matches!(entity.state.as_str(), "off" | "unavailable" | "unknown")
        }
        (Kind::LawnMower, "on") => matches!(entity.state.as_str(), "mowing" | "returning"),
        (Kind::Vacuum, "on") => matches!(entity.state.as_str(), "cleaning" | "returning"),
        (Kind::Climate, "heating" | "cooling") => entity.text("hvac_action").as_deref() == Some(state),
        (Kind::Person | Kind::DeviceTracker, "not_home") => entity.state != "home",
        _ => entity.state == state,
    }
}
