//! The vault's file as text: one line a record, strict both ways.
//!
//! ```text
//! hearth-vault 1
//! key <id> <derivation> <sealed data key>
//! secret <name> <version> <sealed value>
//! peer <uid> <version> <sealed public key>
//! audit head <version> <sealed head of the audit chain>
//! audit cut <version> <sealed last record that went off its front>
//! end <seal over everything before>
//! ```
//! Reading accepts exactly what writing gives; what a line *means* is checked by opening it (`vault`).

use super::armor;
use super::key::{Derivation, SALT_BYTES};
use crate::base::{Name, limits};

const FIRST: &str = "hearth-vault 1";

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A secret, by its name.
    Secret,
    /// The public session key of a uid.
    Peer,
    /// Of the chain of audit records the last head, and the last record that was let go; one each at most.
    Audit,
}

impl Kind {
    /// The word that begins its line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Peer => "peer",
            Self::Audit => "audit",
        }
    }
}

/// One record, sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it is.
    pub kind: Kind,
    /// Its name; of a peer, the uid in decimal.
    pub name: String,
    /// Counts from 1, up with each new value.
    pub version: u64,
    /// Sealed under the data key.
    pub sealed: String,
}

/// A vault as it stands in its file; nothing in it is believed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Which data key, 32 hexadecimal digits.
    pub id: String,
    /// How the wrapping key is made.
    pub derivation: Derivation,
    /// The data key, sealed under the wrapping key.
    pub wrapped: String,
    /// In the file's order.
    pub records: Vec<Record>,
    /// The seal over all of it.
    pub end: String,
}

impl Text {
    /// What the wrapped data key is bound to.
    #[must_use]
    pub fn key_data(&self) -> Vec<u8> {
        format!("{FIRST} key {} {}", self.id, derivation_word(&self.derivation)).into_bytes()
    }

    /// What the sealed value of a record is bound to.
    #[must_use]
    pub fn record_data(id: &str, kind: Kind, name: &str, version: u64) -> Vec<u8> {
        format!("{FIRST} {id} {} {name} {version}", kind.word()).into_bytes()
    }

    /// Everything before the last line: what the end seals.
    #[must_use]
    pub fn body(&self) -> String {
        use std::fmt::Write as _;
        let mut text = format!("{FIRST}\nkey {} {} {}\n", self.id, derivation_word(&self.derivation), self.wrapped);
        for Record { kind, name, version, sealed } in &self.records {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{} {name} {version} {sealed}", kind.word());
        }
        text
    }

    /// The whole file.
    #[must_use]
    pub fn whole(&self) -> String {
        format!("{}end {}\n", self.body(), self.end)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// The number of the line that is not as it must be, and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, (usize, &'static str)> {
        let mut lines = text.split('\n').zip(1..);
        let mut line = || lines.next().ok_or((0, "the file ends in the middle"));
        if line()?.0 != FIRST {
            return Err((1, "the first line is not 'hearth-vault 1': no vault, or one of another version"));
        }
        let (key, number) = line()?;
        let ["key", id, derivation, wrapped] = words(key) else { return Err((number, "the key's line is damaged")) };
        let derivation = derivation_of(derivation).ok_or((number, "the key's derivation is damaged"))?;
        if id.len() != 32 || armor::from_hex(id).is_none() {
            return Err((number, "the key's id is damaged"));
        }
        let (id, wrapped) = (id.to_owned(), wrapped.to_owned());
        let mut records: Vec<Record> = Vec::new();
        loop {
            let (text, number) = line()?;
            let damaged = (number, "the record is damaged");
            if let Some(end) = text.strip_prefix("end ") {
                let end = end.to_owned();
                return match (line()?, lines.next()) {
                    (("", _), None) => Ok(Self { id, derivation, wrapped, records, end }),
                    _ => Err((number, "something follows the last line")),
                };
            }
            let [kind, name, version, sealed] = words(text);
            let kind = [Kind::Secret, Kind::Peer, Kind::Audit].into_iter().find(|k| k.word() == kind).ok_or(damaged)?;
            let version = counted(version).filter(|version| *version > 0).ok_or(damaged)?;
            let right = match kind {
                Kind::Secret => Name::new(name).is_ok(),
                Kind::Audit => matches!(name, "head" | "cut"),
                Kind::Peer => counted(name).is_some_and(|uid| u32::try_from(uid).is_ok()),
            };
            if !right || records.iter().any(|record| record.kind == kind && record.name == name) {
                return Err((number, "the record's name is damaged, or there twice"));
            }
            if records.len() == limits::VAULT_SECRETS + limits::VAULT_PEERS + limits::VAULT_HEADS {
                return Err((number, "more records than a vault may have"));
            }
            records.push(Record { kind, name: name.to_owned(), version, sealed: sealed.to_owned() });
        }
    }
}

/// The four words of a line; all empty where it has another number of them.
fn words(line: &str) -> [&str; 4] {
    let mut words = line.split(' ');
    let mut next = || words.next().filter(|word| !word.is_empty());
    match (next(), next(), next(), next(), next()) {
        (Some(a), Some(b), Some(c), Some(d), None) if line.matches(' ').count() == 3 => [a, b, c, d],
        _ => [""; 4],
    }
}

/// A decimal number in its one spelling.
fn counted(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

fn derivation_word(derivation: &Derivation) -> String {
    match derivation {
        Derivation::None => "raw".to_owned(),
        Derivation::Argon2id { memory_kib, passes, salt } => {
            format!("argon2id:{memory_kib}:{passes}:{}", armor::to_base64url(salt))
        }
    }
}

fn derivation_of(word: &str) -> Option<Derivation> {
    if word == "raw" {
        return Some(Derivation::None);
    }
    let mut parts = word.strip_prefix("argon2id:")?.split(':');
    let mut number = || counted(parts.next()?).and_then(|number| u32::try_from(number).ok());
    let (memory_kib, passes) = (number()?, number()?);
    let salt: [u8; SALT_BYTES] = armor::from_base64url(parts.next()?)?.as_slice().try_into().ok()?;
    parts.next().is_none().then_some(Derivation::Argon2id { memory_kib, passes, salt })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Text {
        let record = |kind, name: &str| Record { kind, name: name.to_owned(), version: 2, sealed: "QUJD".to_owned() };
        Text {
            id: "0f".repeat(16),
            derivation: Derivation::Argon2id { memory_kib: 9216, passes: 4, salt: [7; SALT_BYTES] },
            wrapped: "QQ".to_owned(),
            records: vec![record(Kind::Secret, "wifi"), record(Kind::Peer, "1000")],
            end: "Qg".to_owned(),
        }
    }

    #[test]
    fn a_file_reads_back() {
        assert_eq!(Text::parse(&sample().whole()), Ok(sample()));
    }

    #[test]
    fn what_is_not_a_vault_is_said_with_its_line() {
        let whole = sample().whole();
        for (from, to, line) in [
            ("hearth-vault 1", "hearth-vault 2", 1),
            ("argon2id:9216", "argon2id:09216", 2),
            ("secret wifi 2", "secret wifi 0", 3),
            ("secret wifi 2", "secret ../x 2", 3),
            ("secret wifi 2 ", "secret wifi 2  ", 3),
            ("peer 1000", "peer root", 4),
            ("peer 1000", "secret wifi", 4),
            ("end Qg\n", "end Qg\nmore\n", 5),
            ("end Qg\n", "", 5),
            ("end Qg\n", "end Qg", 0),
        ] {
            assert_eq!(Text::parse(&whole.replace(from, to)).unwrap_err().0, line, "{from} -> {to}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(text in "hearth-vault 1\nkey [0-9a-f]{31,33} (raw|argon2id:[0-9]{1,3}:[0-9]:[A-Za-z0-9_-]{21,22}) [A-Z]{1,3}\n((secret|peer) [a-z0-9]{1,3} [0-9]{1,2} [A-Z]{1,3}\n){0,3}end [A-Z]{1,3}\n", any in "\\PC{0,60}") {
            if let Ok(read) = Text::parse(&text) {
                prop_assert_eq!(read.whole(), text);
            }
            let _ = Text::parse(&any);
        }
    }
}
