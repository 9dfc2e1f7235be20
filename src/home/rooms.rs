//! «The kitchen» for the only «Farm Kitchen»: rooms by the word for what they are.

use super::entity::AreaRef;
use super::model::Home;
use super::words::split;
use crate::base::limits;

/// Words for rooms of which a home rarely has two. Bedrooms are none of them: many are called after people.
const ROOMS: &[&str] = &[
    "kitchen",
    "kitchenette",
    "hall",
    "hallway",
    "office",
    "study",
    "attic",
    "loft",
    "cellar",
    "basement",
    "balcony",
    "terrace",
    "patio",
    "porch",
    "lounge",
    "garden",
    "barn",
    "shed",
    "workshop",
    "laundry",
    "pantry",
    "nursery",
    "library",
];

/// The areas that are the only ones with such a word at the end of their names, and the word.
pub(super) fn rooms(home: &Home) -> Vec<(&'static str, AreaRef)> {
    let mut out: Vec<(&'static str, AreaRef)> = Vec::new();
    let mut twice: Vec<&'static str> = Vec::new();
    for (i, area) in home.areas.iter().enumerate() {
        for name in std::iter::once(&area.name).chain(&area.aliases) {
            let words = split(name, limits::SENTENCE_WORDS);
            let Some(room) = ROOMS.iter().find(|room| words.iter().any(|w| w.stem == **room)) else { continue };
            let last = words.len() > 1 && words.last().is_some_and(|w| w.text == **room);
            match out.iter().find(|(word, _)| word == room) {
                Some((_, other)) if *other == AreaRef(i) => {}
                Some(_) => twice.push(room),
                None if last => out.push((room, AreaRef(i))),
                None => twice.push(room),
            }
        }
    }
    out.retain(|(room, _)| !twice.contains(room) && home.find_area(room).is_none() && home.find_floor(room).is_none());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(areas: serde_json::Value) -> Vec<&'static str> {
        let home = Home::from_json(&serde_json::json!({"areas": areas, "entities": []})).unwrap();
        rooms(&home).into_iter().map(|(word, _)| word).collect()
    }

    #[test]
    fn only_one_room_of_a_sort_is_called_by_its_word() {
        assert_eq!(of(serde_json::json!([{"name": "Farm Kitchen"}, {"name": "Tack Room"}])), ["kitchen"]);
        assert_eq!(of(serde_json::json!([{"name": "Farm Kitchen"}, {"name": "Summer Kitchen"}])), [""; 0]);
        assert_eq!(of(serde_json::json!([{"name": "Farm Kitchen"}, {"name": "Kitchen"}])), [""; 0]);
        assert_eq!(of(serde_json::json!([{"name": "Farm Kitchen"}, {"name": "Kitchen Stairs"}])), [""; 0]);
        assert_eq!(of(serde_json::json!([{"name": "Main Bedroom"}, {"name": "Ida's Room"}])), [""; 0]);
    }
}
