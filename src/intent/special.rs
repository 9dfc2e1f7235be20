//! Actions of particular kinds: robots, players, heating, humidity, scenes, options by name.

use super::clause::Clause;
use super::frame::{Action, direction, percent, stride};
use super::np::Np;
use super::number::Value;
use super::resolve::{Scene, Trouble, Wanted};
use super::turn::{Reading, Slots};
use crate::home::{Call, Command, EntityRef, Kind, number};

/// Vacuum and mower.
pub(super) fn robot(c: &Clause) -> Option<Action> {
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
pub(super) fn clean(scene: &Scene<'_>, action: &Action, np: &Np) -> Result<(Reading, Call), Trouble> {
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

/// Pause, resume, next, previous.
pub(super) fn playback(c: &Clause) -> Option<Action> {
    if c.value.is_some() || c.color.is_some() || c.attrs.iter().any(|a| *a != "playback") {
        return None;
    }
    let content = c.attr(&["playback"]) || !c.media.is_empty();
    let music = content || c.kind(&["media_player", "tv", "speaker"]);
    let bare = !c.headed();
    let players: &'static [Kind] = &[Kind::MediaPlayer];
    let make = |intent, command| Some(Action::new(intent, command, players).bare());
    // «watch telly»: on with it.
    if c.verb(&["watch"]) && c.kind(&["tv", "media_player"]) && !content && c.plain() {
        return Some(Action::new("HassTurnOn", Command::TurnOn, players));
    }
    // «turn the music off»
    let on = c.on.or_else(|| c.verb(&["on"]).then_some(true)).or_else(|| c.verb(&["off"]).then_some(false));
    if let Some(on) = on.filter(|_| c.up.is_none()) {
        if !c.attr(&["playback"]) || c.headed() && !c.kind(&["media_player", "tv", "speaker"]) {
            return None;
        }
        return if on { make("HassMediaUnpause", Command::Play) } else { make("HassMediaPause", Command::Pause) };
    }
    if c.verb(&["previous", "replay"]) && (music || bare) {
        return make("HassMediaPrevious", Command::Previous);
    }
    if c.verb(&["next", "skip"]) && (music || bare) {
        return make("HassMediaNext", Command::Next);
    }
    if c.verb(&["pause"]) && (music || bare) {
        return make("HassMediaPause", Command::Pause);
    }
    if c.verb(&["stop"]) && (music || c.states.contains(&"playing")) {
        return make("HassMediaPause", Command::Pause);
    }
    if c.verb(&["resume"]) && (music || bare) || c.verb(&["play", "start"]) && music && c.verbs.len() < 9 {
        return make("HassMediaUnpause", Command::Play);
    }
    None
}

/// Target temperatures.
pub(super) fn temperature(c: &Clause) -> Option<Action> {
    let kinds: &'static [Kind] = if c.kind(&["water_heater"]) { &[Kind::WaterHeater] } else { &[Kind::Climate] };
    let heating = c.kind(&["climate", "water_heater"]);
    let felt = c.verb(&["warmer", "cooler"]);
    let other = c.attrs.iter().any(|a| !matches!(*a, "temperature" | "warmth" | "setpoint"));
    let lit = c.kind(&["light"])
        || c.white.is_some()
        || c.attr(&["color_temperature"])
        || matches!(c.value, Some(Value::Kelvin(_)));
    if other || lit || c.color.is_some() || !c.media.is_empty() {
        return None;
    }
    let degrees = match c.value {
        Some(Value::Degrees(n, _)) => Some(n),
        Some(Value::Plain(n)) if heating || c.attr(&["temperature"]) || felt => Some(n),
        _ => None,
    };
    // «seven degrees» by itself asks for nothing.
    let wished = c.wish && c.nps.iter().any(Np::placed);
    if c.verbs.is_empty() && !heating && !c.to && !c.attr(&["temperature"]) && !wished {
        return None;
    }
    if degrees.is_none() && c.value.is_some() || !(heating || felt || c.attr(&["temperature"]) || degrees.is_some()) {
        return None;
    }
    let dir = direction(c, &["increase", "raise", "warmer"], &["decrease", "lower", "cooler"]);
    let unit = if let Some(Value::Degrees(_, unit)) = c.value { unit } else { None };
    let make = |command| Action { fahrenheit: unit, ..Action::new("HassClimateSetTemperature", command, kinds).bare() };
    let set = |t: f64| make(Command::Temperature(t)).with("temperature", number(t));
    let step = |s: f64| make(Command::TemperatureStep(s)).with("temperature_step", number(s));
    match (degrees, dir) {
        (Some(t), None) => Some(set(t)),
        (Some(t), Some(_)) if c.to => Some(set(t)),
        (Some(t), Some(d)) => Some(step(d * t)),
        (None, Some(d)) => Some(step(d * stride(c, 1.0))),
        (None, None) => None,
    }
}

/// Target humidity.
pub(super) fn humidity(c: &Clause) -> Option<Action> {
    let spoken = c.attr(&["humidity"]) || c.kind(&["humidifier"]) && c.value.is_some();
    if !spoken || c.attrs.iter().any(|a| *a != "humidity") {
        return None;
    }
    let kinds: &'static [Kind] = &[Kind::Humidifier, Kind::Climate];
    let dir = direction(c, &["increase", "raise"], &["decrease", "lower"]);
    match (percent(c), dir) {
        (Some(p), None) => {
            Some(Action::new("HassHumidifierSetpoint", Command::Humidity(p), kinds).with("humidity", number(p)).bare())
        }
        (Some(p), Some(_)) if c.to => {
            Some(Action::new("HassHumidifierSetpoint", Command::Humidity(p), kinds).with("humidity", number(p)).bare())
        }
        (None, Some(_)) if c.value.is_some() => None,
        (step, Some(d)) => {
            let step = d * step.unwrap_or_else(|| stride(c, 5.0));
            Some(
                Action::new("HassHumidifierSetpoint", Command::HumidityStep(step), kinds)
                    .with("humidity_step", number(step))
                    .bare(),
            )
        }
        _ => None,
    }
}

/// Scenes, scripts and buttons, which only come true.
pub(super) fn scene(c: &Clause) -> Option<Action> {
    let started: &'static [Kind] = &[Kind::Scene, Kind::Script, Kind::Button, Kind::InputButton];
    if !c.kind(&["scene", "script", "button", "input_button"]) || !c.plain_but_mode() {
        return None;
    }
    let go =
        c.verb(&["on", "set", "start", "turn", "select", "press", "play"]) || c.verbs.is_empty() && c.on == Some(true);
    (go && c.on != Some(false)).then(|| Action::new("HassTurnOn", Command::TurnOn, started))
}

/// Numbers that can be set, by name.
pub(super) fn number_of(c: &Clause) -> Option<Action> {
    let Some(Value::Plain(n) | Value::Percent(n) | Value::Degrees(n, _)) = c.value else { return None };
    let numbers: &'static [Kind] = &[Kind::Number, Kind::InputNumber];
    let named = c.about.iter().any(|k| numbers.contains(k));
    let set = c.verb(&["set", "turn"]) || c.to;
    (named && set && c.attrs.is_empty())
        .then(|| Action::new("HassSetValue", Command::Number(n), numbers).with("value", number(n)))
}

impl Clause {
    /// Plain but for the word «mode» or «scene».
    fn plain_but_mode(&self) -> bool {
        let mut bare = self.clone();
        bare.attrs.retain(|a| !matches!(*a, "mode" | "preset"));
        bare.plain()
    }
}

/// «set the program to off», where that is one of its options.
fn option_off(scene: &Scene<'_>, c: &Clause) -> Option<Action> {
    let selects: &'static [Kind] = &[Kind::Select, Kind::InputSelect];
    let word = if c.on? { "on" } else { "off" };
    let chosen = !c.about.is_empty() && c.about.iter().all(|k| selects.contains(k)) && c.value.is_none();
    let np = c.nps.first().filter(|_| chosen && c.nps.len() == 1)?;
    let wanted = Wanted { kinds: selects, implied: None, command: None, bare: false, says_kind: false };
    let found = scene.find(np, &wanted).ok()?;
    let entity = scene.home.entity(*found.entities.first()?)?;
    let option = entity.options("options").into_iter().find(|o| o.eq_ignore_ascii_case(word))?;
    Some(Action::new("HassSelectOption", Command::Option(option.clone()), selects).with("option", option))
}

/// «set the thermostat to cool», «switch the TV to HDMI 1»: an option of what is spoken of.
pub(super) fn option(scene: &Scene<'_>, c: &Clause) -> Option<Action> {
    let spoken = c.attr(&["mode", "preset", "source", "speed"]);
    let sourced = |list: &str| list == "source_list";
    // «play Netflix on the TV»
    let played = c.verb(&["play", "watch"]) && c.options.iter().any(|o| sourced(o.list));
    let verb = c.verb(&["set", "turn", "select", "on", "start"]) || played || c.verbs.is_empty();
    let headed = c.headed() || (spoken && !c.verbs.is_empty());
    if let Some(action) = option_off(scene, c).filter(|_| verb) {
        return Some(action);
    }
    // «to cool at 19 degrees»
    let degrees = match c.value {
        Some(Value::Degrees(n, _) | Value::Plain(n)) => Some(n),
        _ => None,
    };
    if c.options.is_empty() || !verb || c.value.is_some() && degrees.is_none() || !headed {
        return None;
    }
    // «turn the thermostat off» is on and off, not a mode.
    if c.on.is_some() && !spoken || c.up.is_some() {
        return None;
    }
    let np = c.nps.first().cloned().unwrap_or_default();
    let wanted = Wanted { kinds: &[], implied: None, command: None, bare: false, says_kind: false };
    let found = scene.find(&np, &wanted);
    let targets: Vec<EntityRef> = match found {
        Ok(found) => found.entities,
        Err(_) => Vec::new(),
    };
    let hit = c.options.iter().find(|o| targets.contains(&o.entity)).or_else(|| {
        let mut all = c
            .options
            .iter()
            .filter(|o| scene.home.entity(o.entity).is_some_and(|e| c.about.is_empty() || c.about.contains(&e.kind)))
            .filter(|o| {
                let area = scene.home.entity(o.entity).and_then(|e| e.area);
                np.areas.is_empty() || area.is_some_and(|a| np.areas.contains(&a))
            });
        let first = all.next();
        // What belongs to one select only is still not named by it.
        first.filter(|o| targets.is_empty() && spoken && o.list != "options" && all.next().is_none())
    })?;
    let name = hit.option.clone();
    let (intent, slot, command): (_, &'static str, _) = match hit.list {
        "hvac_modes" => ("HassClimateSetMode", "mode", Command::Mode(name.clone())),
        "operation_list" => ("HassWaterHeaterSetMode", "mode", Command::Mode(name.clone())),
        "available_modes" => ("HassHumidifierMode", "mode", Command::Mode(name.clone())),
        "preset_modes" => ("HassSetPreset", "preset", Command::Preset(name.clone())),
        "fan_modes" | "fan_speed_list" => ("HassSetFanMode", "fan_mode", Command::SpeedName(name.clone())),
        "source_list" => ("HassMediaSelectSource", "source", Command::Source(name.clone())),
        _ => ("HassSelectOption", "option", Command::Option(name.clone())),
    };
    if degrees.is_some() && intent != "HassClimateSetMode" {
        return None;
    }
    let mut action = Action::new(intent, command, &[]).with(slot, name);
    if let Some(degrees) = degrees {
        action.also.push(Command::Temperature(degrees));
        action = action.with("temperature", number(degrees));
    }
    action.implied = scene.home.entity(hit.entity).map(|e| e.kind);
    action.bare = true;
    Some(action)
}
