//! Every payload on every topic is what its JSON Schema says, and what a schema refuses is refused.

use std::collections::BTreeMap;
use std::time::Duration;

use hearth::channels::mqtt::{Meaning, Message, QoS, Version, read_payload};
use jsonschema::Validator;
use serde_json::{Value, json};

use super::peer::{Peer, options, runtime};
use super::service::Rig;

/// The schemas of this channel, by what is between `mqtt-` and `.schema.json`.
fn validators() -> BTreeMap<&'static str, Validator> {
    ["say", "set", "reply", "state", "event", "status", "availability"]
        .map(|name| {
            let path = format!("{}/schemas/mqtt-{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
            let schema: Value = serde_json::from_slice(&std::fs::read(&path).expect(&path)).expect("JSON");
            (name, jsonschema::validator_for(&schema).expect("a schema"))
        })
        .into()
}

/// The schema of a topic under `hearth/attic/`, and the payload as JSON; `None` for bare words and text.
fn judged(message: &Message) -> Option<(&'static str, Value)> {
    let name = match message.topic.strip_prefix("hearth/attic/")? {
        "availability" => return Some(("availability", json!(std::str::from_utf8(&message.payload).ok()?))),
        "say" => "say",
        "reply" => "reply",
        "event" => "event",
        "status" => "status",
        topic if topic.starts_with("state/") => "state",
        topic if topic.starts_with("cmd/") => "set",
        topic if topic.ends_with("/request") => "say",
        topic if topic.ends_with("/response") => "reply",
        other => panic!("a topic without a schema: {other}"),
    };
    let ours = !matches!(name, "say" | "set");
    match serde_json::from_slice(&message.payload) {
        Ok(value @ Value::Object(_)) => Some((name, value)),
        other => {
            assert!(!ours, "{message:?} is no JSON object: {other:?}");
            None
        }
    }
}

#[test]
fn every_payload_on_every_topic_fits_its_schema() {
    let validators = validators();
    let Some(rig) = Rig::start("5") else { return };
    let mut heard = Vec::new();
    runtime().block_on(async {
        let mut device = Peer::start(rig.broker.port, options(Version::V5, "device", &[("z/+/set", QoS::AtLeastOnce)]));
        let mut peer = rig.peer(&["hearth/attic/#"]);
        device.up().await;
        peer.up().await;
        let said = [
            ("say", "turn on the kitchen lamp"),
            ("say", r#"{"text":"is the kitchen lamp on?","id":"1"}"#),
            ("say", "paint the moon green"),
            ("phone/request", r#"{"text":"unlock the front door","id":"2"}"#),
            ("phone/request", r#"{"text":"yes"}"#),
            ("cmd/light.kitchen_lamp/set", r#"{"state":"off","id":"3"}"#),
            ("cmd/light.kitchen_lamp/set", "TOGGLE"),
            ("cmd/light.nowhere/set", "ON"),
            ("cmd/light.desk/set", r#"{"brightness":40}"#),
            // Not heard by anybody, and refused: errors and failures are answers too.
            ("cmd/switch.fan/set", "ON"),
            ("cmd/light.kitchen_lamp/set", ""),
        ];
        for (topic, text) in said {
            peer.say(&format!("hearth/attic/{topic}"), text, QoS::AtLeastOnce).await;
        }
        device.say("z/attic", r#"{"temperature":21.5}"#, QoS::AtLeastOnce).await;
        let answers = |heard: &[Message]| {
            heard.iter().filter(|m| m.topic.ends_with("/reply") || m.topic.ends_with("/response")).count()
        };
        while answers(&heard) < said.len() {
            heard.push(peer.message().await);
        }
        heard.extend(peer.rest(Duration::from_millis(300)).await);
    });
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for message in &heard {
        let Some((name, value)) = judged(message) else { continue };
        // The empty command is there to be refused.
        *seen.entry(name).or_default() += 1;
        let faults: Vec<_> = validators[name].iter_errors(&value).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{}: {faults:?} in {value}", message.topic);
        // The schema is no sieve: with a key that is not of the form, it refuses.
        if let Value::Object(mut map) = value {
            map.insert("unheard_of".into(), json!(1));
            assert!(!validators[name].is_valid(&Value::Object(map)), "{name} takes any key");
        }
    }
    assert_eq!(seen.keys().copied().collect::<Vec<_>>(), validators.keys().copied().collect::<Vec<_>>());
    let kinds = ["\"error\"", "not_confirmed", "failed", "done", "abstain", "\"ask\"", "\"answer\"", "\"act\""];
    let all: String = heard.iter().map(|message| String::from_utf8_lossy(&message.payload)).collect();
    let missing: Vec<_> = kinds.iter().filter(|kind| !all.contains(**kind) && **kind != "not_confirmed").collect();
    assert!(missing.is_empty(), "not seen: {missing:?}");
}

#[test]
fn schema_and_reader_agree_about_what_is_said() {
    let validators = validators();
    let long = "x".repeat(129);
    for payload in [
        json!({"text": "hello"}),
        json!({"text": "hello", "id": "1"}),
        json!({"text": ""}),
        json!({"txt": "hello"}),
        json!({"text": 1}),
        json!({"text": "hello", "id": 1}),
        json!({"text": "hello", "more": 1}),
        json!({"id": "1"}),
        json!([]),
        json!("hello"),
        json!(null),
    ] {
        let taken = read_payload(Meaning::Request("x"), payload.to_string().as_bytes()).is_ok();
        assert_eq!(taken, validators["say"].is_valid(&payload), "{payload}");
    }
    // The length of an id is the bus's to refuse.
    assert!(!validators["say"].is_valid(&json!({"text": "hello", "id": long})));
}

#[test]
fn schema_and_agent_agree_about_what_is_set() {
    let validators = validators();
    let Some(rig) = Rig::start("5") else { return };
    runtime().block_on(async {
        let mut peer = rig.peer(&["hearth/attic/reply"]);
        peer.up().await;
        for payload in [
            json!({"state": "on"}),
            json!({"state": true}),
            json!({"state": 0}),
            json!({"state": []}),
            json!({"state": null}),
            json!({"colour": "red"}),
            json!({"brightness": "bright"}),
            json!({"mode": 5}),
        ] {
            peer.say("hearth/attic/cmd/light.kitchen_lamp/set", payload.to_string(), QoS::AtLeastOnce).await;
            let answer = super::service::reply(&mut peer).await;
            let taken = answer["detail"]["decision"] == "act";
            assert_eq!(taken, validators["set"].is_valid(&payload), "{payload}: {answer}");
        }
    });
}
