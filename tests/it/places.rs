//! Where a speaker is: `[places]` gives each channel, client or session its area.

use crate::kit::{Home, Running, wait_for};
use crate::serial::far::Far;

const LAMPS: &str = r#"
[[home.areas]]
name = "Kitchen"
[[home.areas]]
name = "Bedroom"
[[home.entities]]
id = "light.kitchen"
name = "Ceiling light"
area = "Kitchen"
line = "kitchen_lamp"
[[home.entities]]
id = "light.bedroom"
name = "Ceiling light"
area = "Bedroom"
line = "bedroom_lamp"
"#;

fn started(places: &str) -> (Home, Running) {
    let home = Home::with_config(&format!("{places}{LAMPS}"));
    let running = home.start();
    (home, running)
}

#[test]
fn the_light_is_that_of_the_room_where_the_speaker_is() {
    let (home, _service) = started("[places.bed]\nis = [\"admin:bedside\"]\narea = \"Bedroom\"\n");
    let unplaced = home.run(&["ask", "turn on the light", "--json"]).json();
    assert_eq!(unplaced["detail"]["decision"], "ask", "{unplaced}");
    assert!(home.run(&["ask", "never mind"]).ok);
    assert!(home.run(&["ask", "--session", "bedside", "turn on the light"]).ok);
    assert_eq!((home.line("kitchen_lamp").driven(), home.line("bedroom_lamp").driven()), (None, Some(1.0)));
    // What is named is meant, wherever the speaker is.
    assert!(home.run(&["ask", "--session", "bedside", "turn on the kitchen light"]).ok);
    assert_eq!(home.line("kitchen_lamp").driven(), Some(1.0));
}

#[test]
fn the_console_and_the_serial_line_have_their_rooms() {
    let far = Far::new();
    let home = Home::with_config(&format!(
        "[serial]\nport = \"{}\"\n[people.owner]\nis = [\"serial\"]\nrights = \"use\"\n[places.line]\nis = \
         [\"serial\"]\narea = \"Kitchen\"\n{LAMPS}",
        far.path()
    ));
    let service = home.start();
    let mut far = far;
    wait_for("the line to be opened", || service.log().contains("serial line is open").then_some(()));
    far.write(b"turn on the light\r");
    far.expect("The ceiling light is on.");
    assert_eq!((home.line("kitchen_lamp").driven(), home.line("bedroom_lamp").driven()), (Some(1.0), None));
    service.stop();
    let home = Home::with_config(&format!("[places.here]\nis = [\"console\"]\narea = \"Bedroom\"\n{LAMPS}"));
    let said = home.run_with_input(&[], b"turn on the light\n/quit\n");
    assert!(said.ok, "{said:?}");
    assert_eq!((home.line("kitchen_lamp").driven(), home.line("bedroom_lamp").driven()), (None, Some(1.0)));
}

#[test]
fn a_place_that_is_none_is_told_with_its_line() {
    let home = Home::with_config(&format!(
        "[places.a]\nis = [\"console\"]\narea = \"Bedrom\"\n[places.b]\nis = [\"seriall:1\"]\narea = \"Kitchen\"\n{LAMPS}"
    ));
    let said = home.run(&["config", "check", "--json"]);
    let faults = said.json()["faults"].as_array().expect("faults").clone();
    assert_eq!(faults.len(), 2, "{faults:?}");
    let hints: Vec<_> = faults.iter().map(|fault| fault["did_you_mean"].as_str().unwrap_or_default()).collect();
    assert_eq!(hints, ["Bedroom", "serial"]);
    assert!(faults.iter().all(|fault| fault["line"].is_u64()), "{faults:?}");
    assert!(!home.run(&["run"]).ok);
}
