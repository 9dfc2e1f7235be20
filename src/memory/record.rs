//! One line of an import: what a person or a program hands in as JSON.

use jiff::tz::TimeZone;
use serde::Deserialize;

use super::chunk;
use super::when;
use super::words::is_unspaced;
use crate::base::limits;
use crate::store::memory::{Area, Class, NewMemory, Sector, Viewer};

/// A memory as it is handed in; only the text is required.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Record {
    /// The name by which the giver knows it; the same name again is the same memory.
    #[serde(default, alias = "ref")]
    pub id: Option<Name>,
    /// Its words.
    pub text: String,
    /// When it was said; now, where it is not said.
    #[serde(default, alias = "said", alias = "timestamp")]
    pub time: Option<Time>,
    /// Who said it.
    #[serde(default)]
    pub speaker: Option<String>,
    /// The conversation.
    #[serde(default)]
    pub session: Option<Name>,
    /// Whose it is; the household's, where it is not said.
    #[serde(default)]
    pub person: Option<String>,
    /// The chat it belongs to.
    #[serde(default)]
    pub chat: Option<String>,
    /// Area, sector and class by their words.
    #[serde(default)]
    pub area: Option<Area>,
    /// See `Sector`.
    #[serde(default)]
    pub sector: Option<Sector>,
    /// See `Class`.
    #[serde(default)]
    pub class: Option<Class>,
    /// Where it came from.
    #[serde(default)]
    pub source: Option<String>,
    /// When it may be forgotten.
    #[serde(default)]
    pub expires: Option<Time>,
    /// Kept until the hold is lifted.
    #[serde(default)]
    pub held: bool,
    /// 0 to 1; 0.5 where it is not said.
    #[serde(default)]
    pub importance: Option<f64>,
}

/// A name that may be written as a number.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Name {
    /// As text.
    Text(String),
    /// As a number.
    Number(i64),
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        match name {
            Name::Text(text) => text,
            Name::Number(number) => number.to_string(),
        }
    }
}

/// A time as text or as a count since 1970.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Time {
    /// See [`when::parse`].
    Text(String),
    /// Seconds or milliseconds since 1970.
    Number(f64),
}

impl Time {
    fn millis(&self, zone: &TimeZone) -> Result<i64, String> {
        match self {
            Self::Text(text) => when::parse(text, zone).ok_or_else(|| {
                format!("time = {text:?}: not a time; write it as 2023-05-08T13:56:00Z, or seconds since 1970")
            }),
            Self::Number(number) => when::numeric(*number).ok_or_else(|| format!("time = {number}: out of range")),
        }
    }
}

/// What a line lacks for its place: whose it is, where it came from, what time it is.
#[derive(Clone, Debug)]
pub struct Ground<'a> {
    /// Whose, where the line does not say it.
    pub viewer: &'a Viewer,
    /// Where it came from, where the line does not say it.
    pub source: &'a str,
    /// Now, in milliseconds since 1970.
    pub now_ms: i64,
    /// The zone of times without one.
    pub zone: &'a TimeZone,
}

impl Record {
    /// The memories that it makes: one, or the pieces of a long text, named `id#p1`, `id#p2`, ….
    ///
    /// # Errors
    /// What is wrong, with the key and the value.
    pub fn memories(self, ground: &Ground<'_>) -> Result<Vec<NewMemory>, String> {
        if self.text.trim().is_empty() {
            return Err("text: is empty".to_owned());
        }
        if self.text.len() > limits::MEMORY_RECORD_BYTES {
            let (is, most) = (self.text.len(), limits::MEMORY_RECORD_BYTES);
            return Err(format!("text: is {is} bytes; at most {most} are taken, cut it into several records"));
        }
        let said_ms = self.time.as_ref().map_or(Ok(ground.now_ms), |time| time.millis(ground.zone))?;
        let expires_ms = self.expires.as_ref().map(|time| time.millis(ground.zone)).transpose()?;
        let importance = self.importance.unwrap_or(0.5);
        if !(0.0..=1.0).contains(&importance) {
            return Err(format!("importance = {importance}: must be from 0 to 1"));
        }
        let reference = self.id.map(String::from).filter(|id| !id.is_empty());
        let pieces = texts(&self.text);
        let many = pieces.len() > 1;
        let whole = NewMemory {
            reference: None,
            viewer: Viewer {
                person: self.person.unwrap_or_else(|| ground.viewer.person.clone()),
                chat: self.chat.unwrap_or_else(|| ground.viewer.chat.clone()),
                ..Viewer::default()
            },
            area: self.area.unwrap_or(if many { Area::Fragments } else { Area::Main }),
            sector: self.sector.unwrap_or_default(),
            class: self.class.unwrap_or_default(),
            text: String::new(),
            speaker: self.speaker.unwrap_or_default(),
            session: self.session.map(String::from).unwrap_or_default(),
            source: self.source.unwrap_or_else(|| ground.source.to_owned()),
            language: String::new(),
            said_ms,
            day: when::day_words(said_ms, ground.zone),
            expires_ms,
            held: self.held,
            importance,
            replaces: None,
        };
        let piece = |(number, text): (usize, String)| NewMemory {
            reference: reference
                .as_ref()
                .map(|id| if many { format!("{id}{PIECE}{}", number + 1) } else { id.clone() }),
            language: language(&text),
            text,
            ..whole.clone()
        };
        Ok(pieces.into_iter().enumerate().map(piece).collect())
    }
}

/// What parts the name of a text from the number of its piece: a giver's own names may well end with «#5».
const PIECE: &str = "#p";

/// The name of the text that a row with this name is a piece of; else the name itself.
#[must_use]
pub fn whole(reference: &str) -> &str {
    let number = |piece: &str| !piece.is_empty() && piece.bytes().all(|byte| byte.is_ascii_digit());
    reference.rsplit_once(PIECE).filter(|(_, piece)| number(piece)).map_or(reference, |(whole, _)| whole)
}

/// The text in pieces, each under its headings; the text itself where it is short.
fn texts(text: &str) -> Vec<String> {
    let words = text.split_whitespace().count();
    if words <= chunk::PIECE_WORDS && text.len() <= limits::MEMORY_TEXT_BYTES {
        return vec![text.trim().to_owned()];
    }
    let mut texts = Vec::new();
    for piece in chunk::pieces(text) {
        let above = piece.headings.join(" / ");
        let whole = if above.is_empty() { piece.text } else { format!("{above}: {}", piece.text) };
        // A text without spaces is one word; it is cut by its length.
        let mut rest = whole.as_str();
        while !rest.is_empty() {
            let end = rest.floor_char_boundary(limits::MEMORY_TEXT_BYTES);
            texts.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
    }
    texts
}

/// The language of a text as far as it is told; the scripts without spaces first, because words are found by them.
fn language(text: &str) -> String {
    let code = match script(text) {
        "" => crate::embed::language::of(text).code,
        code => code,
    };
    if code == "und" { String::new() } else { code.to_owned() }
}

/// What the script alone says of a language: Japanese with kana, Chinese with Han only, else nothing.
fn script(text: &str) -> &'static str {
    let unspaced = text.chars().filter(|c| is_unspaced(*c)).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    if unspaced * 3 < letters || unspaced == 0 {
        ""
    } else if text.chars().any(|c| ('\u{3040}'..='\u{30ff}').contains(&c)) {
        "ja"
    } else {
        "zh"
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn made(line: &str) -> Result<Vec<NewMemory>, String> {
        let record: Record = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let viewer = Viewer::default();
        record.memories(&Ground { viewer: &viewer, source: "import", now_ms: 1_000, zone: &TimeZone::UTC })
    }

    #[test]
    fn a_line_becomes_a_memory_and_a_long_one_its_pieces() {
        let one = made(r#"{"id": 7, "text": "Tea at five", "time": "1970-01-02", "speaker": "Anna", "session": 3}"#);
        let one = one.unwrap().remove(0);
        assert_eq!((one.reference.as_deref(), one.said_ms, one.session.as_str()), (Some("7"), 86_400_000, "3"));
        assert_eq!((one.day.as_str(), one.source.as_str()), ("2 January 1970 Friday", "import"));
        let long = serde_json::json!({"id": "a", "text": "# Boiler\n".to_owned() + &"word ".repeat(300)}).to_string();
        let pieces = made(&long).unwrap();
        assert_eq!(pieces.iter().filter_map(|p| p.reference.as_deref()).collect::<Vec<_>>(), ["a#p1", "a#p2"]);
        assert!(pieces[1].text.starts_with("Boiler: word") && pieces[1].area == Area::Fragments);
        assert_eq!(made(r#"{"text": "昨日は雨でした"}"#).unwrap()[0].language, "ja");
    }

    #[test]
    fn a_piece_has_the_name_of_its_text_and_a_givers_name_stays_as_it_is() {
        for (name, text) in [("D1:3", "D1:3"), ("s#5", "s#5"), ("a#p12", "a"), ("s#5#p1", "s#5"), ("x#p", "x#p")] {
            assert_eq!(whole(name), text);
        }
    }

    #[test]
    fn a_bad_line_names_its_key() {
        for (line, key) in [
            (r#"{"text": " "}"#, "text"),
            (r#"{"id": 1}"#, "text"),
            (r#"{"text": "a", "time": "soon"}"#, "time"),
            (r#"{"text": "a", "importance": 2}"#, "importance"),
            (r#"{"text": "a", "area": "attic"}"#, "attic"),
        ] {
            let fault = made(line).unwrap_err();
            assert!(fault.contains(key), "{line}: {fault}");
        }
    }

    proptest! {
        #[test]
        fn no_piece_is_too_long_and_none_is_empty(text in "[a-z\u{4e00} \n#]{1,3000}", times in 1_usize..8) {
            let record = Record { text: text.repeat(times), ..Record::default() };
            let viewer = Viewer::default();
            let ground = Ground { viewer: &viewer, source: "", now_ms: 0, zone: &TimeZone::UTC };
            for memory in record.memories(&ground).unwrap_or_default() {
                prop_assert!(!memory.text.is_empty() && memory.text.len() <= limits::MEMORY_TEXT_BYTES);
            }
        }
    }
}
