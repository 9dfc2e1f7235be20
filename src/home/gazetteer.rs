//! The names of a home, ready to be found in a sentence.
//!
//! Built once when the home is loaded. A name is found by its stems run together, so that «livingroom»
//! and «living room» meet; by its stems in any order («left curtain»); and by single words of it.

use std::collections::HashMap;

use super::entity::{AreaRef, EntityRef, FloorRef};
use super::model::Home;
use super::spell::Spelling;
use super::words::{Word, split};

/// What a name belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NameOf {
    /// An entity.
    Entity(EntityRef),
    /// An area.
    Area(AreaRef),
    /// A floor.
    Floor(FloorRef),
}

/// How a name came to belong to its bearer; earlier ones are surer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NameKind {
    /// Its own name.
    Own,
    /// An alias.
    Alias,
    /// The name of its device.
    Device,
    /// The own name without the area's («countertop» in the kitchen).
    Short,
    /// The own name without the word for its kind («front door» for «Front Door Lock»).
    Trimmed,
}

/// A name that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameHit {
    /// The bearer.
    pub of: NameOf,
    /// How it bears it.
    pub kind: NameKind,
    /// The name as written is a plural («Fairy Lights»).
    pub plural: bool,
}

/// An option of an entity that was found: one of its modes, presets, sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionHit {
    /// The entity.
    pub entity: EntityRef,
    /// The attribute that lists the option.
    pub list: &'static str,
    /// The option, as listed.
    pub option: String,
}

/// The attributes that list options.
const OPTION_LISTS: &[&str] = &[
    "hvac_modes",
    "preset_modes",
    "fan_modes",
    "fan_speed_list",
    "available_modes",
    "operation_list",
    "source_list",
    "options",
];

/// Modes of heating and cooling where a home file lists none.
const USUAL_MODES: &[&str] = &["off", "heat", "cool", "heat_cool", "auto", "dry", "fan_only"];

/// Words at the end of names that only say what the thing is.
const KIND_NOUNS: &[&str] = &[
    "light",
    "lamp",
    "bulb",
    "lock",
    "deadbolt",
    "blind",
    "shade",
    "shutter",
    "curtain",
    "cover",
    "switch",
    "plug",
    "outlet",
    "socket",
    "sensor",
    "detector",
    "thermostat",
    "speaker",
    "player",
    "valve",
    "fan",
    "opener",
    "contact",
];

/// Longest name that is looked for, in words.
const NAME_WORDS: usize = 8;

/// The names of one home.
#[derive(Clone, Debug, Default)]
pub struct Gazetteer {
    joined: HashMap<String, Vec<NameHit>>,
    sorted: HashMap<String, Vec<NameHit>>,
    /// Every stem of a name with the entities that bear it.
    parts: HashMap<String, Vec<EntityRef>>,
    /// Every stem with a number behind it in a name: `socket` with `3` and who is called so.
    numbered: HashMap<String, Vec<(String, EntityRef)>>,
    /// Every word of a name, in both its forms.
    spelling: Spelling,
    /// Options by their stems run together.
    options: HashMap<String, Vec<OptionHit>>,
    longest: usize,
}

impl Gazetteer {
    /// The gazetteer of a home.
    pub(super) fn of(home: &Home) -> Self {
        let mut out = Self::default();
        for (i, floor) in home.floors.iter().enumerate() {
            out.bearer(NameOf::Floor(FloorRef(i)), &floor.name, &floor.aliases);
        }
        for (word, floor) in super::stairs::stairs(home) {
            out.name(NameOf::Floor(floor), word, NameKind::Alias);
        }
        for (i, area) in home.areas.iter().enumerate() {
            out.bearer(NameOf::Area(AreaRef(i)), &area.name, &area.aliases);
        }
        out.owned_rooms(home);
        for (word, area) in super::rooms::rooms(home) {
            out.name(NameOf::Area(area), word, NameKind::Alias);
        }
        for (i, entity) in home.entities.iter().enumerate() {
            let of = NameOf::Entity(EntityRef(i));
            for list in OPTION_LISTS {
                for option in entity.options(list) {
                    out.option(EntityRef(i), list, &option);
                }
            }
            if entity.kind == super::Kind::Climate && entity.options("hvac_modes").iter().any(|m| m == "cool") {
                out.option_called(EntityRef(i), "hvac_modes", "cool", "cooling");
            }
            if entity.kind == super::Kind::Climate && !entity.attributes.contains_key("hvac_modes") {
                for mode in USUAL_MODES {
                    out.option(EntityRef(i), "hvac_modes", mode);
                }
            }
            // A station or zone called «Home» must not keep «is anyone home» from being asked.
            let home_itself = matches!(entity.kind, super::Kind::Weather | super::Kind::Zone);
            if home_itself && entity.aliases.is_empty() && entity.name.eq_ignore_ascii_case("home") {
                continue;
            }
            out.bearer(of, &entity.name, &entity.aliases);
            if let Some(device) = entity.device.and_then(|d| home.devices.get(d)) {
                for name in std::iter::once(&device.name).chain(&device.aliases) {
                    out.name(of, name, NameKind::Device);
                    // An entity called «Light» on the device «Desk Lamp».
                    out.name(of, &format!("{name} {}", entity.name), NameKind::Alias);
                }
            }
            if let Some(area) = entity.area.and_then(|a| home.areas.get(a.0)) {
                for place in std::iter::once(&area.name).chain(&area.aliases) {
                    out.short(of, &entity.name, place);
                }
            }
            for name in std::iter::once(&entity.name).chain(&entity.aliases) {
                out.trimmed(of, name, home);
            }
        }
        out
    }

    /// Who bears this name, surest first; the stems in this order.
    #[must_use]
    pub fn find<'a>(&self, stems: impl IntoIterator<Item = &'a str>) -> &[NameHit] {
        let key: String = stems.into_iter().collect();
        self.joined.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Who bears a name of exactly these stems in any order.
    #[must_use]
    pub fn find_unordered(&self, stems: &mut [&str]) -> &[NameHit] {
        stems.sort_unstable();
        self.sorted.get(&stems.join(" ")).map_or(&[], Vec::as_slice)
    }

    /// The entities with this stem in one of their names.
    #[must_use]
    pub fn bearing(&self, stem: &str) -> &[EntityRef] {
        self.parts.get(stem).map_or(&[], Vec::as_slice)
    }

    /// The entities with this number right behind this stem in one of their names.
    #[must_use]
    pub fn numbered(&self, stem: &str, number: &str) -> Vec<EntityRef> {
        let all = self.numbered.get(stem).map_or(&[][..], Vec::as_slice);
        all.iter().filter(|(its, _)| its == number).map(|(_, entity)| *entity).collect()
    }

    /// Whether names tell several of this stem apart by numbers.
    #[must_use]
    pub fn counts(&self, stem: &str) -> bool {
        self.numbered.contains_key(stem)
    }

    /// Whether some name has this word.
    #[must_use]
    pub fn knows(&self, word: &str) -> bool {
        self.spelling.knows(word)
    }

    /// Every word of every name.
    #[must_use]
    pub fn spelling(&self) -> &Spelling {
        &self.spelling
    }

    /// The most words that a name has.
    #[must_use]
    pub fn longest(&self) -> usize {
        // One more: a compound may be said in two words.
        (self.longest + 1).min(NAME_WORDS)
    }

    /// Who has an option of this name.
    #[must_use]
    pub fn find_option<'a>(&self, stems: impl IntoIterator<Item = &'a str>) -> &[OptionHit] {
        let key: String = stems.into_iter().collect();
        self.options.get(&key).map_or(&[], Vec::as_slice)
    }

    fn option(&mut self, entity: EntityRef, list: &'static str, option: &str) {
        self.option_called(entity, list, option, &option.replace('_', " "));
        // «set it to automatic»; «heating» is what warms, not its mode.
        let spoken = [("auto", "automatic"), ("dry", "drying")];
        if let Some((_, called)) = spoken.iter().find(|(mode, _)| *mode == option).filter(|_| list == "hvac_modes") {
            self.option_called(entity, list, option, called);
        }
    }

    /// An option by the words that people have for it.
    fn option_called(&mut self, entity: EntityRef, list: &'static str, option: &str, called: &str) {
        let words = name_words(called);
        if words.is_empty() || words.len() > NAME_WORDS {
            return;
        }
        for word in &words {
            self.spelling.add(&word.text);
            self.spelling.add(&word.stem);
        }
        self.longest = self.longest.max(words.len());
        let key: String = words.iter().map(|w| w.stem.as_str()).collect();
        self.options.entry(key).or_default().push(OptionHit { entity, list, option: option.to_owned() });
    }

    /// «Anna's» for «Anna's Room», where nothing else of hers is a place.
    fn owned_rooms(&mut self, home: &Home) {
        let owner = |name: &str| {
            let words = split(name, NAME_WORDS);
            let first = words.first().filter(|first| words.len() > 1 && first.possessive_in(name))?;
            Some(first.clone())
        };
        let owners: Vec<(usize, Word)> =
            home.areas.iter().enumerate().filter_map(|(i, area)| Some((i, owner(&area.name)?))).collect();
        for (i, word) in &owners {
            if owners.iter().filter(|(_, other)| other.stem == word.stem).count() == 1 {
                self.words(NameOf::Area(AreaRef(*i)), std::slice::from_ref(word), NameKind::Trimmed);
            }
        }
    }

    fn bearer(&mut self, of: NameOf, name: &str, aliases: &[String]) {
        for (kind, name) in
            std::iter::once((NameKind::Own, name)).chain(aliases.iter().map(|a| (NameKind::Alias, a.as_str())))
        {
            for form in forms(name) {
                self.name(of, &form, kind);
            }
        }
    }

    fn name(&mut self, of: NameOf, name: &str, kind: NameKind) {
        let words = name_words(name);
        self.words(of, &words, kind);
    }

    fn words(&mut self, of: NameOf, words: &[Word], kind: NameKind) {
        if words.is_empty() || words.len() > NAME_WORDS {
            return;
        }
        self.longest = self.longest.max(words.len());
        let plural = words.last().is_some_and(|w| w.text != w.stem && w.text.ends_with('s'));
        let hit = NameHit { of, kind, plural };
        let joined: String = words.iter().map(|w| w.stem.as_str()).collect();
        add(self.joined.entry(joined).or_default(), hit);
        let mut sorted: Vec<&str> = words.iter().map(|w| w.stem.as_str()).collect();
        sorted.sort_unstable();
        add(self.sorted.entry(sorted.join(" ")).or_default(), hit);
        if let NameOf::Entity(entity) = of {
            for pair in words.windows(2).filter(|pair| counts(&pair[1]) && !counts(&pair[0])) {
                let all = self.numbered.entry(pair[0].stem.clone()).or_default();
                let one = (pair[1].stem.clone(), entity);
                if !all.contains(&one) {
                    all.push(one);
                }
            }
        }
        for word in words {
            self.spelling.add(&word.text);
            self.spelling.add(&word.stem);
            if let NameOf::Entity(entity) = of {
                let parts = self.parts.entry(word.stem.clone()).or_default();
                if parts.last() != Some(&entity) {
                    parts.push(entity);
                }
            }
        }
    }

    /// The name without the word for the kind at its end, where two words or more are left that name no place.
    fn trimmed(&mut self, of: NameOf, name: &str, home: &Home) {
        let mut words = name_words(name);
        let kind = words.pop().is_some_and(|last| KIND_NOUNS.contains(&last.stem.as_str()));
        if !kind || words.len() < 2 {
            return;
        }
        let text: Vec<&str> = words.iter().map(|w| w.text.as_str()).collect();
        let text = text.join(" ");
        if home.find_area(&text).is_none() && home.find_floor(&text).is_none() {
            self.words(of, &words, NameKind::Trimmed);
        }
    }

    /// The name without the area's at its beginning or end.
    fn short(&mut self, of: NameOf, name: &str, place: &str) {
        let (words, place) = (name_words(name), name_words(place));
        if place.is_empty() || words.len() <= place.len() {
            return;
        }
        let same = |a: &[Word]| a.iter().zip(&place).all(|(a, b)| a.stem == b.stem);
        let rest = words.len() - place.len();
        if same(&words[..place.len()]) {
            self.words(of, &words[place.len()..], NameKind::Short);
        } else if same(&words[rest..]) {
            self.words(of, &words[..rest], NameKind::Short);
        }
    }
}

/// Whether it is a number.
fn counts(word: &Word) -> bool {
    word.stem.bytes().all(|b| b.is_ascii_digit())
}

fn add(hits: &mut Vec<NameHit>, hit: NameHit) {
    if !hits.iter().any(|h| h.of == hit.of) {
        hits.push(hit);
        hits.sort_by_key(|h| h.kind);
    }
}

/// The words of a name, without punctuation and a leading article.
fn name_words(name: &str) -> Vec<Word> {
    let mut words = split(name, NAME_WORDS + 1);
    words.retain(|w| w.text != "," && w.text != "?");
    if words.len() > 1 && matches!(words[0].text.as_str(), "the" | "my" | "our") {
        words.remove(0);
    }
    words
}

/// The forms of a name with optional parts in brackets: `Trader Joe[']s` is one with and one without.
fn forms(name: &str) -> Vec<String> {
    match (name.find('['), name.find(']')) {
        (Some(open), Some(close)) if open < close => {
            let (before, inside, after) = (&name[..open], &name[open + 1..close], &name[close + 1..]);
            vec![format!("{before}{after}"), format!("{before}{inside}{after}")]
        }
        _ => vec![name.to_owned()],
    }
}

/// A name as people write it: the optional parts in brackets left out.
pub(super) fn plain(name: &str) -> String {
    forms(name).swap_remove(0)
}
