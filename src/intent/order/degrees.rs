//! Degrees as they were said, in the unit of the thing that gets them.

use crate::home::{Command, Entity, EntityRef, Home, Kind};

/// The command with its degrees in the unit of its targets; as it is where no unit was said or all have it.
pub(in crate::intent) fn in_unit_of(
    home: &Home,
    command: &Command,
    said: Option<bool>,
    targets: &[EntityRef],
) -> Command {
    let Some(said) = said else { return command.clone() };
    let own = targets.iter().filter_map(|e| home.entity(*e)).find_map(fahrenheit);
    let Some(own) = own.or_else(|| home.entities.iter().find_map(fahrenheit)).filter(|own| *own != said) else {
        return command.clone();
    };
    // Whole degrees Fahrenheit, half ones Celsius: as fine as thermostats are set.
    let round = |degrees: f64| if own { degrees.round() } else { (degrees * 2.0).round() / 2.0 };
    match command {
        Command::Temperature(t) => {
            Command::Temperature(round(if own { t * 9.0 / 5.0 + 32.0 } else { (t - 32.0) * 5.0 / 9.0 }))
        }
        Command::TemperatureStep(s) => Command::TemperatureStep(round(if own { s * 9.0 / 5.0 } else { s * 5.0 / 9.0 })),
        other => other.clone(),
    }
}

/// Whether an entity reckons in Fahrenheit: it says so, or its numbers are no degrees Celsius of a house.
fn fahrenheit(entity: &Entity) -> Option<bool> {
    let said = entity.text("temperature_unit").or_else(|| entity.unit()).unwrap_or_default();
    if said.contains("°F") || said == "F" {
        return Some(true);
    }
    if said.contains("°C") || said == "C" {
        return Some(false);
    }
    // The hottest room, the hottest water that is asked for, in degrees Celsius.
    let hottest = match entity.kind {
        Kind::Climate => 45.0,
        Kind::WaterHeater => 95.0,
        _ => return None,
    };
    let known = ["max_temp", "temperature", "current_temperature"].iter().find_map(|key| entity.number(key))?;
    Some(known > hottest)
}
