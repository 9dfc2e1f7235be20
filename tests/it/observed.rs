//! Observational memory: the vectors, then the running service with a scripted observer and without a model.

use hearth::memory::{observe, when, words};
use serde_json::{Value, json};

use crate::kit::{Home, Kept, Model, Step, shared, wait_for};

fn cases(file: &str) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(shared(&format!("vectors/{file}"))?).expect("read");
    let value: Value = serde_json::from_str(&text).expect("JSON");
    Some(value["cases"].as_array().expect("cases").clone())
}

#[test]
fn the_vectors_of_observer_and_reflector_hold() {
    let Some(cases) = cases("observational_memory.json") else { return };
    let word = |priority: observe::Priority| json!(priority);
    for case in &cases {
        let answer = case["response"].as_str().unwrap_or_default();
        match case["kind"].as_str().expect("a kind") {
            "observer" => {
                let found: Vec<Value> = observe::observed(answer)
                    .into_iter()
                    .map(|(priority, text)| json!([word(priority), text]))
                    .collect();
                assert_eq!(json!(found), case["expected"], "{case}");
            }
            "reflector" => {
                let priorities: Vec<observe::Priority> =
                    serde_json::from_value(case["priorities"].clone()).expect("priorities");
                assert_eq!(json!(observe::kept(answer, &priorities)), case["expected_kept"], "{case}");
            }
            "relative_date" => {
                #[allow(clippy::cast_possible_truncation, reason = "minutes of a test case")]
                let age_ms = (case["age_minutes"].as_f64().expect("minutes") * 60_000.0) as i64;
                assert_eq!(when::ago(age_ms), case["expected"], "{case}");
            }
            other => panic!("a kind of case that nobody reads: {other}"),
        }
    }
    assert_eq!(cases.len(), 11);
}

#[test]
fn the_vectors_of_the_word_index_hold() {
    let Some(cases) = cases("fts5_sanitize.json") else { return };
    for case in &cases {
        assert_eq!(words::quoted(case["input"].as_str().expect("text")), case["expected"], "{case}");
    }
    assert_eq!(cases.len(), 20);
}

fn ask(home: &Home, text: &str) -> Value {
    home.run(&["ask", "--json", text]).json()
}

/// About a quarter of what makes a conversation be observed.
fn long(number: usize) -> String {
    let story = "compose a limerick about entropy and then another one about it, please do so. ".repeat(60);
    format!("Chapter {number}. Anna is allergic to nuts. {story}")
}

#[test]
fn a_scripted_observer_notes_what_mattered_and_the_block_stays_the_same_bytes() {
    let mut script = vec![Step::Say("Ok."); 4];
    script.push(Step::Say("critical|Anna is allergic to nuts\nnotable|They came back yesterday\nnonsense\nnotable|ghp_abcdefghijklmnopqrstuvwxyz0123456789 is the token"));
    script.push(Step::Say("Fine."));
    let model = Model::start(script);
    let url = model.url.clone();
    let home = Home::with_late_config(|root| {
        let keeper = Kept::settings(root);
        format!("{keeper}[net]\nlan = [\"127.0.0.1\"]\n[model]\nbase_url = \"{url}\"\nname = \"m\"\n")
    });
    let kept = Kept::beside(&home);
    kept.put("model", b"sk-canary-Zx81Qq7LmN20pRtV");
    let running = home.start();
    for number in 0..4 {
        assert_eq!(ask(&home, &long(number))["text"], "Ok.", "{}", running.log());
    }
    let observations = || home.run(&["memory", "observations", "--json"]).json()["text"].as_str().map(str::to_owned);
    let block = wait_for("the observer", || observations().filter(|text| !text.is_empty()));
    assert!(block.contains("\u{1F534}") && block.contains("Anna is allergic to nuts"), "{block}");
    assert!(block.contains("said as «yesterday»"), "the three dates: {block}");
    assert!(!block.contains("ghp_"), "no secret in an observation: {block}");
    let asked = model.asked();
    assert!(asked[4].body["messages"][0]["content"].as_str().expect("text").contains("PRIORITY|CONTENT"));

    ask(&home, "compose a limerick about entropy");
    ask(&home, "compose another limerick about entropy");
    let asked = model.asked();
    let bytes = |at: usize| {
        let messages = asked[at].body["messages"].as_array().expect("messages").clone();
        let upto = messages.iter().position(|m| m["content"].as_str().is_some_and(|t| t.contains("What was observed")));
        serde_json::to_string(&messages[..=upto.expect("the block")]).expect("JSON")
    };
    assert_eq!(bytes(5), bytes(6), "the beginning of the prompt is the same bytes, turn after turn");
    assert!(bytes(5).contains("Anna is allergic"));
    running.stop();
    let again = home.start();
    assert_eq!(observations().as_deref(), Some(block.as_str()), "over a restart too");
    again.stop();
}

#[test]
fn without_a_model_sentences_are_taken_word_for_word() {
    let home = Home::new();
    let running = home.start();
    for number in 0..5 {
        ask(&home, &long(number));
    }
    let block = wait_for("the observer", || {
        let told = home.run(&["memory", "observations", "--json"]).json();
        told["text"].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    });
    assert!(block.contains("\u{1F534}") && block.contains("Anna is allergic to nuts."), "{block}");
    running.stop();
}
