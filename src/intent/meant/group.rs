//! Things by their kind: «every lamp of the loft», «the fan», «everything upstairs».

use super::kinds::{class_matches, everyday, kind_matches, switches_called};
use super::scene::{Found, Scene, Trouble, Wanted};
use crate::home::{Command, Entity, EntityRef, Kind, Tier};
use crate::intent::sentence::np::Np;
use crate::intent::turn::Slots;

impl Scene<'_> {
    /// By kind: «every lamp of the loft», «the fan», «everything upstairs».
    pub(in crate::intent) fn group(&self, np: &Np, wanted: &Wanted<'_>) -> Result<Found, Trouble> {
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
        if let (true, Some(found)) = (all.is_empty(), self.switch_for(np, wanted)) {
            return found;
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
        let called = switches_called(self.home, head);
        called.into_iter().filter(|e| !there.contains(e) && self.suits(*e, wanted)).collect()
    }

    /// «start the boiler», where nothing is a boiler but a switch is called «Boiler 80L».
    fn switch_for(&self, np: &Np, wanted: &Wanted<'_>) -> Option<Result<Found, Trouble>> {
        let mut called = self.called_so(np, wanted, &[]);
        called.retain(|e| self.there(*e, np, np.placed()));
        self.narrow(np, &mut called);
        let mut slots = Slots::default();
        self.place_slots(np, &mut slots);
        match called.as_slice() {
            [] => None,
            [_] => {
                self.name_slot(&called, &mut slots);
                Some(Ok(Found { entities: called, slots }))
            }
            _ => Some(Err(Trouble::Which(called, slots, false))),
        }
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
            .map(|k| crate::intent::words::lexicon::Sense::Kind(k))
            .chain(np.classes.iter().map(|c| crate::intent::words::lexicon::Sense::Class(c)))
            .find_map(|s| crate::intent::words::lexicon::ENGLISH.word_for(s))
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
