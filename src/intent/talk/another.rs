//! «The other one»: of two, the one that was not just spoken of.
//!
//! It is its namesake elsewhere, else the one other of its kind in the same area; where that leaves
//! none or several, nothing is guessed.

use crate::home::{Entity, EntityRef, Tier};
use crate::intent::meant::kinds::{class_matches, kind_matches};
use crate::intent::meant::scene::Scene;
use crate::intent::saying::outcome::{abstain, doubtful};
use crate::intent::turn::{Context, Decision, Turn, Understanding};
use crate::intent::words::item::Item;
use crate::intent::words::lexicon::Sense;
use crate::intent::words::scan::Scan;

/// What a sentence about «the other one» means; [`None`] where there is none in it.
pub(in crate::intent) fn another(scene: &Scene<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let at = scan.items.iter().position(|i| i.hits.is_empty() && i.is(Sense::Attr("other")))?;
    let [last] = scene.turn.context.mentioned.as_slice() else { return None };
    if scene.turn.context.pending.is_some() {
        return None;
    }
    let before = scene.home.entity(*last)?;
    let noun = |i: &&Item| i.is(Sense::One) || called(i, before);
    let end = scan.items.get(at + 1).filter(noun).map_or(scan.items[at].words.1, |i| i.words.1);
    let Some(other) = other_than(scene, *last, before) else {
        return Some(abstain(scene.turn, "I do not know which other one that is."));
    };
    let (head, tail) = (scan.said(0, scan.items[at].words.0), scan.said(end, scan.words.len()));
    let head = head.strip_suffix("the").or_else(|| head.strip_suffix("The")).unwrap_or(head);
    let led = if head.trim().is_empty() { "and" } else { head };
    let text = format!("{led} it {tail}");
    let context = Context { mentioned: vec![other], ..scene.turn.context.clone() };
    let out = scene.read(&Turn { text: &text, context, ..scene.turn.clone() });
    let guarded = out.calls.iter().any(|call| scene.home.plan(call).tier() == Tier::Guarded);
    let meant = out.calls.iter().all(|call| call.targets.iter().all(|e| *e == other));
    match out.decision {
        Decision::Act if !meant => Some(abstain(scene.turn, "I do not know which other one that is.")),
        Decision::Act if guarded => Some(doubtful(scene.home, scene.turn, out)),
        _ => Some(out),
    }
}

/// Whether a word is one for the kind of this.
fn called(item: &Item, entity: &Entity) -> bool {
    item.senses.iter().any(|s| match s {
        Sense::Kind(kind) => kind_matches(kind, entity),
        Sense::Class(class) => class_matches(class, entity),
        _ => false,
    })
}

/// The one that is left of two.
fn other_than(scene: &Scene<'_>, last: EntityRef, before: &Entity) -> Option<EntityRef> {
    let only = |fits: &dyn Fn(&Entity) -> bool| {
        let all = scene.home.entities.iter().enumerate().map(|(i, e)| (EntityRef(i), e));
        let mut found = all.filter(|(e, entity)| *e != last && entity.kind == before.kind && fits(entity));
        let first = found.next().map(|(e, _)| e);
        first.filter(|_| found.next().is_none())
    };
    only(&|e| e.name.eq_ignore_ascii_case(&before.name))
        .or_else(|| only(&|e| before.area.is_some() && e.area == before.area))
}
