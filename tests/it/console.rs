//! The console: the conversation of the README, its ends, and what a person can type wrong.

use nix::sys::signal::Signal;

use crate::kit::{Home, Output};

#[test]
fn the_conversation_of_the_readme() {
    let home = Home::new();
    let said = home.run_with_input(
        &[],
        b"turn on the kitchen lamp\nis the kitchen lamp on?\n/pins\nset the bedroom lamp to 40 percent\n/help\n/quit\n",
    );
    assert!(said.ok, "{said:?}");
    // The level is asserted from outside, not asked of Hearth.
    assert_eq!(home.line("kitchen_lamp").driven(), Some(1.0));
    assert_eq!(home.line("bedroom_lamp").driven(), Some(40.0));
    assert_eq!(home.line("hall_outlet").driven(), None, "nothing else moved");
    assert!(said.out.contains("The kitchen lamp is on."), "{}", said.out);
    assert!(said.out.contains("Yes, the kitchen lamp is on."), "{}", said.out);
    let pins = said.out.lines().find(|line| line.trim_start().starts_with("kitchen_lamp")).expect("a row of /pins");
    assert_eq!(pins.split_whitespace().nth(1), Some("1"), "{pins}");
    assert!(said.out.contains("/quit"), "/help lists the commands: {}", said.out);
}

#[test]
fn a_question_is_answered_from_the_line_not_from_memory() {
    let home = Home::new();
    assert!(home.run(&["ask", "turn", "on", "the", "kitchen", "lamp"]).ok);
    home.line("kitchen_lamp").short(0.0);
    let said = home.run(&["ask", "is the kitchen lamp on?"]);
    assert!(said.out.to_lowercase().contains("no") && said.out.contains("off"), "{said:?}");
}

#[test]
fn what_is_not_understood_is_said_plainly_and_moves_nothing() {
    let home = Home::new();
    for sentence in ["sing me a song about the sea", "don't turn on the kitchen lamp", "turn on the chandelier"] {
        let said = home.run(&["ask", sentence, "--json"]);
        assert!(!said.ok, "{said:?}");
        let answer = said.json();
        assert_ne!(answer["detail"]["decision"], "act", "{answer}");
        assert!(answer["text"].as_str().is_some_and(|text| text.len() > 5), "{answer}");
    }
    assert_eq!(home.line("kitchen_lamp").driven(), None);
}

#[test]
fn what_nobody_keeps_is_not_claimed() {
    let home = Home::new();
    let said = home.run(&["ask", "announce that dinner is ready", "--json"]);
    assert!(!said.ok, "{said:?}");
    let answer = said.json();
    assert!(answer["text"].as_str().is_some_and(|text| text.contains("cannot")), "{answer}");
}

#[test]
fn end_of_input_ends_cleanly() {
    let home = Home::new();
    let said = home.run_with_input(&[], b"turn on the hall outlet");
    assert!(said.ok, "{said:?}");
    assert_eq!(home.line("hall_outlet").driven(), Some(1.0), "the last line counts without its newline");
    assert!(!home.root().join("run/hearth.sock").exists(), "the socket went with it");
}

#[test]
fn ctrl_c_ends_cleanly() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let home = Home::new();
        let mut command = home.command(&[]);
        let mut child = command.stdin(std::process::Stdio::piped()).spawn().expect("started");
        crate::kit::wait_for("the socket", || home.root().join("run/hearth.sock").exists().then_some(()));
        nix::sys::signal::kill(crate::kit::pid(child.id()), signal).expect("signalled");
        let status = child.wait().expect("ended");
        assert_eq!(status.code(), Some(0), "{signal}");
        assert!(!home.root().join("run/hearth.sock").exists(), "{signal}");
    }
}

#[test]
fn a_megabyte_without_a_newline_and_broken_text_leave_it_alive() {
    let home = Home::new();
    let mut input = vec![b'a'; 1 << 20];
    input.extend_from_slice(b"\n\xc3\x28\xff\nturn on the kitchen lamp\n");
    let said = home.run_with_input(&[], &input);
    assert!(said.ok, "{said:?}");
    assert!(said.out.contains("1048576 bytes"), "{}", said.out);
    assert!(said.out.contains("not UTF-8"), "{}", said.out);
    assert_eq!(home.line("kitchen_lamp").driven(), Some(1.0));
}

#[test]
fn a_console_beside_a_service_talks_to_it() {
    let home = Home::new();
    let service = home.start();
    let said = home.run_with_input(&[], b"turn on the kitchen lamp\n/quit\n");
    assert!(said.ok && said.out.contains("runs already"), "{said:?}");
    assert!(said.out.contains("The kitchen lamp is on."), "{}", said.out);
    let devices = home.run(&["status", "--json", "--no-start"]).json();
    assert_eq!(devices["pid"], service.pid(), "the service answered, not the console");
}

#[test]
fn wrong_usage_is_told_with_a_way_out() {
    let home = Home::new();
    for (arguments, hint) in [(&["rum"][..], "run"), (&["ask"], "TEXT"), (&["tool", "call"], "NAME")] {
        let said: Output = home.run(arguments);
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.err.contains(hint), "{said:?}");
    }
    assert!(home.run(&["--help"]).out.contains("hearth.toml"));
}
