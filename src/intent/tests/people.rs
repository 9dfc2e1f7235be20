//! What people say, as several of them would say it, to homes of our own: the final state of every entity.
//!
//! A line of `tests/data/say/people/*.txt` is `sentence [|| next sentence] [@ area] => what changes`: the
//! changes of the last sentence as `id.property=value` (`*` for any value, a number to within one part of
//! its scale), `ask` (asked back), `none` (not asked back), `still` (either), or `"words of the reply"`.
//! In all but the first, nothing may change; in the first, nothing else may.

use serde_json::Value;

use super::super::{Context, Decision};
use super::say;
use crate::home::{Change, Home};

const HOMES: &[(&str, &str)] = &[
    (
        include_str!("../../../tests/data/say/people/farmhouse.json"),
        include_str!("../../../tests/data/say/people/farmhouse.txt"),
    ),
    (include_str!("../../../tests/data/say/people/flat.json"), include_str!("../../../tests/data/say/people/flat.txt")),
    (
        include_str!("../../../tests/data/say/people/estate.json"),
        include_str!("../../../tests/data/say/people/estate.txt"),
    ),
    (
        include_str!("../../../tests/data/say/people/tower.json"),
        include_str!("../../../tests/data/say/people/tower.txt"),
    ),
    (include_str!("../../../tests/data/say/people/loft.json"), include_str!("../../../tests/data/say/people/loft.txt")),
    (
        include_str!("../../../tests/data/say/people/millers.json"),
        include_str!("../../../tests/data/say/people/millers.txt"),
    ),
    (
        include_str!("../../../tests/data/say/people/bungalow.json"),
        include_str!("../../../tests/data/say/people/bungalow.txt"),
    ),
    (
        include_str!("../../../tests/data/say/people/chalet.json"),
        include_str!("../../../tests/data/say/people/chalet.txt"),
    ),
    (
        include_str!("../../../tests/data/say/people/office.json"),
        include_str!("../../../tests/data/say/people/office.txt"),
    ),
    (
        include_str!("../../../tests/data/say/people/studio.json"),
        include_str!("../../../tests/data/say/people/studio.txt"),
    ),
    (include_str!("../../../tests/data/say/people/inn.json"), include_str!("../../../tests/data/say/people/inn.txt")),
    (
        include_str!("../../../tests/data/say/people/glasshouse.json"),
        include_str!("../../../tests/data/say/people/glasshouse.txt"),
    ),
    (
        include_str!("../../../tests/data/say/people/smallholding.json"),
        include_str!("../../../tests/data/say/people/smallholding.txt"),
    ),
    (
        include_str!("../../../tests/data/say/people/condo.json"),
        include_str!("../../../tests/data/say/people/condo.txt"),
    ),
    (
        include_str!("../../../tests/data/say/people/dacha.json"),
        include_str!("../../../tests/data/say/people/dacha.txt"),
    ),
    (
        include_str!("../../../tests/data/say/people/watermill.json"),
        include_str!("../../../tests/data/say/people/watermill.txt"),
    ),
    (
        include_str!("../../../tests/data/say/people/terrace.json"),
        include_str!("../../../tests/data/say/people/terrace.txt"),
    ),
];

fn equal(wanted: &str, got: &Value) -> bool {
    if wanted == "*" {
        return true;
    }
    match (wanted.parse::<f64>(), got.as_f64()) {
        (Ok(want), Some(got)) => (want - got).abs() <= if want.abs() > 2.0 { 1.0 } else { 0.01 },
        _ => got.as_str().map_or_else(|| got.to_string(), str::to_owned) == wanted,
    }
}

fn only(changes: &[Change], wanted: &str) -> bool {
    let wishes: Vec<(&str, &str, &str)> = wanted
        .split(", ")
        .map(|w| {
            let (path, value) = w.split_once('=').unwrap();
            let (entity, property) = path.rsplit_once('.').unwrap();
            (entity, property, value)
        })
        .collect();
    // One value after another («on», then brighter) leaves the last.
    let last = |entity: &str, property: &str| {
        changes.iter().rfind(|c| c.entity == entity && c.property == property).map(|c| &c.to)
    };
    changes.iter().all(|c| wishes.iter().any(|w| w.0 == c.entity))
        && wishes.iter().all(|(entity, property, value)| last(entity, property).is_some_and(|to| equal(value, to)))
}

#[test]
fn several_people_get_what_they_say_and_nothing_else() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (home, lines) in HOMES {
        let file: Value = serde_json::from_str(home).unwrap();
        let fresh = Home::from_json(&file).unwrap();
        for line in lines.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
            count += 1;
            let (said, wanted) = line.rsplit_once(" => ").unwrap();
            let (said, area) = said.split_once(" @ ").map_or((said, None), |(s, a)| (s, Some(a)));
            let mut home = fresh.clone();
            let mut context = Context::default();
            let turns: Vec<&str> = said.split(" || ").collect();
            for earlier in &turns[..turns.len() - 1] {
                context = say(&mut home, earlier, area, context).0.context;
            }
            let (u, changes, reply) = say(&mut home, turns[turns.len() - 1], area, context);
            let right = match wanted {
                "ask" => u.decision == Decision::Ask && changes.is_empty(),
                "none" => u.decision != Decision::Ask && changes.is_empty(),
                "still" => changes.is_empty(),
                "answer" => u.decision == Decision::Answer && changes.is_empty(),
                words if words.starts_with('"') => {
                    changes.is_empty() && reply.to_lowercase().contains(words.trim_matches('"'))
                }
                wanted => only(&changes, wanted),
            };
            if !right {
                wrong.push(format!("{said}: wanted {wanted}, got {:?} {changes:?} «{reply}»", u.decision));
            }
        }
    }
    assert!(count > 3_000, "{count} sentences");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}
