//! Answers about how things are set: yes or no with how it is, or who of several.
//!
//! What an entity does not tell is not guessed: it counts neither as so nor as not so, and where nothing
//! tells it, that is the answer.

use super::by_name::share;
use super::facts::{bearers, get, members, names, places, verdict};
use super::look::Look;
use super::question::{Form, Query};
use crate::base::limits;
use crate::home::words::split;
use crate::home::{Entity, Home, Kind};
use crate::intent::meant::kinds::{class_matches, kind_matches};
use crate::intent::meant::scene::Scene;
use crate::intent::saying::outcome::answered;
use crate::intent::saying::spoken::{called, is_or_are};
use crate::intent::turn::{Slots, Understanding};
use crate::intent::words::lexicon::{ENGLISH, Sense};
use crate::intent::words::number::Value;

/// The answer to a question about looks.
pub(in crate::intent) fn answer(scene: &Scene<'_>, q: &Query) -> Option<Understanding> {
    let [look] = q.looks.as_slice() else { return None };
    let wished = q.attrs.contains(&"setpoint");
    let all = meant(scene, q);
    let mut slots = Slots::default();
    match all.as_slice() {
        [] => return None,
        [one] => slots.set("name", one.name.as_str()),
        [first, ..] => slots.set("domain", first.kind.word()),
    }
    places(scene, q, &mut slots);
    let told: Vec<(&Entity, bool, String)> = all
        .iter()
        .filter_map(|e| {
            let (so, truth) = truth(scene.home, e, look, wished)?;
            Some((*e, so, truth))
        })
        .collect();
    let single = matches!(q.form, Form::Is | Form::Any | Form::What);
    let say = match told.as_slice() {
        [] if all.len() > 1 => "None of them tells me that.".to_owned(),
        [] => format!("{} does not tell me that.", called(all[0])),
        [(one, so, truth)] if single => {
            let is = is_or_are(one);
            match q.form {
                Form::What => format!("{} {is} {truth}.", called(one)),
                _ if *so => format!("Yes, {} {is} {truth}.", called(one).replacen("The ", "the ", 1)),
                _ => format!("No, {} {is} {truth}.", called(one).replacen("The ", "the ", 1)),
            }
        }
        _ => {
            let yes: Vec<&Entity> = told.iter().filter(|t| t.1).map(|t| t.0).collect();
            let no: Vec<&Entity> = told.iter().filter(|t| !t.1).map(|t| t.0).collect();
            match q.form {
                Form::Is if q.np.plural && !yes.is_empty() && !no.is_empty() => {
                    format!("Only {}.", names(scene.home, &yes))
                }
                form => verdict(scene.home, form, &yes, &no),
            }
        }
    };
    let mut out = answered(scene.turn, get(slots), say);
    out.context.mentioned =
        told.iter().filter(|t| t.1 || told.len() == 1).filter_map(|t| scene.home.find(&t.0.id)).collect();
    Some(out)
}

/// What the question is about: what is named, else what there is of its kind.
fn meant<'h>(scene: &Scene<'h>, q: &Query) -> Vec<&'h Entity> {
    if q.np.it && q.np.names.is_empty() && q.np.kinds.is_empty() {
        return scene.turn.context.mentioned.iter().filter_map(|e| scene.home.entity(*e)).collect();
    }
    let of_kind = |e: &Entity| {
        let any = q.np.kinds.is_empty() && q.np.classes.is_empty();
        any || q.np.kinds.iter().any(|k| kind_matches(k, e)) || q.np.classes.iter().any(|c| class_matches(c, e))
    };
    let tells =
        |e: &Entity| q.looks.iter().any(|look| truth(scene.home, e, look, q.attrs.contains(&"setpoint")).is_some());
    if !q.np.names.is_empty() {
        let mut all = bearers(scene, q);
        if all.iter().any(|e| tells(e)) {
            all.retain(|e| tells(e));
        }
        all.truncate(1);
        return all;
    }
    if let Some(parts) = &q.np.parts {
        let mut all: Vec<&Entity> = parts.iter().filter_map(|e| scene.home.entity(*e)).filter(|e| tells(e)).collect();
        if !q.np.kinds.is_empty() && all.iter().any(|e| of_kind(e)) {
            all.retain(|e| of_kind(e));
        }
        let grouped = q.np.plural || !matches!(q.form, Form::Is | Form::What);
        return if all.len() == 1 || grouped { all } else { Vec::new() };
    }
    // «is the light blue in the loft», which reads as a light blue.
    let lamps = |look: &Look| matches!(look, Look::Color(..) | Look::White(_) | Look::Dimmed);
    if q.np.kinds.is_empty() && q.np.classes.is_empty() {
        if !(q.np.placed() && q.looks.iter().all(lamps)) {
            return Vec::new();
        }
        return members(scene, q, |e| e.kind == Kind::Light && tells(e));
    }
    members(scene, q, |e| of_kind(e) && tells(e))
}

/// Whether an entity is set so, and how it is set; [`None`] where it does not tell.
fn truth(home: &Home, entity: &Entity, look: &Look, wished: bool) -> Option<(bool, String)> {
    let off = matches!(entity.state.as_str(), "off" | "standby");
    if matches!(entity.state.as_str(), "unavailable" | "unknown") {
        return None;
    }
    let lamp = entity.kind == Kind::Light;
    match look {
        Look::Color(..) | Look::White(_) | Look::Dimmed if !lamp => None,
        Look::Color(..) | Look::White(_) | Look::Dimmed if off => Some((false, "off".to_owned())),
        Look::Color(name, rgb) => match shown(entity) {
            Some((_, kelvin, None)) => Some((name == "white", format!("white, at {kelvin:.0} kelvin"))),
            Some((called, _, Some(is))) => Some((*called == *name || near(is, *rgb), called)),
            None => None,
        },
        Look::White(kelvin) => {
            let (called, is, color) = shown(entity)?;
            if color.is_some() {
                return Some((called == "white", called));
            }
            let range = match kelvin {
                ..3200 => 0.0..=3200.0,
                ..3800 => 3200.0..=4000.0,
                ..5000 => 3800.0..=f64::MAX,
                _ => 5000.0..=f64::MAX,
            };
            Some((range.contains(&is), format!("at {is:.0} kelvin")))
        }
        Look::Dimmed => {
            let level = entity.number("brightness")? / home.style.per_percent("brightness");
            Some((level < 99.0, format!("at {level:.0} %")))
        }
        Look::Muted => {
            let muted = entity.attributes.get("is_volume_muted")?.as_bool()?;
            Some((muted, if muted { "muted" } else { "not muted" }.to_owned()))
        }
        Look::Level(least, most) => {
            let level = quantity(home, entity, false).filter(|(_, unit)| *unit == "%")?.0;
            let said = if off && !matches!(entity.kind, Kind::Cover | Kind::Valve) {
                "off".to_owned()
            } else {
                format!("at {level:.0} %")
            };
            Some(((*least..=*most).contains(&level.round()) && said != "off", said))
        }
        Look::Amount(value, compared) => amount(home, entity, *value, *compared, wished),
        Look::Option(hits, besides) => {
            let Some(hit) = hits.iter().find(|h| home.entity(h.entity).is_some_and(|e| e.id == entity.id)) else {
                return truth(home, entity, besides.as_deref()?, wished);
            };
            let keys: &[&str] = match hit.list {
                "preset_modes" => &["preset_mode"],
                "fan_modes" | "fan_speed_list" => &["fan_mode", "fan_speed"],
                "source_list" => &["source"],
                "available_modes" => &["mode"],
                _ => &[],
            };
            let is =
                if keys.is_empty() { Some(entity.state.clone()) } else { keys.iter().find_map(|k| entity.text(k)) }?;
            Some((is.eq_ignore_ascii_case(&hit.option), format!("on {}", is.replace('_', " "))))
        }
    }
}

fn amount(home: &Home, entity: &Entity, value: Value, compared: i8, wished: bool) -> Option<(bool, String)> {
    let (is, unit) = quantity(home, entity, wished)?;
    let asked = match value {
        Value::Plain(n) => n,
        Value::Percent(n) if unit == "%" => n,
        Value::Degrees(n, _) if unit != "%" => n,
        _ => return None,
    };
    let so = match compared {
        1 => is > asked,
        -1 => is < asked,
        _ => (is - asked).abs() < 0.6,
    };
    let is = (is * 10.0).round() / 10.0;
    let lead = if matches!(entity.kind, Kind::Sensor | Kind::Number | Kind::InputNumber) { "" } else { "at " };
    Some((so, format!("{lead}{is} {unit}").trim_end().to_owned()))
}

/// The one quantity of an entity, with its unit: percent, or what it measures.
fn quantity(home: &Home, entity: &Entity, wished: bool) -> Option<(f64, String)> {
    let percent = |keys: &[&str]| share(home, entity, keys).map(|level| (level, "%".to_owned()));
    match entity.kind {
        Kind::Light => percent(&["brightness"]),
        Kind::Fan => percent(&["percentage"]),
        Kind::Cover | Kind::Valve => percent(&["position", "current_position"]),
        Kind::MediaPlayer => percent(&["volume_level"]),
        Kind::Humidifier => percent(&["humidity"]),
        Kind::Climate | Kind::WaterHeater => {
            let key = if wished { "temperature" } else { "current_temperature" };
            Some((entity.number(key).or_else(|| entity.number("temperature"))?, "degrees".to_owned()))
        }
        Kind::Sensor | Kind::Number | Kind::InputNumber => {
            Some((entity.state.parse().ok()?, entity.unit().unwrap_or_default()))
        }
        _ => None,
    }
}

/// The colour that a lamp shows: its name, its kelvin, and its red, green and blue where it is no white.
fn shown(entity: &Entity) -> Option<(String, f64, Option<[u8; 3]>)> {
    let kelvin = entity.number("color_temp_kelvin");
    let white = entity.text("color_mode").as_deref() == Some("color_temp");
    let named = entity.text("color").and_then(|name| Some((rgb_of(&name)?, name)));
    let listed = entity.attributes.get("rgb_color").and_then(|v| {
        let all: Vec<u8> = v.as_array()?.iter().filter_map(|n| u8::try_from(n.as_u64()?).ok()).collect();
        <[u8; 3]>::try_from(all).ok()
    });
    let listed = listed.and_then(|rgb| Some((rgb, ENGLISH.color_near(rgb)?.to_owned())));
    match (named.or(listed), kelvin) {
        (Some((rgb, name)), None) => Some((name, 0.0, Some(rgb))),
        (Some((rgb, name)), Some(kelvin)) if !white => Some((name, kelvin, Some(rgb))),
        (_, Some(kelvin)) => Some(("white".to_owned(), kelvin, None)),
        (None, None) => None,
    }
}

fn rgb_of(name: &str) -> Option<[u8; 3]> {
    let mut senses = Vec::new();
    ENGLISH.longest(&split(name, limits::SENTENCE_WORDS), &mut senses);
    senses.iter().find_map(|s| if let Sense::Color(_, rgb) = s { Some(*rgb) } else { None })
}

/// Whether people would call both by one name.
fn near(a: [u8; 3], b: [u8; 3]) -> bool {
    a.iter().zip(&b).all(|(a, b)| a.abs_diff(*b) <= 64)
}
