//! The cases of `serial_tool.json` that a channel has: names of ports and speeds.

use hearth::config::tty;
use serde_json::Value;

use crate::kit::{Home, shared};

#[test]
fn ports_and_speeds_of_the_vectors() {
    let Some(path) = shared("vectors/serial_tool.json") else { return };
    let vectors: Value = serde_json::from_slice(&std::fs::read(path).expect("read")).expect("JSON");
    let (mut ports, mut speeds, mut others) = (0, 0, 0);
    for case in vectors["cases"].as_array().expect("cases") {
        if let Some(port) = case["port"].as_str() {
            ports += 1;
            let found = tty::path(port).map(|path| path.display().to_string());
            assert_eq!(found.as_deref(), case["normalised"].as_str(), "{case}");
        } else if case["field"] == "baud" {
            speeds += 1;
            let baud = &case["value"];
            let checked = Home::with_config(&format!("[serial]\nport = \"ttyS0\"\nbaud = {baud}\n"));
            let taken = checked.run(&["config", "check"]).ok;
            // The vectors refuse 460800 only because their peer's table of speeds ends before it, and let
            // a build that can do it say so: any speed goes here.
            assert_eq!(taken, baud == 460_800 || case["valid"] == true, "{case}");
        } else {
            // Arguments of a tool that reads and writes peripherals: the channel has none of them.
            others += 1;
        }
    }
    assert_eq!((ports, speeds, others), (13, 5, 5));
}
