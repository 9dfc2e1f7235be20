//! A name that is a command by itself: «movie night», «reset the pump».

use crate::base::limits;
use crate::home::words::split;
use crate::home::{Call, Command, Entity, Kind};
use crate::intent::meant::scene::Scene;
use crate::intent::turn::{Context, Decision, Reading, Slots, Understanding};
use crate::intent::words::item::Item;
use crate::intent::words::lexicon::Sense;
use crate::intent::words::scan::Scan;

/// The whole name of a scene, script or button and nothing else asks for it.
pub(in crate::intent) fn by_name_alone(scene: &Scene<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    // «good night» is said to people, too.
    if scan.items.iter().any(|i| i.is(Sense::Social("greeting"))) {
        return None;
    }
    let idle = |i: &&Item| i.idle() || i.is(Sense::And) || i.hits.is_empty() && i.is(Sense::Prep);
    let said = |items: &[&Item]| -> String {
        items
            .iter()
            .flat_map(|i| &scan.words[i.words.0..i.words.1])
            .map(|w| w.stem.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let whole: Vec<&Item> = scan.items.iter().collect();
    let bare: Vec<&Item> = scan.items.iter().filter(|i| !idle(i)).collect();
    let (whole, bare) = (said(&whole), said(&bare));
    let kinds = [Kind::Scene, Kind::Script, Kind::Button, Kind::InputButton];
    let called = |e: &&Entity| {
        let mut names = std::iter::once(&e.name).chain(&e.aliases);
        kinds.contains(&e.kind)
            && names.any(|name| {
                let stems: Vec<String> = split(name, limits::SENTENCE_WORDS).into_iter().map(|w| w.stem).collect();
                let name = stems.join(" ");
                // «the dusk scene, please»
                let with_kind = format!("{name} {}", e.kind.word());
                let typed = matches!(e.kind, Kind::Scene | Kind::Script) && bare == with_kind;
                !name.is_empty() && (name == bare || name == whole || typed)
            })
    };
    let mut all = scene.home.entities.iter().filter(called);
    let one = all.next().filter(|_| all.next().is_none() && scan.slips == 0)?;
    let mut slots = Slots::default();
    slots.set("name", one.name.as_str());
    let target = scene.home.find(&one.id)?;
    Some(Understanding {
        decision: Decision::Act,
        readings: vec![Reading { intent: "HassTurnOn", slots }],
        calls: vec![Call { command: Command::TurnOn, targets: vec![target] }],
        say: String::new(),
        confidence: 1.0,
        open: false,
        context: Context { mentioned: vec![target], area: None, pending: None, done: None },
    })
}
