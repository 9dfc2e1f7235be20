//! A text that arrives in pieces: cleaned as if it had come whole, in bounded memory.
//!
//! The text is judged in windows of a fixed size that overlap, filled to the brim before they are looked
//! at, so that where one piece ends and the next begins changes nothing. What is still open at a window's
//! end (a key block, a word without end) is swallowed until it closes.

use super::{MARK, Policy, find};

/// What is judged at once, in bytes.
const WINDOW: usize = 16 * 1024;
/// How much of a window is judged again with the next one: no secret but a key block is longer.
const OVERLAP: usize = 6 * 1024;

/// Farthest a value stands behind its name, in bytes.
const NAMED: usize = 256;

/// The end of a block that was still open at a window's end.
const BLOCK_END: &str = "PRIVATE KEY";

/// A cleaner for one text.
#[derive(Debug)]
pub struct Stream {
    policy: Policy,
    held: String,
    found: usize,
    swallowing: Swallow,
}

/// What goes on past the end of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Swallow {
    Nothing,
    /// A private key, until the line that ends it.
    Block,
    /// A word, until something that is no word.
    Word,
}

impl Stream {
    /// A cleaner.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { policy, held: String::new(), found: 0, swallowing: Swallow::Nothing }
    }

    /// How many were found so far.
    #[must_use]
    pub const fn found(&self) -> usize {
        self.found
    }

    /// Takes a piece; gives what is clean by now. At most a window is held.
    #[must_use]
    pub fn push(&mut self, piece: &str) -> String {
        let mut out = String::new();
        let mut rest = piece;
        while !rest.is_empty() {
            let room = WINDOW - self.held.len();
            let take = if rest.len() <= room { rest.len() } else { rest.floor_char_boundary(room) };
            // A letter that does not fit whole: judged with the next window.
            let full = take < rest.len() || self.held.len() + take == WINDOW;
            self.held.push_str(&rest[..take]);
            rest = &rest[take..];
            if full {
                self.judge(&mut out, false);
            }
        }
        out
    }

    /// Gives what is left.
    #[must_use]
    pub fn finish(mut self) -> String {
        let mut out = String::new();
        self.judge(&mut out, true);
        out
    }

    /// Judges what is held; lets go of all but the overlap.
    fn judge(&mut self, out: &mut String, last: bool) {
        self.swallow(last);
        let hits = find(&self.held, self.policy);
        let mut cut = if last { self.held.len() } else { self.settled() };
        let mut from = 0;
        for hit in hits {
            // A name just before the cut explains a value just behind it: they go together.
            if hit.range.start >= cut + NAMED && !last {
                break;
            }
            self.found += 1;
            out.push_str(&self.held[from..hit.range.start]);
            out.push_str(MARK);
            from = hit.range.end;
            if hit.range.end == self.held.len() && !last {
                self.swallowing = if hit.label == "PRIVATE_KEY" { Swallow::Block } else { Swallow::Word };
            }
            cut = cut.max(from);
        }
        out.push_str(&self.held[from..cut]);
        self.held.drain(..cut);
    }

    /// Up to where nothing can change any more: before the overlap, at the end of a line or word, so that no
    /// name is cut from its value.
    fn settled(&self) -> usize {
        let most = self.held.floor_char_boundary(self.held.len().saturating_sub(OVERLAP));
        let least = self.held.floor_char_boundary(most / 2);
        let near = &self.held[least..most];
        let line = near.rfind('\n').or_else(|| near.rfind(char::is_whitespace));
        line.map_or(most, |n| least + n + 1)
    }

    /// Takes away what belongs to the find that was open.
    fn swallow(&mut self, last: bool) {
        match self.swallowing {
            Swallow::Nothing => {}
            Swallow::Word => {
                let inside = |c: char| c.is_ascii_alphanumeric() || "+/=_-.~%".contains(c);
                let end = self.held.find(|c| !inside(c));
                self.held.drain(..end.unwrap_or(self.held.len()));
                if end.is_some() {
                    self.swallowing = Swallow::Nothing;
                }
            }
            Swallow::Block => match self.held.find(BLOCK_END) {
                Some(end) => {
                    let tail = &self.held[end + BLOCK_END.len()..];
                    let line = tail.find('\n').unwrap_or(tail.len());
                    self.held.drain(..end + BLOCK_END.len() + line);
                    self.swallowing = Swallow::Nothing;
                }
                None => {
                    // The end's own words may be cut in two.
                    let keep = if last { 0 } else { BLOCK_END.len() };
                    let upto = self.held.floor_char_boundary(self.held.len().saturating_sub(keep));
                    self.held.drain(..upto);
                }
            },
        }
    }
}
