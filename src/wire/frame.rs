//! Frames on the serial line: postcard in COBS with CRC-32, the same bytes on a microcontroller.
//!
//! ```text
//! 00 · COBS( postcard(message) · CRC-32 little-endian ) · 00
//! ```
//!
//! Fixed capacities and no recursive type: a message cannot ask for memory or for stack. A frame begins
//! and ends with a zero, which COBS keeps out of its inside, so a reader finds the next one whatever
//! came before. `docs/serial-frames.md` describes it for people who write the other end.

use heapless::String as Text;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The version of the messages; a change that an old reader misreads raises it.
pub const PROTOCOL: u8 = 1;
/// Longest command, in bytes.
pub const COMMAND_BYTES: usize = 240;
/// Longest piece of a reply, in bytes; longer replies come in pieces.
pub const PIECE_BYTES: usize = 200;
/// Longest frame between its zeros, in bytes.
pub const FRAME_BYTES: usize = 300;

/// What the other end says.
#[allow(clippy::large_enum_variant, reason = "texts have fixed capacities: a message must not ask for memory")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToHearth {
    /// Asks for [`FromHearth::Version`].
    Version,
    /// Asks for [`FromHearth::Pong`].
    Ping {
        /// Comes back.
        id: u16,
    },
    /// A sentence, or a command with a slash; under an id that runs once.
    Command {
        /// Comes back with every piece of the reply.
        id: u16,
        /// What is said.
        text: Text<COMMAND_BYTES>,
    },
    /// The PIN of a line that has one.
    Pin {
        /// Comes back.
        id: u16,
        /// The PIN.
        pin: Text<32>,
    },
    /// Whether changes are told as [`FromHearth::Event`]; they are not at the beginning.
    Events {
        /// Yes or no.
        on: bool,
    },
}

/// What Hearth says.
#[allow(clippy::large_enum_variant, reason = "texts have fixed capacities: a message must not ask for memory")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromHearth {
    /// The version of the messages and of Hearth.
    Version {
        /// [`PROTOCOL`].
        protocol: u8,
        /// Such as `0.1.0`.
        hearth: Text<32>,
    },
    /// The answer to a ping.
    Pong {
        /// Of the ping.
        id: u16,
    },
    /// A piece of the answer to a command.
    Reply {
        /// Of the command.
        id: u16,
        /// What became of it.
        outcome: Outcome,
        /// Counts the pieces from 0.
        piece: u8,
        /// Whether none follows.
        last: bool,
        /// The piece.
        text: Text<PIECE_BYTES>,
    },
    /// Something has changed.
    Event {
        /// The entity's id.
        entity: Text<96>,
        /// `state`, or an attribute.
        property: Text<32>,
        /// The value now, as JSON.
        value: Text<64>,
    },
    /// What came was not taken.
    Error {
        /// Of the command, where it has one.
        id: Option<u16>,
        /// The number of `base::Code`.
        code: u16,
        /// For a person.
        text: Text<PIECE_BYTES>,
    },
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It was done, or answered.
    Done,
    /// A person has to say more: a question, or a confirmation.
    Asked,
    /// It was not done.
    NotDone,
}

/// Bytes that are no frame of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrameFault {
    /// Too long, or cut.
    #[error("the frame is no COBS of at most {FRAME_BYTES} bytes")]
    Framing,
    /// The CRC differs, or the message is none of this version.
    #[error("the frame's CRC or content is wrong")]
    Content,
    /// A message of ours that does not fit; texts are cut to their capacities, so this does not happen.
    #[error("the message does not fit into a frame")]
    TooLong,
}

const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// One frame's bytes, its zeros included.
pub type Frame = heapless::Vec<u8, { FRAME_BYTES + 2 }>;

/// A message as a frame.
///
/// # Errors
/// [`FrameFault::TooLong`].
pub fn encode(message: &impl Serialize) -> Result<Frame, FrameFault> {
    let mut plain = [0; FRAME_BYTES];
    let plain = postcard::to_slice_crc32(message, &mut plain, CRC.digest()).map_err(|_| FrameFault::TooLong)?;
    let mut coded = [0; FRAME_BYTES];
    let length = cobs::try_encode(plain, &mut coded).map_err(|_| FrameFault::TooLong)?;
    let mut frame = Frame::new();
    let whole = frame.push(0).is_ok() && frame.extend_from_slice(&coded[..length]).is_ok() && frame.push(0).is_ok();
    if whole { Ok(frame) } else { Err(FrameFault::TooLong) }
}

/// The message in the bytes between two zeros.
///
/// # Errors
/// [`FrameFault`].
pub fn decode<T: for<'a> Deserialize<'a>>(inside: &[u8]) -> Result<T, FrameFault> {
    if inside.len() > FRAME_BYTES {
        return Err(FrameFault::Framing);
    }
    let mut plain = [0; FRAME_BYTES];
    let length = cobs::decode(inside, &mut plain).map_err(|_| FrameFault::Framing)?;
    let (message, rest) =
        postcard::take_from_bytes_crc32(&plain[..length], CRC.digest()).map_err(|_| FrameFault::Content)?;
    if rest.is_empty() { Ok(message) } else { Err(FrameFault::Content) }
}

/// As much of a text as fits, cut between characters.
#[must_use]
pub fn fitted<const N: usize>(text: &str) -> Text<N> {
    let mut fit = Text::new();
    // The cut text fits by its length.
    let _ = fit.push_str(&text[..text.floor_char_boundary(N)]);
    fit
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert, proptest};

    fn command(text: &str) -> ToHearth {
        ToHearth::Command { id: 7, text: fitted(text) }
    }

    #[test]
    fn every_largest_message_fits_and_comes_back() {
        let (long, wide) = ("x".repeat(500), "ä".repeat(500));
        for text in [&long, &wide] {
            let frame = encode(&command(text)).expect("fits");
            assert_eq!((frame[0], frame[frame.len() - 1]), (0, 0));
            assert!(!frame[1..frame.len() - 1].contains(&0));
            assert_eq!(decode::<ToHearth>(&frame[1..frame.len() - 1]), Ok(command(text)));
            for message in [
                FromHearth::Reply {
                    id: u16::MAX,
                    outcome: Outcome::NotDone,
                    piece: 255,
                    last: true,
                    text: fitted(text),
                },
                FromHearth::Event { entity: fitted(text), property: fitted(text), value: fitted(text) },
                FromHearth::Error { id: Some(u16::MAX), code: u16::MAX, text: fitted(text) },
            ] {
                let frame = encode(&message).expect("fits");
                assert_eq!(decode::<FromHearth>(&frame[1..frame.len() - 1]), Ok(message));
            }
        }
    }

    #[test]
    fn a_wrong_bit_a_cut_and_a_longer_one_are_seen() {
        let frame = encode(&command("turn on the lamp")).expect("fits");
        let inside = &frame[1..frame.len() - 1];
        for place in 0..inside.len() {
            for bit in 0..8 {
                let mut wrong = inside.to_vec();
                wrong[place] ^= 1 << bit;
                assert!(decode::<ToHearth>(&wrong).is_err(), "{place} {bit}");
            }
            assert!(decode::<ToHearth>(&inside[..place]).is_err(), "cut at {place}");
        }
        assert_eq!(decode::<ToHearth>(&[1; FRAME_BYTES + 1]), Err(FrameFault::Framing));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = (decode::<ToHearth>(&bytes), decode::<FromHearth>(&bytes));
        }

        #[test]
        fn what_is_encoded_is_decoded(id in any::<u16>(), text in ".{0,300}") {
            let message = ToHearth::Command { id, text: fitted(&text) };
            let frame = encode(&message).expect("fits");
            prop_assert!(decode::<ToHearth>(&frame[1..frame.len() - 1]) == Ok(message));
        }
    }
}
