//! Input lines on the simulated bank: what the outside does becomes state and news, at once and only once.

use crate::kit::{Home, Running, wait_for};

const HOME: &str = "[[home.entities]]\nid = \"binary_sensor.hall_button\"\nname = \"Hall button\"\n\
    line = \"hall_button\"\ndebounce_ms = 1\n\
    [[home.entities]]\nid = \"light.kitchen_lamp\"\nname = \"Kitchen lamp\"\nline = \"kitchen_lamp\"\n";

fn state(home: &Home, entity: &str) -> String {
    let status = home.run(&["status", "--json", "--no-start"]).json();
    status["devices"][entity]["state"].as_str().unwrap_or_default().to_owned()
}

fn becomes(home: &Home, entity: &str, wanted: &str) {
    wait_for(wanted, || (state(home, entity) == wanted).then_some(()));
}

fn start() -> (Home, Running) {
    let home = Home::with_config(HOME);
    let running = home.start();
    wait_for("the first look at the lines", || (state(&home, "binary_sensor.hall_button") == "off").then_some(()));
    (home, running)
}

#[test]
fn a_press_is_known_without_being_asked_for() {
    let (home, _running) = start();
    let button = "binary_sensor.hall_button";
    for (level, wanted) in [(1.0, "on"), (0.0, "off"), (1.0, "on")] {
        home.line("hall_button").pull(level);
        becomes(&home, button, wanted);
    }
    // Nobody asked: no call was made for it, the start's one look aside.
    let calls = home.run(&["audit", "--json", "show"]);
    assert_eq!(calls.out.matches("line_get").count(), 1, "{}", calls.out);
}

#[test]
fn the_state_of_before_a_restart_is_not_believed() {
    let (home, running) = start();
    home.line("hall_button").pull(1.0);
    becomes(&home, "binary_sensor.hall_button", "on");
    running.stop();
    home.line("hall_button").pull(0.0);
    let _running = home.start();
    becomes(&home, "binary_sensor.hall_button", "off");
}

#[test]
fn a_line_that_flickers_does_not_keep_the_home_from_working() {
    let (home, running) = start();
    let line = home.line("hall_button");
    for _ in 0..400 {
        line.pull(1.0);
        std::thread::sleep(std::time::Duration::from_millis(3));
        line.pull(0.0);
        std::thread::sleep(std::time::Duration::from_millis(3));
    }
    line.pull(1.0);
    let said = home.run(&["ask", "turn on the kitchen lamp"]);
    assert!(said.ok, "{said:?}");
    becomes(&home, "binary_sensor.hall_button", "on");
    wait_for("the word about it", || running.log().contains("changes too often").then_some(()));
}

#[test]
fn a_debounce_is_checked_like_any_setting() {
    for (value, part) in [("20000", "outside 0 to 10000"), ("-1", "outside"), ("\"long\"", "number")] {
        let home = Home::with_config(&HOME.replace("debounce_ms = 1", &format!("debounce_ms = {value}")));
        let said = home.run(&["config", "check"]);
        assert!(!said.ok && said.err.contains("debounce_ms") && said.err.contains(part), "{said:?}");
    }
    let loose = "[[home.entities]]\nid = \"binary_sensor.x\"\nname = \"X\"\ndebounce_ms = 5\n";
    let said = Home::with_config(loose).run(&["config", "check"]);
    assert!(!said.ok && said.err.contains("needs a `line`"), "{said:?}");
}
