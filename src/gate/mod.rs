//! The one way to a tool: manifest, decision, begin record, hand, end record.
//!
//! Only the gate holds the spawner's [`Hands`]: a tool can describe a piece of work, never do it.
//! Every call, refused ones included, leaves one *begin* and one *end* record under one id; a begin
//! without an end is closed at the next start as «outcome unknown».

#![forbid(unsafe_code)]

pub mod command;
mod decision;
pub mod link;
mod manifest;
mod run;
pub mod web;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;

pub use decision::{Decision, decide};
pub use manifest::{EVERY_HAND, Manifest, Need, Tier};
pub use run::{Inside, Job, Run, Tool};

use crate::base::limits::ARGUMENT_BYTES;
use crate::base::{Code, Fault, Id};
use crate::bus::Principal;
use crate::guard::leak;
use crate::sandbox::Hands;
use crate::store::{BeginCall, EndCall, Kind, Store};

/// One wish to use a tool.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// The tool's name.
    pub tool: &'a str,
    /// Its arguments, a JSON object.
    pub arguments: Value,
    /// On whose behalf.
    pub principal: &'a Principal,
    /// The message that caused it.
    pub trace: Id,
    /// Whether a person has confirmed exactly this call.
    pub confirmed: bool,
}

/// The registry of tools and the pipeline to them.
pub struct Gate {
    tools: BTreeMap<&'static str, Box<dyn Tool>>,
    hands: Hands,
    store: Store,
    suspended: watch::Sender<bool>,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("tools", &self.tools.keys()).finish_non_exhaustive()
    }
}

impl Gate {
    /// A gate to these tools.
    #[must_use]
    pub fn new(tools: Vec<Box<dyn Tool>>, hands: Hands, store: Store) -> Arc<Self> {
        let tools = tools.into_iter().map(|tool| (tool.manifest().name, tool)).collect();
        Arc::new(Self { tools, hands, store, suspended: watch::Sender::new(false) })
    }

    /// Stops every call now, running ones included, and refuses all later ones; or lets them through again.
    pub fn suspend(&self, suspended: bool) {
        self.suspended.send_replace(suspended);
    }

    /// Whether calls are refused.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        *self.suspended.borrow()
    }

    /// The manifests of the tools that a model may be offered, by name.
    pub fn offered(&self) -> impl Iterator<Item = &Manifest> {
        self.tools.values().filter(|tool| tool.offered()).map(|tool| tool.manifest())
    }

    /// The manifests of all tools, by name.
    pub fn manifests(&self) -> impl Iterator<Item = &Manifest> {
        self.tools.values().map(|tool| tool.manifest())
    }

    /// Puts a call through: decision, begin record, hand, end record.
    ///
    /// # Errors
    /// [`Code::NotFound`] for an unknown tool, [`Code::Refused`] with the reason, the hand's fault else.
    pub async fn call(&self, call: Call<'_>) -> Result<Value, Fault> {
        let (tool, decision) = self.decided(&call);
        let decision = match (tool, decision) {
            (Some(tool), Decision::Allow) => self.walled(tool.manifest()).await,
            (_, other) => other,
        };
        let began = std::time::Instant::now();
        let id = self.begin(&call, tool, &decision).await?;
        let outcome = match (tool, decision) {
            (Some(tool), Decision::Allow) => {
                let mut stop = self.suspended.subscribe();
                tokio::select! {
                    // Asked first: what is suspended does not begin.
                    biased;
                    _ = stop.wait_for(|stopped| *stopped) => Err(interrupted(call.tool)),
                    done = self.perform(tool, &call) => done,
                }
            }
            (_, Decision::Ask(reason) | Decision::Refuse(reason)) => Err(reason),
            (None, Decision::Allow) => Err(self.unknown(call.tool)),
        };
        let (outcome, filtered) = cleaned(outcome);
        let noted =
            if filtered > 0 { format!("{filtered} that looked like secrets were taken out") } else { String::new() };
        self.end(id, &outcome, noted, began.elapsed()).await;
        outcome
    }

    /// Puts a change of what the caller keeps itself (timers, lists) through: the same decision and records.
    ///
    /// `doing` runs only where it is allowed, and to its end: half a change would be worse than a late one.
    ///
    /// # Errors
    /// As [`Gate::call`]; else what `doing` says.
    pub async fn keep<T>(&self, call: Call<'_>, doing: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let (tool, decision) = self.decided(&call);
        let began = std::time::Instant::now();
        let id = self.begin(&call, tool, &decision).await?;
        let outcome = match decision {
            Decision::Allow => doing.await,
            Decision::Ask(reason) | Decision::Refuse(reason) => Err(reason),
        };
        self.end(id, &outcome, String::new(), began.elapsed()).await;
        outcome
    }

    fn decided(&self, call: &Call<'_>) -> (Option<&dyn Tool>, Decision) {
        let tool = self.tools.get(call.tool).map(AsRef::as_ref);
        let decision = tool.map_or_else(
            || Decision::Refuse(self.unknown(call.tool)),
            |tool| decide(tool.manifest(), tool.tier(&call.arguments), call),
        );
        (tool, if self.is_suspended() { Decision::Refuse(suspended(call.tool)) } else { decision })
    }

    async fn end<T>(&self, id: Id, outcome: &Result<T, Fault>, noted: String, took: std::time::Duration) {
        let end = EndCall {
            outcome: outcome.as_ref().map(|_| ()).map_err(|fault| fault.code),
            detail: outcome.as_ref().err().map_or(noted, |fault| fault.message.clone()),
            took,
        };
        if let Err(fault) = self.store.end_call(id, end).await {
            tracing::error!(%fault, call = %id, "the end of a call was not recorded");
        }
    }

    /// Whether the walls that the tool needs stand around its class of hand.
    async fn walled(&self, manifest: &Manifest) -> Decision {
        // No hand, no walls: a channel does it, with what it holds already.
        let Some(class) = manifest.class else { return Decision::Allow };
        // Every hand has these or is not made: no need to wait for the probe, but once it has spoken, it is heard.
        if manifest.needs == EVERY_HAND && self.hands.lowered().is_empty() {
            let report = self.hands.walls_so_far();
            let breached =
                report.iter().flat_map(|report| manifest.needs.iter().filter_map(|n| n.breached(class, report)));
            return stand(manifest, &breached.collect::<Vec<_>>());
        }
        let report = match self.hands.walls().await {
            Ok(report) => report,
            Err(fault) => return Decision::Refuse(fault),
        };
        let unmet: Vec<_> = manifest.needs.iter().filter_map(|need| need.unmet(class, &report)).collect();
        stand(manifest, &unmet)
    }

    async fn begin(&self, call: &Call<'_>, tool: Option<&dyn Tool>, decision: &Decision) -> Result<Id, Fault> {
        let recorded = tool.map(|tool| tool.recorded(&call.arguments));
        let begin = BeginCall {
            trace: call.trace,
            tool: call.tool.to_owned(),
            principal: call.principal.name.clone(),
            args: recorded.as_ref().unwrap_or(&call.arguments).to_string(),
            decision: decision.recorded(),
            reason: decision.reason().unwrap_or_default().to_owned(),
        };
        self.store.begin_call(begin, kind(tool.map(Tool::manifest))).await.map_err(|error| {
            let fault = Fault::from(error);
            Fault::new(
                fault.code,
                format!("{} was not called, because it could not be recorded: {}", call.tool, fault.message),
            )
        })
    }

    async fn perform(&self, tool: &dyn Tool, call: &Call<'_>) -> Result<Value, Fault> {
        let arguments = &call.arguments;
        if arguments.to_string().len() > ARGUMENT_BYTES {
            return Err(Fault::new(Code::BadInput, format!("arguments have at most {ARGUMENT_BYTES} bytes")));
        }
        let job = tool.prepare_for(arguments, call.principal)?;
        let outcomes = job.run.perform(&self.hands).await?;
        (job.finish)(outcomes)
    }

    fn unknown(&self, name: &str) -> Fault {
        let names: Vec<_> = self.tools.keys().copied().collect();
        Fault::new(
            Code::NotFound,
            format!(
                "there is no tool «{}»; there are {}",
                &name[..name.floor_char_boundary(NAME_SHOWN)],
                names.join(", ")
            ),
        )
    }
}

/// Whether the walls of a tool stand, by what speaks against it.
fn stand(manifest: &Manifest, unmet: &[String]) -> Decision {
    if unmet.is_empty() {
        return Decision::Allow;
    }
    let message = format!("{} needs walls that do not stand here: {}", manifest.name, unmet.join("; "));
    Decision::Refuse(Fault::new(Code::Refused, message))
}

fn suspended(tool: &str) -> Fault {
    Fault::new(Code::Refused, format!("{tool} is not called while Hearth is suspended; hearth resume ends that"))
}

/// A call that ran when everything was stopped: its hand is gone, what it had done by then is not known.
fn interrupted(tool: &str) -> Fault {
    let message = format!("{tool} was stopped because Hearth was suspended; whether it took effect is not known");
    Fault::new(Code::OutcomeUnknown, message)
}

/// What comes back from a hand, without what looks like a secret, and how many such places there were.
fn cleaned(outcome: Result<Value, Fault>) -> (Result<Value, Fault>, usize) {
    match outcome {
        Ok(mut value) => {
            let filtered = leak::clean_json(&mut value, leak::Policy::Secrets);
            if filtered > 0 {
                tracing::warn!(filtered, "a tool's result held what looks like secrets; they were taken out");
            }
            (Ok(value), filtered)
        }
        Err(fault) => (Err(Fault::new(fault.code, leak::clean(&fault.message, leak::Policy::Secrets))), 0),
    }
}

/// Idempotent acts without risk answer before their record is on disk; all others wait for it.
fn kind(manifest: Option<&Manifest>) -> Kind {
    match manifest {
        Some(manifest) if !manifest.idempotent || manifest.tier == Tier::Risky => Kind::BeginOnce,
        _ => Kind::BeginIdempotent,
    }
}

/// Longest name repeated to the caller, in bytes.
const NAME_SHOWN: usize = 64;
