//! `hearth tool`: what Hearth can do, and one call of it through the gate.

use std::process::ExitCode;

use serde_json::Value;

use super::reach::reach;
use super::{fail, print, print_json};
use crate::app::Options;
use crate::app::admin::Request;
use crate::base::{Code, Fault};

/// `hearth tool …`
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
    /// Lists the tools: class of hand, risk, purpose
    List,
    /// Calls a tool
    Call {
        /// Its name
        name: String,
        /// Its arguments, a JSON object
        #[arg(default_value = "{}")]
        arguments: String,
        /// Confirms a risky call
        #[arg(long)]
        yes: bool,
    },
}

/// Does it.
#[must_use]
pub fn run(args: Args, options: &Options) -> ExitCode {
    let Args { json, command } = args;
    let request = match command {
        Command::List => Request::Tools,
        Command::Call { name, arguments, yes } => match serde_json::from_str(&arguments) {
            Ok(arguments) => Request::Tool { name, arguments, confirmed: yes },
            Err(error) => {
                let message = format!("the arguments are not JSON: {error}; for example '{{\"line\": \"relay_1\"}}'");
                return fail(&Fault::new(Code::BadInput, message), json);
            }
        },
    };
    let listed = matches!(request, Request::Tools);
    match reach(options, request, true) {
        Ok(tools) if listed && !json => print(&table(&tools)),
        Ok(value) => print_json(&value),
        Err(fault) => return fail(&fault, json),
    }
    ExitCode::SUCCESS
}

fn table(tools: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |tool: &Value| {
        let [name, class, tier, purpose] = ["name", "class", "tier", "purpose"].map(|key| text(&tool[key]));
        format!("{name:<12} {class:<6} {tier:<8} {purpose}\n")
    };
    tools.as_array().into_iter().flatten().map(row).collect()
}
