//! Questions about no kind in particular: «is anything on upstairs», «is everything locked», «what's playing».

use super::facts::{get, holds, members, names, places, verdict};
use super::question::{Form, Query};
use crate::home::{Entity, Kind};
use crate::intent::meant::scene::Scene;
use crate::intent::saying::outcome::answered;
use crate::intent::saying::spoken::{called, plural};
use crate::intent::turn::{Slots, Understanding};
use crate::intent::words::lexicon::Sense;

/// States that can be asked of a home at large, the kinds that have them, and the other state.
const STATES: &[(&str, &[Kind])] = &[
    ("on", SWITCHED),
    ("off", SWITCHED),
    ("open", OPENED),
    ("closed", OPENED),
    ("locked", &[Kind::Lock]),
    ("unlocked", &[Kind::Lock]),
];
const SWITCHED: &[Kind] =
    &[Kind::Light, Kind::Switch, Kind::Fan, Kind::MediaPlayer, Kind::Humidifier, Kind::Climate, Kind::InputBoolean];
const OPENED: &[Kind] = &[Kind::Cover, Kind::Valve, Kind::BinarySensor];

/// «is anything on», «is everything closed», «what is on upstairs»; [`None`] where no such state is asked for.
pub(in crate::intent) fn anything(scene: &Scene<'_>, q: &Query) -> Option<Understanding> {
    // «is the cellar locked»
    let barred = q.np.areas.len() == 1 && q.states.iter().any(|s| matches!(s, Sense::State("locked" | "unlocked")));
    let vague = barred || q.np.any || q.np.everything || q.generic || q.form == Form::What;
    if !vague || !q.np.names.is_empty() || q.np.parts.is_some() || !q.np.classes.is_empty() || !q.binaries.is_empty() {
        return None;
    }
    if q.np.kinds.iter().any(|k| *k != "sensor") || !q.measures.is_empty() {
        return None;
    }
    let asked = |state: &str| q.states.iter().any(|s| matches!(s, Sense::State(x) if *x == state));
    let (state, kinds) = STATES.iter().find(|(state, _)| asked(state))?;
    let all = members(scene, q, |e| kinds.contains(&e.kind) && counts(e));
    let (yes, no): (Vec<&Entity>, Vec<&Entity>) = all.iter().partition(|e| is(e, state));
    let mut slots = Slots::default();
    slots.set("state", *state);
    places(scene, q, &mut slots);
    // «what is on»
    if let (Form::What, Some(all)) = (q.form, listed_all(scene, &yes)) {
        let is = if yes.len() == 1 && !plural(&yes[0].name) { "is" } else { "are" };
        return Some(answered(scene.turn, get(slots), format!("{all} {is} {}.", state.replace('_', " "))));
    }
    Some(answered(scene.turn, get(slots), verdict(scene.home, q.form, &yes, &no)))
}

/// «The hall lamp and the fan», at the head of a sentence; nothing for nobody.
fn listed_all(scene: &Scene<'_>, all: &[&Entity]) -> Option<String> {
    match all {
        [] => None,
        [one] => Some(called(one)),
        _ => Some(names(scene.home, all)),
    }
}

/// Contacts of doors and windows count among what opens; other binary readings do not.
fn counts(entity: &Entity) -> bool {
    let class = entity.device_class.as_deref().unwrap_or("");
    entity.kind != Kind::BinarySensor || matches!(class, "door" | "window" | "garage_door" | "opening")
}

fn is(entity: &Entity, state: &str) -> bool {
    match (entity.kind, state) {
        (Kind::BinarySensor, "open") => entity.state == "on",
        (Kind::BinarySensor, "closed") => entity.state == "off",
        (Kind::Cover | Kind::Valve, "open") => entity.state != "closed",
        (_, "off") => !holds(entity, "on"),
        (_, "unlocked") => entity.state != "locked",
        (_, state) => holds(entity, state),
    }
}

/// «what's playing»
pub(in crate::intent) fn playing(scene: &Scene<'_>, q: &Query) -> Understanding {
    let mut slots = Slots::default();
    slots.set("domain", "media_player");
    slots.set("state", "playing");
    places(scene, q, &mut slots);
    let playing = members(scene, q, |e| e.kind == Kind::MediaPlayer && e.state == "playing");
    let each: Vec<String> = playing
        .iter()
        .map(|e| match (e.text("media_title"), e.text("media_artist")) {
            (Some(title), Some(artist)) => format!("{} is playing {title} by {artist}.", called(e)),
            (Some(title), None) => format!("{} is playing {title}.", called(e)),
            _ => format!("{} is playing.", called(e)),
        })
        .collect();
    let say = if each.is_empty() { "Nothing is playing.".to_owned() } else { each.join(" ") };
    answered(scene.turn, get(slots), say)
}
