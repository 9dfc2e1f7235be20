//! The client at library level against mosquitto: restarts, logins, limits.

use std::time::{Duration, Instant};

use hearth::base::Code;
use hearth::base::limits::{MQTT_PACKET_BYTES, MQTT_QUEUE};
use hearth::channels::mqtt::{Lane, Message, QoS, Version};

use super::Broker;
use super::peer::{Heard, LoggedIn, Peer, options, runtime};

#[test]
fn a_broker_restarted_in_mid_traffic_loses_nothing() {
    let Some(mut broker) = Broker::start() else { return };
    for version in [Version::V3, Version::V5] {
        runtime().block_on(async {
            let topic = format!("restart/{version:?}");
            let mut ear =
                Peer::start(broker.port, options(version, &format!("ear{version:?}"), &[(&topic, QoS::ExactlyOnce)]));
            ear.up().await;
            let mouth = Peer::start(broker.port, options(version, &format!("mouth{version:?}"), &[]));
            for number in 0..60 {
                if number == 20 {
                    broker.down();
                }
                if number == 40 {
                    broker.up();
                }
                let message = Message::new(&topic, number.to_string(), QoS::ExactlyOnce);
                mouth.client.publish(Lane::Sure, message).await;
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            let mut heard = Vec::new();
            while heard.len() < 60 {
                heard.push(String::from_utf8_lossy(&ear.message().await.payload).into_owned());
            }
            let expected: Vec<_> = (0..60).map(|number| number.to_string()).collect();
            assert_eq!(heard, expected, "in order, each once");
            assert!(ear.rest(Duration::from_millis(300)).await.is_empty());
        });
    }
}

#[test]
fn a_password_is_added_behind_the_seam_again_after_a_restart_and_a_wrong_one_is_told() {
    let Some(mut broker) = Broker::with_password("hearth", "not a real secret") else { return };
    for version in [Version::V3, Version::V5] {
        runtime().block_on(async {
            let port = broker.port;
            let login = |password| LoggedIn { port, user: "hearth", password };
            let mut good =
                Peer::dial(login("not a real secret"), options(version, "good", &[("login", QoS::AtLeastOnce)]));
            good.up().await;
            good.say("login", "in", QoS::AtLeastOnce).await;
            assert_eq!(&good.message().await.payload[..], b"in");
            broker.down();
            assert!(matches!(good.next().await, Heard::Down(_)));
            broker.up();
            assert!(good.up().await, "a new connection, asked for and logged in again");
            good.say("login", "again", QoS::AtLeastOnce).await;
            assert_eq!(&good.message().await.payload[..], b"again");
            for mut bad in [
                Peer::dial(login("wrong"), options(version, "bad", &[])),
                Peer::start(broker.port, options(version, "none", &[])),
            ] {
                match bad.next().await {
                    Heard::Down(why) => assert!(why.contains("refused us"), "{why}"),
                    other => panic!("{other:?}"),
                }
            }
        });
    }
}

#[test]
fn without_a_broker_commands_are_refused_when_full_and_telemetry_keeps_the_newest() {
    let Some(mut broker) = Broker::start() else { return };
    runtime().block_on(async {
        // A session that the broker keeps: what comes while the ear is away waits there.
        let mut ear = Peer::start(broker.port, options(Version::V5, "ear", &[("tele", QoS::AtLeastOnce)]));
        ear.up().await;
        broker.down();
        let mouth = Peer::start(broker.port, options(Version::V5, "mouth", &[]));
        let waiting: Vec<_> = (0..MQTT_QUEUE)
            .map(|number| {
                let client = mouth.client.clone();
                tokio::spawn(async move {
                    client.publish_surely(Message::new("sure", number.to_string(), QoS::AtLeastOnce)).await
                })
            })
            .collect();
        for number in 0..MQTT_QUEUE + 10 {
            mouth.tell("tele", &number.to_string()).await;
        }
        // The orders are one queue: this telemetry came after all of them, so all of them are taken. The
        // refusal must come while no broker is there.
        let full = mouth.client.publish_surely(Message::new("sure", "one too many", QoS::AtLeastOnce)).await;
        assert_eq!(full.map_err(|fault| fault.code), Err(Code::Full));

        broker.up();
        for told in waiting {
            assert_eq!(told.await.expect("ran"), Ok(()));
        }
        let mut telemetry = Vec::new();
        while telemetry.last().is_none_or(|last: &String| *last != (MQTT_QUEUE + 9).to_string()) {
            telemetry.push(String::from_utf8_lossy(&ear.message().await.payload).into_owned());
        }
        assert!(telemetry.len() <= MQTT_QUEUE, "{}", telemetry.len());
    });
}

#[test]
fn what_is_too_large_for_the_broker_is_told_and_the_connection_lives() {
    let Some(broker) = Broker::start() else { return };
    runtime().block_on(async {
        let mut both = Peer::start(broker.port, options(Version::V5, "both", &[("big", QoS::AtLeastOnce)]));
        both.up().await;
        both.say("big", vec![b'x'; MQTT_PACKET_BYTES - 200], QoS::AtLeastOnce).await;
        assert_eq!(both.message().await.payload.len(), MQTT_PACKET_BYTES - 200);
        // We offered a maximum packet size, so the broker keeps what is larger from us.
        broker.publish(&["-t", "big", "-q", "1", "-m", &"y".repeat(MQTT_PACKET_BYTES)]);
        both.say("big", "small", QoS::AtLeastOnce).await;
        assert_eq!(&both.message().await.payload[..], b"small");
    });
}

#[test]
fn a_message_expires_in_the_queue_and_a_session_is_kept() {
    let Some(mut broker) = Broker::start() else { return };
    runtime().block_on(async {
        let mut ear = Peer::start(broker.port, options(Version::V5, "ear", &[("e", QoS::AtLeastOnce)]));
        assert!(!ear.up().await, "a new session");
        broker.down();
        assert!(matches!(ear.next().await, Heard::Down(_)));
        let mut stale = Message::new("e", "stale", QoS::AtLeastOnce);
        stale.expiry = Some(1);
        let telling = {
            let client = ear.client.clone();
            tokio::spawn(async move { client.publish_surely(stale).await })
        };
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        broker.up();
        assert!(ear.up().await, "the broker kept the session over its restart");
        let told = telling.await.expect("ran");
        assert!(told.is_err_and(|fault| fault.message.contains("expired")));
        assert!(ear.rest(Duration::from_millis(200)).await.is_empty());
    });
}

#[test]
fn a_dead_broker_is_noticed_by_its_silence_and_left() {
    // Accepts and greets, and never says another word.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        let mut kept = Vec::new();
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 512]);
            let _ = stream.write_all(&[0x20, 2, 0, 0]);
            kept.push(stream);
        }
    });
    runtime().block_on(async {
        let began = Instant::now();
        let mut quiet = options(Version::V3, "quiet", &[]);
        quiet.hello.keep_alive = 2;
        let mut peer = Peer::start(port, quiet);
        peer.up().await;
        match peer.next().await {
            Heard::Down(why) => assert!(why.contains("does not answer"), "{why}"),
            other => panic!("{other:?}"),
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    });
}
