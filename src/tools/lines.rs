//! Tools `line_set` and `line_get`: a line of the board by its name, through the line holder.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::arguments::{number, only, text};
use crate::base::{Code, Fault};
use crate::gate::{EVERY_HAND, Job, Manifest, Run, Tier, Tool};
use crate::sandbox::{Class, Holder};
use crate::wire::hand::{Outcome, Work};

/// One line that the holder holds.
#[derive(Clone, Debug)]
pub struct LineUse {
    /// Its name on the board.
    pub name: String,
    /// Whether it may be driven.
    pub writable: bool,
    /// Largest value: 1, or 100 for PWM.
    pub most: f64,
    /// The risk of driving it: that of what hangs on it.
    pub tier: Tier,
}

/// The lines that the holder holds, in its order.
#[derive(Debug)]
pub struct LineTable {
    holder: Arc<Holder>,
    lines: BTreeMap<String, (u32, LineUse)>,
}

impl LineTable {
    /// The table of a holder whose descriptors stand in the order of `lines`.
    #[must_use]
    pub fn new(holder: Holder, lines: Vec<LineUse>) -> Arc<Self> {
        let lines = (0..).zip(lines).map(|(index, line)| (line.name.clone(), (index, line))).collect();
        Arc::new(Self { holder: Arc::new(holder), lines })
    }

    fn find(&self, arguments: &Value) -> Result<&(u32, LineUse), Fault> {
        let name = text(arguments, "line")?;
        self.lines.get(name).ok_or_else(|| {
            let names: Vec<_> = self.lines.keys().map(String::as_str).collect();
            let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            Fault::new(Code::NotFound, format!("no line «{name}» is held; held are: {known}"))
        })
    }

    fn job(&self, work: Work, finish: impl FnOnce(Outcome) -> Result<Value, Fault> + Send + 'static) -> Job {
        let finish = Box::new(move |mut outcomes: Vec<Outcome>| match outcomes.pop() {
            Some(Outcome::Failed(fault)) => Err(fault),
            Some(outcome) => finish(outcome),
            None => Err(Fault::new(Code::Internal, "the line holder had nothing to do")),
        });
        Job { run: Run::Held { holder: Arc::clone(&self.holder), work: vec![work] }, finish }
    }

    /// All lines in one call: one record, however many there are.
    fn job_of_all(&self) -> Job {
        let mut lines: Vec<_> = self.lines.values().map(|(index, line)| (*index, line.name.clone())).collect();
        lines.sort_unstable();
        let work = lines.iter().map(|(line, _)| Work::LineGet { line: *line }).collect();
        let finish = Box::new(move |outcomes: Vec<Outcome>| {
            let (mut values, mut faults) = (serde_json::Map::new(), serde_json::Map::new());
            for ((_, name), outcome) in lines.into_iter().zip(outcomes) {
                match outcome {
                    Outcome::Number(value) => values.insert(name, json!(value)),
                    Outcome::Failed(fault) => faults.insert(name, json!(fault.message)),
                    other => return Err(Fault::new(Code::Garbage, format!("line_get answered {other:?}"))),
                };
            }
            Ok(json!({"values": values, "faults": faults}))
        });
        Job { run: Run::Held { holder: Arc::clone(&self.holder), work }, finish }
    }
}

/// Drives a line.
#[derive(Debug)]
pub struct LineSet {
    manifest: Manifest,
    table: Arc<LineTable>,
}

impl LineSet {
    /// See the module.
    #[must_use]
    pub fn new(table: Arc<LineTable>) -> Self {
        let manifest = Manifest {
            name: "line_set",
            purpose: "Drives a line of the board: 0 or 1, or 0 to 100 for a dimmable one",
            arguments: json!({
                "type": "object", "required": ["line", "value"], "additionalProperties": false,
                "properties": {"line": {"type": "string"}, "value": {"type": "number", "minimum": 0, "maximum": 100}}
            }),
            class: Some(Class::Lines),
            needs: EVERY_HAND,
            tier: Tier::Changes,
            idempotent: true,
        };
        Self { manifest, table }
    }
}

impl Tool for LineSet {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn tier(&self, arguments: &Value) -> Tier {
        self.table.find(arguments).map_or(self.manifest.tier, |(_, line)| line.tier)
    }

    fn prepare(&self, arguments: &Value) -> Result<Job, Fault> {
        only(arguments, &["line", "value"])?;
        let (index, line) = self.table.find(arguments)?;
        let value = number(arguments, "value")?;
        if !line.writable {
            return Err(Fault::new(Code::Refused, format!("line «{}» can only be read", line.name)));
        }
        if !(0.0..=line.most).contains(&value) || (line.most <= 1.0 && value.fract() != 0.0) {
            let message = format!("line «{}» takes 0 to {}, not {value}", line.name, line.most);
            return Err(Fault::new(Code::BadInput, message));
        }
        Ok(self.table.job(Work::LineSet { line: *index, value }, |outcome| match outcome {
            Outcome::Done => Ok(json!({"driven": true})),
            other => Err(Fault::new(Code::Garbage, format!("line_set answered {other:?}"))),
        }))
    }
}

/// Reads a line.
#[derive(Debug)]
pub struct LineGet {
    manifest: Manifest,
    table: Arc<LineTable>,
}

impl LineGet {
    /// See the module.
    #[must_use]
    pub fn new(table: Arc<LineTable>) -> Self {
        let manifest = Manifest {
            name: "line_get",
            purpose: "What is on a line of the board now, or on all of them",
            arguments: json!({
                "type": "object", "additionalProperties": false,
                "properties": {"line": {"type": "string"}}
            }),
            class: Some(Class::Lines),
            needs: EVERY_HAND,
            tier: Tier::Looks,
            idempotent: true,
        };
        Self { manifest, table }
    }
}

impl Tool for LineGet {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn prepare(&self, arguments: &Value) -> Result<Job, Fault> {
        only(arguments, &["line"])?;
        if arguments.get("line").is_none() {
            return Ok(self.table.job_of_all());
        }
        let (index, _) = self.table.find(arguments)?;
        Ok(self.table.job(Work::LineGet { line: *index }, |outcome| match outcome {
            Outcome::Number(value) => Ok(json!({"value": value})),
            other => Err(Fault::new(Code::Garbage, format!("line_get answered {other:?}"))),
        }))
    }
}
