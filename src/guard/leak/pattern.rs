//! Shapes of tokens as a line of data each: what begins them, what follows, how long.
//!
//! A shape is literal text with runs in braces: `sgp_{h40}`, `glpat-{w20-}`, `{d8-10}:{w30-40}`. A run is a
//! class and how many: `4`, `4-8`, `4-`. Runs are greedy and never give back, so that a shape is tried in one
//! pass over its bytes. What follows the last run must not be of its class.

/// Longest run that is read when none is named: what is longer is still one hit, cut by the reader.
const LONGEST: usize = 4_096;

/// Whether a byte is of a class.
fn of(class: u8, byte: u8) -> bool {
    match class {
        b'd' => byte.is_ascii_digit(),
        b'h' => byte.is_ascii_hexdigit(),
        b'x' => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        b'u' => matches!(byte, b'0'..=b'9' | b'A'..=b'Z'),
        b'l' => byte.is_ascii_alphabetic(),
        b'a' => byte.is_ascii_alphanumeric(),
        b'w' => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
        b'e' => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'='),
        b'p' => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
        b's' => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='),
        b'y' => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-' | b'.' | b',' | b'%'),
        _ => false,
    }
}

/// Where a text that begins with this shape ends; `None` where it does not.
pub(super) fn end_of(shape: &str, bytes: &[u8]) -> Option<usize> {
    let mut shape = shape.as_bytes();
    let mut at = 0;
    let mut last = None;
    while let Some((&first, rest)) = shape.split_first() {
        if first != b'{' {
            if bytes.get(at) != Some(&first) {
                return None;
            }
            (at, shape, last) = (at + 1, rest, None);
            continue;
        }
        let close = rest.iter().position(|b| *b == b'}')?;
        let (&class, many) = rest[..close].split_first()?;
        let (least, most) = bounds(many)?;
        let window = &bytes[at.min(bytes.len())..bytes.len().min(at + most)];
        let run = window.iter().position(|b| !of(class, *b)).unwrap_or(window.len());
        if run < least {
            return None;
        }
        (at, shape, last) = (at + run, &rest[close + 1..], Some(class));
    }
    let goes_on = last.is_some_and(|class| bytes.get(at).is_some_and(|next| of(class, *next)));
    (!goes_on).then_some(at)
}

fn bounds(many: &[u8]) -> Option<(usize, usize)> {
    let many = std::str::from_utf8(many).ok()?;
    match many.split_once('-') {
        None => many.parse().ok().map(|exactly| (exactly, exactly)),
        Some((least, "")) => Some((least.parse().ok()?, LONGEST)),
        Some((least, most)) => Some((least.parse().ok()?, most.parse().ok()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_matched_whole_or_not_at_all() {
        assert_eq!(end_of("ab-{d3}", b"ab-123 x"), Some(6));
        assert_eq!(end_of("ab-{d3}", b"ab-1234"), None, "the run goes on");
        assert_eq!(end_of("ab-{d3}", b"ab-12"), None);
        assert_eq!(end_of("{d2-4}:{w2-}", b"123:a_"), Some(6));
        assert_eq!(end_of("{d2-4}:{w2-}", b"12345:ab"), None);
        assert_eq!(end_of("k{h2}-{h2}", b"kff-00."), Some(6));
        assert_eq!(end_of("k{h2}", b""), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_tried_without_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            for (_, shape, _) in super::super::formats::FORMATS {
                if let Some(end) = end_of(shape, &bytes) {
                    proptest::prop_assert!(end <= bytes.len());
                }
            }
        }
    }
}
