//! Reads lines through the gate and lets the home observe them.

use serde_json::{Value, json};

use super::Behalf;
use super::world::World;
use crate::base::{Code, Fault};
use crate::home::{Binding, Change, Entity, EntityRef, Home, LineValue};

/// Reads every line of the home in one call and takes the values in; what changed by it.
///
/// A line that cannot be read makes its entity unavailable: better no answer than an old one.
pub(super) async fn read_all(world: &World, behalf: Behalf<'_>) -> Vec<Change> {
    let wired: Vec<(EntityRef, String)> = {
        let home = world.home();
        let entities = home.entities.iter().enumerate();
        entities.filter_map(|(place, entity)| Some((EntityRef(place), line_of(entity)?))).collect()
    };
    if wired.is_empty() {
        return Vec::new();
    }
    // From the reading until it is taken in: what a turn drives meanwhile must not be read over.
    let _lines = world.hold_lines().await;
    let answer = world.call("line_get", json!({}), behalf).await;
    if let Err(fault) = &answer {
        tracing::warn!(%fault, "the lines could not be read");
    }
    let values = answer.unwrap_or_default();
    world.take_in(|home| wired.iter().flat_map(|(entity, line)| taken_in(home, *entity, line, &values)).collect())
}

fn taken_in(home: &mut Home, entity: EntityRef, line: &str, values: &Value) -> Vec<Change> {
    let number = values["values"].get(line).and_then(Value::as_f64);
    let value = number.and_then(|number| Some(as_line_value(home.entity(entity)?, number)));
    if let Some(value) = value {
        return home.observe(entity, value);
    }
    tracing::warn!(line, fault = values["faults"][line].as_str(), "a line could not be read");
    home.observe_lost(entity)
}

/// Takes in a line's new level; what changed by it.
pub(super) async fn changed(world: &World, line: &str, on: bool) -> Vec<Change> {
    // After a reading that is under way: what it read is older.
    let _lines = world.hold_lines().await;
    let of_line = |entity: &Entity| line_of(entity).is_some_and(|its| its == line);
    world.take_in(|home| {
        let found = home.entities.iter().position(of_line);
        found.map(|place| home.observe(EntityRef(place), LineValue::Level(on))).unwrap_or_default()
    })
}

/// The value on an entity's line now.
///
/// # Errors
/// The gate's or the hand's fault.
pub(super) async fn value(
    world: &World,
    entity: EntityRef,
    line: &str,
    behalf: Behalf<'_>,
) -> Result<LineValue, Fault> {
    let answer = world.call("line_get", json!({"line": line}), behalf).await?;
    let number = answer.get("value").and_then(Value::as_f64);
    let number = number.ok_or_else(|| Fault::new(Code::Garbage, format!("line_get answered {answer}")))?;
    let home = world.home();
    let Some(entity) = home.entity(entity) else {
        return Err(Fault::new(Code::NotFound, format!("no entity has line «{line}»")));
    };
    Ok(as_line_value(entity, number))
}

/// The board's name of an entity's line.
pub(super) fn line_of(entity: &Entity) -> Option<String> {
    match &entity.binding {
        Binding::Line { line, .. } => Some(line.clone()),
        _ => None,
    }
}

/// The number that a line takes.
pub(super) fn as_number(value: LineValue) -> f64 {
    match value {
        LineValue::Level(high) => f64::from(u8::from(high)),
        LineValue::Percent(percent) => f64::from(percent),
        LineValue::Number(number) => number,
    }
}

fn as_line_value(entity: &Entity, number: f64) -> LineValue {
    match &entity.binding {
        Binding::Line { dimmable: true, .. } => LineValue::Percent(percent(number)),
        _ if entity.kind == crate::home::Kind::Sensor => LineValue::Number(number),
        _ => LineValue::Level(number != 0.0),
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=100 before")]
fn percent(number: f64) -> u8 {
    number.clamp(0.0, 100.0).round() as u8
}

/// Whether a line shows what it was driven to; PWM periods may round by one percent.
pub(super) fn same(read: LineValue, wanted: LineValue) -> bool {
    match (read, wanted) {
        (LineValue::Percent(read), LineValue::Percent(wanted)) => read.abs_diff(wanted) <= 1,
        (read, wanted) => (as_number(read) - as_number(wanted)).abs() < f64::EPSILON,
    }
}
