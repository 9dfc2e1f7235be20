//! `hearth keeper`: ask the secrets helper how it is, enrol the brain's session key, end sessions.
//!
//! Exit code of `status`: 0 where the keeper answers and is sealed, 1 otherwise.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::base::Fault;
use crate::keeper::message::{State, Vault};
use crate::keeper::{Client, DEFAULT_SOCKET, KeeperFault, enrol};

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
    /// Makes a session key for the brain and has the keeper remember it
    Enrol(EnrolArgs),
    /// Ends every session with the keeper but this command's own
    Revoke(StatusArgs),
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

#[derive(Debug, clap::Args)]
struct EnrolArgs {
    /// The brain's uid
    #[arg(long, value_name = "N")]
    uid: u32,
    /// Where the session key goes: a new file, mode 0600, the brain's own
    #[arg(long, value_name = "PATH")]
    key: PathBuf,
    #[command(flatten)]
    at: StatusArgs,
}

/// Runs the command.
#[must_use]
pub fn run(args: KeeperArgs) -> ExitCode {
    match args.command {
        Command::Status(args) => status(&args),
        Command::Enrol(args) => done(enrol(&args), args.at.json),
        Command::Revoke(args) => done(revoke(&args), args.json),
    }
}

fn enrol(args: &EnrolArgs) -> Result<String, Fault> {
    let mut client = Client::connect(&args.at.socket)?;
    client.administer()?;
    let secret = enrol::make(&args.key, args.uid)?;
    if let Err(fault) = client.enrol(args.uid, secret.public()) {
        // A key that the keeper does not know is of no use, and would be in the way of the next try.
        let _made_above = std::fs::remove_file(&args.key);
        return Err(fault.into());
    }
    Ok(format!("uid {} is enrolled with the key in {}", args.uid, args.key.display()))
}

fn revoke(args: &StatusArgs) -> Result<String, Fault> {
    let mut client = Client::connect(&args.socket)?;
    client.administer()?;
    Ok(format!("sessions ended: {}", client.revoke()?))
}

fn done(result: Result<String, Fault>, json: bool) -> ExitCode {
    match result {
        Ok(text) if json => super::print_json(&json!({ "ok": true, "done": text })),
        Ok(text) => super::print(&format!("{text}\n")),
        Err(fault) => return super::fail(&fault, json),
    }
    ExitCode::SUCCESS
}

fn status(args: &StatusArgs) -> ExitCode {
    let asked = ask(args);
    let sealed = matches!(&asked, Ok((state, ..)) if state.missing.is_empty());
    let text = match (&asked, args.json) {
        (Ok((state, vault, names)), true) => format!("{}\n", to_json(state, *vault, names)),
        (Ok((state, vault, names)), false) => to_text(state, *vault, names),
        (Err(fault), true) => format!("{}\n", json!({ "running": false, "fault": fault })),
        (Err(fault), false) => format!("{fault}\n"),
    };
    super::print(&text);
    if sealed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn ask(args: &StatusArgs) -> Result<(State, Vault, Vec<String>), Fault> {
    let asked = Client::connect(&args.socket).and_then(|mut client| {
        let state = client.status()?;
        // Names are for the brain and administrators; the rest of the status is for whoever may connect.
        let (vault, names) = match client.administer().and_then(|()| client.names()) {
            Err(KeeperFault::Refused(_)) => (state.vault, Vec::new()),
            other => other?,
        };
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
        "note": state.note,
        "key": state.key,
        "separated": state.separated,
        "sessions": state.sessions,
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
        Vault::Open => format!("vault: open, master key from {}", state.key),
        Vault::Locked => format!("vault: LOCKED: {}", state.note),
    };
    let separated = if state.separated {
        "separated: the brain runs under another uid"
    } else {
        "keeper: not separated (it runs under the brain's uid: file modes do not hold the brain off the vault)"
    };
    let names = if names.is_empty() { "no secrets".to_owned() } else { format!("secrets: {}", names.join(", ")) };
    let who = format!("keeper {}: pid {}, uid {}", state.program, state.pid, state.uid);
    format!("{who}\n{sealed}\n{separated}\n{vault}\n{names}\n")
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
            sessions: 0,
            note: String::new(),
            key: String::new(),
            separated: false,
        }
    }

    #[test]
    fn a_missing_wall_is_never_called_sealed() {
        let vault = Vault::NotInitialised;
        assert!(to_text(&state(&[]), vault, &[]).contains("vault: not initialised\nno secrets"));
        assert!(to_text(&state(&["rlimits"]), vault, &[]).contains("NOT SEALED: missing rlimits"));
        assert!(to_text(&state(&[]), vault, &[]).contains("\nsealed: no_new_privs\nkeeper: not separated"));
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
