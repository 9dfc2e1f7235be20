//! The answer to a question that Hearth asked back: «the one in the kitchen», «both», «never mind».

use super::lexicon::Sense;
use super::resolve::Scene;
use super::scan::{Item, Scan};
use super::turn::{Context, Decision, Question, Understanding};
use super::understand::answered;
use crate::home::{Call, EntityRef, NameOf};

/// What an answer means; [`None`] where the sentence is no answer but something new.
pub(super) fn follow(scene: &Scene<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let question = scene.turn.context.pending.as_ref()?;
    let open: Vec<&Item> = scan
        .items
        .iter()
        .filter(|i| !i.idle() && !i.is(Sense::Prep) && !i.is(Sense::It) && !i.is(Sense::One))
        .collect();
    let no = |i: &&Item| i.hits.is_empty() && (i.is(Sense::Nevermind) || i.is(Sense::Not));
    if !open.is_empty() && open.iter().all(no) {
        let mut out = answered(scene.turn, Vec::new(), "All right, I leave everything as it is.");
        out.context = Context::default();
        return Some(out);
    }
    let yes = !open.is_empty() && open.iter().all(|i| i.is(Sense::Social("yes")));
    let confirmed = question.candidates.clone();
    let chosen = if yes && confirmed.len() == 1 { confirmed } else { chosen(scene, scan, question, &open)? };
    let mut reading = question.reading.clone();
    scene.name_slot(&chosen, &mut reading.slots);
    let call = Call { command: question.call.command.clone(), targets: chosen.clone() };
    Some(Understanding {
        decision: Decision::Act,
        readings: vec![reading],
        calls: vec![call],
        say: String::new(),
        confidence: 1.0,
        open: false,
        context: Context { mentioned: chosen, area: None, pending: None },
    })
}

/// The candidates that every word of the answer fits.
fn chosen(scene: &Scene<'_>, scan: &Scan<'_>, q: &Question, open: &[&Item]) -> Option<Vec<EntityRef>> {
    let mut left = q.candidates.clone();
    let mut narrowed = false;
    let mut all = false;
    for item in open {
        if item.is(Sense::All) || item.is(Sense::Everything) || item.is(Sense::Everywhere) {
            all = true;
            continue;
        }
        let before = left.len();
        let fits = |e: EntityRef| fits(scene, scan, item, e);
        if let Some(nth) = ordinal(&scan.plain(item)).filter(|_| !q.candidates.iter().any(|e| fits(*e))) {
            left = q.candidates.get(nth).copied().into_iter().collect();
        } else if q.candidates.iter().any(|e| fits(*e)) {
            left.retain(|e| fits(*e));
        } else if item.senses.iter().any(|s| matches!(s, Sense::Kind(_) | Sense::Class(_))) {
            continue;
        } else {
            return None;
        }
        narrowed |= left.len() < before || before == 1;
    }
    match (left.len(), all) {
        (0, _) => None,
        (1, _) if narrowed => Some(left),
        (_, true) => Some(left),
        _ => None,
    }
}

/// Whether a word of the answer speaks of a candidate: its name, a part of it, its area.
fn fits(scene: &Scene<'_>, scan: &Scan<'_>, item: &Item, e: EntityRef) -> bool {
    let home = scene.home;
    let Some(entity) = home.entity(e) else { return false };
    let hit = item.hits.iter().any(|h| match h.of {
        NameOf::Entity(x) => x == e,
        NameOf::Area(a) => entity.area == Some(a),
        NameOf::Floor(f) => entity.area.and_then(|a| home.floor_of(a)) == Some(f),
    });
    let words = &scan.words[item.words.0..item.words.1];
    let part = words.iter().all(|w| home.gazetteer().bearing(&w.stem).contains(&e));
    hit || part || item.is(Sense::Here) && entity.area.is_some() && entity.area == scene.turn.area
}

fn ordinal(word: &str) -> Option<usize> {
    ["first", "second", "third", "fourth", "fifth"].iter().position(|w| *w == word.trim_end_matches(" one"))
}
