//! Timers as they are spoken of, and what every sentence that sets one comes to.

use jiff::civil::DateTime;

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

/// A moment that comes, as people say it: «at 7:00 PM», «tomorrow at 7:00 AM», «on Monday at 12:00 PM».
pub(in crate::intent) fn on_day(at: DateTime, now: DateTime) -> String {
    let hour = at.strftime("at %-I:%M %p");
    let days = now.date().until(at.date()).map_or(0, |span| span.get_days());
    match days {
        ..=0 => hour.to_string(),
        1 => format!("tomorrow {hour}"),
        2..=6 => format!("{} {hour}", at.strftime("on %A")),
        _ => format!("{} {hour}", at.strftime("on %-d %B")),
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

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn another_day_is_said_and_today_is_not() {
        let now = date(2026, 11, 22).at(2, 0, 0, 0);
        let on = |days: i64, hour: i8| {
            let day = now.date().checked_add(jiff::Span::new().days(days)).unwrap();
            on_day(day.at(hour, 0, 0, 0), now)
        };
        assert_eq!(on(0, 19), "at 7:00 PM");
        assert_eq!(on(1, 1), "tomorrow at 1:00 AM");
        assert_eq!(on(2, 7), "on Tuesday at 7:00 AM");
        assert_eq!(on(6, 7), "on Saturday at 7:00 AM");
        assert_eq!(on(7, 7), "on 29 November at 7:00 AM");
    }
}
