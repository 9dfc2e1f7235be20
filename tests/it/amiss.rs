//! What is amiss with what Hearth is given to remember: told with its place, and the rest goes in.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use serde_json::json;

use crate::kit::{Home, Output};

const TEN_MB: usize = 10 * 1024 * 1024;

#[test]
fn an_argument_that_is_no_utf8_is_refused_and_nothing_is_kept() {
    let home = Home::new();
    let mut command = home.command(&["memory", "add", "the lamp of"]);
    command.arg(OsStr::from_bytes(b"Zo\xEB"));
    let refused = Output::of(command, b"");
    assert!(refused.code == Some(2) && refused.err.contains("UTF-8"), "{refused:?}");
    assert_eq!(home.run(&["memory", "stats", "--json"]).json()["memories"], 0);
}

#[test]
fn a_text_of_ten_megabytes_and_broken_text_are_told_by_line_and_the_rest_goes_in() {
    let home = Home::new();
    let service = home.start();
    let mut file = json!({"text": "the first line is good"}).to_string().into_bytes();
    file.extend(b"\n{\"text\": \"");
    file.resize(file.len() + TEN_MB, b'x');
    file.extend(b"\"}\n{\"text\": \"Zo\xEB's lamp\"}\n\xFF\xFE\n");
    file.extend(json!({"text": "the last line is good"}).to_string().into_bytes());
    let path = home.root().join("amiss.jsonl");
    std::fs::write(&path, &file).unwrap();
    let told = home.run(&["memory", "import", path.to_str().unwrap()]);
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.out.contains("2 remembered, 0 known already, 3 bad lines"), "{told:?}");
    for (line, why) in [(2, "is longer than"), (3, "is not UTF-8"), (4, "is not UTF-8")] {
        assert!(
            told.err.lines().any(|l| l.starts_with(&format!("amiss.jsonl:{line}: ")) && l.contains(why)),
            "{told:?}"
        );
    }
    assert!(told.err.len() < 4096, "the text is not repeated");
    // From standard input as from a file; ten megabytes without any end of line.
    let endless = home.run_with_input(&["memory", "import", "-"], &vec![b'x'; TEN_MB]);
    assert!(endless.code == Some(1) && endless.err.contains("1: is longer than"), "{endless:?}");
    // As a question and as a line of a conversation.
    let question =
        [b"{\"query\": \"", vec![b'x'; TEN_MB].as_slice(), b"\"}\n{\"query\": \"the last line\"}\n"].concat();
    let answers = home.run_with_input(&["memory", "search", "--batch", "-"], &question);
    let lines: Vec<serde_json::Value> = answers.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert!(lines[0]["fault"].as_str().unwrap().contains("is longer than"), "{answers:?}");
    assert_eq!(lines[1]["hits"][0]["text"], "the last line is good");
    assert_eq!(home.run(&["memory", "stats", "--json"]).json()["memories"], 2);
    service.stop();
}

/// Commands that remember at once, with no service: what was acknowledged is there, and who was too late is told why.
#[test]
fn commands_beside_each_other_lose_nothing_that_was_acknowledged() {
    let home = Home::new();
    let texts: Vec<String> = (0..6).map(|n| format!("note number {n} of several")).collect();
    let commands = texts.iter().map(|text| home.command(&["memory", "add", text]));
    let threads: Vec<_> = commands.map(|command| std::thread::spawn(move || Output::of(command, b""))).collect();
    let mut kept = 0;
    for (text, thread) in texts.iter().zip(threads) {
        let done = thread.join().unwrap();
        if done.ok {
            kept += 1;
            let found = home.run(&["memory", "search", "--exact", text]);
            assert!(found.out.contains(text), "{found:?}");
        } else {
            assert!(done.err.contains("in use by process"), "{done:?}");
        }
    }
    assert!(kept > 0);
    assert_eq!(home.run(&["memory", "stats", "--json"]).json()["memories"], kept);
}
