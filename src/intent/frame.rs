//! From a clause to an action: which intent, which command, for which kinds of entities.
//!
//! The rules are tried from the most particular (volume, playback) to the most general (on and off);
//! the first that fits decides. A rule only fits when it uses everything that the clause says.

use super::clause::Clause;
use super::number::Value;
use super::special;
use super::turn::Slots;
use crate::home::{Color, Command, Kind, number};

/// What a clause asks for, before it is known of which entities.
#[derive(Clone, Debug)]
pub(super) struct Action {
    pub(super) intent: &'static str,
    pub(super) command: Command,
    pub(super) slots: Slots,
    /// Kinds that may be meant; all that can do the command where it is empty.
    pub(super) kinds: &'static [Kind],
    /// The kind that is meant where none is named: «brightness to 50 %» means lights.
    pub(super) implied: Option<Kind>,
    /// Where nothing at all is named, the one such entity of the area is meant («pause»).
    pub(super) bare: bool,
}

impl Action {
    pub(super) fn new(intent: &'static str, command: Command, kinds: &'static [Kind]) -> Self {
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
        Self { intent, command, slots: Slots::default(), kinds, implied, bare: false }
    }

    pub(super) fn with(mut self, slot: &'static str, value: impl Into<serde_json::Value>) -> Self {
        self.slots.set(slot, value);
        self
    }

    pub(super) fn bare(mut self) -> Self {
        self.bare = true;
        self
    }
}

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
const OPENED: &[Kind] = &[Kind::Cover, Kind::Valve];
const LOCKS: &[Kind] = &[Kind::Lock];
const LIGHTS: &[Kind] = &[Kind::Light];
const PLAYERS: &[Kind] = &[Kind::MediaPlayer];

/// The action of a clause; [`None`] where no rule fits.
pub(super) fn action(c: &Clause) -> Option<Action> {
    // «the lamp is red» states something; «make sure that it is» asks for it.
    if c.crowded || c.is && !c.ensure {
        return None;
    }
    // Half a name and a value or colour are not yet a command.
    let vague = c.attrs.is_empty() && !c.nps.iter().any(|np| np.headed() || np.placed());
    if vague && c.verbs.is_empty() && c.on.is_none() {
        return None;
    }
    let partial = c.nps.iter().any(|np| np.parts.is_some());
    if partial && c.verbs.is_empty() && c.on.is_none() && c.up.is_none() && !c.to && c.states.is_empty() {
        return None;
    }
    lit(c)
        .or_else(|| volume(c))
        .or_else(|| special::robot(c))
        .or_else(|| special::playback(c))
        .or_else(|| lock(c))
        .or_else(|| cover(c))
        .or_else(|| fan(c))
        .or_else(|| special::humidity(c))
        .or_else(|| special::temperature(c))
        .or_else(|| light(c))
        .or_else(|| special::scene(c))
        .or_else(|| special::number_of(c))
        .or_else(|| power(c))
        .or_else(|| bare_light(c))
}

/// «light up the kitchen»: lights, whatever else is there.
fn lit(c: &Clause) -> Option<Action> {
    let plain = c.verb(&["light"]) && c.plain() && c.on != Some(false) && c.up != Some(false);
    plain.then(|| Action::new("HassTurnOn", Command::TurnOn, LIGHTS).bare())
}

/// The percentage that a clause states: a value, or a level by name.
pub(super) fn percent(c: &Clause) -> Option<f64> {
    let value = match c.value {
        // «bulb five» is no command; «bulb to five», «set bulb five» and «bulb 5 %» are.
        Some(Value::Plain(_)) if c.verbs.is_empty() && !c.to && c.attrs.is_empty() => return None,
        Some(Value::Percent(n) | Value::Plain(n)) => Some(n),
        Some(_) => return None,
        None => c.level,
    }?;
    (0.0..=100.0).contains(&value).then_some(value)
}

/// Up or down, from the verb or the word.
pub(super) fn direction(c: &Clause, ups: &[&str], downs: &[&str]) -> Option<f64> {
    if c.verb(ups) {
        return Some(1.0);
    }
    if c.verb(downs) {
        return Some(-1.0);
    }
    c.up.map(|up| if up { 1.0 } else { -1.0 })
}

pub(super) fn stride(c: &Clause, usual: f64) -> f64 {
    match c.much {
        -1 => usual / 2.0,
        1 => usual * 2.0,
        _ => usual,
    }
}

fn volume(c: &Clause) -> Option<Action> {
    if c.verb(&["unmute"]) {
        return Some(Action::new("HassMediaPlayerUnmute", Command::Mute(false), PLAYERS).bare());
    }
    if c.verb(&["mute"]) {
        return Some(Action::new("HassMediaPlayerMute", Command::Mute(true), PLAYERS).bare());
    }
    let spoken = c.verb(&["louder", "quieter"]);
    let turned =
        c.up.is_some() && c.verb(&["turn"]) && (c.kind(&["media_player", "tv", "speaker"]) || c.attr(&["playback"]));
    if !c.attr(&["volume"]) && !spoken && !turned {
        return None;
    }
    let dir = direction(c, &["increase", "raise", "louder"], &["decrease", "lower", "quieter"]);
    let set = |level: f64| {
        Action::new("HassSetVolume", Command::Volume(level), PLAYERS).with("volume_level", number(level)).bare()
    };
    match (percent(c), dir) {
        (Some(level), None) => Some(set(level)),
        (Some(level), Some(_)) if c.to || c.value.is_none() => Some(set(level)),
        (Some(step), Some(dir)) => Some(
            Action::new("HassSetVolumeRelative", Command::VolumeStep(dir * step), PLAYERS)
                .with("volume_step", number(dir * step))
                .bare(),
        ),
        (None, Some(dir)) if c.value.is_none() => Some(
            Action::new("HassSetVolumeRelative", Command::VolumeStep(dir * stride(c, 10.0)), PLAYERS)
                .with("volume_step", if dir > 0.0 { "up" } else { "down" })
                .bare(),
        ),
        _ => None,
    }
}

fn lock(c: &Clause) -> Option<Action> {
    let wish = |state: &str| c.states.contains(&state) && (c.ensure || !c.is);
    let noun = c.nps.iter().any(|np| np.kinds.contains(&"lock"));
    if c.verb(&["unlock"]) || wish("unlocked") || noun && c.verb(&["disengage", "open"]) {
        return Some(Action::new("HassTurnOff", Command::TurnOff, LOCKS));
    }
    if c.verb(&["lock"]) || wish("locked") || noun && c.verb(&["engage", "close"]) {
        return Some(Action::new("HassTurnOn", Command::TurnOn, LOCKS));
    }
    None
}

fn cover(c: &Clause) -> Option<Action> {
    let other = c.kind(&["fan", "light", "media_player", "tv", "speaker", "climate", "vacuum"]);
    let covered = !other && c.nps.iter().any(|np| !np.classes.is_empty()) || c.kind(&["cover", "door", "valve"]);
    let opening = c.verb(&["open", "raise"]) || c.states.contains(&"open") && c.verbs.is_empty();
    let closing = c.verb(&["close", "lower"]) || c.states.contains(&"closed") && c.verbs.is_empty();
    let cover = c.about.is_empty() || c.kind(&["cover", "valve"]);
    if !cover || other {
        return None;
    }
    let moved = opening || closing;
    if moved && (c.by || c.much != 0) && c.attrs.is_empty() {
        let step = percent(c).unwrap_or_else(|| stride(c, 20.0)) * if opening { 1.0 } else { -1.0 };
        let action = Action::new("HassSetPosition", Command::PositionStep(step), OPENED);
        return Some(action.with("position_step", number(step)));
    }
    if let Some(position) = percent(c).filter(|_| covered || moved || c.attr(&["position"])) {
        if c.attrs.iter().any(|a| *a != "position") || c.by {
            return None;
        }
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

fn fan(c: &Clause) -> Option<Action> {
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
        (step, Some(dir)) => {
            let step = dir * step.unwrap_or_else(|| stride(c, 25.0));
            Some(Action::new("HassFanSetSpeed", Command::SpeedStep(step), fan).with("percentage_step", number(step)))
        }
        _ => None,
    }
}

fn light(c: &Clause) -> Option<Action> {
    if c.attrs.iter().any(|a| !matches!(*a, "brightness" | "color" | "color_temperature" | "temperature" | "mode")) {
        return None;
    }
    if let Some((name, rgb)) = &c.color {
        let color = Color { name: name.clone(), rgb: *rgb };
        return (c.value.is_none())
            .then(|| Action::new("HassLightSet", Command::Color(color), LIGHTS).with("color", name.as_str()));
    }
    let kelvin = match c.value {
        Some(Value::Kelvin(k)) => Some(k),
        Some(Value::Plain(k)) if c.attr(&["color_temperature"]) => Some(k),
        None => c.white.map(f64::from),
        _ => None,
    };
    if let Some(kelvin) = kelvin {
        return (1000.0..=12_000.0).contains(&kelvin).then(|| {
            Action::new("HassLightSet", Command::ColorTemperature(kelvin), LIGHTS).with("temperature", number(kelvin))
        });
    }
    let named = c.attr(&["brightness"]) || c.verb(&["dim", "brighten"]);
    let dir = direction(c, &["increase", "raise", "brighten"], &["decrease", "lower", "dim"]);
    let lit = named || c.kind(&["light"]) || matches!(c.value, Some(Value::Percent(_)));
    match (percent(c), dir) {
        (Some(level), None) if lit => Some(brightness(level)),
        (Some(level), Some(_)) if lit && (c.to || c.value.is_none() || c.verb(&["dim"]) && !c.by) => {
            Some(brightness(level))
        }
        (step, Some(dir)) if named || c.kind(&["light"]) => {
            let step = dir * step.unwrap_or_else(|| stride(c, 20.0));
            Some(
                Action::new("HassLightSet", Command::BrightnessStep(step), LIGHTS)
                    .with("brightness_step", number(step)),
            )
        }
        _ => None,
    }
}

fn brightness(level: f64) -> Action {
    Action::new("HassLightSet", Command::Brightness(level), LIGHTS).with("brightness", number(level))
}

/// On, off and toggle.
fn power(c: &Clause) -> Option<Action> {
    if !c.plain() {
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
        None if c.verb(&["start", "stop"]) && c.kind(&["fan", "switch", "light", "humidifier", "climate"]) => {
            c.verb(&["start"])
        }
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

/// «Overhead light»: a lamp's whole name and nothing else asks for light.
fn bare_light(c: &Clause) -> Option<Action> {
    let alone = c.verbs.is_empty() && c.on.is_none() && c.up.is_none() && c.states.is_empty() && c.attrs.is_empty();
    let one = c.nps.len() == 1 && c.nps[0].names.len() == 1 && !c.nps[0].plural && !c.nps[0].all && !c.is;
    let named = c.about.contains(&Kind::Light) && c.value.is_none() && c.media.is_empty() && c.much == 0;
    (alone && one && named).then(|| implied_none(Action::new("HassTurnOn", Command::TurnOn, LIGHTS)))
}

fn implied_none(mut action: Action) -> Action {
    action.implied = None;
    action
}
