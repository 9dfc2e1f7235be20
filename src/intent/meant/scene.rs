//! The search for the entities that are meant: what is sought, what comes of it, and the order of the ways.

use crate::home::{AreaRef, Command, Entity, EntityRef, FloorRef, Home, Kind};
use crate::intent::sentence::np::Np;
use crate::intent::turn::{Slots, Turn, Understanding};

/// What a command is looking for.
pub(in crate::intent) struct Wanted<'a> {
    /// The kinds that may be meant; all where it is empty.
    pub(in crate::intent) kinds: &'a [Kind],
    /// The kind where none is named.
    pub(in crate::intent) implied: Option<Kind>,
    /// The command that they must be able to carry out; nothing for questions.
    pub(in crate::intent) command: Option<&'a Command>,
    /// Nothing named at all is fine.
    pub(in crate::intent) bare: bool,
    /// The kind belongs into the slots.
    pub(in crate::intent) says_kind: bool,
}

/// The entities that are meant, and the slots that say so.
#[derive(Clone, Debug, Default)]
pub(in crate::intent) struct Found {
    pub(in crate::intent) entities: Vec<EntityRef>,
    pub(in crate::intent) slots: Slots,
}

/// Why nobody in particular is meant.
#[derive(Clone, Debug)]
pub(in crate::intent) enum Trouble {
    /// There is no such thing here; the slots are right all the same.
    Nothing(Slots, String),
    /// One of these; which one?
    Which(Vec<EntityRef>, Slots, bool),
    /// What is named cannot do that.
    Cannot(Slots, String),
    /// Nothing is named.
    Unsaid,
    /// It is not clear what the place belongs to.
    Scope,
}

/// The circumstances of the search.
pub(in crate::intent) struct Scene<'a> {
    pub(in crate::intent) home: &'a Home,
    pub(in crate::intent) turn: &'a Turn<'a>,
    /// What reads a sentence within this one («lights off *at seven*») from its beginning.
    pub(in crate::intent) reader: fn(&Home, &Turn<'_>) -> Understanding,
}

impl Scene<'_> {
    /// What another sentence means in the same home.
    pub(in crate::intent) fn read(&self, turn: &Turn<'_>) -> Understanding {
        (self.reader)(self.home, turn)
    }

    /// The entities that a phrase means for a command.
    pub(in crate::intent) fn find(&self, np: &Np, wanted: &Wanted<'_>) -> Result<Found, Trouble> {
        if wanted.command.is_some() && np.two_names() {
            return Err(Trouble::Unsaid);
        }
        // «up it night»: a word of a name beside «it» is neither.
        if np.it && np.parts.is_some() {
            return Err(Trouble::Unsaid);
        }
        let mut found = if np.it && np.names.is_empty() && np.kinds.is_empty() && np.classes.is_empty() {
            match self.mentioned(wanted) {
                // «pause it», «light it up»: what is here.
                Err(Trouble::Unsaid) if wanted.bare => self.group(np, wanted)?,
                other => other?,
            }
        } else if let Some(found) = self.still_about(np, wanted) {
            found
        } else if let Some(parts) = np.parts.as_ref().filter(|_| np.names.is_empty()) {
            self.partly(np, parts, wanted)?
        } else if let Some(named) = np.names.first().filter(|_| np.parts.is_none()) {
            self.named(np, named, wanted)?
        } else if np.parts.is_some() {
            return Err(Trouble::Unsaid);
        } else {
            self.group(np, wanted)?
        };
        if np.both && found.entities.len() != 2 {
            return Err(Trouble::Which(found.entities, found.slots, true));
        }
        for other in &np.except {
            if self.doubly_placed(np, other, wanted) {
                return Err(Trouble::Scope);
            }
            let mut out = other.clone();
            if !out.headed() {
                // «… except the kitchen»: what is there of the same.
                out.take_head_of(np);
            }
            if !out.placed() {
                out.place_of(np);
            }
            out.all = true;
            out.both = false;
            let skip = self.find(&out, wanted)?;
            let names: Vec<&str> =
                skip.entities.iter().filter_map(|e| self.home.entity(*e)).map(|e| e.name.as_str()).collect();
            // «… except upstairs», taken for a thing that was not meant anyway: then it was not understood.
            if found.entities.len() > 1 && !skip.entities.iter().any(|e| found.entities.contains(e)) {
                return Err(Trouble::Scope);
            }
            found.slots.set("except", names);
            found.entities.retain(|e| !skip.entities.contains(e));
        }
        Ok(found)
    }

    /// «everything except the fan in the loft», where there is but one fan: the place may belong to either.
    fn doubly_placed(&self, np: &Np, other: &Np, wanted: &Wanted<'_>) -> bool {
        if np.placed() || !other.placed() || !other.headed() || other.everything {
            return false;
        }
        let anywhere = Np { areas: Vec::new(), floors: Vec::new(), here: false, all: true, ..other.clone() };
        self.find(&anywhere, wanted).is_ok_and(|found| found.entities.len() == 1)
    }

    pub(in crate::intent) fn entity(&self, e: EntityRef) -> Option<&Entity> {
        self.home.entity(e)
    }

    pub(in crate::intent) fn suits(&self, e: EntityRef, wanted: &Wanted<'_>) -> bool {
        self.entity(e).is_some_and(|e| {
            (wanted.kinds.is_empty() || wanted.kinds.contains(&e.kind)) && wanted.command.is_none_or(|c| e.can_do(c))
        })
    }

    /// Whether an entity is where the phrase says; one without an area is not elsewhere.
    pub(in crate::intent) fn there(&self, e: EntityRef, np: &Np, strict: bool) -> bool {
        let Some(entity) = self.entity(e) else { return false };
        let Some(area) = entity.area else { return !strict };
        let floor = self.home.floor_of(area);
        (np.areas.is_empty() || np.areas.contains(&area))
            && (np.floors.is_empty() || floor.is_some_and(|f| np.floors.contains(&f)))
            && (!np.here || self.turn.area.is_none_or(|a| a == area))
    }

    pub(in crate::intent) fn place_slots(&self, np: &Np, slots: &mut Slots) {
        let area = |a: &AreaRef| self.home.area_name(*a).to_owned();
        let floor = |f: &FloorRef| self.home.floor_name(*f).to_owned();
        let areas: Vec<String> = np.areas.iter().map(area).collect();
        let floors: Vec<String> = np.floors.iter().map(floor).collect();
        put(slots, "area", areas);
        put(slots, "floor", floors);
    }

    pub(in crate::intent) fn name_slot(&self, entities: &[EntityRef], slots: &mut Slots) {
        let names: Vec<String> = entities.iter().filter_map(|e| self.entity(*e)).map(|e| e.name.clone()).collect();
        put(slots, "name", names);
    }
}

/// One value as itself, several as a list, none not at all.
fn put(slots: &mut Slots, slot: &'static str, mut values: Vec<String>) {
    values.dedup();
    match values.len() {
        0 => {}
        1 => slots.set(slot, values.swap_remove(0)),
        _ => slots.set(slot, values),
    }
}
