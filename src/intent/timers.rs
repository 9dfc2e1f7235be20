//! Timers: setting, changing, asking; and commands that shall be carried out later.

use super::lexicon::Sense;
use super::number::{self, Value};
use super::scan::{Item, Scan};
use super::turn::{Context, Decision, Reading, Slots, Turn, Understanding};
use super::understand::{abstain, answered, understand};
use crate::home::{AreaRef, Call, Command, Home, Timer, TimerCommand, TimerWhich};

const UNITS: [&str; 3] = ["hours", "minutes", "seconds"];
const STARTS: [&str; 3] = ["start_hours", "start_minutes", "start_seconds"];

type Hms = [Option<u64>; 3];

/// What a sentence says about timers.
#[derive(Default)]
struct Said {
    verbs: Vec<&'static str>,
    /// The duration beside the word «timer».
    own: Option<Hms>,
    /// The duration elsewhere.
    other: Option<Hms>,
    name: Option<String>,
    area: Option<AreaRef>,
    all: bool,
    plural: bool,
    asks: bool,
    unknown: bool,
}

/// What a sentence about timers means; [`None`] where it is not about timers.
pub(super) fn understand_timer(home: &Home, turn: &Turn<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let at = scan.items.iter().position(|i| i.is(Sense::Attr("timer")) && !i.named())?;
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

/// Sorts the words around «timer» into verb, durations, name and area.
fn read(scan: &Scan<'_>, at: usize) -> Said {
    let mut out = Said { plural: scan.items[at].plural, ..Said::default() };
    let mut name: Option<(usize, usize)> = None;
    let mut naming = false;
    let mut lead = "";
    for (i, item) in scan.items.iter().enumerate() {
        let text = scan.words[item.words.0].text.as_str();
        if i == at {
            (naming, lead) = (false, "");
            continue;
        }
        if let Some(Value::Duration(hms)) = item.value {
            let words = &scan.words[item.words.0..item.words.1];
            if out.verbs.is_empty() && words.iter().any(|w| number::MORE.contains(&w.text.as_str())) {
                out.verbs.push("add");
            }
            let beside = next_is(scan, i, at) || i > at && lead == "for" && !followed_by_timer(scan, i);
            // «add 1 hour to the timer for 5 minutes», «decrease the timer for 5 minutes by 1 hour»
            if beside && lead != "by" && out.own.is_none() {
                out.own = Some(hms);
            } else if out.other.is_none() {
                out.other = Some(hms);
            } else {
                out.unknown = true;
            }
            (naming, lead) = (false, "");
            continue;
        }
        if item.is(Sense::Attr("named")) {
            (naming, lead) = (true, "named");
            continue;
        }
        if naming && item.is(Sense::Prep) && name.is_some() {
            (naming, lead) = (false, text);
            continue;
        }
        if let Some(area) = item.areas().next().filter(|_| !naming) {
            out.area = Some(area);
            (naming, lead) = (false, "");
            continue;
        }
        if item.is(Sense::Prep) && !naming {
            lead = text;
            // «a timer for pizza»: what follows is a name unless it is a duration or an area.
            naming = text == "for" && i > at;
            continue;
        }
        if out.word(item, naming, i < at, near(scan, i, at)) {
            continue;
        }
        let part = if naming || i < at && before_timer(scan, i, at) { Some(item.words) } else { None };
        match part {
            Some((from, to)) => name = Some((name.map_or(from, |n| n.0), to)),
            None => out.unknown = true,
        }
    }
    out.name = name.map(|(from, to)| scan.said(from, to).trim_end_matches("'s").to_owned());
    out
}

/// Whether only names and articles stand between an item and the timer.
fn before_timer(scan: &Scan<'_>, i: usize, at: usize) -> bool {
    scan.items[i + 1..at].iter().all(|it| it.value.is_none() && !it.is(Sense::Prep))
}

fn near(scan: &Scan<'_>, i: usize, at: usize) -> bool {
    i + 1 == at && scan.items[..i].iter().any(|it| !it.idle())
}

fn next_is(scan: &Scan<'_>, i: usize, at: usize) -> bool {
    i < at && scan.items[i + 1..at].iter().all(|it| it.value.is_none() && !it.is(Sense::Prep) && !it.is(Sense::And))
}

fn followed_by_timer(scan: &Scan<'_>, i: usize) -> bool {
    scan.items.get(i + 1).is_some_and(|n| n.is(Sense::Attr("timer")))
}

impl Said {
    /// Takes in a word that is neither name, duration nor place.
    fn word(&mut self, item: &Item, naming: bool, before: bool, near: bool) -> bool {
        if item.is(Sense::Question) || item.idle() || item.is(Sense::And) && !naming {
            return true;
        }
        if naming {
            return false;
        }
        if item.is(Sense::All) {
            self.all = true;
            return true;
        }
        if item.is(Sense::Here)
            || item.is(Sense::Up)
            || item.is(Sense::Off)
            || item.is(Sense::On)
            || item.is(Sense::Down)
        {
            if item.is(Sense::Off) {
                self.verbs.push("off");
            }
            return true;
        }
        let asks = [Sense::What, Sense::Tell, Sense::Is, Sense::Status, Sense::Exist, Sense::HowMany, Sense::When];
        if asks.iter().any(|s| item.is(*s)) || item.is(Sense::Attr("left")) || item.is(Sense::Attr("howmuch")) {
            self.asks |= !item.is(Sense::Is) || self.verbs.is_empty();
            return true;
        }
        if item.is(Sense::Attr("time")) {
            return true;
        }
        let verb = item.hits.is_empty() && item.senses.iter().any(|s| matches!(s, Sense::Verb(_)));
        if verb && self.verbs.is_empty() && before && !near {
            self.verbs.extend(item.senses.iter().filter_map(|s| if let Sense::Verb(v) = s { Some(*v) } else { None }));
            return true;
        }
        if verb && near && self.verbs.is_empty() {
            self.verbs.extend(item.senses.iter().filter_map(|s| if let Sense::Verb(v) = s { Some(*v) } else { None }));
            return true;
        }
        false
    }

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

fn put(slots: &mut Slots, names: [&'static str; 3], hms: Hms) {
    for (name, value) in names.into_iter().zip(hms) {
        if let Some(value) = value {
            slots.set(name, value);
        }
    }
}

fn act(turn: &Turn<'_>, intent: &'static str, slots: Slots, command: TimerCommand, say: String) -> Understanding {
    Understanding {
        decision: Decision::Act,
        readings: vec![Reading { intent, slots }],
        calls: vec![Call { command: Command::Timer(command), targets: Vec::new() }],
        say,
        confidence: 1.0,
        context: Context { pending: None, ..turn.context.clone() },
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
    let Some(timer) = home.timers_like(&which).first().copied() else {
        return answered(turn, vec![Reading { intent, slots }], "There is no such timer.");
    };
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
    let count = home.timers.iter().filter(|t| said.area.is_none() || t.area == said.area).count();
    if count == 0 {
        return answered(turn, vec![Reading { intent: "HassCancelAllTimers", slots }], "There is no timer.");
    }
    let say = format!("{count} {} cancelled.", if count == 1 { "timer is" } else { "timers are" });
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
    let Some(timer) = home.timers_like(&which).first().copied() else {
        return Some(answered(turn, vec![Reading { intent, slots }], "There is no such timer."));
    };
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
    let command = TimerCommand::Start { hms, name, area: said.area.or(turn.area), command: None };
    Some(act(turn, "HassStartTimer", slots, command, say))
}

fn status(home: &Home, turn: &Turn<'_>, said: &Said) -> Understanding {
    let mut said = Said { name: said.name.clone(), area: said.area, own: said.own.or(said.other), ..Said::default() };
    let slots = said.slots(home, true);
    let which = narrowed(home, turn, &mut said);
    let timers = home.timers_like(&which);
    let say = match timers.as_slice() {
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

fn title(home: &Home, timer: &Timer) -> String {
    if !timer.name.is_empty() {
        return format!("The {} timer", timer.name);
    }
    match timer.area.map(|a| home.area_name(a)) {
        Some(area) => format!("The {} timer in the {}", spoken(timer.total()), area.to_lowercase()),
        None => format!("The {} timer", spoken(timer.total())),
    }
}

/// Seconds as people say them.
pub(super) fn spoken(seconds: u64) -> String {
    let parts = [(seconds / 3600, "hour"), (seconds / 60 % 60, "minute"), (seconds % 60, "second")];
    let said: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| format!("{n} {unit}{}", if *n == 1 { "" } else { "s" }))
        .collect();
    if said.is_empty() { "no time".to_owned() } else { super::reply::listed(&said, "and") }
}

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

/// «turn off the lights in 5 minutes»: the command becomes the end of a timer.
pub(super) fn delayed(home: &Home, turn: &Turn<'_>, scan: &Scan<'_>) -> Option<Understanding> {
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
    let then = understand(home, &Turn { text: command, context: Context::default(), ..turn.clone() });
    let acts = !then.readings.is_empty() && then.readings.iter().all(|r| !ASKING.contains(&r.intent));
    if !acts || then.decision == Decision::Abstain {
        return None;
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
    };
    Some(act(turn, "HassStartTimer", slots, start, say))
}
