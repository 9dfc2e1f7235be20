//! Whatever comes over the serial line: text and frames are told apart, and after silence the next is heard.

#![no_main]

include!(concat!(env!("OUT_DIR"), "/hearth.rs"));

use channels::Heard;
use channels::serial::split::{LINE_BYTES, Splitter, Unit};
use wire::frame::{FrameFault, FromHearth, ToHearth, decode, encode, fitted};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    // The other end's decoder reads the same bytes whole.
    if let Ok(message) = decode::<FromHearth>(input) {
        let frame = encode(&message).expect("what was decoded fits");
        assert!(decode::<FromHearth>(&frame[1..frame.len() - 1]) == Ok(message));
    }
    let mut splitter = Splitter::default();
    let mut lengths = 0;
    for byte in input {
        match splitter.push(*byte) {
            Some(Unit::Frame(Ok(message))) => {
                let frame = encode(&message).expect("what was decoded fits");
                assert_eq!(decode::<ToHearth>(&frame[1..frame.len() - 1]), Ok(message));
            }
            Some(Unit::Text(Heard::Line(line))) => assert!(line.len() <= LINE_BYTES),
            Some(Unit::Text(Heard::TooLong(length))) => {
                lengths += length;
                assert!(length > LINE_BYTES && lengths <= input.len());
            }
            _ => {}
        }
        if byte & 0x3f == 0x08 {
            splitter.rub_out();
        }
    }
    assert!(matches!(splitter.give_up(), None | Some(Unit::Frame(Err(FrameFault::Framing)))));
    let after = ToHearth::Command { id: 1, text: fitted("after the noise") };
    let frame = encode(&after).expect("fits");
    let heard = frame.iter().filter_map(|byte| splitter.push(*byte)).last();
    assert_eq!(heard, Some(Unit::Frame(Ok(after))));
});
