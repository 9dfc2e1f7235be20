//! What MQTT 5 lets either side ask for, each held: receive maximum, topic alias, message expiry, packet
//! size, keep-alive, quality; and what is sent again after a lost connection.

use std::time::Duration;

use hearth::base::Code;
use hearth::base::limits::{MQTT_ALIASES, MQTT_INFLIGHT, MQTT_PACKET_BYTES};
use hearth::channels::mqtt::{Lane, Message, QoS, Version};
use mqttbytes::v5::Packet;

use super::Broker;
use super::peer::{Heard, Peer, options, runtime};
use super::script::{Script, publish};

fn peer(port: u16) -> Peer {
    Peer::start(port, options(Version::V5, "ours", &[]))
}

/// Publishes on a task of its own; what came of it.
fn telling(peer: &Peer, message: Message) -> tokio::task::JoinHandle<Result<(), hearth::base::Fault>> {
    let client = peer.client.clone();
    tokio::spawn(async move { client.publish_surely(message).await })
}

fn numbered(number: usize, qos: QoS) -> Message {
    Message::new("t", number.to_string(), qos)
}

#[test]
fn the_greeting_offers_our_own_bounds() {
    runtime().block_on(async {
        let script = Script::new().await;
        let _peer = peer(script.port);
        let (_connection, hello) = script.greet(false, &[]).await;
        let says = hello.properties.expect("properties");
        assert_eq!(says.receive_maximum, Some(MQTT_INFLIGHT));
        assert_eq!(says.max_packet_size.map(|most| most as usize), Some(MQTT_PACKET_BYTES));
        assert_eq!((says.topic_alias_max, says.session_expiry_interval), (Some(MQTT_ALIASES), Some(300)));
    });
}

#[test]
fn no_more_is_sent_unacknowledged_than_the_broker_takes() {
    runtime().block_on(async {
        let script = Script::new().await;
        let peer = peer(script.port);
        for number in 0..5 {
            peer.client.publish(Lane::Sure, numbered(number, QoS::AtLeastOnce)).await;
        }
        for number in 5..7 {
            peer.client.publish(Lane::Sure, numbered(number, QoS::ExactlyOnce)).await;
        }
        let (mut connection, _) = script.greet(false, &[0x21, 0, 2]).await;
        let mut open = vec![connection.message().await.pkid, connection.message().await.pkid];
        for _ in 2..6 {
            connection.is_silent().await;
            connection.acknowledge(4, open.remove(0)).await;
            open.push(connection.message().await.pkid);
        }
        // The last two are of QoS 2: recorded is not complete, and frees nothing.
        connection.acknowledge(4, open.remove(0)).await;
        open.push(connection.message().await.pkid);
        for id in &open {
            connection.acknowledge(5, *id).await;
            assert!(matches!(connection.packet().await, Packet::PubRel(release) if release.pkid == *id));
        }
        peer.client.publish(Lane::Sure, numbered(7, QoS::AtLeastOnce)).await;
        connection.is_silent().await;
        connection.acknowledge(7, open[0]).await;
        assert_eq!(&connection.message().await.payload[..], b"7");
    });
}

#[test]
fn topics_that_come_again_are_numbers_on_one_connection_only() {
    runtime().block_on(async {
        let script = Script::new().await;
        let mut peer = peer(script.port);
        let state = |topic: &str| Message::new(topic, "x", QoS::AtMostOnce).retained();
        let (mut connection, _) = script.greet(false, &[0x22, 0, 1]).await;
        peer.up().await;
        let mut seen = Vec::new();
        for topic in ["state/a", "state/a", "state/b"] {
            peer.client.publish(Lane::Telemetry, state(topic)).await;
            let message = connection.message().await;
            seen.push((message.topic, message.properties.and_then(|says| says.topic_alias)));
        }
        // The broker takes one number, so the second topic has none.
        assert_eq!(seen, [("state/a".into(), Some(1)), (String::new(), Some(1)), ("state/b".into(), None)]);
        // The other way round.
        connection.send(&publish(0, "long/topic", None, &[0x23, 0, 5], b"1")).await;
        connection.send(&publish(0, "", None, &[0x23, 0, 5], b"2")).await;
        for payload in [b"1", b"2"] {
            let message = peer.message().await;
            assert_eq!((message.topic.as_str(), &message.payload[..]), ("long/topic", &payload[..]));
        }
        drop(connection);
        let (mut connection, _) = script.greet(true, &[0x22, 0, 1]).await;
        peer.client.publish(Lane::Telemetry, state("state/a")).await;
        let message = connection.message().await;
        assert_eq!(
            (message.topic.as_str(), message.properties.and_then(|says| says.topic_alias)),
            ("state/a", Some(1))
        );
    });
}

#[test]
fn an_expiry_counts_down_in_our_queue_and_comes_through() {
    runtime().block_on(async {
        let script = Script::new().await;
        let mut peer = peer(script.port);
        let mut message = numbered(1, QoS::AtLeastOnce);
        message.expiry = Some(1_000);
        peer.client.publish(Lane::Sure, message).await;
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        let (mut connection, _) = script.greet(false, &[]).await;
        let says = connection.message().await.properties.expect("properties");
        let left = says.message_expiry_interval.expect("an expiry");
        assert!((900..1_000).contains(&left), "{left}");
        connection.send(&publish(0, "t", None, &[0x02, 0, 0, 0, 7], b"x")).await;
        assert_eq!(peer.message().await.expiry, Some(7));
    });
}

#[test]
fn what_is_over_the_brokers_packet_size_is_refused_and_not_sent() {
    runtime().block_on(async {
        let script = Script::new().await;
        let peer = peer(script.port);
        let big = telling(&peer, Message::new("t", vec![b'x'; 300], QoS::AtLeastOnce));
        let small = telling(&peer, Message::new("t", "small", QoS::AtLeastOnce));
        let (mut connection, _) = script.greet(false, &[0x27, 0, 0, 0, 200]).await;
        let first = connection.message().await;
        assert_eq!(&first.payload[..], b"small");
        connection.acknowledge(4, first.pkid).await;
        assert_eq!(small.await.expect("ran"), Ok(()));
        let refused = big.await.expect("ran").expect_err("too large");
        assert!(refused.code == Code::Refused && refused.message.contains("200 bytes"), "{refused}");
    });
}

#[test]
fn mosquittos_own_bounds_hold() {
    let Some(broker) = Broker::with("allow_anonymous true\nmax_packet_size 1000\n") else { return };
    runtime().block_on(async {
        let mut both = Peer::start(broker.port, options(Version::V5, "both", &[("t", QoS::AtLeastOnce)]));
        both.up().await;
        let big = both.client.publish_surely(Message::new("t", vec![b'x'; 2_000], QoS::AtLeastOnce)).await;
        assert_eq!(big.map_err(|fault| fault.code), Err(Code::Refused));
        both.say("t", "small", QoS::AtLeastOnce).await;
        assert_eq!(&both.message().await.payload[..], b"small", "on the same connection");
    });
}

#[test]
fn keep_alive_quality_and_retain_are_the_brokers_to_decide() {
    runtime().block_on(async {
        let script = Script::new().await;
        let mut patient = options(Version::V5, "ours", &[]);
        patient.hello.keep_alive = 600;
        let peer = Peer::start(script.port, patient);
        let (mut connection, _) = script.greet(false, &[0x13, 0, 1, 0x24, 0, 0x25, 0]).await;
        peer.client.publish(Lane::Sure, numbered(1, QoS::AtLeastOnce).retained()).await;
        let message = connection.message().await;
        assert_eq!((message.qos, message.retain), (QoS::AtMostOnce, false));
        assert!(matches!(connection.packet().await, Packet::PingReq), "within its second, not our ten minutes");
    });
}

#[test]
fn our_own_are_sent_again_as_duplicates_under_their_ids() {
    runtime().block_on(async {
        let script = Script::new().await;
        let mut peer = Peer::start(script.port, options(Version::V5, "ours", &[("in", QoS::AtLeastOnce)]));
        let (one, two) = (telling(&peer, numbered(1, QoS::AtLeastOnce)), numbered(2, QoS::ExactlyOnce));
        let (mut connection, _) = script.greet(false, &[]).await;
        assert!(matches!(connection.packet().await, Packet::Subscribe(_)));
        let first = connection.message().await;
        let two = telling(&peer, two);
        let second = connection.message().await;
        assert!(!first.dup && !second.dup);
        connection.acknowledge(5, second.pkid).await;
        assert!(matches!(connection.packet().await, Packet::PubRel(release) if release.pkid == second.pkid));
        drop(connection);
        // It kept the session: the same ids, marked; and what it had recorded is only released.
        let (mut connection, _) = script.greet(true, &[]).await;
        assert!(matches!(connection.packet().await, Packet::Subscribe(_)), "heard again also by a kept session");
        let again = connection.message().await;
        assert_eq!((again.dup, again.pkid, &again.payload), (true, first.pkid, &first.payload));
        assert!(matches!(connection.packet().await, Packet::PubRel(release) if release.pkid == second.pkid));
        connection.acknowledge(7, second.pkid).await;
        assert_eq!(two.await.expect("ran"), Ok(()));
        drop(connection);
        // It lost the session: sent as new.
        let (mut connection, _) = script.greet(false, &[]).await;
        assert!(matches!(connection.packet().await, Packet::Subscribe(_)));
        let new = connection.message().await;
        assert_eq!((new.dup, &new.payload), (false, &first.payload));
        connection.acknowledge(4, new.pkid).await;
        assert_eq!(one.await.expect("ran"), Ok(()));
        while !matches!(peer.next().await, Heard::Up(false)) {}
    });
}

#[test]
fn a_message_brought_again_after_a_lost_acknowledgement_is_heard_once() {
    runtime().block_on(async {
        let script = Script::new().await;
        let mut peer = peer(script.port);
        let (mut connection, _) = script.greet(false, &[]).await;
        connection.send(&publish(2, "cmd", Some(5), &[], b"toggle")).await;
        assert_eq!(&peer.message().await.payload[..], b"toggle");
        assert!(matches!(connection.packet().await, Packet::PubAck(ack) if ack.pkid == 5));
        drop(connection);
        let (mut connection, _) = script.greet(true, &[]).await;
        for (flags, id, payload) in [(0x0a, 5, b"toggle"), (0x0a, 6, b"second"), (0x02, 5, b"toggle")] {
            connection.send(&publish(flags, "cmd", Some(id), &[], payload)).await;
            assert!(
                matches!(connection.packet().await, Packet::PubAck(ack) if ack.pkid == id),
                "acknowledged in any case"
            );
        }
        // A duplicate that we never heard is heard; the same id without the mark is a new message.
        let heard: Vec<_> = peer.rest(Duration::from_millis(300)).await.into_iter().map(|m| m.payload).collect();
        assert_eq!(heard, [&b"second"[..], b"toggle"]);
    });
}

#[test]
fn leaving_is_said_in_two_bytes() {
    runtime().block_on(async {
        let script = Script::new().await;
        let mut peer = peer(script.port);
        let (connection, _) = script.greet(false, &[]).await;
        peer.up().await;
        drop(peer);
        assert_eq!(connection.rest().await, [0xe0, 0]);
    });
}

#[test]
fn a_clean_session_leaves_nothing_at_the_broker_and_a_kept_one_does() {
    let Some(broker) = Broker::start() else { return };
    for version in [Version::V3, Version::V5] {
        for (clean, expected) in [(true, 0), (false, 1)] {
            runtime().block_on(async {
                let topic = format!("kept/{version:?}/{clean}");
                let mut set = options(version, &format!("ear{version:?}{clean}"), &[(&topic, QoS::AtLeastOnce)]);
                set.hello.clean = clean;
                let mut ear = Peer::start(broker.port, set.clone());
                assert!(!ear.up().await);
                ear.say(&topic, "x", QoS::AtLeastOnce).await;
                ear.message().await;
                drop(ear.client);
                ear.task.await.expect("left");
                broker.publish(&["-t", &topic, "-q", "1", "-m", "while it was away"]);
                let mut ear = Peer::start(broker.port, set);
                assert_eq!(ear.up().await, !clean);
                assert_eq!(ear.rest(Duration::from_millis(500)).await.len(), expected, "{topic}");
            });
        }
    }
}
