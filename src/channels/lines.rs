//! Lines of text from an untrusted stream: bounded, with what was wrong instead of a panic.

use std::io::{self, BufRead};

/// One line, or what was wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A line without its end.
    Line(String),
    /// A line over the cap was skipped; its length in bytes.
    TooLong(usize),
    /// A line was not UTF-8 and was skipped.
    NotText,
}

/// Reads lines of at most `most` bytes; longer ones are skipped without being kept.
#[derive(Debug)]
pub struct LineReader<R> {
    from: R,
    most: usize,
}

impl<R: BufRead> LineReader<R> {
    /// A reader of lines.
    pub const fn new(from: R, most: usize) -> Self {
        Self { from, most }
    }

    /// The next line; `None` at the end of the stream. A last line without a newline counts.
    ///
    /// # Errors
    /// The stream's own.
    pub fn next_line(&mut self) -> io::Result<Option<Heard>> {
        let mut kept = Vec::new();
        let mut length = 0;
        loop {
            let part = match self.from.fill_buf() {
                Ok(part) => part,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if part.is_empty() {
                return Ok((length > 0).then(|| self.finish(kept, length)));
            }
            let newline = part.iter().position(|byte| *byte == b'\n');
            let taken = newline.unwrap_or(part.len());
            length += taken;
            if length <= self.most {
                kept.extend_from_slice(&part[..taken]);
            }
            let used = taken + usize::from(newline.is_some());
            self.from.consume(used);
            if newline.is_some() {
                return Ok(Some(self.finish(kept, length)));
            }
        }
    }

    fn finish(&self, mut kept: Vec<u8>, length: usize) -> Heard {
        if length > self.most {
            return Heard::TooLong(length);
        }
        if kept.last() == Some(&b'\r') {
            kept.pop();
        }
        String::from_utf8(kept).map_or(Heard::NotText, Heard::Line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8], most: usize) -> Vec<Heard> {
        let mut reader = LineReader::new(io::BufReader::with_capacity(3, bytes), most);
        std::iter::from_fn(|| reader.next_line().expect("no error of a slice")).collect()
    }

    #[test]
    fn long_and_broken_lines_are_told_and_the_next_one_is_heard() {
        let heard = all(b"on\r\n0123456789\n\xff\xfe\n\nlast", 8);
        let line = |text: &str| Heard::Line(text.into());
        assert_eq!(heard, [line("on"), Heard::TooLong(10), Heard::NotText, line(""), line("last")]);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic_and_nothing_over_the_cap_is_kept(bytes in proptest::collection::vec(0_u8..=255, 0..200)) {
            for heard in all(&bytes, 16) {
                if let Heard::Line(line) = heard {
                    proptest::prop_assert!(line.len() <= 16);
                }
            }
        }
    }
}
