//! What clauses come to, one after the other: readings and calls, or the trouble with them.
//!
//! One part without a clear meaning stops the whole: half of a command is not what was asked for.

use super::again;
use crate::home::{Call, Command, Entity, EntityRef, Kind};
use crate::intent::meant::scene::{Found, Scene, Trouble, Wanted};
use crate::intent::meant::state_rank;
use crate::intent::order::action::Action;
use crate::intent::order::rules::action;
use crate::intent::order::{degrees, option, robot};
use crate::intent::saying::outcome::{abstain, answered, which};
use crate::intent::saying::riddle;
use crate::intent::sentence::clause::Clause;
use crate::intent::sentence::np::Np;
use crate::intent::turn::{Context, Decision, Question, Reading, Slots, Turn, Understanding};
use crate::intent::words::scan::Scan;

/// What clauses come to, one after the other.
pub(in crate::intent) fn run(scene: &Scene<'_>, scan: &Scan<'_>, clauses: Vec<Clause>) -> Understanding {
    let turn = scene.turn;
    let mut readings = Vec::new();
    let mut calls = Vec::new();
    let mut before: Option<Action> = again::again(scene, scan);
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
        let scene = &Scene { home: scene.home, turn: &turn, reader: scene.reader };
        again::resolve_it(scene, &mut clause);
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
            return abstain(scene.turn, riddle::unknown(scene.home, scan, *at));
        }
        let Some(action) = option::option(scene, &clause)
            .filter(|_| !resumed)
            .or_else(|| action(&clause).filter(|_| !resumed))
            .or_else(|| continued(&clause, before.take()))
        else {
            return abstain(scene.turn, riddle::nothing_to_do(scan));
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

pub(in crate::intent) fn one(scene: &Scene<'_>, action: &Action, np: &Np) -> Result<(Reading, Call), Trouble> {
    if action.intent == "HassVacuumCleanArea" {
        return robot::clean(scene, action, np);
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

pub(in crate::intent) fn troubled(
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
