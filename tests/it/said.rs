//! «Remember that …», «what did I say about …», «forget that»: offline, through the same path as any sentence.

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::kit::{Home, wait_for};

/// Each sentence by a Hearth of its own: what is answered was on disk.
fn ask(home: &Home, text: &str) -> Value {
    home.run(&["ask", "--json", text]).json()
}

fn text(answer: &Value) -> &str {
    answer["text"].as_str().expect("a text")
}

fn memories(home: &Home) -> u64 {
    home.run(&["memory", "stats", "--json"]).json()["memories"].as_u64().expect("a count")
}

#[test]
fn what_was_said_is_answered_with_its_date_and_forgotten_again() {
    let home = Home::new();
    let kept = ask(&home, "please remember that the spare key lies under the blue pot");
    assert_eq!((&kept["detail"]["decision"], text(&kept)), (&"act".into(), "I will remember that."), "{kept}");
    let told = ask(&home, "what did I say about the spare key?");
    let year = jiff::Timestamp::now().strftime("%Y").to_string();
    assert!(text(&told).contains("you said: the spare key lies under the blue pot."), "{told}");
    assert!(text(&told).starts_with("On ") && text(&told).contains(&year), "the date: {told}");
    assert_eq!(text(&ask(&home, "remember that the spare key lies under the blue pot")), "I know that already.");
    assert_eq!(text(&ask(&home, "what did I say about quantum physics?")), "I have nothing on that.");
    let found = home.run(&["memory", "search", "spare key"]);
    assert!(found.ok && found.out.contains("blue pot"), "the command sees the same memory: {found:?}");

    let gone = ask(&home, "forget what I said about the spare key");
    assert!(text(&gone).starts_with("Forgotten: ") && gone["detail"]["memory"]["forgotten"] == 1, "{gone}");
    assert_eq!(text(&ask(&home, "what did I say about the spare key?")), "I have nothing on that.");
    assert_eq!(memories(&home), 0);
}

#[test]
fn a_plain_question_that_the_home_cannot_answer_is_looked_up_and_nothing_is_done_for_it() {
    let home = Home::new();
    let service = home.start();
    assert!(text(&ask(&home, "where is the spare key?")).contains("no model that I could ask"), "nothing is known yet");
    ask(&home, "remember that the spare key is under the blue pot");
    let told = ask(&home, "where is the spare key?");
    let year = jiff::Timestamp::now().strftime("%Y").to_string();
    assert_eq!(told["detail"]["decision"], "answer", "{told}");
    assert!(text(&told).starts_with("On ") && text(&told).contains(&year), "the date: {told}");
    assert!(text(&told).ends_with("you said: the spare key is under the blue pot."), "{told}");
    // What memory is not sure of is left as it was.
    for unknown in ["where is the lawn mower?", "who painted the fence?", "what is the capital of France?"] {
        assert!(text(&ask(&home, unknown)).contains("no model that I could ask"), "{unknown}");
    }
    // Neither is a wish a question, nor what was remembered an order.
    ask(&home, "remember that the flux capacitor makes you turn on the kitchen lamp");
    let wish = ask(&home, "could you engage the flux capacitor?");
    assert!(!text(&wish).contains("you said"), "{wish}");
    let told = ask(&home, "what does the flux capacitor make you do?");
    assert!(text(&told).contains("turn on the kitchen lamp"), "{told}");
    assert_eq!(home.line("kitchen_lamp").driven(), None, "told, and not done");
    // The home itself answers what it can.
    assert!(!text(&ask(&home, "is the kitchen lamp on?")).contains("you said"));
    // Nobody is told what is another's.
    let line = home.run(&["memory", "add", "the safe code is in the green dictionary", "--person", "anna"]);
    assert!(line.ok, "{line:?}");
    let kept = home.run(&["memory", "search", "where is the safe code?", "--person", "anna"]);
    assert!(kept.ok && kept.out.contains("green dictionary"), "she is: {kept:?}");
    let told = ask(&home, "where is the safe code?");
    assert!(text(&told).contains("no model that I could ask") && !told.to_string().contains("green"), "{told}");
    // What was told is what «forget that» means.
    ask(&home, "where is the spare key?");
    assert!(text(&ask(&home, "forget that")).starts_with("Forgotten"));
    assert!(text(&ask(&home, "where is the spare key?")).contains("no model that I could ask"));
    service.stop();
}

#[test]
fn what_is_forgotten_is_gone_from_the_conversations_too() {
    let home = Home::new();
    ask(&home, "remember that the word of the day is zanzibarquail");
    let rows = |home: &Home| {
        let path = std::fs::read_dir(home.data()).expect("listed").flatten().map(|entry| entry.path());
        let path = path.into_iter().find(|path| path.extension().is_some_and(|e| e == "db")).expect("a database");
        let mut bytes = std::fs::read(&path).expect("read");
        bytes.extend(std::fs::read(path.with_extension("db-wal")).unwrap_or_default());
        bytes.windows(13).filter(|part| *part == b"zanzibarquail").count()
    };
    assert!(rows(&home) >= 2, "in the memory and in the message");
    ask(&home, "forget that the word of the day is zanzibarquail");
    let answer = ask(&home, "what did I say about the zanzibarquail?");
    assert_eq!(text(&answer), "I have nothing on that.");
    let said = home.run(&["memory", "talk", "--session", "admin:ask", "--json"]).json();
    let said = said["messages"].as_array().expect("messages");
    let told = said.iter().filter(|m| m["text"].as_str().is_some_and(|t| t.contains("the word of the day"))).count();
    assert_eq!(told, 0, "{said:?}");
    assert!(said.iter().any(|m| m["text"].as_str().is_some_and(|t| t.contains("[forgotten]"))), "{said:?}");
}

#[test]
fn forget_that_means_the_last_thing_and_asks_back_where_several_may_be_meant() {
    let home = Home::new();
    let service = home.start();
    ask(&home, "remember that the boiler makes a noise");
    ask(&home, "forget that");
    assert_eq!(memories(&home), 0, "«that» is what was just said");
    assert_eq!(ask(&home, "forget that")["detail"]["decision"], "ask", "nothing was just said");

    for said in ["the boiler was serviced by Marek", "the boiler is in the cellar", "the roof is new"] {
        ask(&home, &format!("remember that {said}"));
    }
    let asked = ask(&home, "forget what I said about the boiler");
    assert_eq!(asked["detail"]["decision"], "ask", "{asked}");
    assert!(text(&asked).contains("1. On ") && text(&asked).contains("2. On "), "{asked}");
    assert_eq!(memories(&home), 3, "nothing went yet");
    assert!(text(&ask(&home, "none")).contains("forget nothing"));
    ask(&home, "forget what I said about the boiler");
    assert_eq!(text(&ask(&home, "7")), "There is no number 7; I forget nothing.");
    ask(&home, "forget what I said about the boiler");
    // Another sentence is no choice, and ends the question.
    ask(&home, "turn on the kitchen lamp");
    assert_ne!(ask(&home, "all")["detail"]["memory"]["forgotten"], 2);
    let asked = ask(&home, "forget what I said about the boiler");
    let second = text(&asked).lines().find(|line| line.starts_with("2. ")).expect("a second").to_owned();
    assert_eq!(text(&ask(&home, "the second one")), "Forgotten.");
    let rest = ask(&home, "what did I say about the boiler?");
    let said = second.rsplit("said: ").next().expect("what was said").to_owned();
    assert!(!text(&rest).contains(&said) && text(&rest).contains("boiler"), "{rest} after {second}");
    service.stop();
}

#[test]
fn negations_hypotheses_and_talk_write_nothing() {
    let home = Home::new();
    let service = home.start();
    for sentence in [
        "don't remember that the bins go out on Thursday",
        "never remember that I was late",
        "if it rains remember that the windows are open",
        "I remember that the bins go out on Thursday",
        "should I remember that the bins go out on Thursday?",
        "what if I said remember that the bins go out",
        "remember that the bins go out on Thursday, never mind",
        "remember that time when we went to Rome",
        "remember to turn on the kitchen lamp when it is dark",
    ] {
        ask(&home, sentence);
        assert_eq!(memories(&home), 0, "{sentence}");
    }
    // What is to be remembered is not obeyed.
    ask(&home, "remember that you should turn on the kitchen lamp");
    assert_eq!((memories(&home), home.line("kitchen_lamp").driven()), (1, None));
    service.stop();
}

#[test]
fn what_is_acknowledged_is_on_disk_and_what_is_not_is_said() {
    let home = Home::new();
    let service = home.start();
    assert_eq!(text(&ask(&home, "remember that the meter reads 4711")), "I will remember that.");
    service.signal(Signal::SIGKILL);
    drop(service);
    wait_for("the lock of the killed service to go", || home.run(&["status"]).ok.then_some(()));
    assert!(text(&ask(&home, "what did I say about the meter?")).contains("4711"));

    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set");
    };
    mode(&home.data(), 0o500);
    for entry in std::fs::read_dir(home.data()).expect("listed").flatten() {
        if entry.file_type().expect("a type").is_file() {
            mode(&entry.path(), 0o400);
        }
    }
    let refused = ask(&home, "remember that the meter reads 4712");
    mode(&home.data(), 0o700);
    assert!(text(&refused).contains("could not write that down"), "{refused}");
}

#[test]
fn a_secret_is_refused_and_not_repeated() {
    let home = Home::new();
    let told = ask(&home, "remember that the token is ghp_abcdefghijklmnopqrstuvwxyz0123456789");
    assert!(text(&told).contains("hearth secret add") && !told.to_string().contains("ghp_"), "{told}");
    assert_eq!(memories(&home), 0);
}
