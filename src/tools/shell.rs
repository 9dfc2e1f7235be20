//! Tool `shell`: a command in the workspace, run by foreign programs behind every wall that there is.
//!
//! The text guard says no early and readably; what holds is the kernel's. A person confirms every call.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::arguments::{only, text};
use super::workspace::Workspace;
use crate::base::limits::{COMMAND_BYTES, SHELL_WALL};
use crate::base::{Code, Fault};
use crate::gate::{Job, Manifest, Need, Run, Tier, Tool};
use crate::guard::shell::{Verdict, judge};
use crate::sandbox::{Class, Wall};
use crate::wire::hand::{Outcome, Ran, Work};

/// See the module.
#[derive(Debug)]
pub struct Shell {
    manifest: Manifest,
    workspace: Arc<Workspace>,
    guarded: bool,
}

impl Shell {
    /// The tool on this workspace; without the text guard only in tests of what lies behind it.
    #[must_use]
    pub fn new(workspace: Arc<Workspace>, guarded: bool) -> Self {
        let seconds = SHELL_WALL.as_secs();
        let manifest = Manifest {
            name: "shell",
            purpose: "Runs a command in the workspace: only the workspace can be written, there is no network",
            arguments: json!({
                "type": "object", "required": ["command"], "additionalProperties": false,
                "properties": {
                    "command": {"type": "string", "maxLength": COMMAND_BYTES},
                    "seconds": {"type": "integer", "minimum": 1, "maximum": seconds}
                }
            }),
            class: Some(Class::Shell),
            needs: NEEDS,
            tier: Tier::Risky,
            idempotent: false,
        };
        Self { manifest, workspace, guarded }
    }
}

/// Files are kept by one of two walls; the network by the filter, which has no socket.
const NEEDS: &[Need] = &[Need::All(&[Wall::Seccomp, Wall::Rlimits]), Need::Any(&[Wall::MountNs, Wall::LandlockFiles])];

impl Tool for Shell {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn prepare(&self, arguments: &Value) -> Result<Job, Fault> {
        only(arguments, &["command", "seconds"])?;
        let command = text(arguments, "command")?.to_owned();
        if command.len() > COMMAND_BYTES || command.contains('\0') {
            return Err(Fault::new(Code::BadInput, format!("a command has at most {COMMAND_BYTES} bytes and no NUL")));
        }
        if self.guarded
            && let Verdict::Deny(why) = judge(&command)
        {
            return Err(Fault::new(Code::Refused, format!("this command is not run: {why}")));
        }
        let wall = wall(arguments)?;
        let wall_ms = u32::try_from(wall.as_millis()).unwrap_or(u32::MAX);
        let descriptors = vec![self.workspace.folder()?];
        let work = vec![Work::RunCommand { command, wall_ms }];
        let finish = Box::new(|outcomes: Vec<Outcome>| match outcomes.into_iter().next() {
            Some(Outcome::Ran(ran)) => Ok(told(&ran)),
            other => Err(Fault::new(Code::Garbage, format!("shell answered {other:?}"))),
        });
        Ok(Job { run: Run::Once { class: Class::Shell, descriptors, work }, finish })
    }
}

fn wall(arguments: &Value) -> Result<Duration, Fault> {
    let Some(value) = arguments.get("seconds") else { return Ok(SHELL_WALL) };
    let most = SHELL_WALL.as_secs();
    match value.as_u64() {
        Some(seconds) if (1..=most).contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err(Fault::new(Code::BadInput, format!("argument «seconds» is 1 to {most}"))),
    }
}

fn told(ran: &Ran) -> Value {
    let output = String::from_utf8_lossy(&ran.output);
    let mut told = json!({"status": ran.status, "output": output});
    if ran.signal != 0 {
        told["signal"] = json!(ran.signal);
    }
    if ran.cut {
        told["cut"] = json!(true);
    }
    if !ran.ended_by.is_empty() {
        told["ended_by"] = json!(ran.ended_by);
    }
    told
}
