//! The commands of `hearth`.

use std::process::ExitCode;

use clap::Parser;

pub mod say;

#[derive(Parser)]
#[command(name = "hearth")]
enum Command {
    /// Understand one sentence about a home and show what it would do; nothing real moves.
    Say(say::SayArgs),
}

/// Runs the command line.
#[must_use]
pub fn run() -> ExitCode {
    match Command::parse() {
        Command::Say(args) => say::run(args),
    }
}
