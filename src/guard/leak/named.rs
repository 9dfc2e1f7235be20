//! A name that says «secret», and the value that it stands before.
//!
//! `api_key = "…"`, `clientSecret := …`, `<botToken>…</botToken>`, `setProperty("TOKEN", "…")`,
//! `-ClientSecret '…'`, `Authorization: Basic …`. Every look around a sign is bounded.

use std::ops::Range;

use super::random;

/// What a name says of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Chosen by a person: short is possible.
    Password,
    /// Made by a machine.
    Token,
    /// «key», or a service by its name: the value alone has to look made.
    Perhaps,
}

/// Parts of names and what they say; longer ones first where one holds another.
const PARTS: &[(&str, Kind)] = &[
    ("password", Kind::Password),
    ("passwd", Kind::Password),
    ("passphrase", Kind::Password),
    ("pwd", Kind::Password),
    ("psk", Kind::Password),
    ("token", Kind::Token),
    ("secret", Kind::Token),
    ("apikey", Kind::Token),
    ("api_key", Kind::Token),
    ("accesskey", Kind::Token),
    ("access_key", Kind::Token),
    ("accessid", Kind::Token),
    ("access_id", Kind::Token),
    ("authkey", Kind::Token),
    ("auth_key", Kind::Token),
    ("credential", Kind::Token),
    ("authorization", Kind::Token),
    ("signing_key", Kind::Token),
    ("key", Kind::Perhaps),
    ("auth", Kind::Perhaps),
    ("heroku", Kind::Perhaps),
    ("sourcegraph", Kind::Perhaps),
    ("meraki", Kind::Perhaps),
    ("discord", Kind::Perhaps),
];

/// Farthest look for a name or a value, in bytes.
const NEAR: usize = 96;
/// So much of a value is judged.
const JUDGED: usize = 256;
/// Longest value that is one hit; the rest of a longer one is the next word's.
const VALUE: usize = 4_096;

/// The value after the sign at `at`, if a name before it says that it is secret.
pub(super) fn at(bytes: &[u8], at: usize) -> Option<(&'static str, Range<usize>)> {
    let sign = *bytes.get(at)?;
    if !matches!(sign, b'=' | b':' | b'>' | b',' | b' ') {
        return None;
    }
    let name = name_before(bytes, at, sign)?;
    let kind = kind_of(name)?;
    let (from, quoted) = value_from(bytes, at, sign)?;
    let value_end = |most: usize| {
        let near = &bytes[from..bytes.len().min(from + most)];
        from + near.iter().position(|b| ends(*b, quoted)).unwrap_or(near.len())
    };
    let to = value_end(JUDGED);
    let to = to - bytes[from..to].iter().rev().take_while(|b| **b == b'\\').count();
    let value = &bytes[from..to];
    let fits = !reference(value)
        && match kind {
            Kind::Password => value.len() >= 6 && (quoted.is_some() || value.iter().any(|b| !b.is_ascii_lowercase())),
            Kind::Token => value.len() >= 8 && made(value),
            Kind::Perhaps => value.len() >= 20 && made(value) && random::entropy(value) >= 3.0 && !path(value),
        };
    let label = if kind == Kind::Password { "PASSWORD" } else { "TOKEN" };
    fits.then(|| (label, from..if to == from + JUDGED { value_end(VALUE) } else { to }))
}

/// The name that ends before the sign: over spaces, quotes, operators, and a type's name.
fn name_before(bytes: &[u8], at: usize, sign: u8) -> Option<&[u8]> {
    let floor = at.saturating_sub(NEAR);
    let over = |end: usize, of: &dyn Fn(u8) -> bool| {
        let near = &bytes[floor..end];
        end - near.iter().rev().take_while(|b| of(**b)).count()
    };
    let word = |end: usize| {
        let start = over(end, &|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        &bytes[start..end]
    };
    let end = match sign {
        b'>' if bytes[..at].ends_with(b"=") => return None,
        b'>' => at,
        b' ' => {
            let name = word(at);
            return name.starts_with(b"-").then_some(name);
        }
        b',' if !matches!(at.checked_sub(1).map(|n| bytes[n]), Some(b'"' | b'\'')) => return None,
        _ => over(at, &|b| matches!(b, b' ' | b'\t' | b'"' | b'\'' | b'`' | b'\\' | b':' | b'?' | b'|' | b'+' | b'.')),
    };
    let name = word(end);
    if matches!(name, b"string" | b"String" | b"str" | b"text") {
        let before = word(over(end - name.len(), &|b| b == b' '));
        return Some(if before.is_empty() { name } else { before });
    }
    (!name.is_empty()).then_some(name)
}

/// Endings of names that say where a value is, or what it is called: what follows is not the value.
const ELSEWHERE: &[&str] = &["_from", "_file", "_path", "_dir", "_name", "_env"];

fn kind_of(name: &[u8]) -> Option<Kind> {
    if ELSEWHERE.iter().any(|ending| name.to_ascii_lowercase().ends_with(ending.as_bytes())) {
        return None;
    }
    let folded: Vec<u8> =
        name.iter().map(|b| if *b == b'-' || *b == b'.' { b'_' } else { b.to_ascii_lowercase() }).collect();
    let says = |part: &str| {
        let part = part.as_bytes();
        folded.windows(part.len()).enumerate().any(|(start, window)| {
            let rest = &name[start + part.len()..];
            let rest = rest.strip_prefix(b"s").unwrap_or(rest);
            window == part && !rest.first().is_some_and(u8::is_ascii_lowercase)
        })
    };
    PARTS.iter().find(|(part, _)| says(part)).map(|(_, kind)| *kind)
}

/// Where the value begins, and the quote that it stands in.
fn value_from(bytes: &[u8], at: usize, sign: u8) -> Option<(usize, Option<u8>)> {
    let gap = |b: u8| match b {
        b'=' | b':' | b'>' => !matches!(sign, b' ' | b','),
        b' ' | b'\t' => true,
        b'\n' | b'\r' => sign == b'>',
        _ => false,
    };
    let skip = |from: usize, of: &dyn Fn(u8) -> bool| {
        let near = &bytes[from..bytes.len().min(from + NEAR)];
        from + near.iter().take_while(|b| of(**b)).count()
    };
    let mut from = skip(at + 1, &gap);
    from += usize::from(bytes.get(from) == Some(&b'\\'));
    let quote = bytes.get(from).copied().filter(|b| matches!(b, b'"' | b'\'' | b'`'));
    if quote == Some(b'`') && in_code(bytes, at) {
        return None;
    }
    if sign == b' ' && quote.is_none() || sign == b',' && quote.is_none() {
        return None;
    }
    from += usize::from(quote.is_some());
    // «Authorization: Basic …»: the scheme is not the value.
    for scheme in ["basic ", "bearer ", "token ", "api-token "] {
        let word = bytes.get(from..from + scheme.len());
        if word.is_some_and(|word| word.eq_ignore_ascii_case(scheme.as_bytes())) {
            return Some((from + scheme.len(), None));
        }
    }
    (from < bytes.len()).then_some((from, quote))
}

/// Whether the sign stands between backticks: then the next one ends a piece of code in a text and begins no value.
fn in_code(bytes: &[u8], at: usize) -> bool {
    let near = bytes[at.saturating_sub(NEAR)..at].iter().rev().take_while(|b| **b != b'\n');
    near.filter(|b| **b == b'`').count() % 2 == 1
}

fn ends(byte: u8, quoted: Option<u8>) -> bool {
    match quoted {
        Some(quote) => byte == quote || byte == b'\n',
        None => byte.is_ascii_whitespace() || b"\"'`,;&(){}[]<>\\".contains(&byte),
    }
}

/// A reference, a mask, or what documentation writes in the place of a value.
fn reference(value: &[u8]) -> bool {
    value.first().is_none_or(|b| b"$<{[*%(#".contains(b))
        || value.starts_with(b"vault:")
        || value.contains(&b'#') && value.ends_with(b"##")
        || random::filler(value)
}

/// Made by a machine: letters and digits, or a long row of one of them that no word is.
fn made(value: &[u8]) -> bool {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let letters = value.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let spaces = value.iter().filter(|b| **b == b' ').count();
    if spaces > 0 || value.contains(&b'(') {
        return false;
    }
    let both = value.iter().any(u8::is_ascii_lowercase) && value.iter().any(u8::is_ascii_uppercase);
    (digits > 0 && letters > 0) || (digits >= 24) || (letters >= 20 && both && random::entropy(value) >= 3.8)
}

/// A place, not a value.
fn path(value: &[u8]) -> bool {
    value.windows(3).any(|three| three == b"://") || value.starts_with(b"/") || value.starts_with(b"./")
}
