//! From what was spoken of to the entities that are meant.
//!
//! Names before kinds, the speaker's area before others, what was mentioned before what was not; where
//! more than one entity is left and no group was asked for, nobody is meant and Hearth asks.

use super::kinds::{CONCRETE, class_matches, everyday, kind_matches};
use super::np::{Named, Np};
use super::turn::{Slots, Turn};
use crate::home::{AreaRef, Command, Entity, EntityRef, FloorRef, Home, Kind, NameOf, Tier};

/// What a command is looking for.
pub(super) struct Wanted<'a> {
    /// The kinds that may be meant; all where it is empty.
    pub(super) kinds: &'a [Kind],
    /// The kind where none is named.
    pub(super) implied: Option<Kind>,
    /// The command that they must be able to carry out; nothing for questions.
    pub(super) command: Option<&'a Command>,
    /// Nothing named at all is fine.
    pub(super) bare: bool,
    /// The kind belongs into the slots.
    pub(super) says_kind: bool,
}

/// The entities that are meant, and the slots that say so.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) entities: Vec<EntityRef>,
    pub(super) slots: Slots,
}

/// Why nobody in particular is meant.
#[derive(Clone, Debug)]
pub(super) enum Trouble {
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
pub(super) struct Scene<'a> {
    pub(super) home: &'a Home,
    pub(super) turn: &'a Turn<'a>,
}

impl Scene<'_> {
    /// The entities that a phrase means for a command.
    pub(super) fn find(&self, np: &Np, wanted: &Wanted<'_>) -> Result<Found, Trouble> {
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

    pub(super) fn entity(&self, e: EntityRef) -> Option<&Entity> {
        self.home.entity(e)
    }

    pub(super) fn suits(&self, e: EntityRef, wanted: &Wanted<'_>) -> bool {
        self.entity(e).is_some_and(|e| {
            (wanted.kinds.is_empty() || wanted.kinds.contains(&e.kind)) && wanted.command.is_none_or(|c| e.can_do(c))
        })
    }

    /// Whether an entity is where the phrase says; one without an area is not elsewhere.
    fn there(&self, e: EntityRef, np: &Np, strict: bool) -> bool {
        let Some(entity) = self.entity(e) else { return false };
        let Some(area) = entity.area else { return !strict };
        let floor = self.home.floor_of(area);
        (np.areas.is_empty() || np.areas.contains(&area))
            && (np.floors.is_empty() || floor.is_some_and(|f| np.floors.contains(&f)))
            && (!np.here || self.turn.area.is_none_or(|a| a == area))
    }

    /// By name: «the bedroom lamp», «the kitchen overhead light».
    fn named(&self, np: &Np, named: &Named, wanted: &Wanted<'_>) -> Result<Found, Trouble> {
        // «all the lights», where somebody called a device «Lights»: every light is meant.
        let wide = np.all || np.everywhere || !np.floors.is_empty();
        if wide && named.plural && np.names.iter().all(|n| n.generic) && wanted.command.is_some() {
            return self.group(np, wanted);
        }
        let mut slots = Slots::default();
        self.place_slots(np, &mut slots);
        let bearers = |kind_of_name| {
            named.hits.iter().filter(move |h| h.kind == kind_of_name).filter_map(|h| match h.of {
                NameOf::Entity(e) => Some(e),
                _ => None,
            })
        };
        let mut able: Vec<EntityRef> = Vec::new();
        let mut any: Option<EntityRef> = None;
        for kind in [
            crate::home::NameKind::Own,
            crate::home::NameKind::Alias,
            crate::home::NameKind::Device,
            crate::home::NameKind::Short,
            crate::home::NameKind::Trimmed,
        ] {
            any = any.or_else(|| bearers(kind).next());
            able = bearers(kind).filter(|e| self.suits(*e, wanted) && self.there(*e, np, false)).collect();
            if !able.is_empty() {
                break;
            }
        }
        if wanted.command.is_some() {
            able.retain(|e| !self.other_kind(np, *e, wanted));
        }
        self.narrow(np, &mut able);
        if let Some(found) = self.nearer(np, &able, wanted) {
            return Ok(found);
        }
        if able.is_empty() && np.names.iter().all(|n| n.generic) {
            return self.group(np, wanted);
        }
        if able.is_empty() {
            let name = any.and_then(|e| self.entity(e)).map_or("", |e| e.name.as_str());
            slots.set("name", name);
            let elsewhere = any.is_some_and(|e| self.suits(e, wanted));
            return Err(match elsewhere {
                true => Trouble::Nothing(slots, format!("There is no {name} there.")),
                false => Trouble::Cannot(slots, format!("{name} cannot do that.")),
            });
        }
        // «the shutters on the ground floor», where each room has its «Shutters»: those of the floor.
        let of_floor = named.plural && !np.floors.is_empty() && np.areas.is_empty();
        if able.len() > 1 && !(np.all || of_floor || named.plural && !named.hits.iter().any(|h| h.plural)) {
            return Err(Trouble::Which(able, slots, false));
        }
        self.name_slot(&able, &mut slots);
        Ok(Found { entities: able, slots })
    }

    /// «the ceiling fan», where a lamp is called «Ceiling»: the kind that was said is not what that is.
    fn other_kind(&self, np: &Np, e: EntityRef, wanted: &Wanted<'_>) -> bool {
        let Some(entity) = self.entity(e) else { return false };
        let bears = |head: &String| self.home.gazetteer().bearing(head).contains(&e);
        let another = |kind: &&'static str| {
            let of = Kind::from_word(kind).map(|(kind, _)| kind);
            let part = *kind == "fan"
                && !entity.options("fan_modes").is_empty()
                && matches!(wanted.command, Some(Command::SpeedName(_)));
            of.is_some_and(|of| CONCRETE.contains(&of) && of != entity.kind) && !kind_matches(kind, entity) && !part
        };
        CONCRETE.contains(&entity.kind)
            && np.classes.is_empty()
            && !np.kinds.is_empty()
            && np.kinds.iter().all(another)
            && !np.heads.iter().any(bears)
    }

    /// By words of a name: «the desk light» for «Office Desk Light», if that is the only one.
    fn partly(&self, np: &Np, parts: &[EntityRef], wanted: &Wanted<'_>) -> Result<Found, Trouble> {
        let mut slots = Slots::default();
        self.place_slots(np, &mut slots);
        let gazetteer = self.home.gazetteer();
        let fits = |e: &EntityRef| {
            let Some(entity) = self.entity(*e) else { return false };
            let called = np.heads.iter().all(|h| gazetteer.bearing(h).contains(e));
            let kind =
                np.kinds.iter().any(|k| kind_matches(k, entity)) || np.classes.iter().any(|c| class_matches(c, entity));
            let any = np.heads.is_empty() && np.kinds.is_empty() && np.classes.is_empty();
            (any || !np.heads.is_empty() && called || kind) && self.there(*e, np, false)
        };
        let said: Vec<EntityRef> = parts.iter().copied().filter(fits).collect();
        let mut able: Vec<EntityRef> = said.iter().copied().filter(|e| self.suits(*e, wanted)).collect();
        // «pump off» in the pump house: one of those that are there.
        let here =
            |e: &EntityRef| self.turn.area.is_some() && self.entity(*e).is_some_and(|e| e.area == self.turn.area);
        if !(np.placed() || np.all || np.plural) && able.iter().any(here) {
            able.retain(here);
        }
        if able.is_empty() {
            return Err(Trouble::Unsaid);
        }
        // «both nightstands»; «the nightstands», where all are in one room.
        let area = |e: &EntityRef| self.entity(*e).and_then(|e| e.area);
        let together = able.iter().all(|e| area(e).is_some() && area(e) == area(&able[0]));
        let alike = able.iter().all(|e| self.entity(*e).map(|e| e.kind) == self.entity(able[0]).map(|e| e.kind));
        let group = (np.plural || np.all) && (!np.heads.is_empty() || alike && (np.all || together));
        if able.len() > 1 && !group {
            return Err(Trouble::Which(able, slots, false));
        }
        self.name_slot(&able, &mut slots);
        Ok(Found { entities: able, slots })
    }

    /// Fewer of several bearers of one name: of the kind that was said, in the speaker's area, mentioned.
    fn narrow(&self, np: &Np, able: &mut Vec<EntityRef>) {
        let mut keep = |test: &dyn Fn(&Entity) -> bool| {
            if able.len() > 1 && able.iter().any(|e| self.entity(*e).is_some_and(test)) {
                able.retain(|e| self.entity(*e).is_some_and(test));
            }
        };
        keep(&|e| np.kinds.iter().any(|k| kind_matches(k, e)));
        keep(&|e| np.classes.iter().any(|c| class_matches(c, e)));
        keep(&|e| !np.areas.is_empty() && e.area.is_some_and(|a| np.areas.contains(&a)));
        if !np.all && !np.placed() {
            keep(&|e| self.turn.area.is_some() && e.area == self.turn.area);
        }
    }

    /// By kind: «every lamp of the loft», «the fan», «everything upstairs».
    fn group(&self, np: &Np, wanted: &Wanted<'_>) -> Result<Found, Trouble> {
        let mut slots = Slots::default();
        if np.any && wanted.command.is_some() && !np.except.is_empty() {
            return Err(Trouble::Unsaid);
        }
        if np.gate && !np.headed() && wanted.kinds.contains(&Kind::Cover) && !wanted.kinds.contains(&Kind::Light) {
            return self.gate(np, wanted);
        }
        // «lock everything»
        let everything = np.everything && wanted.implied != Some(Kind::Lock);
        let implied = np.kinds.is_empty() && np.classes.is_empty() && !everything;
        if implied && (wanted.implied.is_none() || !(np.placed() || wanted.bare)) {
            return Err(Trouble::Unsaid);
        }
        let of_kind = |e: &Entity| {
            if everything {
                return everyday(e);
            }
            if implied {
                return wanted.implied == Some(e.kind);
            }
            let kind = np.kinds.iter().any(|k| kind_matches(k, e));
            if np.classes.is_empty() {
                return kind;
            }
            // «the fan in the garage», «lock the garage door»: the class is only a word of the name.
            let named = |c: &&str| self.home.find(&e.id).is_some_and(|r| self.home.gazetteer().bearing(c).contains(&r));
            if kind || wanted.kinds == [Kind::Lock] {
                return np.classes.iter().any(named);
            }
            np.kinds.is_empty() && np.classes.iter().any(|c| class_matches(c, e))
        };
        let all: Vec<EntityRef> = (0..self.home.entities.len())
            .map(EntityRef)
            .filter(|e| self.suits(*e, wanted) && self.entity(*e).is_some_and(of_kind))
            .collect();
        if wanted.says_kind {
            match wanted.implied.filter(|_| implied) {
                Some(kind) => slots.set("domain", kind.word()),
                None => kind_slots(np, wanted, &mut slots),
            }
        }
        let mut here = np.clone();
        if !np.placed() {
            if let Some(area) = self.turn.area {
                here.areas.push(area);
            }
        } else if np.here && np.areas.is_empty() {
            // Where «here» is unknown, it says no more than nothing.
            here.areas.extend(self.turn.area);
        }
        self.place_slots(&here, &mut slots);
        let strict = !here.areas.is_empty() || !here.floors.is_empty();
        let mut there: Vec<EntityRef> = all.iter().copied().filter(|e| self.there(*e, &here, strict)).collect();
        if there.is_empty() && !np.placed() && all.len() == 1 && wanted.command.is_some() {
            there.clone_from(&all);
        }
        if there.is_empty() {
            return Err(Trouble::Nothing(slots, self.none_such(&here)));
        }
        self.narrow_heads(np, &mut there);
        if !strict && !implied {
            there.extend(self.called_so(np, wanted, &there));
        }
        if self.some_door(np, wanted, &there) {
            return Err(Trouble::Which(there, slots, false));
        }
        let singular = !np.plural && !np.all && !np.everything;
        let guarded = there.iter().any(|e| self.entity(*e).is_some_and(|e| e.tier() == Tier::Guarded));
        if there.len() > 1 && singular && !implied && (guarded || !strict) {
            return Err(Trouble::Which(there, slots, false));
        }
        // «lock the doors»: all of them, since locking is what leaves nothing open.
        let safe = (np.plural || implied) && wanted.kinds == [Kind::Lock] && wanted.command == Some(&Command::TurnOn);
        let one_place = self.in_one_place(np, wanted, &there, guarded);
        if implied && wanted.kinds == [Kind::Lock] && wanted.command == Some(&Command::TurnOff) && there.len() > 1 {
            return Err(Trouble::Which(there, slots, true));
        }
        if there.len() > 1 && !one_place && !strict && !np.all && !np.everywhere && !np.everything && !safe {
            return Err(Trouble::Which(there, slots, true));
        }
        Ok(Found { entities: there, slots })
    }

    /// «the fan», where a switch is called «Window Fan»: that may be meant as well as the one fan.
    fn called_so(&self, np: &Np, wanted: &Wanted<'_>, there: &[EntityRef]) -> Vec<EntityRef> {
        let switching = matches!(wanted.command, Some(Command::TurnOn | Command::TurnOff | Command::Toggle));
        let [head] = np.heads.as_slice() else { return Vec::new() };
        if !switching || np.plural || np.all || np.everything || np.kinds.is_empty() {
            return Vec::new();
        }
        let switch = |e: &EntityRef| {
            let entity = self.entity(*e);
            let last = entity.and_then(|e| crate::home::words::split(&e.name, 16).pop());
            entity.is_some_and(|e| matches!(e.kind, Kind::Switch | Kind::InputBoolean))
                && last.is_some_and(|w| w.stem == *head)
        };
        let bearing = self.home.gazetteer().bearing(head).iter().copied();
        bearing.filter(|e| !there.contains(e) && self.suits(*e, wanted) && switch(e)).collect()
    }

    /// «open the garage»: its door, where it has one.
    fn gate(&self, np: &Np, wanted: &Wanted<'_>) -> Result<Found, Trouble> {
        let door = Np { classes: vec!["garage"], areas: Vec::new(), gate: false, ..np.clone() };
        self.group(&door, wanted)
    }

    /// «the lamp» among lights: those that are called lamps, if some are.
    fn narrow_heads(&self, np: &Np, there: &mut Vec<EntityRef>) {
        if there.len() < 2 {
            return;
        }
        let kind = |h: &&String| np.kinds.iter().chain(&np.classes).any(|k| k == h);
        for head in np.heads.iter().filter(|h| !kind(h)) {
            let called = self.home.gazetteer().bearing(head);
            if there.iter().any(|e| called.contains(e)) {
                there.retain(|e| called.contains(e));
            }
        }
    }

    fn none_such(&self, np: &Np) -> String {
        let what = np
            .kinds
            .iter()
            .map(|k| super::lexicon::Sense::Kind(k))
            .chain(np.classes.iter().map(|c| super::lexicon::Sense::Class(c)))
            .find_map(|s| super::lexicon::ENGLISH.word_for(s))
            .unwrap_or("such device");
        let place = np
            .areas
            .first()
            .map(|a| self.home.area_name(*a))
            .or_else(|| np.floors.first().map(|f| self.home.floor_name(*f)));
        match place {
            Some(place) => format!("I know of no {what} in {place}."),
            None => format!("I know of no {what} in this home."),
        }
    }

    fn place_slots(&self, np: &Np, slots: &mut Slots) {
        let area = |a: &AreaRef| self.home.area_name(*a).to_owned();
        let floor = |f: &FloorRef| self.home.floor_name(*f).to_owned();
        let areas: Vec<String> = np.areas.iter().map(area).collect();
        let floors: Vec<String> = np.floors.iter().map(floor).collect();
        put(slots, "area", areas);
        put(slots, "floor", floors);
    }

    pub(super) fn name_slot(&self, entities: &[EntityRef], slots: &mut Slots) {
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

fn kind_slots(np: &Np, wanted: &Wanted<'_>, slots: &mut Slots) {
    if let Some(class) = np.classes.first() {
        slots.set("domain", "cover");
        slots.set("device_class", *class);
    } else if let Some(kind) = np.kinds.first() {
        match *kind {
            "door" if wanted.kinds == [Kind::Lock] => slots.set("domain", "lock"),
            "door" => {
                slots.set("domain", "cover");
                slots.set("device_class", "door");
            }
            "tv" | "speaker" => slots.set("domain", "media_player"),
            "covering" => slots.set("domain", "cover"),
            "outlet" => {
                slots.set("domain", "switch");
                slots.set("device_class", "outlet");
            }
            other => slots.set("domain", other),
        }
    } else if np.everything {
        slots.set("name", "all");
    }
}
