//! What a clause takes over from the sentence before: «and the fan too», «set it to 40».

use crate::intent::meant::scene::Scene;
use crate::intent::order::action::Action;
use crate::intent::sentence::clause::Clause;
use crate::intent::sentence::np::Np;
use crate::intent::words::lexicon::Sense;
use crate::intent::words::scan::Scan;

/// «and the hall lamp», «the fan too»: what was done last, to something else.
pub(in crate::intent) fn again(scene: &Scene<'_>, scan: &Scan<'_>) -> Option<Action> {
    let done = scene.turn.context.done.as_ref()?;
    let plain = |at: usize| scan.items.get(at).map(|i| scan.plain(i)).unwrap_or_default();
    let last = scan.items.iter().rposition(|i| !i.is(Sense::And) && !i.is(Sense::Question))?;
    let led = matches!(plain(0).as_str(), "and" | "also" | "and also" | "then" | "same for" | "the same for");
    if !led && !matches!(plain(last).as_str(), "too" | "as well" | "also") {
        return None;
    }
    let clause = Clause::parse(scene.home, scan, 0, scan.items.len());
    let things = clause.verbs.is_empty() && clause.on.is_none() && clause.plain() && clause.states.is_empty();
    if !things || !clause.headed() && !clause.nps.iter().any(Np::placed) {
        return None;
    }
    let (command, also) = done.commands.split_first()?;
    let mut action = Action::new(done.intent, command.clone(), done.kinds);
    action.also = also.to_vec();
    action.slots = done.slots.clone();
    Some(action)
}

/// «set it to 40»: 40 of what, says what it is; «off again» speaks of what was spoken of.
pub(in crate::intent) fn resolve_it(scene: &Scene<'_>, clause: &mut Clause) {
    let mentioned = &scene.turn.context.mentioned;
    let switched = clause.verbs.is_empty() && clause.on.is_some() && clause.plain() && clause.unknown.is_empty();
    // «two degrees more»
    let more = clause.verbs.is_empty() && clause.on.is_none() && clause.up.is_some() && clause.value.is_some();
    if (switched || more && clause.attrs.is_empty() && clause.unknown.is_empty())
        && clause.nps.is_empty()
        && !mentioned.is_empty()
    {
        clause.nps.push(Np { it: true, ..Np::default() });
    }
    let it = clause.nps.len() == 1 && clause.nps[0].it && clause.about.is_empty();
    let mut kinds = mentioned.iter().filter_map(|e| scene.home.entity(*e)).map(|e| e.kind);
    if let Some(kind) = kinds.next().filter(|_| it)
        && kinds.all(|k| k == kind)
    {
        clause.about.push(kind);
    }
}
