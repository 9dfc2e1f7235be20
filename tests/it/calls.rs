//! Tool calls: one begin and one end each, and nothing runs where no hand can be made.

use nix::sys::signal::{Signal, kill};

use crate::kit::{Home, pid, wait_for};

fn calls(home: &Home) -> Vec<serde_json::Value> {
    home.run(&["audit", "show", "--limit", "200", "--json"]).json().as_array().expect("a list").clone()
}

#[test]
fn every_call_has_its_begin_and_its_end() {
    let home = Home::new();
    let _service = home.start();
    home.run(&["ask", "turn on the kitchen lamp"]);
    assert!(home.run(&["tool", "call", "calculate", r#"{"expression": "6*7"}"#]).out.contains("42"));
    assert!(!home.run(&["tool", "call", "calculate", r#"{"expression": "6*"}"#]).ok);
    assert!(!home.run(&["tool", "call", "no_such_tool"]).ok, "a refused call leaves a record too");
    let calls = calls(&home);
    let of = |tool: &str| calls.iter().filter(|call| call["tool"] == tool).collect::<Vec<_>>();
    assert_eq!(of("line_set").len(), 1);
    let calculated: Vec<_> = of("calculate").iter().map(|call| call["end"]["outcome"].clone()).collect();
    assert_eq!(calculated, ["bad_input", "ok"], "newest first");
    assert_eq!(of("no_such_tool")[0]["decision"], "refuse");
    for call in &calls {
        assert!(call["end"].is_object(), "no end: {call}");
        assert!(call["began_ms"].as_i64() <= call["end"]["ended_ms"].as_i64(), "{call}");
    }
    let mut ids: Vec<_> = calls.iter().map(|call| call["id"].as_str().expect("an id")).collect();
    ids.dedup();
    assert_eq!(ids.len(), calls.len(), "one id each");
}

#[test]
fn nothing_runs_in_the_brain_when_no_hand_can_be_made() {
    let home = Home::new();
    let mut service = home.start();
    home.run(&["tool", "call", "file_write", r#"{"path": "a.txt", "text": "there"}"#]);
    let tools = [
        ("calculate", r#"{"expression": "6*7"}"#),
        ("time_now", "{}"),
        ("file_read", r#"{"path": "a.txt"}"#),
        ("file_write", r#"{"path": "b.txt", "text": "no"}"#),
        ("file_append", r#"{"path": "a.txt", "text": "no"}"#),
        ("file_edit", r#"{"path": "a.txt", "find": "there", "replace": "no"}"#),
        ("line_get", r#"{"line": "kitchen_lamp"}"#),
        ("line_set", r#"{"line": "kitchen_lamp", "value": 1}"#),
        ("shell", r#"{"command": "true"}"#),
    ];
    let listed = home.run(&["tool", "list", "--json"]).json();
    let classes = ["pure", "files", "lines", "shell"];
    let by_hands = listed
        .as_array()
        .expect("tools")
        .iter()
        .filter(|tool| classes.contains(&tool["class"].as_str().unwrap_or_default()))
        .count();
    assert_eq!(by_hands, tools.len(), "every tool that a hand does is tried here");
    for (tool, arguments) in tools.iter().filter(|(tool, _)| !tool.starts_with("file_")) {
        let worked = home.run(&["tool", "call", "--yes", tool, arguments]);
        assert!(worked.ok, "{tool} works with hands: {worked:?}");
    }
    home.run(&["ask", "turn off the kitchen lamp"]);

    let spawner = service.descendant("hearth-spawner").expect("a spawner");
    kill(pid(spawner), Signal::SIGKILL).expect("killed");
    wait_for("the loss to be seen", || {
        (home.run(&["status", "--json", "--no-start"]).json()["hands"]["up"] == false).then_some(())
    });
    for (tool, arguments) in tools {
        let refused = home.run(&["tool", "call", "--yes", tool, arguments, "--json"]);
        assert_eq!(refused.json()["fault"]["code"], "unavailable", "{tool}: {refused:?}");
    }
    let said = home.run(&["ask", "turn on the kitchen lamp"]);
    assert!(!said.ok && said.out.contains("spawner"), "{said:?}");
    assert_eq!(home.line("kitchen_lamp").driven(), Some(0.0), "nothing moved");
    let workspace = home.data().join("workspace");
    assert!(!workspace.join("b.txt").exists());
    assert_eq!(std::fs::read_to_string(workspace.join("a.txt")).expect("there"), "there");
    assert!(service.lives(), "the service stays up and says so");
    assert!(home.run(&["status", "--no-start"]).out.contains("NO HANDS"));
}

#[test]
fn a_call_cut_off_by_a_kill_is_closed_as_outcome_unknown() {
    let home = Home::new();
    let service = home.start();
    let hand = wait_for("the line holder", || service.descendant("hearth-lines"));
    // The hand stands still, so the call begins and cannot end.
    kill(pid(hand), Signal::SIGSTOP).expect("stopped");
    let mut asking = home.command(&["tool", "call", "line_set", r#"{"line": "kitchen_lamp", "value": 1}"#]);
    let mut asking = asking.spawn().expect("started");
    wait_for("the begin record on disk", || {
        let calls = calls(&home);
        // Begin records of harmless calls are grouped for half a second at most.
        calls.iter().any(|call| call["tool"] == "line_set" && call["end"].is_null()).then_some(())
    });
    std::thread::sleep(std::time::Duration::from_millis(700));
    service.signal(Signal::SIGKILL);
    let _ = asking.wait();
    drop(service);

    let service = home.start();
    let closed = calls(&home).into_iter().find(|call| call["tool"] == "line_set").expect("the call");
    assert_eq!(closed["end"]["outcome"], "outcome_unknown", "{closed}");
    assert_eq!(home.run(&["status", "--json"]).json()["orphans_closed"], 1);
    assert!(service.log().contains("outcome unknown"));
    drop(service);
    let _again = home.start();
    assert_eq!(home.run(&["status", "--json"]).json()["orphans_closed"], 0, "closed once");
}

#[test]
fn files_stay_inside_the_workspace_and_under_their_size() {
    let home = Home::new();
    let _service = home.start();
    let call =
        |tool: &str, arguments: serde_json::Value| home.run(&["tool", "call", tool, &arguments.to_string(), "--json"]);
    let text = "line\n".repeat(20_000);
    // 100 kB pass through the hand in parts and come back whole.
    for part in text.as_bytes().chunks(50_000) {
        let part = std::str::from_utf8(part).expect("text");
        let appended = call("file_append", serde_json::json!({"path": "big.txt", "text": part}));
        assert!(appended.ok, "{appended:?}");
    }
    assert_eq!(call("file_read", serde_json::json!({"path": "big.txt"})).json()["text"], text.as_str());
    for path in ["../outside", "/etc/passwd", "a/../../x", ""] {
        let refused = call("file_write", serde_json::json!({"path": path, "text": "x"}));
        assert!(!refused.ok, "{path}: {refused:?}");
    }
    std::fs::write(home.data().join("workspace/huge.txt"), vec![b'x'; (1 << 20) + 1]).expect("written");
    assert_eq!(call("file_read", serde_json::json!({"path": "huge.txt"})).json()["fault"]["code"], "full");
    let edit = serde_json::json!({"path": "big.txt", "find": "line", "replace": "x"});
    assert_eq!(call("file_edit", edit).json()["fault"]["code"], "bad_input", "occurs more than once");
}
