//! The `memory` tool and the working context: through the gate, on behalf of who speaks, shown to the model.

use serde_json::{Value, json};

use crate::kit::{Home, Kept, Model, Output, Step};

fn call(home: &Home, arguments: &Value, more: &[&str]) -> Output {
    let arguments = arguments.to_string();
    home.run(&[&["tool", "call", "memory", &arguments, "--json"], more].concat())
}

fn done(home: &Home, arguments: &Value) -> Value {
    let output = call(home, arguments, &["--yes"]);
    assert!(output.ok, "{arguments}: {output:?}");
    output.json()
}

#[test]
fn the_tool_adds_finds_edits_and_forgets_and_the_audit_keeps_no_text() {
    let home = Home::new();
    let service = home.start();
    let added = done(&home, &json!({"action": "add", "text": "the boiler was serviced by Zebediah"}));
    let id = added["ids"][0].as_str().expect("an id").to_owned();
    let found = done(&home, &json!({"action": "search", "query": "who serviced the boiler?"}));
    assert_eq!((&found["sure"], &found["hits"][0]["id"]), (&json!(true), &json!(id)), "{found}");
    let edited = done(&home, &json!({"action": "edit", "id": id, "text": "the boiler was serviced by Ottoline"}));
    let new = edited["ids"][0].as_str().expect("an id").to_owned();
    assert!(done(&home, &json!({"action": "show", "id": new}))["text"].as_str().expect("text").contains("Ottoline"));
    assert!(!call(&home, &json!({"action": "show", "id": id}), &[]).ok, "what was replaced is history");
    done(&home, &json!({"action": "set_fact", "key": "plumber", "value": "Ottoline"}));
    assert_eq!(done(&home, &json!({"action": "facts", "key": "plumber"}))[0]["value"], "Ottoline");
    let asked = call(&home, &json!({"action": "forget", "id": new}), &[]);
    assert!(!asked.ok && asked.out.contains("needs_confirmation"), "forgetting asks a person first: {asked:?}");
    assert_eq!(done(&home, &json!({"action": "forget", "id": new}))["forgotten"], 1);
    assert!(!call(&home, &json!({"action": "show", "id": new}), &[]).ok);
    let audit = home.run(&["audit", "show", "--json"]).out;
    assert!(audit.contains("\\\"action\\\":\\\"add\\\"") || audit.contains("add"), "{audit}");
    assert!(!audit.contains("Zebediah") && !audit.contains("Ottoline"), "audit records cannot forget: {audit}");
    service.stop();
}

#[test]
fn bad_arguments_name_the_key_and_secrets_are_refused() {
    let home = Home::new();
    let service = home.start();
    for (arguments, part) in [
        (json!({}), "action"),
        (json!({"action": "dance"}), "dance"),
        (json!({"action": "add"}), "text"),
        (json!({"action": "add", "text": ""}), "text"),
        (json!({"action": "add", "text": "x", "colour": 1}), "colour"),
        (json!({"action": "show", "id": "7"}), "7"),
        (json!({"action": "add", "text": "token ghp_abcdefghijklmnopqrstuvwxyz0123456789"}), "secret"),
        (json!({"action": "set_fact", "key": "token", "value": "ghp_abcdefghijklmnopqrstuvwxyz0123456789"}), "secret"),
        (json!({"action": "write_context", "text": "ghp_abcdefghijklmnopqrstuvwxyz0123456789"}), "secret"),
        (json!({"action": "write_context", "text": "x".repeat(5000)}), "4096"),
    ] {
        let refused = call(&home, &arguments, &[]);
        let told = refused.json()["fault"]["message"].as_str().expect("a message").to_owned();
        assert!(!refused.ok && told.contains(part) && !told.contains("ghp_abc"), "{arguments}: {told}");
    }
    assert_eq!(home.run(&["memory", "stats", "--json"]).json()["memories"], 0);
    service.stop();
}

#[test]
fn what_is_private_and_what_is_anothers_does_not_reach_the_tool() {
    let home = Home::new();
    let lines = [
        json!({"id": "a", "text": "the safe is behind the painting", "class": "private"}),
        json!({"id": "b", "text": "the safe is of steel", "person": "anna"}),
        json!({"id": "c", "text": "the safe is heavy"}),
    ];
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    assert!(home.run_with_input(&["memory", "import", "-"], text.as_bytes()).ok);
    let found = done(&home, &json!({"action": "search", "query": "where is the safe"}));
    let texts: Vec<&str> = found["hits"].as_array().expect("hits").iter().filter_map(|h| h["text"].as_str()).collect();
    assert_eq!(texts, ["the safe is heavy"]);
    let all = home.run(&["memory", "search", "where is the safe", "--json"]).json();
    assert_eq!(all["hits"].as_array().map(Vec::len), Some(2), "its person sees what is private: {all}");
}

#[test]
fn the_working_context_is_bounded_editable_and_shown_to_the_model() {
    let model = Model::start(vec![
        Step::Wish(vec![
            ("memory", json!({"action": "write_context", "text": "Anna is away until Friday.", "append": true})),
            ("memory", json!({"action": "forget", "id": "01a1fdf5-88af-7000-af27-254fa1d745b2"})),
        ]),
        Step::Say("Noted."),
    ]);
    let url = model.url.clone();
    let home = Home::with_late_config(|root| {
        let keeper = Kept::settings(root);
        format!("{keeper}[net]\nlan = [\"127.0.0.1\"]\n[model]\nbase_url = \"{url}\"\nname = \"m\"\n")
    });
    let kept = Kept::beside(&home);
    kept.put("model", b"sk-canary-Zx81Qq7LmN20pRtV");
    assert!(home.run(&["memory", "context", "Speaks", "English", "and", "Polish."]).ok);
    let running = home.start();
    let answer = home.run(&["ask", "--json", "please compose a limerick about entropy"]).json();
    assert_eq!(answer["text"], "Noted.", "{answer} {}", running.log());
    assert_eq!(answer["detail"]["calls"][0]["outcome"], "ok", "{answer}");
    assert_eq!(answer["detail"]["calls"][1]["outcome"], "needs_confirmation", "a model forgets nothing by itself");
    let shown = model.asked()[0].body["messages"].to_string();
    assert!(shown.contains("Speaks English and Polish."), "{shown}");
    assert!(model.asked()[0].body["tools"].to_string().contains("\"memory\""));
    let context = home.run(&["memory", "context", "--json"]).json();
    assert_eq!(context["text"], "Speaks English and Polish.\nAnna is away until Friday.");
    assert_eq!(
        home.run(&["memory", "context", "--json", "--person", "anna"]).json()["text"],
        "",
        "one for each person"
    );
    assert!(home.run(&["memory", "context", "--clear"]).ok);
    home.run(&["ask", "please compose a limerick about entropy"]);
    assert!(!model.asked().last().expect("asked").body.to_string().contains("Speaks English"));
    running.stop();
}
