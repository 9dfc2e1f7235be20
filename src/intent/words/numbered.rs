//! «rooms 1 and 2», «room number one»: places that are told apart by a number, each with its own name.

use crate::home::Gazetteer;
use crate::home::words::{Word, stem};

/// Says the noun again before each further number, where each of them is a name of the home.
pub(in crate::intent) fn spelled_out(words: Vec<Word>, names: &Gazetteer) -> Vec<Word> {
    let mut out: Vec<Word> = Vec::with_capacity(words.len());
    let mut noun: Option<Word> = None;
    for (at, word) in words.iter().enumerate() {
        let named = |noun: &Word, number: &Word| !names.find([noun.stem.as_str(), number.stem.as_str()]).is_empty();
        let (before, after) = (at.checked_sub(1).and_then(|b| words.get(b)), words.get(at + 1));
        // «room number one»
        if word.text == "number" && before.zip(after).is_some_and(|(noun, number)| named(noun, number)) {
            noun = before.cloned();
            continue;
        }
        if after.is_some_and(|number| counts(number) && named(word, number)) {
            noun = Some(singular(word));
            out.extend(noun.clone());
            continue;
        }
        let listed = before.is_some_and(|b| matches!(b.text.as_str(), "and" | "," | "or" | "&"));
        match &noun {
            Some(its) if counts(word) && listed && named(its, word) => {
                out.push(Word { start: word.start, end: word.start, ..its.clone() });
            }
            Some(_) if counts(word) || matches!(word.text.as_str(), "and" | "," | "number") => {}
            _ => noun = None,
        }
        out.push(word.clone());
    }
    out
}

fn counts(word: &Word) -> bool {
    word.stem.bytes().all(|b| b.is_ascii_digit())
}

fn singular(word: &Word) -> Word {
    // The stem of a number word is its digits; a noun keeps its letters.
    Word { text: stem(&word.text), ..word.clone() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::home::Home;
    use crate::home::words::split;

    #[test]
    fn each_number_has_its_noun_where_that_is_a_name() {
        let home = json!({"areas": [{"name": "Room 1"}, {"name": "Room 2"}, {"name": "Room 3"}, {"name": "Loft"}]});
        let home = Home::from_json(&home).unwrap();
        let told = |text: &str| {
            let words = spelled_out(split(text, 40), home.gazetteer());
            words.iter().map(|w| w.text.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(told("lamps in rooms 1 and 2 off"), "lamps in room 1 and room 2 off");
        assert_eq!(told("rooms one, two and three"), "room one , room two and room three");
        assert_eq!(told("room number 2 on"), "room 2 on");
        assert_eq!(told("room 1 and 20 percent"), "room 1 and 20 percent");
        assert_eq!(told("loft and 2"), "loft and 2");
    }
}
