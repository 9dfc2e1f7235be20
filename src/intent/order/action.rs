//! What a clause asks for, before it is known of which entities.

use crate::home::{Command, Kind};
use crate::intent::sentence::clause::Clause;
use crate::intent::turn::{Done, Slots};
use crate::intent::words::number::Value;

/// What a clause asks for, before it is known of which entities.
#[derive(Clone, Debug)]
pub(in crate::intent) struct Action {
    pub(in crate::intent) intent: &'static str,
    pub(in crate::intent) command: Command,
    /// What else is to be done with the same entities.
    pub(in crate::intent) also: Vec<Command>,
    pub(in crate::intent) slots: Slots,
    /// Kinds that may be meant; all that can do the command where it is empty.
    pub(in crate::intent) kinds: &'static [Kind],
    /// The kind that is meant where none is named: «brightness to 50 %» means lights.
    pub(in crate::intent) implied: Option<Kind>,
    /// Where nothing at all is named, the one such entity of the area is meant («pause»).
    pub(in crate::intent) bare: bool,
    /// The unit of its degrees, where one was said: Fahrenheit or not.
    pub(in crate::intent) fahrenheit: Option<bool>,
}

impl Action {
    pub(in crate::intent) fn new(intent: &'static str, command: Command, kinds: &'static [Kind]) -> Self {
        // «open all», «lock up the hall»: doors and scenes have to be named.
        let implied = kinds.first().copied().filter(|k| {
            matches!(
                k,
                Kind::Light
                    | Kind::MediaPlayer
                    | Kind::Climate
                    | Kind::WaterHeater
                    | Kind::Humidifier
                    | Kind::Fan
                    | Kind::Vacuum
                    | Kind::LawnMower
            )
        });
        Self {
            intent,
            command,
            also: Vec::new(),
            slots: Slots::default(),
            kinds,
            implied,
            bare: false,
            fahrenheit: None,
        }
    }

    /// What it does, for the next sentence.
    pub(in crate::intent) fn done(&self) -> Done {
        let commands = std::iter::once(&self.command).chain(&self.also).cloned().collect();
        Done { intent: self.intent, slots: self.slots.clone(), commands, kinds: self.kinds }
    }

    pub(in crate::intent) fn with(mut self, slot: &'static str, value: impl Into<serde_json::Value>) -> Self {
        self.slots.set(slot, value);
        self
    }

    pub(in crate::intent) fn bare(mut self) -> Self {
        self.bare = true;
        self
    }
}

pub(in crate::intent) const LIGHTS: &[Kind] = &[Kind::Light];

/// The percentage that a clause states: a value, or a level by name.
pub(in crate::intent) fn percent(c: &Clause) -> Option<f64> {
    let value = match c.value {
        // «bulb five» is no command; «bulb to five», «set bulb five» and «bulb 5 %» are.
        Some(Value::Plain(_)) if c.verbs.is_empty() && !c.to && !c.by && c.attrs.is_empty() => return None,
        Some(Value::Percent(n) | Value::Plain(n)) => Some(n),
        Some(_) => return None,
        None => c.level,
    }?;
    (0.0..=100.0).contains(&value).then_some(value)
}

/// Up or down, from the verb or the word.
pub(in crate::intent) fn direction(c: &Clause, ups: &[&str], downs: &[&str]) -> Option<f64> {
    if c.verb(ups) {
        return Some(1.0);
    }
    if c.verb(downs) {
        return Some(-1.0);
    }
    c.up.map(|up| if up { 1.0 } else { -1.0 })
}

pub(in crate::intent) fn stride(c: &Clause, usual: f64) -> f64 {
    match c.much {
        -1 => usual / 2.0,
        1 => usual * 2.0,
        _ => usual,
    }
}

pub(in crate::intent) fn implied_none(mut action: Action) -> Action {
    action.implied = None;
    action
}
