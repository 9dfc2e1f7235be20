//! `hearth secret`: the vault's administration, for root and the admin group.
//!
//! A value comes from a prompt without echo, or from standard input; never from the command line,
//! which every process of the board can read.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::ExitCode;

use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use serde_json::{Value as Json, json};
use zeroize::Zeroizing;

use crate::base::{Code, Fault, limits};
use crate::keeper::message::Value;
use crate::keeper::{Client, DEFAULT_SOCKET, armor};

/// `hearth secret …`
#[derive(Debug, clap::Args)]
pub struct SecretArgs {
    #[command(subcommand)]
    command: Command,
    /// The keeper's socket
    #[arg(long, global = true, value_name = "PATH", default_value = DEFAULT_SOCKET)]
    socket: PathBuf,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Makes the vault, and a key file where no place has a master key
    Init,
    /// Keeps a value, read from a prompt without echo or from standard input
    Add {
        /// The secret's name
        name: String,
        /// Gives a secret that is there a new value
        #[arg(long)]
        replace: bool,
    },
    /// The names of the secrets
    List,
    /// Seals every secret anew under a new key
    Rotate,
    /// Forgets a secret
    Delete {
        /// The secret's name
        name: String,
    },
    /// Prints the value of a secret
    Export {
        /// The secret's name
        name: String,
    },
}

/// Runs the command.
#[must_use]
pub fn run(args: &SecretArgs) -> ExitCode {
    match act(args) {
        Ok(Said::Value(value)) => {
            if let Err(error) = print_value(&value, args.json) {
                let message = format!("the value could not be written to standard output: {error}");
                return super::fail(&Fault::new(Code::System, message), args.json);
            }
        }
        Ok(Said::Text(_, json)) if args.json => super::print_json(&json),
        Ok(Said::Text(text, _)) => super::print(&text),
        Err(fault) => return super::fail(&fault, args.json),
    }
    ExitCode::SUCCESS
}

enum Said {
    Text(String, Json),
    Value(Value),
}

fn act(args: &SecretArgs) -> Result<Said, Fault> {
    // Asked for first: a value that nobody can take need not be typed.
    let mut client = Client::connect(&args.socket)?;
    client.administer()?;
    let done = |text: String| Said::Text(format!("{text}\n"), json!({ "ok": true }));
    Ok(match &args.command {
        Command::Init => {
            client.init()?;
            let key = client.status()?.key;
            Said::Text(
                format!("the vault is made, its master key is from the {key}\n"),
                json!({ "ok": true, "key": key }),
            )
        }
        Command::Add { name, replace } => {
            let value = read_value(&format!("value of '{name}'"))?;
            // The keeper ends a connection that is idle while somebody types.
            let mut client = Client::connect(&args.socket)?;
            client.administer()?;
            client.put(name, value, *replace)?;
            done(format!("'{name}' is kept"))
        }
        Command::List => {
            let (vault, names) = client.names()?;
            let text: String = names.iter().map(|name| format!("{name}\n")).collect();
            Said::Text(text, json!({ "ok": true, "vault": vault.word(), "names": names }))
        }
        Command::Rotate => {
            let count = client.rotate()?;
            Said::Text(format!("records sealed anew: {count}\n"), json!({ "ok": true, "records": count }))
        }
        Command::Delete { name } => {
            client.delete(name)?;
            done(format!("'{name}' is forgotten"))
        }
        Command::Export { name } => Said::Value(client.export(name)?),
    })
}

/// A value as JSON.
#[derive(serde::Serialize)]
struct Exported<'a> {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64url: Option<&'a str>,
}

/// Raw to standard output, so that it can be piped; as JSON, text where it is text. No copy is left behind in a
/// buffer: not even in that of standard output, past which it is written.
fn print_value(value: &Value, json: bool) -> io::Result<()> {
    let mut out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    if !json {
        return out.write_all(&value.0);
    }
    let text = std::str::from_utf8(&value.0).ok();
    let coded = text.is_none().then(|| Zeroizing::new(armor::to_base64url(&value.0)));
    let exported = Exported { ok: true, value: text, value_base64url: coded.as_ref().map(|coded| coded.as_str()) };
    // Room for every byte as `\u0000`: a buffer that grows leaves what it held behind.
    let mut line = Zeroizing::new(Vec::with_capacity(value.0.len() * 6 + 64));
    serde_json::to_writer(&mut *line, &exported)?;
    line.push(b'\n');
    out.write_all(&line)
}

/// The value: one line at a terminal, all of standard input otherwise, without one line end after it.
pub(super) fn read_value(name: &str) -> Result<Value, Fault> {
    let failed = |error: io::Error| Fault::new(Code::System, format!("cannot read the value: {error}"));
    let mut bytes = Zeroizing::new(vec![0; limits::VAULT_VALUE_BYTES + 2]);
    let length =
        if io::stdin().is_terminal() { read_quietly(name, &mut bytes) } else { fill(io::stdin(), &mut bytes, false) };
    bytes.truncate(length.map_err(failed)?);
    let value = bytes.strip_suffix(b"\n").map_or(bytes.as_slice(), |rest| rest.strip_suffix(b"\r").unwrap_or(rest));
    match value.len() {
        0 => Err(Fault::new(Code::BadInput, "the value is empty")),
        1..=limits::VAULT_VALUE_BYTES => Ok(Value::new(value)),
        _ => Err(Fault::new(Code::BadInput, format!("a value has at most {} bytes", limits::VAULT_VALUE_BYTES))),
    }
}

/// Reads into `room` until it is full, the input ends or, at a terminal, a line does. Unbuffered: a
/// reader with a buffer would keep a copy.
fn fill(mut input: impl Read, room: &mut [u8], line: bool) -> io::Result<usize> {
    let mut length = 0;
    while length < room.len() {
        match input.read(&mut room[length..])? {
            0 => break,
            more => length += more,
        }
        if line && room[..length].ends_with(b"\n") {
            break;
        }
    }
    Ok(length)
}

/// Asks at the terminal with its echo off, and sets it back however the reading ends.
fn read_quietly(name: &str, room: &mut [u8]) -> io::Result<usize> {
    let terminal = std::fs::OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    let before = tcgetattr(&terminal)?;
    let mut quiet = before.clone();
    quiet.local_flags.remove(LocalFlags::ECHO);
    // Quiet first: what is typed as soon as the question shows must neither show nor be flushed away.
    tcsetattr(&terminal, SetArg::TCSAFLUSH, &quiet)?;
    write!(&terminal, "{name} (not shown): ")?;
    let length = fill(&terminal, room, true);
    tcsetattr(&terminal, SetArg::TCSAFLUSH, &before)?;
    writeln!(&terminal)?;
    length
}
