//! Bytes as text: base64url without padding, and hexadecimal; exactly one text for the same bytes.
//!
//! What is not canonical is refused, so that a record has one spelling and a damaged one none.

use zeroize::Zeroizing;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// `bytes` as base64url without padding (RFC 4648, section 5).
#[must_use]
pub fn to_base64url(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let word = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..=chunk.len() {
            let index = usize::try_from(word >> (18 - 6 * place) & 63).unwrap_or(0);
            text.push(char::from(ALPHABET[index]));
        }
    }
    text
}

/// The bytes behind base64url without padding; `None` where a character, the length or the last bits
/// are not canonical.
#[must_use]
pub fn from_base64url(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 4 * 3 + 2));
    for chunk in text.as_bytes().chunks(4) {
        let mut word = 0_u32;
        for &letter in chunk {
            word = word << 6 | sextet(letter)?;
        }
        // What the missing letters would have brought.
        word <<= 6 * (4 - chunk.len());
        let [_, whole @ ..] = word.to_be_bytes();
        let length = chunk.len().checked_sub(1).filter(|length| *length > 0)?;
        if whole[length..].iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(&whole[..length]);
    }
    Some(bytes)
}

fn sextet(letter: u8) -> Option<u32> {
    Some(match letter {
        b'A'..=b'Z' => u32::from(letter - b'A'),
        b'a'..=b'z' => u32::from(letter - b'a') + 26,
        b'0'..=b'9' => u32::from(letter - b'0') + 52,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    })
}

/// `bytes` in lower-case hexadecimal.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The bytes behind hexadecimal of either case; `None` where it is none.
#[must_use]
pub fn from_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(pairs.len()));
    for [high, low] in pairs {
        let value = |digit: u8| char::from(digit).to_digit(16);
        bytes.push(u8::try_from(value(*high)? << 4 | value(*low)?).ok()?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_rfc_4648_hold() {
        for (bytes, text) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(to_base64url(bytes.as_bytes()), text);
            assert_eq!(from_base64url(text).unwrap().as_slice(), bytes.as_bytes());
        }
        assert_eq!(to_base64url(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn what_is_not_canonical_is_refused() {
        for text in ["Z", "Zh", "Zm9", "Zg==", "+/8", "Zm9v ", "Zm9vY", "é"] {
            assert_eq!(from_base64url(text), None, "{text}");
        }
        for text in ["0", "0g", "+1", "é"] {
            assert_eq!(from_hex(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_text_has_one_reading(bytes in proptest::collection::vec(any::<u8>(), 0..80), text in "[A-Za-z0-9_=+/-]{0,12}") {
            prop_assert_eq!(from_base64url(&to_base64url(&bytes)).unwrap().to_vec(), bytes.clone());
            prop_assert_eq!(from_hex(&to_hex(&bytes)).unwrap().to_vec(), bytes.clone());
            if let Some(read) = from_base64url(&text) {
                prop_assert_eq!(to_base64url(&read), text);
            }
        }
    }
}
