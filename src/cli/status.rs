//! `hearth status`: what is true of the service, its devices and its store.

use std::process::ExitCode;

use serde_json::Value;

use super::reach::reach;
use super::{fail, print, print_json};
use crate::app::Options;
use crate::app::admin::Request;

/// `hearth status …`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Prints JSON
    #[arg(long)]
    json: bool,
    /// Where no service runs, says so instead of looking by itself
    #[arg(long)]
    no_start: bool,
}

/// Does it.
#[must_use]
pub fn run(args: &Args, options: &Options) -> ExitCode {
    match reach(options, Request::Status, !args.no_start) {
        Ok(status) if args.json => print_json(&status),
        Ok(status) => print(&readable(&status)),
        Err(fault) => return fail(&fault, args.json),
    }
    ExitCode::SUCCESS
}

fn readable(status: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let hands = if status["hands"]["up"] == true { "hands can be made" } else { "NO HANDS: every tool is refused" };
    let store = store(&status["store"]);
    let mut out = format!(
        "Hearth {} on {} ({})\nhands   {hands}\nstore   {store}\n",
        text(&status["version"]),
        text(&status["board"]),
        text(&status["device"]),
    );
    if let Some(aside) = status["store"]["quarantined"].as_str() {
        out.push_str(&format!("store   {}\n", super::db::set_aside(aside, &status["store"]["carried"])));
    }
    out.push_str(&embedder(&status["embedder"]));
    for lost in status["lines_lost"].as_array().into_iter().flatten() {
        out.push_str(&format!("line    {} LOST: {}\n", text(&lost[0]), text(&lost[1])));
    }
    for (entity, state) in status["devices"].as_object().into_iter().flatten() {
        let shown = state.get("state").map_or_else(|| text(state), text);
        out.push_str(&format!("device  {entity:<32} {shown}\n"));
    }
    out
}

/// How the store stands, with what of its flash budget is spent.
pub(super) fn store(store: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match store {
        store if store["error"].is_string() => format!("NOT WORKING: {}", text(&store["error"])),
        store if store["degraded"].is_string() => format!("DEGRADED: {}", text(&store["degraded"])),
        store if store["shedding"].is_string() => {
            format!("FLASH BUDGET SPENT: {} wait in memory until tomorrow (UTC)", text(&store["shedding"]))
        }
        store => {
            let spent = store["written_today"].as_u64().map_or_else(
                || "how much was written today this kernel does not tell".to_owned(),
                |written| format!("{written} of {} bytes written today", store["flash_day"]),
            );
            format!("{} bytes, schema {}, {spent}", store["bytes"], store["version"])
        }
    }
}

/// How this board embeds, in a line.
pub(super) fn embedder(status: &Value) -> String {
    let word = |key: &str| status[key].as_str().unwrap_or_default();
    match word("mode") {
        "" => String::new(),
        "off" => format!("embedder off, memory is searched by words alone: {}\n", word("why")),
        mode if word("why").is_empty() => format!("embedder {mode}, {}: {}\n", word("state"), word("model")),
        mode => format!("embedder {mode}, {}: {}\n", word("state"), word("why")),
    }
}
