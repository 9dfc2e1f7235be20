//! One entity from its description.

use std::collections::BTreeMap;

use serde_json::Value;

use super::attr::text_of;
use super::entity::{Binding, Entity, Reading};
use super::fault::did_you_mean;
use super::kind::{Capability, Kind, NICKNAMES};
use super::load::item;
use super::model::Home;
use super::raw::{Faults, Object, shape};
use super::{gazetteer, words};

pub(super) const KEYS: &[&str] = &[
    "id",
    "name",
    "aliases",
    "kind",
    "domain",
    "device_class",
    "area",
    "device",
    "state",
    "state_with_unit",
    "attributes",
    "capabilities",
    "items",
    "line",
    "active_low",
    "dimmable",
    "unit",
    "scale",
    "debounce_ms",
    "mqtt",
];

/// How long contacts of a button or a door bounce, in milliseconds: ordinary ones have settled by then.
const DEBOUNCE_MS: u64 = 20;
/// The longest such time that can be set.
const DEBOUNCE_MOST_MS: u32 = 10_000;

impl Home {
    /// Reads one entity and adds it.
    pub(super) fn add_entity(&mut self, value: &Value, path: String, faults: &mut Faults) {
        let Some(o) = Object::open(value, path, KEYS, faults) else { return };
        let id = o.text("id", faults);
        let Some((kind, implied)) = kind_of(&o, id.as_deref(), faults) else { return };
        let device = self.device_named(&o, faults);
        let name = o.text("name", faults).filter(|n| !n.trim().is_empty());
        let owner = device.and_then(|d| self.devices.get(d)).map(|d| d.name.clone());
        let Some(name) = name.or(owner).or_else(|| id.as_deref().map(named_by_id)) else {
            faults.add(o.path.clone(), "an entity needs a `name`, an `id` or a `device`");
            return;
        };
        let mut aliases = o.texts("aliases", faults);
        let plain = gazetteer::plain(&name);
        if plain != name {
            aliases.push(name);
        }
        let name = plain;
        let id = id.unwrap_or_else(|| self.free_id(kind, &name));
        if self.entities.iter().any(|e| e.id == id) {
            faults.add(o.at("id"), format!("entity `{id}` is there twice"));
            return;
        }
        let attributes = attributes(&o, faults);
        let class = o.text("device_class", faults).or_else(|| attributes.get("device_class").map(text_of));
        let own = o.text("area", faults).and_then(|a| self.area_named(&a, &o.at("area"), faults));
        let area = own.or_else(|| self.devices.get(device?)?.area);
        let binding = binding(&o, faults);
        let capabilities = capabilities(&o, kind, &binding, &attributes, faults);
        let mut entity = Entity {
            id,
            name,
            aliases,
            kind,
            device_class: class.or_else(|| implied.map(str::to_owned)),
            area,
            device,
            state: kind.default_state().to_owned(),
            attributes,
            capabilities,
            binding,
            items: o.list("items", 2_000, faults).into_iter().filter_map(|(p, v)| item(v, p, faults)).collect(),
            state_words: None,
        };
        state(&mut entity, &o, faults);
        self.entities.push(entity);
    }

    fn device_named(&self, o: &Object<'_>, faults: &mut Faults) -> Option<usize> {
        let word = o.text("device", faults)?;
        let found = self.devices.iter().position(|d| d.id == word || d.name == word);
        if found.is_none() {
            let hint = did_you_mean(&word, self.devices.iter().map(|d| d.id.as_str()));
            faults.add(o.at("device"), format!("no device is called `{word}`{hint}"));
        }
        found
    }

    fn free_id(&self, kind: Kind, name: &str) -> String {
        let base = format!("{}.{}", kind.word(), words::slug(name));
        let taken = |id: &str| self.entities.iter().any(|e| e.id == id);
        if !taken(&base) {
            return base;
        }
        (2u32..).map(|n| format!("{base}_{n}")).find(|id| !taken(id)).unwrap_or(base)
    }
}

/// A name for an entity that has only an id: `light.kitchen_lamp` is the kitchen lamp.
fn named_by_id(id: &str) -> String {
    id.rsplit('.').next().unwrap_or(id).replace('_', " ")
}

fn kind_of(o: &Object<'_>, id: Option<&str>, faults: &mut Faults) -> Option<(Kind, Option<&'static str>)> {
    let (key, word) = match (o.text("kind", faults), o.text("domain", faults), id) {
        (Some(kind), _, _) => ("kind", kind),
        (None, Some(domain), _) => ("domain", domain),
        (None, None, Some(id)) => ("id", id.split('.').next().unwrap_or(id).to_owned()),
        (None, None, None) => {
            faults.add(o.path.clone(), "an entity needs a `kind`, or an `id` that begins with one (`light.desk`)");
            return None;
        }
    };
    let found = Kind::from_word(&word);
    if found.is_some() {
        return found;
    }
    let known = Kind::ALL.iter().map(|k| k.word()).chain(NICKNAMES.iter().map(|(w, _, _)| *w));
    let hint = did_you_mean(&word, known);
    if hint.is_empty() {
        faults.pass(o.at(key), format!("unknown kind `{word}`: it is there, and nothing is known of it but its state"));
        return Some((Kind::Other, None));
    }
    faults.add(o.at(key), format!("unknown kind `{word}`{hint}"));
    None
}

fn attributes(o: &Object<'_>, faults: &mut Faults) -> BTreeMap<String, Value> {
    match o.get("attributes") {
        None => BTreeMap::new(),
        Some(Value::Object(map)) => map.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
        Some(other) => {
            faults.add(o.at("attributes"), format!("expected an object, found {}", shape(other)));
            BTreeMap::new()
        }
    }
}

/// A state is a text, a number or a switch; `{"in": "low", "out": "on"}` gives its words beside it.
fn state(entity: &mut Entity, o: &Object<'_>, faults: &mut Faults) {
    match o.get("state") {
        None => {}
        Some(Value::Object(map)) => {
            let text = |key: &str| map.get(key).map(text_of);
            entity.state = text("out").or_else(|| text("in")).unwrap_or_else(|| entity.state.clone());
            entity.state_words = text("in");
        }
        Some(Value::Array(_)) => faults.add(o.at("state"), "expected a text, found a list"),
        Some(value) => entity.state = text_of(value),
    }
    let Some(whole) = o.text("state_with_unit", faults) else { return };
    match whole.split_once(' ') {
        Some((value, unit)) => {
            entity.state = value.to_owned();
            entity.attributes.entry("unit_of_measurement".to_owned()).or_insert_with(|| Value::from(unit));
        }
        None => entity.state = whole,
    }
}

fn binding(o: &Object<'_>, faults: &mut Faults) -> Binding {
    let active_low = o.flag("active_low", false, faults);
    let dimmable = o.flag("dimmable", false, faults);
    let unit = o.text("unit", faults).unwrap_or_default();
    let scale = o.number("scale", -1e9, 1e9, faults).unwrap_or(1.0);
    if let Some(line) = o.text("line", faults) {
        if let Err(rule) = crate::base::Name::new(&line) {
            faults.add(o.at("line"), format!("`{line}`: {rule}"));
        }
        let debounce_ms = match o.get("debounce_ms") {
            None => DEBOUNCE_MS,
            Some(_) => o.count("debounce_ms", DEBOUNCE_MOST_MS, faults),
        };
        return Binding::Line { line, active_low, dimmable, reading: Reading { scale, unit }, debounce_ms };
    }
    if let Some(topics) = o.get("mqtt") {
        for key in ["active_low", "dimmable", "debounce_ms"] {
            if o.get(key).is_some() {
                faults.add(o.at(key), format!("`{key}` needs a `line`"));
            }
        }
        let topics = super::load_mqtt::topics(topics, o.at("mqtt"), faults);
        return topics.map_or(Binding::None, |topics| Binding::Mqtt { topics, reading: Reading { scale, unit } });
    }
    for key in ["active_low", "dimmable", "unit", "scale", "debounce_ms"] {
        if o.get(key).is_some() {
            faults.add(o.at(key), format!("`{key}` needs a `line`"));
        }
    }
    Binding::None
}

/// What it can do: as listed, else as its wire or its attributes allow, else all that its kind can.
fn capabilities(
    o: &Object<'_>,
    kind: Kind,
    binding: &Binding,
    attributes: &BTreeMap<String, Value>,
    faults: &mut Faults,
) -> Vec<Capability> {
    let dimmable = match binding {
        Binding::Line { dimmable, .. } => *dimmable,
        Binding::Mqtt { topics, .. } => topics.scale.is_some(),
        Binding::None => false,
    };
    let wired = |c: &Capability| match c {
        Capability::OnOff => true,
        Capability::Brightness | Capability::Speed | Capability::Position => dimmable,
        _ => false,
    };
    let all = kind.powers().iter().copied();
    if o.get("capabilities").is_none() {
        let modes = attributes.get("supported_color_modes").and_then(Value::as_array);
        return match (binding, modes) {
            (Binding::Line { .. } | Binding::Mqtt { .. }, _) => all.filter(wired).collect(),
            (_, Some(modes)) => all.filter(|c| allowed_by_modes(*c, modes)).collect(),
            _ => all.collect(),
        };
    }
    let mut out = Vec::new();
    for (i, word) in o.texts("capabilities", faults).iter().enumerate() {
        match Capability::ALL.iter().find(|c| c.word() == word) {
            Some(c) if kind.powers().contains(c) => out.push(*c),
            Some(c) => {
                faults.add(format!("{}[{i}]", o.at("capabilities")), format!("a {} has no `{}`", kind.word(), c.word()))
            }
            None => {
                let hint = did_you_mean(word, Capability::ALL.iter().map(|c| c.word()));
                faults.add(format!("{}[{i}]", o.at("capabilities")), format!("unknown capability `{word}`{hint}"));
            }
        }
    }
    out
}

fn allowed_by_modes(capability: Capability, modes: &[Value]) -> bool {
    let has = |words: &[&str]| modes.iter().filter_map(Value::as_str).any(|m| words.contains(&m));
    match capability {
        Capability::Brightness => !modes.is_empty() && !has(&["onoff"]),
        Capability::Color => has(&["hs", "rgb", "rgbw", "rgbww", "xy"]),
        Capability::ColorTemperature => has(&["color_temp", "rgbww"]),
        _ => true,
    }
}
