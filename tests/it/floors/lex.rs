//! Rust source as words: what the structure tests look at, without comments, strings and characters.
//!
//! Only as much of the language as tells a path, a brace and a keyword from text that looks like one.

/// One word of source: an identifier, or one character of punctuation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// An identifier, keyword or number.
    Name(String),
    /// Anything else that is not space.
    Mark(char),
}

impl Word {
    /// Whether this is the identifier or keyword `name`.
    pub(crate) fn is(&self, name: &str) -> bool {
        matches!(self, Self::Name(own) if own == name)
    }

    /// Whether this is the character `mark`.
    pub(crate) fn mark(&self, mark: char) -> bool {
        *self == Self::Mark(mark)
    }

    /// The identifier, if it is one.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Mark(_) => None,
        }
    }
}

/// The words of `source`.
pub(crate) fn words(source: &str) -> Vec<Word> {
    let chars: Vec<char> = source.chars().collect();
    let mut at = 0;
    let mut found = Vec::new();
    while at < chars.len() {
        at = match chars[at] {
            '/' if chars.get(at + 1) == Some(&'/') => until(&chars, at, |c| c == '\n'),
            '/' if chars.get(at + 1) == Some(&'*') => after_block_comment(&chars, at),
            '"' => after_string(&chars, at),
            '\'' => after_quote(&chars, at),
            c if c.is_alphanumeric() || c == '_' => {
                let end = until(&chars, at, |c| !c.is_alphanumeric() && c != '_');
                let name: String = chars[at..end].iter().collect();
                match raw_hashes(&chars, end, &name) {
                    Some(hashes) => after_raw_string(&chars, end + hashes + 1, hashes),
                    None => {
                        found.push(Word::Name(name));
                        end
                    }
                }
            }
            c => {
                if !c.is_whitespace() {
                    found.push(Word::Mark(c));
                }
                at + 1
            }
        };
    }
    found
}

fn until(chars: &[char], from: usize, stop: impl Fn(char) -> bool) -> usize {
    (from..chars.len()).find(|&at| stop(chars[at])).unwrap_or(chars.len())
}

fn after_block_comment(chars: &[char], from: usize) -> usize {
    let mut depth = 0;
    let mut at = from;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

fn after_string(chars: &[char], from: usize) -> usize {
    let mut at = from + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// A character literal ends at its quote; a lifetime is only its tick.
fn after_quote(chars: &[char], from: usize) -> usize {
    match (chars.get(from + 1), chars.get(from + 2)) {
        (Some('\\'), _) => until(chars, from + 3, |c| c == '\'') + 1,
        (Some(_), Some('\'')) => from + 3,
        _ => from + 1,
    }
}

/// How many `#` a raw string has that begins with the prefix `name`; `None` where none begins.
fn raw_hashes(chars: &[char], end: usize, name: &str) -> Option<usize> {
    let quote = until(chars, end, |c| c != '#');
    (matches!(name, "r" | "br" | "cr") && chars.get(quote) == Some(&'"')).then_some(quote - end)
}

fn after_raw_string(chars: &[char], from: usize, hashes: usize) -> usize {
    let closes = |at: usize| chars[at] == '"' && (1..=hashes).all(|hash| chars.get(at + hash) == Some(&'#'));
    (from..chars.len()).find(|&at| closes(at)).map_or(chars.len(), |at| at + 1 + hashes)
}

#[test]
fn text_is_not_taken_for_code() {
    let source = r####"a // unsafe
        /* unsafe /* unsafe */ unsafe */ b "unsafe \" unsafe" c r#"unsafe " unsafe"# d 'u' '\'' 'static e b"unsafe" br"unsafe" f"####;
    let names: Vec<_> = words(source).iter().filter_map(|word| word.name().map(str::to_owned)).collect();
    assert_eq!(names, ["a", "b", "c", "d", "static", "e", "b", "f"]);
}
