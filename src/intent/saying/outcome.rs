//! What every sentence comes to in the end: an answer, a question back, or silence with its reason.

use crate::home::{Call, EntityRef, Home};
use crate::intent::turn::{Context, Decision, Question, Reading, Turn, Understanding};

/// A misspelt sentence does not open a lock: what was read is asked back.
pub(in crate::intent) fn doubtful(home: &Home, turn: &Turn<'_>, read: Understanding) -> Understanding {
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
        say: format!("Did you mean {}?", super::spoken::listed(&names, "and")),
        context: Context { pending: Some(question), ..turn.context.clone() },
        ..read
    }
}

/// What is said of nothing that Hearth understands.
pub(in crate::intent) fn abstain(turn: &Turn<'_>, why: impl Into<String>) -> Understanding {
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
pub(in crate::intent) fn answered(turn: &Turn<'_>, readings: Vec<Reading>, say: impl Into<String>) -> Understanding {
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

/// «Which one: the hall lamp, the desk lamp or the floor lamp?»
pub(in crate::intent) fn which(home: &Home, candidates: &[EntityRef], all: bool) -> String {
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
    let mut say = format!("Which one: {}", super::spoken::listed(&names, if more > 0 { "" } else { "or" }));
    if more > 0 {
        say.push_str(&format!(" or one of {more} more"));
    }
    if all {
        say.push_str(", or all of them");
    }
    say.push('?');
    say
}
