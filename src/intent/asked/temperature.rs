//! Temperatures that are asked for: «how warm is the loft?»

use super::facts::{apart, bearers, here, places};
use super::question::{Form, Query};
use crate::base::limits;
use crate::home::words::split;
use crate::home::{Entity, EntityRef, Kind};
use crate::intent::meant::scene::Scene;
use crate::intent::saying::outcome::answered;
use crate::intent::saying::spoken::called;
use crate::intent::turn::{Reading, Slots, Understanding};

/// The temperature of a room or thermostat; [`None`] where that is not the question.
pub(in crate::intent) fn temperature(scene: &Scene<'_>, q: &Query) -> Option<Understanding> {
    let asked = q.attrs.contains(&"temperature")
        || q.attrs.contains(&"setpoint")
        || q.warmth
        || q.measures.contains(&"temperature");
    if !asked || q.form != Form::What || !q.states.is_empty() {
        return None;
    }
    let wished = q.attrs.contains(&"setpoint");
    if q.attrs
        .iter()
        .any(|a| !matches!(*a, "temperature" | "setpoint" | "like" | "today" | "outside" | "howmuch" | "left"))
    {
        return None;
    }
    // Of namesakes the one in the place that was said, or where the speaker is.
    let bearers = bearers(scene, q);
    let named: Option<&Entity> = bearers.first().copied();
    let mut slots = Slots::default();
    if let Some(entity) = named {
        if !matches!(entity.kind, Kind::Climate | Kind::WaterHeater) {
            // «how hot is the kiln»: what measures it has its name in its own.
            let stems: Vec<String> = split(&entity.name, limits::SENTENCE_WORDS).into_iter().map(|w| w.stem).collect();
            let bears = |e: &EntityRef| stems.iter().all(|s| scene.home.gazetteer().bearing(s).contains(e));
            let all = (0..scene.home.entities.len()).map(EntityRef).filter(bears);
            let mut thermometers =
                all.filter_map(|e| scene.home.entity(e)).filter(|e| e.kind == Kind::Sensor && measures_warmth(e));
            let one = thermometers.next().filter(|one| !measures_warmth(entity) && one.id != entity.id)?;
            if thermometers.next().is_some() || wished {
                return None;
            }
            slots.set("name", one.name.as_str());
            return Some(tell(scene, slots, &[one], false));
        }
        slots.set("name", entity.name.as_str());
        places(scene, q, &mut slots);
        let namesakes: Vec<&Entity> =
            bearers.iter().copied().filter(|e| e.name == entity.name && e.kind == entity.kind).collect();
        return Some(tell(scene, slots, &namesakes, wished));
    }
    if q.np.kinds.iter().any(|k| *k != "climate") || !q.np.classes.is_empty() {
        return None;
    }
    // «how cold is the freezer»: what measures it, by a word of its name.
    if let Some(parts) = &q.np.parts {
        let said: Vec<&Entity> =
            parts.iter().filter_map(|e| scene.home.entity(*e)).filter(|e| measures_warmth(e)).collect();
        let [one] = said.as_slice() else { return None };
        slots.set("name", one.name.as_str());
        return Some(tell(scene, slots, &said, wished));
    }
    places(scene, q, &mut slots);
    let area =
        q.np.areas.first().copied().or_else(|| here(scene, q)).or_else(|| scene.turn.area.filter(|_| !q.np.placed()));
    if let Some(area) = area {
        slots.set("area", scene.home.area_name(area));
    }
    let outside = q.attrs.contains(&"outside");
    if outside && area.is_none() {
        return Some(tell(scene, slots, &outdoors(scene), false));
    }
    let floor = q.np.floors.first().copied();
    let there = |e: &&Entity| {
        area.is_none_or(|a| e.area == Some(a))
            && floor.is_none_or(|f| e.area.and_then(|a| scene.home.floor_of(a)) == Some(f))
    };
    let all = &scene.home.entities;
    let mut found: Vec<&Entity> = all.iter().filter(|e| e.kind == Kind::Climate).filter(there).collect();
    if found.is_empty() {
        let sensors = all.iter().filter(|e| e.kind == Kind::Sensor && measures_warmth(e));
        found = sensors.filter(there).collect();
    }
    if found.is_empty() && !q.np.placed() {
        found = all.iter().filter(|e| e.kind == Kind::Climate).collect();
    }
    Some(tell(scene, slots, &found, wished))
}

fn measures_warmth(entity: &Entity) -> bool {
    let unit = || entity.unit().unwrap_or_default();
    match entity.kind {
        Kind::Climate | Kind::WaterHeater => true,
        Kind::Sensor => {
            entity.device_class.as_deref() == Some("temperature")
                || entity.device_class.is_none() && matches!(unit().as_str(), "°C" | "°F")
        }
        _ => false,
    }
}

/// What measures the air outside: a thermometer that is called so, or the weather.
fn outdoors<'h>(scene: &Scene<'h>) -> Vec<&'h Entity> {
    let said = |text: &str| {
        let text = text.to_lowercase();
        ["outdoor", "outside", "exterior"].iter().any(|w| text.contains(w))
    };
    let place = |e: &Entity| e.area.is_some_and(|a| said(scene.home.area_name(a)));
    let air = |e: &&Entity| e.kind == Kind::Sensor && e.device_class.as_deref() == Some("temperature");
    let all = &scene.home.entities;
    let mut found: Vec<&Entity> = all.iter().filter(air).filter(|e| said(&e.name) || place(e)).collect();
    if found.is_empty() {
        found = all.iter().filter(|e| e.kind == Kind::Weather && e.text("temperature").is_some()).take(1).collect();
    }
    found
}

fn tell(scene: &Scene<'_>, slots: Slots, found: &[&Entity], wished: bool) -> Understanding {
    let degrees = |e: &Entity| match e.kind {
        Kind::Weather => e.text("temperature").map(|t| format!("{t} degrees")),
        Kind::Climate | Kind::WaterHeater if wished => e.text("temperature").map(|t| format!("{t} degrees")),
        Kind::Climate | Kind::WaterHeater => e.text("current_temperature").map(|t| format!("{t} degrees")),
        _ => Some(format!("{} {}", e.state, e.unit().unwrap_or_else(|| "degrees".to_owned()))),
    };
    let say = match found {
        [] => "I know of no thermometer there.".to_owned(),
        [one] => degrees(one).map_or_else(
            || format!("{} does not say.", called(one)),
            |d| if wished { format!("{} is set to {d}.", called(one)) } else { format!("It is {d}.") },
        ),
        many => {
            let each: Vec<String> = many
                .iter()
                .take(5)
                .filter_map(|e| Some(format!("{}: {}.", apart(scene.home, many, e), degrees(e)?)))
                .collect();
            each.join(" ")
        }
    };
    answered(scene.turn, vec![Reading { intent: "HassClimateGetTemperature", slots }], say)
}
