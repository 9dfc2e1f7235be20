//! The commands of `hearth`: one file each.
//!
//! A command reads its arguments, asks the service or a part, prints for a person or as JSON, and
//! gives the exit code: 0 done, 1 not done, 2 wrong usage. Nothing below knows that there is a
//! command line. Commands that may start a service fork the spawner before anything else is read.

#![forbid(unsafe_code)]

pub mod ask;
pub mod audit;
pub mod board;
pub mod config;
pub mod db;
pub mod doctor;
pub mod embed;
pub mod keeper;
mod memory;
pub mod offboard;
pub mod onboard;
pub mod run;
pub mod say;
pub mod secret;
pub mod serial;
pub mod status;
pub mod suspend;
pub mod tool;

mod reach;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::Parser as _;

use crate::app::{Front, Options};
use crate::base::{Fault, KeyFault};
use crate::sandbox::Wall;

/// The agent on the boards of a home.
///
/// Without a command: a conversation at this terminal, with the service that runs or with one started here.
#[derive(Debug, clap::Parser)]
#[command(name = "hearth", version)]
struct Cli {
    #[command(flatten)]
    from: From,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Where settings come from.
#[derive(Clone, Debug, clap::Args)]
struct From {
    /// The settings file; else $HEARTH_CONFIG, the user's, /etc/hearth/hearth.toml, the built-in demo
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The board, where it is not to be detected
    #[arg(long, global = true, value_name = "NAME")]
    board: Option<String>,
    /// A folder of further boards, which override those built in
    #[arg(long, global = true, value_name = "DIR", default_value = "/etc/hearth/boards")]
    boards: PathBuf,
    /// Takes a wall away, so that a test can show which one it was that held
    #[arg(long = "without-wall", global = true, hide = true, value_name = "NAME", value_parser = wall)]
    without_wall: Vec<Wall>,
    /// Takes the text guard away, so that a test can show what lies behind it
    #[arg(long, global = true, hide = true)]
    without_text_guard: bool,
}

fn wall(word: &str) -> Result<Wall, String> {
    Wall::named(word).ok_or_else(|| {
        let names: Vec<_> = Wall::ALL.into_iter().map(Wall::word).collect();
        format!("there is no wall of this name; there are {}", names.join(", "))
    })
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Runs the service until it is told to stop
    Run,
    /// Says one sentence and prints the answer
    Ask(ask::Args),
    /// Tells what is true of the service, its devices and its store
    Status(status::Args),
    /// Tools: list them, call one through the gate
    Tool(tool::Args),
    /// The records of tool calls: who, what, decided how, with what outcome
    Audit(audit::Args),
    /// Tries every wall around the hands and tells which one refused what
    Doctor(doctor::Args),
    /// Stops every tool call at once, until resume; also over a restart
    Suspend(suspend::Args),
    /// Lets tools be called again
    Resume(suspend::Args),
    /// Sets a language model up: provider, key, a trial
    Onboard(onboard::Args),
    /// Wipes everything that this Hearth knows: data folder and vault
    Offboard(offboard::Args),
    /// Memory: remember, find, forget; import and export
    Memory(memory::MemoryArgs),
    /// The database: how it is, check, migrate, back up, restore, compact
    Db(db::Args),
    /// Turns texts into vectors and tells how near they are
    Embed(embed::Args),
    /// Settings: check a file, print the default one or its schema
    Config(config::Args),
    /// Boards: list them, show one
    Board(board::Args),
    /// Tries sentences on a home file: what they mean, and what they would change
    Say(say::SayArgs),
    /// The secrets helper: how it is
    Keeper(keeper::KeeperArgs),
    /// Speaks frames with a Hearth on a serial line, as a microcontroller would
    SerialClient(serial::Client),
    /// Reads a PIN and prints its hash for the settings of a serial line
    SerialPin(serial::Pin),
    /// Secrets: keep, list, rotate, delete; values from a prompt or standard input only
    Secret(secret::SecretArgs),
}

/// What the binary does.
#[must_use]
pub fn main() -> ExitCode {
    let Cli { from, command } = Cli::parse();
    let lowered = from.without_wall.into_iter().collect();
    let without_text_guard = from.without_text_guard;
    let options = Options { config: from.config, board: from.board, boards: from.boards, lowered, without_text_guard };
    whole(act(command, &options))
}

/// Does what was asked.
fn act(command: Option<Command>, options: &Options) -> ExitCode {
    match command {
        None => run::run(options, Front::Console),
        Some(Command::Run) => run::run(options, Front::Service),
        Some(Command::Ask(args)) => ask::run(args, options),
        Some(Command::Status(args)) => status::run(&args, options),
        Some(Command::Tool(args)) => tool::run(args, options),
        Some(Command::Audit(args)) => audit::run(&args, options),
        Some(Command::Doctor(args)) => doctor::run(&args, options),
        Some(Command::Suspend(args)) => suspend::run(&args, true, options),
        Some(Command::Resume(args)) => suspend::run(&args, false, options),
        Some(Command::Onboard(args)) => onboard::run(&args, options),
        Some(Command::Offboard(args)) => offboard::run(&args, options),
        Some(Command::Memory(args)) => memory::run(args, options),
        Some(Command::Db(args)) => db::run(&args, options),
        Some(Command::Embed(args)) => embed::run(args, options),
        Some(Command::Config(args)) => config::run(&args, options),
        Some(Command::Board(args)) => board::run(&args, options),
        Some(Command::Say(args)) => say::run(args),
        Some(Command::Keeper(args)) => keeper::run(args),
        Some(Command::SerialClient(args)) => serial::client(args),
        Some(Command::SerialPin(args)) => serial::pin(&args),
        Some(Command::Secret(args)) => secret::run(&args),
    }
}

/// Why standard output did not take all that was printed: the first fault. A command is not done then, whatever it did.
static UNPRINTED: OnceLock<String> = OnceLock::new();

/// Writes to standard output. A reader that has seen enough is no fault; a disk that is full is one, told at the end.
fn print(text: &str) {
    print_bytes(text.as_bytes());
}

/// Writes bytes to standard output, as [`print`] does.
fn print_bytes(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    printed(out.write_all(bytes).and_then(|()| out.flush()));
}

/// Keeps the fault of a write to standard output.
fn printed(written: std::io::Result<()>) {
    if let Err(error) = written
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        let _first = UNPRINTED.set(error.to_string());
    }
}

/// The exit code of a command: never 0 where what it printed did not arrive whole.
fn whole(code: ExitCode) -> ExitCode {
    let Some(why) = UNPRINTED.get() else { return code };
    eprintln!("hearth: standard output: {why}; what was printed is not whole");
    if code == ExitCode::SUCCESS { ExitCode::FAILURE } else { code }
}

/// Prints a value as one JSON document.
fn print_json(value: &serde_json::Value) {
    print(&format!("{value:#}\n"));
}

/// Tells faults, one a line on standard error, or as one JSON object on standard output.
fn tell(faults: &[KeyFault], json: bool) -> ExitCode {
    if json {
        print_json(&serde_json::json!({"ok": faults.is_empty(), "faults": faults}));
    } else {
        faults.iter().for_each(|fault| eprintln!("{fault}"));
    }
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Tells one fault.
fn fail(fault: &Fault, json: bool) -> ExitCode {
    if json {
        print_json(&serde_json::json!({"ok": false, "fault": fault}));
    } else {
        eprintln!("hearth: {}", fault.message);
    }
    ExitCode::FAILURE
}
