//! The service over MQTT, driven from outside with mosquitto's own clients.

use std::time::Duration;

use hearth::channels::mqtt::{Message, QoS, Version};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::Broker;
use super::peer::{Peer, options, runtime};
use crate::kit::{Home, Running, wait_for};

const HOME: &str = r#"
[[home.entities]]
id = "light.kitchen_lamp"
name = "Kitchen lamp"
line = "kitchen_lamp"

[[home.entities]]
id = "lock.front_door"
name = "Front door"
line = "hall_outlet"

[[home.entities]]
id = "switch.fan"
name = "Fan"
mqtt = { command_topic = "z/fan/set", state_topic = "z/fan", command_template = '{"state":"{{ value }}"}', value_template = "{{ value_json.state }}" }

[[home.entities]]
id = "light.desk"
name = "Desk light"
mqtt = { command_topic = "z/desk/set", state_topic = "z/desk", level_scale = 254 }

[[home.entities]]
id = "sensor.attic_temperature"
name = "Attic temperature"
unit = "°C"
mqtt = { state_topic = "z/attic", value_template = "{{ value_json.temperature }}" }
"#;

/// A service on this broker.
pub(super) struct Rig {
    pub(super) broker: Broker,
    home: Home,
    running: Running,
}

impl Rig {
    pub(super) fn start(version: &str) -> Option<Self> {
        Self::with(
            version,
            "[people.house]\nis = [\"mqtt\"]\nrights = \"use\"\n[people.anna]\nis = [\"mqtt:phone\"]\nrights = \"own\"\n",
        )
    }

    pub(super) fn with(version: &str, people: &str) -> Option<Self> {
        let broker = Broker::start()?;
        let port = broker.port;
        let home = Home::with_config(&format!(
            "device = \"attic\"\n[mqtt]\nenabled = true\nport = {port}\nversion = \"{version}\"\n{people}{HOME}"
        ));
        let running = home.start();
        let rig = Self { broker, home, running };
        assert_eq!(rig.broker.hear("hearth/attic/availability", 1, 20), ["online"]);
        Some(rig)
    }

    pub(super) fn peer(&self, filters: &[&str]) -> Peer {
        let filters: Vec<_> = filters.iter().map(|filter| (*filter, QoS::AtLeastOnce)).collect();
        let mut options = options(Version::V5, "test-peer", &filters);
        options.hello.keep_alive = 60;
        Peer::start(self.broker.port, options)
    }
}

fn json_of(message: &Message) -> Value {
    serde_json::from_slice(&message.payload).unwrap_or_else(|error| panic!("{error} in {message:?}"))
}

pub(super) async fn reply(peer: &mut Peer) -> Value {
    loop {
        let message = peer.message().await;
        if message.topic.ends_with("reply") || message.topic.ends_with("response") {
            return json_of(&message);
        }
    }
}

#[test]
fn a_sentence_is_answered_and_states_events_status_and_will_are_there() {
    for version in ["5", "3.1.1"] {
        let Some(mut rig) = Rig::start(version) else { return };
        runtime().block_on(async {
            let mut peer = rig.peer(&["hearth/attic/#"]);
            peer.up().await;
            peer.say("hearth/attic/say", "turn on the kitchen lamp", QoS::AtLeastOnce).await;
            let rest = peer.rest(Duration::from_millis(500)).await;
            let answer = json_of(rest.iter().find(|m| m.topic == "hearth/attic/reply").expect("an answer"));
            assert_eq!(answer["text"], "The kitchen lamp is on.", "{answer}");
            assert_eq!(answer["detail"]["decision"], "act");
            assert_eq!(rig.home.line("kitchen_lamp").driven(), Some(1.0));
            let event = rest.iter().find(|m| m.topic == "hearth/attic/event").expect("an event");
            assert_eq!(
                (&json_of(event)["entity"], &json_of(event)["to"]),
                (&json!("light.kitchen_lamp"), &json!("on"))
            );
        });
        let state = rig.broker.hear("hearth/attic/state/light.kitchen_lamp", 1, 5);
        assert!(state[0].contains("\"state\":\"on\""), "{state:?}");
        assert!(rig.broker.hear("hearth/attic/status", 1, 5)[0].contains("\"device\":\"attic\""));
        rig.running.signal(nix::sys::signal::Signal::SIGKILL);
        wait_for("the broker to say the will", || {
            (rig.broker.hear("hearth/attic/availability", 1, 5) == ["offline"]).then_some(())
        });
        wait_for("the end of the killed service", || (!rig.running.lives()).then_some(()));
    }
}

#[test]
fn a_service_that_is_told_to_stop_says_so_itself() {
    let Some(rig) = Rig::start("5") else { return };
    let Rig { broker, home: _home, running } = rig;
    assert_eq!(running.stop(), Some(0));
    assert_eq!(broker.hear("hearth/attic/availability", 1, 5), ["offline"]);
}

#[test]
fn entities_are_set_and_what_is_wrong_is_told() {
    let Some(rig) = Rig::start("5") else { return };
    runtime().block_on(async {
        let mut peer = rig.peer(&["hearth/attic/reply"]);
        peer.up().await;
        let set = "hearth/attic/cmd/light.kitchen_lamp/set";
        for (payload, text) in
            [("ON", "The kitchen lamp is on."), (r#"{"state":"OFF","id":"a1"}"#, "The kitchen lamp is off.")]
        {
            peer.say(set, payload, QoS::AtLeastOnce).await;
            let answer = reply(&mut peer).await;
            assert_eq!(answer["text"], text, "{answer}");
        }
        for (topic, payload, part) in [
            (set, &b"\xff\xfe"[..], "not UTF-8"),
            (set, b"", "payload is empty"),
            (set, b"{\"state\":", "not JSON"),
            (set, b"blue", "is no value"),
            ("hearth/attic/cmd/light.nowhere/set", b"ON", "no entity"),
            ("hearth/attic/say", b"", "text is missing"),
            ("hearth/attic/say", b"/pins", "slash"),
            ("hearth/attic/say", b"{\"txt\":1}", "the payload is not"),
        ] {
            peer.say(topic, payload, QoS::AtLeastOnce).await;
            let answer = reply(&mut peer).await.to_string();
            assert!(answer.contains(part), "{payload:?}: {answer}");
        }
    });
    assert!(rig.home.run(&["ask", "is the kitchen lamp on?"]).ok, "the console still works");
}

#[test]
fn a_command_brought_twice_runs_once_and_a_kept_one_not_at_all() {
    let Some(rig) = Rig::start("3.1.1") else { return };
    runtime().block_on(async {
        let mut peer = rig.peer(&["hearth/attic/reply"]);
        peer.up().await;
        let set = "hearth/attic/cmd/light.kitchen_lamp/set";
        for _ in 0..3 {
            peer.say(set, r#"{"state":"toggle","id":"same"}"#, QoS::AtLeastOnce).await;
        }
        assert_eq!(reply(&mut peer).await["text"], "The kitchen lamp is on.");
        assert!(peer.rest(Duration::from_millis(300)).await.is_empty(), "one answer");
        assert_eq!(rig.home.line("kitchen_lamp").driven(), Some(1.0));
    });
    let rig = {
        let Rig { broker, home, running } = rig;
        running.stop();
        (broker, home)
    };
    rig.0.publish(&["-r", "-t", "hearth/attic/cmd/light.kitchen_lamp/set", "-m", "OFF"]);
    let running = rig.1.start();
    wait_for("the retained command to be refused", || {
        running.log().contains("retained command was ignored").then_some(())
    });
}

#[test]
fn a_request_names_its_client_and_the_answer_finds_its_way() {
    let Some(rig) = Rig::start("5") else { return };
    runtime().block_on(async {
        let mut peer = rig.peer(&["hearth/attic/phone/response", "phone/answers"]);
        peer.up().await;
        peer.say("hearth/attic/phone/request", r#"{"text":"turn on the kitchen lamp"}"#, QoS::AtMostOnce).await;
        assert_eq!(reply(&mut peer).await["text"], "The kitchen lamp is on.");
        // MQTT 5: a topic of the asker's and its correlation data.
        let mut message = Message::new("hearth/attic/say", "is the kitchen lamp on?", QoS::AtLeastOnce);
        message.response_topic = Some("phone/answers".into());
        message.correlation = Some(bytes::Bytes::from_static(b"\x01\x02"));
        peer.client.publish_surely(message).await.expect("published");
        let answer = peer.message().await;
        assert_eq!((answer.topic.as_str(), answer.correlation.as_deref()), ("phone/answers", Some(&b"\x01\x02"[..])));
        for (topic, payload) in [
            ("hearth/other/phone/request", r#"{"text":"hi"}"#),
            ("hearth/attic/request", r#"{"text":"hi"}"#),
            ("hearth/attic/phone/request", r#"{"text":""}"#),
            ("hearth/attic/phone/request", "not json"),
        ] {
            peer.say(topic, payload, QoS::AtLeastOnce).await;
        }
        assert!(peer.rest(Duration::from_millis(400)).await.is_empty());
    });
}

#[test]
fn a_timer_that_ends_is_told_to_its_asker_and_is_an_event() {
    let Some(rig) = Rig::start("5") else { return };
    runtime().block_on(async {
        let mut peer = rig.peer(&["hearth/attic/phone/response", "hearth/attic/event"]);
        peer.up().await;
        peer.say("hearth/attic/phone/request", r#"{"text":"set an egg timer for one second"}"#, QoS::AtLeastOnce).await;
        assert_eq!(reply(&mut peer).await["text"], "egg timer set for 1 second.");
        let (mut told, mut event) = (false, false);
        while !(told && event) {
            let message = peer.message().await;
            let it = json_of(&message);
            told |= message.topic.ends_with("phone/response") && it["notice"] == "The egg timer has ended.";
            event |= message.topic.ends_with("event") && it["to"] == "finished" && it["entity"] == "timer.1";
        }
    });
}

#[test]
fn who_speaks_decides_what_moves() {
    let Some(rig) = Rig::start("5") else { return };
    runtime().block_on(async {
        let mut peer = rig.peer(&["hearth/attic/phone/response", "hearth/attic/reply"]);
        peer.up().await;
        // The house may use lamps, but the lock is its owners'.
        peer.say("hearth/attic/cmd/lock.front_door/set", "unlock", QoS::AtLeastOnce).await;
        let refused = reply(&mut peer).await.to_string();
        assert!(refused.contains("may not use"), "{refused}");
        peer.say("hearth/attic/phone/request", r#"{"text":"unlock the front door"}"#, QoS::AtLeastOnce).await;
        let asked = reply(&mut peer).await;
        assert_eq!(asked["detail"]["decision"], "ask", "{asked}");
        peer.say("hearth/attic/phone/request", r#"{"text":"yes"}"#, QoS::AtLeastOnce).await;
        let done = reply(&mut peer).await;
        assert_eq!(done["detail"]["decision"], "act", "{done}");
    });
    let Some(strangers) = Rig::with("5", "") else { return };
    runtime().block_on(async {
        let mut peer = strangers.peer(&["hearth/attic/reply"]);
        peer.up().await;
        // What is kept is changed by nobody who may only ask.
        for text in ["set a timer for one minute", "add milk to the shopping list"] {
            peer.say("hearth/attic/say", text, QoS::AtLeastOnce).await;
            let refused = reply(&mut peer).await;
            assert_eq!(refused["text"], "You may ask, but not change anything.", "{refused}");
        }
    });
    runtime().block_on(async {
        let mut peer = strangers.peer(&["hearth/attic/reply"]);
        peer.up().await;
        peer.say("hearth/attic/say", "turn on the kitchen lamp", QoS::AtLeastOnce).await;
        let refused = reply(&mut peer).await.to_string();
        assert!(refused.contains("mqtt:say:unknown may not use line_set"), "{refused}");
        peer.say("hearth/attic/say", "is the kitchen lamp on?", QoS::AtLeastOnce).await;
        assert!(reply(&mut peer).await["text"].as_str().expect("text").contains("off"), "it may ask");
    });
}

#[test]
fn a_client_speaks_from_its_room() {
    let rooms = "[people.house]\nis = [\"mqtt\"]\nrights = \"use\"\n[places.panel]\nis = [\"mqtt:panel\"]\narea = \"Loft\"\n\
        [[home.areas]]\nname = \"Loft\"\n\
        [[home.entities]]\nid = \"light.loft\"\nname = \"Loft light\"\narea = \"Loft\"\nline = \"bedroom_lamp\"\n";
    let Some(rig) = Rig::with("5", rooms) else { return };
    runtime().block_on(async {
        let mut peer = rig.peer(&["hearth/attic/panel/response", "hearth/attic/door/response"]);
        peer.up().await;
        peer.say("hearth/attic/door/request", r#"{"text":"turn on the light"}"#, QoS::AtLeastOnce).await;
        let unplaced = reply(&mut peer).await;
        assert_eq!(unplaced["detail"]["decision"], "ask", "{unplaced}");
        peer.say("hearth/attic/panel/request", r#"{"text":"turn on the light"}"#, QoS::AtLeastOnce).await;
        let placed = reply(&mut peer).await;
        assert_eq!(placed["text"], "The loft light is on.", "{placed}");
        assert_eq!(rig.home.line("bedroom_lamp").driven(), Some(1.0));
    });
}

#[test]
fn a_device_behind_the_broker_is_believed_by_what_it_reports() {
    let Some(rig) = Rig::start("5") else { return };
    runtime().block_on(async {
        let mut device = Peer::start(rig.broker.port, options(Version::V3, "device", &[("z/+/set", QoS::AtLeastOnce)]));
        let mut peer = rig.peer(&["hearth/attic/reply", "hearth/attic/state/sensor.attic_temperature"]);
        device.up().await;
        peer.up().await;
        // It answers.
        peer.say("hearth/attic/say", "turn on the fan", QoS::AtLeastOnce).await;
        let told = device.message().await;
        assert_eq!((told.topic.as_str(), &told.payload[..]), ("z/fan/set", &br#"{"state":"ON"}"#[..]));
        device.say("z/fan", r#"{"state":"ON","power":3}"#, QoS::AtLeastOnce).await;
        assert_eq!(reply(&mut peer).await["text"], "The fan is on.");
        // It takes levels on its own scale.
        peer.say("hearth/attic/cmd/light.desk/set", "50", QoS::AtLeastOnce).await;
        assert_eq!(&device.message().await.payload[..], b"127");
        device.say("z/desk", "127", QoS::AtLeastOnce).await;
        let desk = reply(&mut peer).await;
        assert_eq!(desk["detail"]["outcomes"][0]["outcome"], "done", "{desk}");
        // It does not answer.
        peer.say("hearth/attic/say", "turn off the fan", QoS::AtLeastOnce).await;
        let silent = reply(&mut peer).await.to_string();
        assert!(silent.contains("did not answer within 2 s") && !silent.contains("is off"), "{silent}");
        // It answers something else.
        device.message().await;
        peer.say("hearth/attic/say", "turn off the fan", QoS::AtLeastOnce).await;
        device.message().await;
        device.say("z/fan", r#"{"state":"ON"}"#, QoS::AtLeastOnce).await;
        for _ in 0..2 {
            assert_eq!(&device.message().await.payload[..], br#"{"state":"OFF"}"#, "it is told again, twice");
        }
        let other = reply(&mut peer).await;
        assert_eq!(other["detail"]["outcomes"][0]["outcome"], "not_confirmed", "{other}");
        // It does what it was told when it is told again.
        peer.say("hearth/attic/say", "turn off the fan", QoS::AtLeastOnce).await;
        device.message().await;
        device.say("z/fan", r#"{"state":"ON"}"#, QoS::AtLeastOnce).await;
        device.message().await;
        device.say("z/fan", r#"{"state":"OFF"}"#, QoS::AtLeastOnce).await;
        assert_eq!(reply(&mut peer).await["text"], "The fan is off.");
        device.say("z/fan", r#"{"state":"ON"}"#, QoS::AtLeastOnce).await;
        // It is switched by hand, and a sensor reports.
        device.say("z/fan", r#"{"state":"OFF"}"#, QoS::AtLeastOnce).await;
        device.say("z/attic", r#"{"temperature":21.5}"#, QoS::AtLeastOnce).await;
        let sensor = loop {
            let message = peer.message().await;
            if json_of(&message)["state"] == "21.5" {
                break message;
            }
        };
        assert_eq!(sensor.topic, "hearth/attic/state/sensor.attic_temperature");
        peer.say("hearth/attic/say", "is the fan on?", QoS::AtLeastOnce).await;
        let asked = reply(&mut peer).await;
        assert!(asked["text"].as_str().expect("text").contains("off"), "{asked}");
    });
    let audit = rig.home.run(&["audit", "show"]).out;
    assert!(audit.contains("mqtt_set"), "{audit}");
}

#[test]
fn a_silent_device_holds_up_its_own_session_and_nobody_else() {
    let Some(rig) = Rig::start("5") else { return };
    runtime().block_on(async {
        let mut device = Peer::start(rig.broker.port, options(Version::V3, "device", &[("z/+/set", QoS::AtLeastOnce)]));
        let mut peer = rig.peer(&["hearth/attic/reply", "hearth/attic/phone/response"]);
        device.up().await;
        peer.up().await;
        // The fan hears it and says nothing; the lamp and the desk light are asked for meanwhile.
        let said = [
            ("hearth/attic/say", "turn on the fan"),
            ("hearth/attic/say", "is the kitchen lamp on?"),
            ("hearth/attic/phone/request", r#"{"text":"turn on the kitchen lamp"}"#),
            ("hearth/attic/cmd/light.desk/set", "50"),
        ];
        peer.say(said[0].0, said[0].1, QoS::AtLeastOnce).await;
        assert_eq!(device.message().await.topic, "z/fan/set");
        for (topic, text) in &said[1..] {
            peer.say(topic, *text, QoS::AtLeastOnce).await;
        }
        assert_eq!(device.message().await.topic, "z/desk/set");
        device.say("z/desk", "127", QoS::AtLeastOnce).await;
        let mut answers = Vec::new();
        while answers.len() < said.len() {
            answers.push(reply(&mut peer).await["text"].as_str().expect("a text").to_owned());
        }
        let place = |part: &str| answers.iter().position(|a| a.contains(part)).unwrap_or_else(|| panic!("{answers:?}"));
        let fan = place("did not answer");
        assert!(place("The kitchen lamp is on.") < fan && place("desk light") < fan, "{answers:?}");
        assert!(place("Yes") > fan, "the next sentence of the same session waits: {answers:?}");
    });
}

#[test]
fn without_a_broker_a_device_is_not_told_later_and_lines_go_on() {
    let Some(mut rig) = Rig::start("5") else { return };
    rig.broker.down();
    wait_for("the loss to be noticed", || rig.running.log().contains("MQTT is not connected").then_some(()));
    let fan = rig.home.run(&["ask", "turn on the fan"]);
    assert!(fan.out.contains("no connection to the MQTT broker"), "{fan:?}");
    assert!(rig.home.run(&["ask", "turn on the kitchen lamp"]).ok);
    // Held back meanwhile: it would say «online» as soon as the broker is there.
    rig.running.signal(Signal::SIGSTOP);
    rig.broker.up();
    let kept = rig.broker.hear("hearth/attic/availability", 1, 20);
    rig.running.signal(Signal::SIGCONT);
    assert_eq!(kept, ["offline"], "kept over the restart");
    wait_for("the connection to come back", || {
        (rig.broker.hear("hearth/attic/availability", 1, 5) == ["online"]).then_some(())
    });
    assert!(rig.broker.hear("hearth/attic/state/light.kitchen_lamp", 1, 5)[0].contains("\"state\":\"on\""));
    assert!(rig.broker.hear("z/fan/set", 1, 1).is_empty(), "what was said without a broker is not said later");
}

#[test]
fn a_flood_of_sentences_leaves_the_console_working() {
    let Some(rig) = Rig::start("5") else { return };
    runtime().block_on(async {
        let peer = rig.peer(&[]);
        for number in 0..500 {
            peer.tell("hearth/attic/say", &format!("is the kitchen lamp on? {number}")).await;
        }
        for _ in 0..5 {
            let asked = tokio::task::spawn_blocking({
                let command = rig.home.command(&["ask", "turn on the kitchen lamp"]);
                move || crate::kit::Output::of(command, b"")
            });
            let output = asked.await.expect("ran");
            assert!(output.ok, "{output:?}");
        }
    });
}
