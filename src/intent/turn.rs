//! What goes into understanding, and what comes out.

use serde_json::Value;

use crate::home::{AreaRef, Call, Command, EntityRef};

/// One sentence in its circumstances.
#[derive(Clone, Debug)]
pub struct Turn<'a> {
    /// What was said.
    pub text: &'a str,
    /// Where the speaker is, if that is known.
    pub area: Option<AreaRef>,
    /// The wall clock where the home is.
    pub now: jiff::civil::DateTime,
    /// What the conversation left behind; the default for the first sentence.
    pub context: Context,
}

/// What a conversation leaves behind for its next sentence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    /// What was last acted upon or asked about: «it».
    pub mentioned: Vec<EntityRef>,
    /// The area that was last named.
    pub area: Option<AreaRef>,
    /// A question that waits for its answer.
    pub pending: Option<Question>,
    /// What was last done, for «and the other one too».
    pub done: Option<Done>,
}

/// What was last done, without what it was done to.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The intent.
    pub intent: &'static str,
    /// The slots that do not say what or where.
    pub slots: Slots,
    /// The command, and what belonged to it.
    pub commands: Vec<Command>,
    /// The kinds that it is for; all where it is empty.
    pub kinds: &'static [crate::home::Kind],
}

/// A question that Hearth asked back.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// What was said before.
    pub text: String,
    /// The entities that may be meant.
    pub candidates: Vec<EntityRef>,
    /// Whether «all of them» is an answer.
    pub all: bool,
    /// The readings and calls to complete with what is chosen.
    pub reading: Reading,
    /// The call to complete.
    pub call: Call,
    /// What else is to be done with the same entities: «blue at 20 %».
    pub also: Vec<Command>,
    /// The timers that may be meant instead of entities: as they are spoken of, and what to do then.
    pub timers: Vec<(String, Command)>,
}

/// What is to be done about a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Carry the calls out.
    Act,
    /// Say the reply; nothing changes.
    Answer,
    /// Ask the reply back; nothing changes.
    Ask,
    /// Not understood, or not sure enough; nothing changes.
    Abstain,
}

/// The value of one slot, under its name.
pub type Slot = (&'static str, Value);

/// Slots in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slots(pub Vec<Slot>);

impl Slots {
    /// Sets a slot, replacing what was there.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        let value = value.into();
        match self.0.iter_mut().find(|(n, _)| *n == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// The value of a slot.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(n, _)| *n == name).map(|(_, v)| v)
    }

    /// The slots as a JSON object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        Value::Object(self.0.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect())
    }
}

/// One intent with its slots; a sentence may have several.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// The intent: `HassTurnOn`, …; `docs/say.md` lists them.
    pub intent: &'static str,
    /// Its slots.
    pub slots: Slots,
}

/// What a sentence means in a home.
#[derive(Clone, Debug, PartialEq)]
pub struct Understanding {
    /// What is to be done.
    pub decision: Decision,
    /// The readings, in the order of the sentence; empty where nothing was understood.
    pub readings: Vec<Reading>,
    /// What to carry out; empty unless the decision is to act.
    pub calls: Vec<Call>,
    /// What to say; for [`Decision::Act`] use [`super::reply`] with the outcomes instead.
    pub say: String,
    /// How sure: 1 for a literal match, less for every correction and guess.
    pub confidence: f64,
    /// The wording was not known, so that a second opinion or a model may try; not so for a sentence
    /// that was understood as one that must not act.
    pub open: bool,
    /// What to hand to the next turn of this conversation.
    pub context: Context,
}

/// What became of one step of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done, and reading back shows it.
    Done(EntityRef),
    /// It was done, but reading back does not show it within the deadline.
    NotConfirmed(EntityRef),
    /// A call without entities was carried out: a timer, the shopping list, an announcement.
    Carried,
    /// It was not done, and why (`cannot be dimmed`, `the gate refused it: …`).
    Failed(EntityRef, String),
}
