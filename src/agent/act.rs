//! Carries calls out step by step: drive, read back, compare.

use serde_json::{Value, json};

use super::{Behalf, Parts, lines, remote};
use crate::base::limits::CALLS_PER_TURN;
use crate::base::{Code, Fault};
use crate::home::{Call, Change, Command, EntityRef, Home, LineValue, Step};
use crate::intent::{Outcome, Understanding};

/// What came of an understanding.
pub(super) struct Acted {
    /// One outcome for each entity.
    pub(super) outcomes: Vec<Outcome>,
    /// What is different now, as read back.
    pub(super) changes: Vec<Change>,
    /// Whether nothing was done because a person has to confirm first.
    pub(super) unconfirmed: bool,
    /// What was understood and has nobody to do it.
    pub(super) beyond: Vec<&'static str>,
}

/// What a call without devices asks for, and this agent cannot do: it must not be claimed.
fn beyond(call: &Call) -> Option<&'static str> {
    if !call.targets.is_empty() {
        return None;
    }
    Some(match call.command {
        Command::Timer(_) => "keep timers",
        Command::AddItem(_) | Command::CompleteItem(_) | Command::RemoveItem(_) => "keep lists",
        Command::Broadcast(_) => "speak to other rooms",
        _ => "do that",
    })
}

/// Plans every call on the home and carries the steps out.
pub(super) async fn carry_out(parts: &mut Parts, understood: &Understanding, behalf: Behalf<'_>) -> Acted {
    let mut acted = Acted { outcomes: Vec::new(), changes: Vec::new(), unconfirmed: false, beyond: Vec::new() };
    acted.beyond.extend(understood.calls.iter().filter_map(beyond));
    let mut steps = Vec::new();
    for call in &understood.calls {
        let plan = parts.home.plan(call);
        let declined = plan.declined.into_iter().map(|declined| Outcome::Failed(declined.entity, declined.why));
        acted.outcomes.extend(declined);
        steps.extend(plan.steps);
    }
    // What needs a «yes» is asked for before anything moves, so that a refusal leaves nothing half done.
    steps.sort_by_key(|step| std::cmp::Reverse(step.tier));
    for (place, step) in steps.into_iter().enumerate() {
        let entity = step.entity;
        let done = if place < CALLS_PER_TURN {
            one(parts, &step, behalf, &mut acted.changes).await
        } else {
            Err(Fault::new(Code::Full, format!("one sentence moves {CALLS_PER_TURN} things at most")))
        };
        match done {
            Ok(()) => acted.outcomes.push(Outcome::Done(entity)),
            Err(fault) if fault.code == Code::NeedsConfirmation => {
                acted.unconfirmed = true;
                return acted;
            }
            Err(fault) if fault.code == Code::NotConfirmed => acted.outcomes.push(Outcome::NotConfirmed(entity)),
            Err(fault) => acted.outcomes.push(Outcome::Failed(entity, fault.message)),
        }
    }
    acted
}

/// Drives one line and believes only what is read back from it.
async fn one(parts: &mut Parts, step: &Step, behalf: Behalf<'_>, changes: &mut Vec<Change>) -> Result<(), Fault> {
    let Some((line, wanted)) = &step.line else {
        return Err(Fault::new(Code::Unavailable, "is not connected to this board"));
    };
    if remote::is_remote(parts, step.entity) {
        return remote::drive(parts, step.entity, *wanted, behalf, changes).await;
    }
    let driven = parts.call("line_set", json!({"line": line, "value": lines::as_number(*wanted)}), behalf).await;
    if let Err(fault) = driven {
        return Err(Fault::new(fault.code, format!("could not be switched: {}", fault.message)));
    }
    let read = match lines::value(parts, step.entity, line, behalf).await {
        Ok(read) => read,
        Err(fault) => {
            changes.extend(parts.home.observe_lost(step.entity));
            return Err(Fault::new(fault.code, format!("could not be read back: {}", fault.message)));
        }
    };
    changes.extend(parts.home.observe(step.entity, read));
    if same(read, *wanted) {
        return Ok(());
    }
    tracing::warn!(line, ?wanted, ?read, "a line did not take its value");
    Err(Fault::new(Code::NotConfirmed, "the line reads something else"))
}

/// Whether a line shows what it was driven to; PWM periods may round by one percent.
pub(super) fn same(read: LineValue, wanted: LineValue) -> bool {
    match (read, wanted) {
        (LineValue::Percent(read), LineValue::Percent(wanted)) => read.abs_diff(wanted) <= 1,
        (read, wanted) => (lines::as_number(read) - lines::as_number(wanted)).abs() < f64::EPSILON,
    }
}

/// The question before something risky.
pub(super) fn question(home: &Home, understood: &Understanding) -> String {
    let targets = understood.calls.iter().flat_map(|call| &call.targets);
    let names: Vec<_> = targets.filter_map(|entity| home.entity(*entity)).map(|entity| entity.name.as_str()).collect();
    format!("That moves {}. Say «yes» within a minute to do it.", names.join(" and "))
}

/// Outcomes for a program.
pub(super) fn outcomes_json(home: &Home, outcomes: &[Outcome]) -> Value {
    let id = |entity: &EntityRef| home.entity(*entity).map(|entity| entity.id.clone());
    let one = |outcome: &Outcome| match outcome {
        Outcome::Done(entity) => json!({"entity": id(entity), "outcome": "done"}),
        Outcome::Carried => json!({"outcome": "done"}),
        Outcome::NotConfirmed(entity) => json!({"entity": id(entity), "outcome": "not_confirmed"}),
        Outcome::Failed(entity, why) => json!({"entity": id(entity), "outcome": "failed", "why": why}),
    };
    outcomes.iter().map(one).collect()
}
