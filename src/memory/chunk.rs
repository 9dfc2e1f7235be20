//! Long texts in pieces that fit an embedder: under their headings, with some overlap.
//!
//! A piece never crosses a Markdown heading; it carries the headings above it, so that it can be
//! understood alone. Sizes are in words, which an English text has about 0.75 of for each token.

/// Words in one piece, at most: about 260 tokens, what MiniLM-L6 reads without cutting.
pub const PIECE_WORDS: usize = 180;
/// Words of a piece that the next one repeats: 12 %.
pub const OVERLAP_WORDS: usize = 22;

/// One piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The headings above it, outermost first.
    pub headings: Vec<String>,
    /// Its text, as it stands in the source.
    pub text: String,
    /// Where it begins in the source, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// The pieces of a text, in order; one for a short text, none for an empty one.
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut headings: Vec<(usize, String)> = Vec::new();
    let mut section = 0;
    let mut at = 0;
    let mut fenced = false;
    for line in text.split_inclusive('\n') {
        fenced ^= line.trim_start().starts_with("```");
        let heading = if fenced { None } else { heading(line) };
        if let Some((level, title)) = heading {
            cut(text, section, at, &headings, &mut found);
            headings.retain(|(above, _)| *above < level);
            headings.push((level, title.to_owned()));
            section = at + line.len();
        }
        at += line.len();
    }
    cut(text, section, at, &headings, &mut found);
    found
}

/// A Markdown heading of the `#` form (CommonMark 4.2): its level and title.
fn heading(line: &str) -> Option<(usize, &str)> {
    let level = line.bytes().take_while(|b| *b == b'#').count();
    let title = line.get(level..)?;
    let sound = (1..=6).contains(&level) && title.starts_with([' ', '\t']) && !title.trim().is_empty();
    sound.then(|| (level, title.trim().trim_end_matches('#').trim_end()))
}

/// The pieces of one section.
fn cut(text: &str, start: usize, end: usize, headings: &[(usize, String)], found: &mut Vec<Piece>) {
    let section = &text[start..end];
    let mut words: Vec<(usize, usize)> = Vec::new();
    let mut word = None;
    for (at, c) in section.char_indices() {
        match (c.is_whitespace(), word) {
            (false, None) => word = Some(at),
            (true, Some(from)) => {
                words.push((from, at));
                word = None;
            }
            _ => {}
        }
    }
    words.extend(word.map(|from| (from, section.len())));
    let mut first = 0;
    while first < words.len() {
        let last = (first + PIECE_WORDS).min(words.len());
        let (from, to) = (words[first].0, words[last - 1].1);
        found.push(Piece {
            headings: headings.iter().map(|(_, title)| title.clone()).collect(),
            text: section[from..to].to_owned(),
            start: start + from,
            end: start + to,
        });
        if last == words.len() {
            return;
        }
        first = last - OVERLAP_WORDS;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pieces_stand_under_their_headings_and_overlap() {
        let long = (0..400).map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ");
        let text = format!("Intro.\n# House\n## Boiler\n{long}\n```\n# no heading\n```\n# Garden\nRoses.\n");
        let found = pieces(&text);
        assert_eq!(found[0].text, "Intro.");
        assert_eq!(found[1].headings, ["House", "Boiler"]);
        assert!(found[2].text.starts_with(&format!("w{}", PIECE_WORDS - OVERLAP_WORDS)));
        assert_eq!(
            found.last().map(|p| (p.headings.clone(), p.text.as_str())),
            Some((vec!["Garden".into()], "Roses."))
        );
        assert!(pieces(" \n ").is_empty());
    }

    proptest! {
        #[test]
        fn no_word_is_lost_and_every_piece_is_where_it_says(text in "[a-z #\n\u{e4}`]{0,400}") {
            let found = pieces(&text);
            for piece in &found {
                prop_assert_eq!(&text[piece.start..piece.end], piece.text.as_str());
                prop_assert!(piece.text.split_whitespace().count() <= PIECE_WORDS);
            }
            for pair in found.windows(2) {
                prop_assert!(pair[0].start < pair[1].start);
            }
        }
    }
}
