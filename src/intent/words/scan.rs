//! Words become items: names of the home, phrases of the language, values, or riddles.
//!
//! From left to right the longest explanation wins. A word that nothing explains is set right if it is
//! one slip away from a word that something does (`lihgt`), and stays unknown otherwise.

use super::item::Item;
use super::lexicon::{ENGLISH, Sense};
use super::mend::mend;
use super::number::{self, Value};
use super::numbered;
use crate::base::limits;
use crate::home::words::{Word, split};
use crate::home::{Gazetteer, Home, NameHit, NameKind, NameOf, OptionHit};

/// A sentence as items.
#[derive(Clone, Debug)]
pub(in crate::intent) struct Scan<'a> {
    /// The sentence.
    pub(in crate::intent) text: &'a str,
    /// Its words, slips set right.
    pub(in crate::intent) words: Vec<Word>,
    /// Its items.
    pub(in crate::intent) items: Vec<Item>,
    /// How many words were set right.
    pub(in crate::intent) slips: usize,
    /// There were more words than are looked at.
    pub(in crate::intent) too_long: bool,
}

impl<'a> Scan<'a> {
    /// Reads a sentence against a home.
    pub(in crate::intent) fn new(text: &'a str, home: &Home) -> Self {
        let mut words = split(text, limits::SENTENCE_WORDS + 1);
        let too_long = words.len() > limits::SENTENCE_WORDS;
        let mut mended = Vec::new();
        if !too_long {
            words = numbered::spelled_out(words, home.gazetteer());
            words = mend(words, &ENGLISH, home.gazetteer(), &mut mended);
        }
        let slips = mended.len();
        let items = if too_long { Vec::new() } else { items(text, &words, home.gazetteer(), &mended) };
        Self { text, words, items, slips, too_long }
    }

    /// The text from one word to another, as it was said.
    pub(in crate::intent) fn said(&self, from: usize, to: usize) -> &'a str {
        let (Some(first), Some(last)) = (self.words.get(from), to.checked_sub(1).and_then(|t| self.words.get(t)))
        else {
            return "";
        };
        self.text.get(first.start..last.end).unwrap_or("").trim()
    }

    /// The words of an item, slips set right.
    pub(in crate::intent) fn plain(&self, item: &Item) -> String {
        let words: Vec<&str> = self.words[item.words.0..item.words.1].iter().map(|w| w.text.as_str()).collect();
        words.join(" ")
    }
}

fn items(text: &str, words: &[Word], names: &Gazetteer, mended: &[usize]) -> Vec<Item> {
    let mut out = Vec::with_capacity(words.len());
    let mut senses = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let mut said = ENGLISH.longest(&words[at..], &mut senses);
        if let Some(cut) = (1..said).find(|cut| name_at(&words[at + cut..], names).0 > (said - cut).max(1)) {
            // «the music» is a phrase, and «the Music Room» begins with it.
            said = ENGLISH.longest(&words[at..at + cut], &mut senses);
        }
        let (named, hits) = name_at(&words[at..], names);
        let value = number::value(&words[at..]);
        let valued = value.map_or(0, |(n, _)| n);
        let (optional, options) = option_at(&words[at..], names);
        let longest = said.max(named).max(valued).max(optional).max(1);
        let last = &words[at + longest - 1];
        let mut item = Item {
            words: (at, at + longest),
            head: last.stem.clone(),
            plural: last.text != last.stem,
            mended: words[at..at + longest].iter().any(|w| mended.contains(&w.start)),
            ..Item::default()
        };
        if named == longest {
            item.hits = hits.to_vec();
        }
        // «Anna's» is her room, «Anna» herself.
        if item.areas().next().is_some() && longest == 1 {
            // Speech recognition writes «Annas».
            let owned = last.possessive_in(text) || last.text != last.stem;
            let room = |h: &NameHit| h.kind == NameKind::Trimmed && matches!(h.of, NameOf::Area(_));
            let hers = item.hits.iter().any(room);
            item.hits.retain(|h| if owned && hers { room(h) } else { !room(h) });
        }
        // «the display»: behind an article a thing that is called so, not a verb.
        let article = at > 0 && matches!(words[at - 1].text.as_str(), "the" | "my" | "our");
        if article && item.named() && said == longest && senses.iter().all(|s| matches!(s, Sense::Verb(_))) {
            said = 0;
        }
        // «the switch» where there is a «Bedroom Switch» in the bedroom: the word, not the shortened name.
        if said == longest {
            item.hits.retain(|h| !matches!(h.kind, NameKind::Short | NameKind::Trimmed));
        }
        if optional == longest {
            item.options = options.to_vec();
        }
        if said == longest {
            item.senses.clone_from(&senses);
        }
        if valued == longest {
            item.value = value.map(|(_, v)| v);
        }
        let counted = matches!(item.value, Some(Value::Plain(_))) && longest == 1;
        if let Some(before) = out.last_mut().filter(|_| counted) {
            numbered::told_apart(before, &mut item, names);
        }
        // «the right one», but «set it to one».
        let led = at > 0 && matches!(words[at - 1].text.as_str(), "to" | "by" | "at" | "number" | "than");
        if item.is(Sense::One) && !led {
            item.value = None;
        } else {
            item.senses.retain(|s| *s != Sense::One);
        }
        // A guess at a word is not also a guess at a name («flour» is no part of «Floor Lamp»).
        if item.unknown() && !item.mended && !counted {
            item.parts = names.bearing(&last.stem).to_vec();
        }
        out.push(item);
        at += longest;
    }
    out
}

/// The longest name at the head of the words.
fn name_at<'g>(words: &[Word], names: &'g Gazetteer) -> (usize, &'g [NameHit]) {
    let most = names.longest().min(words.len());
    for n in (1..=most).rev() {
        let span = &words[..n];
        let hits = names.find(span.iter().map(|w| w.stem.as_str()));
        if !hits.is_empty() && !group_of(span, hits, names) {
            return (n, hits);
        }
        // «left curtain» for «Curtain Left»: only words that all belong to names.
        let verb = n > 1 && is_verb(&span[0]);
        if n > 1 && !verb && span.iter().all(|w| names.knows(&w.text) || names.knows(&w.stem)) {
            let mut stems: Vec<&str> = span.iter().map(|w| w.stem.as_str()).collect();
            let hits = names.find_unordered(&mut stems);
            if !hits.is_empty() && !group_of(span, hits, names) {
                return (n, hits);
            }
        }
    }
    (0, &[])
}

/// «lock mudroom …» is no name in another order.
fn is_verb(word: &Word) -> bool {
    let mut senses = Vec::new();
    ENGLISH.longest(std::slice::from_ref(word), &mut senses);
    senses.iter().any(|s| matches!(s, Sense::Verb(_) | Sense::On | Sense::Off))
}

/// «bedroom curtains» where one device is called «Bedroom Curtain»: the curtains of the bedroom are meant.
fn group_of(span: &[Word], hits: &[NameHit], names: &Gazetteer) -> bool {
    let (Some(last), head) = (span.last(), &span[..span.len() - 1]) else { return false };
    if last.text == last.stem || head.is_empty() || hits.iter().any(|h| h.plural) {
        return false;
    }
    let mut senses = Vec::new();
    ENGLISH.longest(std::slice::from_ref(last), &mut senses);
    let noun = senses.iter().any(|s| matches!(s, Sense::Kind(_) | Sense::Class(_)));
    let place = names.find(head.iter().map(|w| w.stem.as_str()));
    noun && place.iter().any(|h| !matches!(h.of, NameOf::Entity(_)))
}

/// The longest option at the head of the words.
fn option_at<'g>(words: &[Word], names: &'g Gazetteer) -> (usize, &'g [OptionHit]) {
    let most = names.longest().min(words.len());
    (1..=most)
        .rev()
        .map(|n| (n, names.find_option(words[..n].iter().map(|w| w.stem.as_str()))))
        .find(|(_, options)| !options.is_empty())
        .unwrap_or((0, &[]))
}
