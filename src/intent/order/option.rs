//! Options by name (modes, presets, sources), scenes, and numbers that can be set.

use super::action::Action;
use crate::home::{Command, EntityRef, Kind, number};
use crate::intent::meant::scene::{Scene, Wanted};
use crate::intent::sentence::clause::Clause;
use crate::intent::words::number::Value;

/// Scenes, scripts and buttons, which only come true.
pub(in crate::intent) fn scene(c: &Clause) -> Option<Action> {
    let started: &'static [Kind] = &[Kind::Scene, Kind::Script, Kind::Button, Kind::InputButton];
    if !c.kind(&["scene", "script", "button", "input_button"]) || !c.plain_but_mode() {
        return None;
    }
    let go =
        c.verb(&["on", "set", "start", "turn", "select", "press", "play"]) || c.verbs.is_empty() && c.on == Some(true);
    (go && c.on != Some(false)).then(|| Action::new("HassTurnOn", Command::TurnOn, started))
}

/// Numbers that can be set, by name.
pub(in crate::intent) fn number_of(c: &Clause) -> Option<Action> {
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
pub(in crate::intent) fn option(scene: &Scene<'_>, c: &Clause) -> Option<Action> {
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
