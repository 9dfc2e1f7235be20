//! Suspending stops every call, running ones included, also over a restart; offboarding leaves nothing.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};

use crate::kit::{Home, Kept, pid, wait_for};

/// A call that is stopped while its hand is held up: `SIGSTOP` makes the hand hang as hardware might.
#[test]
fn a_running_call_of_a_holding_hand_stops_within_a_second_and_later_ones_are_refused() {
    let home = Home::new();
    let running = home.start();
    assert!(home.run(&["tool", "call", "line_get", "{\"line\": \"kitchen_lamp\"}"]).ok);
    let hand = wait_for("the holder", || running.descendant("hearth-lines"));
    kill(pid(hand), Signal::SIGSTOP).expect("stopped");
    let call = home.command(&["tool", "call", "line_get", "{\"line\": \"kitchen_lamp\"}"]);
    let call = std::thread::spawn(move || (crate::kit::Output::of(call, b""), Instant::now()));
    wait_for("the call to begin", || {
        let calls = home.run(&["audit", "show", "--limit", "1", "--json"]).json();
        (calls[0]["tool"] == "line_get" && calls[0]["end"].is_null()).then_some(())
    });
    let asked = home.run(&["suspend", "--json"]);
    let suspended = Instant::now();
    assert!(asked.ok && asked.json()["suspended"] == true, "{asked:?}");
    let (stopped, at) = call.join().expect("a call");
    assert!(!stopped.ok && stopped.err.contains("suspended"), "{stopped:?}");
    // The hand itself would have been given two seconds, the holder's patience.
    assert!(at.saturating_duration_since(suspended) < Duration::from_secs(1), "{:?}", at - suspended);

    let refused = home.run(&["tool", "call", "calculate", "{\"expression\": \"1+1\"}"]);
    assert!(!refused.ok && refused.err.contains("hearth resume"), "{refused:?}");
    assert!(home.run(&["ask", "turn on the kitchen lamp"]).out.contains("suspended"));
    assert!(home.run(&["status"]).ok, "what needs no tool goes on");
    let recorded = home.run(&["audit", "show", "--json"]).out;
    assert!(recorded.contains("outcome_unknown") && recorded.contains("suspended"), "{recorded}");

    running.stop();
    let running = home.start();
    let after = home.run(&["tool", "call", "calculate", "{\"expression\": \"1+1\"}"]);
    assert!(!after.ok && after.err.contains("suspended"), "over a restart: {after:?}");
    assert!(home.run(&["resume"]).ok);
    assert!(home.run(&["tool", "call", "calculate", "{\"expression\": \"1+1\"}"]).ok);
    assert!(home.run(&["tool", "call", "line_get", "{\"line\": \"kitchen_lamp\"}"]).ok, "with a new hand");
    running.stop();
}

#[test]
fn a_command_and_a_fetch_end_when_everything_is_suspended() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("an address").port();
    let home = Home::with_config("[net]\nlan = [\"127.0.0.1\"]\n");
    let running = home.start();
    // Both would take far longer than the end is waited for.
    let calls = [
        ("shell", r#"{"command": "sleep 25", "seconds": 28}"#.to_owned()),
        ("web_fetch", format!(r#"{{"url": "http://127.0.0.1:{port}/"}}"#)),
    ];
    for (tool, arguments) in calls {
        let call = home.command(&["tool", "call", tool, &arguments, "--yes"]);
        let call = std::thread::spawn(move || crate::kit::Output::of(call, b""));
        let heard = match tool {
            "shell" => {
                wait_for("the command", || running.descendant("sleep"));
                None
            }
            // It is connected, and waits for an answer that never comes.
            _ => Some(server.accept().expect("a connection")),
        };
        let began = Instant::now();
        assert!(home.run(&["suspend"]).ok);
        let stopped = call.join().expect("a call");
        assert!(!stopped.ok && stopped.err.contains("suspended"), "{tool}: {stopped:?}");
        assert!(began.elapsed() < Duration::from_secs(20), "{tool}: {:?}", began.elapsed());
        if tool == "shell" {
            wait_for("its processes to be gone", || running.descendant("sleep").is_none().then_some(()));
        }
        drop(heard);
        assert!(home.run(&["resume"]).ok);
    }
}

#[test]
fn offboarding_asks_and_leaves_nothing_of_data_and_vault() {
    let home = Home::with_late_config(Kept::settings);
    let kept = Kept::beside(&home);
    kept.put("model", b"canary-of-the-vault");
    let running = home.start();
    assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok);
    let socket = kept.socket().display().to_string();
    let busy = home.run_as_root(&["offboard", "--yes", "--socket", &socket]);
    assert!(!busy.ok && busy.err.contains("in use"), "while the service runs: {busy:?}");
    running.stop();
    let unasked = home.run_as_root(&["offboard", "--socket", &socket]);
    assert!(!unasked.ok && unasked.err.contains("--yes"), "{unasked:?}");
    assert!(home.data().join("hearth.db").exists());
    let nobody = home.run_as_root(&["offboard", "--yes", "--socket", "/nonexistent"]);
    assert!(!nobody.ok && nobody.err.contains("nothing was wiped"), "{nobody:?}");
    assert!(home.data().join("hearth.db").exists());

    let done = home.run_as_root(&["offboard", "--yes", "--json", "--socket", &socket]);
    assert!(done.ok && done.json()["ok"] == true, "{done:?}");
    let left: Vec<_> = std::fs::read_dir(home.data()).expect("the folder").flatten().collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(std::fs::read_dir(home.root().join("keeper/vault")).expect("the folder").count(), 0);
    let listed = kept.command(&["secret", "list", "--json"]);
    assert_eq!(listed.json()["vault"], "not_initialised", "{listed:?}");
}
