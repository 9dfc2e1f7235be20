//! What lamps are told: on by other words, brightness, colour, white.

use super::action::{Action, LIGHTS, direction, implied_none, percent, stride};
use crate::home::{Color, Command, Kind, number};
use crate::intent::sentence::clause::Clause;
use crate::intent::sentence::np::Np;
use crate::intent::words::number::Value;

/// «light up the kitchen»: lights, whatever else is there.
pub(in crate::intent) fn lit(c: &Clause) -> Option<Action> {
    let plain = c.verb(&["light"]) && c.plain() && c.on != Some(false) && c.up != Some(false);
    plain.then(|| Action::new("HassTurnOn", Command::TurnOn, LIGHTS).bare())
}

/// «I need light in the pantry», «give me some light»: as good as «on».
pub(in crate::intent) fn wished_light(c: &Clause) -> Option<Action> {
    let light = |np: &Np| np.kinds == ["light"] && np.heads == ["light"] && np.names.is_empty() && np.parts.is_none();
    let only = c.wish && c.verbs.is_empty() && c.on.is_none() && c.up.is_none() && c.states.is_empty();
    (only && c.plain() && c.nps.len() == 1 && c.nps.iter().all(light))
        .then(|| Action::new("HassTurnOn", Command::TurnOn, LIGHTS).bare())
}

/// «Overhead light»: a lamp's whole name and nothing else asks for light.
pub(in crate::intent) fn bare_light(c: &Clause) -> Option<Action> {
    let alone = c.verbs.is_empty() && c.on.is_none() && c.up.is_none() && c.states.is_empty() && c.attrs.is_empty();
    let one = c.nps.len() == 1 && c.nps[0].names.len() == 1 && !c.nps[0].plural && !c.nps[0].all && !c.is;
    let named = c.about.contains(&Kind::Light) && c.value.is_none() && c.media.is_empty() && c.much == 0;
    (alone && one && named).then(|| implied_none(Action::new("HassTurnOn", Command::TurnOn, LIGHTS)))
}

pub(in crate::intent) fn light(c: &Clause) -> Option<Action> {
    if c.attrs.iter().any(|a| !matches!(*a, "brightness" | "color" | "color_temperature" | "temperature" | "mode")) {
        return None;
    }
    if let Some((name, rgb)) = &c.color {
        // «a cooler white» is a step, not a colour.
        let white = name == "white" && c.verb(&["warmer", "cooler"]);
        if !white {
            let color = Color { name: name.clone(), rgb: *rgb };
            let action = Action::new("HassLightSet", Command::Color(color), LIGHTS).with("color", name.as_str());
            return and_level(action, c);
        }
    }
    let kelvin = match c.value {
        Some(Value::Kelvin(k)) => Some(k),
        Some(Value::Plain(k)) if c.attr(&["color_temperature"]) => Some(k),
        None => c.white.map(f64::from),
        _ => None,
    };
    if let Some(kelvin) = kelvin {
        if let Some(dir) = direction(c, &["increase", "raise"], &["decrease", "lower"]).filter(|_| c.by) {
            return Some(kelvin_step(dir * kelvin));
        }
        let action =
            Action::new("HassLightSet", Command::ColorTemperature(kelvin), LIGHTS).with("temperature", number(kelvin));
        let stated = matches!(c.value, Some(Value::Kelvin(_) | Value::Plain(_)));
        let possible = (1000.0..=12_000.0).contains(&kelvin);
        return possible.then(|| if stated { Some(action) } else { and_level(action, c) }).flatten();
    }
    if c.attr(&["color_temperature"]) {
        // «lower the colour temperature by 300 kelvin»
        let dir = direction(c, &["increase", "raise", "cooler"], &["decrease", "lower", "warmer"])?;
        let step = dir * stride(c, 500.0);
        return c.value.is_none().then(|| kelvin_step(step));
    }
    if c.verb(&["warmer", "cooler"]) && (c.kind(&["light"]) || c.color.is_some()) && c.value.is_none() {
        let step = stride(c, 500.0) * if c.verb(&["warmer"]) { -1.0 } else { 1.0 };
        return Some(kelvin_step(step));
    }
    let named = c.attr(&["brightness"]) || c.verb(&["dim", "brighten"]);
    let dir = direction(c, &["increase", "raise", "brighten"], &["decrease", "lower", "dim"]);
    let lit = named || c.kind(&["light"]) || matches!(c.value, Some(Value::Percent(_)));
    match (percent(c), dir) {
        (Some(level), None) if lit => Some(brightness(level)),
        (Some(level), Some(_)) if lit && (c.to || c.value.is_none() || c.verb(&["dim"]) && !c.by) => {
            Some(brightness(level))
        }
        // A value that is no percentage is not passed over.
        (None, Some(_)) if c.value.is_some() => None,
        (step, Some(dir)) if named || c.kind(&["light"]) => {
            let step = dir * step.unwrap_or_else(|| stride(c, 20.0));
            let action = Action::new("HassLightSet", Command::BrightnessStep(step), LIGHTS);
            // «brighter»: the lamps that are here.
            Some(action.with("brightness_step", number(step)).bare())
        }
        _ => None,
    }
}

fn kelvin_step(step: f64) -> Action {
    Action::new("HassLightSet", Command::ColorTemperatureStep(step), LIGHTS).with("temperature_step", number(step))
}

/// A colour, and the brightness that was said with it: «blue at 20 %».
fn and_level(mut action: Action, c: &Clause) -> Option<Action> {
    if c.value.is_none() && c.level.is_none() {
        return Some(action);
    }
    let level = percent(c)?;
    action.also.push(Command::Brightness(level));
    Some(action.with("brightness", number(level)))
}

fn brightness(level: f64) -> Action {
    Action::new("HassLightSet", Command::Brightness(level), LIGHTS).with("brightness", number(level))
}
