//! Devices behind a channel: told through the gate, believed only by what they report.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, timeout_at};

use super::act::same;
use super::{Behalf, Parts};
use crate::base::limits::MQTT_ANSWER;
use crate::base::{Code, Fault};
use crate::home::remote::Topics;
use crate::home::{Binding, Change, EntityRef, LineValue};

/// Whether an entity is reached over topics.
pub(super) fn is_remote(parts: &Parts, entity: EntityRef) -> bool {
    topics(parts, entity).is_some()
}

fn topics(parts: &Parts, entity: EntityRef) -> Option<&Topics> {
    match &parts.home.entity(entity)?.binding {
        Binding::Mqtt { topics, .. } => Some(topics),
        _ => None,
    }
}

/// Tells a device something and waits until it reports that this is true.
///
/// # Errors
/// The gate's fault; [`Code::Timeout`] where no report comes within [`MQTT_ANSWER`];
/// [`Code::NotConfirmed`] where one comes that says something else.
pub(super) async fn drive(
    parts: &mut Parts,
    entity: EntityRef,
    wanted: LineValue,
    behalf: Behalf<'_>,
    changes: &mut Vec<Change>,
) -> Result<(), Fault> {
    let Some((id, state, payload)) = parts.home.entity(entity).and_then(|it| {
        let topics = topics(parts, entity)?;
        Some((it.id.clone(), topics.state.clone(), topics.payload(wanted)))
    }) else {
        return Err(Fault::new(Code::Internal, "has no topics"));
    };
    let mut reports = parts.outside.remote.watch();
    let before = parts.outside.remote.latest();
    let told = parts.call("mqtt_set", json!({"entity": id, "payload": payload}), behalf).await;
    if let Err(fault) = told {
        return Err(Fault::new(fault.code, format!("could not be told: {}", fault.message)));
    }
    let until = Instant::now() + MQTT_ANSWER;
    let mut answered = false;
    loop {
        let report = parts.outside.remote.last(&state).filter(|report| report.number > before);
        if let Some(report) = report {
            answered = true;
            let kind = parts.home.entity(entity).map(|it| it.kind);
            let read = kind.and_then(|kind| topics(parts, entity)?.read(kind, &report.payload));
            if let Some(read) = read {
                changes.extend(parts.home.observe(entity, read));
                if same(read, wanted) {
                    return Ok(());
                }
            }
        }
        match timeout_at(until, reports.changed()).await {
            Ok(Ok(())) => {}
            _ if answered => return Err(Fault::new(Code::NotConfirmed, "the device reports something else")),
            _ => {
                return Err(Fault::new(
                    Code::Timeout,
                    format!("was told, and did not answer within {}", seconds(MQTT_ANSWER)),
                ));
            }
        }
    }
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f32())
}

/// Takes in what all devices reported last; what changed by it.
pub(super) fn hear(parts: &mut Parts) -> Vec<Change> {
    let mut changes = Vec::new();
    for entity in (0..parts.home.entities.len()).map(EntityRef) {
        let Some(it) = parts.home.entity(entity) else { continue };
        let Binding::Mqtt { topics, .. } = &it.binding else { continue };
        let Some(report) = parts.outside.remote.last(&topics.state) else { continue };
        let Some(read) = topics.read(it.kind, &report.payload) else {
            tracing::debug!(entity = it.id, "a report says nothing that is known");
            continue;
        };
        changes.extend(parts.home.observe(entity, read));
    }
    changes
}
