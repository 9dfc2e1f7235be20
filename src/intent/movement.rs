//! How things move besides open and shut: slats that tilt, fans that swing.

use super::clause::Clause;
use super::frame::{Action, direction, percent, stride};
use crate::home::{Command, Kind, number};

/// Slats: «tilt the blinds to 40 %», «open the slats».
pub(super) fn tilt(c: &Clause) -> Option<Action> {
    let spoken = c.attr(&["tilt"]) || c.verb(&["tilt"]);
    if !spoken || c.attrs.iter().any(|a| !matches!(*a, "tilt" | "position")) || c.color.is_some() || c.on.is_some() {
        return None;
    }
    let covers: &'static [Kind] = &[Kind::Cover];
    let make = |command| {
        let mut action = Action::new("HassSetPosition", command, covers);
        // «close the slats in the loft»: only covers have some.
        action.implied = Some(Kind::Cover);
        action
    };
    let set = |p: f64| make(Command::Tilt(p)).with("tilt", number(p));
    let opened = c.verb(&["open"]) || c.states.contains(&"open");
    let closed = c.verb(&["close"]) || c.states.contains(&"closed");
    let dir = direction(c, &["raise", "increase"], &["lower", "decrease"]);
    let stepped = c.by || c.much != 0;
    match (percent(c), dir) {
        (Some(p), None) if !stepped => Some(set(p)),
        (Some(p), Some(_)) if c.to => Some(set(p)),
        (None, None) if opened != closed && !stepped => Some(set(if opened { 100.0 } else { 0.0 })),
        (step, dir) if c.value.is_none() || c.by || dir.is_some() => {
            let sign = dir.or_else(|| closed.then_some(-1.0)).or_else(|| (opened || stepped).then_some(1.0))?;
            let step = sign * step.unwrap_or_else(|| stride(c, 20.0));
            Some(make(Command::TiltStep(step)).with("tilt_step", number(step)))
        }
        _ => None,
    }
}

/// Fans that swing: «let the tower fan oscillate», «stop the fan swinging».
pub(super) fn oscillation(c: &Clause) -> Option<Action> {
    if !(c.attr(&["oscillation"]) || c.verb(&["oscillate"])) || c.value.is_some() || c.color.is_some() {
        return None;
    }
    if c.attrs.iter().any(|a| *a != "oscillation") || !c.nps.iter().any(|np| np.headed() || np.placed()) {
        return None;
    }
    let stop = c.on == Some(false) || c.verb(&["stop", "off"]) || c.states.contains(&"off");
    Some(Action::new("HassFanOscillate", Command::Oscillate(!stop), &[Kind::Fan]).with("oscillating", !stop))
}
