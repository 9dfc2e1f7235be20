//! Looks for values that one holds in what one lets out: whole, in every usual encoding, across pieces.
//!
//! For the hands that redeem tickets. Bytes are let out as soon as they cannot be the beginning of a
//! value any more, so a stream is not held back. Encodings: raw, base64 (both alphabets, at each of the
//! three alignments, so also inside a longer text), hexadecimal, percent, JSON (short and `\u`) and HTML.

use std::collections::VecDeque;
use std::fmt::Write as _;

use zeroize::Zeroizing;

/// Encoded forms below this many bytes are not looked for: they would be found by chance.
const LEAST: usize = 6;

/// One text to look for, by the failure function of Knuth, Morris and Pratt.
struct Needle {
    text: Zeroizing<Vec<u8>>,
    failure: Vec<usize>,
    /// Whether letters match in either case: hexadecimal digits.
    fold: bool,
    /// How much of it the end of the stream matches.
    matched: usize,
}

impl Needle {
    fn new(text: Vec<u8>, fold: bool) -> Self {
        let mut failure = vec![0; text.len()];
        let mut length = 0;
        for at in 1..text.len() {
            while length > 0 && text[at] != text[length] {
                length = failure[length - 1];
            }
            length += usize::from(text[at] == text[length]);
            failure[at] = length;
        }
        Self { text: Zeroizing::new(text), failure, fold, matched: 0 }
    }

    /// Takes one byte; whether the whole text has been seen.
    fn take(&mut self, byte: u8) -> bool {
        let byte = if self.fold { byte.to_ascii_lowercase() } else { byte };
        while self.matched > 0 && self.text[self.matched] != byte {
            self.matched = self.failure[self.matched - 1];
        }
        self.matched += usize::from(self.text[self.matched] == byte);
        let whole = self.matched == self.text.len();
        if whole {
            self.matched = self.failure[self.matched - 1];
        }
        whole
    }
}

/// A value was about to be let out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spilled;

/// See the module.
pub struct Spill {
    needles: Vec<Needle>,
    held: VecDeque<u8>,
}

impl std::fmt::Debug for Spill {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Spill({} forms)", self.needles.len())
    }
}

impl Spill {
    /// Looks for these values.
    #[must_use]
    pub fn of<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut needles: Vec<Needle> = Vec::new();
        for (form, fold) in values.into_iter().flat_map(forms) {
            if !needles.iter().any(|needle| *needle.text == form && needle.fold == fold) {
                needles.push(Needle::new(form, fold));
            }
        }
        Self { needles, held: VecDeque::new() }
    }

    /// Takes a piece of a stream; what may be let out now.
    ///
    /// # Errors
    /// [`Spilled`]: nothing more may be let out.
    pub fn feed(&mut self, piece: &[u8]) -> Result<Vec<u8>, Spilled> {
        for byte in piece {
            self.held.push_back(*byte);
            // Every needle takes every byte, so that all are in step.
            let seen = self.needles.iter_mut().fold(false, |seen, needle| needle.take(*byte) | seen);
            if seen {
                self.held.clear();
                return Err(Spilled);
            }
        }
        let keep = self.needles.iter().map(|needle| needle.matched).max().unwrap_or(0);
        Ok(self.held.drain(..self.held.len() - keep.min(self.held.len())).collect())
    }

    /// The end of the stream: what was held back is no value.
    pub fn rest(&mut self) -> Vec<u8> {
        self.needles.iter_mut().for_each(|needle| needle.matched = 0);
        self.held.drain(..).collect()
    }

    /// Whether a whole text holds a value; streams are not touched.
    #[must_use]
    pub fn is_in(&self, text: &[u8]) -> bool {
        let fresh = |needle: &Needle| Needle { text: needle.text.clone(), failure: needle.failure.clone(), ..*needle };
        self.needles.iter().any(|needle| {
            let mut needle = Needle { matched: 0, ..fresh(needle) };
            text.iter().any(|byte| needle.take(*byte))
        })
    }
}

/// The forms of a value, and whether their case matters not.
fn forms(value: &[u8]) -> Vec<(Vec<u8>, bool)> {
    if value.is_empty() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(value);
    let mut forms = vec![(hex(value, ""), true), (hex(value, "%"), true), (percent(value), true)];
    for alphabet in [STANDARD, URL_SAFE] {
        forms.extend((0..3).map(|skipped| (base64(value, alphabet, skipped), false)));
    }
    let json = serde_json::to_string(&text).unwrap_or_default();
    let json = json.trim_matches('"').to_owned();
    forms.push((json.replace('/', "\\/").into_bytes(), false));
    forms.push((json.into_bytes(), false));
    let unicode = text.encode_utf16().fold(String::new(), |mut out, unit| {
        let _ = write!(out, "\\u{unit:04x}");
        out
    });
    forms.push((unicode.into_bytes(), true));
    let html = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    forms.push((html.replace('\'', "&#39;").into_bytes(), false));
    forms.push((html.into_bytes(), false));
    forms.retain(|(form, _)| form.len() >= LEAST);
    for (form, fold) in &mut forms {
        if *fold {
            form.make_ascii_lowercase();
        }
    }
    forms.push((value.to_vec(), false));
    forms
}

fn hex(value: &[u8], before: &str) -> Vec<u8> {
    let byte = |mut out: String, byte: &u8| {
        let _ = write!(out, "{before}{byte:02x}");
        out
    };
    value.iter().fold(String::new(), byte).into_bytes()
}

/// RFC 3986: all but the unreserved characters.
fn percent(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in value {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            out.push(*byte);
        } else {
            out.extend(hex(&[*byte], "%"));
        }
    }
    out
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The characters that a value surely gives in base64 where `skipped` bytes are before it in its group:
/// those whose six bits are all the value's own.
fn base64(value: &[u8], alphabet: &[u8; 64], skipped: usize) -> Vec<u8> {
    let mut bits = vec![None; skipped * 8];
    bits.extend(value.iter().flat_map(|byte| (0..8).rev().map(move |bit| Some(byte >> bit & 1))));
    let sure = |six: &[Option<u8>]| {
        let number = six.iter().try_fold(0, |number, bit| bit.map(|bit| number << 1 | usize::from(bit)))?;
        alphabet.get(number).copied()
    };
    bits.chunks_exact(6).filter_map(sure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

    const VALUE: &[u8] = b"Sk-live/\"9+a<b>&c'~%\xc3\xa4 =";

    fn spills(value: &[u8], text: &[u8]) -> bool {
        Spill::of([value]).feed(text).is_err()
    }

    #[test]
    fn every_encoding_is_found_and_the_text_without_it_is_not() {
        let text = std::str::from_utf8(VALUE).expect("text");
        let json = serde_json::to_string(text).expect("JSON");
        let upper: String = VALUE.iter().map(|byte| format!("{byte:02X}")).collect();
        let percent: String = VALUE.iter().map(|byte| format!("%{byte:02X}")).collect();
        let usual = "Sk-live%2F%229%2Ba%3Cb%3E%26c%27~%25%C3%A4%20%3D";
        let html = "Sk-live/&quot;9+a&lt;b&gt;&amp;c&#39;~%\u{e4} =";
        let long: String = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
        for form in
            [text, &json, &json.replace('/', "\\/"), &upper, &upper.to_lowercase(), &percent, usual, html, &long]
        {
            let whole = format!("before {form} after");
            assert!(spills(VALUE, whole.as_bytes()), "{form}");
            assert!(Spill::of([VALUE]).is_in(whole.as_bytes()), "{form}");
        }
        // By another implementation: base64 of a text that the value stands in, at each alignment.
        for (alignment, inside) in [
            "U2stbGl2ZS8iOSthPGI+JmMnfiXDpCA9",
            "LVNrLWxpdmUvIjkrYTxiPiZjJ34lw6QgPQ==",
            "LS1Tay1saXZlLyI5K2E8Yj4mYyd+JcOkID0=",
        ]
        .iter()
        .enumerate()
        {
            assert!(spills(VALUE, inside.as_bytes()), "{alignment}");
            assert!(spills(VALUE, inside.replace('+', "-").replace('/', "_").as_bytes()), "{alignment}");
        }
        assert!(!spills(VALUE, b"Sk-live/9+a and nothing that is one: U2stbGl2ZS8 536b2d6c697665"));
    }

    #[test]
    fn a_stream_is_not_held_back_but_for_what_may_be_a_value() {
        let mut spill = Spill::of([b"secret-value".as_slice()]);
        assert_eq!(spill.feed(b"data: hello\n\n"), Ok(b"data: hello\n\n".to_vec()));
        assert_eq!(spill.feed(b"a secret-"), Ok(b"a ".to_vec()));
        assert_eq!(spill.feed(b"santa "), Ok(b"secret-santa ".to_vec()));
        assert_eq!(spill.feed(b"secret-va"), Ok(Vec::new()));
        assert_eq!(spill.rest(), b"secret-va");
        assert_eq!(spill.feed(b"lue"), Ok(b"lue".to_vec()), "a new stream");
        assert_eq!(Spill::of([]).feed(b"anything"), Ok(b"anything".to_vec()));
        assert!(!format!("{spill:?}").contains("secret"));
    }

    proptest! {
        #[test]
        fn wherever_it_is_cut_a_value_is_found(
            value in prop::collection::vec(any::<u8>(), 1..30),
            before in prop::collection::vec(any::<u8>(), 0..20),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
            form in any::<prop::sample::Index>(),
        ) {
            let mut spill = Spill::of([value.as_slice()]);
            let forms = forms(&value);
            let whole = [before.as_slice(), &forms[form.index(forms.len())].0, b"end"].concat();
            let mut places: Vec<_> = cuts.iter().map(|cut| cut.index(whole.len())).collect();
            places.extend([0, whole.len()]);
            places.sort_unstable();
            let mut out = Vec::new();
            let mut found = false;
            for pair in places.windows(2) {
                match spill.feed(&whole[pair[0]..pair[1]]) {
                    Ok(bytes) => out.extend(bytes),
                    Err(Spilled) => { found = true; break; }
                }
            }
            prop_assert!(found);
            prop_assert!(whole.starts_with(&out) && !Spill::of([value.as_slice()]).is_in(&out));
        }

        #[test]
        fn what_holds_no_value_comes_out_whole(
            value in "[a-c]{3,9}",
            pieces in prop::collection::vec("[a-e]{0,12}", 0..8),
        ) {
            let whole = pieces.concat();
            let mut spill = Spill::of([value.as_bytes()]);
            let mut out = Vec::new();
            let mut found = false;
            for piece in &pieces {
                match spill.feed(piece.as_bytes()) {
                    Ok(bytes) => out.extend(bytes),
                    Err(Spilled) => { found = true; break; }
                }
            }
            prop_assert_eq!(found, whole.contains(&value));
            if !found {
                out.extend(spill.rest());
                prop_assert_eq!(out, whole.into_bytes());
            }
        }
    }
}
