//! What is meant without being named: what was just spoken of, and all of a kind that are in one place.

use super::scene::{Found, Scene, Trouble, Wanted};
use crate::home::{Command, EntityRef, Kind};
use crate::intent::sentence::np::Np;
use crate::intent::turn::Slots;

impl Scene<'_> {
    pub(in crate::intent) fn mentioned(&self, wanted: &Wanted<'_>) -> Result<Found, Trouble> {
        let entities: Vec<EntityRef> =
            self.turn.context.mentioned.iter().copied().filter(|e| self.suits(*e, wanted)).collect();
        if entities.is_empty() {
            return Err(Trouble::Unsaid);
        }
        let mut slots = Slots::default();
        self.name_slot(&entities, &mut slots);
        Ok(Found { entities, slots })
    }

    /// «brighter», «one degree warmer»: what was just spoken of, where it can do that.
    pub(in crate::intent) fn still_about(&self, np: &Np, wanted: &Wanted<'_>) -> Option<Found> {
        let step = wanted.command.is_some_and(|command| {
            matches!(
                command,
                Command::BrightnessStep(_)
                    | Command::ColorTemperatureStep(_)
                    | Command::TemperatureStep(_)
                    | Command::VolumeStep(_)
                    | Command::SpeedStep(_)
                    | Command::HumidityStep(_)
                    | Command::PositionStep(_)
            )
        });
        (step && np.empty()).then(|| self.mentioned(wanted).ok()).flatten()
    }

    /// «the TV», said in the bedroom: the one that is there, although another room's bears no other name.
    pub(in crate::intent) fn nearer(&self, np: &Np, able: &[EntityRef], wanted: &Wanted<'_>) -> Option<Found> {
        let here = self.turn.area.filter(|_| !np.placed() && !np.all && !np.plural)?;
        let elsewhere = able.iter().all(|e| self.entity(*e).is_some_and(|e| e.area.is_some_and(|a| a != here)));
        let word = np.names.iter().all(|n| n.generic) && !(np.kinds.is_empty() && np.classes.is_empty());
        if able.is_empty() || !elsewhere || !word || wanted.command.is_none() {
            return None;
        }
        let there = Np { names: Vec::new(), areas: vec![here], ..np.clone() };
        self.find(&there, wanted).ok().filter(|found| found.entities.len() == 1)
    }

    /// «open the door», where one door can be opened and others, of which that is not known, are doors too.
    pub(in crate::intent) fn some_door(&self, np: &Np, wanted: &Wanted<'_>, able: &[EntityRef]) -> bool {
        let vague = np.kinds == ["door"] && np.classes.is_empty() && !(np.placed() || np.all || np.plural);
        let opens = wanted.command == Some(&Command::TurnOn) && wanted.kinds.contains(&Kind::Cover);
        let [one] = able else { return false };
        let here = self.turn.area.is_some() && self.entity(*one).is_some_and(|e| e.area == self.turn.area);
        let door = |e: &&EntityRef| {
            *e != one
                && self.entity(**e).is_some_and(|e| {
                    e.kind == Kind::Lock || e.kind == Kind::BinarySensor && e.device_class.as_deref() == Some("door")
                })
        };
        vague && opens && !here && self.home.gazetteer().bearing("door").iter().any(|e| door(&e))
    }

    /// «close the blinds», where all of the home are in one room; nothing guarded is opened so.
    pub(in crate::intent) fn in_one_place(
        &self,
        np: &Np,
        wanted: &Wanted<'_>,
        there: &[EntityRef],
        guarded: bool,
    ) -> bool {
        let area = there.first().and_then(|e| self.entity(*e)).and_then(|e| e.area);
        np.plural
            && area.is_some()
            && there.iter().all(|e| self.entity(*e).is_some_and(|e| e.area == area))
            && (!guarded || wanted.command == Some(&Command::TurnOff) && wanted.kinds != [Kind::Lock])
    }
}
