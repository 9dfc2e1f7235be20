//! Where speakers are, by what channels know: the section `[places]`, checked against the home.

use std::collections::BTreeMap;

use crate::agent::Places;
use crate::base::KeyFault;
use crate::config::{self, Config};
use crate::home::Home;

/// Faults of the section: an area that the home does not have, a channel that there is not.
pub(super) fn check(config: &Config, home: &Home) -> Vec<KeyFault> {
    let mut faults = Vec::new();
    for (name, place) in &config.places {
        let fault = |key: &str, value: &str, problem: String| {
            let mut told = KeyFault::of_file(config.origin(), problem);
            told.key = format!("places.{name}.{key}");
            told.value = Some(value.to_owned());
            told.line = config.line_of_key(&told.key);
            told
        };
        for who in &place.is {
            let channel = who.split(':').next().unwrap_or_default();
            if !CHANNELS.contains(&channel) {
                let problem = format!("there is no channel «{channel}»; there are {}", CHANNELS.join(", "));
                faults.push(fault("is", who, problem).suggest(channel, CHANNELS.iter().copied()));
            }
        }
        if home.find_area(&place.area).is_none() {
            let names = home.areas.iter().map(|area| area.name.as_str());
            let problem = "the home has no area of this name".to_owned();
            faults.push(fault("area", &place.area, problem).suggest(&place.area, names));
        }
    }
    faults
}

const CHANNELS: &[&str] = &["console", "admin", "serial", "mqtt", "telegram"];

/// The places for the agent.
pub(super) fn of(config: &Config, home: &Home) -> Places {
    let area = |place: &'_ config::Place| home.find_area(&place.area);
    let known = config.places.values().filter_map(|place| Some((place, area(place)?)));
    let all = known.flat_map(|(place, area)| place.is.iter().map(move |who| (who.clone(), area)));
    Places::new(all.collect::<BTreeMap<_, _>>())
}
