//! Whether a word was made by dice: entropy, fillers, and what encodings hide.

/// Shannon's entropy of the bytes, in bits a byte.
#[must_use]
pub(super) fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let all = f64::from(u32::try_from(bytes.len()).unwrap_or(u32::MAX).max(1));
    let bits = counts.iter().filter(|n| **n > 0).map(|n| {
        let share = f64::from(*n) / all;
        -share * share.log2()
    });
    bits.sum()
}

/// What documentation writes in the place of a value: a long row of one sign, or hardly two of them.
#[must_use]
pub(super) fn filler(value: &[u8]) -> bool {
    let signs: Vec<u8> = value.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
    let mut seen = [false; 256];
    let (mut kinds, mut longest, mut run, mut last) = (0, 0, 0, None);
    for sign in &signs {
        kinds += usize::from(!std::mem::replace(&mut seen[usize::from(*sign)], true));
        run = if last == Some(*sign) { run + 1 } else { 1 };
        longest = longest.max(run);
        last = Some(*sign);
    }
    kinds < 5 || longest * 2 >= signs.len() || signs.len() >= 32 && entropy(&signs) < 2.9
}

/// Bounds of the length of a word that is judged by its entropy alone.
const WORD: std::ops::RangeInclusive<usize> = 24..=100;

/// Whether a word that nothing names looks like a key: all three kinds of letters, well mixed, and no
/// digest, name or path.
#[must_use]
pub(super) fn unexplained(word: &[u8]) -> bool {
    if !WORD.contains(&word.len()) {
        return false;
    }
    let count = |of: fn(&u8) -> bool| word.iter().filter(|b| of(b)).count();
    let (small, large, digits) =
        (count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase), count(u8::is_ascii_digit));
    if small < 4 || large < 4 || digits < 2 || word.iter().all(u8::is_ascii_hexdigit) {
        return false;
    }
    // How often the kind of letter changes: words and camel case change seldom, dice at every second place.
    let kind = |b: &u8| match b {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let changes = word.windows(2).filter(|pair| kind(&pair[0]) != kind(&pair[1])).count();
    let wanted = if word.len() < 40 { 4.2 } else { 4.5 };
    changes * 5 >= word.len() * 2 && entropy(word) >= wanted
}

/// The text behind a word of base64, hexadecimal or percent signs, where it is printable.
#[must_use]
pub(super) fn decoded(word: &[u8]) -> Option<String> {
    let plain = percent(word).or_else(|| hex(word)).or_else(|| base64_of(word))?;
    let text = String::from_utf8(plain).ok()?;
    text.chars().all(|c| !c.is_control() || c.is_ascii_whitespace()).then_some(text)
}

fn percent(word: &[u8]) -> Option<Vec<u8>> {
    word.contains(&b'%').then_some(())?;
    let mut out = Vec::with_capacity(word.len());
    let mut at = 0;
    while at < word.len() {
        let pair = word.get(at + 1..at + 3).filter(|_| word[at] == b'%').and_then(hex);
        match pair {
            Some(byte) => (at, _) = (at + 3, out.extend(byte)),
            None => (at, _) = (at + 1, out.push(word[at])),
        }
    }
    Some(out)
}

fn hex(word: &[u8]) -> Option<Vec<u8>> {
    let nibble = |b: u8| char::from(b).to_digit(16).and_then(|n| u8::try_from(n).ok());
    word.len().is_multiple_of(2).then_some(())?;
    word.chunks_exact(2).map(|pair| Some((nibble(pair[0])? << 4) | nibble(pair[1])?)).collect()
}

pub(super) fn base64_of(word: &[u8]) -> Option<Vec<u8>> {
    let (mut held, mut bits) = (0_u32, 0_u32);
    let mut out = Vec::with_capacity(word.len() / 4 * 3 + 3);
    for byte in word.iter().filter(|b| **b != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        held = (held << 6) | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from((held >> bits) & 0xff).unwrap_or(0));
            held &= (1 << bits) - 1;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_are_told_from_words() {
        assert!(unexplained(b"wJalrXUtnFEMI7K7MDENGbPxRfiCYzK3qT9aZ2pL"));
        for word in [
            "APIOrganizationExistController2",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
            "0192f0c1-2d3e-7abc-8def-0123456789ab",
            "NSOperatingSystemVersion10Beta22",
            "the-quick-brown-fox-jumps-over-13-dogs",
        ] {
            assert!(!unexplained(word.as_bytes()), "{word}");
        }
        assert!(filler(b"xxxxxxxxxxxx") && filler(b"1111-1111-1111") && !filler(b"a1b2c3d4e5"));
    }

    #[test]
    fn three_encodings_are_read() {
        for word in ["aGVsbG8gd29ybGQ=", "aGVsbG8gd29ybGQ", "68656c6c6f20776f726c64", "hello%20world"] {
            assert_eq!(decoded(word.as_bytes()).as_deref(), Some("hello world"), "{word}");
        }
        assert_eq!(decoded(&[b'/'; 24]), None, "not text");
    }
}
