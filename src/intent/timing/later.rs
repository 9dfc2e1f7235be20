//! Commands that shall be carried out later: the command becomes the end of a timer.

use super::moment::{moment, seconds_until};
use super::wording::{UNITS, act, on_day, put, spoken};
use crate::home::{EntityRef, Kind, TimerCommand};
use crate::intent::meant::scene::Scene;
use crate::intent::saying::outcome::abstain;
use crate::intent::saying::reply::capital;
use crate::intent::turn::{Context, Decision, Slots, Turn, Understanding};
use crate::intent::words::lexicon::Sense;
use crate::intent::words::number::{self, Value};
use crate::intent::words::scan::Scan;

/// Intents that are not worth doing later.
const ASKING: &[&str] = &[
    "HassGetState",
    "HassGetWeather",
    "HassGetCurrentTime",
    "HassGetCurrentDate",
    "HassClimateGetTemperature",
    "HassTimerStatus",
    "HassListGetItems",
    "HassNevermind",
    "HassRespond",
    "HassStartTimer",
];

/// «lights off at seven»: the same, with the time of day beside it.
pub(in crate::intent) fn timed(scene: &Scene<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let turn = scene.turn;
    let time = moment(&scan.words, turn.now)?;
    if time.bare && scan.items.iter().any(leveled) {
        return None;
    }
    let before = scan.said(0, time.from).trim_end_matches([',', ' ']);
    let after = scan.said(time.to, scan.words.len()).trim_start_matches([',', ' ']);
    let command = match (before.is_empty(), after.is_empty()) {
        (false, true) => before,
        (true, false) => after,
        _ => return None,
    };
    let then = scene.read(&Turn { text: command, context: Context::default(), ..turn.clone() });
    if matches!(then.decision, Decision::Abstain | Decision::Answer) {
        return None;
    }
    // «the thermostat on cool at 20»: nobody says «at 20» of an hour without more.
    let warmth =
        |e: &EntityRef| scene.home.entity(*e).is_some_and(|e| matches!(e.kind, Kind::Climate | Kind::WaterHeater));
    let degrees = |i: &crate::intent::words::item::Item| {
        i.words.0 >= time.from && i.words.1 <= time.to && matches!(i.value, Some(Value::Plain(n)) if n > 12.0)
    };
    let heats = then.calls.iter().flat_map(|c| &c.targets).any(warmth);
    if time.bare && heats && scan.items.iter().any(degrees) {
        return None;
    }
    if let Some(out) = not_now(turn, &then) {
        return Some(out);
    }
    let mut slots = Slots::default();
    slots.set("time", time.at.strftime("%Y-%m-%dT%H:%M:%S").to_string());
    slots.set("conversation_command", command);
    let say = format!("{}: {command}.", capital(&on_day(time.at, turn.now)));
    let seconds = seconds_until(turn.now, time.at);
    let hms = [seconds / 3600, seconds / 60 % 60, seconds % 60];
    let start = TimerCommand::Start {
        hms,
        name: String::new(),
        area: turn.area,
        command: Some(command.to_owned()),
        reminder: false,
    };
    Some(act(turn, "HearthSchedule", slots, start, say))
}

/// «… for ten minutes»: a command that would have to be taken back.
pub(in crate::intent) fn for_a_while(scan: &Scan<'_>) -> bool {
    scan.items
        .windows(2)
        .any(|pair| scan.words[pair[0].words.0].text == "for" && matches!(pair[1].value, Some(Value::Duration(_))))
}

/// A word beside which «at 7» is a level.
fn leveled(item: &crate::intent::words::item::Item) -> bool {
    let level = |s: &Sense| {
        matches!(s, Sense::Verb("dim" | "brighten" | "increase" | "decrease" | "raise" | "lower"))
            || matches!(s, Sense::Attr("brightness" | "volume" | "temperature" | "speed" | "position" | "humidity"))
    };
    item.senses.iter().any(level) || item.verb(&["set"]) && !item.verb(&["turn"])
}

/// Why a command cannot be put off: it is none, or does not say what it is about.
fn not_now(turn: &Turn<'_>, then: &Understanding) -> Option<Understanding> {
    let acts = !then.readings.is_empty() && then.readings.iter().all(|r| !ASKING.contains(&r.intent));
    match then.decision {
        Decision::Ask => Some(abstain(turn, "Please say it again with the name of the one that is meant.")),
        _ if acts => None,
        _ => Some(Understanding { open: false, ..abstain(turn, "I do not know what to do then.") }),
    }
}

/// «lights off in ten minutes»: the command becomes the end of a timer.
pub(in crate::intent) fn delayed(scene: &Scene<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let turn = scene.turn;
    let items = &scan.items;
    let at = items.iter().position(|i| matches!(i.value, Some(Value::Duration(_))))?;
    let Some(Value::Duration(hms)) = items[at].value else { return None };
    let lead = at.checked_sub(1).map(|b| scan.words[items[b].words.0].text.as_str());
    let from_now = scan.words.get(items[at].words.1..items[at].words.1 + 2);
    let from_now = from_now.is_some_and(|w| w[0].text == "from" && w[1].text == "now");
    let led = matches!(lead, Some("in" | "after"));
    if !led && !from_now {
        return None;
    }
    let from = items[at].words.0 - usize::from(led);
    let to = items[at].words.1 + if from_now { 2 } else { 0 };
    let before = scan.said(0, from).trim_end_matches([',', ' ']);
    let after = scan.said(to, scan.words.len()).trim_start_matches([',', ' ']);
    let command = match (before.is_empty(), after.is_empty()) {
        (false, true) => before,
        (true, false) => after,
        _ => return None,
    };
    let then = scene.read(&Turn { text: command, context: Context::default(), ..turn.clone() });
    let acts = !then.readings.is_empty() && then.readings.iter().all(|r| !ASKING.contains(&r.intent));
    if !acts || then.decision == Decision::Abstain {
        return None;
    }
    if then.decision == Decision::Ask {
        return not_now(turn, &then);
    }
    let mut slots = Slots::default();
    put(&mut slots, UNITS, hms);
    slots.set("conversation_command", command);
    let say = format!("In {}: {command}.", spoken(number::seconds(hms)));
    let start = TimerCommand::Start {
        hms: hms.map(Option::unwrap_or_default),
        name: String::new(),
        area: turn.area,
        command: Some(command.to_owned()),
        reminder: false,
    };
    Some(act(turn, "HassStartTimer", slots, start, say))
}
