//! The words of a language, from its data file.
//!
//! A line is `sense [payload] = phrase | phrase`. Phrases are looked up by whole words, the longest
//! first; the last word of a noun also matches its plural. Parsed once, when first needed.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::home::spell::Spelling;
use crate::home::words::{Word, stem};

/// What a phrase can mean. The texts are payloads of the data file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::intent) enum Sense {
    Filler,
    /// «started»: a verb in a wish for a state.
    Participle(&'static str),
    /// «make sure that … is», «should be»: a wish for a state.
    Ensure,
    Det,
    Prep,
    And,
    Except,
    Not,
    Question,
    All,
    /// «both»: all, and there are two.
    Both,
    Everything,
    Any,
    Here,
    Everywhere,
    Is,
    What,
    Which,
    HowMany,
    Where,
    When,
    Who,
    Tell,
    /// «tell … to …»
    Bid,
    Status,
    Exist,
    Doing,
    Guard,
    Past,
    Subject,
    On,
    Off,
    Up,
    Down,
    Half,
    Max,
    Min,
    Medium,
    Step,
    BigStep,
    Verb(&'static str),
    State(&'static str),
    Kind(&'static str),
    Class(&'static str),
    Attr(&'static str),
    Unit(&'static str),
    White(u16),
    Color(&'static str, [u8; 3]),
    /// A noun of a binary device class: `battery`.
    Binary(&'static str),
    /// A word for the on state of a binary device class.
    BinaryOn(&'static str),
    /// A word for the off state of a binary device class.
    BinaryOff(&'static str),
    /// A noun of a sensor's device class: `temperature`.
    Measure(&'static str),
    /// A word that belongs to questions about readings: «concentration», «indicated».
    Reading,
    /// A class of media: `track`, `album`.
    Media(&'static str),
    /// «one», «ones»: the thing that was spoken of before, another of its kind.
    One,
    /// «low»: a third.
    Low,
    /// Words that stand for what was mentioned: «it», «them».
    It,
    /// An absolute or relative level of something by name: kinds of modes and presets.
    Mode(&'static str),
    /// A politeness that is a whole sentence: greeting, thanks.
    Social(&'static str),
    /// Call it off.
    Nevermind,
    /// Something is wished for: «I need», «give me».
    Wish,
    /// A correction is announced: «I mean», «no wait».
    Amend,
    /// A hint at a wish: `dark`, `cold`.
    Felt(&'static str),
}

struct Phrase {
    words: Vec<String>,
    sense: Sense,
    noun: bool,
}

/// The phrases of a language.
pub(in crate::intent) struct Lexicon {
    by_first: HashMap<String, Vec<Phrase>>,
    spelling: Spelling,
    /// Payloads that lines use, for replies: the class or kind and its first phrase.
    nouns: Vec<(Sense, String)>,
}

/// English.
pub(in crate::intent) static ENGLISH: LazyLock<Lexicon> =
    LazyLock::new(|| Lexicon::parse(include_str!("../data/en.txt")).0);

impl Lexicon {
    /// Reads a data file; lines that make no sense are returned beside it.
    fn parse(text: &'static str) -> (Self, Vec<&'static str>) {
        let mut out = Self { by_first: HashMap::new(), spelling: Spelling::default(), nouns: Vec::new() };
        let mut bad = Vec::new();
        for line in text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')) {
            let read = line.split_once('=').and_then(|(head, phrases)| {
                let head = head.trim();
                let (word, payload) = head.split_once(' ').unwrap_or((head, ""));
                Some((sense(word, payload.trim())?, phrases))
            });
            let Some((sense, phrases)) = read else {
                bad.push(line);
                continue;
            };
            for phrase in phrases.split('|') {
                out.add(phrase, sense);
            }
        }
        for list in out.by_first.values_mut() {
            list.sort_by_key(|p| std::cmp::Reverse(p.words.len()));
        }
        (out, bad)
    }

    fn add(&mut self, phrase: &str, sense: Sense) {
        let mut words: Vec<String> = phrase.split_whitespace().map(str::to_owned).collect();
        let noun = matches!(
            sense,
            Sense::Kind(_)
                | Sense::Class(_)
                | Sense::Attr(_)
                | Sense::Unit(_)
                | Sense::Binary(_)
                | Sense::Measure(_)
                | Sense::Media(_)
        );
        for word in &words {
            self.spelling.add(word);
        }
        if noun {
            self.nouns.push((sense, words.join(" ")));
            if let Some(last) = words.last_mut() {
                *last = stem(last);
                self.spelling.add(last);
            }
        }
        if let Some(first) = words.first().cloned() {
            self.by_first.entry(first).or_default().push(Phrase { words, sense, noun });
        }
    }

    /// The longest phrase that begins the words, as its length and every sense of that length.
    pub(in crate::intent) fn longest(&self, words: &[Word], senses: &mut Vec<Sense>) -> usize {
        senses.clear();
        let mut longest = 0;
        let Some(first) = words.first() else { return 0 };
        let other = (first.stem != first.text).then_some(&first.stem);
        for key in std::iter::once(&first.text).chain(other) {
            for phrase in self.by_first.get(key).map_or(&[][..], Vec::as_slice) {
                if phrase.words.len() < longest || !phrase.fits(words) {
                    continue;
                }
                if phrase.words.len() > longest {
                    longest = phrase.words.len();
                    senses.clear();
                }
                if !senses.contains(&phrase.sense) {
                    senses.push(phrase.sense);
                }
            }
        }
        longest
    }

    /// Whether the word by itself can mean this.
    pub(in crate::intent) fn means(&self, word: &Word, sense: Sense) -> bool {
        let phrases = self.by_first.get(&word.text).map_or(&[][..], Vec::as_slice);
        phrases.iter().any(|p| p.words.len() == 1 && p.sense == sense)
    }

    /// Whether the word is part of some phrase.
    pub(in crate::intent) fn knows(&self, word: &str) -> bool {
        self.spelling.knows(word)
    }

    /// Every word of every phrase.
    pub(in crate::intent) fn spelling(&self) -> &Spelling {
        &self.spelling
    }

    /// The colour word of one word that is nearest.
    pub(in crate::intent) fn color_near(&self, rgb: [u8; 3]) -> Option<&str> {
        let far = |other: [u8; 3]| rgb.iter().zip(&other).map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum::<u32>();
        let single = self.by_first.values().flatten().filter(|p| p.words.len() == 1);
        let colors = single
            .filter_map(|p| if let Sense::Color(_, c) = p.sense { Some((far(c), p.words[0].as_str())) } else { None });
        colors.min().map(|(_, word)| word)
    }

    /// The everyday word for a kind or class: `media_player` is «media player».
    pub(in crate::intent) fn word_for(&self, sense: Sense) -> Option<&str> {
        self.nouns.iter().find(|(s, _)| *s == sense).map(|(_, w)| w.as_str())
    }
}

impl Phrase {
    fn fits(&self, words: &[Word]) -> bool {
        let n = self.words.len();
        if words.len() < n {
            return false;
        }
        let (head, last) = (&self.words[..n - 1], &self.words[n - 1]);
        let end = &words[n - 1];
        head.iter().zip(words).all(|(p, w)| *p == w.text) && (*last == end.text || self.noun && *last == end.stem)
    }
}

fn sense(word: &str, payload: &'static str) -> Option<Sense> {
    Some(match word {
        "filler" => Sense::Filler,
        "part" => Sense::Participle(payload),
        "ensure" => Sense::Ensure,
        "det" => Sense::Det,
        "prep" => Sense::Prep,
        "and" => Sense::And,
        "except" => Sense::Except,
        "not" => Sense::Not,
        "question" => Sense::Question,
        "all" => Sense::All,
        "both" => Sense::Both,
        "everything" => Sense::Everything,
        "any" => Sense::Any,
        "here" => Sense::Here,
        "everywhere" => Sense::Everywhere,
        "is" => Sense::Is,
        "what" => Sense::What,
        "which" => Sense::Which,
        "howmany" => Sense::HowMany,
        "where" => Sense::Where,
        "when" => Sense::When,
        "who" => Sense::Who,
        "tell" => Sense::Tell,
        "bid" => Sense::Bid,
        "status" => Sense::Status,
        "exist" => Sense::Exist,
        "doing" => Sense::Doing,
        "guard" => Sense::Guard,
        "past" => Sense::Past,
        "subject" => Sense::Subject,
        "on" => Sense::On,
        "off" => Sense::Off,
        "up" => Sense::Up,
        "down" => Sense::Down,
        "half" => Sense::Half,
        "max" => Sense::Max,
        "min" => Sense::Min,
        "medium" => Sense::Medium,
        "step" => Sense::Step,
        "bigstep" => Sense::BigStep,
        "verb" => Sense::Verb(payload),
        "state" => Sense::State(payload),
        "kind" => Sense::Kind(payload),
        "class" => Sense::Class(payload),
        "attr" => Sense::Attr(payload),
        "unit" => Sense::Unit(payload),
        "white" => Sense::White(payload.parse().ok()?),
        "color" => {
            let mut rgb = payload.split(' ').map_while(|n| n.parse().ok());
            let rgb = [rgb.next()?, rgb.next()?, rgb.next()?];
            Sense::Color(payload, rgb)
        }
        "binary" => Sense::Binary(payload),
        "bon" => Sense::BinaryOn(payload),
        "boff" => Sense::BinaryOff(payload),
        "measure" => Sense::Measure(payload),
        "reading" => Sense::Reading,
        "media" => Sense::Media(payload),
        "it" => Sense::It,
        "pro" => Sense::One,
        "low" => Sense::Low,
        "mode" => Sense::Mode(payload),
        "social" => Sense::Social(payload),
        "wish" => Sense::Wish,
        "amend" => Sense::Amend,
        "felt" => Sense::Felt(payload),
        "nevermind" => Sense::Nevermind,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::words::split;

    #[test]
    fn every_line_of_the_data_is_understood() {
        assert_eq!(Lexicon::parse(include_str!("../data/en.txt")).1, Vec::<&str>::new());
    }

    #[test]
    fn the_longest_phrase_wins_and_nouns_match_their_plural() {
        let mut senses = Vec::new();
        assert_eq!(ENGLISH.longest(&split("warm white", 9), &mut senses), 2);
        assert_eq!(senses, [Sense::White(2700)]);
        assert_eq!(ENGLISH.longest(&split("switches", 9), &mut senses), 1);
        assert!(senses.contains(&Sense::Kind("switch")) && !senses.contains(&Sense::Verb("turn")));
    }
}
