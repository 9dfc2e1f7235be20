//! `hearth config`: check a settings file, print the default one, print its schema.
//!
//! Exit codes: 0 good, 1 faults found, 2 wrong usage.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{print, tell};
use crate::config::{Config, Env, Source, default_text, find, schema};

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
        /// The file; else the one that `hearth run` would take.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
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
pub fn run(args: Args) -> ExitCode {
    match args.command {
        Command::Check { config, json } => check(config.as_deref(), json),
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

fn check(named: Option<&Path>, json: bool) -> ExitCode {
    let source = find(named, &Env::here(), Path::new("/etc"));
    match Config::from_source(&source) {
        Err(faults) => tell(&faults, json),
        Ok(_) if json => tell(&[], true),
        Ok(config) => {
            let origin = match source {
                Source::File(_) => config.origin().to_owned(),
                Source::Default => "the built-in default (no settings file was found)".to_owned(),
            };
            print(&format!("{origin}: good\n"));
            ExitCode::SUCCESS
        }
    }
}
