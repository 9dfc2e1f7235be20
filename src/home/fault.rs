//! What is wrong with a home file, said so that its author can mend it.
//!
//! All faults of a file come at once; each names the place, the value and the way out.

use std::fmt;

/// One fault of a home description.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct HomeFault {
    /// Where: `entities[3].line`; empty for the whole file.
    pub path: String,
    /// What is wrong and what would be right, for a person.
    pub message: String,
}

impl HomeFault {
    /// A fault at a place.
    #[must_use]
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

impl fmt::Display for HomeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for HomeFault {}

/// The nearest of some words, if it is near enough to be what was meant.
pub(super) fn nearest<'a>(word: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let reach = if word.chars().count() < 5 { 1 } else { 2 };
    among
        .into_iter()
        .map(|w| (strsim::osa_distance(&word.to_lowercase(), &w.to_lowercase()), w))
        .filter(|(d, _)| (1..=reach).contains(d))
        .min_by_key(|(d, _)| *d)
        .map(|(_, w)| w)
}

/// «; did you mean `x`?» or nothing.
pub(super) fn did_you_mean<'a>(word: &str, among: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, among).map_or_else(String::new, |w| format!("; did you mean `{w}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_words_are_suggested() {
        assert_eq!(nearest("lihgt", ["light", "lock"]), Some("light"));
        assert_eq!(nearest("sofa", ["light", "lock"]), None);
        assert_eq!(did_you_mean("swich", ["switch"]), "; did you mean `switch`?");
    }
}
