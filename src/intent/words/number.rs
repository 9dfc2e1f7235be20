//! Numbers, percentages, temperatures and durations in the words of a sentence.

use super::lexicon::{ENGLISH, Sense};
use crate::home::words::Word;

/// A value that was said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::intent) enum Value {
    /// A number without a unit.
    Plain(f64),
    /// A percentage.
    Percent(f64),
    /// A temperature; `true` when Fahrenheit was said, `false` when Celsius was.
    Degrees(f64, Option<bool>),
    /// A colour temperature.
    Kelvin(f64),
    /// Hours, minutes and seconds, each as it was said.
    Duration([Option<u64>; 3]),
}

/// The value at the head of the words and how many words it takes.
pub(in crate::intent) fn value(words: &[Word]) -> Option<(usize, Value)> {
    if let Some((n, hms)) = duration(words) {
        return Some((n, Value::Duration(hms)));
    }
    if let Some((n, percent)) = fraction(words) {
        return Some((n, Value::Percent(percent)));
    }
    let (n, number) = number(words)?;
    let Some((more, unit)) = unit(&words[n..]) else { return Some((n, Value::Plain(number))) };
    let value = match unit {
        "percent" => Value::Percent(number),
        "degree" => match self::unit(&words[n + more..]) {
            Some((again, "celsius")) => return Some((n + more + again, Value::Degrees(number, Some(false)))),
            Some((again, "fahrenheit")) => return Some((n + more + again, Value::Degrees(number, Some(true)))),
            _ => Value::Degrees(number, None),
        },
        "celsius" => Value::Degrees(number, Some(false)),
        "fahrenheit" => Value::Degrees(number, Some(true)),
        "kelvin" => Value::Kelvin(number),
        _ => return Some((n, Value::Plain(number))),
    };
    Some((n + more, value))
}

/// «a quarter», «two thirds», «3/4», in percent; not «a quarter past six».
fn fraction(words: &[Word]) -> Option<(usize, f64)> {
    let first = words.first()?;
    if let Some((_, below)) = first.text.split_once('/') {
        let share = digits(&first.text).filter(|n| (0.0..1.0).contains(n) && below.len() == 1)?;
        return Some((1, (share * 100.0).round()));
    }
    let (n, parts): (usize, f64) = match first.text.as_str() {
        "quarter" => (0, 1.0),
        "a" | "one" => (1, 1.0),
        "two" => (1, 2.0),
        "three" => (1, 3.0),
        _ => return None,
    };
    let whole = match words.get(n)?.text.as_str() {
        "quarter" | "quarters" => 4.0,
        "third" | "thirds" if n > 0 && parts < 3.0 => 3.0,
        _ => return None,
    };
    let clock = is(words.get(n + 1), &["past", "to", "of", "after"]) && !is(words.get(n + 2), &["the", "its"]);
    (!clock).then(|| (n + 1, (100.0 * parts / whole).round()))
}

fn unit(words: &[Word]) -> Option<(usize, &'static str)> {
    let mut senses = Vec::new();
    let n = ENGLISH.longest(words, &mut senses);
    senses.into_iter().find_map(|s| if let Sense::Unit(u) = s { Some((n, u)) } else { None })
}

fn is(word: Option<&Word>, texts: &[&str]) -> bool {
    word.is_some_and(|w| texts.contains(&w.text.as_str()))
}

/// A number in digits or words: `20.5`, `twenty point five`, `1/2`, `minus five`.
pub(in crate::intent) fn number(words: &[Word]) -> Option<(usize, f64)> {
    let first = words.first()?;
    if is(Some(first), &["minus", "negative"]) {
        return number(&words[1..]).map(|(n, v)| (n + 1, -v));
    }
    if let Some(digits) = digits(&first.text) {
        return Some((1, digits));
    }
    let (mut at, mut total) = (0, 0.0);
    let mut group = 0.0;
    // What may still be added to the group: anything below this.
    let mut room = 1000.0;
    while let Some(word) = words.get(at) {
        let hundred = is(Some(word), &["hundred"]);
        if let Some(n) = small(&word.text).filter(|n| *n < room) {
            // «twenty five» adds up; «five six» and «twenty thirty» do not.
            group += n;
            room = if n >= 20.0 { 10.0 } else { 0.0 };
        } else if hundred && (1.0..100.0).contains(&group) {
            group *= 100.0;
            room = 100.0;
        } else if is(Some(word), &["thousand"]) && group >= 1.0 && total == 0.0 {
            total = group * 1000.0;
            group = 0.0;
            room = 1000.0;
        } else if is(Some(word), &["a"]) && at == 0 && is(words.get(1), &["hundred", "thousand"]) {
            group = 1.0;
        } else if !(is(Some(word), &["and"]) && at > 0 && room == 100.0 && small_at(words, at + 1)) {
            break;
        }
        at += 1;
    }
    if at == 0 {
        return None;
    }
    total += group;
    if is(words.get(at), &["point"]) {
        let mut fraction = String::from("0.");
        let mut end = at + 1;
        while let Some(digit) = words.get(end).and_then(|w| small(&w.text).or_else(|| digits(&w.text))) {
            if !(0.0..10.0).contains(&digit) || digit.fract() != 0.0 {
                break;
            }
            fraction.push_str(&digit.to_string());
            end += 1;
        }
        if end > at + 1 {
            return Some((end, total + fraction.parse().unwrap_or(0.0)));
        }
    }
    Some((at, total))
}

fn small_at(words: &[Word], at: usize) -> bool {
    words.get(at).is_some_and(|w| small(&w.text).is_some())
}

fn digits(text: &str) -> Option<f64> {
    if let Some((a, b)) = text.split_once('/') {
        let (a, b): (f64, f64) = (a.parse().ok()?, b.parse().ok()?);
        return (b > 0.0).then_some(a / b);
    }
    let plain = text.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit());
    text.parse().ok().filter(|n: &f64| plain && n.is_finite() && n.abs() < 1e9)
}

fn small(text: &str) -> Option<f64> {
    let at = SMALL.iter().position(|w| *w == text);
    if let Some(at) = at {
        return u8::try_from(at).ok().map(f64::from);
    }
    let tens = TENS.iter().position(|w| *w == text)?;
    u8::try_from(tens).ok().map(|t| f64::from(t + 2) * 10.0)
}

const SMALL: &[&str] = &[
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: &[&str] = &["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// A duration at the head of the words: «1 hour and 30 seconds», «half an hour», «5 and a half minutes».
pub(in crate::intent) fn duration(words: &[Word]) -> Option<(usize, [Option<u64>; 3])> {
    let mut hms = [None; 3];
    let mut at = 0;
    let mut smallest = 0;
    loop {
        let joined = usize::from(at > 0 && is(words.get(at), &["and", ","]));
        let Some((n, slot, whole, rest)) = part(&words[at + joined..]) else { break };
        if at > 0 && slot < smallest || hms[slot].is_some() {
            break;
        }
        hms[slot] = Some(whole);
        at += joined + n;
        smallest = slot + 1;
        let half = is(words.get(at), &["and"]) && is(words.get(at + 1), &["a"]) && is(words.get(at + 2), &["half"]);
        if let Some(rest) = rest.or_else(|| half.then_some(30)) {
            at += if half { 3 } else { 0 };
            put_rest(&mut hms, slot, rest);
            break;
        }
    }
    (at > 0).then_some((at, hms))
}

/// The fraction of a unit, in sixtieths, goes into the next smaller one; «half an hour» is 30 minutes.
fn put_rest(hms: &mut [Option<u64>; 3], slot: usize, rest: u64) {
    if slot < 2 {
        hms[slot + 1] = Some(rest);
    }
    if hms[slot] == Some(0) {
        hms[slot] = None;
    }
}

/// One «number unit»: words taken, slot (hour, minute, second), whole units, sixtieths of a unit.
fn part(words: &[Word]) -> Option<(usize, usize, u64, Option<u64>)> {
    let sixtieths = |n: f64| Some(u64::try_from(crate::home::whole(n * 60.0)).unwrap_or(0)).filter(|n| *n > 0);
    let article = |at: usize| usize::from(is(words.get(at), &["a", "an"]));
    let (taken, amount) = if is(words.first(), &["half"]) {
        (1 + article(1), 0.5)
    } else if is(words.first(), &["a"]) && is(words.get(1), &["half"]) {
        (2, 0.5)
    } else if is(words.first(), &["quarter"]) && is(words.get(1), &["of"]) {
        (2 + article(2), 0.25)
    } else if is(words.first(), &["a"]) && is(words.get(1), &["quarter"]) {
        (2 + usize::from(is(words.get(2), &["of"])) + article(3), 0.25)
    } else if is(words.first(), &["three"]) && is(words.get(1), &["quarters"]) {
        (2 + usize::from(is(words.get(2), &["of"])) + article(3), 0.75)
    } else if is(words.first(), &["a"]) && is(words.get(1), &["couple"]) {
        (2 + usize::from(is(words.get(2), &["of"])), 2.0)
    } else if article(0) == 1 && unit(words.get(1..)?).is_some() {
        (1, 1.0)
    } else {
        let (n, amount) = number(words)?;
        if is(words.get(n), &["and"]) && is(words.get(n + 1), &["a"]) && is(words.get(n + 2), &["half"]) {
            (n + 3, amount + 0.5)
        } else if amount < 1.0 {
            (n + article(n), amount)
        } else {
            (n, amount)
        }
    };
    // «two more minutes»
    let taken = taken + usize::from(is(words.get(taken), MORE));
    let (more, unit) = unit(words.get(taken..)?)?;
    let slot = ["hour", "minute", "second"].iter().position(|u| *u == unit)?;
    if !(0.0..100_000.0).contains(&amount) {
        return None;
    }
    let whole = u64::try_from(crate::home::whole(amount.floor())).ok()?;
    Some((taken + more, slot, whole, sixtieths(amount.fract())))
}

/// Words between a number and its unit that make it an addition.
pub(in crate::intent) const MORE: &[&str] = &["more", "extra", "additional", "further"];

/// The seconds of a duration.
pub(in crate::intent) fn seconds(hms: [Option<u64>; 3]) -> u64 {
    hms.iter().zip([3600, 60, 1]).map(|(n, unit)| n.unwrap_or(0).saturating_mul(unit)).fold(0, u64::saturating_add)
}

/// The place in a row of so many that a word says: «second», «last».
pub(in crate::intent) fn ordinal(word: &str, count: usize) -> Option<usize> {
    let word = word.trim_end_matches(" one");
    if matches!(word, "last" | "final") {
        return count.checked_sub(1);
    }
    ["first", "second", "third", "fourth", "fifth"].iter().position(|w| *w == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::words::split;

    fn read(text: &str) -> Option<(usize, Value)> {
        value(&split(text, 20))
    }

    #[test]
    fn numbers_in_digits_and_words() {
        for (text, n) in [
            ("20.5", 20.5),
            ("twenty point five", 20.5),
            ("twenty five", 25.0),
            ("two hundred and five", 205.0),
            ("a hundred", 100.0),
            ("-5", -5.0),
            ("two thousand seven hundred", 2700.0),
        ] {
            assert_eq!(read(text), Some((split(text, 9).len(), Value::Plain(n))), "{text}");
        }
        for (text, share) in [("1/2", 50.0), ("a quarter", 25.0), ("three quarters", 75.0), ("two thirds", 67.0)] {
            assert_eq!(read(text), Some((split(text, 9).len(), Value::Percent(share))), "{text}");
        }
        assert_eq!(read("a quarter past six"), None);
        assert_eq!(read("fifty percent"), Some((2, Value::Percent(50.0))));
        assert_eq!(read("21°C"), Some((3, Value::Degrees(21.0, Some(false)))));
        assert_eq!(read("2700 K"), Some((2, Value::Kelvin(2700.0))));
        assert_eq!(read("the lamp"), None);
        assert_eq!(read("inf"), None);
    }

    #[test]
    fn durations_keep_the_units_that_were_said() {
        for (text, hms) in [
            ("2 hours 7 minutes 40 seconds", [Some(2), Some(7), Some(40)]),
            ("1 hour and 30 seconds", [Some(1), None, Some(30)]),
            ("half an hour", [None, Some(30), None]),
            ("1/2 an hour", [None, Some(30), None]),
            ("1 and a half hours", [Some(1), Some(30), None]),
            ("an hour and a half", [Some(1), Some(30), None]),
            ("5 and a half minutes", [None, Some(5), Some(30)]),
            ("three quarters of an hour", [None, Some(45), None]),
            ("half a minute", [None, None, Some(30)]),
            ("90 minutes", [None, Some(90), None]),
            ("twenty five mins", [None, Some(25), None]),
        ] {
            assert_eq!(read(text), Some((split(text, 20).len(), Value::Duration(hms))), "{text}");
        }
        assert_eq!(read("half"), None);
    }
}
