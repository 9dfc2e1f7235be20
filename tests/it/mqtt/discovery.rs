//! Home Assistant finds the home by itself: a stand-in reads the retained descriptions as Home Assistant's
//! page of MQTT discovery says, moves each entity by them alone, and believes only the state topic.

use std::collections::BTreeMap;
use std::time::Duration;

use hearth::channels::mqtt::QoS;
use serde_json::Value;

use super::Broker;
use super::peer::{Peer, options, runtime};
use crate::kit::Home;

const HOME: &str = r#"
[people.house]
is = ["mqtt"]
rights = "use"

[[home.entities]]
id = "light.kitchen_lamp"
name = "Kitchen lamp"
line = "kitchen_lamp"

[[home.entities]]
id = "light.desk"
name = "Desk light"
line = "bedroom_lamp"
dimmable = true

[[home.entities]]
id = "switch.pump"
name = "Pump"
line = "hall_outlet"

[[home.entities]]
id = "switch.fan"
name = "Fan"
mqtt = { command_topic = "z/fan/set", state_topic = "z/fan" }
"#;

fn settings(port: u16, home: &str) -> String {
    format!("device = \"attic\"\n[mqtt]\nenabled = true\nport = {port}\ndiscovery = \"homeassistant\"\n{home}")
}

/// Topic → description, as a new subscriber gets them.
async fn descriptions(port: u16) -> BTreeMap<String, Value> {
    let mut peer =
        Peer::start(port, options(hearth::channels::mqtt::Version::V5, "ha", &[("homeassistant/#", QoS::AtLeastOnce)]));
    peer.up().await;
    let heard = peer.rest(Duration::from_millis(700)).await;
    heard.into_iter().map(|m| (m.topic, serde_json::from_slice(&m.payload).unwrap_or(Value::Null))).collect()
}

/// What a template of ours makes of a state: the path of the value, with an empty text where there is none.
fn rendered(template: &str, state: &Value) -> String {
    let pointer = match template {
        "{{ value_json.state }}" => "/state",
        "{{ (value_json.attributes | default({})).brightness | default('') }}" => "/attributes/brightness",
        other => panic!("a template that this stand-in does not know: {other}"),
    };
    match state.pointer(pointer) {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[test]
fn home_assistant_finds_moves_and_believes_each_entity() {
    let Some(broker) = Broker::start() else { return };
    let home = Home::with_config(&settings(broker.port, HOME));
    let running = home.start();
    assert_eq!(broker.hear("hearth/attic/availability", 1, 20), ["online"]);
    runtime().block_on(async {
        let found = descriptions(broker.port).await;
        let topics: Vec<_> = found.keys().map(String::as_str).collect();
        assert_eq!(
            topics,
            [
                "homeassistant/light/attic/light_desk/config",
                "homeassistant/light/attic/light_kitchen_lamp/config",
                "homeassistant/switch/attic/switch_pump/config",
            ],
            "the fan is another bridge's to describe"
        );
        for (topic, description) in &found {
            let text =
                |key: &str| description[key].as_str().unwrap_or_else(|| panic!("{key} of {topic}: {description}"));
            assert!(!description.to_string().contains("null"), "{description}");
            let template = text(if topic.contains("/light/") { "state_value_template" } else { "value_template" });
            assert_eq!(broker.hear(text("availability_topic"), 1, 5), ["online"]);
            for payload in ["payload_on", "payload_off"] {
                broker.publish(&["-t", text("command_topic"), "-m", text(payload)]);
                crate::kit::wait_for(&format!("{topic} to be {payload}"), || {
                    let state = broker.hear(text("state_topic"), 1, 5).pop()?;
                    let state = serde_json::from_str(&state).expect("JSON");
                    (rendered(template, &state) == text(payload)).then_some(())
                });
            }
        }
        let desk = &found["homeassistant/light/attic/light_desk/config"];
        let text = |key: &str| desk[key].as_str().unwrap_or_else(|| panic!("{key}: {desk}"));
        assert_eq!(desk["brightness_scale"], 100);
        broker.publish(&["-t", text("brightness_command_topic"), "-m", "40"]);
        crate::kit::wait_for("the level", || {
            let state = broker.hear(text("brightness_state_topic"), 1, 5).pop()?;
            let level = rendered(text("brightness_value_template"), &serde_json::from_str(&state).expect("JSON"));
            (level.parse::<f64>() == Ok(40.0)).then_some(())
        });
        assert!((home.line("bedroom_lamp").driven().expect("driven") - 40.0).abs() < 0.5);
    });
    // The lamp is renamed and the pump is gone: the broker forgets it, and nothing else.
    drop(running);
    let smaller = HOME.split("[[home.entities]]").filter(|part| !part.contains("switch.pump")).collect::<Vec<_>>();
    let smaller = smaller.join("[[home.entities]]").replace("Kitchen lamp", "Sink lamp");
    std::fs::write(home.root().join("hearth.toml"), settings(broker.port, &smaller)).expect("written");
    let _running = home.start();
    runtime().block_on(async {
        for _ in 0..20 {
            let found = descriptions(broker.port).await;
            let names: Vec<_> = found.values().filter_map(|value| value["name"].as_str()).collect();
            if names == ["Desk light", "Sink lamp"] {
                return;
            }
        }
        panic!("the pump is still described");
    });
}

#[test]
fn without_the_setting_nothing_is_described() {
    let Some(broker) = Broker::start() else { return };
    let home = Home::with_config(&settings(broker.port, HOME).replace("discovery = \"homeassistant\"\n", ""));
    let _running = home.start();
    assert_eq!(broker.hear("hearth/attic/availability", 1, 20), ["online"]);
    assert!(runtime().block_on(descriptions(broker.port)).is_empty());
}
