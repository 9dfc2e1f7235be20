//! Server-sent events from a stream of bytes, whatever the pieces (WHATWG HTML, 9.2 «Server-sent events»).
//!
//! Lines end with LF, CR or CRLF; a blank line ends an event; the `data` fields of one event are joined with
//! LF. Comments, ids and other fields are read over. A line or an event over its cap ends the stream.

use crate::base::limits::{MODEL_EVENT_BYTES, MODEL_LINE_BYTES};

/// Longer than any event of an honest server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Parser {
    line: Vec<u8>,
    data: Vec<u8>,
    /// Whether the event has a `data` field, which may be empty.
    some: bool,
    /// A CR was the last byte: an LF now belongs to it.
    after_cr: bool,
    /// The first line may begin with a byte order mark.
    begun: bool,
}

impl Parser {
    /// Takes a piece; gives the data of each event that it ends.
    ///
    /// # Errors
    /// [`TooLong`]; nothing can be read after it.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<Vec<Vec<u8>>, TooLong> {
        let mut events = Vec::new();
        for byte in piece {
            match byte {
                b'\n' if std::mem::take(&mut self.after_cr) => {}
                b'\n' | b'\r' => {
                    self.after_cr = *byte == b'\r';
                    events.extend(self.line()?);
                }
                _ => {
                    self.after_cr = false;
                    if self.line.len() >= MODEL_LINE_BYTES {
                        return Err(TooLong);
                    }
                    self.line.push(*byte);
                }
            }
        }
        Ok(events)
    }

    /// Whether an event has begun that no blank line has ended: such a one is not given (the standard says so).
    pub(super) fn unfinished(&self) -> bool {
        self.some || !self.line.is_empty()
    }

    fn line(&mut self) -> Result<Option<Vec<u8>>, TooLong> {
        let line = std::mem::take(&mut self.line);
        let mut line = line.as_slice();
        if !std::mem::replace(&mut self.begun, true) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            let data = std::mem::take(&mut self.data);
            return Ok(std::mem::take(&mut self.some).then_some(data));
        }
        let colon = line.iter().position(|b| *b == b':').unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        if &line[..colon] == b"data" {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            if self.data.len() + value.len() >= MODEL_EVENT_BYTES {
                return Err(TooLong);
            }
            if std::mem::replace(&mut self.some, true) {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(value);
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    fn all(bytes: &[u8]) -> Vec<String> {
        let events = Parser::default().push(bytes).expect("short");
        events.into_iter().map(|data| String::from_utf8(data).expect("text")).collect()
    }

    #[test]
    fn the_examples_of_the_standard() {
        assert_eq!(all(b"data: YHOO\ndata: +2\ndata: 10\n\n"), ["YHOO\n+2\n10"]);
        assert_eq!(
            all(b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n"),
            ["first event", "second event"]
        );
        assert_eq!(all(b"data\n\ndata\ndata\n\ndata:"), ["", "\n"]);
        assert_eq!(all(b"data:test\n\ndata: test\n\n"), ["test", "test"]);
        assert_eq!(all(b"\xef\xbb\xbfdata: a\r\n\r\ndata: b\r\rdata: c\n\n"), ["a", "b", "c"]);
        assert_eq!(all(b"event: x\nretry: 1\n\nDATA: no\n\n"), Vec::<String>::new());
    }

    #[test]
    fn a_line_or_event_without_end_is_refused() {
        assert_eq!(Parser::default().push(&vec![b'x'; MODEL_LINE_BYTES + 1]), Err(TooLong));
        let line = [b"data: ".as_slice(), &[b'x'; 1000], b"\n"].concat();
        assert_eq!(Parser::default().push(&line.repeat(MODEL_EVENT_BYTES / 1000 + 1)), Err(TooLong));
        let mut parser = Parser::default();
        parser.push(b"data: half").expect("short");
        assert!(parser.unfinished());
    }

    proptest! {
        #[test]
        fn pieces_change_nothing(
            text in "(data: ?[a-z{}\" ]{0,9}|: c|id: 1|[a-z]{0,4})?(\n|\r|\r\n)|.", bytes in proptest::collection::vec(any::<u8>(), 0..200),
            lines in proptest::collection::vec("(data: ?[a-zü{}]{0,9}|: c|id: 1|data)?(\n|\r|\r\n)", 0..40), cuts in proptest::collection::vec(1_usize..9, 1..20),
        ) {
            let whole = [text.as_bytes(), lines.concat().as_bytes(), &bytes].concat();
            let expected = Parser::default().push(&whole).expect("short");
            let mut parser = Parser::default();
            let mut found = Vec::new();
            let mut rest = whole.as_slice();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, left) = rest.split_at((*cut).min(rest.len()));
                found.extend(parser.push(piece).expect("short"));
                rest = left;
            }
            prop_assert_eq!(found, expected);
            prop_assert!(parser.data.len() <= whole.len());
        }
    }
}
