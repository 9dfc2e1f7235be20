//! The home as a whole, and what can be asked of it.

use super::attr::Style;
use super::entity::{AreaRef, Entity, EntityRef, FloorRef, ListItem};
use super::gazetteer::Gazetteer;
use super::timer::Timer;

/// A floor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Floor {
    /// The id, unique in the home.
    pub id: String,
    /// The name that people use.
    pub name: String,
    /// Further names.
    pub aliases: Vec<String>,
}

/// A room or another area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// The id, unique in the home.
    pub id: String,
    /// The name that people use.
    pub name: String,
    /// Further names.
    pub aliases: Vec<String>,
    /// The floor that it is on.
    pub floor: Option<FloorRef>,
}

/// A device that groups entities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The id, unique in the home.
    pub id: String,
    /// The name that people use; a name of each of its entities that has no other.
    pub name: String,
    /// Further names.
    pub aliases: Vec<String>,
    /// Where it is.
    pub area: Option<AreaRef>,
}

/// Something that can be played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// The title.
    pub title: String,
}

/// A change that happened: one property of one entity (or of a timer or list).
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Change {
    /// The id of what changed: `light.kitchen_lamp`, `timer.1`, `todo.shopping_list`.
    pub entity: String,
    /// `state`, or the name of the attribute.
    pub property: String,
    /// The value before; null where there was none.
    pub from: serde_json::Value,
    /// The value now; null where there is none any more.
    pub to: serde_json::Value,
}

/// A home: its plan, its entities and what is true of them.
#[derive(Clone, Debug)]
pub struct Home {
    /// The floors.
    pub floors: Vec<Floor>,
    /// The areas.
    pub areas: Vec<Area>,
    /// The devices.
    pub devices: Vec<Device>,
    /// The entities.
    pub entities: Vec<Entity>,
    /// Timers that people set.
    pub timers: Vec<Timer>,
    /// The shopping list, where no entity is one.
    pub shopping: Vec<ListItem>,
    /// What can be played; empty where nobody knows.
    pub media: Option<Vec<Media>>,
    /// The area that is meant where the speaker's is not known.
    pub default_area: Option<AreaRef>,
    /// How attributes are stated.
    pub style: Style,
    pub(super) gazetteer: Gazetteer,
    pub(super) next_timer: u64,
}

impl Home {
    /// The entity behind a reference.
    ///
    /// A reference of another home gives [`None`].
    #[must_use]
    pub fn entity(&self, entity: EntityRef) -> Option<&Entity> {
        self.entities.get(entity.0)
    }

    /// The entity with this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<EntityRef> {
        self.entities.iter().position(|e| e.id == id).map(EntityRef)
    }

    /// The area with this id, name or alias; case does not matter.
    #[must_use]
    pub fn find_area(&self, word: &str) -> Option<AreaRef> {
        self.areas.iter().position(|a| names(word, &a.id, &a.name, &a.aliases)).map(AreaRef)
    }

    /// The floor with this id, name or alias; case does not matter.
    #[must_use]
    pub fn find_floor(&self, word: &str) -> Option<FloorRef> {
        self.floors.iter().position(|a| names(word, &a.id, &a.name, &a.aliases)).map(FloorRef)
    }

    /// The floor of an area.
    #[must_use]
    pub fn floor_of(&self, area: AreaRef) -> Option<FloorRef> {
        self.areas.get(area.0)?.floor
    }

    /// The name of an area.
    #[must_use]
    pub fn area_name(&self, area: AreaRef) -> &str {
        self.areas.get(area.0).map_or("", |a| a.name.as_str())
    }

    /// The name of a floor.
    #[must_use]
    pub fn floor_name(&self, floor: FloorRef) -> &str {
        self.floors.get(floor.0).map_or("", |f| f.name.as_str())
    }

    /// All names of the home, ready to be looked up.
    #[must_use]
    pub fn gazetteer(&self) -> &Gazetteer {
        &self.gazetteer
    }

    /// Every entity with what is true of it, as JSON.
    #[must_use]
    pub fn states_json(&self) -> serde_json::Value {
        serde_json::Value::Array(self.entities.iter().map(Entity::to_json).collect())
    }

    /// The next id of a timer.
    pub(super) fn timer_id(&mut self) -> String {
        self.next_timer += 1;
        format!("timer.{}", self.next_timer)
    }
}

fn names(word: &str, id: &str, name: &str, aliases: &[String]) -> bool {
    let same = |other: &str| other.eq_ignore_ascii_case(word) || other.to_lowercase() == word.to_lowercase();
    same(id) || same(name) || aliases.iter().any(|a| same(a))
}
