//! What opens and shuts: locks, covers, valves, and the slats of blinds.

use super::action::{Action, direction, percent, stride};
use super::power::shut_down;
use crate::home::{Command, Kind, number};
use crate::intent::sentence::clause::Clause;
use crate::intent::sentence::np::Np;

const OPENED: &[Kind] = &[Kind::Cover, Kind::Valve];

const LOCKS: &[Kind] = &[Kind::Lock];

pub(in crate::intent) fn lock(c: &Clause) -> Option<Action> {
    let wish = |state: &str| c.states.contains(&state) && (c.ensure || !c.is);
    let noun = c.nps.iter().any(|np| np.kinds.contains(&"lock"));
    if c.verb(&["unlock"]) || wish("unlocked") || noun && c.verb(&["disengage", "open"]) {
        let mut action = Action::new("HassTurnOff", Command::TurnOff, LOCKS);
        // «unlock the cellar»: the one lock that is there.
        if c.plain() && !c.nps.is_empty() && c.nps.iter().all(|np| !np.headed() && !np.areas.is_empty()) {
            action.implied = Some(Kind::Lock);
        }
        return Some(action);
    }
    if c.verb(&["lock"]) || wish("locked") || noun && c.verb(&["engage", "close"]) {
        let mut action = Action::new("HassTurnOn", Command::TurnOn, LOCKS);
        // «lock up», «lock the house», «lock everything»: there is nothing to choose.
        if c.plain() && c.value.is_none() && c.nps.iter().all(Np::unheaded) {
            (action.implied, action.bare) = (Some(Kind::Lock), true);
        }
        return Some(action);
    }
    None
}

pub(in crate::intent) fn cover(c: &Clause) -> Option<Action> {
    let other = c.kind(&["fan", "light", "media_player", "tv", "speaker", "climate", "vacuum"]);
    let covered =
        !other && c.nps.iter().any(|np| !np.classes.is_empty()) || c.kind(&["cover", "covering", "door", "valve"]);
    // «blinds open», «pull the blinds open», «set the blinds to open»
    let much = c.value.is_some() || c.much != 0 || c.level.is_some();
    // «crack it open» says only by how little.
    let put = c.verbs.is_empty() || c.verb(&["pull", "set"]) || much && c.verb(&["crack"]);
    let opening = c.verb(&["open", "raise"]) || c.states.contains(&"open") && put;
    let closing = c.verb(&["close", "lower"]) || c.states.contains(&"closed") && put;
    // «shut everything down»
    if shut_down(c) && !covered {
        return None;
    }
    let cover = c.about.is_empty() || c.kind(&["cover", "covering", "valve"]);
    if !cover || other {
        return None;
    }
    let moved = opening || closing;
    // «open it 30 percent more»
    let more = c.up.is_some() && c.verb(&["open", "close"]) && c.value.is_some() && !c.to;
    if moved && (c.by || c.much != 0 || more) && c.attrs.is_empty() {
        let step = percent(c).unwrap_or_else(|| stride(c, 20.0)) * if opening { 1.0 } else { -1.0 };
        let action = Action::new("HassSetPosition", Command::PositionStep(step), OPENED);
        return Some(action.with("position_step", number(step)));
    }
    if let Some(position) = percent(c).filter(|_| covered || moved || c.attr(&["position"])) {
        if c.attrs.iter().any(|a| *a != "position") || c.by {
            return None;
        }
        // «close … three quarters of the way», «75 % closed»
        let position = if closing && !c.to && !c.verb(&["lower"]) { 100.0 - position } else { position };
        return Some(
            Action::new("HassSetPosition", Command::Position(position), OPENED).with("position", number(position)),
        );
    }
    if c.value.is_some() || !c.attrs.is_empty() || c.on.is_some() {
        return None;
    }
    if c.verb(&["stop"]) && covered {
        return Some(Action::new("HassStopMoving", Command::Stop, OPENED));
    }
    if opening || covered && c.up == Some(true) {
        return Some(Action::new("HassTurnOn", Command::TurnOn, OPENED));
    }
    if closing || covered && c.up == Some(false) {
        return Some(Action::new("HassTurnOff", Command::TurnOff, OPENED));
    }
    None
}

/// Slats: «tilt the blinds to 40 %», «open the slats».
pub(in crate::intent) fn tilt(c: &Clause) -> Option<Action> {
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
