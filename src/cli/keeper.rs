//! `hearth keeper`: ask the secrets helper how it is.
//!
//! Exit code 0 where the keeper answers and is sealed, 1 otherwise.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::base::Fault;
use crate::keeper::message::{State, Vault};
use crate::keeper::{Client, DEFAULT_SOCKET, KeeperFault};

/// `hearth keeper …`
#[derive(Debug, clap::Args)]
pub struct KeeperArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Whether the keeper runs, how it is sealed, and the names of the secrets in it
    Status(StatusArgs),
}

#[derive(Debug, clap::Args)]
struct StatusArgs {
    /// The keeper's socket
    #[arg(long, value_name = "PATH", default_value = DEFAULT_SOCKET)]
    socket: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
#[must_use]
pub fn run(args: KeeperArgs) -> ExitCode {
    let Command::Status(args) = args.command;
    let asked = ask(&args);
    let sealed = matches!(&asked, Ok((state, ..)) if state.missing.is_empty());
    let text = match (&asked, args.json) {
        (Ok((state, vault, names)), true) => format!("{}\n", to_json(state, *vault, names)),
        (Ok((state, vault, names)), false) => to_text(state, *vault, names),
        (Err(fault), true) => format!("{}\n", json!({ "running": false, "fault": fault })),
        (Err(fault), false) => format!("{fault}\n"),
    };
    // A reader that went away is no fault of ours.
    let _ = io::stdout().write_all(text.as_bytes());
    if sealed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn ask(args: &StatusArgs) -> Result<(State, Vault, Vec<String>), Fault> {
    let asked = Client::connect(&args.socket).and_then(|mut client| {
        let state = client.status()?;
        let (vault, names) = client.names()?;
        Ok::<_, KeeperFault>((state, vault, names))
    });
    asked.map_err(Fault::from)
}

fn to_json(state: &State, vault: Vault, names: &[String]) -> Value {
    json!({
        "running": true,
        "version": state.program,
        "pid": state.pid,
        "uid": state.uid,
        "uptime_ms": state.uptime_ms,
        "clients": state.clients,
        "sealed": state.missing.is_empty(),
        "walls": state.walls,
        "missing": state.missing,
        "vault": vault.word(),
        "names": names,
    })
}

fn to_text(state: &State, vault: Vault, names: &[String]) -> String {
    let sealed = match state.missing.as_slice() {
        [] => format!("sealed: {}", state.walls.join(", ")),
        missing => format!("NOT SEALED: missing {}; holding {}", missing.join(", "), state.walls.join(", ")),
    };
    let vault = match vault {
        Vault::NotInitialised => "vault: not initialised".to_owned(),
    };
    let names = if names.is_empty() { "no secrets".to_owned() } else { format!("secrets: {}", names.join(", ")) };
    let who = format!("keeper {}: pid {}, uid {}", state.program, state.pid, state.uid);
    format!("{who}\n{sealed}\n{vault}\n{names}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(missing: &[&str]) -> State {
        State {
            program: "1.2.3".to_owned(),
            pid: 7,
            uid: 8,
            uptime_ms: 9,
            clients: 1,
            walls: vec!["no_new_privs".to_owned()],
            missing: missing.iter().map(|&wall| wall.to_owned()).collect(),
            vault: Vault::NotInitialised,
        }
    }

    #[test]
    fn a_missing_wall_is_never_called_sealed() {
        let vault = Vault::NotInitialised;
        assert!(
            to_text(&state(&[]), vault, &[]).contains("\nsealed: no_new_privs\nvault: not initialised\nno secrets")
        );
        assert!(to_text(&state(&["rlimits"]), vault, &[]).contains("NOT SEALED: missing rlimits"));
        assert_eq!(to_json(&state(&["rlimits"]), vault, &[])["sealed"], false);
        assert_eq!(to_json(&state(&[]), vault, &["a".to_owned()])["names"][0], "a");
    }

    #[test]
    fn no_keeper_is_exit_code_1() {
        let args = StatusArgs { socket: "/nonexistent/keeper.sock".into(), json: true };
        assert_eq!(ask(&args).unwrap_err().code, crate::base::Code::Unavailable);
        assert_eq!(run(KeeperArgs { command: Command::Status(args) }), ExitCode::FAILURE);
    }
}
