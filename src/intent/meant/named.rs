//! Things by their names, whole or a word of them: «the bedroom lamp», «the desk light».

use super::kinds::{CONCRETE, class_matches, kind_matches};
use super::scene::{Found, Scene, Trouble, Wanted};
use crate::home::{Command, Entity, EntityRef, Kind, NameOf};
use crate::intent::sentence::np::{Named, Np};
use crate::intent::turn::Slots;

impl Scene<'_> {
    /// By name: «the bedroom lamp», «the kitchen overhead light».
    pub(in crate::intent) fn named(&self, np: &Np, named: &Named, wanted: &Wanted<'_>) -> Result<Found, Trouble> {
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
    pub(in crate::intent) fn partly(
        &self,
        np: &Np,
        parts: &[EntityRef],
        wanted: &Wanted<'_>,
    ) -> Result<Found, Trouble> {
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
    pub(in crate::intent) fn narrow(&self, np: &Np, able: &mut Vec<EntityRef>) {
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
}
