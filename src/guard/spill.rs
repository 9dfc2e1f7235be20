//! Looks for values that one holds in what one lets out: whole, in every usual encoding, across pieces.
//!
//! For the hands that redeem tickets. Bytes are let out as soon as they cannot be the beginning of a
//! value any more, so a stream is not held back.

use std::collections::VecDeque;

use zeroize::{Zeroize, Zeroizing};

use super::forms::forms;

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
    fn new(text: Zeroizing<Vec<u8>>, fold: bool) -> Self {
        let mut failure = vec![0; text.len()];
        let mut length = 0;
        for at in 1..text.len() {
            while length > 0 && text[at] != text[length] {
                length = failure[length - 1];
            }
            length += usize::from(text[at] == text[length]);
            failure[at] = length;
        }
        Self { text, failure, fold, matched: 0 }
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
    /// The bytes that a form begins with: where nothing has begun, all others are let by without a look at each form.
    begins: [bool; 256],
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
            if !needles.iter().any(|needle| needle.text == form && needle.fold == fold) {
                needles.push(Needle::new(form, fold));
            }
        }
        let mut begins = [false; 256];
        for needle in &needles {
            // Where case matters not, the form is in small letters.
            for first in needle.text.first().iter().flat_map(|byte| [**byte, byte.to_ascii_uppercase()]) {
                begins[usize::from(first)] = true;
            }
        }
        Self { needles, begins, held: VecDeque::new() }
    }

    /// Takes a piece of a stream; what may be let out now.
    ///
    /// # Errors
    /// [`Spilled`]: nothing more may be let out.
    pub fn feed(&mut self, piece: &[u8]) -> Result<Vec<u8>, Spilled> {
        let mut begun = self.needles.iter().any(|needle| needle.matched > 0);
        for byte in piece {
            self.held.push_back(*byte);
            if !begun && !self.begins[usize::from(*byte)] {
                continue;
            }
            // Every needle takes the byte, so that all are in step.
            begun = false;
            let mut seen = false;
            for needle in &mut self.needles {
                seen |= needle.take(*byte);
                begun |= needle.matched > 0;
            }
            if seen {
                self.forget();
                return Err(Spilled);
            }
        }
        let keep = self.needles.iter().map(|needle| needle.matched).max().unwrap_or(0);
        Ok(self.held.drain(..self.held.len() - keep.min(self.held.len())).collect())
    }

    /// Overwrites what is held back: it may be a value, or most of one.
    fn forget(&mut self) {
        self.held.make_contiguous().zeroize();
        self.held.clear();
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

impl Drop for Spill {
    fn drop(&mut self) {
        self.forget();
    }
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
    fn of_a_short_value_what_escapes_it_is_found_and_what_is_found_by_chance_is_not() {
        // Found by the property below: four bytes of JSON were below the least length.
        for escaped in [r#"- \"A-"#, "-%20%22A-", "- &quot;A-", r"-\u0020\u0022\u0041-"] {
            assert!(spills(br#" "A"#, escaped.as_bytes()), "{escaped}");
        }
        assert!(!spills(b"ab", b"6162 YWI AB"), "digits, base64 and the other case");
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
        fn a_form_of_json_is_what_serde_writes(value in "\\PC{3,20}[\u{0}-\u{1f}\"/\\\\]{0,5}") {
            let whole = serde_json::to_string(&value).expect("JSON");
            prop_assert!(spills(value.as_bytes(), &whole.as_bytes()[1..whole.len() - 1]), "{}", whole);
        }

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
