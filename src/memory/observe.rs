//! Observations of a conversation: what mattered, how much, and three dates for each.
//!
//! *Observed* is when it was noted, *referenced* the moment that it is about, *relative* how that moment was
//! spoken of then. A block of them is text that only grows or is made anew, never touched between: the
//! beginning of a prompt stays the same bytes, and a model's server can keep it.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use serde::{Deserialize, Serialize};

use super::{when, words};

/// How much an observation matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Must not be lost.
    Critical,
    /// Worth knowing.
    Notable,
    /// May help.
    Informational,
}

impl Priority {
    const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Critical, "critical", "\u{1F534}"),
        (Self::Notable, "notable", "\u{1F7E1}"),
        (Self::Informational, "informational", "\u{1F535}"),
    ];

    fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name, _)| word.eq_ignore_ascii_case(name)).map(|(priority, ..)| *priority)
    }

    fn sign(self) -> &'static str {
        Self::ALL.iter().find(|(priority, ..)| *priority == self).map_or("", |(.., sign)| sign)
    }
}

/// One observation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// How much it matters.
    pub priority: Priority,
    /// What was observed.
    pub content: String,
    /// When it was noted, in milliseconds since 1970.
    pub observed_ms: i64,
    /// The moment that it is about.
    pub referenced_ms: i64,
    /// That moment as it was spoken of, or how long ago it was when it was noted.
    pub relative: String,
}

/// Longest content of one observation, in characters.
const CONTENT: usize = 300;
/// Most observations of one run.
const RUN: usize = 10;

/// The observations of an observer's answer: lines of `PRIORITY|CONTENT`; other lines are passed over.
#[must_use]
pub fn observed(answer: &str) -> Vec<(Priority, String)> {
    let line = |line: &str| {
        let (priority, content) = line.split_once('|')?;
        let content: String = content.trim().chars().take(CONTENT).collect();
        let priority = Priority::named(priority.trim().trim_start_matches(['-', '*', ' ']))?;
        (!content.is_empty()).then_some((priority, content))
    };
    answer.lines().filter_map(line).take(RUN).collect()
}

/// What a reflector's answer keeps, by place: lines of `KEEP n` and `DROP n`; where it keeps nothing that is
/// there, everything critical stays.
#[must_use]
pub fn kept(answer: &str, priorities: &[Priority]) -> Vec<usize> {
    let line = |line: &str| line.trim().strip_prefix("KEEP ")?.trim().parse::<usize>().ok();
    let mut kept: Vec<usize> = answer.lines().filter_map(line).filter(|place| *place < priorities.len()).collect();
    kept.sort_unstable();
    kept.dedup();
    if kept.is_empty() {
        kept = (0..priorities.len()).filter(|place| priorities[*place] == Priority::Critical).collect();
    }
    kept
}

/// The observations as a model reads them: by day, `YYYY-MM-DD SIGN HH:MM text`.
#[must_use]
pub fn block(observations: &[Observation], zone: &TimeZone) -> String {
    let mut text = String::new();
    let mut day = String::new();
    for one in observations {
        let at = Timestamp::from_millisecond(one.observed_ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone());
        let today = at.strftime("%Y-%m-%d").to_string();
        if !text.is_empty() && today != day {
            text.push('\n');
        }
        let (sign, clock) = (one.priority.sign(), at.strftime("%H:%M"));
        text.push_str(&format!("{today} {sign} {clock} {}", one.content));
        if one.referenced_ms != one.observed_ms {
            let of = Timestamp::from_millisecond(one.referenced_ms).unwrap_or(Timestamp::UNIX_EPOCH);
            let of = of.to_zoned(zone.clone()).strftime("%Y-%m-%d");
            text.push_str(&format!(" (about {of}, said as «{}»)", one.relative));
        }
        text.push('\n');
        day = today;
    }
    text
}

/// An observation with its dates: the moment that its words name, seen from when they were said.
#[must_use]
pub fn dated(priority: Priority, content: String, said_ms: i64, now_ms: i64, zone: &TimeZone) -> Observation {
    let (referenced_ms, relative) = match referenced(&content, said_ms, zone) {
        Some((at_ms, words)) => (at_ms, words),
        None => (now_ms, when::ago(now_ms - said_ms)),
    };
    Observation { priority, content, observed_ms: now_ms, referenced_ms, relative }
}

/// The day that words name, and those words.
fn referenced(content: &str, said_ms: i64, zone: &TimeZone) -> Option<(i64, String)> {
    let said = Timestamp::from_millisecond(said_ms).ok()?.to_zoned(zone.clone());
    let low = content.to_lowercase();
    let days: [(&str, i32); 6] =
        [("yesterday", -1), ("last night", -1), ("tomorrow", 1), ("last week", -7), ("next week", 7), ("tonight", 0)];
    for (words, shift) in days {
        if holds(&low, words) {
            return Some((start_of_day(&said.checked_add(shift.days()).ok()?)?, words.to_owned()));
        }
    }
    let tokens: Vec<&str> = content.split_whitespace().collect();
    for many in [3, 4, 1] {
        for window in tokens.windows(many) {
            let text = window.join(" ");
            let text = text.trim_matches(|c: char| !c.is_alphanumeric());
            let dated = text.len() >= 8 && text.chars().filter(char::is_ascii_digit).count() >= 5;
            if dated && let Some(at_ms) = when::parse(text, zone) {
                return Some((at_ms, text.to_owned()));
            }
        }
    }
    None
}

fn holds(text: &str, words: &str) -> bool {
    text.match_indices(words).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        before && text[at + words.len()..].chars().next().is_none_or(|c| !c.is_alphanumeric())
    })
}

fn start_of_day(at: &Zoned) -> Option<i64> {
    at.start_of_day().ok().map(|day| day.timestamp().as_millisecond())
}

/// Words that make a sentence matter most.
const CRITICAL: &[&str] =
    &["always", "never", "must", "allergic", "allergy", "emergency", "important", "urgent", "dangerous"];
/// Words that make it worth knowing.
const NOTABLE: &[&str] = &[
    "prefer", "prefers", "like", "likes", "love", "hate", "want", "need", "decided", "plan", "birthday", "moved",
    "bought", "married", "my", "our", "call", "name",
];

/// What a person said that matters, without a model: sentences word for word, the weightiest first by order.
#[must_use]
pub fn extracted(said: &[(String, i64)]) -> Vec<(Priority, String, i64)> {
    let mut found: Vec<(Priority, String, i64)> = Vec::new();
    for (text, at_ms) in said {
        for sentence in text.split_inclusive(['.', '!', '?', '\n']).map(str::trim) {
            let low = sentence.to_lowercase();
            let words = low.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).count();
            if !(4..=60).contains(&words) || sentence.ends_with('?') || !words::says_something(sentence) {
                continue;
            }
            let any = |list: &[&str]| list.iter().any(|word| holds(&low, word));
            let priority = match () {
                () if any(CRITICAL) => Priority::Critical,
                () if any(NOTABLE) => Priority::Notable,
                () if sentence.chars().any(|c| c.is_ascii_digit()) => Priority::Informational,
                () => continue,
            };
            let content: String = sentence.chars().take(CONTENT).collect();
            if found.iter().all(|(_, known, _)| *known != content) {
                found.push((priority, content, *at_ms));
            }
        }
    }
    while found.len() > RUN {
        // The least of them goes, the oldest of equals first.
        let worst = found.iter().map(|(priority, ..)| *priority).max();
        let place = found.iter().position(|(priority, ..)| Some(*priority) == worst).unwrap_or(0);
        found.remove(place);
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AT: i64 = 1_683_554_160_000; // 2023-05-08T13:56Z, a Monday

    #[test]
    fn three_dates_are_kept_and_the_block_tells_them() {
        let zone = TimeZone::UTC;
        let one = dated(Priority::Notable, "She came back yesterday".into(), AT, AT + 60_000, &zone);
        assert_eq!(
            (one.observed_ms, one.referenced_ms, one.relative.as_str()),
            (AT + 60_000, 1_683_417_600_000, "yesterday")
        );
        let two = dated(Priority::Critical, "Anna is allergic to nuts".into(), AT, AT + 86_400_000, &zone);
        assert_eq!((two.referenced_ms, two.relative.as_str()), (AT + 86_400_000, "yesterday"));
        let three = dated(Priority::Informational, "The inspection is on 3 June 2023.".into(), AT, AT, &zone);
        assert_eq!(three.relative, "3 June 2023");
        let text = block(&[one, two], &zone);
        assert_eq!(
            text,
            "2023-05-08 \u{1F7E1} 13:57 She came back yesterday (about 2023-05-07, said as «yesterday»)\n\n\
             2023-05-09 \u{1F534} 13:56 Anna is allergic to nuts\n"
        );
    }

    #[test]
    fn without_a_model_what_people_say_of_themselves_is_taken_word_for_word() {
        let said = [
            ("Good morning. Anna is allergic to nuts. What is the time?".to_owned(), 1),
            ("I prefer short answers in the morning. It is what it is.".to_owned(), 2),
            ("The meter reads 4711 now. Lovely weather outside today then.".to_owned(), 3),
        ];
        let found = extracted(&said);
        let told: Vec<(Priority, &str)> = found.iter().map(|(p, text, _)| (*p, text.as_str())).collect();
        assert_eq!(
            told,
            [
                (Priority::Critical, "Anna is allergic to nuts."),
                (Priority::Notable, "I prefer short answers in the morning."),
                (Priority::Informational, "The meter reads 4711 now."),
            ]
        );
    }

    proptest! {
        #[test]
        fn any_answer_is_read(answer in "\\PC{0,200}", lines in "(KEEP [0-9]{1,3}\n|critical\\|x\n|\\|\n){0,20}") {
            let priorities = [Priority::Critical, Priority::Notable];
            for text in [&answer, &lines] {
                prop_assert!(kept(text, &priorities).iter().all(|place| *place < 2));
                prop_assert!(observed(text).len() <= RUN);
            }
        }
    }
}
