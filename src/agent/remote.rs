//! Devices behind a channel: told through the gate, believed only by what they report.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, timeout_at};

use super::Behalf;
use super::lines::same;
use super::world::World;
use crate::base::limits::{MQTT_ANSWER, MQTT_REPAIR_WAIT, REPAIRS};
use crate::base::{Code, Fault};
use crate::home::remote::Topics;
use crate::home::{Binding, Change, EntityRef, LineValue};

/// The topics of an entity that is reached over topics.
pub(super) fn topics(world: &World, entity: EntityRef) -> Option<Topics> {
    match &world.home().entity(entity)?.binding {
        Binding::Mqtt { topics, .. } => Some(topics.clone()),
        _ => None,
    }
}

/// Tells a device something and waits until it reports that this is true; nobody else moves it meanwhile.
/// One that reports something else, and goes on saying so, is told again, [`REPAIRS`] times at most. A silent
/// one is not: the broker has the command, and a device that sleeps must not wake up to three of them.
///
/// # Errors
/// The gate's fault; [`Code::Timeout`] where no report comes within [`MQTT_ANSWER`];
/// [`Code::NotConfirmed`] where one comes that says something else.
pub(super) async fn drive(
    world: &World,
    entity: EntityRef,
    topics: &Topics,
    wanted: LineValue,
    behalf: Behalf<'_>,
    changes: &mut Vec<Change>,
) -> Result<(), Fault> {
    let Some((id, kind)) = world.home().entity(entity).map(|it| (it.id.clone(), it.kind)) else {
        return Err(Fault::new(Code::Internal, "has no topics"));
    };
    let mut reports = world.outside.remote.watch();
    let before = world.outside.remote.latest();
    let arguments = json!({"entity": id, "payload": topics.payload(wanted)});
    let mut told = world.call("mqtt_set", arguments.clone(), behalf).await;
    let until = Instant::now() + MQTT_ANSWER;
    let (mut answered, mut over, mut repairs, mut again) = (false, told.is_err(), 0, until);
    loop {
        let report = world.outside.remote.last(&topics.state).filter(|report| report.number > before);
        if let Some(report) = report {
            answered = true;
            if let Some(read) = topics.read(kind, &report.payload) {
                changes.extend(world.take_in(|home| home.observe(entity, read)));
                if told.is_ok() && same(read, wanted) {
                    return Ok(());
                }
                if again == until && repairs < REPAIRS {
                    again = until.min(Instant::now() + MQTT_REPAIR_WAIT);
                }
            }
        }
        // Looked once more after the time: what came with it must not be missed, nobody else takes it in.
        if over {
            break;
        }
        match timeout_at(again, reports.changed()).await {
            Ok(Ok(())) => {}
            Err(_) if again < until => {
                repairs += 1;
                again = until;
                tracing::warn!(entity = id, repairs, "a device reports something else, and is told again");
                told = world.call("mqtt_set", arguments.clone(), behalf).await;
                over = told.is_err();
            }
            Ok(Err(_)) | Err(_) => over = true,
        }
    }
    told.map_err(|fault| Fault::new(fault.code, format!("could not be told: {}", fault.message)))?;
    if answered {
        return Err(Fault::new(Code::NotConfirmed, "the device reports something else"));
    }
    Err(Fault::new(Code::Timeout, format!("was told, and did not answer within {}", seconds(MQTT_ANSWER))))
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f32())
}

/// Takes in what devices reported last, but for those that a turn moves; what changed by it.
pub(super) fn hear(world: &World) -> Vec<Change> {
    world.take_in(|home| {
        let mut changes = Vec::new();
        for entity in (0..home.entities.len()).map(EntityRef).filter(|entity| !world.is_held(*entity)) {
            let Some(it) = home.entity(entity) else { continue };
            let Binding::Mqtt { topics, .. } = &it.binding else { continue };
            let Some(report) = world.outside.remote.last(&topics.state) else { continue };
            let Some(read) = topics.read(it.kind, &report.payload) else {
                tracing::debug!(entity = it.id, "a report says nothing that is known");
                continue;
            };
            changes.extend(home.observe(entity, read));
        }
        changes
    })
}
