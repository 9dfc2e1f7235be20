//! «Upstairs» and «downstairs», where the floors' names leave one floor that can be meant.

use super::entity::FloorRef;
use super::model::Home;
use super::words::split;

/// The floors that these words mean; nothing where a floor is called so, or where several could be meant.
pub(super) fn stairs(home: &Home) -> Vec<(&'static str, FloorRef)> {
    let ground = home.floors.iter().any(|floor| has(&floor.name, &["ground"]));
    let main = ground || home.floors.iter().any(|floor| has(&floor.name, &["main", "first"]));
    let levels: Vec<Option<i8>> = home.floors.iter().map(|floor| level(&floor.name, ground, main)).collect();
    let only = |fits: &dyn Fn(i8) -> bool| {
        let mut found = levels.iter().enumerate().filter(|(_, level)| level.is_some_and(&fits));
        let first = found.next().map(|(place, _)| FloorRef(place));
        first.filter(|_| found.next().is_none())
    };
    // A floor that nobody can place might be meant too.
    if levels.iter().any(Option::is_none) {
        return Vec::new();
    }
    // Under one roof: the upper of two is upstairs, whatever they are called.
    let top = levels.iter().flatten().max().copied().unwrap_or(0);
    let fits_up = |level: i8| if top > 0 { level > 0 } else { level == 0 };
    let fits_down = |level: i8| if top > 0 { level <= 0 } else { level < 0 };
    // «Upstairs» is the floor that is called upper, not what lies above it.
    let upper = |level: i8| level == UPPER;
    let words = [("upstairs", only(&fits_up).or_else(|| only(&upper))), ("downstairs", only(&fits_down))];
    words
        .into_iter()
        .filter_map(|(word, floor)| Some((word, floor?)))
        .filter(|(w, _)| home.find_floor(w).is_none())
        .collect()
}

/// The level of what is called upper and nothing more.
const UPPER: i8 = 8;

/// How high a floor is by its name: 0 is where the front door is.
fn level(name: &str, ground: bool, main: bool) -> Option<i8> {
    let first = if ground { 1 } else { 0 };
    let lower = if main { -1 } else { 0 };
    let levels: [(&[&str], i8); 8] = [
        (&["basement", "cellar", "underground"], -1),
        (&["lower"], lower),
        (&["ground", "main", "downstairs"], 0),
        (&["first", "1st", "1"], first),
        (&["second", "2nd", "2"], first + 1),
        (&["third", "3rd", "3"], first + 2),
        (&["upper", "upstairs"], UPPER),
        (&["top", "attic", "loft", "roof"], 9),
    ];
    levels.into_iter().find(|(words, _)| has(name, words)).map(|(_, level)| level)
}

fn has(name: &str, words: &[&str]) -> bool {
    split(name, 8).iter().any(|word| words.contains(&word.text.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(floors: &[&str]) -> Vec<(&'static str, usize)> {
        let floors: Vec<_> = floors.iter().map(|name| serde_json::json!({"name": name})).collect();
        let home = Home::from_json(&serde_json::json!({"floors": floors})).unwrap();
        stairs(&home).into_iter().map(|(word, floor)| (word, floor.0)).collect()
    }

    #[test]
    fn the_words_mean_a_floor_where_one_can_be_meant() {
        assert_eq!(of(&["First Floor", "Second Floor"]), [("upstairs", 1), ("downstairs", 0)]);
        assert_eq!(of(&["Ground Floor", "First Floor"]), [("upstairs", 1), ("downstairs", 0)]);
        assert_eq!(of(&["Basement", "Main Floor", "Upper Floor"]), [("upstairs", 2)]);
        assert_eq!(of(&["First Floor", "Second Floor", "Attic"]), [("downstairs", 0)]);
        assert_eq!(of(&["Main Floor", "Lower Level"]), [("upstairs", 0), ("downstairs", 1)]);
        assert_eq!(of(&["Lower Floor", "Upper Floor"]), [("upstairs", 1), ("downstairs", 0)]);
        assert_eq!(of(&["Cellar", "Ground Floor", "Upper Floor", "Attic"]), [("upstairs", 2)]);
        assert_eq!(of(&["Ground Floor", "Upstairs"]), [("downstairs", 0)], "a floor's own name is its own");
        assert_eq!(of(&["First Floor", "Second Floor", "Annex"]), []);
        assert_eq!(of(&[]), []);
    }
}
