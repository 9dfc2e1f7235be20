//! Commands: what a person or a script types.

pub mod board;
pub mod config;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use crate::base::KeyFault;

/// The agent on the boards of a home.
#[derive(Debug, clap::Parser)]
#[command(name = "hearth", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Settings: check a file, print the default one or its schema.
    Config(config::Args),
    /// Boards: list them, show one.
    Board(board::Args),
}

/// What the binary does.
#[must_use]
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Config(args) => config::run(args),
        Command::Board(args) => board::run(args),
    }
}

/// Writes to standard output; a reader that has gone away ends the command, it is no panic.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _gone = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Tells faults, one a line on standard error, or as one JSON object on standard output.
fn tell(faults: &[KeyFault], json: bool) -> ExitCode {
    if json {
        print(&format!("{:#}\n", serde_json::json!({"ok": faults.is_empty(), "faults": faults})));
    } else {
        faults.iter().for_each(|fault| eprintln!("{fault}"));
    }
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}
