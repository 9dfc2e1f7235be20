//! Questions about the home, and their answers from what is true now.

use super::lexicon::Sense;
use super::reply::{called, spoken_state};
use super::resolve::Scene;
use super::scan::Scan;
use super::turn::{Reading, Slots, Understanding};
use super::understand::answered;
use crate::home::NameOf;

/// The answer to a question; [`None`] where the sentence is none that is understood here.
pub(super) fn answer(scene: &Scene<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let first = scan.items.iter().find(|i| !i.idle())?;
    let asks = first.is(Sense::Is) || first.is(Sense::What) || first.is(Sense::Tell);
    if !asks || scan.items.iter().any(super::scan::Item::unknown) {
        return None;
    }
    let item = scan.items.iter().find(|i| i.named())?;
    let entity =
        item.hits.iter().find_map(|h| if let NameOf::Entity(e) = h.of { scene.home.entity(e) } else { None })?;
    let mut slots = Slots::default();
    slots.set("name", entity.name.as_str());
    let state = scan.items.iter().rev().find_map(|i| i.pick(|s| if let Sense::State(s) = s { Some(s) } else { None }));
    let say = match state {
        Some(state) => {
            slots.set("state", state);
            let yes = entity.state == state;
            format!(
                "{}, {} is {}.",
                if yes { "Yes" } else { "No" },
                called(entity).replace("The ", "the "),
                spoken_state(entity)
            )
        }
        None => format!("{} is {}.", called(entity), spoken_state(entity)),
    };
    Some(answered(scene.turn, vec![Reading { intent: "HassGetState", slots }], say))
}
