//! «rooms 1 and 2», «room number one»: places that are told apart by a number, each with its own name.

use super::item::Item;
use crate::home::words::{Word, stem};
use crate::home::{Gazetteer, NameOf};

/// Says the noun again before each further number, where each of them is a name of the home.
pub(in crate::intent) fn spelled_out(words: Vec<Word>, names: &Gazetteer) -> Vec<Word> {
    let mut out: Vec<Word> = Vec::with_capacity(words.len());
    let mut noun: Option<Word> = None;
    for (at, word) in words.iter().enumerate() {
        let named = |noun: &Word, number: &Word| {
            !names.find([noun.stem.as_str(), number.stem.as_str()]).is_empty()
                || !names.numbered(&noun.stem, &number.stem).is_empty()
        };
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

/// «socket 3», «bedroom two», where that is part of names: no level of three. A number that no such name has is a
/// riddle.
pub(super) fn told_apart(noun: &mut Item, number: &mut Item, names: &Gazetteer) {
    let bearers = names.numbered(&noun.head, &number.head);
    if bearers.is_empty() {
        let part = names.bearing(&number.head);
        if noun.parts.iter().any(|e| part.contains(e)) {
            (number.value, number.parts) = (None, part.to_vec());
        } else if names.counts(&noun.head) && !noun.plural && !noun.senses.is_empty() {
            number.value = None;
        }
        return;
    }
    // A «Lamp» beside the «Corner Lamp 2» is not meant by «lamp 2».
    noun.hits.retain(|h| !matches!(h.of, NameOf::Entity(_)));
    if noun.unknown() {
        noun.parts.clone_from(&bearers);
    }
    (number.value, number.parts) = (None, bearers);
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

    use super::super::number::Value;
    use super::super::scan::Scan;
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

    #[test]
    fn a_number_behind_a_noun_is_part_of_a_name_or_a_riddle_and_not_a_level() {
        let home = json!({"entities": [
            {"id": "switch.a", "name": "220V Socket 3", "attributes": {"device_class": "outlet"}},
            {"id": "light.lamp", "name": "Lamp"}, {"id": "light.b", "name": "Corner Lamp 2"}]});
        let home = Home::from_json(&home).unwrap();
        let last = |text: &str| Scan::new(text, &home).items.pop().unwrap();
        let (socket, lamp) = (home.find("switch.a").unwrap(), home.find("light.b").unwrap());
        assert_eq!(last("turn off socket three").parts, [socket]);
        let [.., noun, number] = &Scan::new("turn off lamp 2", &home).items[..] else { panic!("two items") };
        assert!(noun.hits.is_empty() && number.parts == [lamp], "the plain «Lamp» is not meant");
        assert!(last("turn off socket 4").unknown());
        assert_eq!(last("set the lamp to 2").value, Some(Value::Plain(2.0)));
        assert_eq!(last("set the lamps 4").value, Some(Value::Plain(4.0)));
    }
}
