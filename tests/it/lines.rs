//! Lines and truth: what the hardware does wrong is said, and a hand that fails is made again.

use nix::sys::signal::{Signal, kill};

use crate::kit::{Home, pid, wait_for};

#[test]
fn a_stuck_line_is_not_claimed() {
    let home = Home::new();
    let _service = home.start();
    home.line("kitchen_lamp").short(0.0);
    let said = home.run(&["ask", "turn on the kitchen lamp", "--json"]);
    assert!(!said.ok, "{said:?}");
    let answer = said.json();
    assert_eq!(answer["detail"]["outcomes"][0]["outcome"], "not_confirmed", "{answer}");
    assert!(!answer["text"].as_str().unwrap_or_default().contains("is on."), "{answer}");
    assert_eq!(home.line("kitchen_lamp").driven(), Some(1.0), "it was driven all the same");
    let driven = home.run(&["audit", "show"]).out.matches("line_set").count();
    assert_eq!(driven, 3, "once, and two repairs");
    let status = home.run(&["status", "--json"]).json();
    assert_eq!(status["devices"]["light.kitchen_lamp"]["state"], "off", "what is true, not what was wished");
}

#[test]
fn a_line_that_takes_its_value_late_is_repaired() {
    let home = Home::new();
    let _service = home.start();
    let lamp = home.line("kitchen_lamp");
    let calls = || home.run(&["audit", "show"]).out.matches("line_set").count();
    // The relay is freed once it was driven. How soon that is seen is the machine's affair: a round in which
    // it was too late for a repair, or too early for one to be needed, shows nothing.
    for _ in 0..40 {
        assert!(home.run(&["ask", "turn off the kitchen lamp"]).ok);
        let before = calls();
        lamp.short(0.0);
        let said = std::thread::scope(|scope| {
            scope.spawn(|| {
                wait_for("the line to be driven", || (lamp.driven() == Some(1.0)).then_some(()));
                lamp.free();
            });
            home.run(&["ask", "turn on the kitchen lamp"])
        });
        if said.ok && calls() > before + 1 {
            assert!(said.out.contains("is on"), "{said:?}");
            return;
        }
    }
    panic!("never repaired in 40 rounds");
}

#[test]
fn partial_failures_are_told_by_name() {
    let home = Home::new();
    let _service = home.start();
    home.line("bedroom_lamp").short(0.0);
    let said = home.run(&["ask", "turn on all the lights"]);
    assert!(!said.ok);
    assert!(said.out.to_lowercase().contains("bedroom lamp"), "{}", said.out);
    assert_eq!(home.line("kitchen_lamp").driven(), Some(1.0));
}

#[test]
fn a_sensor_is_read_when_it_is_asked_for() {
    let home = Home::new();
    let _service = home.start();
    home.line("kitchen_temperature").pull(17.5);
    let said = home.run(&["ask", "what is the kitchen temperature?"]);
    assert!(said.out.contains("17.5"), "{said:?}");
    let refused = home.run(&["tool", "call", "line_set", r#"{"line": "kitchen_temperature", "value": 1}"#, "--json"]);
    assert_eq!(refused.json()["fault"]["code"], "refused");
    for value in ["2", "-1", "0.5", "1e300", "\"on\""] {
        let call = home.run(&[
            "tool",
            "call",
            "line_set",
            &format!(r#"{{"line": "kitchen_lamp", "value": {value}}}"#),
            "--json",
        ]);
        assert_eq!(call.json()["fault"]["code"], "bad_input", "{value}: {call:?}");
    }
}

#[test]
fn a_hand_that_dies_or_hangs_is_made_again_and_the_line_keeps_its_level() {
    let home = Home::new();
    let service = home.start();
    assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok);
    let first = service.descendant("hearth-lines").expect("a line holder");
    kill(pid(first), Signal::SIGKILL).expect("killed");
    wait_for("its end", || (service.descendant("hearth-lines") != Some(first)).then_some(()));
    assert_eq!(home.line("kitchen_lamp").driven(), Some(1.0), "the level outlives its holder");
    let said = home.run(&["ask", "turn on the hall outlet"]);
    assert!(said.ok, "made again: {said:?}");

    let second = service.descendant("hearth-lines").expect("a new one");
    kill(pid(second), Signal::SIGSTOP).expect("stopped");
    let said = home.run(&["ask", "turn off the hall outlet"]);
    assert!(!said.ok, "a hand that hangs is a failure: {said:?}");
    assert!(home.run(&["ask", "turn off the hall outlet"]).ok, "and the next call has a new hand");
    assert_eq!(home.line("hall_outlet").driven(), Some(0.0));
}

#[test]
fn a_line_outside_the_home_cannot_be_reached() {
    let home = Home::new();
    let refused = home.run(&["tool", "call", "line_set", r#"{"line": "relay_1", "value": 1}"#, "--json"]);
    assert_eq!(refused.json()["fault"]["code"], "not_found", "{refused:?}");
}
