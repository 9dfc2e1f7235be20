//! Which of several timers is meant: asked back, and answered by name, number or length.

use super::wording::title;
use crate::home::words::split;
use crate::home::{Call, Command, Home, Timer, TimerCommand, TimerWhich};
use crate::intent::meant::scene::Scene;
use crate::intent::turn::{Context, Decision, Question, Reading, Turn, Understanding};
use crate::intent::words::item::Item;
use crate::intent::words::lexicon::Sense;
use crate::intent::words::scan::Scan;

/// Asks which of these is meant; nothing changes.
pub(in crate::intent) fn ask(
    home: &Home,
    turn: &Turn<'_>,
    reading: Reading,
    timers: &[&Timer],
    make: impl Fn(TimerWhich) -> TimerCommand,
) -> Understanding {
    let choice = |t: &&Timer| {
        let name = (!t.name.is_empty()).then(|| t.name.clone());
        let start = [Some(t.start_hours), Some(t.start_minutes), Some(t.start_seconds)];
        let which = TimerWhich { name, area: t.area, start };
        (title(home, t).replacen("The ", "the ", 1), Command::Timer(make(which)))
    };
    let choices: Vec<(String, Command)> = timers.iter().take(5).map(choice).collect();
    let names: Vec<String> = choices.iter().map(|(name, _)| name.clone()).collect();
    let question = Question {
        text: turn.text.to_owned(),
        candidates: Vec::new(),
        all: false,
        reading: reading.clone(),
        call: Call { command: Command::Stop, targets: Vec::new() },
        also: Vec::new(),
        timers: choices,
    };
    Understanding {
        decision: Decision::Ask,
        readings: vec![reading],
        calls: Vec::new(),
        say: format!("Which one: {}?", crate::intent::saying::spoken::listed(&names, "or")),
        confidence: 0.5,
        open: false,
        context: Context { pending: Some(question), ..turn.context.clone() },
    }
}

/// The timer that an answer chooses, where one was asked about; [`None`] where it chooses none.
pub(in crate::intent) fn chosen(
    scene: &Scene<'_>,
    scan: &Scan<'_>,
    question: &Question,
    open: &[&Item],
) -> Option<Understanding> {
    let said: Vec<String> = open
        .iter()
        .filter(|i| !i.is(Sense::Attr("timer")))
        .flat_map(|i| scan.words[i.words.0..i.words.1].iter().map(|w| w.stem.clone()))
        .collect();
    let has = |label: &str| {
        let words = split(label, 16);
        !said.is_empty() && said.iter().all(|s| words.iter().any(|w| w.stem == *s))
    };
    let mut fit: Vec<&Command> = question.timers.iter().filter(|(label, _)| has(label)).map(|(_, c)| c).collect();
    if let ([], [only]) = (fit.as_slice(), open) {
        let nth = crate::intent::words::number::ordinal(&scan.plain(only), question.timers.len());
        fit.extend(nth.and_then(|n| question.timers.get(n)).map(|(_, c)| c));
    }
    let [command] = fit.as_slice() else { return None };
    let done = match question.reading.intent {
        "HassPauseTimer" => "It is paused.",
        "HassUnpauseTimer" => "It runs again.",
        "HassCancelTimer" => "It is cancelled.",
        _ => "It is changed.",
    };
    Some(Understanding {
        decision: Decision::Act,
        readings: vec![question.reading.clone()],
        calls: vec![Call { command: (*command).clone(), targets: Vec::new() }],
        say: done.to_owned(),
        confidence: 1.0,
        open: false,
        context: Context { pending: None, ..scene.turn.context.clone() },
    })
}
