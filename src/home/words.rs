//! Words: how names and sentences become the same tokens.
//!
//! Case, accents, punctuation, possessives and plurals must not keep «Trader Joe's» from meeting
//! «trader joes». Contractions are spelled out; numbers stay numbers; places in the text are kept.

/// One word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// In lower case, without accents; `,` and `?` stand for themselves.
    pub text: String,
    /// The singular, and digits for small number words: what names are compared by.
    pub stem: String,
    /// Where it begins in the text, in bytes.
    pub start: usize,
    /// Where it ends in the text, in bytes.
    pub end: usize,
}

impl Word {
    /// Whether it was written as a possessive: «Anna's».
    #[must_use]
    pub fn possessive_in(&self, text: &str) -> bool {
        let mut end = text.get(self.start..self.end).unwrap_or("").chars().rev();
        end.next().is_some_and(|c| c.eq_ignore_ascii_case(&'s')) && end.next().is_some_and(apostrophe)
    }
}

/// The words of a text, at most `most`.
#[must_use]
pub fn split(text: &str, most: usize) -> Vec<Word> {
    let mut out: Vec<Word> = Vec::with_capacity(16);
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if out.len() >= most {
            break;
        }
        if let Some(mark) = mark(c) {
            push(&mut out, mark, start, start + c.len_utf8());
            continue;
        }
        let negative = c == '-' && digit_at(text, start + 1) && !text[..start].ends_with(char::is_alphanumeric);
        if !c.is_alphanumeric() && !negative {
            continue;
        }
        let numeric = c.is_ascii_digit() || negative;
        let mut word = String::with_capacity(12);
        fold(c, &mut word);
        let mut end = start + c.len_utf8();
        while let Some(&(at, next)) = chars.peek() {
            let inside = if numeric { in_number(text, at, next) } else { in_word(text, at, next) };
            if !inside {
                break;
            }
            chars.next();
            end = at + next.len_utf8();
            if !(numeric && next == ',') {
                fold(next, &mut word);
            }
        }
        spell_out(&mut out, word, start, end);
    }
    out.truncate(most);
    out
}

/// Punctuation that means something.
fn mark(c: char) -> Option<&'static str> {
    match c {
        '%' | '％' => Some("percent"),
        '°' | 'º' => Some("degrees"),
        '&' => Some("and"),
        ',' | ';' | '.' | '!' | ':' | '\n' => Some(","),
        '?' => Some("?"),
        _ => None,
    }
}

fn digit_at(text: &str, at: usize) -> bool {
    text.as_bytes().get(at).is_some_and(u8::is_ascii_digit)
}

/// `20.5`, `1,000`, `7:30`, `1/2`, `1st`.
fn in_number(text: &str, at: usize, c: char) -> bool {
    match c {
        '0'..='9' => true,
        '.' | '/' | ':' => digit_at(text, at + 1),
        ',' => (1..=3).all(|i| digit_at(text, at + i)) && !digit_at(text, at + 4),
        _ => ["st", "nd", "rd", "th"].iter().any(|o| ordinal(text, at, o)),
    }
}

/// Whether the ordinal ending stands at `at` or one byte before it, and the word ends with it.
fn ordinal(text: &str, at: usize, ending: &str) -> bool {
    let ends = |from: usize| {
        text.get(from..from + 2).is_some_and(|t| t.eq_ignore_ascii_case(ending))
            && !text[from + 2..].starts_with(char::is_alphanumeric)
    };
    ends(at) && digit_at(text, at.wrapping_sub(1)) || at > 1 && ends(at - 1) && digit_at(text, at - 2)
}

/// Letters, digits, an apostrophe between letters, a point between digits (`pm2.5`).
fn in_word(text: &str, at: usize, c: char) -> bool {
    if apostrophe(c) {
        return text[at + c.len_utf8()..].starts_with(char::is_alphabetic);
    }
    c.is_alphanumeric() || c == '.' && digit_at(text, at + 1) && at > 0 && digit_at(text, at - 1)
}

const fn apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '`' | '´' | 'ʼ')
}

/// One letter in lower case without its accent.
fn fold(c: char, out: &mut String) {
    if c.is_ascii() {
        out.push(c.to_ascii_lowercase());
        return;
    }
    if apostrophe(c) {
        out.push('\'');
        return;
    }
    for lower in c.to_lowercase() {
        match lower {
            'à'..='å' | 'ā' | 'ă' | 'ą' => out.push('a'),
            'ç' | 'ć' | 'č' => out.push('c'),
            'è'..='ë' | 'ē' | 'ę' | 'ě' => out.push('e'),
            'ì'..='ï' | 'ī' => out.push('i'),
            'ñ' | 'ń' | 'ň' => out.push('n'),
            'ò'..='ö' | 'ø' | 'ō' | 'ő' => out.push('o'),
            'ù'..='ü' | 'ū' | 'ů' | 'ű' => out.push('u'),
            'ý' | 'ÿ' => out.push('y'),
            'š' | 'ś' => out.push('s'),
            'ž' | 'ź' | 'ż' => out.push('z'),
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            '²' | '₂' => out.push('2'),
            '³' | '₃' => out.push('3'),
            other => out.push(other),
        }
    }
}

/// Adds a word, with contractions spelled out and possessives dropped.
fn spell_out(out: &mut Vec<Word>, word: String, start: usize, end: usize) {
    if let Some((_, whole)) = SPOKEN.iter().find(|(w, _)| *w == word) {
        for part in whole.split(' ') {
            push(out, part, start, end);
        }
        return;
    }
    let Some((head, tail)) = word.rsplit_once('\'') else {
        push(out, &word, start, end);
        return;
    };
    let head = head.replace('\'', "");
    let (head, tail) = match tail {
        "s" if BEFORE_IS.contains(&head.as_str()) => (head, "is"),
        "s" => (head, ""),
        "d" => (head, "would"),
        "ll" => (head, "will"),
        "m" => (head, "am"),
        "re" => (head, "are"),
        "ve" => (head, "have"),
        "t" if head.ends_with('n') && head.len() > 2 => (head[..head.len() - 1].to_owned(), "not"),
        _ => (format!("{head}{tail}"), ""),
    };
    push(out, &head, start, end);
    if !tail.is_empty() {
        push(out, tail, start, end);
    }
}

/// Words after which «'s» is «is», not a possessive.
const BEFORE_IS: &[&str] =
    &["what", "where", "who", "how", "it", "that", "there", "here", "when", "he", "she", "everything", "everyone"];

/// Contractions as speech recognition writes them, and those that change their stem.
const SPOKEN: &[(&str, &str)] = &[
    ("whats", "what is"),
    ("wheres", "where is"),
    ("whos", "who is"),
    ("hows", "how is"),
    ("theres", "there is"),
    ("dont", "do not"),
    ("doesnt", "does not"),
    ("didnt", "did not"),
    ("isnt", "is not"),
    ("arent", "are not"),
    ("cant", "can not"),
    ("can't", "can not"),
    ("cannot", "can not"),
    ("wont", "will not"),
    ("won't", "will not"),
    ("shouldnt", "should not"),
    ("wouldnt", "would not"),
    ("couldnt", "could not"),
    ("let's", "let us"),
    ("lets", "let us"),
    ("im", "i am"),
    ("gimme", "give me"),
    ("lemme", "let me"),
    ("gonna", "going to"),
    ("wanna", "want to"),
    ("1st", "first"),
    ("2nd", "second"),
    ("3rd", "third"),
    ("4th", "fourth"),
    ("5th", "fifth"),
];

fn push(out: &mut Vec<Word>, text: &str, start: usize, end: usize) {
    if !text.is_empty() {
        out.push(Word { text: text.to_owned(), stem: stem(text), start, end });
    }
}

/// The singular of a plural, digits for small number words, the word itself otherwise.
#[must_use]
pub fn stem(word: &str) -> String {
    if let Some((_, digit)) = SMALL.iter().find(|(w, _)| *w == word) {
        return (*digit).to_owned();
    }
    let len = word.len();
    let cut = |n: usize| word.get(..len.saturating_sub(n)).unwrap_or(word).to_owned();
    if len < 4 {
        return if matches!(word, "tvs" | "acs" | "pcs") { cut(1) } else { word.to_owned() };
    }
    if ["ss", "us", "is", "ous"].iter().any(|e| word.ends_with(e)) || !word.ends_with('s') {
        return word.to_owned();
    }
    if word.ends_with("ies") && len > 4 {
        return cut(3) + "y";
    }
    if ["ches", "shes", "xes", "sses", "zes"].iter().any(|e| word.ends_with(e)) {
        return cut(2);
    }
    if word.ends_with("elves") {
        return cut(3) + "f";
    }
    cut(1)
}

const SMALL: &[(&str, &str)] = &[
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
    ("eleven", "11"),
    ("twelve", "12"),
    ("thirteen", "13"),
    ("fourteen", "14"),
    ("fifteen", "15"),
    ("sixteen", "16"),
    ("seventeen", "17"),
    ("eighteen", "18"),
    ("nineteen", "19"),
    ("twenty", "20"),
];

/// A name as part of an id: `Kitchen Lamp` is `kitchen_lamp`.
#[must_use]
pub fn slug(name: &str) -> String {
    let words: Vec<String> =
        split(name, 64).into_iter().map(|w| w.text).filter(|w| w.starts_with(char::is_alphanumeric)).collect();
    if words.is_empty() { "unnamed".to_owned() } else { words.join("_") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(s: &str) -> Vec<String> {
        split(s, 100).into_iter().map(|w| w.text).collect()
    }

    #[test]
    fn words_numbers_marks_and_contractions() {
        assert_eq!(texts("Don’t turn ON the Café-lamp!"), ["do", "not", "turn", "on", "the", "cafe", "lamp", ","]);
        assert_eq!(texts("what's 20.5°C, 50% of 1,000?"), {
            ["what", "is", "20.5", "degrees", "c", ",", "50", "percent", "of", "1000", "?"]
        });
        assert_eq!(texts("5min 2700K 1/2 7:30 -5 1st 2nd"), {
            ["5", "min", "2700", "k", "1/2", "7:30", "-5", "first", "second"]
        });
        assert_eq!(texts("PM2.5 n2o trader joe's 😀 deck's"), ["pm2.5", "n2o", "trader", "joe", "deck"]);
    }

    #[test]
    fn plurals_and_small_numbers_share_a_stem() {
        for (plural, single) in
            [("lights", "light"), ("batteries", "battery"), ("switches", "switch"), ("tvs", "tv"), ("two", "2")]
        {
            assert_eq!(stem(plural), single);
        }
        for same in ["glass", "bus", "gas", "is"] {
            assert_eq!(stem(same), same);
        }
    }

    #[test]
    fn places_point_into_the_text() {
        let text = "play «The Ünder»";
        for word in split(text, 10) {
            assert!(text.get(word.start..word.end).is_some());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_splits_within_its_bounds(text in "\\PC{0,80}") {
            let words = split(&text, 20);
            proptest::prop_assert!(words.len() <= 20);
            for w in &words {
                proptest::prop_assert!(text.get(w.start..w.end).is_some());
            }
        }
    }
}
