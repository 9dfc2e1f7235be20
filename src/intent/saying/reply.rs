//! What to say about what was done: what is now true, and by name what is not.

use super::spoken::{called, listed, plural, spoken_state};
use crate::home::{Call, Command, Entity, EntityRef, Home, Kind, number_of};
use crate::intent::turn::{Decision, Outcome, Understanding};
use crate::intent::words::lexicon::{ENGLISH, Sense};

/// The reply to a sentence, from what became of each step. `home` is as it is after the read-back.
#[must_use]
pub fn reply(home: &Home, understanding: &Understanding, outcomes: &[Outcome]) -> String {
    if understanding.decision != Decision::Act {
        return understanding.say.clone();
    }
    // A timer or list was changed: what to say about it is known beforehand, that it was done is not.
    let carried = outcomes.iter().all(|o| matches!(o, Outcome::Carried | Outcome::Done(_))) && !outcomes.is_empty();
    if carried && !understanding.say.is_empty() {
        return understanding.say.clone();
    }
    let mut done: Vec<EntityRef> = Vec::new();
    for outcome in outcomes {
        if let Outcome::Done(entity) = outcome
            && !done.contains(entity)
        {
            done.push(*entity);
        }
    }
    // «dim the lamp», which is off: nothing was done that one could tell.
    let dark = |e: &&EntityRef| home.entity(**e).is_some_and(|e| e.kind == Kind::Light && e.state == "off");
    let dims = |c: &Call| matches!(c.command, Command::BrightnessStep(step) if step < 0.0);
    if !done.is_empty() && understanding.calls.iter().all(dims) && done.iter().all(|e| dark(&e)) {
        let names: Vec<String> = done.iter().filter_map(|e| home.entity(*e)).map(mid).collect();
        let is = if let [one] = names.as_slice()
            && !plural(one)
        {
            "is"
        } else {
            "are"
        };
        return format!("{} {is} off, so there is nothing to dim.", capital(&listed(&names, "and")));
    }
    let mut say = together(home, understanding, &done);
    for (why, names) in failures(home, outcomes) {
        if !say.is_empty() {
            say.push(' ');
        }
        say.push_str(&format!("{} {why}.", capital(&listed(&names, "and"))));
    }
    if say.is_empty() { "I understood, but nothing here carries that out.".to_owned() } else { say }
}

/// What was not done, with the names of those that it was not done to, in order.
fn failures(home: &Home, outcomes: &[Outcome]) -> Vec<(String, Vec<String>)> {
    let mut out: Vec<(String, Vec<String>)> = Vec::new();
    for outcome in outcomes {
        let (entity, why) = match outcome {
            Outcome::Done(_) | Outcome::Carried => continue,
            Outcome::NotConfirmed(e) => (*e, None),
            Outcome::Failed(e, why) => (*e, Some(why.clone())),
        };
        let Some(entity) = home.entity(entity) else { continue };
        let why = why.unwrap_or_else(|| format!("did not confirm: it still reads {}", spoken_state(entity)));
        let name = mid(entity);
        match out.iter_mut().find(|(w, _)| *w == why) {
            Some((_, names)) => names.push(name),
            None => out.push((why, vec![name])),
        }
    }
    out
}

/// A name inside a sentence.
fn mid(entity: &Entity) -> String {
    called(entity).replacen("The ", "the ", 1)
}

pub(in crate::intent) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// What is now true of an entity, as far as the commands are about it: «on, at 50 %».
fn truth(home: &Home, entity: &Entity, commands: &[&Command]) -> String {
    let attribute = |name: &str| entity.attributes.get(name).and_then(number_of);
    let percent = |name: &str| attribute(name).map(|level| format!("{:.0} %", level / home.style.per_percent(name)));
    let flag = |name: &str| entity.attributes.get(name).and_then(serde_json::Value::as_bool);
    // Only what was read back is said, never what was asked for.
    let part = |command: &Command| match command {
        Command::Brightness(_) | Command::BrightnessStep(_) => Some(format!("at {}", percent("brightness")?)),
        Command::Color(_) => entity.text("color"),
        Command::ColorTemperature(_) | Command::ColorTemperatureStep(_) => {
            Some(format!("at {:.0} kelvin", attribute("color_temp_kelvin")?))
        }
        Command::Temperature(_) | Command::TemperatureStep(_) => {
            Some(format!("set to {} degrees", attribute("temperature")?))
        }
        Command::Volume(_) | Command::VolumeStep(_) => Some(format!("at volume {}", percent("volume_level")?)),
        Command::Position(_) | Command::PositionStep(_) => {
            Some(format!("at {}", percent("current_position").or_else(|| percent("position"))?))
        }
        Command::Tilt(_) | Command::TiltStep(_) => {
            Some(format!("tilted to {}", percent("current_tilt_position").or_else(|| percent("tilt_position"))?))
        }
        Command::Speed(_) | Command::SpeedStep(_) => Some(format!("at {}", percent("percentage")?)),
        Command::Humidity(_) | Command::HumidityStep(_) => Some(format!("set to {}", percent("humidity")?)),
        Command::Oscillate(_) => Some(if flag("oscillating")? { "swinging" } else { "not swinging" }.to_owned()),
        Command::Mute(_) => Some(if flag("is_volume_muted")? { "muted" } else { "not muted" }.to_owned()),
        Command::Preset(_) => Some(format!("on {}", entity.text("preset_mode")?)),
        Command::Source(_) => Some(format!("on {}", entity.text("source")?)),
        _ => None,
    };
    let scene = entity.kind == Kind::Scene && commands.contains(&&Command::TurnOn);
    let mut said = if scene { "active".to_owned() } else { spoken_state(entity) };
    for part in commands.iter().filter_map(|c| part(c)) {
        said.push_str(", ");
        said.push_str(&part);
    }
    said
}

/// Everything that was done: those of whom the same is true together, by name up to four, by number beyond.
fn together(home: &Home, u: &Understanding, done: &[EntityRef]) -> String {
    let mut groups: Vec<(String, Vec<&Entity>)> = Vec::new();
    for entity in done {
        let calls = u.calls.iter().filter(|call| call.targets.contains(entity));
        let commands: Vec<&Command> = calls.map(|call| &call.command).collect();
        let Some(entity) = home.entity(*entity) else { continue };
        let truth = truth(home, entity, &commands);
        match groups.iter_mut().find(|(t, members)| *t == truth && members[0].kind == entity.kind) {
            Some((_, members)) => members.push(entity),
            None => groups.push((truth, vec![entity])),
        }
    }
    let sentences: Vec<String> = groups.iter().map(|(truth, members)| sentence(home, truth, members)).collect();
    sentences.join(" ")
}

fn sentence(home: &Home, truth: &str, members: &[&Entity]) -> String {
    match members {
        [one] => format!("{} {} {truth}.", called(one), if plural(&one.name) { "are" } else { "is" }),
        many if many.len() > 4 => {
            let kind = ENGLISH.word_for(Sense::Kind(many[0].kind.word())).unwrap_or("device");
            let ending = if kind.ends_with("ch") { "es" } else { "s" };
            format!("{} {kind}{ending} are {truth}.", many.len())
        }
        many => {
            // Namesakes are told apart by where they are.
            let twin = |e: &Entity| many.iter().filter(|o| o.name == e.name).count() > 1;
            let name = |e: &&Entity| match e.area.filter(|_| twin(e)) {
                Some(area) => format!("{} in {}", mid(e), home.area_name(area)),
                None => mid(e),
            };
            let names: Vec<String> = many.iter().map(name).collect();
            format!("{} are {truth}.", capital(&listed(&names, "and")))
        }
    }
}
