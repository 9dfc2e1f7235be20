//! `hearth doctor`: which wall refuses what to which class of hand, tried now; and how the keeper stands.
//!
//! Exit code 0 where every wall that can be raised refused what it should, 1 otherwise. A keeper that is not there,
//! not separated or has its master key from a weak place is told and is no failure: it is a choice.

use std::process::ExitCode;

use serde_json::Value;

use super::reach::reach;
use super::{fail, print, print_json};
use crate::app::Options;
use crate::app::admin::Request;

/// `hearth doctor …`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Prints JSON: per class and wall how it stands, and each act that was tried
    #[arg(long)]
    json: bool,
}

/// Does it.
#[must_use]
pub fn run(args: &Args, options: &Options) -> ExitCode {
    let report = match reach(options, Request::Walls, true) {
        Ok(report) => report,
        Err(fault) => return fail(&fault, args.json),
    };
    if args.json {
        print_json(&report);
    } else {
        print(&readable(&report));
    }
    if sound(&report) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn objects(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn sound(report: &Value) -> bool {
    let unsealed = report["keeper"]["missing"].as_array().is_some_and(|walls| !walls.is_empty());
    let mut classes = objects(&report["classes"]);
    !unsealed
        && classes.all(|(_, class)| {
            let open = class["succeeded_with_all_walls"].as_array().is_some_and(|acts| !acts.is_empty());
            !open && objects(&class["walls"]).all(|(_, wall)| wall["standing"] != "broken")
        })
}

fn readable(report: &Value) -> String {
    let mut out = String::new();
    for (name, class) in objects(&report["classes"]) {
        out.push_str(&format!("{name}\n"));
        for (wall, found) in objects(&class["walls"]) {
            let acts: Vec<_> = objects(&found["tried"]).map(|(act, how)| told(act, how)).collect();
            let standing = found["standing"].as_str().unwrap_or_default().replace('_', " ");
            out.push_str(&format!("  {wall:<16} {standing:<11} {}\n", acts.join(", ")));
        }
        for act in class["succeeded_with_all_walls"].as_array().into_iter().flatten() {
            out.push_str(&format!("  NOT REFUSED BY ANY WALL: {}\n", act.as_str().unwrap_or_default()));
        }
    }
    let told = report["keeper"]["told"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let told: Vec<_> = told.map(|line| format!("  {line}\n")).collect();
    if !told.is_empty() {
        out.push_str(&format!("keeper\n{}", told.concat()));
    }
    if report["store"].is_object() {
        out.push_str(&format!("store {}\n", super::status::store(&report["store"])));
    }
    out.push_str(&super::status::embedder(&report["embedder"]));
    let anyway: Vec<_> = report["refused_without_walls"].as_array().into_iter().flatten().collect();
    if !anyway.is_empty() {
        let names: Vec<_> = anyway.iter().filter_map(|act| act.as_str()).collect();
        out.push_str(&format!("refused by this system without any wall: {}\n", names.join(", ")));
    }
    out
}

fn told(act: &str, how: &Value) -> String {
    match how.as_str().unwrap_or_default() {
        "succeeded" => format!("{act} SUCCEEDED"),
        how if how.starts_with("ended by") || how.is_empty() => act.to_owned(),
        how => format!("{act} ({})", how.split(':').next().unwrap_or(how)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_that_let_something_through_is_never_sound() {
        let report = |standing: &str, open: &[&str]| {
            serde_json::json!({"classes": {"pure": {
                "walls": {"net_ns": {"standing": standing, "tried": {"send_udp": "ENETUNREACH: x", "connect_tcp": "succeeded"}}},
                "succeeded_with_all_walls": open,
            }}, "refused_without_walls": ["bpf"]})
        };
        assert!(sound(&report("holds", &[])));
        assert!(sound(&report("missing", &[])), "what is not there is said, and is no lie");
        assert!(!sound(&report("broken", &[])));
        assert!(!sound(&report("holds", &["fork"])));
        let text = readable(&report("broken", &["fork"]));
        assert!(text.contains("connect_tcp SUCCEEDED") && text.contains("send_udp (ENETUNREACH)"), "{text}");
        assert!(text.contains("NOT REFUSED BY ANY WALL: fork"), "{text}");
    }
}
