//! Reads lines through the gate and lets the home observe them.

use serde_json::{Value, json};

use super::{Behalf, Parts};
use crate::base::{Code, Fault};
use crate::home::{Binding, Change, Entity, EntityRef, LineValue};

/// Reads every line of the home in one call and takes the values in; what changed by it.
///
/// A line that cannot be read makes its entity unavailable: better no answer than an old one.
pub(super) async fn read_all(parts: &mut Parts, behalf: Behalf<'_>) -> Vec<Change> {
    let wired = |entity: &EntityRef| parts.home.entity(*entity).and_then(line_of).is_some();
    let entities: Vec<_> = (0..parts.home.entities.len()).map(EntityRef).filter(wired).collect();
    if entities.is_empty() {
        return Vec::new();
    }
    let answer = parts.call("line_get", json!({}), behalf).await;
    if let Err(fault) = &answer {
        tracing::warn!(%fault, "the lines could not be read");
    }
    let values = answer.unwrap_or_default();
    let mut changes = Vec::new();
    for entity in entities {
        let Some(it) = parts.home.entity(entity) else { continue };
        let line = line_of(it).unwrap_or_default();
        match values["values"].get(&line).and_then(Value::as_f64).map(|number| as_line_value(it, number)) {
            Some(value) => changes.extend(parts.home.observe(entity, value)),
            None => {
                tracing::warn!(line, fault = values["faults"][&line].as_str(), "a line could not be read");
                changes.extend(parts.home.observe_lost(entity));
            }
        }
    }
    changes
}

/// Takes in a line's new level; what changed by it.
pub(super) fn changed(parts: &mut Parts, line: &str, on: bool) -> Vec<Change> {
    let of_line = |entity: &Entity| line_of(entity).is_some_and(|its| its == line);
    let found = parts.home.entities.iter().position(of_line);
    found.map(|place| parts.home.observe(EntityRef(place), LineValue::Level(on))).unwrap_or_default()
}

/// The value on an entity's line now.
///
/// # Errors
/// The gate's or the hand's fault.
pub(super) async fn value(
    parts: &Parts,
    entity: EntityRef,
    line: &str,
    behalf: Behalf<'_>,
) -> Result<LineValue, Fault> {
    let answer = parts.call("line_get", json!({"line": line}), behalf).await?;
    let number = answer.get("value").and_then(Value::as_f64);
    let number = number.ok_or_else(|| Fault::new(Code::Garbage, format!("line_get answered {answer}")))?;
    let Some(entity) = parts.home.entity(entity) else {
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
