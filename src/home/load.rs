//! A home from its description: JSON, or TOML with the same keys.
//!
//! Every fault of the file is reported at once. Areas and floors may be named without being declared,
//! unless the name is nearly that of a declared one: then it is taken for a slip of the pen.

use serde_json::Value;

use super::attr::text_of;
use super::entity::{AreaRef, FloorRef, ListItem};
use super::fault::{HomeFault, did_you_mean, nearest};
use super::gazetteer::Gazetteer;
use super::model::{Area, Device, Floor, Home, Media};
use super::raw::{Faults, Object};
use super::timer::Timer;
use super::{Style, words};
use crate::base::limits;

pub(super) const KEYS: &[&str] =
    &["$schema", "style", "area", "floors", "areas", "devices", "entities", "timers", "shopping_list", "media"];

impl Home {
    /// A home from JSON; `docs/say.md` and `schemas/home.schema.json` describe it.
    ///
    /// # Errors
    /// Every fault of the description.
    pub fn from_json(value: &Value) -> Result<Self, Vec<HomeFault>> {
        let (home, passed) = Self::from_foreign_json(value)?;
        if passed.is_empty() { Ok(home) } else { Err(passed) }
    }

    /// A home from JSON that other programs wrote too: what is not known here is passed over and told beside it.
    ///
    /// # Errors
    /// Every fault that is more than an unknown key or kind.
    pub fn from_foreign_json(value: &Value) -> Result<(Self, Vec<HomeFault>), Vec<HomeFault>> {
        let mut faults = Faults::default();
        let mut home = Self::empty();
        if let Some(top) = Object::open(value, String::new(), KEYS, &mut faults) {
            home.fill(&top, &mut faults);
        }
        if !faults.0.is_empty() {
            return Err(faults.0);
        }
        home.gazetteer = Gazetteer::of(&home);
        Ok((home, faults.1))
    }

    /// A home from TOML text with the same keys.
    ///
    /// # Errors
    /// Every fault of the description.
    pub fn from_toml(text: &str) -> Result<Self, Vec<HomeFault>> {
        let value: Value = toml::from_str(text).map_err(|e| vec![HomeFault::new("", e.to_string())])?;
        Self::from_json(&value)
    }

    /// A home with nothing in it.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            floors: Vec::new(),
            areas: Vec::new(),
            devices: Vec::new(),
            entities: Vec::new(),
            timers: Vec::new(),
            shopping: Vec::new(),
            media: None,
            default_area: None,
            style: Style::Percent,
            gazetteer: Gazetteer::default(),
            next_timer: 0,
        }
    }

    /// The area of that name; a name that is new becomes an area with nothing in it.
    ///
    /// # Errors
    /// The name is nearly that of a known area.
    pub fn ensure_area(&mut self, name: &str) -> Result<AreaRef, HomeFault> {
        let mut faults = Faults::default();
        let found = self.area_named(name, "area", &mut faults);
        found.ok_or_else(|| faults.0.pop().unwrap_or_else(|| HomeFault::new("area", "no such area")))
    }

    /// Sets states on top of the file: `{"light.desk": "on"}` or `{"light.desk": {"state": …, "attributes": {…}}}`.
    ///
    /// # Errors
    /// An id that no entity has, or a state that is neither.
    pub fn override_states(&mut self, states: &Value) -> Result<(), HomeFault> {
        let Value::Object(map) = states else {
            return Err(HomeFault::new("states", "expected an object of entity ids"));
        };
        for (id, state) in map {
            let at = || format!("states.{id}");
            let found = self.find(id).and_then(|e| self.entities.get_mut(e.0));
            let Some(entity) = found else {
                let hint = did_you_mean(id, self.entities.iter().map(|e| e.id.as_str()));
                return Err(HomeFault::new(at(), format!("no entity is called `{id}`{hint}")));
            };
            match state {
                Value::Object(parts) => {
                    for (key, value) in parts {
                        match (key.as_str(), value) {
                            ("state", value) => {
                                entity.set("state", Value::from(text_of(value)));
                            }
                            ("attributes", Value::Object(more)) => {
                                for (name, value) in more {
                                    entity.set(name, value.clone());
                                }
                            }
                            ("attributes", Value::Null) => {}
                            ("attributes", _) => return Err(HomeFault::new(at(), "`attributes` must be an object")),
                            // Attributes may stand beside the state.
                            (name, value) => {
                                entity.set(name, value.clone());
                            }
                        }
                    }
                }
                Value::Array(_) => return Err(HomeFault::new(at(), "expected a text, found a list")),
                value => {
                    entity.set("state", Value::from(text_of(value)));
                }
            }
        }
        Ok(())
    }

    fn fill(&mut self, top: &Object<'_>, faults: &mut Faults) {
        let stated = self.style(top, faults);
        for (path, value) in top.list("floors", limits::AREAS, faults) {
            self.floor(value, path, faults);
        }
        for (path, value) in top.list("areas", limits::AREAS, faults) {
            self.area(value, path, faults);
        }
        if let Some(name) = top.text("area", faults) {
            self.default_area = self.area_named(&name, &top.at("area"), faults);
        }
        for (path, value) in top.list("devices", limits::ENTITIES, faults) {
            self.device(value, path, faults);
        }
        for (path, value) in top.list("entities", limits::ENTITIES, faults) {
            self.add_entity(value, path, faults);
        }
        if !stated {
            self.style = self.guess_style();
        }
        for (path, value) in top.list("timers", limits::ENTITIES, faults) {
            self.timer(value, path, faults);
        }
        for (path, value) in top.list("shopping_list", limits::ENTITIES, faults) {
            if let Some(item) = item(value, path, faults) {
                self.shopping.push(item);
            }
        }
        let media: Vec<_> = top.list("media", limits::ENTITIES, faults);
        if top.get("media").is_some() {
            self.media = Some(media.into_iter().filter_map(|(p, v)| title(v, p, faults)).collect());
        }
    }

    fn style(&mut self, top: &Object<'_>, faults: &mut Faults) -> bool {
        let Some(word) = top.text("style", faults) else { return false };
        match [Style::Percent, Style::HomeAssistant].into_iter().find(|s| s.word() == word) {
            Some(style) => self.style = style,
            None => {
                let hint = did_you_mean(&word, ["percent", "home_assistant"]);
                faults.add("style", format!("unknown style `{word}`: percent or home_assistant{hint}"));
            }
        }
        true
    }

    /// A brightness above 100 or a volume between 0 and 1 can only be the other style.
    fn guess_style(&self) -> Style {
        let other = self.entities.iter().any(|e| {
            e.number("brightness").is_some_and(|b| b > 100.0)
                || e.number("volume_level").is_some_and(|v| v > 0.0 && v < 1.0)
                || e.attributes.contains_key("current_position")
                || e.attributes.contains_key("supported_color_modes")
        });
        if other { Style::HomeAssistant } else { Style::Percent }
    }

    fn floor(&mut self, value: &Value, path: String, faults: &mut Faults) {
        let Some(o) = Object::open(value, path, &["id", "name", "aliases", "level"], faults) else { return };
        let Some(name) = o.required("name", faults) else { return };
        let id = o.text("id", faults).unwrap_or_else(|| words::slug(&name));
        if self.floors.iter().any(|f| f.id == id) {
            faults.add(o.at("id"), format!("floor `{id}` is there twice"));
            return;
        }
        self.floors.push(Floor { id, name, aliases: o.texts("aliases", faults) });
    }

    fn area(&mut self, value: &Value, path: String, faults: &mut Faults) {
        let keys = &["id", "name", "aliases", "floor", "context_area"];
        let Some(o) = Object::open(value, path, keys, faults) else { return };
        let Some(name) = o.required("name", faults) else { return };
        let id = o.text("id", faults).unwrap_or_else(|| words::slug(&name));
        if self.areas.iter().any(|a| a.id == id) {
            faults.add(o.at("id"), format!("area `{id}` is there twice"));
            return;
        }
        let floor = o.text("floor", faults).and_then(|f| self.floor_named(&f, &o.at("floor"), faults));
        self.areas.push(Area { id, name, aliases: o.texts("aliases", faults), floor });
        if o.flag("context_area", false, faults) {
            self.default_area = Some(AreaRef(self.areas.len() - 1));
        }
    }

    fn device(&mut self, value: &Value, path: String, faults: &mut Faults) {
        let Some(o) = Object::open(value, path, &["id", "name", "aliases", "area"], faults) else { return };
        let Some(name) = o.required("name", faults) else { return };
        let id = o.text("id", faults).unwrap_or_else(|| words::slug(&name));
        if self.devices.iter().any(|d| d.id == id) {
            faults.add(o.at("id"), format!("device `{id}` is there twice"));
            return;
        }
        let area = o.text("area", faults).and_then(|a| self.area_named(&a, &o.at("area"), faults));
        self.devices.push(Device { id, name, aliases: o.texts("aliases", faults), area });
    }

    fn timer(&mut self, value: &Value, path: String, faults: &mut Faults) {
        let Some(o) = Object::open(value, path, TIMER_KEYS, faults) else { return };
        let area = o.text("area", faults).and_then(|a| self.area_named(&a, &o.at("area"), faults));
        let mut timer = Timer {
            id: self.timer_id(),
            name: o.text("name", faults).unwrap_or_default(),
            area,
            start_hours: o.count("start_hours", 10_000, faults),
            start_minutes: o.count("start_minutes", 600_000, faults),
            start_seconds: o.count("start_seconds", 36_000_000, faults),
            left: 0,
            active: o.flag("is_active", true, faults),
            command: o.text("command", faults),
            reminder: false,
        };
        timer.left = timer.total();
        if o.get("total_seconds_left").is_some() {
            timer.left = o.count("total_seconds_left", 36_000_000, faults);
        }
        self.timers.push(timer);
    }

    /// The floor of that name, declared on the spot if it is new.
    fn floor_named(&mut self, word: &str, path: &str, faults: &mut Faults) -> Option<FloorRef> {
        if let Some(found) = self.find_floor(word) {
            return Some(found);
        }
        if let Some(near) = nearest(word, self.floors.iter().map(|f| f.name.as_str())).filter(|n| slip(word, n)) {
            faults.add(path, format!("no floor is called `{word}`; did you mean `{near}`?"));
            return None;
        }
        self.floors.push(Floor { id: words::slug(word), name: word.to_owned(), aliases: Vec::new() });
        Some(FloorRef(self.floors.len() - 1))
    }

    /// The area of that name, declared on the spot if it is new.
    pub(super) fn area_named(&mut self, word: &str, path: &str, faults: &mut Faults) -> Option<AreaRef> {
        if let Some(found) = self.find_area(word) {
            return Some(found);
        }
        if let Some(near) = nearest(word, self.areas.iter().map(|f| f.name.as_str())).filter(|n| slip(word, n)) {
            faults.add(path, format!("no area is called `{word}`; did you mean `{near}`?"));
            return None;
        }
        if self.areas.len() >= limits::AREAS {
            faults.add(path, format!("more than {} areas", limits::AREAS));
            return None;
        }
        self.areas.push(Area { id: words::slug(word), name: word.to_owned(), aliases: Vec::new(), floor: None });
        Some(AreaRef(self.areas.len() - 1))
    }
}

/// Whether one name may be the other with a slip of the pen: «Bedroom 1» and «Bedroom 2» are two rooms.
fn slip(word: &str, near: &str) -> bool {
    let counted = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    let lettered = |name: &str| name.rsplit(' ').next().is_some_and(|last| last.chars().count() == 1);
    counted(word) == counted(near) && !(lettered(word) && lettered(near))
}

pub(super) const TIMER_KEYS: &[&str] = &[
    "name",
    "area",
    "start_hours",
    "start_minutes",
    "start_seconds",
    "total_seconds_left",
    "rounded_hours_left",
    "rounded_minutes_left",
    "rounded_seconds_left",
    "is_active",
    "command",
];

fn title(value: &Value, path: String, faults: &mut Faults) -> Option<Media> {
    let o = Object::open(value, path, &["title"], faults)?;
    Some(Media { title: o.required("title", faults)? })
}

/// An item of a list: a text, or an object with `summary` and `done`.
pub(super) fn item(value: &Value, path: String, faults: &mut Faults) -> Option<ListItem> {
    if let Value::String(summary) = value {
        return Some(ListItem { summary: summary.clone(), done: false });
    }
    let o = Object::open(value, path, &["summary", "done", "status", "uid", "due", "description"], faults)?;
    let summary = o.required("summary", faults)?;
    let done = o.flag("done", false, faults) || o.text("status", faults).is_some_and(|s| s == "completed");
    Some(ListItem { summary, done })
}
