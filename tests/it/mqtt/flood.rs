//! A broker that floods the service: what the brain holds stays bounded, and the admin socket obeys.
//!
//! mosquitto sends no faster than somebody publishes and stops where its own queues are full, so the broker
//! here is a socket that greets and then writes as fast as TCP takes it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::kit::{Home, Running, wait_for};

/// Bytes of one sentence, most of them filling.
const SENTENCE: usize = 8 * 1024;
/// Bytes of the whole flood.
const FLOOD: usize = 64 * 1024 * 1024;
/// What the brain may grow by: a small part of the flood.
const GROWTH_KIB: usize = 16 * 1024;

const LAMP: &str = "[[home.entities]]\nid = \"light.kitchen_lamp\"\nname = \"Kitchen lamp\"\nline = \"kitchen_lamp\"\n";

/// What the broker does with what it is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ears {
    /// It reads, so replies drain.
    Open,
    /// It reads nothing after the greeting, so replies pile up.
    Shut,
}

/// Floods its first connection; counts the bytes that were taken from it.
fn broker(ears: Ears) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    std::thread::spawn(move || {
        let Ok((stream, _)) = listener.accept() else { return };
        drown(stream, ears, &count);
    });
    (port, taken)
}

fn drown(mut stream: TcpStream, ears: Ears, taken: &AtomicUsize) {
    let mut rest = [0; 65_536];
    let _ = stream.read(&mut rest);
    let _ = stream.write_all(&[0x20, 2, 0, 0]);
    if ears == Ears::Open {
        let mut ear = stream.try_clone().expect("a second handle");
        std::thread::spawn(move || while matches!(ear.read(&mut rest), Ok(1..)) {});
    }
    let mut number = 0_usize;
    while taken.load(Ordering::Relaxed) < FLOOD {
        // Each sentence is another one: none is a redelivery of the last.
        let message = publish("hearth/attic/say", &format!("is the kitchen lamp on? {number:0>SENTENCE$}"));
        if stream.write_all(&message).is_err() {
            return;
        }
        taken.fetch_add(message.len(), Ordering::Relaxed);
        number += 1;
    }
    // The connection is kept: a closed one would free what was queued for it.
    std::thread::park();
}

/// A PUBLISH of QoS 0 (MQTT 3.1.1, section 3.3).
fn publish(topic: &str, payload: &str) -> Vec<u8> {
    let mut left = 2 + topic.len() + payload.len();
    let mut packet = vec![0x30];
    loop {
        let (low, more) = (u8::try_from(left % 128).expect("7 bits"), left / 128 > 0);
        packet.push(if more { low | 0x80 } else { low });
        left /= 128;
        if left == 0 {
            break;
        }
    }
    packet.extend_from_slice(&u16::try_from(topic.len()).expect("a short topic").to_be_bytes());
    packet.extend_from_slice(topic.as_bytes());
    packet.extend_from_slice(payload.as_bytes());
    packet
}

/// The most memory that the process ever had resident, in KiB.
fn peak(running: &Running) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid())).expect("it lives");
    let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("a peak");
    line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).expect("a number")
}

#[test]
fn a_broker_that_floods_fills_no_memory() {
    for ears in [Ears::Open, Ears::Shut] {
        let (port, taken) = broker(ears);
        let home = Home::with_config(&format!(
            "device = \"attic\"\n[mqtt]\nenabled = true\nport = {port}\nversion = \"3.1.1\"\n{LAMP}"
        ));
        let running = home.start();
        // What a turn costs once is no growth by the flood.
        let first = home.run(&["ask", "turn on the kitchen lamp"]);
        assert!(first.ok, "{ears:?}: {first:?}\n{}", running.log());
        let before = peak(&running);
        let left = || taken.load(Ordering::Relaxed);
        // With deaf ears it is taken, or the connection is left because nothing goes out: both end the growth.
        let enough = if ears == Ears::Open { FLOOD } else { 2 * GROWTH_KIB * 1024 };
        // However slow the machine is, some more is taken.
        while left() < enough {
            let so_far = left();
            wait_for("more of the flood to be taken", || (left() > so_far).then_some(()));
        }
        let during = home.run(&["ask", "turn off the kitchen lamp"]);
        assert!(during.ok && during.out.contains("off"), "{ears:?}: {during:?}");
        let grown = peak(&running).saturating_sub(before);
        println!("{ears:?}: {} KiB of flood, peak grew by {grown} KiB from {before}", left() / 1024);
        assert!(grown < GROWTH_KIB, "{ears:?}: {grown} KiB more after {} KiB", left() / 1024);
    }
}
