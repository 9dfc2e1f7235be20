//! Where the commands of a sentence begin and end.
//!
//! A new command begins after a conjunction at a verb, at a thing that gets a value or an «on» of its
//! own, or at a verb that can be nothing else.

use crate::intent::words::item::Item;
use crate::intent::words::lexicon::Sense;
use crate::intent::words::scan::Scan;

/// Where the commands of a sentence begin: after a conjunction, at a verb.
pub(in crate::intent) fn bounds(scan: &Scan<'_>) -> Vec<(usize, usize)> {
    let mut cuts = vec![0];
    let mut content = false;
    let mut acted = false;
    let (mut joined, mut kept) = (false, false);
    // «make sure that … is locked and … is closed»
    let (mut wish, mut stated, mut valued, mut switched, mut placed) = (false, false, false, false, false);
    for (i, item) in scan.items.iter().enumerate() {
        if item.is(Sense::And) {
            joined = true;
            continue;
        }
        let leads = joined && item.hits.is_empty() && item.is(Sense::Prep) && !item.is(Sense::On);
        if item.idle() || leads {
            continue;
        }
        let verb = item.hits.is_empty() && item.senses.iter().any(|s| matches!(s, Sense::Verb(_)));
        let wished = joined && wish && stated && !item.hits.is_empty();
        // «… to green and … to red»
        let again = !kept
            && joined
            && !verb
            && thing(item)
            && (valued && value_ahead(scan, i) || switched && switch_ahead(scan, i));
        // «toaster off coffee machine on»; «… to 21 in the loft and 19 in the shed»
        let turns =
            !kept && !joined && !verb && thing(item) && switched && after_switch(scan, i) && switch_ahead(scan, i);
        let more = joined && !verb && valued && placed && item.value.is_some() && place_ahead(scan, i);
        let starts = wished || again || turns || more || verb && content && acted && (joined || bare_verb(scan, i));
        if starts {
            kept = false;
            cuts.push(if joined { last_and(scan, i) } else { i });
            content = false;
            acted = again || turns || more;
            placed = false;
            stated = false;
            valued = false;
            switched = false;
        }
        // «… but leave the lamp and the fan on»: no command of its own.
        kept |= item.is(Sense::Except)
            && item.hits.is_empty()
            && ["leave", "keep"].iter().any(|w| scan.plain(item).contains(w));
        valued |= has_value(item);
        placed |= thing(item);
        switched |= content && (item.is(Sense::On) || item.is(Sense::Off));
        wish |= item.is(Sense::Ensure);
        stated |= item.hits.is_empty() && item.senses.iter().any(|s| matches!(s, Sense::State(_)));
        joined = false;
        acted |= verb || item.is(Sense::On) || item.is(Sense::Off);
        content |= item.value.is_some()
            || !item.hits.is_empty()
            || item.is(Sense::It)
            || item.senses.iter().any(|s| matches!(s, Sense::Kind(_) | Sense::Class(_) | Sense::Attr(_)));
    }
    cuts.push(scan.items.len());
    cuts.windows(2).map(|w| (w[0], w[1])).collect()
}

fn has_value(item: &Item) -> bool {
    let level = |s: &Sense| {
        matches!(s, Sense::Color(..) | Sense::White(_) | Sense::Max | Sense::Min | Sense::Half | Sense::Low)
    };
    item.value.is_some() || item.hits.is_empty() && item.senses.iter().any(level)
}

fn thing(item: &Item) -> bool {
    !item.hits.is_empty()
        || !item.parts.is_empty()
        || item.senses.iter().any(|s| matches!(s, Sense::Kind(_) | Sense::Class(_)))
}

/// Whether a value follows before the next conjunction.
fn value_ahead(scan: &Scan<'_>, at: usize) -> bool {
    scan.items[at..].iter().take_while(|i| !i.is(Sense::And)).any(has_value)
}

/// Whether this part of the sentence ends in an «on» or «off» of its own.
fn switch_ahead(scan: &Scan<'_>, at: usize) -> bool {
    let part = scan.items[at..].iter().take_while(|i| !i.is(Sense::And)).filter(|i| !i.idle());
    part.last().is_some_and(|i| i.is(Sense::On) || i.is(Sense::Off))
}

/// Whether the word before is an «on» or «off» that ends a command of its own.
fn after_switch(scan: &Scan<'_>, at: usize) -> bool {
    let before = scan.items[..at].iter().rev().find(|i| !i.idle());
    let verb =
        scan.items[..at].iter().any(|i| i.hits.is_empty() && i.senses.iter().any(|s| matches!(s, Sense::Verb(_))));
    !verb && before.is_some_and(|i| i.is(Sense::On) || i.is(Sense::Off))
}

/// Whether a thing or place follows before the next conjunction.
fn place_ahead(scan: &Scan<'_>, at: usize) -> bool {
    scan.items[at..].iter().take_while(|i| !i.is(Sense::And)).any(thing)
}

/// The conjunction before an item, passing over idle words.
fn last_and(scan: &Scan<'_>, at: usize) -> usize {
    (0..at).rev().find(|i| scan.items[*i].is(Sense::And)).unwrap_or(at)
}

/// A verb that can only be one: «turn on the lamp close the blinds».
fn bare_verb(scan: &Scan<'_>, at: usize) -> bool {
    let item = &scan.items[at];
    let only = item.senses.iter().all(|s| matches!(s, Sense::Verb(_) | Sense::State(_)));
    let follows = scan.items[at + 1..]
        .iter()
        .find(|i| !i.idle())
        .is_some_and(|i| !i.hits.is_empty() || i.is(Sense::On) || i.is(Sense::Off));
    only && follows
}
