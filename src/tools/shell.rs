//! Tool `shell`: a command in the workspace, run by foreign programs behind every wall that there is.
//!
//! The text guard says no early and readably; what holds is the kernel's. A person confirms every call.
//! Secrets that the settings allow are given to it on standard input or a descriptor; then it writes nothing
//! but a private `/tmp`, and what it says is looked through for them by the hand.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::arguments::{only, text};
use super::workspace::Workspace;
use crate::base::limits::{COMMAND_BYTES, HAND_TICKETS, SHELL_GIVEN_FIRST, SHELL_GIVEN_LAST, SHELL_WALL};
use crate::base::{Code, Fault};
use crate::gate::command::{Command, Way};
use crate::gate::web::Purse;
use crate::gate::{Job, Manifest, Need, Run, Tier, Tool};
use crate::guard::shell::{Verdict, judge};
use crate::sandbox::{Class, Wall};
use crate::wire::hand::{Outcome, Ran};

/// See the module.
#[derive(Debug)]
pub struct Shell {
    manifest: Manifest,
    workspace: Arc<Workspace>,
    guarded: bool,
    secrets: Vec<String>,
    purse: Option<Purse>,
}

impl Shell {
    /// The tool on this workspace; without the text guard only in tests of what lies behind it. `secrets` are the
    /// names of those that a command may be given, `purse` buys their tickets.
    #[must_use]
    pub fn new(workspace: Arc<Workspace>, guarded: bool, secrets: Vec<String>, purse: Option<Purse>) -> Self {
        let seconds = SHELL_WALL.as_secs();
        let manifest = Manifest {
            name: "shell",
            purpose: "Runs a command in the workspace: only the workspace can be written, there is no network",
            arguments: json!({
                "type": "object", "required": ["command"], "additionalProperties": false,
                "properties": {
                    "command": {"type": "string", "maxLength": COMMAND_BYTES},
                    "seconds": {"type": "integer", "minimum": 1, "maximum": seconds},
                    "secrets": {
                        "type": "array", "maxItems": HAND_TICKETS,
                        "description": "Secrets of the vault that the command is given; it cannot write files then",
                        "items": {
                            "type": "object", "required": ["name", "on"], "additionalProperties": false,
                            "properties": {
                                "name": {"type": "string"},
                                "on": {
                                    "description": "stdin, or the number of a descriptor",
                                    "oneOf": [
                                        {"const": "stdin"},
                                        {"type": "integer", "minimum": SHELL_GIVEN_FIRST, "maximum": SHELL_GIVEN_LAST}
                                    ]
                                }
                            }
                        }
                    }
                }
            }),
            class: Some(Class::Shell),
            needs: NEEDS,
            tier: Tier::Risky,
            idempotent: false,
        };
        Self { manifest, workspace, guarded, secrets, purse }
    }
}

/// Files are kept by one of two walls; the network by the filter, which has no socket.
const NEEDS: &[Need] = &[Need::All(&[Wall::Seccomp, Wall::Rlimits]), Need::Any(&[Wall::MountNs, Wall::LandlockFiles])];

impl Tool for Shell {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn prepare(&self, arguments: &Value) -> Result<Job, Fault> {
        only(arguments, &["command", "seconds", "secrets"])?;
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
        let secrets = self.secrets(arguments)?;
        let folder = self.workspace.folder()?;
        let run = Command { tool: "shell", folder, command, wall, secrets, purse: self.purse.clone() };
        let finish = Box::new(|outcomes: Vec<Outcome>| match outcomes.into_iter().next() {
            Some(Outcome::Ran(ran)) => Ok(told(&ran)),
            other => Err(Fault::new(Code::Garbage, format!("shell answered {other:?}"))),
        });
        Ok(Job { run: Run::Command(Box::new(run)), finish })
    }
}

impl Shell {
    /// What the command is given, where the settings allow it.
    fn secrets(&self, arguments: &Value) -> Result<Vec<(String, Way)>, Fault> {
        let bad = |what: String| Fault::new(Code::BadInput, what);
        let Some(wanted) = arguments.get("secrets") else { return Ok(Vec::new()) };
        let wanted = wanted.as_array().ok_or_else(|| bad("argument «secrets» is a list".into()))?;
        let mut secrets: Vec<(String, Way)> = Vec::with_capacity(wanted.len());
        for secret in wanted {
            only(secret, &["name", "on"])?;
            let name = text(secret, "name")?.to_owned();
            let range = i64::from(SHELL_GIVEN_FIRST)..=i64::from(SHELL_GIVEN_LAST);
            let number = secret["on"].as_i64().filter(|number| range.contains(number));
            let way = match (secret["on"].as_str(), number.and_then(|number| i32::try_from(number).ok())) {
                (Some("stdin"), _) => Way::Stdin,
                (None, Some(number)) => Way::Descriptor(number),
                _ => {
                    let numbers = format!("{SHELL_GIVEN_FIRST} to {SHELL_GIVEN_LAST}");
                    return Err(bad(format!("a secret is given on stdin or on a descriptor, {numbers}")));
                }
            };
            if !self.secrets.contains(&name) {
                let message = format!(
                    "no command is given the secret «{name}»; shell.secrets in the settings names those that may be"
                );
                return Err(Fault::new(Code::Refused, message));
            }
            if secrets.iter().any(|(_, taken)| *taken == way) {
                return Err(bad("two secrets cannot go to one place".into()));
            }
            secrets.push((name, way));
        }
        Ok(secrets)
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
