//! `hearth audit`: the records of tool calls.

use std::process::ExitCode;

use serde_json::Value;

use super::reach::reach;
use super::{fail, print, print_json};
use crate::app::Options;
use crate::app::admin::Request;

/// `hearth audit …`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Prints JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Shows the latest calls, the newest first
    Show {
        /// How many
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
}

/// Does it.
#[must_use]
pub fn run(args: &Args, options: &Options) -> ExitCode {
    let Command::Show { limit } = args.command;
    match reach(options, Request::Calls { limit: limit.into() }, true) {
        Ok(calls) if args.json => print_json(&calls),
        Ok(calls) => calls.as_array().into_iter().flatten().for_each(|call| print(&row(call))),
        Err(fault) => return fail(&fault, args.json),
    }
    ExitCode::SUCCESS
}

fn row(call: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let ended = call["end"]
        .as_object()
        .map_or_else(|| "no end yet".to_owned(), |end| format!("{} in {} µs", text(&end["outcome"]), end["took_us"]));
    let [id, tool, principal, decision] = ["id", "tool", "principal", "decision"].map(|key| text(&call[key]));
    format!("{id}  {tool:<12} {principal:<12} {decision:<7} {ended}\n")
}
