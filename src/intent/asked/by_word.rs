//! Questions by a word of names: «which pumps are running», «is the fence on», «how much diesel is left».
//!
//! Of the bearers of the words those count of which the question makes sense: a battery is not on or off. Where one
//! thing was spoken of and several are left, nothing is guessed.

use super::by_name::{named, property, state_of};
use super::facts::{get, holds, kind_state, members, places, there, verdict};
use super::question::{Form, Query};
use crate::home::{Entity, EntityRef, Kind, NameHit, NameKind, NameOf};
use crate::intent::meant::kinds::{class_matches, kind_matches, switches_called};
use crate::intent::meant::scene::Scene;
use crate::intent::saying::outcome::answered;
use crate::intent::sentence::np::Named;
use crate::intent::turn::{Slots, Understanding};

/// The answer to a question that has words of names and no whole name.
pub(in crate::intent) fn partly(scene: &Scene<'_>, q: &Query) -> Option<Understanding> {
    if !q.np.names.is_empty() || !q.looks.is_empty() || q.wish {
        return None;
    }
    let (parts, q) = match &q.np.parts {
        Some(parts) => (parts.clone(), q.clone()),
        None => switch_for(scene, q)?,
    };
    let q = &q;
    let of_kind = |e: &Entity| {
        let any = q.np.kinds.is_empty() && q.np.classes.is_empty();
        any || q.np.kinds.iter().any(|k| kind_matches(k, e)) || q.np.classes.iter().any(|c| class_matches(c, e))
    };
    let told = |e: &&EntityRef| {
        scene.home.entity(**e).is_some_and(|e| of_kind(e) && there(scene, e, q, false) && sensible(scene, q, e))
    };
    let mut all: Vec<EntityRef> = parts.iter().filter(told).copied().collect();
    let near = |e: &EntityRef| scene.home.entity(*e).is_some_and(|e| e.area == scene.turn.area);
    if all.len() > 1 && scene.turn.area.is_some() && !q.np.placed() && !q.np.plural && all.iter().any(near) {
        all.retain(near);
    }
    let grouped = matches!(q.form, Form::Which | Form::Count | Form::All | Form::Any) || q.np.plural;
    match all.as_slice() {
        [] => None,
        [one] if !grouped => named(scene, &by_its_name(q, *one)),
        _ if grouped && !q.states.is_empty() => Some(several(scene, q, &all)),
        _ => None,
    }
}

/// «is the boiler on», where nothing is a boiler but a switch is called «Boiler 80L»: its name, without the kind.
fn switch_for(scene: &Scene<'_>, q: &Query) -> Option<(Vec<EntityRef>, Query)> {
    let [head] = q.np.heads.as_slice() else { return None };
    let exists = scene.home.entities.iter().any(|e| q.np.kinds.iter().any(|k| kind_matches(k, e)));
    if exists || q.np.kinds.is_empty() || q.np.plural || !q.np.classes.is_empty() {
        return None;
    }
    let mut named_so = q.clone();
    named_so.np.kinds.clear();
    Some((switches_called(scene.home, head), named_so))
}

/// «what is the radio in the scullery doing»: the one of its kind that is there.
pub(in crate::intent) fn only_one(scene: &Scene<'_>, q: &Query) -> Option<Understanding> {
    let plain = q.np.names.is_empty() && q.np.parts.is_none() && q.measures.is_empty() && q.binaries.is_empty();
    if q.form != Form::What || !plain || q.np.plural || q.np.kinds.is_empty() || !q.states.is_empty() {
        return None;
    }
    let of_kind = |e: &Entity| q.np.kinds.iter().all(|k| kind_matches(k, e));
    let mut all = members(scene, q, of_kind);
    if all.len() > 1 && !q.np.placed() && scene.turn.area.is_some() {
        all.retain(|e| e.area == scene.turn.area);
    }
    let [one] = all.as_slice() else { return None };
    named(scene, &by_its_name(q, scene.home.find(&one.id)?))
}

/// The question with the name of what is meant.
fn by_its_name(q: &Query, one: EntityRef) -> Query {
    let hit = NameHit { of: NameOf::Entity(one), kind: NameKind::Short, plural: false };
    let mut whole = q.clone();
    whole.np.names = vec![Named { hits: vec![hit], generic: false, word: false, plural: false, words: q.np.words }];
    whole.np.parts = None;
    whole
}

/// Whether what is asked can be so of an entity.
fn sensible(scene: &Scene<'_>, q: &Query, entity: &Entity) -> bool {
    if !q.states.is_empty() {
        return q.states.iter().any(|s| state_of(entity, *s).is_some());
    }
    // «how full is the pond», which has no battery.
    let level = matches!(entity.device_class.as_deref(), None | Some("volume_storage"));
    if q.attrs.contains(&"full") && entity.kind == Kind::Sensor && level {
        return true;
    }
    let asked: Vec<&str> =
        q.attrs.iter().chain(&q.measures).copied().filter(|a| !matches!(*a, "howmuch" | "left")).collect();
    if asked.is_empty() {
        // «how much diesel is left»: what measures it.
        let much = q.attrs.contains(&"howmuch") || q.attrs.contains(&"left");
        return !much || matches!(entity.kind, Kind::Sensor | Kind::Number | Kind::InputNumber);
    }
    let measures = entity.kind == Kind::Sensor && entity.device_class.as_deref().is_some_and(|c| asked.contains(&c));
    measures || asked.iter().any(|a| property(scene.home, entity, a).is_some())
}

fn several(scene: &Scene<'_>, q: &Query, all: &[EntityRef]) -> Understanding {
    let all: Vec<&Entity> = all.iter().filter_map(|e| scene.home.entity(*e)).collect();
    let so = |e: &Entity| {
        q.states.iter().find_map(|s| state_of(e, *s)).is_some_and(|state| {
            e.state == state || holds(e, state) || state == "off" && kind_state(e.kind, "off") && !holds(e, "on")
        })
    };
    let (yes, no): (Vec<&Entity>, Vec<&Entity>) = all.iter().partition(|e| so(e));
    let mut slots = Slots::default();
    places(scene, q, &mut slots);
    let say = match q.form {
        Form::Is if !yes.is_empty() && !no.is_empty() => {
            format!("Only {}.", super::facts::names(scene.home, &yes))
        }
        form => verdict(scene.home, form, &yes, &no),
    };
    let mut out = answered(scene.turn, get(slots), say);
    out.context.mentioned = yes.iter().filter_map(|e| scene.home.find(&e.id)).collect();
    out
}
