//! Memories that say the same, that replace each other, and what people type into a search.

use serde_json::{Value, json};

use crate::kit::{Home, Output};

fn import(home: &Home, lines: &[Value]) -> Output {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    home.run_with_input(&["memory", "import", "-", "--json"], text.as_bytes())
}

fn texts(answer: &Value) -> Vec<&str> {
    answer["hits"].as_array().expect("hits").iter().filter_map(|hit| hit["text"].as_str()).collect()
}

#[test]
fn the_same_in_other_clothes_is_kept_once_and_another_day_is_not_the_same() {
    let home = Home::new();
    for text in ["The bins go out on Thursday.", "please, bins go out on thursday!", "the bins go out on Tuesday"] {
        assert!(home.run(&["memory", "add", text]).ok);
    }
    assert_eq!(home.run(&["memory", "stats", "--json"]).json()["memories"], 2);
}

#[test]
fn what_looks_alike_and_what_says_the_same_in_other_words_is_kept_as_two() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/memory/pairs.jsonl");
    let pairs = std::fs::read_to_string(path).expect("the pairs");
    let pairs: Vec<Value> = pairs.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(pairs.len() >= 120 && pairs.iter().filter(|pair| pair["same"] == false).count() >= 60);
    let home = Home::with_config("models_dir = \"/nowhere/at/all\"\n");
    let mut texts: Vec<&Value> = pairs.iter().flat_map(|pair| [&pair["a"], &pair["b"]]).collect();
    texts.sort_by_key(|text| text.as_str());
    texts.dedup();
    let lines: Vec<Value> = texts.iter().map(|text| json!({"text": text})).collect();
    let told = import(&home, &lines).json();
    assert_eq!((&told["kept"], &told["duplicates"]), (&json!(texts.len()), &json!(0)), "{told}");
    let told = import(&home, &lines).json();
    assert_eq!((&told["kept"], &told["duplicates"]), (&json!(0), &json!(texts.len())), "the same words are: {told}");
}

#[test]
fn turns_with_ids_of_their_own_are_found_one_by_one_though_they_say_the_same() {
    let home = Home::with_config("models_dir = \"/nowhere/at/all\"\n");
    let turn = |id: &str| json!({"id": id, "text": "See you at the kestrel!", "speaker": "Anna", "session": "s1"});
    let told = import(&home, &[turn("D1:1"), turn("D1:7"), turn("D2:1")]).json();
    assert_eq!(told["kept"], 3, "{told}");
    let answer = home.run_with_input(
        &["memory", "search", "--batch", "-", "-k", "10", "--json"],
        format!("{}\n", json!({"id": 1, "query": "the kestrel"})).as_bytes(),
    );
    let mut ids: Vec<String> =
        answer.json()["ids"].as_array().expect("ids").iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
    ids.sort();
    assert_eq!(ids, ["D1:1", "D1:7", "D2:1"]);
}

#[test]
fn what_is_replaced_is_history_and_no_circle_closes() {
    let home = Home::new();
    let line = |id: &str, text: &str| json!({"id": id, "text": text});
    assert!(
        import(&home, &[line("a", "the code is one"), line("b", "the code is two"), line("c", "the code is three")]).ok
    );
    for (old, new) in [("a", "b"), ("b", "c")] {
        assert!(home.run(&["memory", "supersede", old, new]).ok);
    }
    let now = home.run(&["memory", "search", "what is the code", "--json"]).json();
    assert_eq!(texts(&now), ["the code is three"]);
    let all = home.run(&["memory", "search", "what is the code", "--history", "--json"]).json();
    assert_eq!(texts(&all).len(), 3);
    for (old, new) in [("c", "a"), ("c", "b"), ("a", "a")] {
        let refused = home.run(&["memory", "supersede", old, new]);
        assert!(!refused.ok && refused.err.contains("cannot replace"), "{old} by {new}: {refused:?}");
    }
    assert!(home.run(&["memory", "supersede", "a", "nobody"]).err.contains("nobody"));

    let exported = home.run(&["memory", "export"]).out;
    let other = Home::new();
    let told = other.run_with_input(&["memory", "import", "-", "--json"], exported.as_bytes());
    assert!(told.ok && told.json()["kept"] == 3, "{told:?}");
    let now = other.run(&["memory", "search", "what is the code", "--json"]).json();
    assert_eq!(texts(&now), ["the code is three"], "what was history is history there too");
    assert_eq!(other.run(&["memory", "export"]).out, exported);
}

#[test]
fn an_import_with_a_circle_tells_its_line_and_the_rest_goes_in() {
    let home = Home::new();
    let told = import(
        &home,
        &[
            json!({"id": "a", "text": "the gate is green", "replaced_by": "b"}),
            json!({"id": "b", "text": "the gate is blue", "replaced_by": "a"}),
            json!({"id": "c", "text": "the gate is open", "replaced_by": "nobody"}),
        ],
    );
    assert_eq!(told.code, Some(1), "{told:?}");
    let report = told.json();
    assert_eq!((&report["kept"], &report["bad"]), (&json!(3), &json!(2)), "{report}");
    let lines: Vec<u64> =
        report["faults"].as_array().expect("faults").iter().filter_map(|f| f["line"].as_u64()).collect();
    assert_eq!(lines, [2, 3], "{report}");
}

#[test]
fn an_exact_search_wants_every_word_and_knows_phrases() {
    let home = Home::new();
    let line = |text: &str| json!({"text": text});
    assert!(import(&home, &[line("the blue door is shut"), line("the door is blue"), line("a red door")]).ok);
    let of = |text: &str| {
        let answer = home.run(&["memory", "search", "--exact", "--json", "--", text]).json();
        answer["hits"].as_array().expect("hits").len()
    };
    assert_eq!((of("blue door"), of("\"blue door\""), of("door"), of("green door")), (2, 1, 3, 0));
    for text in ["\"", "door OR blue", "NEAR(door", "door*", "-door", "", "text:door", "a\" OR \"b", "^door"] {
        assert!(of(text) <= 3, "{text}");
    }
    assert_eq!(of("door OR blue"), 0, "an operator is a word");
}

#[test]
fn a_question_of_a_megabyte_is_answered_or_refused_and_nothing_hangs() {
    let home = Home::new();
    let service = home.start();
    assert!(home.run(&["memory", "add", "the boiler is in the cellar"]).ok);
    let long = "boiler ".repeat(150_000);
    let questions = format!("{}\n{}\n", json!({"id": 1, "query": long}), json!({"id": 2, "query": "boiler"}));
    let answers = home.run_with_input(&["memory", "search", "--batch", "-", "--json"], questions.as_bytes());
    let lines: Vec<Value> = answers.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 2, "{:.300} {:.300}", answers.out, answers.err);
    assert!(lines[0]["fault"].is_string() || lines[0]["hits"].is_array());
    assert_eq!(lines[1]["hits"].as_array().map(Vec::len), Some(1));
    service.stop();
}

#[test]
fn forgetting_while_searching_loses_and_invents_nothing() {
    let home = Home::new();
    let service = home.start();
    let lines: Vec<Value> =
        (0..120).map(|n| json!({"id": format!("k{n}"), "text": format!("kestrel number {n}")})).collect();
    let told = import(&home, &lines);
    assert!(told.ok, "{told:?}");
    let listed = home.run(&["memory", "search", "kestrel", "-k", "100", "--json"]).json();
    let ids: Vec<String> =
        listed["hits"].as_array().expect("hits").iter().filter_map(|h| h["uuid"].as_str().map(str::to_owned)).collect();
    std::thread::scope(|scope| {
        let home = &home;
        let searching = scope.spawn(move || {
            for _ in 0..12 {
                let answer = home.run(&["memory", "search", "kestrel", "-k", "100", "--json"]);
                for text in texts(&answer.json()) {
                    assert!(text.starts_with("kestrel number "), "{text}");
                }
            }
        });
        for part in ids.chunks(25) {
            let mut words = vec!["memory", "forget"];
            words.extend(part.iter().map(String::as_str));
            assert!(home.run(&words).ok);
        }
        searching.join().expect("searched");
    });
    assert_eq!(home.run(&["memory", "stats", "--json"]).json()["memories"], 120 - ids.len());
    let left = home.run(&["memory", "search", "kestrel", "-k", "100", "--json"]).json();
    assert_eq!(left["hits"].as_array().map(Vec::len), Some(120 - ids.len()));
    service.stop();
}

#[test]
fn a_budget_in_rows_and_bytes_is_kept_and_what_matters_stays() {
    let home = Home::new();
    let line = |n: usize, importance: f64, held: bool| json!({"id": format!("m{n}"), "text": format!("note {n:03} {}", "x".repeat(92)), "importance": importance, "held": held});
    let mut lines: Vec<Value> = (0..100).map(|n| line(n, 0.5, false)).collect();
    lines.push(line(100, 0.9, false));
    lines.push(line(101, 0.0, true));
    assert!(import(&home, &lines).ok);
    let stats = || home.run(&["memory", "stats", "--json"]).json();
    let each = stats()["text_bytes"].as_u64().expect("bytes") / 102;
    let told = home.run(&["memory", "prune", "--bytes", &(each * 10).to_string(), "--json"]).json();
    assert_eq!(told["forgotten"], 92, "{told}");
    assert!(stats()["text_bytes"].as_u64().expect("bytes") <= each * 10);
    let left = home.run(&["memory", "export"]).out;
    for stays in ["m100", "m101", "m99"] {
        assert!(left.contains(&format!("\"{stays}\"")), "{stays}: {left}");
    }
    assert!(!left.contains("\"m0\""), "of equals the oldest goes: {left}");
    assert_eq!(home.run(&["memory", "prune", "--rows", "3", "--json"]).json()["forgotten"], 7);
    let left = home.run(&["memory", "export"]).out;
    assert!(left.contains("\"m100\"") && left.contains("\"m101\""), "{left}");
    assert!(home.run(&["memory", "prune", "--rows", "0"]).ok);
    assert_eq!(stats()["memories"], 1, "what is held stays");
}

#[test]
fn what_was_kept_twice_becomes_one_with_its_history() {
    let home = Home::new();
    let line = |id: &str, text: &str, person: &str| json!({"id": id, "text": text, "person": person});
    let lines = [
        line("a", "The gate code changed.", ""),
        line("b", "the gate code changed", ""),
        line("c", "The gate code changed!", "anna"),
        line("d", "the gate is open", ""),
    ];
    assert!(import(&home, &lines).ok);
    let found = || home.run(&["memory", "search", "gate code", "-k", "9", "--json"]).json();
    assert_eq!(texts(&found()).iter().filter(|text| text.contains("changed")).count(), 2);
    assert_eq!(home.run(&["memory", "merge", "--json"]).json()["merged"], 1, "another's is another's");
    assert_eq!(texts(&found()).iter().filter(|text| text.contains("changed")).count(), 1);
    assert_eq!(home.run(&["memory", "stats", "--json"]).json()["memories"], 4, "nothing is lost");
    assert_eq!(home.run(&["memory", "merge", "--json"]).json()["merged"], 0);
}

#[test]
fn what_has_ended_goes_by_itself_when_a_service_runs() {
    let home = Home::new();
    assert!(home.run(&["memory", "add", "the offer of the roofer", "--expires", "2020-01-01"]).ok);
    assert!(home.run(&["memory", "add", "the roof", "--class", "public"]).ok);
    let service = home.start();
    crate::kit::wait_for("the end of what has ended", || {
        (home.run(&["memory", "stats", "--json"]).json()["memories"] == 1).then_some(())
    });
    service.stop();
    assert!(home.run(&["memory", "export"]).out.contains("\"public\""));
}

#[test]
fn much_new_text_has_memory_look_what_has_ended_without_a_service() {
    let home = Home::with_config("models_dir = \"/nowhere/at/all\"\n");
    assert!(home.run(&["memory", "add", "the offer of the roofer", "--expires", "2020-01-01"]).ok);
    let stats = || home.run(&["memory", "stats", "--json"]).json()["memories"].clone();
    let line = |n: usize| json!({"id": format!("m{n}"), "text": format!("note {n} {}", "abcdefgh".repeat(1_900))});
    assert!(import(&home, &(0..20).map(line).collect::<Vec<_>>()).ok);
    assert_eq!(stats(), 21, "a little is no reason to look");
    assert!(import(&home, &(20..320).map(line).collect::<Vec<_>>()).ok);
    assert_eq!(stats(), 320, "over 4 MiB it looked, and what had ended went");
}

#[test]
fn retention_by_sector_forgets_what_was_said_before_a_time_and_nothing_that_is_held() {
    let home = Home::new();
    let line = |id: &str, time: &str, sector: &str, held: bool| json!({"id": id, "text": format!("kestrel {id}"), "time": time, "sector": sector, "held": held});
    let lines = [
        line("old", "2020-01-01", "episodic", false),
        line("held", "2020-01-01", "episodic", true),
        line("known", "2020-01-01", "semantic", false),
        line("new", "2025-01-01", "episodic", false),
    ];
    assert!(import(&home, &lines).ok);
    assert!(home.run(&["memory", "supersede", "old", "new"]).ok);
    let names = || {
        let out = home.run(&["memory", "export"]).out;
        let ids =
            out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()?["id"].as_str().map(str::to_owned));
        ids.collect::<Vec<_>>()
    };
    let told = home.run(&["memory", "prune", "--before", "2024-01-01", "--sector", "episodic", "--json"]);
    assert_eq!(told.json()["forgotten"], 1, "history is forgotten too: {told:?}");
    assert_eq!(names(), ["held", "known", "new"]);
    assert_eq!(home.run(&["memory", "prune", "--before", "2024-01-01", "--json"]).json()["forgotten"], 1);
    assert_eq!(names(), ["held", "new"]);
    for wrong in [&["--before", "soon"][..], &["--sector", "episodic"], &["--before", "2024-01-01", "--rows", "3"]] {
        assert!(!home.run(&[&["memory", "prune"], wrong].concat()).ok, "{wrong:?}");
    }
}
