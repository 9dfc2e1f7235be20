//! Fans: how fast, and whether they swing.

use super::action::{Action, direction, percent, stride};
use crate::home::{Command, Kind, number};
use crate::intent::sentence::clause::Clause;

pub(in crate::intent) fn fan(c: &Clause) -> Option<Action> {
    if !c.kind(&["fan"]) && !c.attr(&["speed"]) && !c.verb(&["faster", "slower"]) {
        return None;
    }
    let dir = direction(c, &["increase", "raise", "faster"], &["decrease", "lower", "slower"]);
    let fan: &'static [Kind] = &[Kind::Fan];
    let asked = if c.medium { Some(66.0) } else { percent(c) };
    match (asked, dir) {
        (Some(speed), None) => {
            Some(Action::new("HassFanSetSpeed", Command::Speed(speed), fan).with("percentage", number(speed)))
        }
        (Some(speed), Some(_)) if c.to => {
            Some(Action::new("HassFanSetSpeed", Command::Speed(speed), fan).with("percentage", number(speed)))
        }
        (None, Some(_)) if c.value.is_some() => None,
        (step, Some(dir)) => {
            let step = dir * step.unwrap_or_else(|| stride(c, 25.0));
            let action = Action::new("HassFanSetSpeed", Command::SpeedStep(step), fan);
            Some(action.with("percentage_step", number(step)))
        }
        _ => None,
    }
}

/// Fans that swing: «let the tower fan oscillate», «stop the fan swinging».
pub(in crate::intent) fn oscillation(c: &Clause) -> Option<Action> {
    if !(c.attr(&["oscillation"]) || c.verb(&["oscillate"])) || c.value.is_some() || c.color.is_some() {
        return None;
    }
    if c.attrs.iter().any(|a| *a != "oscillation") || !c.nps.iter().any(|np| np.headed() || np.placed()) {
        return None;
    }
    let stop = c.on == Some(false) || c.verb(&["stop", "off"]) || c.states.contains(&"off");
    Some(Action::new("HassFanOscillate", Command::Oscillate(!stop), &[Kind::Fan]).with("oscillating", !stop))
}
