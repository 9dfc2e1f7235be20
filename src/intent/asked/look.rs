//! How things may be set, as it is asked: «is the lamp blue», «which lights are dimmed», «is the fan on high».

use crate::home::OptionHit;
use crate::intent::words::item::Item;
use crate::intent::words::lexicon::Sense;
use crate::intent::words::number::Value;
use crate::intent::words::scan::Scan;

/// How something may be set.
#[derive(Clone, Debug)]
pub(in crate::intent) enum Look {
    /// In this colour.
    Color(String, [u8; 3]),
    /// White of so many kelvin, as its word has it.
    White(u16),
    /// On, and not fully.
    Dimmed,
    /// Without a sound.
    Muted,
    /// Within these percent.
    Level(f64, f64),
    /// At this value: below it (-1), at it, or above it (1).
    Amount(Value, i8),
    /// On one of its options; for what has no such option, what the word says besides.
    Option(Vec<OptionHit>, Option<Box<Look>>),
}

/// What an item asks of the looks; [`None`] where it is about something else.
pub(in crate::intent) fn look(scan: &Scan<'_>, item: &Item, at: usize) -> Option<Look> {
    if !item.hits.is_empty() || !item.parts.is_empty() {
        return None;
    }
    let lead = at.checked_sub(1).map_or("", |b| scan.words[scan.items[b].words.0].text.as_str());
    let led = matches!(lead, "on" | "at" | "to" | "in");
    let text = scan.plain(item);
    if let Some(value) = item.value {
        let compared = match lead {
            "above" | "over" => 1,
            "below" | "under" => -1,
            "at" | "to" | "on" => 0,
            _ => return None,
        };
        let amount = matches!(value, Value::Plain(_) | Value::Percent(_) | Value::Degrees(..));
        return amount.then_some(Look::Amount(value, compared));
    }
    let half_open =
        || scan.items.get(at + 1).is_some_and(|n| n.is(Sense::State("open")) || n.is(Sense::State("closed")));
    // «warm» alone is felt, not seen.
    let felt = item.is(Sense::Attr("warmth")) && !led;
    let said = item.senses.iter().find_map(|sense| match sense {
        Sense::Color(_, rgb) => Some(Look::Color(text.clone(), *rgb)),
        Sense::White(kelvin) if !felt => Some(Look::White(*kelvin)),
        Sense::Participle("dim") => Some(Look::Dimmed),
        Sense::Verb("dim") if text == "dim" => Some(Look::Dimmed),
        Sense::Participle("mute") => Some(Look::Muted),
        Sense::Max if led && text == "high" => Some(Look::Level(67.0, 100.0)),
        Sense::Max if led => Some(Look::Level(99.0, 100.0)),
        Sense::Min if led => Some(Look::Level(0.0, 5.0)),
        Sense::Low if led => Some(Look::Level(0.0, 40.0)),
        Sense::Medium if led => Some(Look::Level(34.0, 75.0)),
        Sense::Half if led || half_open() => Some(Look::Level(45.0, 55.0)),
        _ => None,
    });
    if !item.options.is_empty() && led {
        return Some(Look::Option(item.options.clone(), said.map(Box::new)));
    }
    said
}
