//! Long imports: how far they are is told at a terminal and only there, and Ctrl-C ends them with a true word.

use std::io::Write;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use serde_json::{Value, json};

use crate::kit::{Home, at_terminal, is_root, pid, wait_for};

/// Nothing makes vectors here.
const NO_MODEL: &str = "models_dir = \"/nowhere/at/all\"\n";

fn lines(many: usize) -> String {
    let line = |n: usize| {
        let text = format!("The kestrel number {n} was seen over the meadow behind the old mill in the afternoon");
        format!("{}\n", json!({"id": format!("k{n}"), "text": text, "speaker": "Anna", "session": "walk"}))
    };
    (0..many).map(line).collect()
}

fn file(home: &Home, many: usize) -> String {
    let path = home.root().join("lines.jsonl");
    std::fs::write(&path, lines(many)).expect("a file");
    path.display().to_string()
}

/// The command as the user who has this home; a terminal's driver knows nothing of that.
fn as_owner(home: &Home, arguments: &[&str]) -> Command {
    let plain = home.command(arguments);
    let uid = home.uid().to_string();
    let mut command = Command::new("/usr/bin/setpriv");
    command.args(["--reuid", &uid, "--regid", &uid, "--clear-groups"]).arg(plain.get_program()).args(plain.get_args());
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    if is_root() { command } else { plain }
}

fn memories(home: &Home) -> u64 {
    home.run(&["memory", "stats", "--json"]).json()["memories"].as_u64().expect("a count")
}

#[test]
fn progress_is_told_at_a_terminal_and_not_to_programs() {
    let home = Home::with_config(NO_MODEL);
    let path = file(&home, 300);
    let shown = at_terminal(&as_owner(&home, &["memory", "import", &path]), &[]);
    assert!(shown.ok, "{shown:?}");
    for part in ["\r128 remembered", "\r256 remembered", "300 remembered, 0 known already"] {
        assert!(shown.out.contains(part), "{part} in {shown:?}");
    }
    let last = shown.out.rsplit_once("\r\u{1b}[K").expect("the line goes").1;
    assert!(last.starts_with("300 remembered, 0 known already") || last.starts_with("found by"), "{last}");
    let quiet = at_terminal(&as_owner(&home, &["memory", "import", &path, "--json"]), &[]);
    let told: Value = serde_json::from_str(quiet.out.trim()).expect("nothing but JSON at the terminal");
    assert_eq!(told["duplicates"], 300);
    let piped = home.run(&["memory", "import", &path]);
    assert!(piped.ok && piped.err.is_empty() && !piped.out.contains('\r'), "{piped:?}");
    let asked = home.root().join("asked.jsonl");
    std::fs::write(&asked, "{\"query\": \"the kestrel number 7\"}\n").expect("a file");
    let batch = home.run(&["memory", "search", "--batch", &asked.display().to_string(), "--json"]);
    assert!(batch.ok && !batch.err.contains('\r'), "{batch:?}");
}

#[test]
fn vectors_that_are_made_are_told_too_and_an_interrupt_there_keeps_every_line() {
    let home = Home::new();
    let path = file(&home, 1_500);
    let shown = at_terminal(&as_owner(&home, &["memory", "import", &path]), &[(" vectors made", "\u{3}")]);
    assert_eq!(shown.code, Some(130), "{shown:?}");
    assert!(shown.out.contains("1500 remembered, 0 known already") && shown.out.contains("interrupted"), "{shown:?}");
    assert_eq!(memories(&home), 1_500);
    let asked = home.root().join("asked.jsonl");
    std::fs::write(&asked, "{\"query\": \"the kestrel number 7\"}\n").expect("a file");
    let command = as_owner(&home, &["memory", "search", "--batch", &asked.display().to_string()]);
    let shown = at_terminal(&command, &[(" vectors made", "\u{3}")]);
    assert_eq!(shown.code, Some(130), "the backfill of a batch likewise: {shown:?}");
}

#[test]
fn ctrl_c_in_the_middle_says_what_is_in_and_the_same_import_goes_on_without_doubles() {
    let home = Home::with_config(NO_MODEL);
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let service = home.start();
        // The input stays open: the command waits for the next line when the signal comes.
        let mut importing = home.command(&["memory", "import", "-", "--json"]);
        let mut importing = importing.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("an import");
        let mut input = importing.stdin.take().expect("its input");
        input.write_all(lines(300).as_bytes()).expect("written");
        wait_for("two batches to be in", || (memories(&home) == 256).then_some(()));
        kill(pid(importing.id()), signal).expect("a signal");
        let ended = importing.wait_with_output().expect("its end");
        drop(input);
        assert_eq!(ended.status.code(), Some(130), "{ended:?}");
        let told: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
        assert_eq!((&told["ok"], &told["interrupted"], &told["kept"]), (&json!(false), &json!(true), &json!(256)));
        let again = home.run_with_input(&["memory", "import", "-", "--json"], lines(300).as_bytes()).json();
        assert_eq!((&again["kept"], &again["duplicates"]), (&json!(44), &json!(256)), "{again}");
        assert_eq!(memories(&home), 300);
        let out = home.run(&["memory", "export"]).out;
        let mut names: Vec<Value> =
            out.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["id"].clone()).collect();
        assert!((0..300).all(|n| names.contains(&json!(format!("k{n}")))));
        names.sort_by_key(Value::to_string);
        names.dedup();
        assert_eq!(names.len(), 300, "each once");
        service.stop();
        std::fs::remove_file(home.data().join("hearth.db")).expect("a fresh start");
    }
}

#[test]
fn ctrl_c_without_a_service_leaves_a_sound_database_and_goes_on() {
    let home = Home::with_config(NO_MODEL);
    let mut importing = home.command(&["memory", "import", "-", "--json"]);
    let mut importing = importing.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("an import");
    let mut input = importing.stdin.take().expect("its input");
    input.write_all(lines(300).as_bytes()).expect("written");
    // A text of the second batch lies on the disk.
    let log = home.data().join("hearth.db-wal");
    let there = |text: &str| {
        let bytes = std::fs::read(&log).unwrap_or_default();
        bytes.windows(text.len()).any(|part| part == text.as_bytes())
    };
    wait_for("two batches to be in", || (there("number 200 was") || there("number 201 was")).then_some(()));
    kill(pid(importing.id()), Signal::SIGINT).expect("a signal");
    let ended = importing.wait_with_output().expect("its end");
    drop(input);
    assert_eq!(ended.status.code(), Some(130), "{ended:?}");
    let told: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    assert_eq!((&told["interrupted"], &told["kept"]), (&json!(true), &json!(256)), "{told}");
    assert_eq!(memories(&home), 256);
    assert!(home.run(&["db", "check"]).ok);
    let told = home.run_with_input(&["memory", "import", "-", "--json"], lines(300).as_bytes()).json();
    assert_eq!((&told["kept"], &told["duplicates"]), (&json!(44), &json!(256)), "{told}");
}
