//! Which rows a search by words looks at: those that its rare terms bring.
//!
//! BM25 gives a term that half of the rows hold next to nothing, and each row that it brings is a row to be weighed.

use crate::base::limits::SEARCH_CANDIDATES;

/// FTS5 expressions over quoted terms, the rarest first, each with how many rows hold it: one is asked after the other
/// until there are answers enough.
///
/// The rarest term is always asked for. One that too many rows hold (all of them are common then) is asked for
/// together with any other first: a row with two of the terms stands before those with one of them.
pub(super) fn expressions(counted: &[(i64, String)]) -> Vec<String> {
    let Some(((rows, rarest), others)) = counted.split_first() else { return Vec::new() };
    let or = |terms: &[(i64, String)]| terms.iter().map(|(_, term)| term.as_str()).collect::<Vec<_>>().join(" OR ");
    let mut room = SEARCH_CANDIDATES.saturating_sub(*rows);
    let fit = others.iter().take_while(|(rows, _)| {
        room -= *rows;
        room >= 0
    });
    let wanted = 1 + fit.count();
    if *rows > SEARCH_CANDIDATES && !others.is_empty() {
        return vec![format!("{rarest} AND ({})", or(others)), rarest.clone()];
    }
    vec![or(&counted[..wanted])]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(counts: &[i64]) -> Vec<String> {
        let counted: Vec<(i64, String)> =
            counts.iter().zip('a'..).map(|(rows, name)| (*rows, format!("\"{name}\""))).collect();
        expressions(&counted)
    }

    #[test]
    fn rare_terms_bring_rows_and_common_ones_only_in_company() {
        assert_eq!(of(&[]), [""; 0]);
        assert_eq!(of(&[3, 40]), ["\"a\" OR \"b\""]);
        assert_eq!(of(&[3, SEARCH_CANDIDATES]), ["\"a\""], "all rows of the second are too many");
        assert_eq!(of(&[SEARCH_CANDIDATES + 1]), ["\"a\""], "the rarest always");
        assert_eq!(of(&[SEARCH_CANDIDATES + 1, SEARCH_CANDIDATES + 2, 9_000]), ["\"a\" AND (\"b\" OR \"c\")", "\"a\""]);
    }
}
