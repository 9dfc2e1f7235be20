//! paho-mqtt, an independent client in Python, speaks with a running Hearth.

use std::path::PathBuf;
use std::process::Command;

use super::Broker;
use crate::kit::Home;

/// The Python of the virtual environment that `tests/run` makes.
fn python() -> Option<PathBuf> {
    let made = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/paho/bin/python"));
    let path = std::env::var_os("HEARTH_PAHO").map_or(made, PathBuf::from);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "paho-mqtt is missing, and CI must not skip: tests/run installs it");
    eprintln!("SKIPPED: no {}; tests/run makes it", path.display());
    None
}

#[test]
fn paho_gets_the_same_answers_in_both_versions_and_all_three_qualities() {
    let (Some(python), Some(broker)) = (python(), Broker::start()) else { return };
    for version in ["3.1.1", "5"] {
        let home = Home::with_config(&format!(
            "device = \"paho{}\"\n[mqtt]\nenabled = true\nport = {}\nversion = \"{version}\"\n\
             [people.house]\nis = [\"mqtt\"]\nrights = \"use\"\n\
             [[home.entities]]\nid = \"light.kitchen_lamp\"\nname = \"Kitchen lamp\"\nline = \"kitchen_lamp\"\n",
            version.len(),
            broker.port
        ));
        let _running = home.start();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/mqtt/paho_peer.py");
        let device = format!("paho{}", version.len());
        let output = Command::new(&python).args([script, &broker.port.to_string(), version, &device]).output();
        let output = output.expect("ran");
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
        assert!(told.contains("all 12 answers"), "{told}");
    }
}
