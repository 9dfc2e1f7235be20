//! `hearth say`: the interface for one sentence and for many, as `docs/say.md` gives it.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::kit::Output;

const HOME: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/say/home.json");

fn say(args: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hearth"));
    command.arg("say").args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    Output::of(command, input.as_bytes())
}

/// Answers to cases, one for each line.
pub(crate) fn batch(cases: &[Value]) -> Vec<Value> {
    let lines: Vec<String> = cases.iter().map(ToString::to_string).collect();
    let said = say(&["--batch", "-"], &lines.join("\n"));
    let answers: Vec<Value> = said.out.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    assert_eq!(answers.len(), cases.len(), "{}", said.err);
    answers
}

#[test]
fn one_sentence_is_shown_with_all_that_came_of_it() {
    let said = say(&["--home", HOME, "--area", "Bathroom", "lights on"], "");
    assert!(said.ok, "{}", said.err);
    for part in [
        "The mirror light is on.",
        "\"act\"",
        "HassTurnOn",
        "\"area\":\"Bathroom\"",
        "turn_on",
        "light.mirror state",
        "µs",
    ] {
        assert!(said.out.contains(part), "{part} in {}", said.out);
    }
    let json = say(&["--home", HOME, "--json", "--states", "pantry bulb on"], "").json();
    assert_eq!(json["decision"], "act");
    assert_eq!(json["intent"], "HassTurnOn");
    assert_eq!(json["slots"], json!({"name": "Pantry Bulb"}));
    assert_eq!(json["calls"], json!([{"command": "turn_on", "entities": ["light.pantry"]}]));
    assert_eq!(json["changes"], json!([{"entity": "light.pantry", "property": "state", "from": "off", "to": "on"}]));
    assert_eq!(json["reply"], "The pantry bulb is on.");
    assert!(json["microseconds"].as_f64().expect("a time") > 0.0);
    let states = json["states"].as_array().expect("states");
    assert!(states.iter().any(|s| s["id"] == "light.pantry" && s["state"] == "on"));
}

#[test]
fn each_case_of_a_batch_has_a_fresh_home_its_states_its_area_and_its_earlier_turns() {
    let home = json!({"areas": [{"name": "Loft"}, {"name": "Shed"}], "entities": [
        {"id": "light.a", "name": "Spot", "area": "Loft"}, {"id": "light.b", "name": "Spot", "area": "Shed"}]});
    let answers = batch(&[
        json!({"id": 7, "home": home, "sentence": "turn on the spot", "area": "Shed"}),
        json!({"home": home, "sentence": "is the spot on", "area": "Shed"}),
        json!({"home": home, "sentence": "toggle the spot", "area": "Loft", "states": {"light.a": "on"}}),
        json!({"home": home, "sentence": "the one in the loft", "turns": ["turn on the spot"]}),
        json!({"home": HOME, "sentence": "make it blue", "turns": ["porch lantern on"]}),
        json!({"home": home, "sentence": "what time is it", "now": "2024-02-29T13:05:00"}),
    ]);
    assert_eq!((&answers[0]["id"], &answers[0]["changes"][0]["entity"]), (&json!(7), &json!("light.b")));
    assert_eq!(answers[1]["reply"], "No, the spot is off.");
    assert_eq!(answers[2]["changes"], json!([{"entity": "light.a", "property": "state", "from": "on", "to": "off"}]));
    assert_eq!(answers[3]["changes"][0]["entity"], "light.a");
    assert_eq!(answers[4]["changes"][0]["entity"], "light.porch");
    assert_eq!(answers[5]["reply"], "It is 1:05 PM.");
}

#[test]
fn bad_cases_and_homes_are_told_and_the_rest_goes_on() {
    let home = json!({"entities": [{"id": "light.a", "name": "Spot"}]});
    let cases = [
        json!({"home": home, "sentance": "x"}).to_string(),
        "{".to_owned(),
        json!({"home": {"entities": [{"id": "lihgt.a"}]}, "sentence": "spot on"}).to_string(),
        json!({"home": home, "sentence": "spot on", "states": {"light.b": "on"}}).to_string(),
        json!({"home": home, "sentence": "spot on"}).to_string(),
    ];
    let said = say(&["--batch", "-"], &cases.join("\n"));
    assert!(!said.ok && said.err.contains("4 cases"), "{}", said.err);
    let answers: Vec<Value> = said.out.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    for (answer, part) in answers.iter().zip(["sentance", "EOF", "did you mean `light`", "did you mean `light.a`"]) {
        assert!(answer["error"].as_str().is_some_and(|e| e.contains(part)), "{part} in {answer}");
    }
    assert_eq!(answers[4]["decision"], "act");
    let missing = say(&["--home", "/nowhere.json", "x"], "");
    assert!(!missing.ok && missing.err.contains("/nowhere.json"), "{}", missing.err);
    let area = say(&["--home", HOME, "--area", "Pantri", "lights on"], "");
    assert!(!area.ok && area.err.contains("did you mean `Pantry`"), "{}", area.err);
}

#[test]
fn a_home_that_other_programs_wrote_too_is_read_and_what_is_strange_is_told() {
    let home = json!({
        "floors": [{"name": "Ground"}],
        "areas": [{"name": "Bedroom 1", "icon": "mdi:bed", "labels": ["x"]}, {"name": "Bedroom 2"}],
        "entities": [
            {"id": "light.a", "name": "Spot", "area": "Bedroom 1", "platform": "hue", "attributes": {"weird": [1, {"a": null}], "brightness": null}},
            {"id": "notify.phone", "name": "Phone", "area": "Bedroom 3", "state": "unknown"},
            {"id": "sensor.s", "name": "Thing", "state": 3, "attributes": {"device_class": "quarks"}},
            {"id": "light.b", "area": "Bedroom 4", "state": null, "aliases": null}
        ]
    });
    let case = json!({"home": home, "sentence": "spot on"}).to_string();
    let said = say(&["--batch", "-", "--states"], &case);
    assert!(said.ok, "{}", said.err);
    for part in ["icon", "labels", "platform", "`notify`"] {
        assert!(said.err.contains(part), "{part} in {}", said.err);
    }
    let answer: Value = serde_json::from_str(said.out.trim()).expect("JSON");
    assert_eq!(answer["changes"][0]["entity"], "light.a");
    let states = answer["states"].as_array().expect("states");
    assert!(states.iter().any(|s| s["id"] == "notify.phone" && s["state"] == "unknown"), "{states:?}");
    let nothing = json!({"home": home, "sentence": "turn on the phone"});
    assert_eq!(batch(&[nothing])[0]["changes"], json!([]));
}

#[test]
fn a_batch_goes_on_behind_every_sort_of_bad_line() {
    let home = json!({"areas": [{"name": "Loft"}], "entities": [{"id": "light.a", "name": "Spot", "area": "Loft"}]});
    let bad = [
        json!({"home": home, "sentence": 7}),
        json!({"home": home, "sentence": "spot on", "area": 7}),
        json!({"home": home, "sentence": "spot on", "turns": "spot off"}),
        json!({"home": home, "sentence": "spot on", "turns": [7]}),
        json!({"home": home, "sentence": "spot on", "states": [7]}),
        json!({"home": home, "sentence": "spot on", "now": "yesterday"}),
        json!({"home": 7, "sentence": "spot on"}),
        json!({"home": "/nowhere.json", "sentence": "spot on"}),
        json!({"sentence": "spot on"}),
        json!({"home": home}),
        json!([]),
        json!(null),
    ];
    let mut lines: Vec<Vec<u8>> = bad.iter().map(|b| b.to_string().into_bytes()).collect();
    lines.push(b"\xff\xfe{}".to_vec());
    let good = json!({"home": home, "sentence": "make the spot brighter", "states": {"light.a": {"state": "on", "brightness": 40}}});
    lines.push(good.to_string().into_bytes());
    let mut command = Command::new(env!("CARGO_BIN_EXE_hearth"));
    command.args(["say", "--batch", "-"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let said = Output::of(command, &lines.join(&b'\n'));
    assert!(!said.ok);
    let answers: Vec<Value> = said.out.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    assert_eq!(answers.len(), lines.len());
    for (answer, line) in answers.iter().zip(&bad) {
        assert!(answer["error"].as_str().is_some_and(|e| e.len() > 8), "{line}: {answer}");
    }
    assert_eq!(answers[lines.len() - 1]["changes"][0]["to"], 60, "{}", answers[lines.len() - 1]);
}

#[test]
fn times_of_day_and_reminders_are_understood_with_their_slots() {
    let home = json!({"areas": [{"name": "Loft"}], "entities": [{"id": "light.a", "name": "Spot", "area": "Loft"}]});
    let case = |sentence: &str| json!({"home": home, "sentence": sentence, "now": "2025-03-04T09:30:00"});
    let answers = batch(&[
        case("spot on at half past ten"),
        case("remind me at noon to water the ferns"),
        case("every day at noon spot on"),
    ]);
    assert_eq!(answers[0]["intent"], "HearthSchedule");
    assert_eq!(answers[0]["slots"], json!({"time": "2025-03-04T10:30:00", "conversation_command": "spot on"}));
    assert_eq!(
        answers[0]["changes"],
        json!([{"entity": "timer.1", "property": "total_seconds_left", "from": null, "to": 3600}])
    );
    assert_eq!(answers[1]["slots"], json!({"time": "2025-03-04T12:00:00", "message": "water the ferns"}));
    assert_eq!((&answers[2]["changes"], &answers[2]["decision"]), (&json!([]), &json!("abstain")));
}

#[test]
fn both_styles_of_attributes_are_kept() {
    let light = |style: &str, level: u64| {
        json!({"style": style, "entities": [
        {"id": "light.a", "name": "Spot", "state": "on", "attributes": {"brightness": level}},
        {"id": "media_player.p", "name": "Player", "attributes": {"volume_level": 0}}]})
    };
    let answers = batch(&[
        json!({"home": light("percent", 10), "sentence": "set the spot to 40 percent"}),
        json!({"home": light("home_assistant", 200), "sentence": "set the spot to 40 percent"}),
        json!({"home": light("home_assistant", 200), "sentence": "set the volume of the player to 40"}),
    ]);
    let to: Vec<&Value> = answers.iter().map(|a| &a["changes"][0]["to"]).collect();
    assert_eq!(to, [&json!(40), &json!(102), &json!(0.4)]);
}

#[test]
fn sentences_for_memory_move_nothing_and_are_told_as_such() {
    let home = json!({"areas": [{"name": "Kitchen"}],
        "entities": [{"id": "light.k", "name": "Kitchen Lamp", "area": "Kitchen", "state": "off"}]});
    for (sentence, intent, slots) in [
        ("remember that the kitchen lamp is on", "HearthRemember", json!({"text": "the kitchen lamp is on"})),
        ("what did I say about the kitchen lamp?", "HearthRecall", json!({"topic": "the kitchen lamp", "by": null})),
        ("forget what I said about the kitchen lamp", "HearthForget", json!({"topic": "the kitchen lamp"})),
        ("forget that", "HearthForget", json!({"topic": null})),
    ] {
        let told = batch(&[json!({"home": home, "sentence": sentence})]).remove(0);
        assert_eq!((&told["memory"]["intent"], &told["memory"]["slots"]), (&json!(intent), &slots), "{told}");
        assert!(told["calls"] == json!([]) && told["changes"] == json!([]), "{told}");
    }
    let told = batch(&[json!({"home": home, "sentence": "turn on the kitchen lamp"})]).remove(0);
    assert!(told["memory"].is_null() && told["decision"] == "act", "{told}");
}

#[test]
fn a_batch_may_come_from_a_file_and_homes_may_be_toml() {
    let folder = crate::kit::Home::new();
    let toml = folder.root().join("shed.toml");
    std::fs::write(&toml, "[[entities]]\nid = \"light.bench\"\nname = \"Bench Lamp\"\n").expect("written");
    let toml = toml.to_str().expect("UTF-8");
    let told = say(&["--home", toml, "--json", "bench lamp on"], "").json();
    assert_eq!(told["changes"][0]["entity"], "light.bench", "{told}");

    // The home of the command line is that of every case without one.
    let cases = [
        json!({"id": 1, "sentence": "bench lamp on"}),
        json!({"id": 2, "sentence": "pantry bulb on", "home": HOME}),
        json!({"id": 3, "sentence": "pantry bulb on"}),
    ];
    let file = folder.root().join("cases.jsonl");
    std::fs::write(&file, cases.map(|c| c.to_string()).join("\n")).expect("written");
    let said = say(&["--home", toml, "--batch", file.to_str().expect("UTF-8")], "");
    let answers: Vec<Value> = said.out.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    let moved: Vec<&Value> = answers.iter().map(|a| &a["changes"][0]["entity"]).collect();
    assert_eq!(moved, [&json!("light.bench"), &json!("light.pantry"), &Value::Null], "{}", said.out);
    assert_eq!(answers.iter().map(|a| &a["id"]).collect::<Vec<_>>(), [&json!(1), &json!(2), &json!(3)]);
    let missing = say(&["--batch", "/nowhere.jsonl"], "");
    assert!(!missing.ok && missing.err.contains("/nowhere.jsonl"), "{}", missing.err);
}

#[test]
fn a_colour_that_was_given_is_told_when_asked_for() {
    let case = |turns: &[&str]| json!({"home": HOME, "turns": turns, "sentence": "what colour is the mirror light"});
    let lines = [case(&["turn the mirror light on and make it blue"]), case(&[])].map(|c| c.to_string()).join("\n");
    let said = say(&["--batch", "-"], &lines);
    let answers: Vec<Value> = said.out.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    assert!(answers.iter().all(|a| a["decision"] == "answer" && a["changes"] == json!([])), "{}", said.out);
    let blue = |answer: &Value| answer["reply"].as_str().is_some_and(|reply| reply.contains("blue"));
    assert_eq!(answers.iter().map(blue).collect::<Vec<_>>(), [true, false], "{}", said.out);
}
