//! From a clause to an action: which intent, which command, for which kinds of entities.
//!
//! The rules are tried from the most particular (volume, playback) to the most general (on and off);
//! the first that fits decides. A rule only fits when it uses everything that the clause says.

use super::clause::Clause;
use super::light;
use super::movement;
use super::np::Np;
use super::number::Value;
use super::special;
use super::turn::{Done, Slots};
use crate::home::{Command, Kind, number};

/// What a clause asks for, before it is known of which entities.
#[derive(Clone, Debug)]
pub(super) struct Action {
    pub(super) intent: &'static str,
    pub(super) command: Command,
    /// What else is to be done with the same entities.
    pub(super) also: Vec<Command>,
    pub(super) slots: Slots,
    /// Kinds that may be meant; all that can do the command where it is empty.
    pub(super) kinds: &'static [Kind],
    /// The kind that is meant where none is named: «brightness to 50 %» means lights.
    pub(super) implied: Option<Kind>,
    /// Where nothing at all is named, the one such entity of the area is meant («pause»).
    pub(super) bare: bool,
    /// The unit of its degrees, where one was said: Fahrenheit or not.
    pub(super) fahrenheit: Option<bool>,
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
    pub(super) fn done(&self) -> Done {
        let commands = std::iter::once(&self.command).chain(&self.also).cloned().collect();
        Done { intent: self.intent, slots: self.slots.clone(), commands, kinds: self.kinds }
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
pub(super) const LIGHTS: &[Kind] = &[Kind::Light];
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
    light::lit(c)
        .or_else(|| light::wished_light(c))
        .or_else(|| volume(c))
        .or_else(|| special::robot(c))
        .or_else(|| special::playback(c))
        .or_else(|| movement::tilt(c))
        .or_else(|| movement::oscillation(c))
        .or_else(|| lock(c))
        .or_else(|| cover(c))
        .or_else(|| fan(c))
        .or_else(|| special::humidity(c))
        .or_else(|| special::temperature(c))
        .or_else(|| light::light(c))
        .or_else(|| special::scene(c))
        .or_else(|| special::number_of(c))
        .or_else(|| power(c))
        .or_else(|| light::bare_light(c))
}

/// The percentage that a clause states: a value, or a level by name.
pub(super) fn percent(c: &Clause) -> Option<f64> {
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

fn cover(c: &Clause) -> Option<Action> {
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
        (None, Some(_)) if c.value.is_some() => None,
        (step, Some(dir)) => {
            let step = dir * step.unwrap_or_else(|| stride(c, 25.0));
            let action = Action::new("HassFanSetSpeed", Command::SpeedStep(step), fan);
            Some(action.with("percentage_step", number(step)))
        }
        _ => None,
    }
}

/// «shut everything down», «shut the TV down»: off with it; nothing that closes.
fn shut_down(c: &Clause) -> bool {
    let closes = [Kind::Cover, Kind::Valve, Kind::Lock];
    let switched =
        c.nps.iter().any(|np| np.everything) || !c.about.is_empty() && !c.about.iter().any(|k| closes.contains(k));
    c.verb(&["close"]) && c.up == Some(false) && switched
}

/// On, off and toggle.
fn power(c: &Clause) -> Option<Action> {
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

pub(super) fn implied_none(mut action: Action) -> Action {
    action.implied = None;
    action
}
