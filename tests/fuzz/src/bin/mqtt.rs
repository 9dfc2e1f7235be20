//! Whatever a broker sends, in whatever pieces: our framing, the codec and the session end it in order.
//!
//! The first byte picks version, greeting and the size of the pieces; the rest is the broker's.

#![no_main]

include!(concat!(env!("OUT_DIR"), "/hearth.rs"));

use std::time::Instant;

use base::limits::{MQTT_INFLIGHT, MQTT_PACKET_BYTES, MQTT_QUEUE, MQTT_UNSURE};
use bytes::BytesMut;
use channels::mqtt::codec;
use channels::mqtt::packet::{Hello, Message, QoS, Version};
use channels::mqtt::queue::Lane;
use channels::mqtt::session::{Event, Options, Session};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((how, rest)) = input.split_first() else { return };
    let version = if how & 1 == 0 { Version::V3 } else { Version::V5 };
    let hello = Hello { client_id: "f".into(), keep_alive: 60, clean: how & 2 == 0, session_expiry: 60, will: None };
    let filters = vec![("a/#".to_owned(), QoS::ExactlyOnce)];
    let mut session = Session::new(Options { version, hello, filters });
    for (ticket, qos) in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce, QoS::AtLeastOnce].into_iter().enumerate() {
        let message = Message::new("a/b", vec![b'x'; 20], qos).retained();
        session.publish(Lane::Sure, message, ticket as u64, Instant::now());
    }
    // Two connections of one session: what the first left must not hurt the second.
    let half = rest.len() / 2;
    let parts = if how & 4 == 0 { vec![rest] } else { vec![&rest[..half], &rest[half..]] };
    for part in parts {
        session.opened();
        connection(&mut session, version, usize::from(how >> 4) * 7 + 1, how & 8 != 0, part);
        session.closed();
    }
});

fn connection(session: &mut Session, version: Version, piece: usize, greeted: bool, bytes: &[u8]) {
    let mut read = BytesMut::new();
    if greeted {
        read.extend_from_slice(if version == Version::V3 { &[0x20, 2, 1, 0] } else { &[0x20, 3, 1, 0, 0] });
    }
    for piece in bytes.chunks(piece) {
        read.extend_from_slice(piece);
        loop {
            match codec::read(&mut read, version, MQTT_PACKET_BYTES) {
                Ok(Some(packet)) => {
                    if session.receive(packet).is_err() {
                        return;
                    }
                }
                Ok(None) => break,
                Err(_) => return,
            }
            written(session, version);
        }
        assert!(read.len() <= MQTT_PACKET_BYTES + piece.len(), "kept more than a packet");
        session.pump(Instant::now());
        written(session, version);
    }
}

fn written(session: &mut Session, version: Version) {
    let mut write = BytesMut::new();
    while let Some(packet) = session.next_packet() {
        codec::write(&packet, version, &mut write).expect("our own packets can be written");
    }
    while let Some(event) = session.next_event() {
        if let Event::Message(message) = event {
            assert!(!message.topic.is_empty() || version == Version::V3);
        }
    }
    let (waiting, flying) = session.pending();
    assert!(waiting <= 2 * MQTT_QUEUE && flying <= usize::from(MQTT_INFLIGHT).max(MQTT_UNSURE));
}
