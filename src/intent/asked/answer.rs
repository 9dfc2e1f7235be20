//! Answers from what is true now: yes and no, which, how many, readings.

use super::facts::{bearers, get, members, places, there};
use super::group::{Asked, group, tell};
use super::question::{Form, Query, parse};
use crate::home::{Entity, Kind};
use crate::intent::meant::kinds::{class_matches, kind_matches};
use crate::intent::meant::scene::Scene;
use crate::intent::saying::outcome::answered;
use crate::intent::saying::spoken::{called, is_or_are, listed, spoken_state};
use crate::intent::turn::{Slots, Understanding};
use crate::intent::words::lexicon::Sense;
use crate::intent::words::scan::Scan;

/// The answer to a question.
pub(in crate::intent) fn answer(scene: &Scene<'_>, q: &Query) -> Option<Understanding> {
    if q.form == Form::Where {
        return whereabouts(scene, q);
    }
    if !q.looks.is_empty() {
        return super::look_answer::answer(scene, q);
    }
    if let Some(out) = super::temperature::temperature(scene, q) {
        return Some(out);
    }
    if !q.np.names.is_empty() {
        return super::by_name::named(scene, q);
    }
    // «is it cold in the loft», where nothing but a thermometer knows.
    let felt = q.warmth && q.form == Form::Is && q.np.kinds.is_empty() && q.np.parts.is_none();
    if felt && q.np.placed() && members(scene, q, |e| e.kind == Kind::BinarySensor && warns(e)).is_empty() {
        let asked = Query { form: Form::What, states: Vec::new(), ..q.clone() };
        return super::temperature::temperature(scene, &asked);
    }
    let anything = q.np.any && q.np.kinds.is_empty() && q.np.parts.is_none();
    if q.attrs.contains(&"playing") || anything && q.states.contains(&Sense::State("playing")) {
        return Some(super::at_large::playing(scene, q));
    }
    if q.states.is_empty() {
        return unstated(scene, q)
            .or_else(|| super::by_word::partly(scene, q))
            .or_else(|| super::by_word::only_one(scene, q));
    }
    if let Some(out) = super::by_name::partly(scene, q) {
        return Some(out);
    }
    // «is the kettle on», where that is a word of a name: no group is asked about.
    if let Some(out) = super::by_word::partly(scene, q) {
        return Some(out);
    }
    group(scene, q).or_else(|| super::at_large::anything(scene, q))
}

/// «where is Ada»
fn whereabouts(scene: &Scene<'_>, q: &Query) -> Option<Understanding> {
    let entity = bearers(scene, q).into_iter().find(|e| matches!(e.kind, Kind::Person | Kind::DeviceTracker));
    let Some(person) = entity else {
        let thing = bearers(scene, q).into_iter().next()?;
        let mut slots = Slots::default();
        slots.set("name", thing.name.as_str());
        let place = thing.area.map(|a| scene.home.area_name(a));
        let say = match place {
            Some(area) => format!("{} is in {area}.", called(thing)),
            None => format!("I do not know where {} is.", thing.name),
        };
        return Some(answered(scene.turn, get(slots), say));
    };
    let mut slots = Slots::default();
    slots.set("domain", person.kind.word());
    slots.set("name", person.name.as_str());
    let say = match person.state.as_str() {
        "home" => format!("{} is at home.", person.name),
        "not_home" => format!("{} is not at home.", person.name),
        "unknown" | "unavailable" => format!("I do not know where {} is.", person.name),
        place => format!("{} is at {place}.", person.name),
    };
    Some(answered(scene.turn, get(slots), say))
}

fn warns(entity: &Entity) -> bool {
    matches!(entity.device_class.as_deref(), Some("cold" | "heat"))
}

/// Questions without a state: «what is the humidity», «how many lights are there».
fn unstated(scene: &Scene<'_>, q: &Query) -> Option<Understanding> {
    if q.form == Form::What {
        return by_class(scene, q);
    }
    let heads: Vec<&'static str> = q.np.kinds.iter().chain(&q.np.classes).copied().collect();
    if !heads.is_empty() && matches!(q.form, Form::Count | Form::Which) && q.exists {
        let all = members(scene, q, |e| {
            q.np.kinds.iter().any(|k| kind_matches(k, e)) || q.np.classes.iter().any(|c| class_matches(c, e))
        });
        let mut slots = Slots::default();
        slots.set("domain", heads[0]);
        places(scene, q, &mut slots);
        let names: Vec<String> = all.iter().map(|e| e.name.clone()).collect();
        let say =
            if q.form == Form::Count { format!("{}.", names.len()) } else { format!("{}.", listed(&names, "and")) };
        return Some(answered(scene.turn, get(slots), say));
    }
    if let Some(out) = anyone(scene, q) {
        return Some(out);
    }
    // «is there any leak», «is there motion in the garage»
    let class = q.binaries.first().copied().filter(|_| matches!(q.form, Form::Any | Form::Is))?;
    let asked = Asked { domain: "binary_sensor", class: Some(class), state: "on" };
    (q.exists || q.np.any).then(|| tell(scene, q, &asked))
}

/// «is anyone in the study»: what notices people there.
fn anyone(scene: &Scene<'_>, q: &Query) -> Option<Understanding> {
    let asked = matches!(q.form, Form::Any | Form::Is | Form::All) && q.np.placed();
    if !asked || q.np.kinds.is_empty() || q.np.kinds.iter().any(|k| *k != "person") || !q.np.classes.is_empty() {
        return None;
    }
    let there = |class: &str| {
        let of = |e: &Entity| e.kind == Kind::BinarySensor && e.device_class.as_deref() == Some(class);
        !members(scene, q, of).is_empty()
    };
    let class = ["occupancy", "presence", "motion"].into_iter().find(|class| there(class))?;
    Some(tell(scene, q, &Asked { domain: "binary_sensor", class: Some(class), state: "on" }))
}

/// «what is the humidity in the bathroom»: the one sensor of that class there.
fn by_class(scene: &Scene<'_>, q: &Query) -> Option<Understanding> {
    let class = *q.measures.last()?;
    let of_class = |e: &Entity| e.kind == Kind::Sensor && e.device_class.as_deref() == Some(class);
    let mut sensors = members(scene, q, of_class);
    // «the battery of Anna's phone»: by words of its name.
    if let Some(parts) = &q.np.parts {
        let said = parts.iter().filter_map(|e| scene.home.entity(*e)).filter(|e| of_class(e));
        sensors = said.filter(|e| there(scene, e, q, false)).collect();
        if sensors.len() != 1 {
            return None;
        }
    }
    let mut slots = Slots::default();
    slots.set("domain", "sensor");
    slots.set("device_class", class);
    places(scene, q, &mut slots);
    let so = |e: &Entity| format!("{} {} {}.", called(e), is_or_are(e), spoken_state(e));
    let say = match sensors.as_slice() {
        [] => format!("I know of no {} here.", class.replace('_', " ")),
        [one] => so(one),
        many => {
            let each: Vec<String> = many.iter().take(5).map(|e| so(e)).collect();
            each.join(" ")
        }
    };
    Some(answered(scene.turn, get(slots), say))
}

/// The answer to a question; [`None`] where the sentence is none that is understood here.
pub(in crate::intent) fn asked(scene: &Scene<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let query = parse(scene, scan)?;
    answer(scene, &query)
}
