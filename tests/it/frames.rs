//! The golden frames of `schemas/frames/`: the bytes on the line are these, whoever writes them.

use std::collections::BTreeMap;
use std::path::Path;

use hearth::wire::frame::{FromHearth, Outcome, ToHearth, decode, encode, fitted};
use serde::Serialize;

fn hex(message: &impl Serialize) -> String {
    encode(message).expect("fits").iter().map(|byte| format!("{byte:02x}")).collect()
}

fn messages() -> BTreeMap<&'static str, String> {
    let text = "turn on the lamp";
    BTreeMap::from([
        ("to-version", hex(&ToHearth::Version)),
        ("to-ping", hex(&ToHearth::Ping { id: 300 })),
        ("to-command", hex(&ToHearth::Command { id: 10, text: fitted(text) })),
        ("to-pin", hex(&ToHearth::Pin { id: 1, pin: fitted("4711") })),
        ("to-events", hex(&ToHearth::Events { on: true })),
        ("from-version", hex(&FromHearth::Version { protocol: 1, hearth: fitted("0.1.0") })),
        ("from-pong", hex(&FromHearth::Pong { id: 300 })),
        (
            "from-reply",
            hex(&FromHearth::Reply {
                id: 10,
                outcome: Outcome::Done,
                piece: 0,
                last: true,
                text: fitted("The lamp is on."),
            }),
        ),
        (
            "from-event",
            hex(&FromHearth::Event {
                entity: fitted("light.lamp"),
                property: fitted("state"),
                value: fitted("\"on\""),
            }),
        ),
        ("from-error", hex(&FromHearth::Error { id: None, code: 7, text: fitted("noise") })),
        ("from-error-of-command", hex(&FromHearth::Error { id: Some(10), code: 3, text: fitted("locked") })),
    ])
}

#[test]
fn every_message_is_its_golden_frame() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/frames");
    for (name, bytes) in messages() {
        let path = folder.join(format!("{name}.hex"));
        if std::env::var_os("HEARTH_WRITE_GOLDEN").is_some() {
            std::fs::write(&path, format!("{bytes}\n")).expect("written");
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(golden.trim(), bytes, "{name}");
        let golden: Vec<u8> =
            (0..bytes.len()).step_by(2).map(|at| u8::from_str_radix(&bytes[at..at + 2], 16).expect("hex")).collect();
        let inside = &golden[1..golden.len() - 1];
        assert!(if name.starts_with("to") {
            decode::<ToHearth>(inside).is_ok()
        } else {
            decode::<FromHearth>(inside).is_ok()
        });
    }
    let count = std::fs::read_dir(&folder).expect("the folder").count();
    assert_eq!(count, messages().len(), "no golden frame without a message");
}

/// One frame by hand, from the page: nothing of ours wrote it.
#[test]
fn the_page_describes_the_bytes() {
    // Ping 300: variant 1, varint ac 02; the CRC as Python's zlib.crc32(bytes([1, 0xac, 2])) gives it.
    let plain = [1_u8, 0xac, 2];
    let mut crc = !0_u32;
    for byte in plain {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    let whole = [&plain[..], &(!crc).to_le_bytes()].concat();
    assert!(!whole.contains(&0), "then COBS is its length and the bytes");
    let frame = [&[0, 8][..], &whole, &[0]].concat();
    assert_eq!(hex(&ToHearth::Ping { id: 300 }), frame.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
}
