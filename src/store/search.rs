//! A person's words as an FTS5 expression that can hold nothing but words.

use crate::base::limits;

/// Indexes the messages that the word index does not hold yet.
pub(super) const INDEX_REST: &str = "INSERT INTO messages_fts (rowid, text) SELECT seq, text FROM messages
    WHERE seq > coalesce((SELECT max(id) FROM messages_fts_docsize), 0)";

/// Makes the word index anew from the messages.
pub(super) const REBUILD: &str = "INSERT INTO messages_fts (messages_fts) VALUES ('rebuild')";

/// The same for memories, whose indexes are kept in step by triggers. Trigrams are of some rows only, so
/// they are no «rebuild».
pub(super) const REBUILD_MEMORIES: [&str; 3] = [
    "INSERT INTO memory_words (memory_words) VALUES ('rebuild')",
    "INSERT INTO memory_trigrams (memory_trigrams) VALUES ('delete-all')",
    "INSERT INTO memory_trigrams (rowid, text) SELECT seq, text FROM memories WHERE language IN ('zh', 'ja')",
];

/// Compares each word index with its rows; refused where they differ. The messages that wait for their
/// batch must be indexed first. Trigrams are compared with themselves, their rows by `STRAYS`.
pub(super) const AGREE: [(&str, &str); 3] = [
    ("words of messages", "INSERT INTO messages_fts (messages_fts, rank) VALUES ('integrity-check', 1)"),
    ("words of memories", "INSERT INTO memory_words (memory_words, rank) VALUES ('integrity-check', 1)"),
    ("trigrams of memories", "INSERT INTO memory_trigrams (memory_trigrams) VALUES ('integrity-check')"),
];

/// Counts what lies beside the memories and fits none of them.
pub(super) const STRAYS: [(&str, &str); 3] = [
    (
        "memories without their trigrams",
        "SELECT count(*) FROM memories WHERE language IN ('zh', 'ja')
         AND seq NOT IN (SELECT id FROM memory_trigrams_docsize)",
    ),
    (
        "trigrams of no memory",
        "SELECT count(*) FROM memory_trigrams_docsize
         WHERE id NOT IN (SELECT seq FROM memories WHERE language IN ('zh', 'ja'))",
    ),
    ("vectors of no memory", "SELECT count(*) FROM memory_vectors WHERE seq NOT IN (SELECT seq FROM memories)"),
];

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
