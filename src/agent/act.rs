//! Carries calls out step by step: drive, read back, compare.

use serde_json::{Value, json};

use super::world::{Held, World};
use super::{Behalf, lines, lists, remote};
use crate::base::limits::{CALLS_PER_TURN, REPAIR_WAIT, REPAIRS};
use crate::base::{Code, Fault};
use crate::bus::Rights;
use crate::home::{Binding, Call, Change, Command, EntityRef, Home, LineValue, Step};
use crate::intent::{Outcome, Understanding};

/// What came of an understanding.
#[derive(Default)]
pub(super) struct Acted {
    /// One outcome for each entity.
    pub(super) outcomes: Vec<Outcome>,
    /// What is different now, as read back.
    pub(super) changes: Vec<Change>,
    /// Whether nothing was done because a person has to confirm first.
    pub(super) unconfirmed: bool,
    /// What was understood and has nobody to do it.
    pub(super) beyond: Vec<&'static str>,
    /// Why a timer or a list was not changed.
    pub(super) unkept: Vec<String>,
}

/// What a call without devices asks for, and this agent cannot do: it must not be claimed.
fn beyond(call: &Call) -> Option<&'static str> {
    if !call.targets.is_empty() {
        return None;
    }
    Some(match call.command {
        Command::Broadcast(_) => "speak to other rooms",
        _ if is_kept(call) => return None,
        _ => "do that",
    })
}

/// Whether a call is about what the service itself keeps: timers and lists.
const fn is_kept(call: &Call) -> bool {
    matches!(call.command, Command::Timer(_) | Command::AddItem(_) | Command::CompleteItem(_) | Command::RemoveItem(_))
}

/// Changes timers and lists.
async fn keep(world: &World, understood: &Understanding, behalf: Behalf<'_>, session: &str, acted: &mut Acted) {
    for call in understood.calls.iter().filter(|call| is_kept(call)) {
        let arguments = call.to_json(&world.home());
        let came = if let Command::Timer(command) = &call.command {
            world.keep("timer", arguments, behalf, world.timers.change(world, command, behalf, session)).await
        } else {
            world.keep("list", arguments, behalf, lists::change(world, call, behalf)).await
        };
        if let Err(fault) = &came {
            tracing::warn!(session, %fault, "what was said was not kept");
        }
        match came {
            Ok(changes) => {
                acted.changes.extend(changes);
                acted.outcomes.push(call.targets.first().map_or(Outcome::Carried, |list| Outcome::Done(*list)));
            }
            Err(_) if behalf.principal.rights < Rights::Use => {
                acted.unkept.push("You may ask, but not change anything.".to_owned());
            }
            Err(fault) => acted.unkept.push(fault.message),
        }
    }
}

/// Plans every call on the home and carries the steps out.
pub(super) async fn carry_out(world: &World, understood: &Understanding, behalf: Behalf<'_>, session: &str) -> Acted {
    let mut acted = Acted::default();
    acted.beyond.extend(understood.calls.iter().filter_map(beyond));
    let targets = understood.calls.iter().flat_map(|call| &call.targets).copied();
    let mut devices = world.hold_devices(targets).await;
    let held_some = !devices.is_empty();
    move_held(world, understood, behalf, &mut devices, &mut acted).await;
    drop(devices);
    if !acted.unconfirmed {
        keep(world, understood, behalf, session, &mut acted).await;
    }
    if held_some {
        // Reports that came meanwhile and were of no step.
        acted.changes.extend(remote::hear(world));
    }
    acted
}

async fn move_held(
    world: &World,
    understood: &Understanding,
    behalf: Behalf<'_>,
    devices: &mut Held<'_>,
    acted: &mut Acted,
) {
    let mut lines = Some(world.hold_lines().await);
    let steps = planned(world, understood, acted);
    for (place, step) in steps.iter().enumerate() {
        let entity = step.entity;
        let topics = remote::topics(world, entity);
        // A device may be silent for seconds: nobody else's lines wait for it.
        if topics.is_some() {
            lines = None;
        } else if lines.is_none() {
            lines = Some(world.hold_lines().await);
        }
        let done = if place >= CALLS_PER_TURN {
            Err(Fault::new(Code::Full, format!("one sentence moves {CALLS_PER_TURN} things at most")))
        } else if let (Some(topics), Some((_, wanted))) = (&topics, &step.line) {
            remote::drive(world, entity, topics, *wanted, behalf, &mut acted.changes).await
        } else {
            one(world, step, behalf, &mut acted.changes).await
        };
        if steps[place + 1..].iter().all(|later| later.entity != entity) {
            devices.let_go(entity);
        }
        match done {
            Ok(()) => acted.outcomes.push(Outcome::Done(entity)),
            Err(fault) if fault.code == Code::NeedsConfirmation => {
                acted.unconfirmed = true;
                return;
            }
            Err(fault) if fault.code == Code::NotConfirmed => acted.outcomes.push(Outcome::NotConfirmed(entity)),
            Err(fault) => acted.outcomes.push(Outcome::Failed(entity, fault.message)),
        }
    }
}

/// The steps of all calls: what needs a «yes» first, so that a refusal leaves nothing half done; then
/// lines before devices that may be slow.
fn planned(world: &World, understood: &Understanding, acted: &mut Acted) -> Vec<Step> {
    let home = world.home();
    let mut steps = Vec::new();
    for call in understood.calls.iter().filter(|call| !is_kept(call)) {
        let plan = home.plan(call);
        let declined = plan.declined.into_iter().map(|declined| Outcome::Failed(declined.entity, declined.why));
        acted.outcomes.extend(declined);
        steps.extend(plan.steps);
    }
    let remote =
        |entity: EntityRef| home.entity(entity).is_some_and(|entity| matches!(entity.binding, Binding::Mqtt { .. }));
    steps.sort_by_key(|step: &Step| (std::cmp::Reverse(step.tier), remote(step.entity)));
    steps
}

/// Drives one line and believes only what is read back from it. A line that reads something else is driven
/// again, [`REPAIRS`] times at most: values are absolute, so that once more does no harm.
async fn one(world: &World, step: &Step, behalf: Behalf<'_>, changes: &mut Vec<Change>) -> Result<(), Fault> {
    let Some((line, wanted)) = &step.line else {
        return Err(Fault::new(Code::Unavailable, "is not connected to this board"));
    };
    for repair in 0..=REPAIRS {
        if repair > 0 {
            tokio::time::sleep(REPAIR_WAIT).await;
        }
        let read = driven(world, step.entity, (line, *wanted), behalf, changes).await?;
        if lines::same(read, *wanted) {
            return Ok(());
        }
        tracing::warn!(line, ?wanted, ?read, repair, "a line did not take its value");
    }
    Err(Fault::new(Code::NotConfirmed, "the line reads something else"))
}

/// Drives the line once and takes in what it reads then.
async fn driven(
    world: &World,
    entity: EntityRef,
    (line, wanted): (&str, LineValue),
    behalf: Behalf<'_>,
    changes: &mut Vec<Change>,
) -> Result<LineValue, Fault> {
    let driven = world.call("line_set", json!({"line": line, "value": lines::as_number(wanted)}), behalf).await;
    if let Err(fault) = driven {
        return Err(Fault::new(fault.code, format!("could not be switched: {}", fault.message)));
    }
    match lines::value(world, entity, line, behalf).await {
        Ok(read) => {
            changes.extend(world.take_in(|home| home.observe(entity, read)));
            Ok(read)
        }
        Err(fault) => {
            changes.extend(world.take_in(|home| home.observe_lost(entity)));
            Err(Fault::new(fault.code, format!("could not be read back: {}", fault.message)))
        }
    }
}

/// The question before something risky.
pub(super) fn question(home: &Home, understood: &Understanding) -> String {
    let targets = understood.calls.iter().flat_map(|call| &call.targets);
    let names: Vec<_> = targets.filter_map(|entity| home.entity(*entity)).map(|entity| entity.name.as_str()).collect();
    format!("That moves {}. Say «yes» within a minute to do it.", names.join(" and "))
}

/// Outcomes for a program.
pub(super) fn outcomes_json(home: &Home, outcomes: &[Outcome], unkept: &[String]) -> Value {
    let id = |entity: &EntityRef| home.entity(*entity).map(|entity| entity.id.clone());
    let one = |outcome: &Outcome| match outcome {
        Outcome::Done(entity) => json!({"entity": id(entity), "outcome": "done"}),
        Outcome::Carried => json!({"outcome": "done"}),
        Outcome::NotConfirmed(entity) => json!({"entity": id(entity), "outcome": "not_confirmed"}),
        Outcome::Failed(entity, why) => json!({"entity": id(entity), "outcome": "failed", "why": why}),
    };
    let unkept = unkept.iter().map(|why| json!({"outcome": "failed", "why": why}));
    outcomes.iter().map(one).chain(unkept).collect()
}
