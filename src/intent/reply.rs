//! What to say about what was done: what is now true, and by name what is not.

use super::turn::{Decision, Outcome, Understanding};
use crate::home::{Command, Entity, Home, Kind, number_of};

/// The reply to a sentence, from what became of each step. `home` is as it is after the read-back.
#[must_use]
pub fn reply(home: &Home, understanding: &Understanding, outcomes: &[Outcome]) -> String {
    if understanding.decision != Decision::Act {
        return understanding.say.clone();
    }
    // A timer or list was changed: what to say about it is known beforehand, that it was done is not.
    let carried = outcomes.iter().all(|o| matches!(o, Outcome::Carried | Outcome::Done(_))) && !outcomes.is_empty();
    if carried && !understanding.say.is_empty() {
        return understanding.say.clone();
    }
    let done: Vec<&Entity> =
        outcomes.iter().filter_map(|o| if let Outcome::Done(e) = o { home.entity(*e) } else { None }).collect();
    let mut say = match done.as_slice() {
        [] => String::new(),
        [one] => format!("{} {}.", called(one), truth(home, one, command_for(understanding))),
        many => together(many, understanding),
    };
    for outcome in outcomes {
        let sentence = match outcome {
            Outcome::Done(_) | Outcome::Carried => continue,
            Outcome::NotConfirmed(e) => {
                let Some(entity) = home.entity(*e) else { continue };
                format!("{} did not confirm: it still reads {}.", called(entity), spoken_state(entity))
            }
            Outcome::Failed(e, why) => {
                let Some(entity) = home.entity(*e) else { continue };
                format!("{} {why}.", called(entity))
            }
        };
        if !say.is_empty() {
            say.push(' ');
        }
        say.push_str(&sentence);
    }
    if say.is_empty() { "I understood, but nothing here carries that out.".to_owned() } else { say }
}

fn command_for(u: &Understanding) -> Option<&Command> {
    u.calls.first().map(|c| &c.command)
}

/// The name at the head of a sentence.
pub(super) fn called(entity: &Entity) -> String {
    let lower = entity.name.to_lowercase();
    if matches!(entity.kind, Kind::Person | Kind::Scene | Kind::Weather) || lower.starts_with("the ") {
        return entity.name.clone();
    }
    format!("The {}", decapitalised(&entity.name))
}

/// «Kitchen Lamp» inside a sentence is «kitchen lamp»; «TV» stays.
fn decapitalised(name: &str) -> String {
    let words: Vec<String> = name
        .split(' ')
        .map(|w| {
            let capitals = w.chars().filter(|c| c.is_uppercase()).count();
            if capitals > 1 || w.chars().any(|c| c.is_ascii_digit()) { w.to_owned() } else { w.to_lowercase() }
        })
        .collect();
    words.join(" ")
}

/// A state as people say it.
pub(super) fn spoken_state(entity: &Entity) -> String {
    if let Some(words) = &entity.state_words {
        return words.clone();
    }
    let state = entity.state.replace('_', " ");
    match entity.unit() {
        Some(unit) => format!("{state} {unit}"),
        None => state,
    }
}

/// What is now true of an entity, as far as the command is about it: «is on, at 50 %».
fn truth(home: &Home, entity: &Entity, command: Option<&Command>) -> String {
    let attribute = |name: &str| entity.attributes.get(name).and_then(number_of);
    let part = match command {
        Some(Command::Brightness(_) | Command::BrightnessStep(_)) => {
            attribute("brightness").map(|level| format!("at {:.0} %", level / home.style.per_percent("brightness")))
        }
        Some(Command::Color(c)) => Some(c.name.clone()),
        Some(Command::Temperature(_) | Command::TemperatureStep(_)) => {
            attribute("temperature").map(|t| format!("set to {t} degrees"))
        }
        _ => None,
    };
    let state = spoken_state(entity);
    let is = if plural(&entity.name) { "are" } else { "is" };
    match (part, command) {
        (Some(part), _) => format!("{is} {state}, {part}"),
        (None, Some(Command::TurnOn)) if entity.kind == Kind::Scene => "is active".to_owned(),
        (None, _) => format!("{is} {state}"),
    }
}

/// «Nursery Curtains»
fn plural(name: &str) -> bool {
    let last = name.rsplit(' ').next().unwrap_or(name).to_lowercase();
    last.ends_with('s') && crate::home::words::stem(&last) != last
}

/// Several at once: by name up to four, by number beyond.
fn together(many: &[&Entity], u: &Understanding) -> String {
    let same = many.iter().all(|e| e.state == many[0].state && e.kind == many[0].kind);
    if !same || u.calls.len() > 1 {
        let each: Vec<String> = many.iter().map(|e| format!("{} is {}.", called(e), spoken_state(e))).collect();
        return each.join(" ");
    }
    if many.len() > 4 {
        return format!("{} devices are {}.", many.len(), spoken_state(many[0]));
    }
    let names: Vec<String> = many.iter().map(|e| e.name.clone()).collect();
    format!("{} are {}.", listed(&names, "and"), spoken_state(many[0]))
}

/// «a, b and c»; without a last word: «a, b, c».
pub(super) fn listed(names: &[String], last: &str) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        _ if last.is_empty() => names.join(", "),
        [head @ .., tail] => format!("{} {last} {tail}", head.join(", ")),
    }
}
