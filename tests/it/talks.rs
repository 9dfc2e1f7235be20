//! Conversations over restarts: «it», threads, tools used, levels with the way back, results kept beside them.

use serde_json::{Value, json};

use crate::kit::{Home, Kept, Model, Step};

const PUZZLE: &str = "please compose a limerick about entropy";

fn ask(home: &Home, text: &str) -> Value {
    home.run(&["ask", "--json", text]).json()
}

fn with_model(model: &Model) -> (Home, Kept) {
    let url = model.url.clone();
    let home = Home::with_late_config(|root| {
        let keeper = Kept::settings(root);
        format!("{keeper}[net]\nlan = [\"127.0.0.1\"]\n[model]\nbase_url = \"{url}\"\nname = \"m\"\n")
    });
    let kept = Kept::beside(&home);
    kept.put("model", b"sk-canary-Zx81Qq7LmN20pRtV");
    (home, kept)
}

#[test]
fn it_is_what_was_last_spoken_of_also_after_a_restart() {
    let home = Home::new();
    // Each command is a Hearth of its own.
    assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok);
    assert_eq!(home.line("kitchen_lamp").driven(), Some(1.0));
    let off = ask(&home, "turn it off");
    assert_eq!((&off["detail"]["decision"], home.line("kitchen_lamp").driven()), (&json!("act"), Some(0.0)), "{off}");
    let about = home.run(&["ask", "/session"]);
    assert!(about.out.contains("Kitchen lamp") && about.out.contains("messages since"), "{about:?}");

    assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok);
    let other = home.run(&["ask", "--json", "--session", "other", "turn it off"]).json();
    assert_ne!(other["detail"]["decision"], "act", "another conversation has not spoken of it: {other}");
    assert!(home.run(&["ask", "/new"]).ok);
    let fresh = ask(&home, "turn it off");
    assert_ne!(fresh["detail"]["decision"], "act", "a new thread begins without it: {fresh}");
    assert_eq!(home.line("kitchen_lamp").driven(), Some(1.0));
}

#[test]
fn what_waited_for_a_yes_does_not_wait_over_a_restart() {
    let config = "[[home.entities]]\nid = \"lock.front\"\nname = \"Front door\"\nline = \"hall_outlet\"\n";
    let home = Home::with_config(config);
    let asked = ask(&home, "unlock the front door");
    assert_eq!(asked["detail"]["decision"], "ask", "{asked}");
    let yes = ask(&home, "yes");
    assert_ne!(yes["detail"]["decision"], "act", "{yes}");
    assert_ne!(home.line("hall_outlet").driven(), Some(1.0));
}

#[test]
fn the_model_is_shown_tools_used_and_earlier_talk_after_a_restart_and_a_new_thread_without_them() {
    let model = Model::start(vec![
        Step::Wish(vec![("calculate", json!({"expression": "6*7"}))]),
        Step::Say("It is forty-two."),
        Step::Say("Again."),
    ]);
    let (home, _kept) = with_model(&model);
    ask(&home, PUZZLE);
    ask(&home, PUZZLE);
    let shown = model.asked()[2].body["messages"].to_string();
    assert!(shown.contains("calculate") && shown.contains("6*7") && shown.contains("forty-two"), "{shown}");
    assert!(home.run(&["ask", "/new"]).ok);
    ask(&home, PUZZLE);
    let fresh = model.asked()[3].body["messages"].to_string();
    assert!(!fresh.contains("6*7") && !fresh.contains("forty-two"), "{fresh}");
    let kept = home.run(&["memory", "talk", "--session", "admin:ask", "--json"]).out;
    assert!(kept.contains("6*7"), "what was said before is kept: {kept}");
}

#[test]
fn a_long_talk_is_shown_in_levels_and_every_pointer_leads_to_the_very_words() {
    let model = Model::start(vec![Step::Say("Yes.")]);
    let (home, _kept) = with_model(&model);
    let running = home.start();
    for number in 0..45 {
        ask(&home, &format!("/say-{number} the animal of chapter {number} is the quark{number} of the lake"));
    }
    let session = "admin:ask";
    let whole = home.run(&["memory", "dag", session, "--json"]).json();
    assert_eq!(
        (&whole["messages"], &whole["node"]["start"], &whole["node"]["end"]),
        (&json!(90), &json!(0), &json!(90))
    );
    let all = home.run(&["memory", "talk", "--session", session, "-n", "90", "--json"]).json();
    let all = all["messages"].as_array().expect("messages").clone();
    let mut seen = Vec::new();
    for section in whole["below"].as_array().expect("sections") {
        let name = section["name"].as_str().expect("a name");
        let below = home.run(&["memory", "dag", session, name, "--json"]).json();
        for chunk in below["below"].as_array().expect("chunks") {
            let name = chunk["name"].as_str().expect("a name");
            let expanded = home.run(&["memory", "dag", session, name, "--expand", "--json"]).json();
            assert_eq!(expanded["sha256"], chunk["sha256"]);
            seen.extend(expanded["messages"].as_array().expect("messages").clone());
        }
    }
    assert_eq!(seen, all, "expanded, every message is there once, in order, byte for byte");
    let places = home.run(&["memory", "dag", session, "--grep", "QUARK17", "--json"]).json();
    let place = &places["places"][0];
    assert_eq!((place["message"].as_u64(), place["node"].as_str()), (Some(34), Some("c4")), "{places}");

    ask(&home, PUZZLE);
    let shown = model.asked().last().expect("asked").body["messages"].to_string();
    assert!(shown.contains("in excerpts") && shown.contains("[c"), "{shown}");
    assert!(shown.len() < 60_000, "{}", shown.len());
    for (bad, part) in [(vec!["memory", "dag", "nobody:0"], "nobody:0"), (vec!["memory", "dag", session, "c99"], "c99")]
    {
        let refused = home.run(&bad);
        assert!(!refused.ok && refused.err.contains(part), "{refused:?}");
    }
    running.stop();
}

#[test]
fn a_large_result_is_kept_beside_the_talk_with_a_preview_and_found_again() {
    let model = Model::start(vec![Step::Wish(vec![("file_read", json!({"path": "long.txt"}))]), Step::Say("Read.")]);
    let (home, _kept) = with_model(&model);
    let line = |n: usize| format!("line {n} of the long file with some words in it");
    let text: String = (0..20_000).map(|n| line(n) + "\n").collect();
    let running = home.start();
    let folder = home.data().join("workspace");
    std::fs::write(folder.join("long.txt"), &text[..900_000]).expect("written");
    let answer = ask(&home, PUZZLE);
    assert_eq!(answer["detail"]["calls"][0]["outcome"], "ok", "{answer}");
    let shown = model.asked()[1].body["messages"].as_array().expect("messages").clone();
    let told =
        shown.iter().find(|m| m["role"] == "tool").expect("a result")["content"].as_str().expect("text").to_owned();
    assert!(told.len() < 6_000, "{}", told.len());
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert!(told["head"].as_str().expect("a head").contains("line 0 of"), "{told}");
    assert!(told["bytes"].as_u64().expect("bytes") > 900_000, "{told}");
    let id = told["off_loaded"].as_str().expect("an id");
    running.stop();
    // Over a restart, and whole: piece by piece.
    let running = home.start();
    let found = home.run(&["memory", "result", id, "--grep", "line 12345 of", "--json"]).json();
    let at = found["places"][0]["at"].as_u64().expect("a place").to_string();
    let part = home.run(&["memory", "result", id, "--from", &at, "--json"]).json();
    assert!(part["text"].as_str().expect("text").starts_with("line 12345 of the long"), "{part}");
    let (mut from, mut whole) = (0, String::new());
    loop {
        let part = home.run(&["memory", "result", id, "--from", &u64::to_string(&from), "--json"]).json();
        whole.push_str(part["text"].as_str().expect("text"));
        match part["next"].as_u64() {
            Some(next) if whole.len() < 60_000 => from = next,
            _ => break,
        }
    }
    let told: String = text[..20_000].replace('\n', "\\n");
    assert!(whole.contains(&told), "nothing is lost between pieces");
    let other = home.run(&["memory", "result", id, "--person", "anna", "--json"]);
    assert!(!other.ok, "another's result is not there: {other:?}");
    running.stop();
}

#[test]
fn a_profile_holds_what_is_kept_of_a_person() {
    let home = Home::new();
    assert!(home.run(&["memory", "fact", "birthday", "4 May", "--person", "anna"]).ok);
    assert!(home.run(&["memory", "context", "likes short answers", "--person", "anna"]).ok);
    ask(&home, "is the kitchen lamp on?");
    let anna = home.run(&["memory", "profile", "anna", "--json"]).json();
    assert_eq!(
        (&anna["facts"][0]["value"], &anna["context"]),
        (&json!("4 May"), &json!("likes short answers")),
        "{anna}"
    );
    assert_eq!(anna["talks"], json!([]), "she has not spoken yet");
    let owner = home.run(&["memory", "profile", "--json"]).json();
    assert_eq!((&owner["facts"], &owner["talks"][0]["session"]), (&json!([]), &json!("admin:ask")), "{owner}");
}
