//! The home on its board: which entity is on which line, and the open lines for the holder.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::KeyFault;
use crate::board::{self, Board, Kind};
use crate::config::Config;
use crate::gate::Tier;
use crate::hal::{self, Direction, HalFault, OpenLine, Places, Wire};
use crate::home::{Binding, Entity, Home, HomeFault, Kind as EntityKind};
use crate::tools::LineUse;

use super::faults::in_config;

/// An open line and what it is used for.
pub(super) struct Held {
    pub(super) used: LineUse,
    pub(super) open: OpenLine,
}

/// Faults of the home that only the board shows: unknown lines, lines used twice, wrong directions.
pub(super) fn check(home: &Home, board: &Board, config: &Config) -> Vec<KeyFault> {
    let mut faults = Vec::new();
    let mut used: BTreeMap<&str, &str> = BTreeMap::new();
    for (place, (entity, line)) in wired(home) {
        let mut fault = |message: String, suggestion: Option<String>| {
            let fault = HomeFault::new(format!("entities[{place}].line"), message);
            let mut told = in_config(config, &fault);
            told.value = Some(line.to_owned());
            told.did_you_mean = suggestion;
            faults.push(told);
        };
        let Some(wire) = Wire::named(board, line) else {
            fault(format!("board «{}» has no line of this name", board.name), board.nearest_line(line));
            continue;
        };
        if let Some(other) = used.insert(line, &entity.id) {
            fault(format!("{other} is on this line already"), None);
        }
        if let Some(problem) = misuse(entity, &wire) {
            fault(problem, None);
        }
    }
    faults
}

fn misuse(entity: &Entity, wire: &Wire) -> Option<String> {
    if let (Wire::I2c(_), Direction::Out) = (wire, direction(entity)) {
        return Some("a reading can only be read, and this entity is switched".into());
    }
    let Wire::Line(line) = wire else { return None };
    match (direction(entity), line.direction) {
        (Direction::Out, board::Direction::Input) => {
            Some("this line can only be read, and this entity is switched".into())
        }
        (Direction::In, board::Direction::Output) => Some("this line is driven, and this entity is read".into()),
        _ if dimmable(entity) && line.kind != Kind::Pwm => Some("this line cannot be dimmed".into()),
        _ => None,
    }
}

/// Opens the lines of the home; those that cannot be opened come back as faults by line name.
pub(super) fn open(home: &Home, board: &Board, places: &Places) -> (Vec<Held>, Vec<(String, HalFault)>) {
    let (mut held, mut failed) = (Vec::new(), Vec::new());
    for (_, (entity, name)) in wired(home) {
        let Some(wire) = Wire::named(board, name) else { continue };
        let direction = direction(entity);
        match hal::open(places, &wire, direction, settle(entity)) {
            Ok(open) => {
                let used = LineUse {
                    name: name.to_owned(),
                    writable: direction == Direction::Out,
                    most: if wire.kind() == Kind::Pwm { 100.0 } else { 1.0 },
                    tier: tier(entity),
                };
                held.push(Held { used, open });
            }
            Err(fault) => failed.push((name.to_owned(), fault)),
        }
    }
    (held, failed)
}

/// The risk of moving an entity, as the gate counts it.
pub(super) fn tier(entity: &Entity) -> Tier {
    match entity.tier() {
        crate::home::Tier::Everyday => Tier::Changes,
        crate::home::Tier::Guarded => Tier::Risky,
    }
}

/// Entities with a line, with their place in the home's list.
fn wired(home: &Home) -> impl Iterator<Item = (usize, (&Entity, &str))> {
    home.entities.iter().enumerate().filter_map(|(place, entity)| match &entity.binding {
        Binding::Line { line, .. } => Some((place, (entity, line.as_str()))),
        _ => None,
    })
}

fn direction(entity: &Entity) -> Direction {
    match entity.kind {
        EntityKind::Sensor | EntityKind::BinarySensor => Direction::In,
        _ => Direction::Out,
    }
}

/// How long a change must last where each one counts: of what is on or off, and read.
fn settle(entity: &Entity) -> Option<Duration> {
    match &entity.binding {
        Binding::Line { debounce_ms, .. } if entity.kind == EntityKind::BinarySensor => {
            Some(Duration::from_millis(*debounce_ms))
        }
        _ => None,
    }
}

fn dimmable(entity: &Entity) -> bool {
    matches!(entity.binding, Binding::Line { dimmable: true, .. })
}
