//! Tells text from frames on one line, byte by byte.
//!
//! A zero begins a frame and the next one ends it; everything else is text, ended by a newline or a
//! carriage return. A person types no zeros, and COBS has none inside, so neither can be taken for the
//! other. A frame that does not end within its time was half a frame: it is dropped, and what comes
//! next is text again, so a stray zero does not swallow a person's line.

use crate::channels::Heard;
use crate::wire::frame::{FRAME_BYTES, FrameFault, ToHearth, decode};

/// Longest line of text, in bytes.
pub const LINE_BYTES: usize = 1024;

/// What was found on the line; made one at a time, never kept.
#[allow(
    clippy::large_enum_variant,
    reason = "a frame's text has a fixed capacity, and nothing of it shall be allocated"
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A line of text, or what was wrong with it.
    Text(Heard),
    /// A frame, or what was wrong with it.
    Frame(Result<ToHearth, FrameFault>),
}

/// See the module; holds one line and one frame at most.
#[derive(Debug, Default)]
pub struct Splitter {
    text: heapless::Vec<u8, LINE_BYTES>,
    /// Bytes of the line, those over the cap included.
    length: usize,
    frame: Option<heapless::Vec<u8, FRAME_BYTES>>,
    too_long: bool,
    after_return: bool,
}

impl Splitter {
    /// Takes a byte; what it completed.
    pub fn push(&mut self, byte: u8) -> Option<Unit> {
        if byte == 0 { self.zero() } else { self.other(byte) }
    }

    fn zero(&mut self) -> Option<Unit> {
        match self.frame.take() {
            // Two zeros in a row: the second begins a frame as well as the first.
            Some(frame) if frame.is_empty() && !self.too_long => {
                self.frame = Some(frame);
                None
            }
            Some(frame) => {
                let faulty = std::mem::take(&mut self.too_long);
                Some(Unit::Frame(if faulty { Err(FrameFault::Framing) } else { decode(&frame) }))
            }
            None => {
                self.frame = Some(heapless::Vec::new());
                let text = std::mem::take(&mut self.text);
                let length = std::mem::take(&mut self.length);
                // The end of a frame whose beginning was lost, or noise: never a line.
                (length > 0).then(|| self.stray(&text))
            }
        }
    }

    fn stray(&mut self, text: &[u8]) -> Unit {
        match decode(text) {
            Ok(message) => {
                self.frame = None;
                Unit::Frame(Ok(message))
            }
            Err(fault) => Unit::Frame(Err(fault)),
        }
    }

    fn other(&mut self, byte: u8) -> Option<Unit> {
        if let Some(frame) = &mut self.frame {
            self.too_long |= frame.push(byte).is_err();
            return None;
        }
        let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
        match byte {
            b'\n' if after_return => None,
            b'\n' | b'\r' => Some(Unit::Text(self.line())),
            _ => {
                self.length += 1;
                // Over the cap only the length is kept.
                let _ = self.text.push(byte);
                None
            }
        }
    }

    fn line(&mut self) -> Heard {
        let text = std::mem::take(&mut self.text);
        let length = std::mem::take(&mut self.length);
        if length > LINE_BYTES {
            return Heard::TooLong(length);
        }
        std::str::from_utf8(&text).map_or(Heard::NotText, |text| Heard::Line(text.to_owned()))
    }

    /// Takes the last character of the line back; whether there was one.
    pub fn rub_out(&mut self) -> bool {
        if self.length > LINE_BYTES || self.frame.is_some() {
            return false;
        }
        let mut rubbed = false;
        while let Some(byte) = self.text.pop() {
            self.length -= 1;
            rubbed = true;
            // All bytes of a character go: the first one is no continuation.
            if byte & 0xc0 != 0x80 {
                break;
            }
        }
        rubbed
    }

    /// Whether a frame has begun and not ended.
    #[must_use]
    pub const fn inside_a_frame(&self) -> bool {
        self.frame.is_some()
    }

    /// A begun frame has had its time; the fault, where it had any bytes.
    pub fn give_up(&mut self) -> Option<Unit> {
        let frame = self.frame.take()?;
        self.too_long = false;
        (!frame.is_empty()).then_some(Unit::Frame(Err(FrameFault::Framing)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::frame::{encode, fitted};
    use proptest::prelude::{any, prop_assert, proptest};

    fn all(bytes: &[u8]) -> Vec<Unit> {
        let mut splitter = Splitter::default();
        bytes.iter().filter_map(|byte| splitter.push(*byte)).collect()
    }

    fn text(line: &str) -> Unit {
        Unit::Text(Heard::Line(line.into()))
    }

    fn command(id: u16, text: &str) -> (Vec<u8>, Unit) {
        let message = ToHearth::Command { id, text: fitted(text) };
        (encode(&message).expect("fits").to_vec(), Unit::Frame(Ok(message)))
    }

    #[test]
    fn people_and_machines_take_turns() {
        // The id 10 puts a newline byte into the frame.
        let ((one, first), (two, second)) = (command(10, "turn on the lamp"), command(11, "x"));
        let bytes = [b"hello\r\n", &one[..], &two[..], b"again\rand\nmore\n"].concat();
        assert_eq!(all(&bytes), [text("hello"), first, second, text("again"), text("and"), text("more")]);
    }

    #[test]
    fn noise_before_a_frame_and_a_lost_beginning_do_not_lose_the_next() {
        let ((one, first), (two, second)) = (command(1, "a"), command(2, "b"));
        let units = all(&[b"\xff\x13garb", &one[..], &two[..]].concat());
        assert!(matches!(units[0], Unit::Frame(Err(_))), "{units:?}");
        assert_eq!(units[1..], [first.clone(), second.clone()]);
        assert_eq!(all(&[&one[1..], &two[..]].concat()), [first, second], "the leading zero was lost");
    }

    #[test]
    fn half_a_frame_and_silence_give_the_line_back_to_people() {
        let (one, _) = command(1, "a long enough command");
        let mut splitter = Splitter::default();
        for byte in &one[..one.len() / 2] {
            assert_eq!(splitter.push(*byte), None);
        }
        assert!(splitter.inside_a_frame());
        assert_eq!(splitter.give_up(), Some(Unit::Frame(Err(FrameFault::Framing))));
        let units: Vec<_> = b"help\n".iter().filter_map(|byte| splitter.push(*byte)).collect();
        assert_eq!(units, [text("help")]);
    }

    #[test]
    fn a_megabyte_without_a_newline_is_counted_and_not_kept() {
        let mut bytes = vec![b'x'; 1 << 20];
        bytes.extend_from_slice(b"\nok\n\xff\n");
        let expected = [Unit::Text(Heard::TooLong(1 << 20)), text("ok"), Unit::Text(Heard::NotText)];
        assert_eq!(all(&bytes), expected);
        let mut long = vec![0];
        long.extend(std::iter::repeat_n(1, 100_000));
        long.extend_from_slice(b"\0ok\n");
        assert_eq!(all(&long), [Unit::Frame(Err(FrameFault::Framing)), text("ok")]);
    }

    #[test]
    fn characters_are_rubbed_out_whole() {
        let mut splitter = Splitter::default();
        for byte in "aä".bytes() {
            splitter.push(byte);
        }
        assert!(splitter.rub_out());
        splitter.push(b'b');
        assert_eq!(splitter.push(b'\r'), Some(text("ab")));
        assert!(!splitter.rub_out());
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_a_frame_after_them_is_heard(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let mut splitter = Splitter::default();
            for byte in &bytes {
                splitter.push(*byte);
            }
            // Silence, then a frame.
            splitter.give_up();
            let (frame, expected) = command(1, "after the noise");
            let units: Vec<_> = frame.iter().filter_map(|byte| splitter.push(*byte)).collect();
            prop_assert!(units.last() == Some(&expected), "{units:?}");
        }
    }
}
