//! `/set ENTITY VALUE`: a command for one entity, without a sentence. Programs say it (MQTT, serial).

use serde_json::{Value, json};

use super::{Agent, Behalf, Said};
use crate::home::{Call, Capability, Command, Entity};
use crate::intent::{Context, Decision, Understanding};

/// What follows `set` in a command with a slash.
pub(super) fn arguments(command: &str) -> Option<&str> {
    let rest = command.strip_prefix("set")?;
    if rest.is_empty() { Some(rest) } else { rest.starts_with(char::is_whitespace).then(|| rest.trim()) }
}

impl Agent {
    pub(super) async fn set(&self, session: &str, arguments: &str, behalf: Behalf<'_>) -> Said {
        let refused = |why: String| Said { text: why, detail: json!({"decision": "abstain"}) };
        let Some((id, value)) = arguments.split_once(char::is_whitespace) else {
            return refused("That is /set ENTITY VALUE, for example /set light.kitchen_lamp on.".into());
        };
        let calls = match self.calls(id, value.trim()) {
            Ok(calls) => calls,
            Err(why) => return refused(why),
        };
        let understood = Understanding {
            decision: Decision::Act,
            readings: Vec::new(),
            calls,
            say: String::new(),
            confidence: 1.0,
            open: false,
            context: Context::default(),
        };
        self.act(session, understood, behalf).await
    }

    fn calls(&self, id: &str, value: &str) -> Result<Vec<Call>, String> {
        let home = self.world.home();
        let Some((target, entity)) = home.find(id).and_then(|target| Some((target, home.entity(target)?))) else {
            return Err(format!("There is no entity «{}»; /state lists them.", id.escape_debug()));
        };
        Ok(commands(entity, value)?.into_iter().map(|command| Call { command, targets: vec![target] }).collect())
    }
}

/// The commands of a value: a word, a number, or an object of properties.
fn commands(entity: &Entity, value: &str) -> Result<Vec<Command>, String> {
    if value.starts_with('{') {
        let object: Value = serde_json::from_str(value).map_err(|error| format!("That is not JSON: {error}."))?;
        let Value::Object(map) = object else { return Err("That is no object.".into()) };
        if map.is_empty() {
            return Err("That object says nothing.".into());
        }
        // «on» before the level, so that the level is what is true at the end.
        let mut pairs: Vec<_> = map.iter().collect();
        pairs.sort_by_key(|(key, _)| key.as_str() != "state");
        return pairs.into_iter().map(|(key, value)| property(entity, key, value)).collect();
    }
    match value.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(vec![level(entity, number)?]),
        _ => Ok(vec![word(value)?]),
    }
}

fn word(word: &str) -> Result<Command, String> {
    Ok(match word.to_ascii_lowercase().as_str() {
        "on" | "open" | "lock" | "true" | "1" => Command::TurnOn,
        "off" | "close" | "unlock" | "false" | "0" => Command::TurnOff,
        "toggle" => Command::Toggle,
        "stop" => Command::Stop,
        "play" => Command::Play,
        "pause" => Command::Pause,
        "start" => Command::Start,
        "dock" | "return_to_base" => Command::Dock,
        _ => {
            let short: String = word.chars().take(40).collect();
            return Err(format!(
                "«{}» is no value: it takes on, off, toggle, open, close, stop, a number, or JSON.",
                short.escape_debug()
            ));
        }
    })
}

/// A capability that takes a number, and the command that gives it one.
type Level = (Capability, fn(f64) -> Command);

/// What a bare number means for this entity.
fn level(entity: &Entity, number: f64) -> Result<Command, String> {
    let kinds: [Level; 6] = [
        (Capability::Brightness, Command::Brightness),
        (Capability::Position, Command::Position),
        (Capability::Speed, Command::Speed),
        (Capability::Temperature, Command::Temperature),
        (Capability::Volume, Command::Volume),
        (Capability::Number, Command::Number),
    ];
    match kinds.into_iter().find(|(capability, _)| entity.can(*capability)) {
        Some((_, command)) => Ok(command(number)),
        None if number == 0.0 => Ok(Command::TurnOff),
        None if number == 1.0 => Ok(Command::TurnOn),
        None => Err(format!("{} takes no number.", entity.name)),
    }
}

fn property(entity: &Entity, key: &str, value: &Value) -> Result<Command, String> {
    let number = || value.as_f64().filter(|n| n.is_finite()).ok_or_else(|| format!("`{key}` is a number."));
    let text = || value.as_str().map(str::to_owned).ok_or_else(|| format!("`{key}` is a text."));
    Ok(match key {
        "state" => match value {
            Value::Bool(on) => {
                if *on {
                    Command::TurnOn
                } else {
                    Command::TurnOff
                }
            }
            Value::Number(_) => level(entity, number()?)?,
            _ => word(&text()?)?,
        },
        "brightness" => Command::Brightness(number()?),
        "position" => Command::Position(number()?),
        "percentage" | "speed" => Command::Speed(number()?),
        "temperature" => Command::Temperature(number()?),
        "humidity" => Command::Humidity(number()?),
        "color_temp_kelvin" => Command::ColorTemperature(number()?),
        "volume" => Command::Volume(number()?),
        "mode" => Command::Mode(text()?),
        "preset" => Command::Preset(text()?),
        "source" => Command::Source(text()?),
        "option" => Command::Option(text()?),
        _ => {
            let short: String = key.chars().take(40).collect();
            return Err(format!(
                "There is no property «{}»: known are state, brightness, position, percentage, temperature, humidity, color_temp_kelvin, volume, mode, preset, source, option.",
                short.escape_debug()
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::Home;

    fn told(id: &str, value: &str) -> Result<Vec<Command>, String> {
        let home = Home::from_json(&json!({"entities": [
            {"id": "light.desk", "line": "a", "dimmable": true}, {"id": "switch.pump", "line": "b"}
        ]}));
        let home = home.expect("a home");
        commands(home.entity(home.find(id).expect("there")).expect("there"), value)
    }

    #[test]
    fn values_are_words_numbers_and_objects() {
        assert_eq!(told("switch.pump", "ON"), Ok(vec![Command::TurnOn]));
        assert_eq!(told("switch.pump", "0"), Ok(vec![Command::TurnOff]));
        assert_eq!(told("light.desk", "40"), Ok(vec![Command::Brightness(40.0)]));
        let both = told("light.desk", r#"{"brightness": 40, "state": "ON"}"#);
        assert_eq!(both, Ok(vec![Command::TurnOn, Command::Brightness(40.0)]));
    }

    #[test]
    fn what_is_no_value_is_told() {
        for (value, part) in [
            ("blue", "is no value"),
            ("{", "not JSON"),
            ("{}", "says nothing"),
            ("{\"x\":1}", "no property"),
            ("nan", "is no value"),
            ("7", "takes no number"),
        ] {
            let why = told("switch.pump", value).expect_err(value);
            assert!(why.contains(part), "{why}");
        }
    }

    #[test]
    fn only_the_word_set_is_meant() {
        assert_eq!(arguments("set a on"), Some("a on"));
        assert_eq!(arguments("set"), Some(""));
        assert_eq!(arguments("settle"), None);
        assert_eq!(arguments("pins"), None);
    }
}
