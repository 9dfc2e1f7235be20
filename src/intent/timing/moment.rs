//! Times of day in a sentence: «at half past six», «tomorrow at noon», «on Monday at 7 pm».
//!
//! An hour without «am» or «pm» is the next one that comes; on another day, the one of waking hours.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::{Span, ToSpan};

use crate::home::words::Word;
use crate::intent::words::number;

/// A moment and the words that say it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::intent) struct Moment {
    pub(in crate::intent) from: usize,
    pub(in crate::intent) to: usize,
    pub(in crate::intent) at: DateTime,
    /// A bare number behind «at», which may also be a level.
    pub(in crate::intent) bare: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Clock {
    hour: i8,
    minute: i8,
    /// Hours from twelve on, where it was said which half of the day is meant.
    afternoon: Option<bool>,
    bare: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Day {
    date: Option<Date>,
    afternoon: Option<bool>,
}

/// The moment that a sentence names; [`None`] where it names none, several, or a day without an hour.
pub(in crate::intent) fn moment(words: &[Word], now: DateTime) -> Option<Moment> {
    let mut found: Option<Moment> = None;
    let mut at = 0;
    while at < words.len() {
        match one(words, at, now) {
            Some(_) if found.is_some() => return None,
            Some(moment) => {
                at = moment.to;
                found = Some(moment);
            }
            None => at += 1,
        }
    }
    found
}

/// A moment that begins at this word.
fn one(words: &[Word], from: usize, now: DateTime) -> Option<Moment> {
    let (mut at, before) = day(words, from, now.date()).map_or((from, None), |(at, day)| (at, Some(day)));
    let lead = is(words, at, &["at", "by", "around", "for"]);
    if lead {
        at += 1;
    }
    let (end, mut clock) = clock(words, at)?;
    if clock.bare && !(lead && is(words, at - 1, &["at"])) && before.is_none() {
        return None;
    }
    let (to, after) = match (before, day(words, end, now.date())) {
        (None, Some((to, day))) => (to, Some(day)),
        // «tomorrow at 7 in the evening»
        (Some(_), Some((to, Day { date: None, afternoon }))) => (to, Some(Day { date: None, afternoon })),
        _ => (end, None),
    };
    for day in [before, after].into_iter().flatten() {
        clock.afternoon = clock.afternoon.or_else(|| day.afternoon.filter(|_| clock.hour <= 12));
    }
    // «midnight» alone may be a title.
    let halved = words[at..end].iter().any(|w| matches!(w.text.as_str(), "am" | "pm" | "m") || w.text.contains(':'));
    if !lead && before.is_none() && after.is_none() && !halved {
        return None;
    }
    let date = before.and_then(|d| d.date).or_else(|| after.and_then(|d| d.date));
    let bare = clock.bare && before.is_none() && after.is_none();
    Some(Moment { from, to, at: next(clock, date, now)?, bare })
}

fn text(words: &[Word], at: usize) -> &str {
    words.get(at).map_or("", |w| w.text.as_str())
}

fn is(words: &[Word], at: usize, texts: &[&str]) -> bool {
    texts.contains(&text(words, at))
}

/// `19:30`, `7 pm`, `half past six`, `noon`.
fn clock(words: &[Word], at: usize) -> Option<(usize, Clock)> {
    let twelve = |afternoon| Clock { hour: 12, afternoon: Some(afternoon), ..Clock::default() };
    match text(words, at) {
        "noon" | "midday" => return Some((at + 1, twelve(true))),
        "midnight" => return Some((at + 1, twelve(false))),
        _ => {}
    }
    let (mut at, mut clock) = relative(words, at).or_else(|| plain(words, at))?;
    if is(words, at, &["oclock"]) {
        at += 1;
        clock.bare = false;
    }
    if let Some((end, afternoon)) = half(words, at).filter(|_| clock.hour <= 12) {
        at = end;
        clock.afternoon = Some(afternoon);
        clock.bare = false;
    }
    Some((at, clock))
}

/// «quarter past six», «ten to seven».
fn relative(words: &[Word], at: usize) -> Option<(usize, Clock)> {
    let skip = usize::from(is(words, at, &["a"]));
    let (mut mid, minutes) = match text(words, at + skip) {
        "half" => (at + skip + 1, 30),
        "quarter" => (at + skip + 1, 15),
        _ => {
            let (n, minutes) = whole(words, at, 59)?;
            (at + n, minutes)
        }
    };
    if is(words, mid, &["minutes", "minute"]) {
        mid += 1;
    }
    let past = match text(words, mid) {
        "past" | "after" => true,
        "to" | "before" => false,
        _ => return None,
    };
    let (n, hour) = whole(words, mid + 1, 12)?;
    let (hour, minute) = if past { (hour, minutes) } else { (if hour == 1 { 12 } else { hour - 1 }, 60 - minutes) };
    Some((mid + 1 + n, Clock { hour, minute, afternoon: None, bare: false }))
}

/// `7`, `7:30`, `19:05`, «seven thirty».
fn plain(words: &[Word], at: usize) -> Option<(usize, Clock)> {
    if let Some((hour, minute)) = text(words, at).split_once(':') {
        let (hour, minute): (i8, i8) = (hour.parse().ok()?, minute.parse().ok()?);
        let fits = (0..24).contains(&hour) && (0..60).contains(&minute);
        return fits.then_some((at + 1, Clock { hour, minute, afternoon: (hour == 0).then_some(false), bare: false }));
    }
    let (n, hour) = whole(words, at, 24)?;
    let after = text(words, at + n);
    // A number of something is no hour.
    let unit = [
        "percent", "degrees", "degree", "per", "minutes", "minute", "hours", "hour", "seconds", "second", "k", "kelvin",
    ];
    if unit.contains(&after) || after.starts_with("point") {
        return None;
    }
    if let Some((m, minute)) = whole(words, at + n, 59).filter(|(_, m)| *m >= 10) {
        return Some((at + n + m, Clock { hour, minute, afternoon: None, bare: false }));
    }
    Some((at + n, Clock { hour, minute: 0, afternoon: None, bare: true }))
}

fn whole(words: &[Word], at: usize, most: i8) -> Option<(usize, i8)> {
    let (n, value) = number::number(words.get(at..)?)?;
    let value =
        i8::try_from(crate::home::whole(value)).ok().filter(|v| value.fract() == 0.0 && (0..=most).contains(v))?;
    Some((n, value))
}

/// «pm», «p.m.», «in the morning».
fn half(words: &[Word], at: usize) -> Option<(usize, bool)> {
    let dotted = |end: &str| is(words, at + 1, &[","]) && is(words, at + 2, &[end]);
    match text(words, at) {
        "am" => return Some((at + 1, false)),
        "pm" => return Some((at + 1, true)),
        half @ ("a" | "p") if is(words, at + 1, &["m"]) => return Some((at + 2, half == "p")),
        half @ ("a" | "p") if dotted("m") => {
            return Some((at + 3 + usize::from(is(words, at + 3, &[","])), half == "p"));
        }
        _ => {}
    }
    let (skip, part) = match (text(words, at), text(words, at + 1)) {
        ("in", "the") => (2, text(words, at + 2)),
        ("at", "night") => (1, "night"),
        ("this", _) => (1, text(words, at + 1)),
        ("tonight", _) => (0, "night"),
        _ => return None,
    };
    Some((at + skip + 1, part_of_day(part)?))
}

fn part_of_day(part: &str) -> Option<bool> {
    match part {
        "morning" => Some(false),
        "afternoon" | "evening" | "night" => Some(true),
        _ => None,
    }
}

/// «tomorrow evening», «on Monday», «tonight».
fn day(words: &[Word], from: usize, today: Date) -> Option<(usize, Day)> {
    let at = from + usize::from(is(words, from, &["on", "this", "next", "for"]));
    let day = match text(words, at) {
        "today" => Day { date: Some(today), afternoon: None },
        "tonight" => return Some((at + 1, Day { date: Some(today), afternoon: Some(true) })),
        "tomorrow" => Day { date: today.checked_add(1.day()).ok(), afternoon: None },
        part @ ("morning" | "evening" | "afternoon") if is(words, from, &["this"]) => {
            return Some((at + 1, Day { date: Some(today), afternoon: part_of_day(part) }));
        }
        name => {
            let weekday = WEEKDAYS.iter().find(|(n, _)| *n == name).map(|(_, day)| *day)?;
            Day { date: today.nth_weekday(1, weekday).ok(), afternoon: None }
        }
    };
    match part_of_day(text(words, at + 1)) {
        Some(afternoon) => Some((at + 2, Day { afternoon: Some(afternoon), ..day })),
        None => Some((at + 1, day)),
    }
}

const WEEKDAYS: &[(&str, Weekday)] = &[
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// The next time that a clock shows this; on a day that was said, or as soon as it comes.
fn next(clock: Clock, date: Option<Date>, now: DateTime) -> Option<DateTime> {
    let hours: Vec<i8> = match (clock.hour, clock.afternoon) {
        (12, Some(false)) => vec![0],
        (12, _) => vec![12],
        (24, _) => vec![0],
        (hour, Some(false)) => vec![hour],
        (hour, Some(true)) if hour < 12 => vec![hour + 12],
        (hour, _) if hour > 12 || hour == 0 => vec![hour],
        // Both halves of the day: on another day, the one of waking hours.
        (hour, _) if date.is_some_and(|d| d != now.date()) => vec![if hour < 7 { hour + 12 } else { hour }],
        (hour, _) => vec![hour, hour + 12],
    };
    let on = |date: Date, hour: i8| date.at(hour, clock.minute, 0, 0);
    let mut times: Vec<DateTime> = hours.iter().map(|h| on(date.unwrap_or_else(|| now.date()), *h)).collect();
    if date.is_none() {
        let tomorrow = now.date().checked_add(1.day()).ok()?;
        times.extend(hours.iter().map(|h| on(tomorrow, *h)));
    }
    times.into_iter().find(|t| *t > now)
}

/// The seconds from one moment to another; 0 where it is over.
pub(in crate::intent) fn seconds_until(now: DateTime, then: DateTime) -> u64 {
    let span: Span = now.until(then).unwrap_or_default();
    let seconds = span.total((jiff::Unit::Second, now)).unwrap_or(0.0);
    u64::try_from(crate::home::whole(seconds)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::words::split;

    fn read(text: &str) -> Option<String> {
        // A Tuesday, half past nine in the morning.
        let now = jiff::civil::date(2025, 3, 4).at(9, 30, 0, 0);
        moment(&split(text, 30), now).map(|m| m.at.strftime("%d %H:%M").to_string())
    }

    #[test]
    fn times_of_day_as_people_say_them() {
        for (text, at) in [
            ("turn on the lamp at 7 pm", "04 19:00"),
            ("at 7 p.m. turn on the lamp", "04 19:00"),
            ("lamp on at 7:45", "04 19:45"),
            ("lamp on at 19:05", "04 19:05"),
            ("lamp on at seven thirty", "04 19:30"),
            ("lamp on at half past ten", "04 10:30"),
            ("lamp on at a quarter to six", "04 17:45"),
            ("lamp on at ten past 6 in the morning", "05 06:10"),
            ("lamp on at 11 o'clock", "04 11:00"),
            ("lamp on at noon", "04 12:00"),
            ("lamp on at midnight", "05 00:00"),
            ("lamp on tomorrow at noon", "05 12:00"),
            ("lamp on at 8 tomorrow", "05 08:00"),
            ("tomorrow evening at 8 lamp on", "05 20:00"),
            ("lamp on tonight at 10", "04 22:00"),
            ("lamp on on friday at 6 am", "07 06:00"),
            ("lamp on at 3 on tuesday", "11 15:00"),
        ] {
            assert_eq!(read(text).as_deref(), Some(at), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_of_day() {
        for text in [
            "lamp at 35 percent",
            "set the lamp to 7",
            "turn on lamp 7",
            "lamp on in 5 minutes",
            "tomorrow",
            "lamp at 20.5 degrees",
            "lamp on at 7 pm and off at 9 pm",
            "at 25:00",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_words_make_it_panic(text in "[a-z0-9: ]{0,60}") {
            let _ = read(&text);
        }
    }
}
