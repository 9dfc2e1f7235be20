//! The shape of a secret: what a key, token or private key looks like.
//!
//! Used to refuse a configuration that holds one and to keep them out of logs. Shapes only:
//! whoever holds a value compares with the value itself. Every scan is linear in the text: each
//! look around a mark is bounded, and a found secret is skipped whole.

use std::borrow::Cow;
use std::ops::Range;

/// A place in a text that looks like a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What kind of secret, in capitals: stands in logs instead of the value.
    pub label: &'static str,
    /// The bytes of the value; begins and ends on character boundaries.
    pub range: Range<usize>,
}

/// A token that its first letters give away: label, prefix, least length of the rest.
type Prefixed = (&'static str, &'static str, usize);

const PREFIXED: &[Prefixed] = &[
    ("ANTHROPIC_KEY", "sk-ant-", 12),
    ("OPENAI_KEY", "sk-", 16),
    ("STRIPE_KEY", "sk_live_", 10),
    ("STRIPE_KEY", "rk_live_", 10),
    ("GITHUB_TOKEN", "ghp_", 30),
    ("GITHUB_TOKEN", "gho_", 30),
    ("GITHUB_TOKEN", "ghu_", 30),
    ("GITHUB_TOKEN", "ghs_", 30),
    ("GITHUB_TOKEN", "ghr_", 30),
    ("GITHUB_TOKEN", "github_pat_", 30),
    ("GITLAB_TOKEN", "glpat-", 16),
    ("SLACK_TOKEN", "xoxb-", 10),
    ("SLACK_TOKEN", "xoxp-", 10),
    ("SLACK_TOKEN", "xoxa-", 10),
    ("SLACK_TOKEN", "xoxr-", 10),
    ("SLACK_TOKEN", "xoxs-", 10),
    ("AWS_ACCESS_KEY", "AKIA", 16),
    ("AWS_ACCESS_KEY", "ASIA", 16),
    ("GOOGLE_KEY", "AIza", 35),
    ("GROQ_KEY", "gsk_", 20),
    ("HUGGINGFACE_TOKEN", "hf_", 30),
    ("NPM_TOKEN", "npm_", 30),
    ("AGE_KEY", "AGE-SECRET-KEY-1", 20),
];

/// Endings of names whose value is a password: any value of some length counts.
const PASSWORDS: &[&str] = &["password", "passwd", "passphrase", "pwd", "psk"];
/// Endings of names whose value is a made-up token: letters and digits count.
const TOKENS: &[&str] =
    &["secret", "token", "api_key", "apikey", "access_key", "private_key", "auth_key", "client_key", "credential"];
/// Bytes looked at around a mark before it is decided.
const NEAR: usize = 512;

/// All places that look like a secret, in order, not overlapping.
#[must_use]
pub fn find(text: &str) -> Vec<Hit> {
    let bytes = text.as_bytes();
    let mut hits = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match hit_at(bytes, at) {
            Some(hit) => {
                at = hit.range.end.max(at + 1);
                hits.push(hit);
            }
            None => at += 1,
        }
    }
    hits
}

/// The label of the first secret in the text, if there is one.
#[must_use]
pub fn holds(text: &str) -> Option<&'static str> {
    find(text).first().map(|hit| hit.label)
}

/// The text with each secret replaced by `[REDACTED:LABEL]`.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    let hits = find(text);
    if hits.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for hit in hits {
        out.push_str(&text[from..hit.range.start]);
        out.push_str("[REDACTED:");
        out.push_str(hit.label);
        out.push(']');
        from = hit.range.end;
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// Whether a key of this name holds a secret: `wifi_password`, `api-key`, `bot.token`.
#[must_use]
pub fn sounds_secret(name: &str) -> bool {
    kind_of(name).is_some()
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Password,
    Token,
}

fn kind_of(name: &str) -> Option<Kind> {
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    let ends = |list: &[&str]| list.iter().any(|end| name.ends_with(end));
    if ends(PASSWORDS) {
        Some(Kind::Password)
    } else if ends(TOKENS) {
        Some(Kind::Token)
    } else {
        None
    }
}

fn hit_at(bytes: &[u8], at: usize) -> Option<Hit> {
    let fresh = at == 0 || !is_token(bytes[at - 1]);
    match bytes[at] {
        b'-' => private_key(bytes, at),
        b':' => userinfo(bytes, at).or_else(|| wifi(bytes, at)).or_else(|| assigned(bytes, at)),
        b'=' => assigned(bytes, at),
        b' ' => spoken(bytes, at).or_else(|| bearer(bytes, at)),
        b'0'..=b'9' if fresh => telegram(bytes, at),
        b'e' if fresh => jwt(bytes, at).or_else(|| prefixed(bytes, at)),
        _ if fresh => prefixed(bytes, at),
        _ => None,
    }
}

const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Where the run of kept bytes ends, looking no further than [`NEAR`]: marks are decided on that.
fn run(bytes: &[u8], from: usize, keep: impl Fn(u8) -> bool) -> usize {
    run_all(&bytes[..bytes.len().min(from + NEAR)], from, keep)
}

/// Where the run of kept bytes ends: only for what is a hit already, and is skipped whole.
fn run_all(bytes: &[u8], from: usize, keep: impl Fn(u8) -> bool) -> usize {
    bytes[from..].iter().position(|b| !keep(*b)).map_or(bytes.len(), |n| from + n)
}

fn prefixed(bytes: &[u8], at: usize) -> Option<Hit> {
    let (label, prefix, least) = PREFIXED.iter().find(|(_, prefix, _)| bytes[at..].starts_with(prefix.as_bytes()))?;
    let end = run(bytes, at, is_token);
    let rest = &bytes[at + prefix.len()..end];
    // A word with hyphens («sk-learn-and-more-words») has neither; a slip of paper key has.
    let random = rest.iter().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase()) || rest.len() >= 36;
    (rest.len() >= *least && random).then(|| Hit { label, range: at..run_all(bytes, end, is_token) })
}

fn jwt(bytes: &[u8], at: usize) -> Option<Hit> {
    let part = |b| is_token(b) || b == b'.';
    let end = run(bytes, at, part);
    let text = &bytes[at..end];
    (text.starts_with(b"eyJ") && text.len() >= 20 && text.contains(&b'.'))
        .then(|| Hit { label: "JWT", range: at..run_all(bytes, end, part) })
}

fn telegram(bytes: &[u8], at: usize) -> Option<Hit> {
    let colon = run(bytes, at, |b| b.is_ascii_digit());
    let digits = colon - at;
    if !(8..=10).contains(&digits) || bytes.get(colon) != Some(&b':') {
        return None;
    }
    let end = run(bytes, colon + 1, is_token);
    ((30..=40).contains(&(end - colon - 1))).then_some(Hit { label: "TELEGRAM_BOT_TOKEN", range: at..end })
}

fn private_key(bytes: &[u8], at: usize) -> Option<Hit> {
    const KEY: &[u8] = b"PRIVATE KEY-----";
    if !bytes[at..].starts_with(b"-----BEGIN ") {
        return None;
    }
    let head = &bytes[at..bytes.len().min(at + 80)];
    let first = find_bytes(head, KEY)?;
    let body = at + first + KEY.len();
    let end = find_bytes(&bytes[body..], KEY).map_or(bytes.len(), |n| body + n + KEY.len());
    Some(Hit { label: "PRIVATE_KEY", range: at..end })
}

fn find_bytes(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|window| window == needle)
}

fn bearer(bytes: &[u8], at: usize) -> Option<Hit> {
    let start = at.checked_sub(6)?;
    if !bytes[start..at].eq_ignore_ascii_case(b"bearer") {
        return None;
    }
    let part = |b| is_token(b) || matches!(b, b'.' | b'~' | b'+' | b'/' | b'=');
    let end = run(bytes, at + 1, part);
    let value = &bytes[at + 1..end];
    (value.len() >= 16 && mixed(value)).then(|| Hit { label: "BEARER_TOKEN", range: at + 1..run_all(bytes, end, part) })
}

/// `scheme://user:value@host`; `at` is the first colon.
fn userinfo(bytes: &[u8], at: usize) -> Option<Hit> {
    if !bytes[at..].starts_with(b"://") {
        return None;
    }
    let near = &bytes[at + 3..bytes.len().min(at + 3 + NEAR)];
    let host = near.iter().position(|b| matches!(b, b'@' | b'/' | b'"' | b'\'') || b.is_ascii_whitespace())?;
    let colon = near[..host].iter().position(|b| *b == b':')?;
    let value = &near[colon + 1..host];
    (near[host] == b'@' && plausible(value, Kind::Password, true))
        .then_some(Hit { label: "URL_USERINFO", range: at + 3 + colon + 1..at + 3 + host })
}

/// `WIFI:S:name;T:WPA;P:value;;`, as QR codes hold it; `at` is the colon after P.
fn wifi(bytes: &[u8], at: usize) -> Option<Hit> {
    let start = at.saturating_sub(NEAR);
    if !bytes[..at].ends_with(b";P") || find_bytes(&bytes[start..at], b"WIFI:").is_none() {
        return None;
    }
    let end = run(bytes, at + 1, |b| b != b';' && !b.is_ascii_whitespace());
    (end > at + 1).then_some(Hit { label: "WIFI_PSK", range: at + 1..whole(bytes, end) })
}

/// `name = value`, `name: "value"`; `at` is the sign between.
fn assigned(bytes: &[u8], at: usize) -> Option<Hit> {
    let kind = kind_of(word_before(bytes, at)?)?;
    let mut from = run(bytes, at + 1, |b| matches!(b, b'=' | b'>' | b' ' | b'\t'));
    if from > at + 1 + 16 || from >= bytes.len() {
        return None;
    }
    let quote = Some(bytes[from]).filter(|b| matches!(b, b'"' | b'\''));
    from += usize::from(quote.is_some());
    let part = |b: u8| match quote {
        Some(quote) => b != quote && b != b'\n',
        None => !b.is_ascii_whitespace() && !b"\"'`,;&(){}[]<>\\".contains(&b),
    };
    let end = run(bytes, from, part);
    let near = &bytes[from..end];
    let label = if kind == Kind::Password { "PASSWORD" } else { "TOKEN" };
    plausible(near, kind, quote.is_some()).then(|| Hit { label, range: from..run_all(bytes, end, part) })
}

/// «my password is hunter2»; `at` is the space before the value.
fn spoken(bytes: &[u8], at: usize) -> Option<Hit> {
    let before = bytes[..at].strip_suffix(b" is")?;
    if kind_of(word_before(bytes, before.len())?)? != Kind::Password {
        return None;
    }
    let end = run(bytes, at + 1, |b| !b.is_ascii_whitespace() && !b"\"',;".contains(&b));
    let value = &bytes[at + 1..end];
    (value.len() >= 6 && mixed(value)).then_some(Hit { label: "PASSWORD", range: at + 1..whole(bytes, end) })
}

/// The name that ends before `at`, over spaces and a closing quote.
fn word_before(bytes: &[u8], at: usize) -> Option<&str> {
    let floor = at.saturating_sub(80);
    let mut end = at;
    while end > floor && matches!(bytes[end - 1], b' ' | b'\t' | b'"' | b'\'' | b'\\') {
        end -= 1;
    }
    let mut start = end;
    while start > floor && (is_token(bytes[start - 1]) || bytes[start - 1] == b'.') {
        start -= 1;
    }
    std::str::from_utf8(&bytes[start..end]).ok().filter(|word| !word.is_empty())
}

/// The next character boundary: a bounded look may end inside a character.
fn whole(bytes: &[u8], at: usize) -> usize {
    run_all(bytes, at, |b| b & 0b1100_0000 == 0b1000_0000)
}

fn mixed(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic)
}

/// A value, and not a reference (`${NAME}`, `vault:name`), a mask (`****`) or an ordinary word.
fn plausible(value: &[u8], kind: Kind, quoted: bool) -> bool {
    let reference = value.first().is_none_or(|b| b"$<{[*%".contains(b))
        || value.starts_with(b"vault:")
        || value.iter().all(|b| *b == value[0]);
    let random = match kind {
        Kind::Token => value.len() >= 8 && mixed(value),
        Kind::Password => value.len() >= 6 && (quoted || value.iter().any(|b| !b.is_ascii_lowercase())),
    };
    !reference && random
}

#[cfg(test)]
#[path = "secret_tests.rs"]
mod tests;
