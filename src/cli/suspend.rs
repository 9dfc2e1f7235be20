//! `hearth suspend`, `hearth resume`: every tool call stops at once; local understanding and status go on.

use std::process::ExitCode;

use super::reach::reach;
use super::{fail, print, print_json};
use crate::app::Options;
use crate::app::admin::Request;

/// `hearth suspend`, `hearth resume`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Suspends, or resumes.
#[must_use]
pub fn run(args: &Args, suspend: bool, options: &Options) -> ExitCode {
    let request = if suspend { Request::Suspend } else { Request::Resume };
    match reach(options, request, true) {
        Ok(state) if args.json => print_json(&state),
        Ok(_) if suspend => print("suspended: no tool is called until hearth resume, also after a restart\n"),
        Ok(_) => print("tools are called again\n"),
        Err(fault) => return fail(&fault, args.json),
    }
    ExitCode::SUCCESS
}
