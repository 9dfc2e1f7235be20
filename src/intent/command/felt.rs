//! Wishes that are only hinted at: «it's too dark in here», «I'm cold», «the telly is too loud».
//!
//! They act where place, device and direction leave one reading, and are asked back otherwise: nobody
//! said what is to be done. The whole sentence must be the hint and its place.

use super::run::troubled;
use crate::home::{AreaRef, Call, Capability, Command, Entity, EntityRef, Kind, number};
use crate::intent::meant::scene::{Scene, Trouble};
use crate::intent::order::action::Action;
use crate::intent::sentence::np::Np;
use crate::intent::turn::{Context, Decision, Reading, Slots, Understanding};
use crate::intent::words::lexicon::Sense;
use crate::intent::words::scan::Scan;

/// Percent by which light and volume change.
const LIGHT: f64 = 20.0;
const SOUND: f64 = 10.0;
/// Degrees by which warmth changes.
const WARMTH: f64 = 1.0;

/// What a hint asks for; [`None`] where the sentence is none.
pub(in crate::intent) fn felt(scene: &Scene<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let mut felt: Option<&'static str> = None;
    let mut np = Np::default();
    for item in &scan.items {
        let here = item.pick(|s| if let Sense::Felt(f) = s { Some(f) } else { None }).filter(|_| item.hits.is_empty());
        if let Some(what) = here {
            if felt.is_some_and(|before| before != what) {
                return None;
            }
            felt = Some(what);
            np.here |= scan.plain(item).ends_with("in here");
        } else {
            let passing = [Sense::Prep, Sense::Is, Sense::And].iter().any(|s| item.is(*s)) && !item.named();
            if !(item.idle() || passing || item.is(Sense::Attr("playback")) || spoken(scene, item) && np.take(item)) {
                return None;
            }
        }
    }
    let felt = felt?;
    if !np.floors.is_empty() || np.everywhere || np.areas.len() > 1 {
        return None;
    }
    let area = np.areas.first().copied().or(scene.turn.area);
    let hint = Hint { scene, scan, np: &np, area };
    match felt {
        "dark" => hint.light(1.0),
        "bright" => hint.light(-1.0),
        "cold" => hint.warmth(1.0),
        "hot" => hint.warmth(-1.0),
        "loud" => hint.sound(-1.0),
        "quiet" => hint.sound(1.0),
        _ => None,
    }
}

/// A place, or a lamp or player that the hint is about.
fn spoken(scene: &Scene<'_>, item: &crate::intent::words::item::Item) -> bool {
    let players = ["media_player", "tv", "speaker"];
    item.areas().next().is_some()
        || item.is(Sense::Here)
        || players.iter().any(|k| item.is(Sense::Kind(k)))
        || item.is(Sense::Kind("light"))
        || item.hits.iter().any(|h| match h.of {
            crate::home::NameOf::Entity(e) => {
                scene.home.entity(e).is_some_and(|e| matches!(e.kind, Kind::Light | Kind::MediaPlayer))
            }
            _ => false,
        })
}

struct Hint<'a> {
    scene: &'a Scene<'a>,
    scan: &'a Scan<'a>,
    np: &'a Np,
    area: Option<AreaRef>,
}

impl Hint<'_> {
    /// The able entities of a kind in the place; in the whole home where no place is known or it has none.
    fn of(&self, kind: Kind, can: Capability) -> Vec<EntityRef> {
        let named: Vec<EntityRef> = self
            .np
            .names
            .iter()
            .flat_map(|n| &n.hits)
            .filter_map(|h| if let crate::home::NameOf::Entity(e) = h.of { Some(e) } else { None })
            .collect();
        let fits = |e: &EntityRef| {
            self.entity(*e).is_some_and(|it| it.kind == kind && it.can(can))
                && (named.is_empty() || named.contains(e))
                && self.entity(*e).is_some_and(|it| {
                    self.np.kinds.is_empty()
                        || self.np.kinds.iter().any(|k| crate::intent::meant::kinds::kind_matches(k, it))
                })
        };
        let all: Vec<EntityRef> = (0..self.scene.home.entities.len()).map(EntityRef).filter(fits).collect();
        let there = |e: &EntityRef| self.area.is_none() || self.entity(*e).is_some_and(|it| it.area == self.area);
        let local: Vec<EntityRef> = all.iter().copied().filter(there).collect();
        if local.is_empty() && !self.np.placed() { all } else { local }
    }

    fn entity(&self, e: EntityRef) -> Option<&Entity> {
        self.scene.home.entity(e)
    }

    fn light(&self, direction: f64) -> Option<Understanding> {
        let lamps = self.of(Kind::Light, Capability::OnOff);
        let known = self.area.is_some() || lamps.len() == 1 || !self.np.names.is_empty();
        let lit: Vec<EntityRef> =
            lamps.iter().copied().filter(|e| self.entity(*e).is_some_and(|e| e.state == "on")).collect();
        let lights: &'static [Kind] = &[Kind::Light];
        let step = Action::new("HassLightSet", Command::BrightnessStep(direction * LIGHT), lights)
            .with("brightness_step", number(direction * LIGHT));
        let on = Action::new("HassTurnOn", Command::TurnOn, lights).with("domain", "light");
        if !known {
            return Some(self.ask(on, lamps));
        }
        if lit.is_empty() {
            return (direction > 0.0).then(|| if lamps.is_empty() { self.none(on) } else { self.act(on, lamps) });
        }
        let dimmable = lit.iter().all(|e| self.entity(*e).is_some_and(|e| e.can(Capability::Brightness)));
        let room = |e: &EntityRef| {
            let level = self.entity(*e).and_then(|e| e.number("brightness")).unwrap_or(0.0);
            direction < 0.0 || level > 0.0 && level < 100.0 * self.scene.home.style.per_percent("brightness") - 1.0
        };
        if dimmable && lit.iter().all(room) { Some(self.act(step, lit)) } else { Some(self.ask(on, lamps)) }
    }

    fn warmth(&self, direction: f64) -> Option<Understanding> {
        let heating = self.of(Kind::Climate, Capability::Temperature);
        let climates: &'static [Kind] = &[Kind::Climate];
        let step = Action::new("HassClimateSetTemperature", Command::TemperatureStep(direction * WARMTH), climates)
            .with("temperature_step", number(direction * WARMTH));
        match heating.as_slice() {
            [] => Some(self.none(step)),
            [one] if self.entity(*one).is_some_and(|e| e.state == "off") => {
                Some(self.ask(Action::new("HassTurnOn", Command::TurnOn, climates), heating))
            }
            [_] => Some(self.act(step, heating)),
            _ => Some(self.ask(step, heating)),
        }
    }

    fn sound(&self, direction: f64) -> Option<Understanding> {
        let heard = |e: &EntityRef| self.entity(*e).is_some_and(|e| matches!(e.state.as_str(), "playing" | "on"));
        let players: Vec<EntityRef> =
            self.of(Kind::MediaPlayer, Capability::Volume).into_iter().filter(heard).collect();
        let step = Action::new("HassSetVolumeRelative", Command::VolumeStep(direction * SOUND), &[Kind::MediaPlayer])
            .with("volume_step", if direction > 0.0 { "up" } else { "down" });
        match players.as_slice() {
            [] => Some(self.none(step)),
            [_] => Some(self.act(step, players)),
            _ => Some(self.ask(step, players)),
        }
    }

    fn slots(&self, action: &Action) -> Slots {
        let mut slots = Slots::default();
        if let Some(area) = self.area {
            slots.set("area", self.scene.home.area_name(area));
        }
        for (name, value) in &action.slots.0 {
            slots.set(name, value.clone());
        }
        slots
    }

    fn act(&self, action: Action, targets: Vec<EntityRef>) -> Understanding {
        Understanding {
            decision: Decision::Act,
            readings: vec![Reading { intent: action.intent, slots: self.slots(&action) }],
            calls: vec![Call { command: action.command, targets: targets.clone() }],
            say: String::new(),
            confidence: 0.9,
            open: false,
            context: Context { mentioned: targets, ..Context::default() },
        }
    }

    fn ask(&self, action: Action, candidates: Vec<EntityRef>) -> Understanding {
        let trouble = Trouble::Which(candidates, self.slots(&action), true);
        troubled(self.scene, self.scan, &action, trouble, Vec::new())
    }

    fn none(&self, action: Action) -> Understanding {
        let trouble =
            Trouble::Nothing(self.slots(&action), "There is nothing here that I could change that with.".into());
        troubled(self.scene, self.scan, &action, trouble, Vec::new())
    }
}
