//! «Play …»: what to play is taken as it was said; where is understood.

use super::run::{one, troubled};
use crate::home::{Command, EntityRef, Kind, words};
use crate::intent::meant::scene::Scene;
use crate::intent::order::action::Action;
use crate::intent::saying::outcome::answered;
use crate::intent::sentence::np::Np;
use crate::intent::turn::{Context, Decision, Reading, Understanding};
use crate::intent::words::item::Item;
use crate::intent::words::lexicon::Sense;
use crate::intent::words::scan::Scan;

/// What a sentence that begins with «play» means; [`None`] where it is none, or plays nothing in particular.
pub(in crate::intent) fn play(scene: &Scene<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let items = &scan.items;
    let first = items.iter().position(|i| !i.idle())?;
    // «on the radio play …», «radio, play …»
    let head = (first..items.len()).find(|i| items[*i].verb(&["play"]) && !items[*i].named())?;
    let mut np = Np::default();
    if !items[first..head]
        .iter()
        .all(|i| i.idle() || i.is(Sense::Prep) || i.is(Sense::On) || i.is(Sense::And) || place(scene, i) && np.take(i))
    {
        return None;
    }
    let (from, to) = cut_place(scene, scan, head + 1, &mut np);
    let from = (from..to).find(|i| !scan.items[*i].is(Sense::Det) || !lone(scan, *i)).unwrap_or(to);
    let (from, to, class) = class(scan, from, to);
    if from >= to {
        return None;
    }
    // «play the next song», «play music»: nothing in particular.
    let mut led = false;
    let something = items[from..to].iter().any(|i| {
        led |= i.is(Sense::Prep);
        !(i.idle()
            || i.is(Sense::Prep)
            || i.named() && place(scene, i) && i.areas().next().is_none()
            || led && (!i.parts.is_empty() || place(scene, i))
            || ["media_player", "tv", "speaker"].iter().any(|k| i.is(Sense::Kind(k)))
            || i.is(Sense::Attr("playback"))
            || i.is(Sense::Any)
            || i.verb(&["next", "previous", "replay"])
            || i.is(Sense::It))
    });
    if !something || items[from..to].iter().any(|i| i.verb(&["next", "previous"])) && items[from..to].len() <= 3 {
        return None;
    }
    // «play Netflix on the TV», where that is a source of the TV.
    let source = |i: &Item| i.options.iter().any(|o| o.list == "source_list") && i.senses.is_empty();
    if to == from + 1 && source(&items[from]) && np.headed() {
        return None;
    }
    // «put on the porch light»: a thing that plays nothing.
    let thing = |i: &Item| i.named() && !place(scene, i);
    if scan.plain(&items[head]) == "put on" && items[from..to].iter().all(|i| i.idle() || thing(i)) {
        return None;
    }
    let query = scan.said(items[from].words.0, items[to - 1].words.1);
    let query = query.trim_matches(|c: char| c.is_whitespace() || ",.!?\"«»".contains(c));
    if query.is_empty() {
        return None;
    }
    Some(search(scene, scan, query, class, &np))
}

fn search(scene: &Scene<'_>, scan: &Scan<'_>, query: &str, class: Option<&'static str>, np: &Np) -> Understanding {
    let players: &'static [Kind] = &[Kind::MediaPlayer];
    let command = Command::PlayMedia { query: query.to_owned(), class: class.map(str::to_owned) };
    let mut action = Action::new("HassMediaSearchAndPlay", command, players).with("search_query", query).bare();
    if let Some(class) = class {
        action = action.with("media_class", class);
    }
    // Nobody named a player or room: only what is known to be there is played.
    let known = scene.home.media.as_ref().map(|m| m.iter().any(|m| words::slug(&m.title) == words::slug(query)));
    if known == Some(false) || known.is_none() && np.empty() {
        let mut slots = action.slots.clone();
        if let Some(area) = scene.turn.area.filter(|_| np.empty()) {
            slots.set("area", scene.home.area_name(area));
        }
        let reading = Reading { intent: action.intent, slots };
        return answered(scene.turn, vec![reading], format!("I found nothing called {query}."));
    }
    let (reading, call) = match one(scene, &action, np) {
        Ok(found) => found,
        Err(trouble) => return troubled(scene, scan, &action, trouble, Vec::new()),
    };
    let targets: Vec<EntityRef> = call.targets.clone();
    Understanding {
        decision: Decision::Act,
        readings: vec![reading],
        calls: vec![call],
        say: String::new(),
        confidence: 1.0,
        open: false,
        context: Context { mentioned: targets, ..Context::default() },
    }
}

/// A player or a place.
fn place(scene: &Scene<'_>, item: &Item) -> bool {
    item.areas().next().is_some()
        || item.floors().next().is_some()
        || item.is(Sense::Here)
        || item.is(Sense::Everywhere)
        || ["media_player", "tv", "speaker"].iter().any(|k| item.is(Sense::Kind(k)))
        || item.hits.iter().any(|h| matches!(h.of, crate::home::NameOf::Entity(e) if scene.home.entity(e).is_some_and(|e| e.kind == Kind::MediaPlayer)))
}

/// Takes «on the radio», «in the loft» off the end.
fn cut_place(scene: &Scene<'_>, scan: &Scan<'_>, from: usize, np: &mut Np) -> (usize, usize) {
    let mut to = scan.items.len();
    loop {
        while to > from
            && (scan.items[to - 1].is(Sense::Question)
                || scan.items[to - 1].is(Sense::Filler)
                || scan.plain(&scan.items[to - 1]) == ",")
        {
            to -= 1;
        }
        let Some(last) = to.checked_sub(1).filter(|l| *l > from).map(|l| &scan.items[l]) else { break };
        let mut at = to - 1;
        if !place(scene, last) {
            break;
        }
        while at > from && (scan.items[at - 1].is(Sense::Det) || at < to - 1 && place(scene, &scan.items[at - 1])) {
            at -= 1;
        }
        let led = at > from && (scan.items[at - 1].is(Sense::Prep) || scan.items[at - 1].is(Sense::On));
        if !led && !last.is(Sense::Here) && !last.is(Sense::Everywhere) {
            break;
        }
        for item in &scan.items[at..to] {
            np.take(item);
        }
        to = if led { at - 1 } else { at };
    }
    (from, to)
}

/// A class of media at the beginning or the end: «artist Queen», «Inception movie».
fn class(scan: &Scan<'_>, from: usize, to: usize) -> (usize, usize, Option<&'static str>) {
    let class =
        |i: usize| scan.items.get(i).and_then(|it| it.pick(|s| if let Sense::Media(m) = s { Some(m) } else { None }));
    if to <= from + 1 {
        return (from, to, None);
    }
    let skip = from + usize::from(scan.items[from].is(Sense::Det) && to > from + 2);
    if let Some(media) = class(skip) {
        return (skip + 1, to, Some(media));
    }
    match class(to - 1) {
        Some(media) => {
            let the = matches!(scan.plain(&scan.items[from]).as_str(), "the" | "a" | "an" | "that" | "this");
            (if the { skip } else { from }, to - 1, Some(media))
        }
        None => (from, to, None),
    }
}

/// «some», «any»: an article that belongs to no title; «The» may be one's first word.
fn lone(scan: &Scan<'_>, at: usize) -> bool {
    matches!(scan.plain(&scan.items[at]).as_str(), "some" | "a" | "me" | "any")
}
