//! On, off and toggle: of anything that is switched.

use super::action::{Action, implied_none};
use crate::home::{Command, Kind};
use crate::intent::sentence::clause::Clause;
use crate::intent::sentence::np::Np;

/// Kinds that «turn on» and «turn off» are said of.
const SWITCHED: &[Kind] = &[
    Kind::Light,
    Kind::Switch,
    Kind::Fan,
    Kind::MediaPlayer,
    Kind::InputBoolean,
    Kind::Climate,
    Kind::Humidifier,
    Kind::WaterHeater,
    Kind::Scene,
    Kind::Script,
    Kind::Automation,
    Kind::Group,
    Kind::Remote,
    Kind::Siren,
    Kind::Vacuum,
    Kind::LawnMower,
    Kind::Button,
    Kind::InputButton,
    Kind::Cover,
    Kind::Valve,
];

/// Kinds that «start» and «stop» are said of: what runs. What opens or locks needs the more exact word.
const STARTED: &[Kind] = &[
    Kind::Switch,
    Kind::InputBoolean,
    Kind::Light,
    Kind::Fan,
    Kind::Humidifier,
    Kind::Climate,
    Kind::WaterHeater,
    Kind::Group,
    Kind::Siren,
];

/// Whether something is spoken of that runs.
fn runs(c: &Clause) -> bool {
    STARTED.iter().any(|kind| c.kind(&[kind.word()])) || c.kind(&["outlet"])
}

fn started(start: bool) -> Action {
    implied_none(match start {
        true => Action::new("HassTurnOn", Command::TurnOn, STARTED),
        false => Action::new("HassTurnOff", Command::TurnOff, STARTED),
    })
}

/// «shut everything down», «shut the TV down»: off with it; nothing that closes.
pub(in crate::intent) fn shut_down(c: &Clause) -> bool {
    let closes = [Kind::Cover, Kind::Valve, Kind::Lock];
    let switched =
        c.nps.iter().any(|np| np.everything) || !c.about.is_empty() && !c.about.iter().any(|k| closes.contains(k));
    c.verb(&["close"]) && c.up == Some(false) && switched
}

/// On, off and toggle.
pub(in crate::intent) fn power(c: &Clause) -> Option<Action> {
    // «turn on the heat»
    let heat = c.attrs == ["temperature"] && c.nps.iter().all(Np::unheaded) && c.value.is_none() && c.up.is_none();
    if let Some(on) = c.on.filter(|_| heat && c.level.is_none() && c.color.is_none()) {
        let climates: &'static [Kind] = &[Kind::Climate];
        return Some(if on {
            Action::new("HassTurnOn", Command::TurnOn, climates).bare()
        } else {
            Action::new("HassTurnOff", Command::TurnOff, climates).bare()
        });
    }
    // «turn on the lamp garage door open»: two commands, or none.
    let stated = c.states.iter().any(|s| matches!(*s, "open" | "closed" | "locked" | "unlocked"));
    if !c.plain() || c.on.is_some() && stated {
        return None;
    }
    let flipped = c.on.is_none() && c.up.is_none() && (c.verb(&["flip"]) || c.status && c.verb(&["turn", "set"]));
    if c.verb(&["toggle"]) || flipped {
        return Some(implied_none(Action::new("HassToggle", Command::Toggle, SWITCHED)));
    }
    let on = match c.on {
        Some(on) if c.up.is_none() => (c.verbs.is_empty() || c.verb(&["turn", "set"])).then_some(on)?,
        None if c.verb(&["on"]) && c.up != Some(false) => true,
        None if c.verb(&["off"]) => false,
        None if shut_down(c) => false,
        None if c.verb(&["start", "stop"]) && runs(c) => return Some(started(c.verb(&["start"]))),
        None if c.states.contains(&"on") => true,
        None if c.states.contains(&"off") => false,
        _ => return None,
    };
    let action = if on {
        Action::new("HassTurnOn", Command::TurnOn, SWITCHED)
    } else {
        Action::new("HassTurnOff", Command::TurnOff, SWITCHED)
    };
    Some(implied_none(action))
}
