//! WordPiece: a text as ids of the model's vocabulary, exactly as the reference tokenizer splits it.
//!
//! The rules are those of uncased BERT: control characters out, ideographs apart, accents off, lower
//! case, split at white space and punctuation, then the longest piece that the vocabulary holds, again
//! and again. A marker such as `[SEP]` in a text is plain text: nobody can write one.

#![forbid(unsafe_code)]

use unicode_categories::UnicodeCategories;
use unicode_normalization::UnicodeNormalization as _;

/// Words longer than this are unknown as a whole, as in the reference.
const WORD_CHARS: usize = 100;

/// Why a vocabulary cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the vocabulary {0}")]
pub struct VocabularyFault(&'static str);

/// The vocabulary.
#[derive(Debug)]
pub struct Words {
    text: String,
    /// Where each piece ends in `text`; pieces are parted by a line feed.
    ends: Vec<u32>,
    /// Ids in the order of their pieces.
    sorted: Vec<u32>,
    /// Longest piece, in bytes.
    longest: usize,
    unknown: u32,
    first: u32,
    last: u32,
}

/// A text as the model reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pieces {
    /// Ids, with the markers of begin and end.
    pub ids: Vec<u32>,
    /// Words they were made from.
    pub words: usize,
    /// Whether the text was longer than the model reads.
    pub cut: bool,
}

impl Words {
    /// Reads a vocabulary: pieces, one a line, in the order of their ids.
    ///
    /// # Errors
    /// Where it is no text or a marker is not in it.
    pub fn read(bytes: &[u8]) -> Result<Self, VocabularyFault> {
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| VocabularyFault("is no UTF-8 text"))?;
        let mut ends = Vec::new();
        let mut longest = 0;
        let mut at = 0;
        for piece in text.split('\n') {
            longest = longest.max(piece.len());
            at += piece.len();
            ends.push(u32::try_from(at).map_err(|_| VocabularyFault("is too long"))?);
            at += 1;
        }
        let count = u32::try_from(ends.len()).map_err(|_| VocabularyFault("is too long"))?;
        let mut words = Self { text, ends, sorted: Vec::new(), longest, unknown: 0, first: 0, last: 0 };
        let mut sorted: Vec<u32> = (0..count).collect();
        sorted.sort_unstable_by_key(|id| words.piece(*id));
        words.sorted = sorted;
        let marker = |name, fault| words.id(name).ok_or(VocabularyFault(fault));
        let unknown = marker("[UNK]", "has no [UNK]")?;
        let first = marker("[CLS]", "has no [CLS]")?;
        let last = marker("[SEP]", "has no [SEP]")?;
        Ok(Self { unknown, first, last, ..words })
    }

    /// How many pieces there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// The text's pieces between the two markers, at most `most` ids altogether.
    #[must_use]
    pub fn split(&self, text: &str, most: usize) -> Pieces {
        let room = most.saturating_sub(1).max(1);
        let mut made = Pieces { ids: vec![self.first], words: 0, cut: false };
        let mut word = String::new();
        // Each character is looked at once; after the cut nothing more is.
        for c in normal(text) {
            let space = c.is_whitespace();
            let alone = !space && is_punctuation(c);
            if (space || alone) && !word.is_empty() {
                self.take_word(&word, &mut made);
                word.clear();
            }
            if alone {
                self.take_word(c.encode_utf8(&mut [0; 4]), &mut made);
            } else if !space {
                word.push(c);
            }
            if made.ids.len() > room {
                break;
            }
        }
        if !word.is_empty() {
            self.take_word(&word, &mut made);
        }
        made.cut = made.ids.len() > room;
        made.ids.truncate(room);
        made.ids.push(self.last);
        made
    }

    fn take_word(&self, word: &str, made: &mut Pieces) {
        made.words += 1;
        let before = made.ids.len();
        if word.chars().count() > WORD_CHARS || !self.take_pieces(word, &mut made.ids) {
            made.ids.truncate(before);
            made.ids.push(self.unknown);
        }
    }

    /// The longest piece first, each time; false where a rest has none.
    fn take_pieces(&self, word: &str, ids: &mut Vec<u32>) -> bool {
        let mut rest = word;
        let mut piece = String::with_capacity(self.longest + 2);
        while !rest.is_empty() {
            let inside = rest.len() < word.len();
            let mut end = rest.floor_char_boundary(self.longest);
            let found = loop {
                let Some(part) = rest.get(..end).filter(|part| !part.is_empty()) else { return false };
                piece.clear();
                piece.push_str(if inside { "##" } else { "" });
                piece.push_str(part);
                if let Some(id) = self.id(&piece) {
                    break id;
                }
                end = rest.floor_char_boundary(end - 1);
            };
            ids.push(found);
            rest = rest.get(end..).unwrap_or_default();
        }
        true
    }

    fn id(&self, piece: &str) -> Option<u32> {
        let place = self.sorted.binary_search_by_key(&piece, |id| self.piece(*id)).ok()?;
        self.sorted.get(place).copied()
    }

    fn piece(&self, id: u32) -> &str {
        let Ok(id) = usize::try_from(id) else { return "" };
        let end = |id: usize| self.ends.get(id).and_then(|end| usize::try_from(*end).ok());
        let start = id.checked_sub(1).map_or(Some(0), |before| end(before).map(|end| end + 1));
        start.zip(end(id)).and_then(|(start, end)| self.text.get(start..end)).unwrap_or_default()
    }
}

/// The text without control characters and accents, in lower case, with space around ideographs.
fn normal(text: &str) -> impl Iterator<Item = char> {
    let kept = text.chars().filter(|c| !matches!(c, '\0' | '\u{fffd}') && !is_control(*c));
    let parted = kept.flat_map(|c| {
        let space = is_ideograph(c).then_some(' ');
        space.into_iter().chain([c]).chain(space)
    });
    let bare = parted.nfd().filter(|c| !c.is_mark_nonspacing());
    bare.flat_map(char::to_lowercase)
}

fn is_control(c: char) -> bool {
    !matches!(c, '\t' | '\n' | '\r') && c.is_other()
}

fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation() || UnicodeCategories::is_punctuation(c)
}

/// The ranges of the reference, its gap at U+2B820 included.
const fn is_ideograph(c: char) -> bool {
    matches!(
        c as u32,
        0x4E00..=0x9FFF | 0x3400..=0x4DBF | 0x2_0000..=0x2_A6DF | 0x2_A700..=0x2_B73F
            | 0x2_B740..=0x2_B81F | 0x2_B920..=0x2_CEAF | 0xF900..=0xFAFF | 0x2_F800..=0x2_FA1F
    )
}
