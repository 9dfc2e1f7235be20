//! The forms that a value takes in text: itself, digits, base64, and what escapes it.
//!
//! Encodings: raw, base64 (RFC 4648, both alphabets, at each of the three alignments, so
//! also inside a longer text), hexadecimal, percent (RFC 3986), JSON (RFC 8259, short and `\u`) and HTML.

use zeroize::Zeroizing;

/// Digits and base64 below this many bytes are not looked for: they would be found by chance. Escaped text
/// is looked for at any length: it is longer than the value, which is looked for itself.
const LEAST: usize = 6;

/// Takes the bytes of a form, one after the other.
type Sink<'a> = dyn FnMut(u8) + 'a;

/// One form, written into room of its exact length: memory that was left behind in growing would keep a copy.
fn form(write: impl Fn(&mut Sink<'_>)) -> Zeroizing<Vec<u8>> {
    let mut length = 0;
    write(&mut |_| length += 1);
    let mut form = Zeroizing::new(Vec::with_capacity(length));
    write(&mut |byte| form.push(byte));
    form
}

/// The forms of a value, and whether their case matters not.
pub(super) fn forms(value: &[u8]) -> Vec<(Zeroizing<Vec<u8>>, bool)> {
    if value.is_empty() {
        return Vec::new();
    }
    // Where the value is no text this is a copy of its own.
    let text = Zeroizing::new(String::from_utf8_lossy(value).into_owned());
    let mut forms = vec![(form(|out| value.iter().for_each(|byte| hex(*byte, out))), true)];
    for alphabet in [STANDARD, URL_SAFE] {
        forms.extend((0..3).map(|skipped| (form(|out| base64(value, alphabet, skipped, out)), false)));
    }
    forms.retain(|(form, _)| form.len() >= LEAST);
    let mut escaped = vec![
        (form(|out| value.iter().for_each(|byte| percent(*byte, out))), true),
        (form(|out| value.iter().for_each(|byte| usual_percent(*byte, out))), true),
        (form(|out| text.encode_utf16().for_each(|unit| unicode(unit, out))), true),
    ];
    escaped
        .extend([true, false].map(|slash| (form(|out| text.bytes().for_each(|byte| json(byte, slash, out))), false)));
    escaped
        .extend([true, false].map(|quote| (form(|out| text.bytes().for_each(|byte| html(byte, quote, out))), false)));
    escaped.retain(|(form, _)| form.len() >= LEAST || form.len() > value.len());
    forms.append(&mut escaped);
    for (form, fold) in &mut forms {
        if *fold {
            form.make_ascii_lowercase();
        }
    }
    forms.push((form(|out| value.iter().for_each(|byte| out(*byte))), false));
    forms
}

fn hex(byte: u8, out: &mut Sink<'_>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [byte >> 4, byte & 15].into_iter().for_each(|digit| out(DIGITS[usize::from(digit)]));
}

fn percent(byte: u8, out: &mut Sink<'_>) {
    out(b'%');
    hex(byte, out);
}

/// RFC 3986: all but the unreserved characters.
fn usual_percent(byte: u8, out: &mut Sink<'_>) {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) { out(byte) } else { percent(byte, out) }
}

/// RFC 8259, section 7, as most programs write it; some put a backslash before a slash.
fn json(byte: u8, slash: bool, out: &mut Sink<'_>) {
    let short = match byte {
        b'"' | b'\\' => Some(byte),
        b'/' => slash.then_some(byte),
        0x08 => Some(b'b'),
        0x0c => Some(b'f'),
        b'\n' => Some(b'n'),
        b'\r' => Some(b'r'),
        b'\t' => Some(b't'),
        _ => None,
    };
    match short {
        Some(short) => [b'\\', short].into_iter().for_each(out),
        None if byte < 0x20 => unicode(byte.into(), out),
        None => out(byte),
    }
}

fn unicode(unit: u16, out: &mut Sink<'_>) {
    b"\\u".iter().for_each(|byte| out(*byte));
    unit.to_be_bytes().into_iter().for_each(|byte| hex(byte, out));
}

/// The characters that HTML has names for; some write the apostrophe by its number.
fn html(byte: u8, quote: bool, out: &mut Sink<'_>) {
    let name: &[u8] = match byte {
        b'&' => b"&amp;",
        b'<' => b"&lt;",
        b'>' => b"&gt;",
        b'"' => b"&quot;",
        b'\'' if quote => b"&#39;",
        _ => return out(byte),
    };
    name.iter().for_each(|byte| out(*byte));
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The characters that a value surely gives in base64 where `skipped` bytes are before it in its group:
/// those whose six bits are all the value's own.
fn base64(value: &[u8], alphabet: &[u8; 64], skipped: usize, out: &mut Sink<'_>) {
    let bit = |at: usize| value.get((at / 8).checked_sub(skipped)?).map(|byte| byte >> (7 - at % 8) & 1);
    for first in (0..(skipped + value.len()) * 8).step_by(6) {
        let six = (first..first + 6).try_fold(0, |number, at| Some(number << 1 | usize::from(bit(at)?)));
        if let Some(letter) = six.and_then(|six| alphabet.get(six)) {
            out(*letter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn no_form_is_left_behind_in_growing(value in prop::collection::vec(any::<u8>(), 1..60)) {
            for (form, _) in forms(&value) {
                prop_assert_eq!(form.capacity(), form.len());
            }
        }
    }
}
