//! A set of words that finds its neighbours quickly: words one or two slips of the pen away.
//!
//! Words are kept by length with a mask of their letters; two words that differ by `n` slips differ in
//! at most `2 n` letters of the mask, which rules nearly all of them out before any is compared.

use std::collections::HashSet;

/// Words, ready to be looked up exactly and nearly.
#[derive(Clone, Debug, Default)]
pub struct Spelling {
    known: HashSet<String>,
    by_length: Vec<Vec<(u32, String)>>,
}

impl Spelling {
    /// Adds a word.
    pub fn add(&mut self, word: &str) {
        if !self.known.insert(word.to_owned()) || !word.is_ascii() {
            return;
        }
        let length = word.len();
        if self.by_length.len() <= length {
            self.by_length.resize_with(length + 1, Vec::new);
        }
        self.by_length[length].push((letters(word), word.to_owned()));
    }

    /// Whether the word is in the set.
    #[must_use]
    pub fn knows(&self, word: &str) -> bool {
        self.known.contains(word)
    }

    /// Words that may be at most `slips` away; a superset, to be compared in earnest.
    pub fn near<'s>(&'s self, word: &'s str, slips: usize) -> impl Iterator<Item = &'s str> {
        let mask = letters(word);
        let from = word.len().saturating_sub(slips);
        let most = u32::try_from(2 * slips).unwrap_or(u32::MAX);
        self.by_length
            .iter()
            .skip(from)
            .take(2 * slips + 1)
            .flatten()
            .filter(move |(m, _)| (m ^ mask).count_ones() <= most)
            .map(|(_, w)| w.as_str())
    }
}

/// A bit for each letter that occurs.
#[must_use]
pub fn letters(word: &str) -> u32 {
    word.bytes().filter(u8::is_ascii_alphabetic).fold(0, |mask, b| mask | 1 << (b.to_ascii_lowercase() - b'a'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_among_the_candidates_and_strangers_are_not() {
        let mut words = Spelling::default();
        for w in ["light", "lamp", "kitchen", "left", "night"] {
            words.add(w);
        }
        assert!(words.knows("lamp") && !words.knows("lihgt"));
        let near: Vec<&str> = words.near("lihgt", 1).collect();
        assert!(near.contains(&"light") && !near.contains(&"kitchen"), "{near:?}");
    }

    proptest::proptest! {
        #[test]
        fn no_neighbour_is_lost(word in "[a-z]{4,9}", at in 0usize..9, with in "[a-z]") {
            let mut words = Spelling::default();
            words.add(&word);
            let mut slipped = word.clone();
            let at = at % word.len();
            slipped.replace_range(at..=at, &with);
            proptest::prop_assert!(words.near(&slipped, 1).any(|w| w == word));
        }
    }
}
