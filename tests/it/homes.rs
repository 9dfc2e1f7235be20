//! Homes on boards: what is wrong is told with its line, all of it at once.

use crate::kit::Home;

const HOME: &str = r#"
board = "host"

[[home.areas]]
id = "kitchen"
name = "Kitchen"

[[home.entities]]
id = "light.lamp"
name = "Lamp"
area = "kitchen"
line = "relay_1"
"#;

#[test]
fn a_home_of_ones_own_works() {
    let home = Home::with_config(HOME);
    assert!(home.run(&["config", "check"]).ok);
    assert!(home.run(&["ask", "turn on the lamp"]).ok);
    assert_eq!(home.line("relay_1").driven(), Some(1.0));
}

#[test]
fn every_fault_is_told_with_key_value_and_line() {
    let wrong = format!(
        "{HOME}
[[home.entities]]
id = \"light.other\"
name = \"Other\"
line = \"relay_1\"

[[home.entities]]
id = \"light.third\"
name = \"Third\"
line = \"relay_22\"

[[home.entities]]
id = \"light.fourth\"
name = \"Fourth\"
line = \"hall_button\"
"
    );
    let home = Home::with_config(&wrong);
    let said = home.run(&["config", "check", "--json"]);
    assert_eq!(said.code, Some(1));
    let faults = said.json()["faults"].as_array().expect("faults").clone();
    assert_eq!(faults.len(), 3, "{faults:?}");
    let line = |text: &str| wrong.lines().enumerate().filter(|(_, l)| *l == text).last().expect("there").0 + 1;
    assert_eq!(faults[0]["line"], line("line = \"relay_1\""), "{:?}", faults[0]);
    assert!(faults[0]["problem"].as_str().is_some_and(|text| text.contains("light.lamp")), "{:?}", faults[0]);
    assert_eq!(faults[1]["line"], line("line = \"relay_22\""));
    assert_eq!(faults[1]["did_you_mean"], "relay_2");
    assert!(faults[2]["problem"].as_str().is_some_and(|text| text.contains("only be read")), "{:?}", faults[2]);
    let refused = home.run(&["run"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("relay_22") && refused.err.contains("relay_2"), "{}", refused.err);
}

#[test]
fn unknown_boards_keys_and_secrets_are_refused() {
    let said = Home::with_config("board = \"rpi44\"\n").run(&["config", "check"]);
    assert!(!said.ok && said.err.contains("rpi4"), "{said:?}");
    let said = Home::with_config("timezon = \"UTC\"\n").run(&["config", "check"]);
    assert!(!said.ok && said.err.contains("timezone"), "{said:?}");
    let secret = "ghp_abcdefghijklmnopqrstuvwxyz0123456789";
    let said = Home::with_config(&format!("\ndevice = \"{secret}\"\n")).run(&["run"]);
    assert!(!said.ok && said.err.contains(":2"), "{said:?}");
    assert!(!said.err.contains(secret) && !said.out.contains(secret), "{said:?}");
}

#[test]
fn a_home_file_of_its_own_is_read_as_json_and_toml() {
    let home = Home::with_config("home_file = \"home.json\"\n");
    let json = r#"{"areas": [{"id": "kitchen", "name": "Kitchen"}],
                   "entities": [{"id": "light.lamp", "name": "Lamp", "area": "kitchen", "line": "relay_1"}]}"#;
    std::fs::write(home.root().join("home.json"), json).expect("written");
    assert!(home.run(&["ask", "turn on the lamp"]).ok);
    assert_eq!(home.line("relay_1").driven(), Some(1.0));
    std::fs::write(home.root().join("home.json"), "{\"entities\": 5}").expect("written");
    assert!(!home.run(&["config", "check"]).ok);
    std::fs::write(home.root().join("home.json"), "\u{feff}nonsense").expect("written");
    assert!(home.run(&["config", "check"]).err.contains("JSON"));
}

#[test]
fn what_opens_the_house_asks_first() {
    let locked = format!(
        "{HOME}
[[home.entities]]
id = \"lock.front_door\"
name = \"Front door\"
line = \"relay_2\"
"
    );
    let home = Home::with_config(&locked);
    let _service = home.start();
    let asked = home.run(&["ask", "unlock the front door", "--json"]);
    assert_eq!(asked.json()["detail"]["decision"], "ask", "{asked:?}");
    assert_eq!(home.line("relay_2").driven(), None, "nothing moved yet");
    let raw = home.run(&["tool", "call", "line_set", r#"{"line": "relay_2", "value": 1}"#, "--json"]);
    assert_eq!(raw.json()["fault"]["code"], "needs_confirmation", "the risk is the line's, whoever asks: {raw:?}");
    assert_eq!(home.run(&["ask", "no", "--json"]).json()["detail"]["decision"], "answer");
    assert!(home.run(&["ask", "unlock the front door"]).code == Some(1));
    assert!(home.run(&["ask", "yes"]).ok);
    assert!(home.line("relay_2").driven().is_some(), "moved after the yes");
}
