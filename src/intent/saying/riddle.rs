//! What to say where nothing was understood: the riddle by name, and the nearest name that the home has.

use crate::home::spell::letters;
use crate::home::{Home, words};
use crate::intent::words::lexicon::Sense;
use crate::intent::words::scan::Scan;

/// What to say about a word that nothing explains.
pub(in crate::intent) fn unknown(home: &Home, scan: &Scan<'_>, at: usize) -> String {
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
    // «lamp 7» is one name as well.
    let number = scan.words[item.words.0].stem.bytes().all(|b| b.is_ascii_digit());
    let noun = at.checked_sub(1).filter(|_| number).map(|before| &scan.items[before]);
    let begin = noun.filter(|noun| !noun.idle()).map_or(item.words.0, |noun| noun.words.0);
    let said = scan.said(begin, end);
    let said: String = said.chars().take(60).collect();
    match suggestion(home, &said) {
        Some(name) => format!("I do not know «{said}». Did you mean {name}?"),
        None => format!("I do not know «{said}»."),
    }
}

/// What is said of a sentence whose words are known and that asks for nothing.
pub(in crate::intent) fn nothing_to_do(scan: &Scan<'_>) -> String {
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
