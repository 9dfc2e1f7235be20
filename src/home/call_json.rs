//! A call as JSON, for tools, logs and people.

use serde_json::{Map, Value, json};

use super::attr::number;
use super::call::{Call, Command, TimerCommand, TimerWhich};
use super::model::Home;

impl Call {
    /// `{"command": "brightness", "value": 40, "entities": ["light.desk"]}`.
    #[must_use]
    pub fn to_json(&self, home: &Home) -> Value {
        let (command, value) = parts(&self.command, home);
        let mut out = Map::new();
        out.insert("command".to_owned(), Value::from(command));
        if !value.is_null() {
            out.insert("value".to_owned(), value);
        }
        let ids: Vec<&str> = self.targets.iter().filter_map(|t| home.entity(*t)).map(|e| e.id.as_str()).collect();
        out.insert("entities".to_owned(), json!(ids));
        Value::Object(out)
    }
}

fn parts(command: &Command, home: &Home) -> (&'static str, Value) {
    match command {
        Command::TurnOn => ("turn_on", Value::Null),
        Command::TurnOff => ("turn_off", Value::Null),
        Command::Toggle => ("toggle", Value::Null),
        Command::Stop => ("stop", Value::Null),
        Command::Brightness(n) => ("brightness", number(*n)),
        Command::BrightnessStep(n) => ("brightness_step", number(*n)),
        Command::Color(c) => ("color", json!({ "name": c.name, "rgb": c.rgb })),
        Command::ColorTemperature(n) => ("color_temperature", number(*n)),
        Command::ColorTemperatureStep(n) => ("color_temperature_step", number(*n)),
        Command::Position(n) => ("position", number(*n)),
        Command::PositionStep(n) => ("position_step", number(*n)),
        Command::Tilt(n) => ("tilt", number(*n)),
        Command::TiltStep(n) => ("tilt_step", number(*n)),
        Command::Speed(n) => ("speed", number(*n)),
        Command::SpeedStep(n) => ("speed_step", number(*n)),
        Command::SpeedName(name) => ("speed_name", json!(name)),
        Command::Oscillate(yes) => ("oscillate", json!(yes)),
        Command::Temperature(n) => ("temperature", number(*n)),
        Command::TemperatureStep(n) => ("temperature_step", number(*n)),
        Command::Mode(name) => ("mode", json!(name)),
        Command::Preset(name) => ("preset", json!(name)),
        Command::Humidity(n) => ("humidity", number(*n)),
        Command::HumidityStep(n) => ("humidity_step", number(*n)),
        Command::Play => ("play", Value::Null),
        Command::Pause => ("pause", Value::Null),
        Command::Next => ("next", Value::Null),
        Command::Previous => ("previous", Value::Null),
        Command::Mute(yes) => ("mute", json!(yes)),
        Command::Volume(n) => ("volume", number(*n)),
        Command::VolumeStep(n) => ("volume_step", number(*n)),
        Command::Source(name) => ("source", json!(name)),
        Command::PlayMedia { query, class } => ("play_media", json!({ "query": query, "class": class })),
        Command::Start => ("start", Value::Null),
        Command::Dock => ("dock", Value::Null),
        Command::Locate => ("locate", Value::Null),
        Command::CleanArea(area) => ("clean_area", json!(home.area_name(*area))),
        Command::Number(n) => ("number", number(*n)),
        Command::Option(name) => ("option", json!(name)),
        Command::AddItem(item) => ("add_item", json!(item)),
        Command::CompleteItem(item) => ("complete_item", json!(item)),
        Command::RemoveItem(item) => ("remove_item", json!(item)),
        Command::Broadcast(message) => ("broadcast", json!(message)),
        Command::Timer(timer) => timer_parts(timer, home),
    }
}

fn timer_parts(timer: &TimerCommand, home: &Home) -> (&'static str, Value) {
    let which = |w: &TimerWhich| json!({ "name": w.name, "area": w.area.map(|a| home.area_name(a)), "start": w.start });
    match timer {
        TimerCommand::Start { hms, name, command, .. } => {
            ("start_timer", json!({ "hours_minutes_seconds": hms, "name": name, "command": command }))
        }
        TimerCommand::Cancel(w) => ("cancel_timer", which(w)),
        TimerCommand::CancelAll(area) => ("cancel_all_timers", json!({ "area": area.map(|a| home.area_name(a)) })),
        TimerCommand::CancelReminders => ("cancel_reminders", Value::Null),
        TimerCommand::Add(w, s) => ("extend_timer", json!({ "timer": which(w), "seconds": s })),
        TimerCommand::Subtract(w, s) => ("shorten_timer", json!({ "timer": which(w), "seconds": s })),
        TimerCommand::Pause(w) => ("pause_timer", which(w)),
        TimerCommand::Resume(w) => ("resume_timer", which(w)),
    }
}
