//! Slips of the pen, set right: `lihgt`, `turnon`, «pausing».
//!
//! Only a word that nothing explains is touched, and only where one word is nearest; what is set right is counted,
//! because a guarded thing is not moved by a guess.

use super::lexicon::{ENGLISH, Lexicon, Sense};
use super::number;
use crate::home::Gazetteer;
use crate::home::spell::Spelling;
use crate::home::words::{Word, stem};

/// No word that stands in a lexicon is longer; what is longer is not looked at letter by letter.
const MENDED_LETTERS: usize = 40;

/// Sets slips of the pen right and notes where the mended words begin.
pub(in crate::intent) fn mend(
    words: Vec<Word>,
    lexicon: &Lexicon,
    names: &Gazetteer,
    mended: &mut Vec<usize>,
) -> Vec<Word> {
    let known = |w: &str| lexicon.knows(w) || names.knows(w);
    let mut out = Vec::with_capacity(words.len());
    for (i, word) in words.iter().enumerate() {
        // «turn of the light», as speech recognition hears it.
        let turns = i > 0 && matches!(words[i - 1].text.as_str(), "turn" | "switch" | "shut");
        if word.text == "of" && turns && !words.iter().any(|w| matches!(w.text.as_str(), "on" | "off")) {
            out.push(Word { text: "off".to_owned(), stem: "off".to_owned(), ..word.clone() });
            mended.push(word.start);
            continue;
        }
        let fine = known(&word.text)
            || known(&word.stem)
            || !(4..=MENDED_LETTERS).contains(&word.text.len())
            || !word.text.is_ascii()
            || !word.text.bytes().all(|b| b.is_ascii_alphabetic())
            || mended.len() >= 4
            || compound(&words, i, names)
            || number::number(std::slice::from_ref(word)).is_some();
        if fine {
            out.push(word.clone());
            continue;
        }
        if let Some(plain) = gerund(&word.text, lexicon) {
            out.push(Word { stem: stem(&plain), text: plain, ..word.clone() });
            continue;
        }
        let right = nearest(&word.text, lexicon.spelling(), names.spelling());
        if let Some(right) = right.filter(|right| !is_color(right) || states(words.as_slice(), i)) {
            mended.push(word.start);
            out.push(Word { text: right.to_owned(), stem: stem(right), ..word.clone() });
        } else if let Some((a, b)) = run_together(&word.text, &known) {
            mended.push(word.start);
            out.push(Word { text: a.to_owned(), stem: stem(a), ..word.clone() });
            out.push(Word { text: b.to_owned(), stem: stem(b), ..word.clone() });
        } else {
            out.push(word.clone());
        }
    }
    out
}

/// Whether the language has it for a colour.
fn is_color(word: &str) -> bool {
    let word = Word { text: word.to_owned(), stem: stem(word), start: 0, end: 0 };
    let mut senses = Vec::new();
    ENGLISH.longest(std::slice::from_ref(&word), &mut senses);
    senses.iter().any(|s| matches!(s, Sense::Color(..)))
}

/// Whether a value stands here: «to gren», «make it gren». In «the salon lights» and «in the salon» a place does, and a
/// guess at a colour would paint the house.
fn states(words: &[Word], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| words.get(at)).map(|w| w.text.as_str());
    let after = words.get(at + 1).map(|w| w.text.as_str());
    let led = before == Some("to");
    let ends = matches!(after, None | Some("and" | "then" | "please" | "now"));
    led || (ends && !matches!(before, None | Some("the" | "in" | "at" | "my" | "our" | "all" | "of")))
}

/// «pausing» is «pause», «turning» is «turn».
fn gerund(word: &str, lexicon: &Lexicon) -> Option<String> {
    let root = word.strip_suffix("ing").filter(|r| r.len() >= 3)?;
    let doubled = root.as_bytes().windows(2).last().is_some_and(|w| w[0] == w[1]);
    let forms = [root.to_owned(), format!("{root}e"), root[..root.len() - usize::from(doubled)].to_owned()];
    forms.into_iter().find(|f| lexicon.knows(f))
}

/// «livingroom»: two words of a name run together, or one that is said in two.
fn compound(words: &[Word], at: usize, names: &Gazetteer) -> bool {
    let from = at.saturating_sub(3);
    (from..=at).any(|from| {
        (1..=5).any(|n| {
            words
                .get(from..from + n)
                .is_some_and(|s| at < from + n && !names.find(s.iter().map(|w| w.stem.as_str())).is_empty())
        })
    })
}

/// The one word that is nearest: one slip away, or two for long words; [`None`] where two are as near.
///
/// Swapped letters are the likeliest slip; a wrong, a missing and a doubled one are as likely as each other.
fn nearest<'v>(word: &'v str, language: &'v Spelling, names: &'v Spelling) -> Option<&'v str> {
    let reach = if word.len() >= 8 { 2 } else { 1 };
    let mut best: Option<((usize, u8), &str)> = None;
    let mut tied = false;
    for candidate in language.near(word, reach).chain(names.near(word, reach)) {
        if candidate.len() < 3 {
            continue;
        }
        let distance = strsim::osa_distance(word, candidate);
        if distance > reach {
            continue;
        }
        let kind = slip(word, candidate);
        // «bread» is not «read»: the first letter is rarely wrong.
        if kind > 2 {
            continue;
        }
        let cost = (distance, kind);
        match best {
            Some((least, b)) if cost > least || b == candidate => {}
            Some((least, b)) if cost == least => tied = tied || stem(b) != stem(candidate),
            _ => {
                best = Some((cost, candidate));
                tied = false;
            }
        }
    }
    best.filter(|_| !tied).map(|(_, w)| w)
}

fn slip(word: &str, candidate: &str) -> u8 {
    let (a, b) = (word.as_bytes(), candidate.as_bytes());
    let swapped = a.len() == b.len() && a.len() > 1 && a[0] == b[1] && a[1] == b[0];
    if a[0] != b[0] && !swapped {
        return 3;
    }
    if a.len() != b.len() {
        return 2;
    }
    let letters = |w: &str| {
        let mut bytes = w.as_bytes().to_vec();
        bytes.sort_unstable();
        bytes
    };
    // «gren» is «green» or «grey»: a wrong letter is no likelier than a missing one.
    u8::from(letters(word) != letters(candidate)) * 2
}

/// «turnon»: two known words without a space.
fn run_together<'w>(word: &'w str, known: &impl Fn(&str) -> bool) -> Option<(&'w str, &'w str)> {
    (2..word.len().saturating_sub(1))
        .map(|i| word.split_at(i))
        .find(|(a, b)| known(a) && known(b) && a.len() + b.len() >= 6 && !(a.len() == 2 && b.len() == 2))
}
