//! Talk before a command: «it's getting late, turn off the lamp»; «the lamp is still on, switch it off».
//!
//! Only what cannot be a condition, a report or a negation may be passed over, only up to a comma or a
//! «so», and only in front of a command that is complete by itself. What opens the home is asked back.

use super::amend::spoken_of;
use crate::home::Tier;
use crate::intent::meant::scene::Scene;
use crate::intent::saying::outcome::doubtful;
use crate::intent::sentence::clause::Clause;
use crate::intent::turn::{Context, Decision, Turn, Understanding};
use crate::intent::words::item::Item;
use crate::intent::words::lexicon::Sense;
use crate::intent::words::scan::Scan;

/// Words that talk may have in front of the command.
const WORDS: usize = 16;

/// Who or what talk of this sort is about.
const OPENERS: &[&[&str]] = &[
    &["i", "am"],
    &["i", "have"],
    &["i", "need"],
    &["i", "want"],
    &["i", "can", "not"],
    &["i", "feel"],
    &["i", "will"],
    &["i", "would"],
    &["i", "just", "got"],
    &["we", "are"],
    &["we", "have"],
    &["we", "need"],
    &["we", "will"],
    &["it", "is"],
    &["it", "looks"],
    &["it", "feels"],
    &["there", "is"],
    &["there", "are"],
    &["guests", "are"],
    &["dinner", "is"],
    &["everyone", "is"],
    &["the", "kids", "are"],
    &["the", "baby", "is"],
    &["the", "sun", "is"],
    &["the", "movie", "is"],
];

/// What a sentence means without the talk in front of it.
pub(in crate::intent) fn without(scene: &Scene<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let cut = |at: &usize| matches!(scan.plain(&scan.items[*at]).as_str(), "," | "so" | "and so" | "so please");
    for at in (1..scan.items.len().saturating_sub(1)).filter(cut) {
        let rest = scan.items[at + 1..].iter().position(|i| !i.is(Sense::And)).map(|n| at + 1 + n)?;
        let begin = (0..at).rev().find(cut).map_or(0, |before| before + 1);
        let context = match (talk(scan, at), fact(scene, scan, begin, at)) {
            (true, _) => scene.turn.context.clone(),
            (false, Some(context)) if scan.items[rest..].iter().any(|i| i.is(Sense::It)) => context,
            _ => continue,
        };
        let text = scan.said(scan.items[rest].words.0, scan.words.len());
        let out = scene.read(&Turn { text, context, ..scene.turn.clone() });
        if matches!(out.decision, Decision::Act | Decision::Ask) {
            let guarded = out.calls.iter().any(|call| scene.home.plan(call).tier() == Tier::Guarded);
            return Some(if guarded { doubtful(scene.home, scene.turn, out) } else { out });
        }
    }
    None
}

/// Whether what stands before an item is talk that moves nothing and makes no condition.
fn talk(scan: &Scan<'_>, to: usize) -> bool {
    let words: Vec<&str> = scan.words[..scan.items[to].words.0].iter().map(|w| w.text.as_str()).collect();
    let head = words.iter().position(|w| !EXCLAMATIONS.contains(w)).unwrap_or(words.len());
    let opened = OPENERS.iter().any(|o| words[head..].starts_with(o));
    opened && words.len() <= WORDS && scan.items[..to].iter().all(|i| harmless(scan, i))
}

const EXCLAMATIONS: &[&str] = &[
    "hey", "hi", "hello", "ok", "okay", "alright", "so", "well", "right", "oh", "ah", "um", "uh", "er", "look",
    "listen", "please", ",", "yeah", "hmm", "dear", "god", "gosh", "man", "wow",
];

/// Neither a name, kind, value or option, nor a word that turns a sentence.
fn harmless(scan: &Scan<'_>, item: &Item) -> bool {
    let turning = |s: &Sense| matches!(s, Sense::Guard | Sense::Except | Sense::Kind(_) | Sense::Class(_));
    let seeing = scan.plain(item) == "not";
    item.hits.is_empty()
        && item.options.is_empty()
        && item.value.is_none()
        && (!item.is(Sense::Not) || seeing)
        && !item.senses.iter().any(turning)
}

/// «the toaster is still on»: what is spoken of, for the «it» of the command.
fn fact(scene: &Scene<'_>, scan: &Scan<'_>, from: usize, to: usize) -> Option<Context> {
    let refused = scan.items[..to].iter().any(|i| i.hits.is_empty() && (i.is(Sense::Guard) || i.is(Sense::Not)));
    let clause = Clause::parse(scene.home, scan, from, to);
    if refused || !clause.is || clause.ensure || !clause.verbs.is_empty() {
        return None;
    }
    let mentioned = spoken_of(scene, &clause);
    (!mentioned.is_empty()).then(|| Context { mentioned, ..scene.turn.context.clone() })
}
