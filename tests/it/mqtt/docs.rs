//! What the page shows works as printed; payloads fit their schemas; the vectors of the peers hold.

use std::process::Command;

use hearth::channels::mqtt::{Meaning, Topics, normalised, read_payload};
use serde_json::Value;

use super::Broker;
use super::broker::program;
use crate::kit::{Home, wait_for};

const PAGE: &str = include_str!("../../../docs/mqtt.md");

#[test]
fn the_commands_of_the_page_work_as_printed() {
    let Some(broker) = Broker::start() else { return };
    let folder = program("mosquitto_pub").and_then(|path| path.parent().map(ToOwned::to_owned)).expect("there");
    let settings = PAGE.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("settings");
    let port = broker.port;
    let demo = Home::new().run(&["config", "print-default"]).out;
    let demo = &demo[demo.find("\n[home]").expect("the demo home")..];
    let settings = settings.replace("enabled = true\n", &format!("enabled = true\nport = {port}\n"));
    let home = Home::with_config(&format!("device = \"hearth\"\n{settings}{demo}"));
    let _running = home.start();
    wait_for("Hearth at the broker", || (broker.hear("hearth/hearth/availability", 1, 5) == ["online"]).then_some(()));
    let lines = PAGE.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).expect("commands");
    let mut heard = Vec::new();
    for line in lines.lines() {
        // As printed, but for the port of this test's broker.
        let line = line.replacen(" -t ", &format!(" -p {port} -t "), 1);
        let mut shell = Command::new("sh");
        let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
        let output = shell
            .args(["-c", &format!("{line} {}", if line.contains("_sub") { "-W 10" } else { "" })])
            .env("PATH", path)
            .output()
            .expect("ran");
        assert!(output.status.success(), "{line}: {output:?}");
        heard.push(String::from_utf8_lossy(&output.stdout).into_owned());
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    assert!(heard[2].contains("\"state\":\"off\""), "{heard:?}");
    assert_eq!(heard[3], "online\n");
}

#[test]
fn the_devices_of_the_page_are_a_good_home() {
    let devices = PAGE.split("```toml\n").nth(2).and_then(|rest| rest.split("```").next()).expect("devices");
    let checked = Home::with_config(devices).run(&["config", "check"]);
    assert!(checked.ok, "{checked:?}");
    let bad = devices.replace("{{ value_json.temperature }}", "{{ states('x') }}").replace("z/desk/set", "z/+/set");
    let told = Home::with_config(&bad).run(&["config", "check"]);
    assert_eq!(told.code, Some(1));
    for part in ["value_template", "command_topic"] {
        assert!(told.err.contains(part), "{part}: {told:?}");
    }
}

#[test]
fn the_vectors_of_the_request_form_hold() {
    let shared = std::env::var_os("HEARTH_SHARED").map(std::path::PathBuf::from);
    let places =
        ["../shared", "../../shared"].map(|place| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(place));
    let file = |folder: std::path::PathBuf| std::fs::read_to_string(folder.join("vectors/mqtt_channel.json")).ok();
    let Some(text) = shared.into_iter().chain(places).find_map(file) else {
        assert!(std::env::var_os("CI").is_none(), "the vectors are missing, and CI must not skip");
        return eprintln!("SKIPPED: no vectors/mqtt_channel.json beside the project");
    };
    let vectors: Value = serde_json::from_str(&text).expect("JSON");
    let mut looked_at = 0;
    for case in vectors["cases"].as_array().expect("cases") {
        looked_at += 1;
        let text = |key: &str| case[key].as_str();
        if let (Some(prefix), Some(expected)) = (text("prefix"), text("expected_prefix")) {
            assert_eq!(normalised(prefix, "/picoclaw"), expected, "{case}");
            continue;
        }
        let ok = text("expected") == Some("ok");
        if let (Some(prefix), Some(agent), Some(topic)) = (text("prefix"), text("agent"), text("topic")) {
            let topics = Topics::new(prefix, agent);
            let meaning = topics.meaning(topic);
            assert_eq!(meaning.is_some(), ok, "{case}");
            if let Some(Meaning::Request(client)) = meaning {
                assert_eq!(
                    (Some(client), Some(topics.response(client).as_str())),
                    (text("client"), text("reply_topic"))
                );
                let said = read_payload(Meaning::Request(client), text("payload").expect("a payload").as_bytes());
                assert_eq!(said.expect("taken").text, "What is the CPU usage?");
            }
            continue;
        }
        let payload = text("payload").expect("a payload");
        assert!(read_payload(Meaning::Request("x"), payload.as_bytes()).is_err(), "{case}");
    }
    assert_eq!(looked_at, 7);
}
