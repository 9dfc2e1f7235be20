//! Answers from what is true now: yes and no, which, how many, readings.

use super::kinds::{class_matches, kind_matches};
use super::lexicon::{ENGLISH, Sense};
use super::question::{Form, Query};
use super::reply::{called, listed, spoken_state};
use super::resolve::Scene;
use super::turn::{Reading, Slots, Understanding};
use super::understand::answered;
use crate::home::{AreaRef, Entity, EntityRef, Home, Kind, NameOf};

/// A state that is asked for, of a kind or class.
struct Asked {
    domain: &'static str,
    class: Option<&'static str>,
    state: &'static str,
}

/// The answer to a question.
pub(super) fn answer(scene: &Scene<'_>, q: &Query) -> Option<Understanding> {
    if q.form == Form::Where {
        return whereabouts(scene, q);
    }
    if !q.looks.is_empty() {
        return super::look::answer(scene, q);
    }
    if let Some(out) = super::climate::temperature(scene, q) {
        return Some(out);
    }
    if !q.np.names.is_empty() {
        return super::asked_by_name::named(scene, q);
    }
    // «is it cold in the loft», where nothing but a thermometer knows.
    let felt = q.warmth && q.form == Form::Is && q.np.kinds.is_empty() && q.np.parts.is_none();
    if felt && q.np.placed() && members(scene, q, |e| e.kind == Kind::BinarySensor && warns(e)).is_empty() {
        let asked = Query { form: Form::What, states: Vec::new(), ..q.clone() };
        return super::climate::temperature(scene, &asked);
    }
    let anything = q.np.any && q.np.kinds.is_empty() && q.np.parts.is_none();
    if q.attrs.contains(&"playing") || anything && q.states.contains(&Sense::State("playing")) {
        return Some(super::at_large::playing(scene, q));
    }
    if q.states.is_empty() {
        return unstated(scene, q).or_else(|| super::asked_partly::partly(scene, q));
    }
    if let Some(out) = super::asked_by_name::partly(scene, q) {
        return Some(out);
    }
    // «is the kettle on», where that is a word of a name: no group is asked about.
    if let Some(out) = super::asked_partly::partly(scene, q) {
        return Some(out);
    }
    group(scene, q).or_else(|| super::at_large::anything(scene, q))
}

pub(super) fn get(slots: Slots) -> Vec<Reading> {
    vec![Reading { intent: "HassGetState", slots }]
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

pub(super) fn bearers<'h>(scene: &Scene<'h>, q: &Query) -> Vec<&'h Entity> {
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
pub(super) fn there(scene: &Scene<'_>, entity: &Entity, q: &Query, strict: bool) -> bool {
    let np = &q.np;
    let Some(area) = entity.area else { return !strict || np.areas.is_empty() && np.floors.is_empty() && !np.here };
    (np.areas.is_empty() || np.areas.contains(&area))
        && (np.floors.is_empty() || scene.home.floor_of(area).is_some_and(|f| np.floors.contains(&f)))
        && (!np.here || scene.turn.area.is_none_or(|a| a == area))
}

/// Where the question says, as slots.
pub(super) fn places(scene: &Scene<'_>, q: &Query, slots: &mut Slots) {
    if let Some(area) = q.np.areas.first().copied().or_else(|| here(scene, q)) {
        slots.set("area", scene.home.area_name(area));
    }
    if let Some(floor) = q.np.floors.first() {
        slots.set("floor", scene.home.floor_name(*floor));
    }
}

pub(super) fn here(scene: &Scene<'_>, q: &Query) -> Option<AreaRef> {
    scene.turn.area.filter(|_| q.np.here)
}

/// Whether a kind can be in a state.
pub(super) fn kind_state(kind: Kind, state: &str) -> bool {
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
    let say = match sensors.as_slice() {
        [] => format!("I know of no {} here.", class.replace('_', " ")),
        [one] => format!("{} is {}.", called(one), spoken_state(one)),
        many => {
            let each: Vec<String> =
                many.iter().take(5).map(|e| format!("{} is {}.", called(e), spoken_state(e))).collect();
            each.join(" ")
        }
    };
    Some(answered(scene.turn, get(slots), say))
}

pub(super) fn members<'h>(scene: &Scene<'h>, q: &Query, test: impl Fn(&Entity) -> bool) -> Vec<&'h Entity> {
    scene.home.entities.iter().filter(|e| test(e) && there(scene, e, q, true)).collect()
}

/// «are any lights on», «which doors are locked», «how many batteries are low»
fn group(scene: &Scene<'_>, q: &Query) -> Option<Understanding> {
    let asked = asked(scene, q)?;
    Some(tell(scene, q, &asked))
}

/// The kind or class and the state that a group question asks about.
fn asked(scene: &Scene<'_>, q: &Query) -> Option<Asked> {
    let state = |want: &str| {
        q.states.iter().find_map(|s| if let Sense::State(x) = s { (*x == want).then_some(*x) } else { None })
    };
    let on_words = q.states.iter().any(|s| matches!(s, Sense::State("on" | "open") | Sense::BinaryOn(_)));
    let binary = |class: &'static str, on: bool| Asked {
        domain: "binary_sensor",
        class: Some(class),
        state: if on { "on" } else { "off" },
    };
    let has = |test: &dyn Fn(&Entity) -> bool| scene.home.entities.iter().any(test);
    // «the TVs»: players of one sort.
    let player = |k: &'static str| if matches!(k, "tv" | "speaker") { "media_player" } else { k };
    let kinds: Vec<&'static str> = q.np.kinds.iter().copied().filter(|k| *k != "sensor").map(player).collect();
    // Doors and windows: locks, covers or contacts, by the state and by what there is.
    for class in q.np.classes.iter().chain(kinds.iter().filter(|k| **k == "door")) {
        if *class == "door" && (state("locked").is_some() || state("unlocked").is_some()) {
            return Some(Asked { domain: "lock", class: None, state: state("locked").or_else(|| state("unlocked"))? });
        }
        let open = state("open").is_some();
        if open || state("closed").is_some() {
            let covers = has(&|e| class_matches(class, e));
            let contacts = has(&|e| e.kind == Kind::BinarySensor && contact(class, e));
            if contacts && !covers {
                return Some(binary(if *class == "garage" { "garage_door" } else { class }, open));
            }
            return Some(Asked { domain: "cover", class: Some(class), state: if open { "open" } else { "closed" } });
        }
    }
    for kind in &kinds {
        let literal = q.states.iter().find_map(|s| match s {
            Sense::State(state) => Kind::from_word(kind).filter(|(k, _)| kind_state(*k, state)).map(|_| *state),
            Sense::BinaryOn("running") if Kind::from_word(kind).is_some_and(|(k, _)| kind_state(k, "on")) => Some("on"),
            _ => None,
        });
        if let Some(state) = literal {
            return Some(Asked { domain: if *kind == "outlet" { "switch" } else { kind }, class: None, state });
        }
        if *kind == "outlet" {
            return Some(Asked {
                domain: "switch",
                class: Some("outlet"),
                state: state("on").or_else(|| state("off"))?,
            });
        }
    }
    // Sensors by their class: said, or implied by the word for their state.
    let implied = q.states.iter().find_map(|s| match s {
        Sense::BinaryOn(c) if *c != "any" => Some((*c, true)),
        Sense::BinaryOff(c) if *c != "any" => Some((*c, false)),
        _ => None,
    });
    let said = q.binaries.first().copied();
    match (said, implied) {
        (Some(class), Some((of, on))) if q.binaries.contains(&of) || q.generic => {
            Some(binary(if q.generic { of } else { of.min(class).max(of) }, on))
        }
        (Some(class), None) if !q.states.is_empty() => Some(binary(class, on_words)),
        (None, Some((of, on))) if q.generic || q.np.placed() => Some(binary(of, on)),
        (Some(_), Some((of, on))) => Some(binary(of, on)),
        _ => None,
    }
}

fn contact(class: &str, entity: &Entity) -> bool {
    let of = entity.device_class.as_deref().unwrap_or("");
    of == class || class == "garage" && of == "garage_door" || class == "door" && of == "garage_door"
}

/// Says how it stands with a group.
fn tell(scene: &Scene<'_>, q: &Query, asked: &Asked) -> Understanding {
    let mut slots = Slots::default();
    slots.set("domain", asked.domain);
    if let Some(class) = asked.class {
        slots.set("device_class", class);
    }
    slots.set("state", asked.state);
    places(scene, q, &mut slots);
    // Where some windows are covers and others have contacts, all of them are windows.
    let contacted = |e: &Entity| {
        asked.domain == "cover" && e.kind == Kind::BinarySensor && asked.class.is_some_and(|class| contact(class, e))
    };
    let mut all = members(scene, q, |e| {
        e.kind.word() == asked.domain
            && asked.class.is_none_or(|c| e.device_class.as_deref() == Some(c) || class_matches(c, e))
            && (asked.domain != "media_player" || q.np.kinds.iter().all(|k| kind_matches(k, e)))
            || contacted(e)
    });
    // «is the bulb off», where one lamp is called so.
    let bears = |e: &&Entity| {
        let own = scene.home.find(&e.id);
        let mut heads = q.np.heads.iter().filter(|h| *h != "light").peekable();
        heads.peek().is_some() && heads.all(|h| own.is_some_and(|own| scene.home.gazetteer().bearing(h).contains(&own)))
    };
    if q.form == Form::Is && !q.np.plural && all.iter().any(bears) {
        all.retain(bears);
    }
    let so = |e: &Entity| match (e.kind, asked.state) {
        (Kind::BinarySensor, "open") => e.state == "on",
        (Kind::BinarySensor, "closed") => e.state == "off",
        _ => holds(e, asked.state),
    };
    let (yes, no): (Vec<&Entity>, Vec<&Entity>) = all.iter().partition(|e| so(e));
    let none = || {
        let what = ENGLISH.word_for(Sense::Kind(asked.domain)).or(asked.class).unwrap_or("such thing");
        format!("I know of no {} here.", what.replace('_', " "))
    };
    let home = scene.home;
    let say = match q.form {
        _ if all.is_empty() && q.form != Form::Count => none(),
        // «are the garage doors closed»: all that are meant.
        Form::Is if q.np.plural && !yes.is_empty() && !no.is_empty() => format!("Only {}.", names(home, &yes)),
        // There is but one: how it is says more than «no».
        Form::Is if all.len() == 1 && !q.np.plural => {
            let lead = if yes.is_empty() { "No" } else { "Yes" };
            format!("{lead}, {} is {}.", called(all[0]).replacen("The ", "the ", 1), spoken_state(all[0]))
        }
        form => verdict(home, form, &yes, &no),
    };
    let mut out = answered(scene.turn, vec![Reading { intent: "HassGetState", slots }], say);
    out.context.mentioned = yes.iter().filter_map(|e| scene.home.find(&e.id)).collect::<Vec<EntityRef>>();
    if yes.is_empty() {
        out.context.mentioned.clear();
    }
    out
}

/// A name; namesakes are told apart by where they are.
pub(super) fn apart(home: &Home, list: &[&Entity], entity: &Entity) -> String {
    let twin = list.iter().filter(|other| other.name == entity.name).count() > 1;
    let common =
        home.entities.iter().filter(|other| other.name == entity.name && other.kind == entity.kind).count() > 1;
    match entity.area.filter(|_| twin || common) {
        Some(area) => format!("{} in {}", entity.name, home.area_name(area)),
        None => entity.name.clone(),
    }
}

/// The names of entities in order, not more than six.
pub(super) fn names(home: &Home, list: &[&Entity]) -> String {
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
pub(super) fn verdict(home: &Home, form: Form, yes: &[&Entity], no: &[&Entity]) -> String {
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
pub(super) fn holds(entity: &Entity, state: &str) -> bool {
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
