//! Words become items: names of the home, phrases of the language, values, or riddles.
//!
//! From left to right the longest explanation wins. A word that nothing explains is set right if it is
//! one slip away from a word that something does (`lihgt`), and stays unknown otherwise.

use super::lexicon::{ENGLISH, Lexicon, Sense};
use super::number::{self, Value};
use super::numbered;
use crate::base::limits;
use crate::home::spell::Spelling;
use crate::home::words::{Word, split, stem};
use crate::home::{EntityRef, Gazetteer, Home, NameHit, NameKind, NameOf, OptionHit};

/// A stretch of words and everything that it can mean.
#[derive(Clone, Debug, Default)]
pub(super) struct Item {
    /// First word and the one behind the last.
    pub(super) words: (usize, usize),
    /// Who bears this name.
    pub(super) hits: Vec<NameHit>,
    /// The singular of its last word.
    pub(super) head: String,
    /// It was said in the plural.
    pub(super) plural: bool,
    /// A word of it was set right.
    pub(super) mended: bool,
    /// What the language has for it.
    pub(super) senses: Vec<Sense>,
    /// Who has this word in a name («desk» of «Office Desk Light»), where nothing else explains it.
    pub(super) parts: Vec<EntityRef>,
    /// Whose option this is.
    pub(super) options: Vec<OptionHit>,
    /// The value that it states.
    pub(super) value: Option<Value>,
}

impl Item {
    /// Whether it can mean this.
    pub(super) fn is(&self, sense: Sense) -> bool {
        self.senses.contains(&sense)
    }

    /// Nothing explains it.
    pub(super) fn unknown(&self) -> bool {
        self.hits.is_empty()
            && self.senses.is_empty()
            && self.value.is_none()
            && self.options.is_empty()
            && self.parts.is_empty()
    }

    /// Words that can be passed over.
    pub(super) fn idle(&self) -> bool {
        self.hits.is_empty()
            && self.value.is_none()
            && self.senses.iter().any(|s| matches!(s, Sense::Filler | Sense::Det | Sense::Question))
    }

    /// The payload of the first sense that a function picks.
    pub(super) fn pick<T>(&self, f: impl Fn(Sense) -> Option<T>) -> Option<T> {
        self.senses.iter().find_map(|s| f(*s))
    }

    /// Whether it can be one of these verbs.
    pub(super) fn verb(&self, verbs: &[&str]) -> bool {
        self.senses.iter().any(|s| matches!(s, Sense::Verb(v) if verbs.contains(v)))
    }

    /// The area that it names.
    pub(super) fn areas(&self) -> impl Iterator<Item = crate::home::AreaRef> + '_ {
        self.hits.iter().filter_map(|h| if let NameOf::Area(a) = h.of { Some(a) } else { None })
    }

    /// The floor that it names.
    pub(super) fn floors(&self) -> impl Iterator<Item = crate::home::FloorRef> + '_ {
        self.hits.iter().filter_map(|h| if let NameOf::Floor(f) = h.of { Some(f) } else { None })
    }

    /// Whether it names an entity.
    pub(super) fn named(&self) -> bool {
        self.hits.iter().any(|h| matches!(h.of, NameOf::Entity(_)))
    }
}

/// A sentence as items.
#[derive(Clone, Debug)]
pub(super) struct Scan<'a> {
    /// The sentence.
    pub(super) text: &'a str,
    /// Its words, slips set right.
    pub(super) words: Vec<Word>,
    /// Its items.
    pub(super) items: Vec<Item>,
    /// How many words were set right.
    pub(super) slips: usize,
    /// There were more words than are looked at.
    pub(super) too_long: bool,
}

impl<'a> Scan<'a> {
    /// Reads a sentence against a home.
    pub(super) fn new(text: &'a str, home: &Home) -> Self {
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
    pub(super) fn said(&self, from: usize, to: usize) -> &'a str {
        let (Some(first), Some(last)) = (self.words.get(from), to.checked_sub(1).and_then(|t| self.words.get(t)))
        else {
            return "";
        };
        self.text.get(first.start..last.end).unwrap_or("").trim()
    }

    /// The words of an item, slips set right.
    pub(super) fn plain(&self, item: &Item) -> String {
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
        // «bedroom two», where that is part of names.
        let counted = matches!(item.value, Some(Value::Plain(_))) && longest == 1;
        let before = out.last().is_some_and(|b: &Item| !b.parts.is_empty());
        if counted && before {
            let bearers = names.bearing(&last.stem);
            if out.last().is_some_and(|b| b.parts.iter().any(|e| bearers.contains(e))) {
                item.value = None;
            }
        }
        // «the right one», but «set it to one».
        let led = at > 0 && matches!(words[at - 1].text.as_str(), "to" | "by" | "at" | "number" | "than");
        if item.is(Sense::One) && !led {
            item.value = None;
        } else {
            item.senses.retain(|s| *s != Sense::One);
        }
        // A guess at a word is not also a guess at a name («flour» is no part of «Floor Lamp»).
        if item.unknown() && !item.mended {
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

/// No word that stands in a lexicon is longer; what is longer is not looked at letter by letter.
const MENDED_LETTERS: usize = 40;

/// Sets slips of the pen right and notes where the mended words begin.
fn mend(words: Vec<Word>, lexicon: &Lexicon, names: &Gazetteer, mended: &mut Vec<usize>) -> Vec<Word> {
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
