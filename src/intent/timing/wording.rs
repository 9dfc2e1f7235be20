//! Timers as they are spoken of, and what every sentence that sets one comes to.

use super::said::Hms;
use crate::home::{Call, Command, Home, Timer, TimerCommand};
use crate::intent::turn::{Context, Decision, Reading, Slots, Turn, Understanding};

pub(in crate::intent) const UNITS: [&str; 3] = ["hours", "minutes", "seconds"];

pub(in crate::intent) fn put(slots: &mut Slots, names: [&'static str; 3], hms: Hms) {
    for (name, value) in names.into_iter().zip(hms) {
        if let Some(value) = value {
            slots.set(name, value);
        }
    }
}

pub(in crate::intent) fn act(
    turn: &Turn<'_>,
    intent: &'static str,
    slots: Slots,
    command: TimerCommand,
    say: String,
) -> Understanding {
    Understanding {
        decision: Decision::Act,
        readings: vec![Reading { intent, slots }],
        calls: vec![Call { command: Command::Timer(command), targets: Vec::new() }],
        say,
        confidence: 1.0,
        open: false,
        context: Context { pending: None, ..turn.context.clone() },
    }
}

/// A timer as it is spoken of, at the head of a sentence: «The pasta timer».
#[must_use]
pub fn title(home: &Home, timer: &Timer) -> String {
    if timer.reminder {
        return format!("The reminder «{}»", timer.name);
    }
    if let Some(command) = &timer.command {
        return format!("The command «{command}»");
    }
    if !timer.name.is_empty() {
        return format!("The {} timer", timer.name);
    }
    match timer.area.map(|a| home.area_name(a)) {
        Some(area) => format!("The {} timer in the {}", spoken(timer.total()), area.to_lowercase()),
        None => format!("The {} timer", spoken(timer.total())),
    }
}

/// Seconds as people say them.
pub(in crate::intent) fn spoken(seconds: u64) -> String {
    let parts = [(seconds / 3600, "hour"), (seconds / 60 % 60, "minute"), (seconds % 60, "second")];
    let said: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| format!("{n} {unit}{}", if *n == 1 { "" } else { "s" }))
        .collect();
    if said.is_empty() { "no time".to_owned() } else { crate::intent::saying::spoken::listed(&said, "and") }
}
