//! What makes two memories the same, and what may replace what.
//!
//! The same words do, nothing less: nearness of vectors was measured (`bench/near_duplicates.py`) and takes «Anna gave
//! Jan the book» and «Jan gave Anna the book» for one.

use libsql::Value;
use sha2::{Digest, Sha256};

use super::super::StoreError;
use super::super::db::Db;
use super::NewMemory;

/// Words that say nothing by themselves.
const FILLERS: [&str; 8] = ["a", "an", "the", "that", "please", "just", "also", "really"];

/// The hash of who said it and its words, whatever their case, their stops and the fillers between them.
pub(super) fn hash(new: &NewMemory) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(new.speaker.as_bytes());
    hash.update([0]);
    let mut said = false;
    for word in new.text.split_whitespace() {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        if !word.is_empty() && !FILLERS.contains(&word.as_str()) {
            hash.update(word.as_bytes());
            hash.update(b" ");
            said = true;
        }
    }
    if !said {
        hash.update(new.text.trim().as_bytes());
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hash.finalize()[..16]);
    short
}

// From ?1 along what replaced it; a chain that is damaged into a ring ends at its bound.
const BEHIND: &str = "WITH RECURSIVE behind (seq, step) AS (
        SELECT ?1, 0 UNION SELECT m.replaced_by, b.step + 1 FROM behind b JOIN memories m ON m.seq = b.seq
        WHERE m.replaced_by IS NOT NULL AND b.step < 10000)
    SELECT 1 FROM behind WHERE seq = ?2 LIMIT 1";

/// Whether `new` was itself replaced, along however many, by `old`: then it cannot replace it.
pub(super) async fn is_circle(db: &mut Db, old: i64, new: i64) -> Result<bool, StoreError> {
    let found = db.rows(BEHIND, vec![Value::Integer(new), Value::Integer(old)], |row| row.get::<i64>(0)).await?;
    Ok(!found.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> [u8; 16] {
        hash(&NewMemory { text: text.to_owned(), ..NewMemory::default() })
    }

    proptest! {
        #[test]
        fn a_number_a_name_a_day_or_a_not_more_or_other_is_another_memory(
            words in proptest::collection::vec("[a-z]{2,8}", 1..8),
            place in any::<proptest::sample::Index>(),
            one in "not|no|never|without|[0-9]{1,4}|Anna|Jan|Monday|May|open|left",
            other in "off|on|[0-9]{1,4}|Eva|Tom|Tuesday|March|closed|right",
        ) {
            let place = place.index(words.len() + 1);
            let with = |word: &str| {
                let mut words = words.clone();
                words.insert(place, word.to_owned());
                words.join(" ")
            };
            prop_assert_ne!(of(&with(&one)), of(&words.join(" ")));
            prop_assert_eq!(of(&with(&one)) == of(&with(&other)), one == other);
            prop_assert_eq!(of(&with(&one).to_uppercase()), of(&with(&one)), "case makes no difference");
        }
    }

    #[test]
    fn case_stops_and_fillers_make_no_difference_and_words_do() {
        let bins = of("The bins go out on Thursday.");
        for same in
            ["the bins go out on thursday", "please, bins go out on Thursday!", " the  bins\ngo out on Thursday"]
        {
            assert_eq!(of(same), bins, "{same}");
        }
        for other in [
            "the bins go out on Tuesday",
            "the bins do not go out on Thursday",
            "out on Thursday the bins go",
            "the bins go in on Thursday",
            "",
        ] {
            assert_ne!(of(other), bins, "{other}");
        }
        assert_ne!(of("the"), of("a"), "nothing but fillers is what it is");
        let by = hash(&NewMemory {
            text: "The bins go out on Thursday.".into(),
            speaker: "Jan".into(),
            ..NewMemory::default()
        });
        assert_ne!(by, bins, "another said it");
    }
}
