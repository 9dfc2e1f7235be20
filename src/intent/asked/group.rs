//! Questions about a kind or class: «are any lights on», «which doors are locked», «how many batteries are low».

use super::facts::{contact, holds, kind_state, members, names, places, verdict};
use super::question::{Form, Query};
use crate::home::{Entity, EntityRef, Kind};
use crate::intent::meant::kinds::{class_matches, kind_matches};
use crate::intent::meant::scene::Scene;
use crate::intent::saying::outcome::answered;
use crate::intent::saying::spoken::{called, is_or_are, spoken_state};
use crate::intent::turn::{Reading, Slots, Understanding};
use crate::intent::words::lexicon::{ENGLISH, Sense};

/// A state that is asked for, of a kind or class.
pub(in crate::intent) struct Asked {
    pub(in crate::intent) domain: &'static str,
    pub(in crate::intent) class: Option<&'static str>,
    pub(in crate::intent) state: &'static str,
}

/// «are any lights on», «which doors are locked», «how many batteries are low»
pub(in crate::intent) fn group(scene: &Scene<'_>, q: &Query) -> Option<Understanding> {
    let asked = asked(scene, q)?;
    Some(tell(scene, q, &asked))
}

/// The kind or class and the state that a group question asks about.
pub(in crate::intent) fn asked(scene: &Scene<'_>, q: &Query) -> Option<Asked> {
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

/// Says how it stands with a group.
pub(in crate::intent) fn tell(scene: &Scene<'_>, q: &Query, asked: &Asked) -> Understanding {
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
            format!(
                "{lead}, {} {} {}.",
                called(all[0]).replacen("The ", "the ", 1),
                is_or_are(all[0]),
                spoken_state(all[0])
            )
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
