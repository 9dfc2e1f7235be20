//! People who correct themselves: «turn on the lamp, no, the fan»; «… actually, never mind».
//!
//! What stands before the correction is never carried out by itself. Behind it there is either a whole
//! command, which then counts alone, or a part that takes the place of the same part before.

use crate::home::EntityRef;
use crate::intent::command::run::run;
use crate::intent::meant::scene::{Scene, Wanted};
use crate::intent::saying::outcome::{abstain, answered};
use crate::intent::sentence::bounds::bounds;
use crate::intent::sentence::clause::Clause;
use crate::intent::turn::{Context, Reading, Slots, Turn, Understanding};
use crate::intent::words::lexicon::Sense;
use crate::intent::words::scan::Scan;

/// What a sentence with a correction in it means; [`None`] where there is none.
pub(in crate::intent) fn amended(scene: &Scene<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let last = scan.items.iter().rposition(|i| !i.idle() && !i.is(Sense::And))?;
    let content = |to: usize| scan.items[..to].iter().any(|i| !i.idle() && !i.is(Sense::And));
    if scan.items[last].is(Sense::Nevermind) && scan.items[last].hits.is_empty() && content(last) {
        let reading = Reading { intent: "HassNevermind", slots: Slots::default() };
        return Some(answered(scene.turn, vec![reading], "All right, I leave everything as it is."));
    }
    let mark = (1..=last).rev().find(|at| marks(scan, *at))?;
    let from = (mark + 1..=last).find(|at| !passing(scan, *at))?;
    let to = (0..mark).rev().find(|at| !passing(scan, *at) && !marks(scan, *at))? + 1;
    if !content(to) {
        return None;
    }
    let before = Clause::parse(scene.home, scan, 0, to);
    let after = Clause::parse(scene.home, scan, from, scan.items.len());
    let plain_no = scan.plain(&scan.items[mark]) == "no";
    if plain_no && !before.headed() {
        return None;
    }
    if !after.verbs.is_empty() {
        return Some(instead(scene, scan, &before, &after, from));
    }
    let one = bounds(scan).iter().filter(|(begin, _)| *begin < to).count() < 2;
    if !after.unknown.is_empty() || !before.unknown.is_empty() || !one {
        return Some(abstain(scene.turn, "You corrected yourself; please say it once more as a whole."));
    }
    let merged = merge(before, after)?;
    Some(run(scene, scan, vec![merged]))
}

/// Whether a correction is announced here.
fn marks(scan: &Scan<'_>, at: usize) -> bool {
    let item = &scan.items[at];
    if !item.hits.is_empty() {
        return false;
    }
    let comma = |i: Option<usize>| i.and_then(|i| scan.items.get(i)).is_some_and(|i| scan.plain(i) == ",");
    let article = scan.items.get(at + 1).is_some_and(|i| i.is(Sense::Det));
    let no = scan.plain(item) == "no" && (comma(at.checked_sub(1)) || comma(Some(at + 1)) || article);
    no || item.is(Sense::Amend)
}

fn passing(scan: &Scan<'_>, at: usize) -> bool {
    let item = &scan.items[at];
    item.idle() && !item.is(Sense::Det) || item.is(Sense::And)
}

/// A whole command behind the correction counts alone; «it» is what was spoken of before.
fn instead(scene: &Scene<'_>, scan: &Scan<'_>, before: &Clause, after: &Clause, from: usize) -> Understanding {
    let text = scan.said(scan.items[from].words.0, scan.words.len());
    let mut context = scene.turn.context.clone();
    if after.nps.iter().any(|np| np.it) {
        context = Context { mentioned: spoken_of(scene, before), ..context };
    }
    scene.read(&Turn { text, context, ..scene.turn.clone() })
}

/// The entities that a clause speaks of, whatever is to be done with them; none where that is not clear.
pub(in crate::intent) fn spoken_of(scene: &Scene<'_>, clause: &Clause) -> Vec<EntityRef> {
    let wanted = Wanted { kinds: &[], implied: None, command: None, bare: false, says_kind: false };
    match clause.nps.as_slice() {
        [np] if np.headed() && clause.unknown.is_empty() => {
            scene.find(np, &wanted).map(|found| found.entities).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// The first clause with what the second says instead.
fn merge(mut before: Clause, after: Clause) -> Option<Clause> {
    let thing = after.headed();
    let place = after.nps.iter().any(|np| np.placed());
    let valued = after.value.is_some() || after.level.is_some() || after.color.is_some() || after.white.is_some();
    if thing {
        let mut nps = after.nps;
        for np in &mut nps {
            if let Some(old) = before.nps.first().filter(|_| np.names.is_empty() && !np.placed()) {
                np.place_of(old);
            }
            if np.one && np.kinds.is_empty() {
                before.nps.first().inspect(|old| np.take_head_of(old));
            }
        }
        before.nps = nps;
        before.about = after.about;
    } else if place {
        let there = after.nps.into_iter().find(|np| np.placed())?;
        for np in &mut before.nps {
            (np.areas, np.floors) = (Vec::new(), Vec::new());
            (np.here, np.everywhere) = (false, false);
            np.place_of(&there);
        }
    }
    if valued {
        before.value = after.value;
        before.level = after.level;
        before.color = after.color;
        before.white = after.white;
    }
    if after.on.is_some() {
        before.on = after.on;
    }
    (thing || place || valued || after.on.is_some()).then_some(before)
}
