//! The answer to a question that Hearth asked back: «the one in the kitchen», «both», «never mind».

use crate::home::{Call, EntityRef, Kind, NameOf};
use crate::intent::meant::scene::Scene;
use crate::intent::saying::outcome::{answered, which};
use crate::intent::timing::choice;
use crate::intent::turn::{Context, Decision, Done, Question, Slots, Turn, Understanding};
use crate::intent::words::item::Item;
use crate::intent::words::lexicon::Sense;
use crate::intent::words::number::ordinal;
use crate::intent::words::scan::Scan;

/// What an answer means; [`None`] where the sentence is no answer but something new.
pub(in crate::intent) fn follow(scene: &Scene<'_>, scan: &Scan<'_>) -> Option<Understanding> {
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
    if !question.timers.is_empty() {
        return choice::chosen(scene, scan, question, &open);
    }
    let yes = !open.is_empty() && open.iter().all(|i| i.is(Sense::Social("yes")));
    let chosen = match question.candidates.as_slice() {
        // «Did you mean …?»: every word counts, also those that elsewhere say nothing.
        [only] if !scan.items.iter().all(|i| agrees(scene, scan, i, *only)) => return None,
        [only] if yes => vec![*only],
        _ => match chosen(scene, scan, question, &open)? {
            Chosen::These(these) => these,
            Chosen::OneOf(left) => return Some(narrower(scene, question, left)),
        },
    };
    let mut reading = question.reading.clone();
    scene.name_slot(&chosen, &mut reading.slots);
    let commands = std::iter::once(&question.call.command).chain(&question.also);
    let calls = commands.map(|command| Call { command: command.clone(), targets: chosen.clone() }).collect();
    Some(Understanding {
        decision: Decision::Act,
        readings: vec![reading],
        calls,
        say: String::new(),
        confidence: 1.0,
        open: false,
        context: Context { mentioned: chosen, done: Some(done(question)), ..Context::default() },
    })
}

/// What an answer leaves.
enum Chosen {
    These(Vec<EntityRef>),
    /// Still several.
    OneOf(Vec<EntityRef>),
}

/// What was asked about, without what it is done to.
fn done(question: &Question) -> Done {
    const WHERE: [&str; 6] = ["name", "area", "floor", "domain", "device_class", "except"];
    let slots = question.reading.slots.0.iter().filter(|(slot, _)| !WHERE.contains(slot)).cloned().collect();
    let commands = std::iter::once(&question.call.command).chain(&question.also).cloned().collect();
    Done { intent: question.reading.intent, slots: Slots(slots), commands, kinds: &[] }
}

/// Asks again, of fewer.
fn narrower(scene: &Scene<'_>, question: &Question, left: Vec<EntityRef>) -> Understanding {
    let say = which(scene.home, &left, question.all);
    let pending = Question { candidates: left, ..question.clone() };
    Understanding {
        decision: Decision::Ask,
        readings: vec![question.reading.clone()],
        calls: Vec::new(),
        say,
        confidence: 0.5,
        open: false,
        context: Context { pending: Some(pending), ..scene.turn.context.clone() },
    }
}

/// «no, the hall lamp», «I meant the fan»: what was done last, to what was meant.
pub(in crate::intent) fn other_one(scene: &Scene<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    scene.turn.context.done.as_ref()?;
    let amends = |i: &Item| i.hits.is_empty() && (scan.plain(i) == "no" || i.is(Sense::Amend));
    let passing = |i: &Item| i.is(Sense::And) || i.idle() && !i.is(Sense::Det) && i.value.is_none();
    let first = scan.items.iter().position(|i| !amends(i) && !passing(i))?;
    if first == 0 || !scan.items[..first].iter().any(amends) {
        return None;
    }
    let rest = scan.said(scan.items[first].words.0, scan.words.len());
    let text = format!("and {rest}");
    let read = |text: &str| {
        let out = scene.read(&Turn { text, ..scene.turn.clone() });
        matches!(out.decision, Decision::Act | Decision::Ask).then_some(out)
    };
    // «make that 40»: another value for the same.
    let valued = scan.items[first..].iter().all(|i| i.idle() || i.is(Sense::Prep) || i.hits.is_empty() && stated(i));
    if valued && !scene.turn.context.mentioned.is_empty() {
        let rest = rest.trim_start_matches("to ");
        return read(&format!("set it to {rest}"));
    }
    read(&text)
}

/// Whether it states a value, a level or a colour.
fn stated(item: &Item) -> bool {
    let level = |s: &Sense| {
        matches!(
            s,
            Sense::Half | Sense::Low | Sense::Medium | Sense::Max | Sense::Min | Sense::Color(..) | Sense::White(_)
        )
    };
    item.value.is_some() || item.senses.iter().any(level)
}

/// Whether a word belongs to a plain yes: it says so, names what was asked about, or is one that goes with both.
fn agrees(scene: &Scene<'_>, scan: &Scan<'_>, item: &Item, asked: EntityRef) -> bool {
    const BESIDE: [&str; 10] = ["please", "the", "it", "that", "do", "do it", "one", "thanks", "thank you", "in"];
    item.is(Sense::Social("yes")) || BESIDE.contains(&scan.plain(item).as_str()) || fits(scene, scan, item, asked)
}

/// The candidates that every word of the answer fits.
fn chosen(scene: &Scene<'_>, scan: &Scan<'_>, q: &Question, open: &[&Item]) -> Option<Chosen> {
    let mut left = q.candidates.clone();
    let mut narrowed = false;
    let mut all = false;
    let mut placed = false;
    for item in open {
        if item.is(Sense::Both) && q.candidates.len() > 2 {
            return None;
        }
        if item.is(Sense::All) || item.is(Sense::Both) || item.is(Sense::Everything) || item.is(Sense::Everywhere) {
            all = true;
            continue;
        }
        let before = left.len();
        let fits = |e: EntityRef| fits(scene, scan, item, e);
        placed |= item.areas().next().is_some() || item.is(Sense::Here);
        if item.is(Sense::Attr("other")) {
            // The other than which?
            continue;
        }
        if let Some(nth) =
            ordinal(&scan.plain(item), q.candidates.len()).filter(|_| !q.candidates.iter().any(|e| fits(*e)))
        {
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
    // «the light in the kitchen» means its lights, also where «the kitchen» is an answer.
    let lamps = left.iter().all(|e| scene.home.entity(*e).is_some_and(|e| e.kind == Kind::Light));
    let other = open.iter().any(|i| i.is(Sense::Attr("other")));
    match (left.len(), all) {
        (0, _) => None,
        (1, _) if narrowed => Some(Chosen::These(left)),
        (_, true) => Some(Chosen::These(left)),
        (_, _) if narrowed && placed && lamps => Some(Chosen::These(left)),
        (_, _) if narrowed || other => Some(Chosen::OneOf(left)),
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
