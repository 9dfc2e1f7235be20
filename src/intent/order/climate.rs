//! Target temperatures and humidities.

use super::action::{Action, direction, percent, stride};
use crate::home::{Command, Kind, number};
use crate::intent::sentence::clause::Clause;
use crate::intent::sentence::np::Np;
use crate::intent::words::number::Value;

/// Target temperatures.
pub(in crate::intent) fn temperature(c: &Clause) -> Option<Action> {
    let kinds: &'static [Kind] = if c.kind(&["water_heater"]) { &[Kind::WaterHeater] } else { &[Kind::Climate] };
    let heating = c.kind(&["climate", "water_heater"]);
    let felt = c.verb(&["warmer", "cooler"]);
    let other = c.attrs.iter().any(|a| !matches!(*a, "temperature" | "warmth" | "setpoint"));
    let lit = c.kind(&["light"])
        || c.white.is_some()
        || c.attr(&["color_temperature"])
        || matches!(c.value, Some(Value::Kelvin(_)));
    if other || lit || c.color.is_some() || !c.media.is_empty() {
        return None;
    }
    let degrees = match c.value {
        Some(Value::Degrees(n, _)) => Some(n),
        Some(Value::Plain(n)) if heating || c.attr(&["temperature"]) || felt => Some(n),
        _ => None,
    };
    // «seven degrees» by itself asks for nothing.
    let wished = c.wish && c.nps.iter().any(Np::placed);
    if c.verbs.is_empty() && !heating && !c.to && !c.attr(&["temperature"]) && !wished {
        return None;
    }
    if degrees.is_none() && c.value.is_some() || !(heating || felt || c.attr(&["temperature"]) || degrees.is_some()) {
        return None;
    }
    let dir = direction(c, &["increase", "raise", "warmer"], &["decrease", "lower", "cooler"]);
    let unit = if let Some(Value::Degrees(_, unit)) = c.value { unit } else { None };
    let make = |command| Action { fahrenheit: unit, ..Action::new("HassClimateSetTemperature", command, kinds).bare() };
    let set = |t: f64| make(Command::Temperature(t)).with("temperature", number(t));
    let step = |s: f64| make(Command::TemperatureStep(s)).with("temperature_step", number(s));
    match (degrees, dir) {
        (Some(t), None) => Some(set(t)),
        (Some(t), Some(_)) if c.to => Some(set(t)),
        (Some(t), Some(d)) => Some(step(d * t)),
        (None, Some(d)) => Some(step(d * stride(c, 1.0))),
        (None, None) => None,
    }
}

/// Target humidity.
pub(in crate::intent) fn humidity(c: &Clause) -> Option<Action> {
    let spoken = c.attr(&["humidity"]) || c.kind(&["humidifier"]) && c.value.is_some();
    if !spoken || c.attrs.iter().any(|a| *a != "humidity") {
        return None;
    }
    let kinds: &'static [Kind] = &[Kind::Humidifier, Kind::Climate];
    let dir = direction(c, &["increase", "raise"], &["decrease", "lower"]);
    match (percent(c), dir) {
        (Some(p), None) => {
            Some(Action::new("HassHumidifierSetpoint", Command::Humidity(p), kinds).with("humidity", number(p)).bare())
        }
        (Some(p), Some(_)) if c.to => {
            Some(Action::new("HassHumidifierSetpoint", Command::Humidity(p), kinds).with("humidity", number(p)).bare())
        }
        (None, Some(_)) if c.value.is_some() => None,
        (step, Some(d)) => {
            let step = d * step.unwrap_or_else(|| stride(c, 5.0));
            Some(
                Action::new("HassHumidifierSetpoint", Command::HumidityStep(step), kinds)
                    .with("humidity_step", number(step))
                    .bare(),
            )
        }
        _ => None,
    }
}
