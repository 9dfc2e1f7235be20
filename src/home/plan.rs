//! From a call to steps: what each entity shall become, and what the hardware needs for it.

use serde_json::Value;

use super::attr::{Style, number, number_of, whole};
use super::call::{Call, Command};
use super::entity::{Binding, Entity, EntityRef};
use super::kind::{Capability, Kind, Tier};
use super::model::Home;
use super::observe::LineValue;

/// One entity's part of a call: what shall be true of it, and the line value that makes it so.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The entity.
    pub entity: EntityRef,
    /// What to do to it.
    pub command: Command,
    /// What shall be true: `state` and attributes, as in the home file.
    pub want: Vec<(String, Value)>,
    /// The line of the board, or the command topic, and its new value; [`None`] where the entity has no wire.
    pub line: Option<(String, LineValue)>,
    /// How much care it needs.
    pub tier: Tier,
}

/// An entity that cannot do what is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declined {
    /// The entity.
    pub entity: EntityRef,
    /// Why, to be read after the entity's name: `cannot be dimmed`.
    pub why: String,
}

/// What a call comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// What to carry out, in order.
    pub steps: Vec<Step>,
    /// What cannot be done.
    pub declined: Vec<Declined>,
}

impl Plan {
    /// The highest tier among the steps.
    #[must_use]
    pub fn tier(&self) -> Tier {
        self.steps.iter().map(|s| s.tier).max().unwrap_or(Tier::Everyday)
    }
}

impl Home {
    /// What a call would change; nothing changes yet.
    #[must_use]
    pub fn plan(&self, call: &Call) -> Plan {
        let mut plan = Plan::default();
        for &target in &call.targets {
            let Some(entity) = self.entity(target) else { continue };
            match want(entity, &call.command, self) {
                Err(why) => plan.declined.push(Declined { entity: target, why }),
                Ok(want) => plan.steps.push(Step {
                    entity: target,
                    command: call.command.clone(),
                    line: line(entity, &want, self.style),
                    want,
                    tier: entity.tier(),
                }),
            }
        }
        plan
    }
}

/// The power that a command needs.
#[must_use]
pub(super) fn needs(command: &Command) -> Option<Capability> {
    Some(match command {
        Command::TurnOn | Command::TurnOff | Command::Toggle => Capability::OnOff,
        Command::Brightness(_) | Command::BrightnessStep(_) => Capability::Brightness,
        Command::Color(_) => Capability::Color,
        Command::ColorTemperature(_) | Command::ColorTemperatureStep(_) => Capability::ColorTemperature,
        Command::Position(_) | Command::PositionStep(_) => Capability::Position,
        Command::Tilt(_) | Command::TiltStep(_) => Capability::Tilt,
        Command::Speed(_) | Command::SpeedStep(_) | Command::SpeedName(_) => Capability::Speed,
        Command::Oscillate(_) => Capability::Oscillate,
        Command::Temperature(_) | Command::TemperatureStep(_) => Capability::Temperature,
        Command::Mode(_) => Capability::Mode,
        Command::Preset(_) => Capability::Preset,
        Command::Humidity(_) | Command::HumidityStep(_) => Capability::Humidity,
        Command::Play | Command::Next | Command::Previous | Command::PlayMedia { .. } => Capability::Playback,
        Command::Mute(_) | Command::Volume(_) | Command::VolumeStep(_) => Capability::Volume,
        Command::Source(_) => Capability::Source,
        Command::Start | Command::Dock | Command::Locate | Command::CleanArea(_) => Capability::Job,
        Command::Number(_) => Capability::Number,
        Command::Option(_) => Capability::Options,
        Command::AddItem(_) | Command::CompleteItem(_) | Command::RemoveItem(_) => Capability::Items,
        Command::Pause | Command::Stop | Command::Timer(_) | Command::Broadcast(_) => return None,
    })
}

impl Entity {
    /// Whether it could carry out such a command at all.
    #[must_use]
    pub fn can_do(&self, command: &Command) -> bool {
        match (command, self.kind) {
            (Command::TurnOff, Kind::Scene | Kind::Button | Kind::InputButton) => false,
            (Command::Pause, Kind::MediaPlayer | Kind::Vacuum | Kind::LawnMower) => true,
            (Command::Stop, Kind::MediaPlayer | Kind::Vacuum | Kind::LawnMower | Kind::Script) => true,
            (Command::Stop, _) => self.can(Capability::Stop),
            (Command::Locate | Command::CleanArea(_), kind) => kind == Kind::Vacuum && self.can(Capability::Job),
            _ => needs(command).is_some_and(|c| self.can(c)),
        }
    }
}

type Want = Vec<(String, Value)>;

fn one(property: &str, value: impl Into<Value>) -> Want {
    vec![(property.to_owned(), value.into())]
}

fn on_with(property: &str, value: Value, state: &str) -> Want {
    vec![("state".to_owned(), Value::from(state)), (property.to_owned(), value)]
}

fn want(entity: &Entity, command: &Command, home: &Home) -> Result<Want, String> {
    if entity.unavailable() {
        return Err("is not available".to_owned());
    }
    if !entity.can_do(command) {
        return Err("cannot do that".to_owned());
    }
    let style = home.style;
    Ok(match command {
        Command::TurnOn => turn(entity, true, style),
        Command::TurnOff => turn(entity, false, style),
        Command::Toggle => turn(entity, !is_on(entity), style),
        Command::Stop => stop(entity),
        Command::Brightness(p) => level(entity, "brightness", *p, style),
        // What is off cannot be darker, and has no brightness to change.
        Command::BrightnessStep(s) if *s < 0.0 && entity.state == "off" => level_of_off(),
        Command::BrightnessStep(s) => {
            let now = if entity.state == "off" { 0.0 } else { percent(entity, "brightness", style).unwrap_or(100.0) };
            let floor = if *s < 0.0 && now > 0.0 { 1.0 } else { 0.0 };
            level(entity, "brightness", (now + s).max(floor), style)
        }
        Command::Color(color) => {
            let mut want = on_with("color", Value::from(color.name.as_str()), "on");
            want.push(("rgb_color".to_owned(), Value::from(color.rgb.to_vec())));
            want
        }
        Command::ColorTemperature(k) => on_with("color_temp_kelvin", number(*k), "on"),
        Command::ColorTemperatureStep(s) => {
            let now = entity.number("color_temp_kelvin").unwrap_or(3500.0);
            on_with("color_temp_kelvin", number((now + s).clamp(1500.0, 9000.0)), "on")
        }
        Command::Position(p) => level(entity, "position", *p, style),
        Command::PositionStep(s) => {
            let known = percent(entity, "position", style);
            let now = known.unwrap_or(if entity.state == "closed" { 0.0 } else { 100.0 });
            level(entity, "position", now + s, style)
        }
        Command::Tilt(p) => tilt(entity, *p),
        Command::TiltStep(s) => tilt(entity, entity.number(tilt_key(entity)).unwrap_or(50.0) + s),
        Command::Speed(p) if entity.kind == Kind::Fan => level(entity, "percentage", *p, style),
        Command::SpeedStep(s) if entity.kind == Kind::Fan => {
            let now = if entity.state == "off" { 0.0 } else { percent(entity, "percentage", style).unwrap_or(50.0) };
            let step = entity.number("percentage_step").map_or(*s, |p| s.signum() * s.abs().max(p));
            let floor = if *s < 0.0 && now > 0.0 { 1.0 } else { 0.0 };
            level(entity, "percentage", (now + step).max(floor), style)
        }
        Command::Speed(_) | Command::SpeedStep(_) => return Err("takes its speed by name".to_owned()),
        Command::SpeedName(name) => {
            one(if entity.kind == Kind::Vacuum { "fan_speed" } else { "fan_mode" }, name.as_str())
        }
        Command::Oscillate(yes) => one("oscillating", *yes),
        Command::Temperature(t) => temperature(entity, *t)?,
        Command::TemperatureStep(s) => {
            let now = entity.number("temperature").or_else(|| entity.number("current_temperature"));
            temperature(entity, now.ok_or("has no target temperature to change")? + s)?
        }
        Command::Mode(mode) => match entity.kind {
            Kind::Climate | Kind::WaterHeater => one("state", mode.as_str()),
            _ => on_with("mode", Value::from(mode.as_str()), "on"),
        },
        // A fan runs with its preset; a thermostat that is off only remembers it.
        Command::Preset(preset) if entity.kind == Kind::Fan => {
            on_with("preset_mode", Value::from(preset.as_str()), "on")
        }
        Command::Preset(preset) => one("preset_mode", preset.as_str()),
        Command::Humidity(p) => humidity(entity, *p)?,
        Command::HumidityStep(s) => humidity(entity, entity.number("humidity").unwrap_or(50.0) + s)?,
        Command::Play => one("state", "playing"),
        // What does not play has nothing to pause.
        Command::Pause if entity.kind == Kind::MediaPlayer && !is_on(entity) => Vec::new(),
        Command::Pause => one("state", "paused"),
        Command::Next => track(entity, 1.0),
        Command::Previous => track(entity, -1.0),
        Command::Mute(yes) => one("is_volume_muted", *yes),
        Command::Volume(p) => one("volume_level", scaled(*p, "volume_level", style)),
        Command::VolumeStep(s) => {
            let now = percent(entity, "volume_level", style).unwrap_or(50.0);
            one("volume_level", scaled(now + s, "volume_level", style))
        }
        Command::Source(source) => {
            let mut want = one("source", source.as_str());
            if matches!(entity.state.as_str(), "off" | "standby") {
                want.insert(0, ("state".to_owned(), Value::from("on")));
            }
            want
        }
        Command::PlayMedia { query, .. } => on_with("media_title", Value::from(query.as_str()), "playing"),
        Command::Start => one("state", entity.kind.on_state()),
        // What stands at its base is there already.
        Command::Dock if entity.state == "docked" => one("state", "docked"),
        Command::Dock => one("state", entity.kind.off_state()),
        Command::CleanArea(area) => on_with("area", Value::from(home.area_name(*area)), "cleaning"),
        Command::Number(n) => bounded(entity, *n, "min", "max", "state")?,
        Command::Option(option) => one("state", option.as_str()),
        Command::Locate => Vec::new(),
        Command::AddItem(_) | Command::CompleteItem(_) | Command::RemoveItem(_) => Vec::new(),
        Command::Timer(_) | Command::Broadcast(_) => Vec::new(),
    })
}

/// Whether an entity counts as on (open, locked, playing, at work).
pub(super) fn is_on(entity: &Entity) -> bool {
    match entity.kind {
        Kind::Cover | Kind::Valve => matches!(entity.state.as_str(), "open" | "opening"),
        Kind::Lock => matches!(entity.state.as_str(), "locked" | "locking"),
        _ => !matches!(
            entity.state.as_str(),
            "off" | "standby" | "docked" | "returning" | "unknown" | "unavailable" | "" | "closed" | "idle"
        ),
    }
}

fn turn(entity: &Entity, on: bool, style: Style) -> Want {
    let kind = entity.kind;
    match kind {
        Kind::Climate | Kind::WaterHeater if on => {
            if entity.state != "off" {
                return one("state", entity.state.as_str());
            }
            let modes = entity.options(if kind == Kind::Climate { "hvac_modes" } else { "operation_list" });
            let liked = ["heat_cool", "auto", "heat", "cool"].into_iter().find(|m| modes.iter().any(|have| have == m));
            let first = modes.iter().map(String::as_str).find(|m| *m != "off");
            one("state", liked.or(first).unwrap_or(if kind == Kind::Climate { "heat" } else { "on" }))
        }
        Kind::MediaPlayer if on && !matches!(entity.state.as_str(), "off" | "standby" | "unknown") => {
            one("state", entity.state.as_str())
        }
        Kind::Cover | Kind::Valve => {
            let mut want = one("state", if on { kind.on_state() } else { kind.off_state() });
            let key = position_key(entity);
            if entity.attributes.contains_key(key) {
                want.push((key.to_owned(), scaled(if on { 100.0 } else { 0.0 }, key, style)));
            }
            want
        }
        _ => one("state", if on { kind.on_state() } else { kind.off_state() }),
    }
}

fn stop(entity: &Entity) -> Want {
    match entity.kind {
        Kind::Cover | Kind::Valve if matches!(entity.state.as_str(), "opening" | "closing") => one("state", "open"),
        Kind::MediaPlayer | Kind::Vacuum => one("state", "idle"),
        Kind::LawnMower => one("state", "paused"),
        Kind::Script => one("state", "off"),
        _ => Vec::new(),
    }
}

fn tilt_key(entity: &Entity) -> &'static str {
    if entity.attributes.contains_key("tilt_position") { "tilt_position" } else { "current_tilt_position" }
}

fn tilt(entity: &Entity, percent: f64) -> Want {
    one(tilt_key(entity), number(percent.clamp(0.0, 100.0)))
}

fn position_key(entity: &Entity) -> &'static str {
    if entity.attributes.contains_key("current_position") { "current_position" } else { "position" }
}

/// It stays as it is.
fn level_of_off() -> Vec<(String, Value)> {
    vec![("state".to_owned(), Value::from("off"))]
}

/// A level in percent that also says whether the entity is on.
fn level(entity: &Entity, attribute: &str, percent: f64, style: Style) -> Want {
    let percent = percent.clamp(0.0, 100.0);
    let key = if attribute == "position" { position_key(entity) } else { attribute };
    let state = if percent > 0.0 { entity.kind.on_state() } else { entity.kind.off_state() };
    on_with(key, scaled(percent, key, style), state)
}

fn scaled(percent: f64, attribute: &str, style: Style) -> Value {
    let percent = percent.clamp(0.0, 100.0);
    // In this order, half of 255 is 127.5 and rounds up.
    number(match (style, attribute) {
        (Style::HomeAssistant, "brightness") => (percent * 255.0 / 100.0).round(),
        (_, "brightness") => percent.round(),
        _ => percent * style.per_percent(attribute),
    })
}

/// An attribute in percent, whatever the style.
pub(super) fn percent(entity: &Entity, attribute: &str, style: Style) -> Option<f64> {
    let key = if attribute == "position" { position_key(entity) } else { attribute };
    Some(entity.number(key)? / style.per_percent(key))
}

fn temperature(entity: &Entity, value: f64) -> Result<Want, String> {
    bounded(entity, value, "min_temp", "max_temp", "temperature")
}

fn humidity(entity: &Entity, value: f64) -> Result<Want, String> {
    if !(0.0..=100.0).contains(&value) {
        return Err("takes 0 to 100 percent".to_owned());
    }
    bounded(entity, value, "min_humidity", "max_humidity", "humidity")
}

fn bounded(entity: &Entity, value: f64, low: &str, high: &str, property: &str) -> Result<Want, String> {
    let (low, high) = (entity.number(low), entity.number(high));
    if low.is_some_and(|l| value < l) || high.is_some_and(|h| value > h) {
        let say = |n: Option<f64>| n.map_or_else(|| "any".to_owned(), |n| number(n).to_string());
        return Err(format!("only takes {} to {}", say(low), say(high)));
    }
    let value = number(value);
    Ok(if property == "state" { one("state", value.to_string()) } else { one(property, value) })
}

fn track(entity: &Entity, by: f64) -> Want {
    entity.number("media_track").map_or_else(Vec::new, |n| one("media_track", number((n + by).max(1.0))))
}

/// The line value that makes a wish true.
fn line(entity: &Entity, want: &[(String, Value)], style: Style) -> Option<(String, LineValue)> {
    let (line, active_low, dimmable) = match &entity.binding {
        Binding::Line { line, active_low, dimmable, .. } => (line, active_low, dimmable),
        Binding::Mqtt { topics, .. } => (topics.command.as_ref()?, &false, &topics.scale.is_some()),
        Binding::None => return None,
    };
    let on = want.iter().find(|(p, _)| p == "state").map(|(_, v)| v == entity.kind.on_state())?;
    if !dimmable {
        return Some((line.clone(), LineValue::Level(on != *active_low)));
    }
    let key = if entity.kind == Kind::Fan { "percentage" } else { "brightness" };
    let asked = want.iter().find(|(p, _)| p == key).and_then(|(_, v)| number_of(v)).map(|v| v / style.per_percent(key));
    // «On» without a number goes back to the last level.
    let level =
        if on { asked.or_else(|| percent(entity, key, style)).filter(|p| *p > 0.0).unwrap_or(100.0) } else { 0.0 };
    let level = if *active_low { 100.0 - level } else { level };
    Some((line.clone(), LineValue::Percent(u8::try_from(whole(level.clamp(0.0, 100.0))).unwrap_or(100))))
}
