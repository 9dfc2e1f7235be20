//! Sentences that must not act, however well the rest fits: negations, hypotheses, reports.

use crate::intent::words::lexicon::{ENGLISH, Sense};
use crate::intent::words::scan::Scan;

/// Why a sentence is left alone; [`None`] where it may be a command or a question.
pub(in crate::intent) fn refuses(scan: &Scan<'_>) -> Option<&'static str> {
    let free = |sense: Sense| scan.items.iter().any(|i| i.hits.is_empty() && i.is(sense));
    if free(Sense::Not) {
        return Some("I leave everything as it is.");
    }
    let again = |i: &crate::intent::words::item::Item| {
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
pub(in crate::intent) fn negated(scan: &Scan<'_>) -> Option<&'static str> {
    let first = scan.items.iter().find(|i| !i.idle())?;
    (first.hits.is_empty() && first.is(Sense::Not) && !first.is(Sense::Nevermind))
        .then_some("I leave everything as it is.")
}

/// Why a report of what somebody did is left alone.
pub(in crate::intent) fn reports(scan: &Scan<'_>) -> Option<&'static str> {
    reported(scan).then_some("I take that as a report, not as a command, and leave everything as it is.")
}

/// «I'll turn on the lamp», «the lamp turned on»: what somebody or something does by itself.
fn by_itself(scan: &Scan<'_>) -> bool {
    let somebody = |w: &str| matches!(w, "i" | "we" | "he" | "she" | "they" | "somebody" | "someone" | "nobody");
    let will = scan.words.windows(2).position(|w| somebody(&w[0].text) && w[1].text == "will");
    let verb = |item: &&crate::intent::words::item::Item| item.senses.iter().any(|s| matches!(s, Sense::Verb(_)));
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
    let thing = |i: &&crate::intent::words::item::Item| {
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
