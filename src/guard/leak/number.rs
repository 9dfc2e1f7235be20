//! Numbers and names that identify people: cards by Luhn's check, and, where asked, personal data.

use std::ops::Range;

/// A payment card that begins at `at`: 13 to 19 digits, in one piece or in groups by one sign, an issuer's
/// first digit, and Luhn's check digit (ISO/IEC 7812-1).
pub(super) fn card(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    // No issuer of payment cards begins with 0, 1, 7, 8 or 9; clocks in milliseconds do.
    if !matches!(bytes.get(at), Some(b'2'..=b'6')) {
        return None;
    }
    let mut digits = Vec::with_capacity(19);
    let (mut end, mut sign) = (at, None);
    for (place, byte) in bytes.iter().enumerate().skip(at).take(24) {
        match byte {
            b'0'..=b'9' => (digits.push(byte - b'0'), end = place + 1).1,
            b' ' | b'-' if sign.is_none_or(|known| known == *byte) && end == place => sign = Some(*byte),
            _ => break,
        }
    }
    let grouped = sign.is_none() || {
        let groups: Vec<usize> = bytes[at..end].split(|b| Some(*b) == sign).map(<[u8]>::len).collect();
        groups == [4, 4, 4, 4] || groups == [4, 6, 5] || groups == [4, 4, 4, 4, 3]
    };
    let whole = bytes.get(end).is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'-' && *b != b'_');
    ((13..=19).contains(&digits.len()) && grouped && whole && luhn(&digits)).then_some(at..end)
}

/// Luhn's check over decimal digits.
fn luhn(digits: &[u8]) -> bool {
    let sum = digits.iter().rev().enumerate().fold(0_u32, |sum, (place, digit)| {
        let doubled = u32::from(*digit) * (1 + u32::try_from(place % 2).unwrap_or(0));
        sum + doubled / 10 + doubled % 10
    });
    sum % 10 == 0 && digits.iter().any(|d| *d != digits[0])
}

/// A social security number of the United States: `ddd-dd-dddd`.
pub(super) fn ssn(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let end = super::pattern::end_of("{d3}-{d2}-{d4}", &bytes[at..])?;
    let next = bytes.get(at + end).is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'-');
    next.then_some(at..at + end)
}

/// A private IPv4 address (RFC 1918).
pub(super) fn private_ip(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let end = super::pattern::end_of("{d1-3}.{d1-3}.{d1-3}.{d1-3}", &bytes[at..])?;
    let address: std::net::Ipv4Addr = std::str::from_utf8(&bytes[at..at + end]).ok()?.parse().ok()?;
    address.is_private().then_some(at..at + end)
}

/// An e-mail address whose sign is at `at`.
pub(super) fn email(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let floor = at.saturating_sub(64);
    let local = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'+' | b'-' | b'%');
    let start = at - bytes[floor..at].iter().rev().take_while(|b| local(b)).count();
    let host = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    let mut end = at + 1 + bytes[at + 1..].iter().take(253).take_while(|b| host(b)).count();
    while end > at + 1 && matches!(bytes[end - 1], b'.' | b'-') {
        end -= 1;
    }
    let name = &bytes[at + 1..end];
    let top = name.rsplit(|b| *b == b'.').next().unwrap_or_default();
    let named = name.contains(&b'.') && top.len() >= 2 && top.iter().all(u8::is_ascii_alphabetic);
    (start < at && named).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_told_from_clocks_and_ids() {
        for text in ["4111111111111111", "4111 1111 1111 1111", "3782-822463-10005"] {
            assert_eq!(card(text.as_bytes(), 0), Some(0..text.len()), "{text}");
        }
        for text in
            ["1712345678901", "4111111111111112", "4111-1111 1111-1111", "4111111111111111a", "2222222222222222"]
        {
            assert_eq!(card(text.as_bytes(), 0), None, "{text}");
        }
    }

    #[test]
    fn personal_data_has_its_shapes() {
        assert_eq!(ssn(b"123-45-6789", 0), Some(0..11));
        assert_eq!(ssn(b"123-45-67890", 0), None);
        assert_eq!(private_ip(b"192.168.1.1 ", 0), Some(0..11));
        assert_eq!(private_ip(b"8.8.8.8", 0), None);
        assert_eq!(email(b"to a.b@example.com.", 6), Some(3..18));
        assert_eq!(email(b"@home", 0), None);
    }
}
