//! One sentence, one home: the decision.
//!
//! Every part of the sentence must come to a clear meaning, or nothing happens at all: half of a
//! command is not what was asked for.

use super::bounds::bounds;
use super::clause::Clause;
use super::follow;
use super::frame::{Action, action};
use super::guard;
use super::lexicon::Sense;
use super::np::Np;
use super::question;
use super::resolve::{Found, Scene, Trouble, Wanted};
use super::scan::Scan;
use super::turn::{Context, Decision, Question, Reading, Slots, Turn, Understanding};
use super::{
    amend, another, asked_not, degrees, felt, inform, later, lists, media, outright, past, preface, remind, special,
    state_rank, timers,
};
use crate::home::{Call, Command, Entity, EntityRef, Home, Kind, Tier};

/// Reads the language data, so that the first sentence does not have to wait a millisecond for it.
pub fn prepare() {
    std::sync::LazyLock::force(&super::lexicon::ENGLISH);
}

/// What a sentence means in a home. Changes nothing, reads no clock, needs no network.
#[must_use]
pub fn understand(home: &Home, turn: &Turn<'_>) -> Understanding {
    let scan = Scan::new(turn.text, home);
    let mut out = decide(home, turn, &scan);
    out.confidence = confidence(&scan);
    let guarded = out.calls.iter().any(|call| home.plan(call).tier() == Tier::Guarded);
    if scan.slips > 0 && guarded { doubtful(home, turn, out) } else { out }
}

/// A misspelt sentence does not open a lock: what was read is asked back.
pub(super) fn doubtful(home: &Home, turn: &Turn<'_>, read: Understanding) -> Understanding {
    let ([call], [reading]) = (read.calls.as_slice(), read.readings.as_slice()) else {
        return abstain(turn, "I am not sure that I read that right; please say it again, one thing at a time.");
    };
    let names: Vec<String> = call.targets.iter().filter_map(|e| home.entity(*e)).map(|e| e.name.clone()).collect();
    let question = Question {
        text: turn.text.to_owned(),
        candidates: call.targets.clone(),
        all: false,
        reading: reading.clone(),
        call: Call { command: call.command.clone(), targets: Vec::new() },
        also: Vec::new(),
        timers: Vec::new(),
    };
    Understanding {
        decision: Decision::Ask,
        calls: Vec::new(),
        say: format!("Did you mean {}?", super::reply::listed(&names, "and")),
        context: Context { pending: Some(question), ..turn.context.clone() },
        ..read
    }
}

/// 1 for a sentence without slips; a tenth less for each.
fn confidence(scan: &Scan<'_>) -> f64 {
    let slips = u32::try_from(scan.slips).unwrap_or(u32::MAX);
    (1.0 - f64::from(slips) * 0.1).max(0.0)
}

fn decide(home: &Home, turn: &Turn<'_>, scan: &Scan<'_>) -> Understanding {
    if scan.too_long {
        return abstain(turn, "That is too long for me to take as a command.");
    }
    let scene = Scene { home, turn };
    if let Some(out) = follow::other_one(&scene, scan) {
        return out;
    }
    if let Some(out) = another::another(&scene, scan) {
        return out;
    }
    if let Some(out) =
        follow::follow(&scene, scan).or_else(|| amend::amended(&scene, scan)).or_else(|| felt::felt(&scene, scan))
    {
        return out;
    }
    if scan.items.iter().all(|i| i.idle() || i.is(Sense::And) || i.is(Sense::Question)) {
        return inform::social(turn, scan)
            .unwrap_or_else(|| abstain(turn, "I only take commands and questions about the home here."));
    }
    if let Some(out) =
        asked_not::tagged(&scene, scan).or_else(|| asked_not::denied(&scene, scan)).or_else(|| past::past(&scene, scan))
    {
        return out;
    }
    if let Some(why) = guard::reports(scan).or_else(|| guard::negated(scan)) {
        return Understanding { open: false, ..abstain(turn, why) };
    }
    if let Some(out) = inform::inform(home, turn, scan).or_else(|| lists::understand_list(home, turn, scan)) {
        return out;
    }
    if let Some(out) = remind::remind(turn, scan)
        .or_else(|| later::delayed(home, turn, scan))
        .or_else(|| later::timed(home, turn, scan))
    {
        return out;
    }
    if let Some(why) = guard::refuses(scan) {
        return Understanding { open: false, ..abstain(turn, why) };
    }
    if let Some(out) = timers::understand_timer(home, turn, scan) {
        return out;
    }
    if let Some(out) = media::play(&scene, scan) {
        return out;
    }
    if let Some(answer) = question::answer(&scene, scan) {
        return answer;
    }
    let out = commands(&scene, scan);
    if out.decision == Decision::Abstain && later::for_a_while(scan) {
        return abstain(turn, "I cannot end that by myself after a while yet, so I leave everything as it is.");
    }
    if out.decision == Decision::Abstain && out.open {
        return preface::without(&scene, scan).unwrap_or(out);
    }
    out
}

/// What is said of nothing that Hearth understands.
pub(super) fn abstain(turn: &Turn<'_>, why: impl Into<String>) -> Understanding {
    Understanding {
        decision: Decision::Abstain,
        readings: Vec::new(),
        calls: Vec::new(),
        say: why.into(),
        confidence: 0.0,
        open: true,
        context: Context { pending: None, ..turn.context.clone() },
    }
}

/// An answer that changes nothing.
pub(super) fn answered(turn: &Turn<'_>, readings: Vec<Reading>, say: impl Into<String>) -> Understanding {
    Understanding {
        decision: Decision::Answer,
        readings,
        calls: Vec::new(),
        say: say.into(),
        confidence: 1.0,
        open: false,
        context: Context { pending: None, ..turn.context.clone() },
    }
}

fn commands(scene: &Scene<'_>, scan: &Scan<'_>) -> Understanding {
    if let Some(out) = outright::by_name_alone(scene, scan) {
        return out;
    }
    let clauses = bounds(scan).into_iter().map(|(from, to)| Clause::parse(scene.home, scan, from, to)).collect();
    run(scene, scan, clauses)
}

/// What clauses come to, one after the other.
pub(super) fn run(scene: &Scene<'_>, scan: &Scan<'_>, clauses: Vec<Clause>) -> Understanding {
    let turn = scene.turn;
    let mut readings = Vec::new();
    let mut calls = Vec::new();
    let mut before: Option<Action> = follow::again(scene, scan);
    let mut done = None;
    let resumed = before.is_some();
    let mut wished = false;
    let mut verbs: Vec<&'static str> = Vec::new();
    let mut turn = turn.clone();
    let mut spoken_of: Vec<Np> = Vec::new();
    let mut properties: Vec<&'static str> = Vec::new();
    let mut together: Vec<EntityRef> = Vec::new();
    for mut clause in clauses {
        // «turn on the lamp and the fan, then turn them off»: all of them; «it» is the last.
        if clause.nps.iter().any(|np| np.them) && !together.is_empty() {
            turn.context.mentioned.clone_from(&together);
        }
        let scene = &Scene { home: scene.home, turn: &turn };
        follow::resolve_it(scene, &mut clause);
        clause.ensure |= wished && clause.verbs.is_empty();
        wished = clause.ensure;
        // «… to green and … to red»: the verb holds on.
        if clause.verbs.is_empty()
            && clause.on.is_none()
            && (clause.value.is_some() || clause.color.is_some() || clause.level.is_some())
        {
            clause.verbs.clone_from(&verbs);
            // «… the temperature to 21 in the loft and 19 in the shed»
            if !clause.headed() && clause.attrs.is_empty() {
                clause.attrs.clone_from(&properties);
                clause.inherit(&spoken_of);
            }
        }
        verbs.clone_from(&clause.verbs);
        properties.clone_from(&clause.attrs);
        spoken_of.clone_from(&clause.nps);
        if let Some(at) = clause.unknown.first() {
            return abstain(scene.turn, guard::unknown(scene.home, scan, *at));
        }
        let Some(action) = special::option(scene, &clause)
            .filter(|_| !resumed)
            .or_else(|| action(&clause).filter(|_| !resumed))
            .or_else(|| continued(&clause, before.take()))
        else {
            return abstain(scene.turn, guard::nothing_to_do(scan));
        };
        let before_clause = calls.len();
        let nps = if clause.nps.is_empty() { vec![Np::default()] } else { clause.nps.clone() };
        for (place, np) in nps.iter().enumerate() {
            match one(scene, &action, np)
                .or_else(|trouble| placed_later(scene, &action, np, &nps[place + 1..], trouble))
            {
                Ok((reading, call)) => {
                    readings.push(reading);
                    let more = action.also.iter().cloned();
                    let also = more.map(|command| Call { command, targets: call.targets.clone() }).collect::<Vec<_>>();
                    calls.push(call);
                    calls.extend(also);
                }
                Err(trouble) => return troubled(scene, scan, &action, trouble, readings),
            }
        }
        done = Some(action.done());
        before = Some(action);
        // «… and make it red»: what was just spoken of.
        let spoken: Vec<EntityRef> = calls.last().map_or_else(Vec::new, |c: &Call| c.targets.clone());
        together = calls[before_clause..].iter().flat_map(|c| c.targets.iter().copied()).collect();
        turn = Turn { context: Context { mentioned: spoken, ..turn.context.clone() }, ..turn.clone() };
    }
    let mentioned: Vec<EntityRef> = calls.iter().flat_map(|c: &Call| c.targets.iter().copied()).collect();
    Understanding {
        decision: Decision::Act,
        readings,
        calls,
        say: String::new(),
        confidence: 1.0,
        open: false,
        context: Context { mentioned, area: None, pending: None, done },
    }
}

/// «the lights and the TV in the loft»: the place belongs to both, where the first says too little without it.
fn placed_later(
    scene: &Scene<'_>,
    action: &Action,
    np: &Np,
    later: &[Np],
    trouble: Trouble,
) -> Result<(Reading, Call), Trouble> {
    let place = later.iter().find(|np| np.placed()).filter(|_| matches!(trouble, Trouble::Which(..)) && !np.placed());
    let Some(place) = place else { return Err(trouble) };
    let mut there = np.clone();
    there.place_of(place);
    one(scene, action, &there).map_err(|_| trouble)
}

/// Lighter or darker than it is.
const fn relative(command: &Command) -> bool {
    matches!(command, Command::BrightnessStep(_) | Command::ColorTemperatureStep(_))
}

/// «and the fan»: the verb of the clause before holds on.
fn continued(clause: &Clause, before: Option<Action>) -> Option<Action> {
    let only_things =
        clause.verbs.is_empty() && clause.on.is_none() && clause.value.is_none() && !clause.nps.is_empty();
    before.filter(|_| only_things)
}

pub(super) fn one(scene: &Scene<'_>, action: &Action, np: &Np) -> Result<(Reading, Call), Trouble> {
    if action.intent == "HassVacuumCleanArea" {
        return special::clean(scene, action, np);
    }
    let wanted = Wanted {
        kinds: action.kinds,
        implied: action.implied,
        command: Some(&action.command),
        bare: action.bare,
        says_kind: matches!(action.intent, "HassTurnOn" | "HassTurnOff" | "HassToggle" | "HassSetPosition"),
    };
    let with = |slots: Slots| {
        let mut all = slots;
        for (name, value) in &action.slots.0 {
            all.set(name, value.clone());
        }
        all
    };
    let mut sought = scene.find(np, &wanted);
    if let (Err(Trouble::Nothing(..)), "HassHumidifierSetpoint") = (&sought, action.intent) {
        // Where there is no humidifier, the thermostat may hold the humidity.
        sought = scene.find(np, &Wanted { implied: Some(Kind::Climate), ..wanted });
    }
    if let Err(Trouble::Which(candidates, slots, _)) = &sought
        && let Some(entity) = state_rank::only_one(scene.home, &action.command, candidates)
    {
        sought = Ok(Found { entities: vec![entity], slots: slots.clone() });
    }
    let found: Found = sought.map_err(|t| match t {
        Trouble::Nothing(s, m) => Trouble::Nothing(with(s), m),
        Trouble::Which(e, s, a) => Trouble::Which(e, with(s), a),
        Trouble::Cannot(s, m) => Trouble::Cannot(with(s), m),
        other => other,
    })?;
    let mut found = found;
    if relative(&action.command) && found.entities.len() > 1 {
        // «less light in the loft»: of the lamps that are lit, where some are.
        let full = 100.0 * scene.home.style.per_percent("brightness") - 1.0;
        let room = |e: &Entity| {
            !matches!(action.command, Command::BrightnessStep(s) if s > 0.0)
                || e.number("brightness").is_none_or(|b| b < full)
        };
        let lit = |e: &EntityRef| scene.home.entity(*e).is_some_and(|e| e.state == "on" && room(e));
        if found.entities.iter().any(lit) {
            found.entities.retain(lit);
        }
    }
    let reading = Reading { intent: action.intent, slots: with(found.slots) };
    let command = degrees::in_unit_of(scene.home, &action.command, action.fahrenheit, &found.entities);
    Ok((reading, Call { command, targets: found.entities }))
}

pub(super) fn troubled(
    scene: &Scene<'_>,
    scan: &Scan<'_>,
    action: &Action,
    trouble: Trouble,
    mut readings: Vec<Reading>,
) -> Understanding {
    let turn = scene.turn;
    match trouble {
        Trouble::Nothing(slots, say) | Trouble::Cannot(slots, say) => {
            readings.push(Reading { intent: action.intent, slots });
            answered(turn, readings, say)
        }
        Trouble::Scope => abstain(turn, "Do you mean the whole home, or only that place? Please say it once more."),
        Trouble::Unsaid => abstain(turn, "I do not know which device that is about."),
        Trouble::Which(candidates, slots, all) => {
            let reading = Reading { intent: action.intent, slots };
            let say = which(scene.home, &candidates, all);
            let question = Question {
                text: scan.text.to_owned(),
                candidates,
                all,
                reading: reading.clone(),
                call: Call { command: action.command.clone(), targets: Vec::new() },
                also: action.also.clone(),
                timers: Vec::new(),
            };
            readings.push(reading);
            Understanding {
                decision: Decision::Ask,
                readings,
                calls: Vec::new(),
                say,
                confidence: 0.5,
                open: false,
                context: Context { pending: Some(question), ..turn.context.clone() },
            }
        }
    }
}

/// «Which one: the hall lamp, the desk lamp or the floor lamp?»
pub(super) fn which(home: &Home, candidates: &[EntityRef], all: bool) -> String {
    let mut names: Vec<String> = candidates
        .iter()
        .filter_map(|e| home.entity(*e))
        .map(|e| match e.area.map(|a| home.area_name(a)) {
            Some(area)
                if candidates.iter().filter_map(|o| home.entity(*o)).filter(|o| o.name == e.name).count() > 1 =>
            {
                format!("{} in {area}", e.name)
            }
            _ => e.name.clone(),
        })
        .collect();
    if let ([one], false) = (names.as_slice(), all) {
        return format!("Did you mean {one}?");
    }
    names.truncate(5);
    let more = candidates.len().saturating_sub(names.len());
    let mut say = format!("Which one: {}", super::reply::listed(&names, if more > 0 { "" } else { "or" }));
    if more > 0 {
        say.push_str(&format!(" or one of {more} more"));
    }
    if all {
        say.push_str(", or all of them");
    }
    say.push('?');
    say
}
