//! What the words for kinds and classes cover: «the telly», «the garage», «everything».

use crate::base::limits;
use crate::home::words::split;
use crate::home::{Entity, EntityRef, Home, Kind, Tier};

/// Whether an entity is of the kind that a word names.
pub(in crate::intent) fn kind_matches(word: &str, entity: &Entity) -> bool {
    let class = entity.device_class.as_deref().unwrap_or("");
    match word {
        "door" => {
            entity.kind == Kind::Lock || entity.kind == Kind::Cover && matches!(class, "door" | "garage" | "gate")
        }
        "tv" => entity.kind == Kind::MediaPlayer && (class == "tv" || sounds(entity, &["tv", "television", "telly"])),
        "speaker" => entity.kind == Kind::MediaPlayer && (class == "speaker" || sounds(entity, SPEAKERS)),
        "covering" => entity.kind == Kind::Cover && !matches!(class, "door" | "garage" | "garage_door" | "gate"),
        "outlet" => entity.kind == Kind::Switch && (class == "outlet" || sounds(entity, &["plug", "outlet", "socket"])),
        "switch" => entity.kind == Kind::Switch && class != "outlet" || entity.kind == Kind::InputBoolean,
        _ => entity.kind.word() == word,
    }
}

/// What speakers are called.
const SPEAKERS: &[&str] = &[
    "speaker", "stereo", "radio", "audio", "sound", "soundbar", "music", "jukebox", "sonos", "homepod", "echo", "hifi",
];

fn sounds(entity: &Entity, words: &[&str]) -> bool {
    let name = entity.name.to_lowercase();
    name.split(|c: char| !c.is_alphanumeric()).any(|w| words.contains(&w) || words.contains(&w.trim_end_matches('s')))
}

/// Whether an entity is of the device class that a word names.
pub(in crate::intent) fn class_matches(word: &str, entity: &Entity) -> bool {
    let class = entity.device_class.as_deref().unwrap_or("");
    entity.kind == Kind::Cover && (class == word || word == "garage" && class == "garage_door")
}

/// The switches whose names end with a word, but for a number or a size: «Window Fan», «Boiler 80L».
pub(in crate::intent) fn switches_called(home: &Home, word: &str) -> Vec<EntityRef> {
    let ends = |name: &String| {
        let words = split(name, limits::SENTENCE_WORDS);
        let last = words.iter().rfind(|w| w.stem.len() > 2 && !w.stem.contains(|c: char| c.is_ascii_digit()));
        last.is_some_and(|w| w.stem == word)
    };
    let switch = |e: &&EntityRef| {
        home.entity(**e).is_some_and(|e| {
            matches!(e.kind, Kind::Switch | Kind::InputBoolean) && std::iter::once(&e.name).chain(&e.aliases).any(ends)
        })
    };
    home.gazetteer().bearing(word).iter().filter(switch).copied().collect()
}

/// What «everything» covers: what people switch off when they leave.
pub(in crate::intent) fn everyday(entity: &Entity) -> bool {
    entity.tier() == Tier::Everyday
        && matches!(
            entity.kind,
            Kind::Light | Kind::Switch | Kind::Fan | Kind::MediaPlayer | Kind::Humidifier | Kind::Climate
        )
}

/// Kinds of which a thing is one or another; a switch may be a lamp, and a script anything.
pub(in crate::intent) const CONCRETE: &[Kind] = &[
    Kind::Light,
    Kind::Fan,
    Kind::Cover,
    Kind::Lock,
    Kind::Climate,
    Kind::MediaPlayer,
    Kind::Vacuum,
    Kind::LawnMower,
    Kind::Humidifier,
    Kind::WaterHeater,
    Kind::Valve,
];
