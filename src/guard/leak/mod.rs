//! What must not leave: the brain's scan of what it is about to show, keep or log.
//!
//! The brain knows no secret, so it looks for shapes: names before values, known token formats, words made
//! by dice, whole private keys, card numbers, and the same behind one layer of base64, hexadecimal or
//! percent signs or split by invisible letters. The hand that holds a value looks for the value itself.
//!
//! `find` judges a text, `clean` and `clean_json` replace, [`Stream`] does it for a text that arrives in
//! pieces, whatever the pieces. Every judgement may be wrong without harm: what must hold is that the brain
//! never had the value.

mod fold;
mod formats;
mod json;
mod named;
mod number;
mod pattern;
mod random;
mod stream;

use std::borrow::Cow;
use std::ops::Range;

pub use json::clean_json;
pub use stream::Stream;

use crate::base::secret::{self, Hit};

/// What stands in the place of what was found.
pub const MARK: &str = "[FILTERED]";

/// What counts as a leak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Credentials and card numbers. The default: private addresses and mail are a home's daily text.
    Secrets,
    /// Personal data as well: mail addresses, private IP addresses, social security numbers.
    Personal,
}

/// All places that look like a secret, in order, not overlapping.
#[must_use]
pub fn find(text: &str, policy: Policy) -> Vec<Hit> {
    match fold::fold(text) {
        None => find_folded(text, policy),
        Some(folded) => {
            let hits = find_folded(&folded.text, policy);
            hits.into_iter().map(|hit| Hit { range: folded.original(hit.range), ..hit }).collect()
        }
    }
}

/// The text with [`MARK`] in the place of each find.
#[must_use]
pub fn clean(text: &str, policy: Policy) -> Cow<'_, str> {
    let hits = find(text, policy);
    if hits.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for hit in hits {
        out.push_str(&text[from..hit.range.start]);
        out.push_str(MARK);
        from = hit.range.end;
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// The label of the first place that looks like a secret, if there is one.
#[must_use]
pub fn holds(text: &str) -> Option<&'static str> {
    find(text, Policy::Secrets).first().map(|hit| hit.label)
}

/// [`clean`] for a line of the log.
#[must_use]
pub fn clean_log(line: &str) -> Cow<'_, str> {
    clean(line, Policy::Secrets)
}

fn find_folded(text: &str, policy: Policy) -> Vec<Hit> {
    let bytes = text.as_bytes();
    let mut hits: Vec<Hit> =
        secret::find(text).into_iter().filter(|hit| !excused(hit, &bytes[hit.range.clone()])).collect();
    let mut at = 0;
    while at < bytes.len() {
        let found = marked(bytes, at).or_else(|| begun(bytes, at, policy));
        at += 1;
        if let Some((label, range)) = found {
            // What goes whole need not be looked into.
            at = at.max(range.end);
            hits.push(Hit { label, range });
        }
    }
    words(text, &mut hits);
    merged(text, hits)
}

/// What a sign in the middle gives away.
fn marked(bytes: &[u8], at: usize) -> Option<(&'static str, Range<usize>)> {
    match bytes[at] {
        b'=' | b':' | b'>' | b',' => named::at(bytes, at),
        b' ' => named::at(bytes, at).or_else(|| bot(bytes, at)),
        b'~' => azure(bytes, at),
        _ => None,
    }
}

/// What a first letter gives away.
fn begun(bytes: &[u8], at: usize, policy: Policy) -> Option<(&'static str, Range<usize>)> {
    let personal = policy == Policy::Personal;
    if bytes[at] == b'@' && personal {
        return number::email(bytes, at).map(|range| ("EMAIL", range));
    }
    let inside = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/');
    if at > 0 && inside(bytes[at - 1]) || !bytes[at].is_ascii_alphanumeric() {
        return None;
    }
    if let Some(((label, _, random), length)) = formats::at(&bytes[at..]) {
        let random = random && random::filler(&bytes[at..at + length]);
        return (!random).then_some((label, at..at + length));
    }
    let digits = bytes[at].is_ascii_digit().then(|| number::card(bytes, at).map(|range| ("CREDIT_CARD", range)));
    let people = || number::ssn(bytes, at).map(|range| ("SSN", range));
    let places = || number::private_ip(bytes, at).map(|range| ("PRIVATE_IP", range));
    digits.flatten().or_else(|| personal.then(|| people().or_else(places)).flatten())
}

/// «Telegram bot 123456:ABC-DEF»: the word before makes a shorter token believable.
fn bot(bytes: &[u8], at: usize) -> Option<(&'static str, Range<usize>)> {
    let before = &bytes[at.saturating_sub(3)..at];
    let length = before.eq_ignore_ascii_case(b"bot").then(|| pattern::end_of("{d5-10}:{w6-}", &bytes[at + 1..]))??;
    Some(("TELEGRAM_BOT_TOKEN", at + 1..at + 1 + length))
}

/// A client secret of Azure: its fifth and sixth signs give it away; `at` is the sixth.
fn azure(bytes: &[u8], at: usize) -> Option<(&'static str, Range<usize>)> {
    let part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'~' | b'.' | b'-');
    let start = at.checked_sub(5)?;
    let shaped = bytes[at - 1] == b'Q' && bytes[at - 2].is_ascii_digit() && bytes[start..at - 2].iter().all(part);
    let rest = bytes[at + 1..].iter().take(40).take_while(|b| part(b)).count();
    let mut end = at + 1 + rest;
    end -= usize::from(bytes[end - 1] == b'.');
    let random = (31..=34).contains(&(end - at - 1)) && !random::filler(&bytes[start..end]);
    (shaped && random).then_some(("AZURE_SECRET", start..end))
}

/// Addresses that are themselves the right to post: whoever has one needs nothing else.
const HOOKS: &[&str] = &[".webhook.office.com/webhook", "hooks.slack.com/services/", "discord.com/api/webhooks/"];

/// Words by themselves: made by dice, or a secret behind one layer of encoding.
fn words(text: &str, hits: &mut Vec<Hit>) {
    let mut from = 0;
    let outer = |b: u8| b.is_ascii_whitespace() || b"\"'`<>(){}[],;|".contains(&b);
    for token in text.as_bytes().split(|b| outer(*b)) {
        let start = from;
        from += token.len() + 1;
        if token.len() < 16 || token.starts_with(b"/") {
            continue;
        }
        if token.windows(3).any(|three| three == b"://") {
            let hook = HOOKS.iter().any(|hook| token.windows(hook.len()).any(|part| part == hook.as_bytes()));
            if hook && token.len() >= 64 {
                hits.push(Hit { label: "WEBHOOK", range: start..start + token.len() });
            }
            continue;
        }
        let mut at = start;
        for word in token.split(|b| matches!(b, b':' | b'=' | b'.' | b'@' | b'?' | b'&' | b'~')) {
            let range = at..at + word.len();
            at += word.len() + 1;
            if random::unexplained(word) && !word.contains(&b'%') {
                hits.push(Hit { label: "HIGH_ENTROPY", range });
            }
        }
        if token.len() <= LONGEST_ENCODED
            && let Some(plain) = random::decoded(token)
            && secret::find(&plain).iter().any(|hit| !excused(hit, &plain.as_bytes()[hit.range.clone()]))
        {
            hits.push(Hit { label: "ENCODED_SECRET", range: start..start + token.len() });
        }
    }
}

/// Longest word that is decoded; a longer one is a file, not a key.
const LONGEST_ENCODED: usize = 4_096;

/// A find of `base::secret` that a closer look takes back: fillers, and key blocks without a key in them.
fn excused(hit: &Hit, value: &[u8]) -> bool {
    if hit.label == "PRIVATE_KEY" {
        return empty_block(value);
    }
    let github = value.starts_with(b"ghp_");
    let shaped = formats::FORMATS.iter().any(|(_, shape, _)| {
        let prefix = shape.split('{').next().unwrap_or_default();
        prefix.len() >= 4 && value.starts_with(prefix.as_bytes())
    });
    !github && random::filler(value) || shaped && formats::at(value).is_none() && exact(value)
}

/// Prefixes whose tokens have one length: another length is another thing.
fn exact(value: &[u8]) -> bool {
    ["AIza", "xoxb-", "xoxp-", "xoxe-"].iter().any(|prefix| value.starts_with(prefix.as_bytes()))
}

/// A begun and ended block with no line of a key between.
fn empty_block(block: &[u8]) -> bool {
    const END: &[u8] = b"-----END";
    let Some(end) = block.windows(END.len()).position(|window| window == END) else { return false };
    let head = block.windows(6).position(|window| window == b"KEY---").map_or(0, |n| n + 6);
    let body = block[head.min(end)..end].iter().filter(|b| b.is_ascii_alphanumeric()).count();
    body < 24
}

/// In order, and what overlaps as one.
fn merged(text: &str, mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.retain(|hit| !hit.range.is_empty() && &text.as_bytes()[hit.range.clone()] != MARK.as_bytes());
    hits.sort_by_key(|hit| (hit.range.start, std::cmp::Reverse(hit.range.end)));
    let mut out: Vec<Hit> = Vec::with_capacity(hits.len());
    for mut hit in hits {
        hit.range = text.floor_char_boundary(hit.range.start)..text.ceil_char_boundary(hit.range.end);
        match out.last_mut() {
            Some(last) if hit.range.start < last.range.end => last.range.end = last.range.end.max(hit.range.end),
            _ => out.push(hit),
        }
    }
    out
}

#[cfg(test)]
mod tests;
