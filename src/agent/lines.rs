//! Reads lines through the gate and lets the home observe them.

use serde_json::{Value, json};

use super::{Behalf, Parts};
use crate::base::{Code, Fault};
use crate::home::{Binding, Change, Entity, EntityRef, LineValue};

/// What the hardware says of an entity, taken in; what changed by it.
pub(super) async fn read(parts: &mut Parts, entity: EntityRef, behalf: Behalf<'_>) -> Vec<Change> {
    let Some(line) = parts.home.entity(entity).and_then(line_of) else { return Vec::new() };
    match value(parts, entity, &line, behalf).await {
        Ok(value) => parts.home.observe(entity, value),
        Err(fault) => {
            tracing::warn!(line, %fault, "a line could not be read");
            parts.home.observe_lost(entity)
        }
    }
}

/// [`read`] for every entity with a line.
pub(super) async fn read_all(parts: &mut Parts, behalf: Behalf<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    for entity in (0..parts.home.entities.len()).map(EntityRef) {
        changes.extend(read(parts, entity, behalf).await);
    }
    changes
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
