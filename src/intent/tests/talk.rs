//! Conversations: what an answer and «the other one» mean, and that no word in them moves what was not spoken of.

use super::super::{Context, Decision};
use super::{POOL, home, read, say, speaks_of};
use crate::home::Home;

/// What was said before, so that something is mentioned, done or asked about.
const EARLIER: [&str; 6] = [
    "turn on the light",
    "switch on the porch lantern",
    "unlcok the front door",
    "set the temperature to 18.5",
    "unlock the door",
    "open the left blind and turn off the tower fan",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 2000, rng_seed: super::SEED, failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_words_in_a_conversation_move_what_neither_they_nor_it_spoke_of(
        picks in proptest::collection::vec(0usize..10_000, 1..7),
        earlier in 0usize..6,
        area in proptest::option::of(0usize..7),
    ) {
        let mut words: Vec<String> = picks.iter().map(|p| POOL[p % POOL.len()].clone()).collect();
        let answers = ["it", "yes", "both", "the other one", "last", "first", "and", "no", "all of them", "here"];
        words.push(answers[picks[0] % answers.len()].to_owned());
        let mut home = home();
        let area = area.map(|a| home.areas[a].name.clone());
        let before = say(&mut home, EARLIER[earlier], area.as_deref(), Context::default()).0;
        let asked = before.context.pending.clone().map_or_else(Vec::new, |q| q.candidates);
        let mut known: Vec<String> = before.context.mentioned.iter().chain(&asked).map(|e| home.entity(*e).unwrap().id.clone()).collect();
        // «The other one» is of the kind and room of what was mentioned.
        let mentioned: Vec<_> = before.context.mentioned.iter().filter_map(|e| home.entity(*e)).map(|e| (e.kind, e.area)).collect();
        known.extend(home.entities.iter().filter(|e| mentioned.contains(&(e.kind, e.area))).map(|e| e.id.clone()));
        let (u, changes, _) = say(&mut home, &words.join(" "), area.as_deref(), before.context);
        proptest::prop_assert!(u.decision == Decision::Act || changes.is_empty());
        let spoken: Vec<String> = words.iter().map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()).to_owned()).collect();
        for change in changes.iter().filter(|c| !c.entity.starts_with("timer.") && c.entity != "todo.shopping_list") {
            let of = known.contains(&change.entity) || speaks_of(&home, &change.entity, &spoken);
            proptest::prop_assert!(of, "{} by {words:?} after {}", change.entity, EARLIER[earlier]);
        }
    }
}

#[test]
fn the_other_one_is_the_one_that_is_left_of_two() {
    for (first, then, area, changed) in [
        ("turn on the left bedside lamp", "and the other one", None, &["light.bed_right"][..]),
        ("turn on the left bedside lamp", "turn on the other lamp too", None, &["light.bed_right"]),
        ("close the left blind", "open the other one", None, &["cover.lounge_right"]),
        // Nothing is left, or several are.
        ("turn on the pantry bulb", "turn on the other one", None, &[]),
        ("turn on the kettle", "and the other one too", None, &[]),
        ("switch on the mirror light and the kettle", "turn off the other one", None, &[]),
    ] {
        let mut home = home();
        let (before, ..) = say(&mut home, first, area, Context::default());
        let (_, changes, said) = say(&mut home, then, area, before.context);
        let mut ids: Vec<&str> = changes.iter().map(|c| c.entity.as_str()).collect();
        ids.dedup();
        assert_eq!(ids, changed, "{first}, {then}: {said}");
    }
    // What opens the house is asked about once more.
    let mut home = home();
    let (before, ..) = say(&mut home, "lock the back door", None, Context::default());
    let (u, changes, _) = say(&mut home, "unlock the other one", None, before.context);
    assert!(u.decision != Decision::Act && changes.is_empty(), "{u:?}");
}

#[test]
fn an_answer_may_leave_several_and_is_asked_about_again() {
    let home = Home::from_json(&serde_json::json!({
        "floors": [{"name": "Upper Floor"}],
        "areas": [{"name": "Loft", "floor": "Upper Floor"}, {"name": "Den", "floor": "Upper Floor"}, {"name": "Shed"}],
        "entities": [
            {"id": "cover.a", "kind": "blind", "name": "Blind", "area": "Loft"},
            {"id": "cover.b", "kind": "blind", "name": "Blind", "area": "Den"},
            {"id": "cover.c", "kind": "blind", "name": "Blind", "area": "Shed"}
        ]
    }))
    .unwrap();
    let asked = read(&home, "open the blind", None, Context::default());
    let again = read(&home, "upstairs", None, asked.context.clone());
    assert_eq!((again.decision, again.say.as_str()), (Decision::Ask, "Which one: Blind in Loft or Blind in Den?"));
    let chosen = read(&home, "the last one", None, again.context);
    assert_eq!(chosen.calls[0].targets, [home.find("cover.b").unwrap()]);
    let other = read(&home, "the other one", None, asked.context);
    assert!(other.decision == Decision::Ask && other.calls.is_empty(), "{other:?}");
}

#[test]
fn of_several_timers_none_is_taken_by_chance() {
    let mut home = Home::from_json(&serde_json::json!({"timers": [
        {"name": "rice", "start_minutes": 12, "total_seconds_left": 300},
        {"name": "eggs", "start_minutes": 6, "total_seconds_left": 200}]}))
    .unwrap();
    for wish in ["cancel the timer", "pause the timer", "add a minute to the timer"] {
        let (u, changes, said) = say(&mut home, wish, None, Context::default());
        assert!(u.decision == Decision::Ask && changes.is_empty(), "{wish}: {said}");
        assert!(said.contains("eggs timer") && said.contains("rice timer"), "{said}");
    }
    for (answer, gone) in [("the rice one", "timer.1"), ("the first", "timer.2"), ("the last one", "timer.1")] {
        let mut home = home.clone();
        let (asked, ..) = say(&mut home, "cancel the timer", None, Context::default());
        let (_, changes, _) = say(&mut home, answer, None, asked.context);
        let ids: Vec<&str> = changes.iter().map(|c| c.entity.as_str()).collect();
        assert!(!ids.is_empty() && ids.iter().all(|id| *id == gone), "{answer}: {ids:?}");
    }
    let (asked, ..) = say(&mut home, "cancel the timer", None, Context::default());
    let (_, changes, _) = say(&mut home, "the bread one", None, asked.context);
    assert!(changes.is_empty(), "{changes:?}");
}

#[test]
fn of_what_cannot_be_reached_nobody_says_that_it_is_off() {
    let mut home = home();
    let lamp = home.find("light.pantry").unwrap();
    let (_, _, told) = say(&mut home, "is the pantry bulb on", None, Context::default());
    assert!(told.starts_with("No,"), "{told}");
    home.observe_lost(lamp);
    for asked in ["is the pantry bulb on", "is the pantry bulb off"] {
        let (_, _, told) = say(&mut home, asked, None, Context::default());
        assert!(told.starts_with("I cannot tell:") && told.contains("unavailable"), "{asked}: {told}");
    }
    let (_, _, told) = say(&mut home, "is the pantry bulb unavailable", None, Context::default());
    assert!(told.starts_with("Yes,"), "{told}");
}
