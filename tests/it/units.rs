//! The units of systemd: how exposed they leave the programs, and the limits that they get from the board.
//!
//! `tests/heavy/systemd` starts them; here they are only read.

use std::process::Command;

use nix::sys::resource::{Resource, setrlimit};

use crate::kit::Home;

/// What `systemd-analyze security` finds of a unit, 0 (safe) to 10.
fn exposure(unit: &str) -> Option<f64> {
    let path = format!("{}/systemd/{unit}", env!("CARGO_MANIFEST_DIR"));
    let ran = Command::new("systemd-analyze").args(["security", "--no-pager", "--offline=true", &path]).output();
    let Ok(ran) = ran else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "systemd-analyze is missing (Debian: systemd)");
        eprintln!("{unit}: SKIPPED: no systemd-analyze (Debian: systemd)");
        return None;
    };
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    let figure = told.rsplit_once("Overall exposure level for").and_then(|(_, rest)| rest.split_whitespace().nth(1));
    Some(figure.and_then(|figure| figure.parse().ok()).unwrap_or_else(|| panic!("{unit}: {told} {ran:?}")))
}

#[test]
fn the_units_leave_little_open() {
    for (unit, below) in [("hearth.service", 3.2), ("hearth-keeper.service", 2.0)] {
        if let Some(exposure) = exposure(unit) {
            assert!(exposure < below, "{unit}: {exposure}, promised below {below}");
        }
    }
}

#[test]
fn the_limits_are_those_of_the_board() {
    let home = Home::new();
    let told = home.run(&["board", "limits", "rpi-zero"]);
    let budget = home.run(&["board", "show", "rpi-zero", "--json"]).json()["budget_mb"].as_u64().expect("a budget");
    assert!(told.ok && told.out.starts_with("# Board rpi-zero.\n[Service]\n"), "{told:?}");
    assert!(told.out.contains(&format!("MemoryMax={budget}M\n")), "{told:?}");
    let json = home.run(&["board", "limits", "rpi-zero", "--json"]).json();
    assert_eq!(json["memory_max_mb"].as_u64(), Some(budget));
    assert!(json["memory_high_mb"].as_u64() < Some(budget));
    assert_eq!(home.run(&["board", "limits", "rpi-zeroo"]).code, Some(1));
}

/// What a unit says.
fn text(unit: &str) -> String {
    let path = format!("{}/systemd/{unit}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).expect("the unit")
}

#[test]
fn the_service_is_watched_and_waits_for_neither_network_nor_clock() {
    let service = text("hearth.service");
    assert!(service.contains("\nType=notify\n") && service.contains("\nWatchdogSec="), "{service}");
    let mut relations = 0;
    for unit in ["hearth.service", "hearth-keeper.service", "hearth-keeper.socket"] {
        for line in text(unit).lines() {
            let (key, of) = line.split_once('=').unwrap_or_default();
            if !["After", "Wants", "Requires", "Requisite", "BindsTo"].contains(&key) {
                continue;
            }
            relations += 1;
            for awaited in ["network", "time-sync", "time-set", "timesync", "resolved", "nss-lookup"] {
                assert!(!of.contains(awaited), "{unit} waits: {line}");
            }
        }
    }
    assert!(relations > 3, "{relations} relations were read");
}

/// The number behind a key of a unit.
fn number(unit: &str, key: &str) -> u64 {
    let text = text(unit);
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{unit} has no {key}"))
}

#[test]
fn hands_work_with_the_descriptors_that_the_unit_gives() {
    let files = number("hearth.service", "LimitNOFILE");
    // This test's own process: what it starts inherits the bound.
    setrlimit(Resource::RLIMIT_NOFILE, files, files).expect("set");
    let home = Home::new();
    let said = home.run(&["ask", "turn on the kitchen lamp"]);
    assert!(said.ok, "{said:?}");
    assert_eq!(home.line("kitchen_lamp").driven(), Some(1.0));
}
