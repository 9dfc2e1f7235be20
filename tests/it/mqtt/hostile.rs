//! A broker that refuses, hangs, lies, floods: an event each time, never a panic, and the next attempt.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use hearth::channels::mqtt::{QoS, Version};

use super::peer::{Heard, Peer, options, runtime};

/// A broker that answers each connection's first bytes with these, and then goes on reading.
fn broker(answer: Vec<u8>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || talk(stream, &answer));
        }
    });
    port
}

fn talk(mut stream: TcpStream, answer: &[u8]) {
    let mut rest = [0; 4096];
    let _ = stream.read(&mut rest);
    let _ = stream.write_all(answer);
    while matches!(stream.read(&mut rest), Ok(1..)) {}
}

/// Why the client left such a broker.
fn left(version: Version, answer: Vec<u8>) -> String {
    let port = broker(answer);
    runtime().block_on(async {
        let mut peer = Peer::start(port, options(version, "x", &[("a", QoS::AtLeastOnce)]));
        loop {
            if let Heard::Down(why) = peer.next().await {
                return why;
            }
        }
    })
}

const GREETING3: &[u8] = &[0x20, 2, 0, 0];
const GREETING5: &[u8] = &[0x20, 3, 0, 0, 0];

fn after(greeting: &[u8], bytes: &[u8]) -> Vec<u8> {
    [greeting, bytes].concat()
}

#[test]
fn every_lie_ends_the_connection_with_its_reason() {
    let v3 = |bytes: &[u8]| left(Version::V3, after(GREETING3, bytes));
    let v5 = |bytes: &[u8]| left(Version::V5, after(GREETING5, bytes));
    let table = [
        (left(Version::V3, vec![0x20, 2, 0, 5]), "refused us (code 5)"),
        (left(Version::V5, vec![0x20, 3, 0, 0x87, 0]), "refused us (code 135)"),
        (left(Version::V3, b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()), "does not speak MQTT"),
        (left(Version::V3, vec![0x30, 3, 0, 1, b'a']), "does not speak MQTT"),
        (v3(GREETING3), "second greeting"),
        (v5(GREETING5), "second greeting"),
        (v5(&[0xe0, 0]), "ended the connection (reason 0)"),
        (v5(&[0xe0, 1, 0x8b]), "ended the connection (reason 139)"),
        (v5(&[0xe0, 2, 0x8e, 0]), "ended the connection (reason 142)"),
        (v3(&[0xe0, 0]), "type 14"),
        (v5(&[0xa2, 6, 0, 1, 0, 0, 1, b'a']), "type 10"),
        (v3(&[0x32, 0xff, 0xff, 0xff, 0x7f]), "over our limit"),
        (v3(&[0x32, 0xff, 0xff, 0xff, 0xff, 1]), "no length"),
        (v3(&[0x32, 5, 0, 1, b'a', 0, 0]), "malformed"),
        (v5(&[0x32, 5, 0, 1, b'a', 0, 1]), "malformed"),
        (v5(&[0x30, 6, 0, 0, 3, 0x23, 0, 9]), "unknown topic alias"),
        (v5(&[0x30, 6, 0, 0, 3, 0x23, 0xff, 9]), "did not offer"),
        (v5(&[0x20, 3, 0, 0]), "closed"),
    ];
    for (why, expected) in table.iter().take(table.len() - 1) {
        assert!(why.contains(expected), "{why:?}, not {expected:?}");
    }
}

#[test]
fn a_broker_that_hangs_is_left_after_the_deadline_and_one_that_closes_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        let mut kept: Vec<TcpStream> = Vec::new();
        for (number, stream) in listener.incoming().flatten().enumerate() {
            // The first is closed at once, the others hang.
            if number > 0 {
                kept.push(stream);
            }
        }
    });
    runtime().block_on(async {
        let mut peer = Peer::start(port, options(Version::V5, "x", &[]));
        let mut reasons = Vec::new();
        while reasons.len() < 2 {
            if let Heard::Down(why) = peer.next().await {
                reasons.push(why);
            }
        }
        assert!(reasons[0].contains("closed") || reasons[0].contains("broke"), "{reasons:?}");
        assert!(reasons[1].contains("does not greet"), "{reasons:?}");
    });
}

#[test]
fn a_flood_is_heard_without_growing() {
    // 200,000 messages, QoS 2, ids never released: the set of ids is bounded, so the broker is left.
    let mut flood = GREETING3.to_vec();
    for number in 1..=60_000_u16 {
        flood.extend_from_slice(&[0x34, 5, 0, 1, b'a']);
        flood.extend_from_slice(&number.to_be_bytes());
    }
    let why = left(Version::V3, flood);
    assert!(why.contains("never released"), "{why}");
    // A flood of QoS 0 is simply heard.
    let mut flood = GREETING3.to_vec();
    for _ in 0..60_000 {
        flood.extend_from_slice(&[0x30, 3, 0, 1, b'a']);
    }
    let port = broker(flood);
    runtime().block_on(async {
        let mut peer = Peer::start(port, options(Version::V3, "x", &[]));
        peer.up().await;
        assert_eq!(peer.rest(Duration::from_millis(500)).await.len(), 60_000);
    });
}

#[test]
fn topics_that_are_none_do_not_end_anything() {
    let mut bytes = after(GREETING3, &[0x30, 5, 0, 3, b'a', b'/', b'#']);
    bytes.extend_from_slice(&[0x30, 5, 0, 3, b'a', 0, b'b']);
    bytes.extend_from_slice(&[0x30, 4, 0, 1, b'g', b'!']);
    let port = broker(bytes);
    runtime().block_on(async {
        let mut peer = Peer::start(port, options(Version::V3, "x", &[]));
        let topics: Vec<_> = peer.rest(Duration::from_millis(400)).await.into_iter().map(|m| m.topic).collect();
        // The client passes them on; the channel, which knows topics, ignores the first two.
        assert_eq!(topics, ["a/#", "a\0b", "g"]);
        assert!(!hearth::channels::mqtt::is_topic("a/#") && !hearth::channels::mqtt::is_topic("a\0b"));
    });
}
