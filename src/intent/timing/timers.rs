//! Timers: setting, changing, asking; and commands that shall be carried out later.

use super::choice;
use super::said::{Said, read};
use super::wording::{UNITS, act, put, spoken, title};
use crate::home::{Home, Timer, TimerCommand, TimerWhich};
use crate::intent::saying::outcome::{abstain, answered};
use crate::intent::turn::{Reading, Slots, Turn, Understanding};
use crate::intent::words::lexicon::Sense;
use crate::intent::words::number;
use crate::intent::words::scan::Scan;

const STARTS: [&str; 3] = ["start_hours", "start_minutes", "start_seconds"];

/// What a sentence about timers means; [`None`] where it is not about timers.
pub(in crate::intent) fn understand_timer(home: &Home, turn: &Turn<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let at = scan.items.iter().position(|i| i.is(Sense::Attr("timer")) && !i.named());
    let Some(at) = at else {
        return time_left(home, scan).map(|said| status(home, turn, &said));
    };
    let said = read(scan, at);
    if said.unknown {
        return Some(abstain(turn, "I did not understand what to do with which timer."));
    }
    let verb = |verbs: &[&str]| said.verbs.iter().any(|v| verbs.contains(v));
    if said.asks || verb(&["status"]) {
        return Some(status(home, turn, &said));
    }
    if verb(&["add", "increase", "extend"]) {
        return change(home, turn, &said, true);
    }
    if verb(&["remove", "decrease", "shorten", "lower"]) && said.other.is_some() {
        return change(home, turn, &said, false);
    }
    if verb(&["resume"]) {
        return Some(one(home, turn, &said, "HassUnpauseTimer", TimerCommand::Resume));
    }
    if verb(&["pause"]) {
        return Some(one(home, turn, &said, "HassPauseTimer", TimerCommand::Pause));
    }
    if verb(&["cancel", "stop", "off", "remove"]) {
        if said.all || said.plural && said.name.is_none() && said.own.is_none() {
            return Some(cancel_all(home, turn, &said));
        }
        return Some(one(home, turn, &said, "HassCancelTimer", TimerCommand::Cancel));
    }
    if said.verbs.is_empty() || verb(&["create", "set", "start", "turn", "on"]) {
        return start(turn, &said);
    }
    None
}

/// «how much time is left», where a timer runs; «how much time has the fondue left», where one is called so.
fn time_left(home: &Home, scan: &Scan<'_>) -> Option<Said> {
    let about = ["howmuch", "left", "time"];
    let word = |i: &crate::intent::words::item::Item| about.iter().any(|a| i.is(Sense::Attr(a))) || i.is(Sense::Is);
    let has = |what| scan.items.iter().any(|i| i.is(Sense::Attr(what)));
    if home.timers.is_empty() || !has("left") || !has("howmuch") {
        return None;
    }
    let mut rest = scan.items.iter().filter(|i| !word(i) && !i.idle() && !i.is(Sense::Prep));
    let Some(first) = rest.next() else { return Some(Said::default()) };
    let name = scan.said(first.words.0, rest.next_back().unwrap_or(first).words.1);
    let called = |t: &&Timer| !t.name.is_empty() && t.name.eq_ignore_ascii_case(name);
    let timer = home.timers.iter().find(called)?;
    Some(Said { name: Some(timer.name.clone()), ..Said::default() })
}

impl Said {
    fn slots(&self, home: &Home, own: bool) -> Slots {
        let mut slots = Slots::default();
        if let Some(name) = &self.name {
            slots.set("name", name.as_str());
        }
        if let Some(area) = self.area {
            slots.set("area", home.area_name(area));
        }
        if let Some(hms) = self.own.filter(|_| own) {
            put(&mut slots, STARTS, hms);
        }
        slots
    }

    fn which(&self) -> TimerWhich {
        TimerWhich { name: self.name.clone(), area: self.area, start: self.own.unwrap_or_default() }
    }
}

fn one(
    home: &Home,
    turn: &Turn<'_>,
    said: &Said,
    intent: &'static str,
    make: impl Fn(TimerWhich) -> TimerCommand,
) -> Understanding {
    let mut said_own =
        Said { name: said.name.clone(), area: said.area, own: said.own.or(said.other), ..Said::default() };
    let slots = said_own.slots(home, true);
    let which = narrowed(home, turn, &mut said_own);
    let mut fit = home.timers_like(&which);
    // Only what runs can be paused, only what rests can go on.
    if intent != "HassCancelTimer" && fit.iter().any(|t| t.active == (intent == "HassPauseTimer")) {
        fit.retain(|t| t.active == (intent == "HassPauseTimer"));
    }
    let Some(timer) = fit.first().copied() else {
        return answered(turn, vec![Reading { intent, slots }], "There is no such timer.");
    };
    if fit.len() > 1 {
        return choice::ask(home, turn, Reading { intent, slots }, &fit, make);
    }
    let done = match intent {
        "HassPauseTimer" => "is paused",
        "HassUnpauseTimer" => "runs again",
        _ => "is cancelled",
    };
    let say = format!("{} {done}.", title(home, timer));
    act(turn, intent, slots, make(which), say)
}

/// Where nothing says which timer, the one of the speaker's area.
fn narrowed(home: &Home, turn: &Turn<'_>, said: &mut Said) -> TimerWhich {
    let which = said.which();
    if said.area.is_none() && turn.area.is_some() {
        let local = TimerWhich { area: turn.area, ..which.clone() };
        if !home.timers_like(&local).is_empty() {
            return local;
        }
    }
    which
}

fn cancel_all(home: &Home, turn: &Turn<'_>, said: &Said) -> Understanding {
    let slots = said.slots(home, false);
    let count = home.timers.iter().filter(|t| !t.reminder && (said.area.is_none() || t.area == said.area)).count();
    if count == 0 {
        return answered(turn, vec![Reading { intent: "HassCancelAllTimers", slots }], "There is no timer.");
    }
    let stay = if home.timers.iter().any(|t| t.reminder) { " Reminders stay." } else { "" };
    let say = format!("{count} {} cancelled.{stay}", if count == 1 { "timer is" } else { "timers are" });
    act(turn, "HassCancelAllTimers", slots, TimerCommand::CancelAll(said.area), say)
}

fn change(home: &Home, turn: &Turn<'_>, said: &Said, longer: bool) -> Option<Understanding> {
    let (delta, own) = match (said.other, said.own) {
        (Some(delta), own) => (delta, own),
        (None, Some(delta)) => (delta, None),
        (None, None) => return None,
    };
    let seconds = number::seconds(delta);
    let mut said = Said { name: said.name.clone(), area: said.area, own, ..Said::default() };
    let mut slots = Slots::default();
    put(&mut slots, UNITS, delta);
    for (name, value) in said.slots(home, true).0 {
        slots.set(name, value);
    }
    let which = narrowed(home, turn, &mut said);
    let intent = if longer { "HassIncreaseTimer" } else { "HassDecreaseTimer" };
    let fit = home.timers_like(&which);
    let Some(timer) = fit.first().copied() else {
        return Some(answered(turn, vec![Reading { intent, slots }], "There is no such timer."));
    };
    if fit.len() > 1 {
        let make = |w| if longer { TimerCommand::Add(w, seconds) } else { TimerCommand::Subtract(w, seconds) };
        return Some(choice::ask(home, turn, Reading { intent, slots }, &fit, make));
    }
    let left = if longer { timer.left.saturating_add(seconds) } else { timer.left.saturating_sub(seconds) };
    let say = format!("{} has {} left.", title(home, timer), spoken(left));
    let command = if longer { TimerCommand::Add(which, seconds) } else { TimerCommand::Subtract(which, seconds) };
    Some(act(turn, intent, slots, command, say))
}

fn start(turn: &Turn<'_>, said: &Said) -> Option<Understanding> {
    let hms = match (said.own, said.other) {
        (Some(hms), None) | (None, Some(hms)) => hms,
        (None, None) => return Some(abstain(turn, "How long shall the timer run?")),
        _ => return None,
    };
    if number::seconds(hms) == 0 {
        return Some(abstain(turn, "A timer needs some time."));
    }
    let mut slots = Slots::default();
    put(&mut slots, UNITS, hms);
    let name = said.name.clone().unwrap_or_default();
    let say = if name.is_empty() {
        format!("Timer set for {}.", spoken(number::seconds(hms)))
    } else {
        slots.set("name", name.as_str());
        format!("{name} timer set for {}.", spoken(number::seconds(hms)))
    };
    let hms = hms.map(Option::unwrap_or_default);
    let command = TimerCommand::Start { hms, name, area: said.area.or(turn.area), command: None, reminder: false };
    Some(act(turn, "HassStartTimer", slots, command, say))
}

fn status(home: &Home, turn: &Turn<'_>, said: &Said) -> Understanding {
    let mut said = Said { name: said.name.clone(), area: said.area, own: said.own.or(said.other), ..Said::default() };
    let slots = said.slots(home, true);
    let which = narrowed(home, turn, &mut said);
    let timers = home.timers_like(&which);
    let say = match timers.as_slice() {
        [] if which == TimerWhich::default() => "There is no timer.".to_owned(),
        [] => "There is no such timer.".to_owned(),
        many => {
            let each: Vec<String> = many
                .iter()
                .take(5)
                .map(|t| {
                    let paused = if t.active { "" } else { ", paused" };
                    format!("{} has {} left{paused}.", title(home, t), spoken(t.left))
                })
                .collect();
            each.join(" ")
        }
    };
    answered(turn, vec![Reading { intent: "HassTimerStatus", slots }], say)
}
