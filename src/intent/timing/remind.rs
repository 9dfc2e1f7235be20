//! Reminders: «remind me to call mum at six», «wake me at seven», «set a reminder for the oven in ten minutes».
//!
//! A reminder is a timer with its message for a name.

use super::moment::{Moment, moment, seconds_until};
use super::wording::{UNITS, act, on_day, put, spoken};
use crate::home::TimerCommand;
use crate::intent::saying::outcome::abstain;
use crate::intent::turn::{Slots, Turn, Understanding};
use crate::intent::words::number::{self, Value};
use crate::intent::words::scan::Scan;

/// How such sentences begin, and the message where they carry none of their own.
const HEADS: &[(&[&str], &str)] = &[
    (&["remind", "me"], ""),
    (&["remind", "us"], ""),
    (&["set", "a", "reminder"], ""),
    (&["set", "reminder"], ""),
    (&["create", "a", "reminder"], ""),
    (&["add", "a", "reminder"], ""),
    (&["give", "me", "a", "reminder"], ""),
    (&["wake", "me", "up"], "wake up"),
    (&["wake", "me"], "wake up"),
    (&["wake", "us", "up"], "wake up"),
    (&["set", "an", "alarm"], "alarm"),
    (&["set", "the", "alarm"], "alarm"),
    (&["set", "my", "alarm"], "alarm"),
    (&["set", "alarm"], "alarm"),
];

/// What a reminder asks for; [`None`] where the sentence is none.
pub(in crate::intent) fn remind(turn: &Turn<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let begin = scan.items.iter().find(|i| !i.idle())?.words.0;
    let starts = |(head, _): &&(&[&str], &str)| {
        head.iter().enumerate().all(|(i, w)| scan.words.get(begin + i).is_some_and(|word| word.text == *w))
    };
    let (head, usual) = HEADS.iter().find(starts)?;
    let from = begin + head.len();
    let words = &scan.words[from..];
    let time = moment(words, turn.now).map(|m| Moment { from: m.from + from, to: m.to + from, ..m });
    let span = scan.items.iter().find_map(|i| match i.value {
        Some(Value::Duration(hms)) if i.words.0 >= from => Some((i.words, hms)),
        _ => None,
    });
    let said = match (&time, span) {
        (Some(time), None) => (time.from, time.to),
        (None, Some(((at, to), _))) if led(scan, at) => (at - 1, to),
        _ => return Some(abstain(turn, "When shall I remind you? Say a time such as «at 7 pm» or «in ten minutes».")),
    };
    let message = message(scan, from, said).unwrap_or_else(|| (*usual).to_owned());
    if message.is_empty() {
        return Some(abstain(turn, "What shall I remind you of?"));
    }
    let mut slots = Slots::default();
    slots.set("message", message.as_str());
    let (seconds, when) = match (time, span) {
        (Some(time), _) => {
            slots.set("time", time.at.strftime("%Y-%m-%dT%H:%M:%S").to_string());
            (seconds_until(turn.now, time.at), on_day(time.at, turn.now))
        }
        (None, Some((_, hms))) => {
            put(&mut slots, UNITS, hms);
            (number::seconds(hms), format!("in {}", spoken(number::seconds(hms))))
        }
        (None, None) => return None,
    };
    let hms = [seconds / 3600, seconds / 60 % 60, seconds % 60];
    let start = TimerCommand::Start { hms, name: message.clone(), area: turn.area, command: None, reminder: true };
    Some(act(turn, "HearthRemind", slots, start, format!("I will remind you {when}: {message}.")))
}

fn led(scan: &Scan<'_>, at: usize) -> bool {
    at.checked_sub(1).is_some_and(|b| matches!(scan.words[b].text.as_str(), "in" | "after"))
}

/// What stands before or behind the time, without the word that led to it.
fn message(scan: &Scan<'_>, from: usize, time: (usize, usize)) -> Option<String> {
    let part = |mut from: usize, to: usize| {
        while from < to && matches!(scan.words[from].text.as_str(), "to" | "that" | "about" | "of" | "," | "for") {
            from += 1;
        }
        scan.said(from, to).trim_matches(|c: char| c.is_whitespace() || ",.!?\"«»".contains(c)).to_owned()
    };
    let (before, after) = (part(from, time.0), part(time.1, scan.words.len()));
    match (before.is_empty(), after.is_empty()) {
        (false, true) => Some(before),
        (true, false) => Some(after),
        (false, false) => Some(format!("{before} {after}")),
        (true, true) => None,
    }
}
