//! From a person's words to FTS5 terms that can hold nothing but words.
//!
//! Everything ends up between double quotes, where FTS5 knows no operator (sqlite.org/fts5.html 3.1).

use crate::base::limits;

/// Words that carry the grammar of a question and no meaning of their own.
const EMPTY: &[&str] = &[
    "a", "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "been", "before", "but",
    "by", "can", "could", "did", "do", "does", "during", "for", "from", "get", "got", "had", "has", "have", "he",
    "her", "him", "his", "how", "i", "if", "in", "into", "is", "it", "its", "just", "me", "my", "of", "on", "or",
    "our", "out", "remember", "said", "say", "she", "should", "so", "some", "tell", "than", "that", "the", "their",
    "them", "then", "there", "these", "they", "this", "those", "to", "told", "up", "was", "we", "were", "what", "when",
    "where", "which", "who", "whom", "whose", "why", "will", "with", "would", "you", "your",
];

/// The terms of a question: its words that mean something, and phrases as phrases, each quoted.
#[must_use]
pub fn any_of(question: &str) -> Vec<String> {
    meaningful(question).iter().map(|word| format!("\"{word}\"")).collect()
}

/// The words that some texts hold.
#[derive(Debug)]
pub struct Held {
    words: Vec<String>,
    whole: Vec<String>,
}

impl Held {
    /// Of these texts.
    #[must_use]
    pub fn of(texts: &[&str]) -> Self {
        let whole: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
        let words = whole.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric())).map(str::to_owned);
        Self { words: words.collect(), whole }
    }

    /// Whether a word or phrase, in lower case, is there, by the beginnings of words: «boilers» holds «boiler».
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        if word.contains(' ') {
            return self.whole.iter().any(|text| text.contains(word));
        }
        let stem: String = word.chars().take(5.max(word.chars().count().saturating_sub(2))).collect();
        self.words.iter().any(|held| held.starts_with(&stem))
    }
}

/// The share of `asked` that texts hold; see [`Held::has`].
#[must_use]
pub fn covered(asked: &[String], texts: &[&str]) -> f32 {
    let held = Held::of(texts);
    #[allow(clippy::cast_precision_loss, reason = "small counts")]
    if asked.is_empty() { 0.0 } else { asked.iter().filter(|word| held.has(word)).count() as f32 / asked.len() as f32 }
}

/// The words and phrases of a question that mean something, each once, in lower case.
#[must_use]
pub fn meaningful(question: &str) -> Vec<String> {
    let mut wanted: Vec<String> = Vec::new();
    for term in terms(question) {
        let parts: Vec<&str> = if term.contains(' ') { vec![&term] } else { pieces(&term).collect() };
        for part in parts {
            let plain = part.to_lowercase();
            let known = wanted.contains(&plain) || EMPTY.contains(&plain.as_str());
            if !known && plain.chars().any(char::is_alphanumeric) && wanted.len() < limits::SEARCH_WORDS {
                wanted.push(plain);
            }
        }
    }
    if wanted.is_empty() {
        // A question of nothing but small words is about those words.
        wanted = terms(question).into_iter().filter(|t| t.chars().any(char::is_alphanumeric)).collect();
        wanted.truncate(limits::SEARCH_WORDS);
    }
    wanted
}

/// All terms of a text as one FTS5 expression that wants each of them: its words, and phrases as phrases, quoted.
#[must_use]
pub fn quoted(text: &str) -> String {
    terms(text).iter().map(|term| format!("\"{term}\"")).collect::<Vec<_>>().join(" ")
}

/// Whether a text holds more than the small words of grammar.
#[must_use]
pub fn says_something(text: &str) -> bool {
    let small = |word: &str| EMPTY.contains(&word.to_lowercase().as_str());
    text.split(|c: char| !c.is_alphanumeric()).any(|word| !word.is_empty() && !small(word))
}

/// The terms of a question in a script without spaces: its pieces of three characters, each quoted.
#[must_use]
pub fn trigrams(question: &str) -> Vec<String> {
    let mut wanted: Vec<String> = Vec::new();
    for run in question.split(|c: char| !is_unspaced(c)).filter(|run| !run.is_empty()) {
        let letters: Vec<char> = run.chars().collect();
        for piece in letters.windows(3).take(limits::SEARCH_WORDS * 4) {
            let piece = format!("\"{}\"", piece.iter().collect::<String>());
            if !wanted.contains(&piece) {
                wanted.push(piece);
            }
        }
    }
    wanted
}

/// Whether a character belongs to a script that puts no spaces between words.
#[must_use]
pub const fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

/// Words by white space and phrases by quotes; a quote inside a word or without its twin is dropped.
fn terms(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| !c.is_whitespace()) {
        rest = &rest[start..];
        let phrase = rest.strip_prefix('"').and_then(|tail| tail.split_once('"'));
        let (term, tail) = match phrase {
            Some((inside, tail)) if tail.is_empty() || tail.starts_with(char::is_whitespace) => (inside, tail),
            _ => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        let term: String = term.chars().filter(|c| *c != '"' && *c != '\0').collect();
        if !term.trim().is_empty() {
            found.push(term.trim().to_owned());
        }
        rest = tail;
    }
    found
}

/// The runs of letters and digits of a word: «didn't» has «didn» and «t», of which only the first is kept.
fn pieces(word: &str) -> impl Iterator<Item = &str> {
    let short = |piece: &&str| piece.chars().count() > 1 || piece.chars().all(|c| c.is_numeric() || is_unspaced(c));
    word.split(|c: char| !c.is_alphanumeric()).filter(|piece| !piece.is_empty()).filter(short)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_question_keeps_what_means_something() {
        assert_eq!(any_of("What did Anna say about the boiler?"), ["\"anna\"", "\"boiler\""]);
        assert_eq!(any_of("the \"blue door\" key"), ["\"blue door\"", "\"key\""]);
        assert_eq!(any_of("what is it"), ["\"what\"", "\"is\"", "\"it\""]);
        assert!(any_of("?! …").is_empty());
        assert_eq!(trigrams("东京的天气"), ["\"东京的\"", "\"京的天\"", "\"的天气\""]);
        assert!(trigrams("weather").is_empty());
    }

    proptest! {
        #[test]
        fn every_expression_is_quoted_words(text in ".{0,200}") {
            for term in any_of(&text).into_iter().chain(trigrams(&text)) {
                let inner = term.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
                prop_assert!(inner.is_some_and(|t| !t.is_empty() && !t.contains(['"', '\0'])), "{}", term);
            }
        }
    }
}
