//! Time, date, weather, broadcasts and the small talk that has an intent.

use super::saying::outcome::{abstain, answered};
use super::turn::{Context, Decision, Reading, Slots, Turn, Understanding};
use super::words::item::Item;
use super::words::lexicon::Sense;
use super::words::scan::Scan;
use crate::home::{Call, Command, Entity, Home, Kind, NameOf};

/// Sentences that are about no device; [`None`] where it may be about one.
pub(super) fn inform(home: &Home, turn: &Turn<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let open: Vec<&Item> =
        scan.items.iter().filter(|i| !i.idle() && !i.is(Sense::And) && !i.is(Sense::Question)).collect();
    if open.len() == 1 && open[0].is(Sense::Nevermind) {
        let mut out = answered(turn, vec![reading("HassNevermind", Slots::default())], "All right.");
        out.context = Context::default();
        return Some(out);
    }
    to_some(turn, scan)
        .or_else(|| broadcast(turn, scan))
        .or_else(|| clock(turn, &open))
        .or_else(|| weather(home, turn, scan, &open))
}

fn reading(intent: &'static str, slots: Slots) -> Reading {
    Reading { intent, slots }
}

/// «hello»: nothing to do, and that is said.
pub(super) fn social(turn: &Turn<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let greeting = scan.items.iter().any(|i| {
        matches!(
            scan.plain(i).as_str(),
            "hi" | "hello" | "hey" | "hey there" | "hi there" | "good morning" | "good evening" | "good afternoon"
        )
    });
    greeting.then(|| {
        let mut out = abstain(turn, "Hello. I take commands and questions about the home.");
        out.readings.push(reading("HassRespond", Slots::default()));
        out
    })
}

/// «tell the kitchen that dinner is ready», «announce in the loft that …»: nobody can be spoken to alone.
fn to_some(turn: &Turn<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let at = scan.items.iter().position(|i| !i.idle())?;
    let head = &scan.items[at];
    let told = head.hits.is_empty() && matches!(scan.plain(head).as_str(), "tell" | "inform" | "let");
    if !told && !head.verb(&["broadcast"]) {
        return None;
    }
    let mut rest = scan.items[at + 1..].iter().filter(|i| !i.idle() && !i.is(Sense::Prep)).peekable();
    let everyone = |i: &Item| matches!(scan.plain(i).as_str(), "everyone" | "everybody");
    while rest.next_if(|i| everyone(i)).is_some() {}
    let place = |h: &crate::home::NameHit| match h.of {
        NameOf::Area(_) | NameOf::Floor(_) => true,
        NameOf::Entity(_) => false,
    };
    let to = rest.next().filter(|i| i.hits.iter().any(place))?;
    let next = scan.words.get(to.words.1)?.text.as_str();
    (next == "that" || next == "," || next == "know").then(|| {
        let room = scan.said(to.words.0, to.words.1);
        let say = format!("I cannot speak to «{room}» alone, and have announced nothing.");
        Understanding { open: false, ..abstain(turn, say) }
    })
}

fn broadcast(turn: &Turn<'_>, scan: &Scan<'_>) -> Option<Understanding> {
    let at = scan.items.iter().position(|i| !i.idle())?;
    let head = &scan.items[at];
    if !head.verb(&["broadcast"]) {
        return None;
    }
    let mut from = head.words.1;
    while scan.words.get(from).is_some_and(|w| {
        matches!(w.text.as_str(), "that" | "," | "a" | "the" | "message" | "to" | "everyone" | "everybody")
    }) {
        from += 1;
    }
    let message = scan.said(from, scan.words.len()).trim_matches(|c: char| c.is_whitespace() || "\"«»".contains(c));
    if message.is_empty() {
        return Some(abstain(turn, "What shall I announce?"));
    }
    let mut slots = Slots::default();
    slots.set("message", message);
    Some(Understanding {
        decision: Decision::Act,
        readings: vec![reading("HassBroadcast", slots)],
        calls: vec![Call { command: Command::Broadcast(message.to_owned()), targets: Vec::new() }],
        say: "Announced.".to_owned(),
        confidence: 1.0,
        open: false,
        context: Context { pending: None, ..turn.context.clone() },
    })
}

/// «what time is it», «which day is today»
fn clock(turn: &Turn<'_>, open: &[&Item]) -> Option<Understanding> {
    let asks = open.first().is_some_and(|i| {
        i.is(Sense::What)
            || i.is(Sense::Tell)
            || i.is(Sense::Which)
            || i.is(Sense::Attr("time"))
            || i.is(Sense::Attr("date"))
    });
    let about = |what: &'static str| open.iter().any(|i| i.is(Sense::Attr(what)));
    let only = open.iter().all(|i| {
        let senses = [
            Sense::What,
            Sense::Tell,
            Sense::Is,
            Sense::Which,
            Sense::It,
            Sense::Attr("time"),
            Sense::Attr("date"),
            Sense::Attr("like"),
            Sense::Attr("today"),
        ];
        i.hits.is_empty() && senses.iter().any(|s| i.is(*s)) || i.is(Sense::Prep)
    });
    if !asks || !only {
        return None;
    }
    if about("date") {
        let day = turn.now.date();
        let say = format!("It is {}.", day.strftime("%A, %B %-d, %Y"));
        return Some(answered(turn, vec![reading("HassGetCurrentDate", Slots::default())], say));
    }
    about("time").then(|| {
        let say = format!("It is {}.", turn.now.strftime("%-I:%M %p"));
        answered(turn, vec![reading("HassGetCurrentTime", Slots::default())], say)
    })
}

/// «what is the weather like in London»
fn weather(home: &Home, turn: &Turn<'_>, scan: &Scan<'_>, open: &[&Item]) -> Option<Understanding> {
    if !open.iter().any(|i| i.is(Sense::Attr("weather"))) {
        return None;
    }
    let stations: Vec<&Entity> = home.entities.iter().filter(|e| e.kind == Kind::Weather).collect();
    let named = open.iter().flat_map(|i| &i.hits).find_map(|h| match h.of {
        NameOf::Entity(e) => home.entity(e).filter(|e| e.kind == Kind::Weather),
        _ => None,
    });
    let known = [
        Sense::What,
        Sense::Tell,
        Sense::Is,
        Sense::Here,
        Sense::It,
        Sense::Attr("weather"),
        Sense::Attr("like"),
        Sense::Attr("today"),
    ];
    let strange = open.iter().find(|i| !(i.named() || i.is(Sense::Prep) || known.iter().any(|s| i.is(*s))));
    let mut slots = Slots::default();
    if let Some(strange) = strange {
        let said = scan.said(strange.words.0, strange.words.1);
        return Some(abstain(turn, format!("I know of no weather for «{said}».")));
    }
    if let Some(named) = named {
        slots.set("name", named.name.as_str());
    }
    let Some(station) = named.or_else(|| stations.first().copied()) else {
        return Some(answered(turn, vec![reading("HassGetWeather", slots)], "I know of no weather here."));
    };
    let mut say = format!("{}: {}", station.name, station.state.replace(['_', '-'], " "));
    if let Some(t) = station.text("temperature") {
        say.push_str(&format!(", {t} {}", station.text("temperature_unit").unwrap_or_else(|| "degrees".to_owned())));
    }
    say.push('.');
    Some(answered(turn, vec![reading("HassGetWeather", slots)], say))
}
