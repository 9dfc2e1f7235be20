//! Memory by meaning: found in other words, made behind the write, left out where it would mislead.

use serde_json::{Value, json};

use crate::embed::home;
use crate::kit::{Home, Output, wait_for};

fn data(name: &str) -> String {
    format!("{}/tests/data/memory/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn import(home: &Home, lines: &[Value]) -> Output {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    home.run_with_input(&["memory", "import", "-", "--json"], text.as_bytes())
}

fn search(home: &Home, text: &str, more: &[&str]) -> Value {
    home.run(&[&["memory", "search", text, "--json"], more].concat()).json()
}

fn ids(answer: &Value) -> Vec<&str> {
    answer["hits"].as_array().expect("hits").iter().filter_map(|hit| hit["id"].as_str()).collect()
}

fn vectors(home: &Home) -> Value {
    home.run(&["memory", "stats", "--json"]).json()["vectors"].clone()
}

fn talk() -> Vec<Value> {
    vec![
        json!({"id": "plumber", "text": "The plumber repaired our water heater in October.", "speaker": "Anna"}),
        json!({"id": "vet", "text": "Doctor Okafor gave the puppy its injection.", "speaker": "Jan"}),
        json!({"id": "cake", "text": "Marek baked a walnut cake for the party.", "speaker": "Anna"}),
        json!({"id": "german", "text": "Der Schornsteinfeger kommt am Dienstag und braucht die Leiter.", "speaker": "Jan"}),
        json!({"id": "japanese", "text": "昨日は庭で猫を見ました。", "speaker": "Yuki"}),
    ]
}

#[test]
fn a_question_in_other_words_is_answered_and_words_alone_doubt() {
    let home = home("");
    let told = import(&home, &talk()).json();
    assert_eq!((&told["vectors"]["made"], &told["vectors"]["left_out"]), (&json!(3), &json!(2)), "{told}");
    let question = "which animal doctor vaccinated the young dog?";
    let found = search(&home, question, &[]);
    assert_eq!(ids(&found)[0], "vet", "{found}");
    assert!(found["words_alone"].is_null() && found["sure"] == true, "{found}");
    assert_eq!(found["hits"][0]["ranks"]["vectors"], 1);
    let alone = search(&home, question, &["--by", "words"]);
    assert_eq!(alone["sure"], false, "one word of five is in the answer: {alone}");
    assert_eq!(ids(&search(&home, question, &["--by", "vectors"]))[0], "vet");
    // Languages that the model does not know are noted, have no vector and are found by their words.
    let german = search(&home, "Schornsteinfeger", &[]);
    assert_eq!((ids(&german)[0], &german["hits"][0]["language"]), ("german", &json!("de")), "{german}");
    assert!(german["hits"][0]["ranks"]["vectors"].is_null(), "{german}");
    assert_eq!(ids(&search(&home, "庭で猫", &[]))[0], "japanese", "by three characters at a time");
    let asked = search(&home, "Wann kommt der Schornsteinfeger?", &[]);
    assert!(asked["words_alone"].as_str().is_some_and(|why| why.contains("language")), "{asked}");
    // What was looked at is not looked at again.
    let again = import(&home, &talk()).json();
    assert_eq!((&again["vectors"]["made"], &again["vectors"]["left_out"]), (&json!(0), &json!(0)), "{again}");
}

#[test]
fn what_was_said_a_moment_ago_is_answered_before_it_has_a_vector() {
    let home = home("");
    let ask = |text: &str| home.run(&["ask", text]).out;
    // Each by itself, without a service: nothing makes a vector in between.
    assert!(ask("remember that the spare key is under the blue pot").contains("I will remember"));
    let told = ask("where is the spare key?");
    assert!(told.ends_with("you said: the spare key is under the blue pot.\n"), "{told}");
    assert!(ask("where is the lawn mower?").contains("no model that I could ask"), "its words are not there");
}

#[test]
fn a_service_makes_vectors_behind_the_write() {
    let home = home("");
    let service = home.start();
    for line in ["The spare key lies under the frog.", "The ladder is at the neighbour's."] {
        let added = home.run(&["memory", "add", line, "--json"]);
        assert!(added.ok, "durable, and acknowledged without waiting for its vector: {added:?}");
    }
    wait_for("vectors", || (vectors(&home) == 2).then_some(()));
    // The second comes when the maker rests already, and takes the place of one that was forgotten.
    let last = search(&home, "ladder", &[])["hits"][0]["uuid"].as_str().expect("an id").to_owned();
    assert!(home.run(&["memory", "forget", &last]).ok);
    assert_eq!(vectors(&home), 1);
    assert!(home.run(&["memory", "add", "The steps are in the barn."]).ok);
    wait_for("its vector", || (vectors(&home) == 2).then_some(()));
    drop(service);
}

#[test]
fn without_an_embedder_words_answer_and_say_so_and_the_vectors_come_later() {
    let home = home("models_dir = \"/nowhere/at/all\"\n");
    let told = import(&home, &talk());
    assert!(told.ok, "an import is no failure for want of a model: {told:?}");
    assert!(told.json()["vectors"]["why"].as_str().is_some_and(|why| why.contains("/nowhere")), "{told:?}");
    let found = home.run(&["memory", "search", "who repaired the water heater"]);
    assert!(found.ok && found.out.contains("plumber") && found.err.contains("words alone"), "{found:?}");
    let config = std::fs::read_to_string(home.root().join("hearth.toml")).expect("settings");
    std::fs::write(home.root().join("hearth.toml"), config.replace("/nowhere/at/all", "")).expect("written");
    // No service runs between the two commands: the questions wait for the vectors.
    let questions = "{\"id\": 1, \"query\": \"which animal doctor vaccinated the young dog?\"}\n";
    let answers = home.run_with_input(&["memory", "search", "--batch", "-", "-k", "1", "--json"], questions.as_bytes());
    let answer: Value = serde_json::from_str(answers.out.trim()).expect("JSON");
    assert_eq!((&answer["ids"], &answer["words_alone"]), (&json!(["vet"]), &Value::Null), "{answers:?}");
    assert_eq!(vectors(&home), 3);
}

#[test]
fn nobody_is_near_to_what_is_anothers() {
    let home = home("");
    let mut lines: Vec<Value> = (0..70)
        .map(|n| {
            json!({"id": format!("o{n}"), "text": format!("The veterinarian looked after the puppy, visit {n}."),
            "person": "jan"})
        })
        .collect();
    lines.push(json!({"id": "hers", "text": "Our cat was treated by doctor Okafor.", "person": "anna"}));
    assert!(import(&home, &lines).ok);
    let question = "who is the animal doctor?";
    let hers = search(&home, question, &["--person", "anna", "--by", "vectors"]);
    assert_eq!(ids(&hers), ["hers"], "70 nearer ones of another crowd nothing out: {hers}");
    assert_eq!(ids(&search(&home, question, &["--by", "vectors"])), [] as [&str; 0], "the household sees neither");
    let his = search(&home, question, &["--person", "jan"]);
    assert!(ids(&his).iter().all(|id| id.starts_with('o')) && !ids(&his).is_empty(), "{his}");
}

/// A development talk with its figures of docs/memory.md, with some room.
fn answered(talk: &str, questions: &str, sizes: (u64, u64), at_10: f64, mrr: f64, sure: f64, doubts: f64) {
    let home = home("");
    let (talk, questions) = (data(talk), data(questions));
    let told = home.run(&["memory", "bench", "--items", "20", "--talk", &talk, "--questions", &questions, "--json"]);
    assert!(told.ok, "{told:?}");
    let told = told.json();
    let of = |way: &str, what: &str| told["quality"][way][what].as_f64().expect("a number");
    assert_eq!((&told["quality"]["turns"], &told["quality"]["questions"]), (&json!(sizes.0), &json!(sizes.1)));
    for depth in ["recall_at_1", "recall_at_5", "recall_at_10", "mrr"] {
        assert!(of("both", depth) > of("words", depth) && of("both", depth) > of("vectors", depth), "{depth}: {told}");
    }
    assert!(of("both", "recall_at_10") >= at_10 && of("both", "mrr") >= mrr, "{told}");
    assert!(of("both", "sure_of_what_was_said") >= sure && of("both", "doubts_what_was_not") >= doubts, "{told}");
    assert!(told["search"][0]["with_embedding_ms"]["p50"].is_f64(), "{told}");
    assert!(told["search"][0]["bytes_per_item"].as_f64().is_some_and(|bytes| bytes > 388.0), "{told}");
}

#[test]
fn the_first_development_talk_is_answered_better_by_both_lists_than_by_either() {
    answered("talk.jsonl", "questions.jsonl", (475, 182), 0.87, 0.64, 0.75, 0.9);
}

/// It had no part in the choice of weights.
#[test]
fn the_second_development_talk_is_answered_better_by_both_lists_than_by_either() {
    answered("second-talk.jsonl", "second-questions.jsonl", (271, 123), 0.75, 0.51, 0.75, 0.7);
}

#[test]
fn an_answer_is_found_by_the_question_before_it_until_that_is_forgotten() {
    let home = home("");
    let turn = |id: &str, speaker: &str, text: &str, session: &str| json!({"id": id, "speaker": speaker, "text": text, "session": session});
    let lines = [
        turn("1", "Anna", "When does the veterinarian see the puppy?", "a"),
        turn("2", "Jan", "On Tuesday at nine, she said.", "a"),
        turn("3", "Anna", "The roof tiles were delivered.", "b"),
        turn("4", "Jan", "On Monday at ten, he said.", "c"),
    ];
    assert!(import(&home, &lines).ok);
    let near = |id: &str| {
        let found = search(&home, "the animal doctor looks at the young dog", &["--by", "vectors"]);
        let hits = found["hits"].as_array().expect("hits").clone();
        hits.iter().find(|hit| hit["id"] == id).and_then(|hit| hit["near"].as_f64()).expect("near")
    };
    assert!(near("2") > near("4") + 0.1, "behind its question: {} {}", near("2"), near("4"));
    let before = near("2");
    let first = search(&home, "veterinarian", &[])["hits"][0]["uuid"].as_str().expect("an id").to_owned();
    assert!(home.run(&["memory", "forget", &first]).ok);
    assert_eq!(vectors(&home), 2, "what was made with its words goes with it");
    assert!(home.run_with_input(&["memory", "search", "--batch", "-", "--json"], b"").ok);
    assert_eq!(vectors(&home), 3);
    assert!(near("2") < before - 0.05, "nothing of it stays in its neighbour: {} {before}", near("2"));
}
