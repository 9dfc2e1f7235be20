//! Robots: what vacuums and mows, and goes home to charge.

use super::action::Action;
use crate::home::{Call, Command, Kind};
use crate::intent::meant::scene::{Scene, Trouble, Wanted};
use crate::intent::sentence::clause::Clause;
use crate::intent::sentence::np::Np;
use crate::intent::turn::{Reading, Slots};

/// Vacuum and mower.
pub(in crate::intent) fn robot(c: &Clause) -> Option<Action> {
    if c.value.is_some() || c.color.is_some() || c.is && !c.ensure {
        return None;
    }
    let lawn = c.attr(&["lawn"]) || c.verb(&["mow"]) || c.states.contains(&"mowing");
    if lawn || c.kind(&["lawn_mower"]) {
        return mower(c, lawn);
    }
    let vacuum = c.kind(&["vacuum"]) || c.verb(&["clean"]) || c.states.contains(&"cleaning");
    let placed = c.nps.iter().any(|np| np.placed());
    let begun = c.verb(&["start"]) && c.states.contains(&"cleaning");
    if !vacuum || !(c.headed() || placed || begun) || c.attrs.iter().any(|a| !matches!(*a, "base" | "job")) {
        return None;
    }
    let robots: &'static [Kind] = &[Kind::Vacuum];
    if c.attr(&["base"]) || c.verb(&["dock", "charge"]) {
        let homewards = c.verb(&["dock", "charge", "set", "turn", "start"]);
        return homewards.then(|| Action::new("HassVacuumReturnToBase", Command::Dock, robots).bare());
    }
    if c.verb(&["find"]) {
        return Some(Action::new("HassVacuumLocate", Command::Locate, robots).bare());
    }
    if c.verb(&["pause"]) {
        return Some(Action::new("HassVacuumPause", Command::Pause, robots).bare());
    }
    if c.verb(&["stop"]) || c.on == Some(false) || c.verb(&["off"]) {
        return Some(Action::new("HassVacuumStop", Command::Stop, robots).bare());
    }
    if placed && c.verb(&["clean"]) {
        return Some(Action::new("HassVacuumCleanArea", Command::Start, robots).bare());
    }
    let go = c.verb(&["start", "on", "resume", "clean"]) || c.on == Some(true);
    go.then(|| Action::new("HassVacuumStart", Command::Start, robots).bare())
}

/// The area is what is cleaned, not where the robot is.
pub(in crate::intent) fn clean(scene: &Scene<'_>, action: &Action, np: &Np) -> Result<(Reading, Call), Trouble> {
    let robot = Np { areas: Vec::new(), floors: Vec::new(), here: false, everywhere: true, all: true, ..np.clone() };
    let area = np.areas.first().copied().or_else(|| scene.turn.area.filter(|_| np.here));
    let mut slots = Slots::default();
    if let Some(area) = area {
        slots.set("area", scene.home.area_name(area));
    }
    let Some(area) = area.filter(|_| np.floors.is_empty() && np.areas.len() < 2) else {
        return Err(Trouble::Nothing(slots, "Which room shall be cleaned?".to_owned()));
    };
    let command = Command::CleanArea(area);
    let wanted =
        Wanted { kinds: action.kinds, implied: action.implied, command: Some(&command), bare: true, says_kind: false };
    let found = match scene.find(&robot, &wanted) {
        Ok(found) => found,
        Err(Trouble::Nothing(_, say)) => return Err(Trouble::Nothing(slots, say)),
        Err(other) => return Err(other),
    };
    if let Some(name) = found.slots.get("name").filter(|_| !np.names.is_empty()) {
        slots.set("name", name.clone());
    }
    if found.entities.len() > 1 {
        return Err(Trouble::Which(found.entities, slots, false));
    }
    Ok((Reading { intent: action.intent, slots }, Call { command, targets: found.entities }))
}

fn mower(c: &Clause, lawn: bool) -> Option<Action> {
    if c.attrs.iter().any(|a| !matches!(*a, "base" | "lawn" | "job")) {
        return None;
    }
    let mowers: &'static [Kind] = &[Kind::LawnMower];
    if c.verb(&["stop", "dock", "charge", "off"]) || c.on == Some(false) || c.attr(&["base"]) {
        return Some(Action::new("HassLawnMowerDock", Command::Dock, mowers).bare());
    }
    if c.verb(&["pause"]) {
        return Some(Action::new("HassLawnMowerPause", Command::Pause, mowers).bare());
    }
    let go = c.verb(&["start", "on", "mow", "resume"]) || c.on == Some(true) || lawn && c.verb(&["clean"]);
    go.then(|| Action::new("HassLawnMowerStartMowing", Command::Start, mowers).bare())
}
