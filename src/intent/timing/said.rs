//! The words of a sentence about a timer, sorted: verb, durations, name, area.

use crate::home::AreaRef;
use crate::intent::words::item::Item;
use crate::intent::words::lexicon::Sense;
use crate::intent::words::number::{self, Value};
use crate::intent::words::scan::Scan;

/// Hours, minutes, seconds, each as it was said.
pub(in crate::intent) type Hms = [Option<u64>; 3];

/// What a sentence says about timers.
#[derive(Default)]
pub(in crate::intent) struct Said {
    pub(in crate::intent) verbs: Vec<&'static str>,
    /// The duration beside the word «timer».
    pub(in crate::intent) own: Option<Hms>,
    /// The duration elsewhere.
    pub(in crate::intent) other: Option<Hms>,
    pub(in crate::intent) name: Option<String>,
    pub(in crate::intent) area: Option<AreaRef>,
    pub(in crate::intent) all: bool,
    pub(in crate::intent) plural: bool,
    pub(in crate::intent) asks: bool,
    pub(in crate::intent) unknown: bool,
}

/// Sorts the words around «timer» into verb, durations, name and area.
pub(in crate::intent) fn read(scan: &Scan<'_>, at: usize) -> Said {
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
            // «… to the timer for ten minutes», «… the timer for ten minutes by two»
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
    let parts = [Sense::Prep, Sense::And, Sense::Off];
    i < at && scan.items[i + 1..at].iter().all(|it| it.value.is_none() && !parts.iter().any(|s| it.is(*s)))
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
        // «which timers are running»
        if self.asks && (item.is(Sense::State("on")) || item.is(Sense::BinaryOn("running"))) {
            return true;
        }
        let asks = [
            Sense::Which,
            Sense::What,
            Sense::Tell,
            Sense::Is,
            Sense::Status,
            Sense::Exist,
            Sense::HowMany,
            Sense::When,
        ];
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
}
