//! Invisible letters inside a key: folded away before the shapes are looked for.

use std::ops::Range;

/// A text without its invisible letters, and where each byte of it came from.
#[derive(Debug)]
pub(super) struct Folded {
    /// What is left.
    pub(super) text: String,
    /// Places in `text` after which bytes were left out, and how many by then.
    cuts: Vec<(usize, usize)>,
}

impl Folded {
    /// The range of the original that a range of the folded text came from.
    pub(super) fn original(&self, range: Range<usize>) -> Range<usize> {
        let before = |at: usize, with: bool| {
            let fits = |cut: &&(usize, usize)| if with { cut.0 <= at } else { cut.0 < at };
            self.cuts.iter().rev().find(fits).map_or(0, |cut| cut.1)
        };
        let start = range.start + before(range.start, true);
        start..(range.end + before(range.end, false)).max(start)
    }
}

/// Letters without a width, joiners, marks of direction, the soft hyphen.
const fn invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// `None` where there is nothing to fold.
pub(super) fn fold(text: &str) -> Option<Folded> {
    if text.is_ascii() || !text.contains(invisible) {
        return None;
    }
    let mut folded = Folded { text: String::with_capacity(text.len()), cuts: Vec::new() };
    let mut left_out = 0;
    for c in text.chars() {
        if invisible(c) {
            left_out += c.len_utf8();
            folded.cuts.push((folded.text.len(), left_out));
        } else {
            folded.text.push(c);
        }
    }
    Some(folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_range_leads_back_to_the_same_letters(text in "[ab\u{200b}\u{feff}ü]{0,40}") {
            if let Some(folded) = fold(&text) {
                for (at, c) in folded.text.char_indices() {
                    let range = folded.original(at..at + c.len_utf8());
                    proptest::prop_assert!(text[range].contains(c));
                }
                let all = folded.original(0..folded.text.len());
                proptest::prop_assert_eq!(text[all].replace(invisible, ""), folded.text);
            }
        }
    }
}
