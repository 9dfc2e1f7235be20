//! A person's words as an FTS5 expression that can hold nothing but words.

use crate::base::limits;

/// Indexes the messages that the word index does not hold yet.
pub(super) const INDEX_REST: &str = "INSERT INTO messages_fts (rowid, text) SELECT seq, text FROM messages
    WHERE seq > coalesce((SELECT max(id) FROM messages_fts_docsize), 0)";

/// Makes the word index anew from the messages.
pub(super) const REBUILD: &str = "INSERT INTO messages_fts (messages_fts) VALUES ('rebuild')";

/// The same for memories, whose index is kept in step by triggers.
pub(super) const REBUILD_MEMORIES: &str = "INSERT INTO memory_words (memory_words) VALUES ('rebuild')";

/// Each word quoted, all of them wanted; `None` where the text has no word.
///
/// Inside quotes FTS5 knows no operator, and only alphanumeric characters are let through, so no text
/// can become a query of its own.
pub(super) fn expression(text: &str) -> Option<String> {
    let quoted: Vec<String> = words(text).map(|word| format!("\"{word}\"")).collect();
    if quoted.is_empty() { None } else { Some(quoted.join(" ")) }
}

/// Whether a text that is not indexed holds every word.
pub(super) fn matches(query: &str, text: &str) -> bool {
    let held: Vec<String> = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect();
    words(query).all(|word| held.contains(&word.to_lowercase()))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).take(limits::SEARCH_WORDS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn operators_and_quotes_become_plain_words() {
        assert_eq!(expression("lamp OR \"x\" NEAR(a b)* -c").as_deref(), Some(r#""lamp" "OR" "x" "NEAR" "a" "b" "c""#));
        assert_eq!(expression("\"*^-()"), None);
        assert!(matches("Kitchen", "the kitchen lamp") && !matches("kitchen door", "the kitchen lamp"));
    }

    proptest! {
        #[test]
        fn an_expression_holds_only_quoted_words(text in ".{0,200}") {
            if let Some(expression) = expression(&text) {
                for word in expression.split(' ') {
                    let inner = word.strip_prefix('"').and_then(|w| w.strip_suffix('"'));
                    prop_assert!(inner.is_some_and(|w| !w.is_empty() && w.chars().all(char::is_alphanumeric)));
                }
            }
        }
    }
}
