//! `hearth ask`: one sentence, one answer.
//!
//! Exit code 0 where Hearth acted or answered, 1 where it asked back, abstained or failed.

use std::process::ExitCode;

use serde_json::Value;

use super::reach::reach;
use super::{fail, print, print_json};
use crate::app::Options;
use crate::app::admin::Request;

/// `hearth ask …`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The sentence
    #[arg(required = true, num_args = 1..)]
    text: Vec<String>,
    /// Prints decision, intents, changes and reply as JSON
    #[arg(long)]
    json: bool,
    /// The conversation it belongs to
    #[arg(long, default_value = "ask", value_name = "NAME")]
    session: String,
}

/// Does it.
#[must_use]
pub fn run(args: Args, options: &Options) -> ExitCode {
    let Args { text, json, session } = args;
    let answer = match reach(options, Request::Say { text: text.join(" "), session }, true) {
        Ok(answer) => answer,
        Err(fault) => return fail(&fault, json),
    };
    if json {
        print_json(&answer);
    } else {
        print(&format!("{}\n", answer["text"].as_str().unwrap_or_default()));
    }
    if went_well(&answer["detail"]) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn went_well(detail: &Value) -> bool {
    let thought = detail["decision"] == "think" && detail["ended"] == "answered";
    let decided = thought || matches!(detail["decision"].as_str(), Some("act" | "answer"));
    let outcomes = detail["outcomes"].as_array().into_iter().flatten();
    decided && detail["memory"]["fault"].is_null() && outcomes.into_iter().all(|outcome| outcome["outcome"] == "done")
}
