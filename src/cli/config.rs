//! `hearth config`: check a settings file, print the default one, print its schema.
//!
//! Exit codes: 0 good, 1 faults found, 2 wrong usage.

use std::path::Path;
use std::process::ExitCode;

use super::{fail, print, tell};
use crate::app::{AppFault, Options, Settings};
use crate::base::{Code, Fault};
use crate::config::{Env, Source, default_text, find, schema};

/// Settings: check a file, print the default one or its schema.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Checks a settings file and tells every fault in it.
    Check {
        /// Tells the result as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Prints the default file: every setting with its doc, range and default.
    PrintDefault,
    /// Prints the JSON Schema of the settings file.
    Schema {
        /// For scripts that ask every command for JSON: a schema always is.
        #[arg(long)]
        json: bool,
    },
}

/// Does it.
#[must_use]
pub fn run(args: &Args, options: &Options) -> ExitCode {
    match args.command {
        Command::Check { json } => check(options, json),
        Command::PrintDefault => {
            print(&default_text());
            ExitCode::SUCCESS
        }
        Command::Schema { .. } => {
            print(&format!("{:#}\n", schema()));
            ExitCode::SUCCESS
        }
    }
}

/// Checks what `hearth run` would start with: settings, board, home, and the home's lines on the board.
fn check(options: &Options, json: bool) -> ExitCode {
    let source = find(options.config.as_deref(), &Env::here(), Path::new("/etc"));
    match Settings::check(&source, options) {
        Err(AppFault::Settings(faults)) => tell(&faults, json),
        Err(other) => fail(&Fault::new(Code::System, other.to_string()), json),
        Ok(_) if json => tell(&[], true),
        Ok(settings) => {
            let origin = match source {
                Source::File(_) => settings.config.origin().to_owned(),
                Source::Default => "the built-in default (no settings file was found)".to_owned(),
            };
            print(&format!("{origin}: good, on board {}\n", settings.board.name));
            ExitCode::SUCCESS
        }
    }
}
