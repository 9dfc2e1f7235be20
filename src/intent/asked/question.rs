//! Questions about what is true in the home, taken apart.
//!
//! As with commands, every word must be accounted for; what is asked becomes a [`Query`], and
//! `answer.rs` answers it from the states.

use super::look::{self, Look};
use crate::home::{Kind, NameOf};
use crate::intent::meant::scene::Scene;
use crate::intent::sentence::np::Np;
use crate::intent::words::item::Item;
use crate::intent::words::lexicon::Sense;
use crate::intent::words::scan::Scan;

/// What form of answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::intent) enum Form {
    /// «is the lamp on»
    Is,
    /// «are any lights on»
    Any,
    /// «are all lights off»
    All,
    /// «which lights are on»
    Which,
    /// «how many lights are on»
    Count,
    /// «what is the state of the lamp»
    What,
    /// «where is Ada»
    Where,
}

/// A question, taken apart.
#[derive(Clone, Debug)]
pub(in crate::intent) struct Query {
    pub(in crate::intent) form: Form,
    pub(in crate::intent) np: Np,
    /// Every reading of the state that is asked for.
    pub(in crate::intent) states: Vec<Sense>,
    /// Nouns of binary classes that were said.
    pub(in crate::intent) binaries: Vec<&'static str>,
    /// Nouns of readings that were said.
    pub(in crate::intent) measures: Vec<&'static str>,
    pub(in crate::intent) attrs: Vec<&'static str>,
    /// «warm», «how hot is it».
    pub(in crate::intent) warmth: bool,
    /// «things», «devices», «sensors».
    pub(in crate::intent) generic: bool,
    /// «there is»: a thing that exists or not.
    pub(in crate::intent) exists: bool,
    /// «can the kettle be on»: perhaps no question at all.
    pub(in crate::intent) wish: bool,
    /// How it is asked to be set: a colour, a level, an option.
    pub(in crate::intent) looks: Vec<Look>,
}

pub(in crate::intent) fn parse(scene: &Scene<'_>, scan: &Scan<'_>) -> Option<Query> {
    let form = form(scan)?;
    let mut q = Query {
        form,
        np: Np::default(),
        states: Vec::new(),
        binaries: Vec::new(),
        measures: Vec::new(),
        attrs: Vec::new(),
        warmth: false,
        generic: false,
        exists: false,
        wish: scan.words.iter().any(|w| w.text == "be") && !possible(scan),
        looks: Vec::new(),
    };
    let last = scan.items.iter().rposition(|i| !i.idle() && !i.is(Sense::Question) && !i.is(Sense::And))?;
    let mut either = false;
    let or = scan.items.iter().position(|i| i.hits.is_empty() && scan.plain(i).starts_with("or") && form == Form::Is);
    for (i, item) in scan.items.iter().enumerate() {
        // «on or off» in one phrase
        if form == Form::Is && item.hits.is_empty() && matches!(scan.plain(item).as_str(), "on or off" | "off or on") {
            q.states.push(Sense::State("on"));
            either = true;
            continue;
        }
        // «open or closed», «on or not»: what follows is the other state.
        if or.is_some_and(|or| i >= or) {
            if or == Some(i) || alternative(item) {
                continue;
            }
            return None;
        }
        // «how warm is the pool», where «pool» is also an option of something.
        let option = !item.options.is_empty() && item.senses.is_empty() && item.hits.is_empty();
        let bearers = if option { scene.home.gazetteer().bearing(&item.head) } else { &[] };
        if !q.take(scan, item, i, last) && !q.np.take_part_of(bearers, item) {
            return None;
        }
    }
    if (or.is_some() || either) && !q.np.names.is_empty() {
        q.form = Form::What;
        q.states.clear();
        q.attrs.clear();
    }
    // What is true at some other time is not known.
    if q.attrs.contains(&"clock") {
        return None;
    }
    if q.form == Form::Is && (q.np.any || q.exists) {
        q.form = Form::Any;
    }
    let who = scan.items.iter().any(|i| i.hits.is_empty() && i.is(Sense::Who));
    if who && !q.np.headed() {
        q.np.kinds.push("person");
    }
    // «is everyone home»: of all of them.
    let everyone = |i: &Item| matches!(scan.plain(i).as_str(), "everyone" | "everybody");
    q.np.all |= q.np.kinds.contains(&"person") && scan.items.iter().any(everyone);
    if (q.np.all || q.np.everything) && matches!(q.form, Form::Is | Form::Any) {
        q.form = Form::All;
    }
    // «is Greta here»
    if q.form == Form::Is && q.np.here && q.states.is_empty() && people(scene, &q.np) {
        q.states.push(Sense::State("home"));
        q.np.here = false;
    }
    Some(q)
}

/// What may stand behind «or»: another state, or «not», «what».
fn alternative(item: &Item) -> bool {
    let state = |s: &Sense| {
        matches!(
            s,
            Sense::State(_) | Sense::BinaryOn(_) | Sense::BinaryOff(_) | Sense::Not | Sense::What | Sense::Verb(_)
        ) || matches!(s, Sense::Prep | Sense::Question | Sense::And | Sense::Min | Sense::Everything | Sense::Any)
    };
    item.idle() || item.hits.is_empty() && item.senses.iter().any(state)
}

/// Whether persons are named, and nothing else.
fn people(scene: &Scene<'_>, np: &Np) -> bool {
    let person = |of: &NameOf| match of {
        NameOf::Entity(e) => scene.home.entity(*e).is_some_and(|e| e.kind == Kind::Person),
        _ => false,
    };
    !np.names.is_empty() && np.names.iter().all(|n| n.hits.iter().any(|h| person(&h.of)))
}

/// «could the fountain be on»: whether it is so, and no wish, unless somebody asks for it politely.
fn possible(scan: &Scan<'_>) -> bool {
    let word = |at: usize| scan.words.get(at).map_or("", |w| w.text.as_str());
    let supposed = matches!(word(0), "can" | "could" | "might" | "may")
        && !matches!(word(1), "i" | "we" | "you" | "someone" | "somebody" | "please");
    let Some(last) = scan.items.iter().rfind(|i| !i.is(Sense::Question) && !i.is(Sense::Filler)) else { return false };
    // «… be locked», «… be turned on» may ask for it to be done.
    let stated = last.hits.is_empty() && matches!(scan.plain(last).as_str(), "on" | "off" | "open");
    let polite = scan.words.iter().any(|w| w.text == "please");
    supposed && stated && !polite && last.words.0.checked_sub(1).is_some_and(|before| word(before) == "be")
}

/// The form, from the words at the head; [`None`] where the sentence asks nothing.
fn form(scan: &Scan<'_>) -> Option<Form> {
    if possible(scan) {
        return Some(Form::Is);
    }
    let mut told = false;
    for (i, item) in scan.items.iter().enumerate() {
        if item.idle() && !item.is(Sense::Is) || item.is(Sense::And) {
            continue;
        }
        let has = |s: Sense| item.hits.is_empty() && item.is(s);
        if has(Sense::HowMany) {
            return Some(Form::Count);
        }
        if has(Sense::Which) {
            return Some(Form::Which);
        }
        if has(Sense::Where) {
            return Some(Form::Where);
        }
        if has(Sense::Who) {
            return Some(Form::Which);
        }
        if has(Sense::Attr("playing")) {
            return Some(Form::What);
        }
        if has(Sense::What) || has(Sense::Attr("howmuch")) || has(Sense::When) || has(Sense::Status) {
            // «what lights are on»
            let which = scan.plain(item) == "what" && scan.items.get(i + 1).is_some_and(|n| n.plural);
            return Some(if which { Form::Which } else { Form::What });
        }
        if has(Sense::Exist) {
            return Some(Form::Any);
        }
        if has(Sense::Is) {
            return Some(Form::Is);
        }
        if has(Sense::Any) || item.hits.is_empty() && matches!(scan.plain(item).as_str(), "anyone" | "anybody") {
            return Some(Form::Any);
        }
        if has(Sense::Tell) {
            told = true;
            continue;
        }
        break;
    }
    let status = scan.items.iter().any(|i| i.hits.is_empty() && i.is(Sense::Status));
    if told || status && !scan.items.iter().any(|i| matches!(i.senses.first(), Some(Sense::Verb(_)))) {
        return Some(Form::What);
    }
    // «the front door is locked?»
    let asked = scan.items.iter().any(|i| i.is(Sense::Question)) && scan.items.iter().any(|i| i.is(Sense::Is));
    asked.then_some(Form::Is)
}

impl Query {
    /// Takes in one item; false where it has no place in a question.
    fn take(&mut self, scan: &Scan<'_>, item: &Item, at: usize, last: usize) -> bool {
        let passing = [
            Sense::Question,
            Sense::Prep,
            Sense::And,
            Sense::Is,
            Sense::What,
            Sense::Which,
            Sense::HowMany,
            Sense::Where,
            Sense::When,
            Sense::Who,
            Sense::Tell,
            Sense::Status,
            Sense::Doing,
            Sense::Attr("howmuch"),
            Sense::Attr("left"),
        ];
        let placed = self.form != Form::Where && self.form != Form::What && !self.wish;
        if let Some(look) = look::look(scan, item, at).filter(|_| placed) {
            self.looks.push(look);
            return true;
        }
        if item.unknown() || item.value.is_some() && item.hits.is_empty() {
            return false;
        }
        // «is the range set to 22»
        if placed && item.hits.is_empty() && scan.plain(item) == "set" {
            self.attrs.push("setpoint");
            return true;
        }
        if item.hits.is_empty() && item.is(Sense::Exist) {
            self.exists = true;
            return true;
        }
        self.read(item);
        // «in the house» says where, unless people are asked about.
        let house = item.is(Sense::Everywhere) && !self.np.kinds.contains(&"person") && self.np.names.is_empty();
        let state_word = !house
            && item.senses.iter().any(|s| matches!(s, Sense::State(_) | Sense::BinaryOn(_) | Sense::BinaryOff(_)));
        // «what is the thermostat set to»
        if matches!(self.form, Form::What | Form::Which) && item.hits.is_empty() && item.verb(&["set"]) {
            self.attrs.push("setpoint");
            return true;
        }
        let warmth = self.form == Form::What && item.is(Sense::Attr("warmth"));
        if item.hits.is_empty() && state_word && !warmth && self.is_state(scan, item, at, last) {
            let states =
                item.senses.iter().filter(|s| matches!(s, Sense::State(_) | Sense::BinaryOn(_) | Sense::BinaryOff(_)));
            if self.states.is_empty() || at == last {
                self.states = states.copied().collect();
            }
            return true;
        }
        if (item.hits.iter().any(|h| !matches!(h.of, NameOf::Entity(_))) || item.named()) && self.np.take(item) {
            return true;
        }
        let generic = item.is(Sense::Kind("sensor")) || item.is(Sense::Everything);
        if self.np.take(item) {
            self.generic |= generic;
            return true;
        }
        item.idle()
            || passing.iter().any(|s| item.is(*s))
            || item.is(Sense::Reading)
            || item.senses.iter().any(|s| matches!(s, Sense::Binary(_) | Sense::Measure(_) | Sense::Attr(_)))
    }

    /// Notes the nouns and properties that an item may be.
    fn read(&mut self, item: &Item) {
        for sense in &item.senses {
            match sense {
                Sense::Binary(class) => self.binaries.push(class),
                Sense::Measure(class) => self.measures.push(class),
                Sense::Attr("warmth") => self.warmth = true,
                // «how cold is it in the yard», where that is a place.
                Sense::Attr("lawn") if item.areas().next().is_some() => {}
                Sense::Attr(attr) => self.attrs.push(attr),
                _ => {}
            }
        }
    }

    /// Whether a word that can be a state is one here, not a noun or preposition.
    fn is_state(&self, scan: &Scan<'_>, item: &Item, at: usize, last: usize) -> bool {
        let noun = item.senses.iter().any(|s| matches!(s, Sense::Binary(_) | Sense::Measure(_) | Sense::Kind(_)));
        if noun && at != last {
            return false;
        }
        // «are any lights on the first floor on»: the first leads to a place, the last is the state.
        if item.is(Sense::On) && at != last {
            let later = scan.items[at + 1..]
                .iter()
                .any(|i| i.hits.is_empty() && i.senses.iter().any(|s| matches!(s, Sense::State(_))));
            let next = scan.items[at + 1..].iter().find(|i| !i.idle());
            let place = next.is_some_and(|n| n.areas().next().is_some() || n.floors().next().is_some());
            return !(place && (later || !self.states.is_empty()));
        }
        true
    }
}
