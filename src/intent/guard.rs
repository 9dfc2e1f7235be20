//! Sentences that must not act, however well the rest fits: negations, hypotheses, reports.

use super::lexicon::{ENGLISH, Sense};
use super::scan::Scan;
use crate::home::spell::letters;
use crate::home::{Home, words};

/// Why a sentence is left alone; [`None`] where it may be a command or a question.
pub(super) fn refuses(scan: &Scan<'_>) -> Option<&'static str> {
    let free = |sense: Sense| scan.items.iter().any(|i| i.hits.is_empty() && i.is(sense));
    if free(Sense::Not) {
        return Some("I leave everything as it is.");
    }
    let again = |i: &super::scan::Item| {
        let text = scan.plain(i);
        i.is(Sense::Guard) && ["every ", "daily", "weekly", "whenever", "each "].iter().any(|w| text.starts_with(w))
    };
    if scan.items.iter().any(again) {
        return Some("I keep no repeating commands yet, and leave everything as it is.");
    }
    if free(Sense::Guard) {
        return Some("I take that as talk, not as a command, and leave everything as it is.");
    }
    None
}

/// Why a sentence that begins with a negation is left alone, whatever follows.
pub(super) fn negated(scan: &Scan<'_>) -> Option<&'static str> {
    let first = scan.items.iter().find(|i| !i.idle())?;
    (first.hits.is_empty() && first.is(Sense::Not) && !first.is(Sense::Nevermind))
        .then_some("I leave everything as it is.")
}

/// Why a report of what somebody did is left alone.
pub(super) fn reports(scan: &Scan<'_>) -> Option<&'static str> {
    reported(scan).then_some("I take that as a report, not as a command, and leave everything as it is.")
}

/// «I'll turn on the lamp», «the lamp turned on»: what somebody or something does by itself.
fn by_itself(scan: &Scan<'_>) -> bool {
    let somebody = |w: &str| matches!(w, "i" | "we" | "he" | "she" | "they" | "somebody" | "someone" | "nobody");
    let will = scan.words.windows(2).position(|w| somebody(&w[0].text) && w[1].text == "will");
    let verb = |item: &&super::scan::Item| item.senses.iter().any(|s| matches!(s, Sense::Verb(_)));
    let next = will.and_then(|at| scan.items.iter().find(|i| i.words.0 >= at + 2 && !i.idle()));
    if next.as_ref().is_some_and(verb) {
        return true;
    }
    // «… turned on» at the end, behind a thing and nothing else.
    let said: Vec<_> = scan.items.iter().filter(|i| !i.idle() && !i.is(Sense::And)).collect();
    let Some((last, things)) = said.split_last() else { return false };
    let past = last.hits.is_empty()
        && matches!(scan.words[last.words.0].text.as_str(), "turned" | "switched")
        && last.words.1 - last.words.0 == 2;
    let thing = |i: &&super::scan::Item| {
        !i.hits.is_empty()
            || !i.parts.is_empty()
            || i.senses.iter().all(|s| matches!(s, Sense::Kind(_) | Sense::Class(_)))
    };
    const ASKED: [&str; 9] = ["be", "can", "could", "would", "should", "please", "want", "need", "have"];
    let asked = scan.words.iter().any(|w| ASKED.contains(&w.text.as_str()));
    past && !asked && !things.is_empty() && things.iter().all(thing) && !scan.items.iter().any(|i| i.is(Sense::Wish))
}

/// «I just turned on the lamp»: somebody, then a verb of the past.
fn reported(scan: &Scan<'_>) -> bool {
    if by_itself(scan) {
        return true;
    }
    let mut subject = false;
    for item in &scan.items {
        // «turned on» is also a state; what its first word is decides.
        let past = item.hits.is_empty() && ENGLISH.means(&scan.words[item.words.0], Sense::Past);
        if item.is(Sense::Subject) {
            subject = true;
        } else if subject && past {
            return true;
        } else if !item.idle() {
            subject = false;
        }
    }
    false
}

/// What to say about a word that nothing explains.
pub(super) fn unknown(home: &Home, scan: &Scan<'_>, at: usize) -> String {
    let Some(item) = scan.items.get(at) else { return String::new() };
    // «who is the president»: that is no name which the home lacks.
    if !item.unknown() || !homely(scan) {
        return STRANGE.to_owned();
    }
    // Neighbouring riddles are one name.
    let mut end = item.words.1;
    for next in scan.items[at + 1..].iter().take_while(|i| i.unknown()) {
        end = next.words.1;
    }
    let said = scan.said(item.words.0, end);
    let said: String = said.chars().take(60).collect();
    match suggestion(home, &said) {
        Some(name) => format!("I do not know «{said}». Did you mean {name}?"),
        None => format!("I do not know «{said}»."),
    }
}

/// What is said of a sentence whose words are known and that asks for nothing.
pub(super) fn nothing_to_do(scan: &Scan<'_>) -> String {
    if homely(scan) {
        return format!("I do not know what to do about «{}».", clip(scan.text));
    }
    STRANGE.to_owned()
}

const STRANGE: &str = "I did not understand that as something of the home.";

/// Whether a sentence speaks of what homes have or of what is done to it.
fn homely(scan: &Scan<'_>) -> bool {
    scan.items.iter().any(|i| {
        let word = |s: &Sense| {
            matches!(s, Sense::Verb(_) | Sense::Kind(_) | Sense::Class(_) | Sense::State(_) | Sense::Attr(_))
        };
        !i.hits.is_empty() || i.is(Sense::On) || i.is(Sense::Off) || i.senses.iter().any(word)
    })
}

/// A sentence in a reply, not longer than a line.
fn clip(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(80) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// The name in the home that is most like what was said.
fn suggestion<'h>(home: &'h Home, said: &str) -> Option<&'h str> {
    let said = words::slug(said);
    let mask = letters(&said);
    home.entities
        .iter()
        .flat_map(|e| std::iter::once(e.name.as_str()).chain(e.aliases.iter().map(String::as_str)))
        .chain(home.areas.iter().map(|a| a.name.as_str()))
        .filter(|name| (letters(name) ^ mask).count_ones() <= 4 && name.len().abs_diff(said.len()) <= 4)
        .map(|name| (strsim::normalized_damerau_levenshtein(&words::slug(name), &said), name))
        .filter(|(near, _)| *near > 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
