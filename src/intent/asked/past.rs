//! Questions about what was: «when was the gate last opened», «was the lamp on last night».
//!
//! A home knows what is, and not what was: that is said, with what is so now, instead of a guess. The
//! sentence stays open, because memory or a model may know more.

use super::facts::how;
use crate::home::{Entity, EntityRef, Kind, NameOf};
use crate::intent::meant::scene::Scene;
use crate::intent::saying::outcome::abstain;
use crate::intent::saying::spoken::{called, is_or_are};
use crate::intent::turn::Understanding;
use crate::intent::words::lexicon::Sense;
use crate::intent::words::scan::Scan;

/// How such questions begin, behind nothing but politeness.
const OPENERS: &[&[&str]] = &[
    &["was"],
    &["were"],
    &["did"],
    &["has"],
    &["had"],
    &["have", "the"],
    &["when", "was"],
    &["when", "were"],
    &["when", "did"],
    &["when", "has"],
    &["what", "time", "was"],
    &["what", "time", "were"],
    &["what", "time", "did"],
    &["since", "when"],
    &["how", "long", "has"],
    &["how", "long", "have"],
    &["how", "long", "was"],
    &["how", "long", "were"],
    &["how", "long", "did"],
    &["how", "often", "was"],
    &["how", "often", "has"],
    &["how", "often", "did"],
    &["how", "many", "times"],
    &["what", "was"],
    &["what", "were"],
    &["which"],
    &["how", "warm", "was"],
    &["how", "cold", "was"],
    &["how", "hot", "was"],
    &["how", "much"],
    &["who"],
];

/// Verbs whose past is a change of something.
const DONE: &[&str] =
    &["opened", "closed", "locked", "unlocked", "turned", "switched", "left", "started", "stopped", "shut"];

/// What is said to a question about the past of something in the home; [`None`] where it is none.
pub(in crate::intent) fn past(scene: &Scene<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let polite =
        scan.words.iter().take_while(|w| matches!(w.text.as_str(), "hey" | "please" | "so" | "and" | ",")).count();
    let words: Vec<&str> = scan.words[polite..].iter().map(|w| w.text.as_str()).collect();
    let opener = OPENERS.iter().filter(|o| words.starts_with(o)).max_by_key(|o| o.len())?;
    let rest = &words[opener.len()..];
    let told = match **opener {
        ["who"] => rest.first().is_some_and(|w| DONE.contains(w)),
        // «have the lamp on» is a wish.
        ["have", "the"] => rest.contains(&"been"),
        ["which"] | ["how", "much"] => rest.iter().any(|w| matches!(*w, "was" | "were" | "did")),
        // «did I leave the lamp on» is about now.
        ["did"] | ["has"] => !rest.iter().any(|w| matches!(*w, "leave" | "left" | "forget")),
        _ => true,
    };
    let mut guarded = words.iter().filter(|w| matches!(**w, "if" | "unless" | "said" | "says"));
    if !told || guarded.next().is_some() {
        return None;
    }
    let now = now(scene, scan)?;
    Some(abstain(scene.turn, format!("I do not keep what was. {now}").trim_end()))
}

/// What is named.
fn spoken_of(scan: &Scan<'_>) -> Vec<EntityRef> {
    let named = scan.items.iter().flat_map(|i| &i.hits);
    named.filter_map(|h| if let NameOf::Entity(e) = h.of { Some(e) } else { None }).collect()
}

/// How it is now with what is named; nothing to say where only a kind was; [`None`] where nothing of the home was.
fn now(scene: &Scene<'_>, scan: &Scan<'_>) -> Option<String> {
    let named: Vec<&Entity> = spoken_of(scan).into_iter().filter_map(|e| scene.home.entity(e)).collect();
    if let Some(so) = named.iter().find_map(|e| so(e, &named)) {
        return Some(format!("Now {so}."));
    }
    let thing = |s: &Sense| matches!(s, Sense::Kind(_) | Sense::Class(_));
    scan.items.iter().any(|i| !i.parts.is_empty() || i.senses.iter().any(thing)).then(String::new)
}

fn so(entity: &Entity, bearers: &[&Entity]) -> Option<String> {
    let told = !matches!(entity.kind, Kind::Scene | Kind::Script | Kind::Button | Kind::InputButton | Kind::Person);
    let is = is_or_are(entity);
    told.then(|| format!("{} {is} {}", called(entity).replacen("The ", "the ", 1), how(entity, bearers)))
}
