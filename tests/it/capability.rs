//! The vectors of capability manifests: every case has its expected answer, or stands below with a reason.
//!
//! Their manifests list addresses and paths for each tool. Hearth's name a class of hand, and what the class is
//! handed is the rule: a socket to one checked address, a file opened for one way of use. What a tool never
//! declared it is never handed.

use std::net::IpAddr;
use std::os::unix::fs::chown;
use std::sync::Arc;

use hearth::guard::address::Grants;
use hearth::net::{Answer, Door, Resolve};
use hearth::sandbox::{Class, Role};
use serde_json::{Value, json};

use crate::kit::{Home, is_root, shared};

/// Where Hearth says otherwise, by the case's reason.
const OTHERWISE: [(&str, &str); 2] = [
    // There are no lists of public servers for each tool: whoever may fetch may fetch from any that the URL guard
    // lets through, and a secret goes to the one host that its ticket names.
    ("no rule matches", "allow"),
    // Every loop has a bound: the most questions for one sentence are 1 to 32, and «no bound» is refused.
    ("0 = no limit (not recommended)", "deny"),
];

struct Public;

impl Resolve for Public {
    fn resolve<'a>(&'a self, _: &'a str) -> Answer<'a> {
        Box::pin(async { Ok(vec![IpAddr::from([93, 184, 216, 34])]) })
    }
}

fn word(allowed: bool) -> &'static str {
    if allowed { "allow" } else { "deny" }
}

fn network(target: &str, rules: &[Value]) -> &'static str {
    if rules.is_empty() {
        // No class has a call that would get it a socket: what was not handed over is not there.
        let opens = ["socket", "connect", "bind"];
        let hands = Class::ALL.into_iter().filter(|class| *class != Class::Shell).map(Role::Hand);
        let open = hands.flat_map(|role| role.lines().collect::<Vec<_>>()).flat_map(|rule| rule.calls.iter());
        return word(open.into_iter().any(|call| opens.contains(call)));
    }
    let door = Door::with(Arc::new(Public), Grants::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    word(door.target(target).is_ok_and(|target| runtime.block_on(door.addresses(&target, false)).is_ok()))
}

/// The tool that opens a file so is called; a rule says which tools those are.
fn file(home: &Home, target: &str, mode: &str, rules: &[Value]) -> &'static str {
    let path = target.strip_prefix("/workspace/").unwrap_or(target);
    let workspace = home.data().join("workspace");
    let place = workspace.join(path);
    if target.starts_with("/workspace/") {
        std::fs::create_dir_all(place.parent().expect("a folder")).expect("folders");
        std::fs::write(&place, "before").expect("written");
        if is_root() {
            for place in place.ancestors().take_while(|place| place.starts_with(&workspace)) {
                chown(place, Some(home.uid()), Some(home.uid())).expect("given to the agent");
            }
        }
    }
    let granted = |letter: char| {
        rules.is_empty() || rules.iter().any(|rule| rule["mode"].as_str().is_some_and(|mode| mode.contains(letter)))
    };
    let call = |tool: &str, arguments: Value| home.run(&["tool", "call", "--yes", tool, &arguments.to_string()]).ok;
    word(mode.chars().all(|letter| match letter {
        'r' => call("file_read", json!({"path": path})),
        // Who may only read has `file_read` only: it has no way to write.
        _ if !granted('w') => call("file_read", json!({"path": path, "text": "after"})),
        _ => call("file_write", json!({"path": path, "text": "after"})),
    }))
}

/// A sentence may cost so many questions; whether the next is one too many.
fn depth(home: &Home, target: u64, most: u64) -> &'static str {
    let path = home.root().join("steps.toml");
    std::fs::write(&path, format!("[model]\nsteps = {most}\n")).expect("written");
    // That no more than this many are asked is shown in `model::steps_time_and_silence_are_bounded`.
    word(home.run(&["config", "check", "--config", &path.display().to_string()]).ok && target <= most)
}

#[test]
fn every_case_of_capability_policy() {
    let Some(path) = shared("vectors/capability_policy.json") else { return };
    let suite: Value = serde_json::from_slice(&std::fs::read(path).expect("read")).expect("JSON");
    let cases = suite["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 18, "the vectors have changed");
    let home = Home::new();
    for case in cases {
        let rules = case["rules"].as_array().cloned().unwrap_or_default();
        let text = |key: &str| case[key].as_str().unwrap_or_default();
        let got = match text("kind") {
            "network" => network(text("target"), &rules),
            "fs" => file(&home, text("target"), text("mode"), &rules),
            "depth" => {
                let most = case["rules"]["max_recursion_depth"].as_u64().expect("a number");
                depth(&home, case["target"].as_u64().expect("a number"), most)
            }
            other => panic!("{other} in {case}"),
        };
        let otherwise = OTHERWISE.iter().find(|(why, _)| *why == text("why")).map(|(_, ours)| *ours);
        assert_eq!(got, otherwise.unwrap_or_else(|| text("expected")), "{case}");
    }
}
