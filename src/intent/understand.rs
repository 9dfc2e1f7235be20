//! One sentence, one home: the decision.
//!
//! Every part of the sentence must come to a clear meaning, or nothing happens at all: half of a
//! command is not what was asked for.

use super::asked::{answer, denied, past};
use super::command::run::run;
use super::command::{felt, outright, play};
use super::meant::scene::Scene;
use super::saying::outcome::{abstain, doubtful};
use super::sentence::bounds::bounds;
use super::sentence::clause::Clause;
use super::sentence::guard;
use super::talk::{amend, another, follow, preface};
use super::timing::{later, remind, reminders, timers};
use super::turn::{Decision, Turn, Understanding};
use super::words::lexicon::{ENGLISH, Sense};
use super::words::scan::Scan;
use super::{inform, lists};
use crate::home::{Home, Tier};

/// Reads the language data, so that the first sentence does not have to wait a millisecond for it.
pub fn prepare() {
    std::sync::LazyLock::force(&ENGLISH);
}

/// What a sentence means in a home. Changes nothing, reads no clock, needs no network.
#[must_use]
pub fn understand(home: &Home, turn: &Turn<'_>) -> Understanding {
    let scan = Scan::new(turn.text, home);
    let mut out = decide(&Scene { home, turn, reader: understand }, &scan);
    out.confidence = confidence(&scan);
    let guarded = out.calls.iter().any(|call| home.plan(call).tier() == Tier::Guarded);
    if scan.slips > 0 && guarded { doubtful(home, turn, out) } else { out }
}

/// 1 for a sentence without slips; a tenth less for each.
fn confidence(scan: &Scan<'_>) -> f64 {
    let slips = u32::try_from(scan.slips).unwrap_or(u32::MAX);
    (1.0 - f64::from(slips) * 0.1).max(0.0)
}

/// Whoever first makes something of the sentence has it; the order is what makes a refusal come before a command.
fn decide(scene: &Scene<'_>, scan: &Scan<'_>) -> Understanding {
    let (home, turn) = (scene.home, scene.turn);
    if scan.too_long {
        return abstain(turn, "That is too long for me to take as a command.");
    }
    leaning(scene, scan)
        .or_else(|| felt::felt(scene, scan))
        .or_else(|| small_talk(turn, scan))
        .or_else(|| denied::tagged(scene, scan))
        .or_else(|| denied::denied(scene, scan))
        .or_else(|| past::past(scene, scan))
        .or_else(|| guard::reports(scan).map(|why| left_alone(turn, why)))
        .or_else(|| guard::negated(scan).map(|why| left_alone(turn, why)))
        .or_else(|| inform::inform(home, turn, scan))
        .or_else(|| lists::understand_list(home, turn, scan))
        .or_else(|| remind::remind(turn, scan))
        .or_else(|| reminders::reminders(home, turn, scan))
        .or_else(|| later::delayed(scene, scan))
        .or_else(|| later::timed(scene, scan))
        .or_else(|| guard::refuses(scan).map(|why| left_alone(turn, why)))
        .or_else(|| timers::understand_timer(home, turn, scan))
        .or_else(|| play::play(scene, scan))
        .or_else(|| answer::asked(scene, scan))
        .unwrap_or_else(|| commanded(scene, scan))
}

/// What leans on the sentence before, or on its own beginning.
fn leaning(scene: &Scene<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    follow::other_one(scene, scan)
        .or_else(|| another::another(scene, scan))
        .or_else(|| follow::follow(scene, scan))
        .or_else(|| amend::amended(scene, scan))
}

/// A sentence of nothing but words that are passed over.
fn small_talk(turn: &Turn<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let nothing = scan.items.iter().all(|i| i.idle() || i.is(Sense::And) || i.is(Sense::Question));
    nothing.then(|| {
        inform::social(turn, scan)
            .unwrap_or_else(|| abstain(turn, "I only take commands and questions about the home here."))
    })
}

/// Understood as a sentence that must not act: no second opinion is asked.
fn left_alone(turn: &Turn<'_>, why: &str) -> Understanding {
    Understanding { open: false, ..abstain(turn, why) }
}

/// The sentence as a command, or as several.
fn commanded(scene: &Scene<'_>, scan: &Scan<'_>) -> Understanding {
    if let Some(out) = outright::by_name_alone(scene, scan) {
        return out;
    }
    let clauses = bounds(scan).into_iter().map(|(from, to)| Clause::parse(scene.home, scan, from, to)).collect();
    let out = run(scene, scan, clauses);
    if out.decision != Decision::Abstain {
        return out;
    }
    if later::for_a_while(scan) {
        return abstain(scene.turn, "I cannot end that by myself after a while yet, so I leave everything as it is.");
    }
    if out.open { preface::without(scene, scan).unwrap_or(out) } else { out }
}
