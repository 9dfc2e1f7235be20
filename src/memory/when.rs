//! When something was said: the forms of time that imports and people use.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// Milliseconds since 1970 of a time in one of these forms: RFC 3339 (with or without zone), a date, seconds or
/// milliseconds since 1970, or words such as «1:56 pm on 8 May, 2023». Times without a zone are in `zone`.
#[must_use]
pub fn parse(text: &str, zone: &TimeZone) -> Option<i64> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return numeric(number);
    }
    let local = |civil: DateTime| civil.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp().as_millisecond());
    text.parse::<Timestamp>()
        .map(|stamp| stamp.as_millisecond())
        .ok()
        .or_else(|| text.parse::<Zoned>().ok().map(|zoned| zoned.timestamp().as_millisecond()))
        .or_else(|| text.parse::<DateTime>().ok().and_then(local))
        .or_else(|| text.parse::<Date>().ok().and_then(|date| local(date.to_datetime(Time::midnight()))))
        .or_else(|| in_words(text).and_then(local))
}

/// A count since 1970: below 10^11 it is seconds (until the year 5138), above it milliseconds.
#[must_use]
pub fn numeric(number: f64) -> Option<i64> {
    let millis = if number.abs() < 1e11 { number * 1000.0 } else { number };
    #[allow(clippy::cast_possible_truncation, reason = "bounded in front of it")]
    if millis.is_finite() && millis.abs() < 2.5e14 { Some(millis.round() as i64) } else { None }
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The month of a word, from 1.
#[must_use]
pub fn month(word: &str) -> Option<i8> {
    let word = word.to_lowercase();
    let at = MONTHS.iter().position(|m| word.starts_with(m))?;
    let full = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ][at];
    let named = full.starts_with(&word) || (at == 8 && word == "sept");
    if named { i8::try_from(at + 1).ok() } else { None }
}

/// A day and perhaps a time of day, in words and in any order.
fn in_words(text: &str) -> Option<DateTime> {
    let lower = text.to_lowercase();
    let tokens: Vec<&str> = lower.split(|c: char| c.is_whitespace() || c == ',').filter(|t| !t.is_empty()).collect();
    let (mut year, mut named, mut day, mut clock, mut noon) = (None, None, None, None, None);
    for token in tokens {
        let (bare, half) = match token.strip_suffix("am").or_else(|| token.strip_suffix("pm")) {
            Some(bare) => (bare, Some(token.ends_with("pm"))),
            None => (token, None),
        };
        noon = noon.or(half);
        if let Some((hour, minute)) = bare.split_once(':') {
            clock = Some((hour.parse::<i8>().ok()?, minute.get(..2)?.parse::<i8>().ok()?));
        } else if let Some(month) = month(token.trim_end_matches('.')) {
            named = Some(month);
        } else if let Ok(number) = bare.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse::<i16>() {
            match number {
                1_000..=9_999 => year = Some(number),
                _ if half.is_some() => clock = Some((i8::try_from(number).ok()?, 0)),
                1..=31 => day = i8::try_from(number).ok(),
                _ => return None,
            }
        }
    }
    let (hour, minute) = clock.unwrap_or((0, 0));
    let hour = match noon {
        Some(true) if hour < 12 => hour + 12,
        Some(false) if hour == 12 => 0,
        _ => hour,
    };
    Date::new(year?, named?, day?).ok()?.to_datetime(Time::new(hour, minute, 0, 0).ok()?).into()
}

/// How long ago, as a person says it.
#[must_use]
pub fn ago(age_ms: i64) -> String {
    let minutes = age_ms.max(0) / 60_000;
    let many = |count: i64, unit: &str| format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" });
    match minutes {
        0 => "just now".to_owned(),
        1..60 => many(minutes, "minute"),
        60..1_440 => many(minutes / 60, "hour"),
        1_440..2_880 => "yesterday".to_owned(),
        2_880..10_080 => many(minutes / 1_440, "day"),
        10_080..43_200 => many(minutes / 10_080, "week"),
        43_200..525_600 => many(minutes / 43_200, "month"),
        _ => many(minutes / 525_600, "year"),
    }
}

/// The day in words, for the word index: «8 May 2023 Monday».
#[must_use]
pub fn day_words(at_ms: i64, zone: &TimeZone) -> String {
    Timestamp::from_millisecond(at_ms)
        .map(|stamp| stamp.to_zoned(zone.clone()).strftime("%-d %B %Y %A").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_form_of_the_same_moment_is_the_same() {
        let zone = TimeZone::UTC;
        let moment = 1_683_554_160_000;
        for text in [
            "2023-05-08T13:56:00Z",
            "2023-05-08T13:56:00",
            "2023-05-08 13:56",
            "1683554160",
            "1683554160000",
            "1:56 pm on 8 May, 2023",
            "May 8th 2023 1:56pm",
            "2023-05-08T15:56:00+02:00",
        ] {
            assert_eq!(parse(text, &zone), Some(moment), "{text}");
        }
        assert_eq!(parse("2023-05-08", &zone), Some(1_683_504_000_000));
        assert_eq!(parse("12 am, 8 May 2023", &zone), Some(1_683_504_000_000));
        for text in ["", "yesterday", "31 June 2023", "8 Maybe 2023", "nan", "1e300", "25:61 8 May 2023"] {
            assert_eq!(parse(text, &zone), None, "{text}");
        }
        assert_eq!(day_words(moment, &zone), "8 May 2023 Monday");
    }

    proptest! {
        #[test]
        fn any_text_is_a_time_or_none(text in ".{0,40}") {
            let _ = parse(&text, &TimeZone::UTC);
        }
    }
}
