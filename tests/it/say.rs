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
