//! Reminders that are set: «what reminders do I have», «cancel all reminders», «cancel the reminder to call mum».

use super::choice;
use super::wording::{act, spoken, title};
use crate::home::words::split;
use crate::home::{Home, Timer, TimerCommand, TimerWhich};
use crate::intent::saying::outcome::answered;
use crate::intent::saying::spoken::listed;
use crate::intent::turn::{Reading, Slots, Turn, Understanding};
use crate::intent::words::scan::Scan;

/// Verbs that end a reminder.
const ENDS: [&str; 8] = ["cancel", "delete", "remove", "clear", "drop", "forget", "stop", "dismiss"];

/// What may stand between the verb and «reminder», and mean nothing more.
const BETWEEN: [&str; 9] = ["all", "every", "of", "the", "my", "our", "that", "this", "any"];

/// Questions, and what may stand around «reminders» in them.
const ASKED: [&str; 26] = [
    "what", "whats", "which", "how", "many", "list", "show", "read", "tell", "me", "out", "are", "is", "there", "any",
    "do", "does", "i", "we", "have", "got", "set", "my", "our", "the", "all",
];

/// What leads to the message of one.
const LEADS: [&str; 7] = ["to", "about", "for", "of", "that", "called", "named"];

/// At most so many are named in an answer.
const NAMED: usize = 5;

/// What a sentence about set reminders means; [`None`] where it is about none.
pub(in crate::intent) fn reminders(home: &Home, turn: &Turn<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let begin = scan.items.iter().find(|i| !i.idle())?.words.0;
    let end = scan.items.iter().rfind(|i| !i.idle())?.words.1;
    let texts: Vec<&str> = scan.words[begin..end].iter().map(|w| w.text.as_str()).collect();
    let at = texts.iter().position(|t| matches!(*t, "reminder" | "reminders"))?;
    let (before, after) = (&texts[..at], &texts[at + 1..]);
    let (first, between) = before.split_first()?;
    if *first != "set" && before.iter().chain(after).all(|t| ASKED.contains(t)) {
        return Some(answered(turn, vec![reading("HearthReminders", None)], told(home)));
    }
    if !ENDS.contains(first) || !between.iter().all(|t| BETWEEN.contains(t)) {
        return None;
    }
    match after {
        [] if texts[at] == "reminders" || between.iter().any(|t| matches!(*t, "all" | "every")) => {
            Some(cancel_all(home, turn))
        }
        [] => Some(cancel(home, turn, None)),
        [lead, _, ..] if LEADS.contains(lead) => Some(cancel(home, turn, Some(scan.said(begin + at + 2, end)))),
        _ => None,
    }
}

/// The reminders that are set, the next one first.
fn set(home: &Home) -> Vec<&Timer> {
    let mut all: Vec<&Timer> = home.timers.iter().filter(|t| t.reminder).collect();
    all.sort_by_key(|t| t.left);
    all
}

fn told(home: &Home) -> String {
    let all = set(home);
    let mut each: Vec<String> = all.iter().take(NAMED).map(|t| format!("«{}» in {}", t.name, spoken(t.left))).collect();
    if all.len() > NAMED {
        each.push(format!("{} more", all.len() - NAMED));
    }
    match each.len() {
        0 => "There is no reminder.".to_owned(),
        1 => format!("One reminder: {}.", each[0]),
        _ => format!("{} reminders: {}.", all.len(), listed(&each, "and")),
    }
}

fn cancel_all(home: &Home, turn: &Turn<'_>) -> Understanding {
    let count = set(home).len();
    if count == 0 {
        return answered(turn, vec![reading("HearthCancelReminders", None)], "There is no reminder.");
    }
    let say = format!("{count} {} cancelled.", if count == 1 { "reminder is" } else { "reminders are" });
    act(turn, "HearthCancelReminders", Slots::default(), TimerCommand::CancelReminders, say)
}

/// The one that is meant by words of its message, or the only one.
fn cancel(home: &Home, turn: &Turn<'_>, message: Option<&str>) -> Understanding {
    let stems = |text: &str| -> Vec<String> {
        split(text, crate::base::limits::SENTENCE_WORDS).into_iter().map(|w| w.stem).collect()
    };
    let said = stems(message.unwrap_or_default());
    let mut fit = set(home);
    fit.retain(|t| {
        let name = stems(&t.name);
        said.iter().all(|s| name.contains(s))
    });
    let reading = reading("HearthCancelReminder", message);
    match fit.as_slice() {
        [] => answered(turn, vec![reading], "There is no such reminder."),
        [one] => {
            let say = format!("{} is cancelled.", title(home, one));
            act(turn, reading.intent, reading.slots, TimerCommand::Cancel(exactly(one)), say)
        }
        many => choice::ask(home, turn, Reading { intent: "HassCancelTimer", ..reading }, many, TimerCommand::Cancel),
    }
}

fn exactly(timer: &Timer) -> TimerWhich {
    let start = [Some(timer.start_hours), Some(timer.start_minutes), Some(timer.start_seconds)];
    TimerWhich { name: Some(timer.name.clone()), area: timer.area, start }
}

fn reading(intent: &'static str, message: Option<&str>) -> Reading {
    let mut slots = Slots::default();
    if let Some(message) = message {
        slots.set("message", message);
    }
    Reading { intent, slots }
}
