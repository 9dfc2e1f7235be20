//! Takes what was forgotten out of the conversations in which it was said.

use libsql::Value;

use super::super::StoreError;
use super::super::db::{Db, text_at};
use super::super::search;
use crate::base::limits;

/// What stands in a message instead.
const FORGOTTEN: &str = "[forgotten]";

// ?1 is the person; the owner's sessions name no person.
const HOLDERS: &str = "SELECT m.seq, CAST(m.text AS BLOB) FROM messages m JOIN sessions s ON s.id = m.session
    WHERE instr(lower(m.text), lower(?2)) > 0
    AND CASE ?1 WHEN '' THEN instr(s.principal, '@') = 0 ELSE substr(s.principal, 1, length(?1) + 1) = ?1 || '@' END
    ORDER BY m.seq LIMIT ?3";
const UNINDEX: &str = "INSERT INTO messages_fts (messages_fts, rowid, text) VALUES ('delete', ?1, ?2)";
const REWRITE: &str = "UPDATE messages SET text = ?2 WHERE seq = ?1";
const INDEX: &str = "INSERT INTO messages_fts (rowid, text) VALUES (?1, ?2)";

/// Replaces a text in the messages of a person's sessions; in how many.
pub(super) async fn forget(db: &mut Db, person: &str, needle: &str) -> Result<usize, StoreError> {
    // Rows that wait for the word index must be in it, or taking them out would spoil it.
    db.execute(search::INDEX_REST, Vec::new()).await?;
    let most = i64::try_from(limits::STORE_ROWS).unwrap_or(1);
    let mut done = 0;
    loop {
        let values = vec![Value::Text(person.to_owned()), Value::Text(needle.to_owned()), Value::Integer(most)];
        let found = db.rows(HOLDERS, values, |row| Ok((row.get::<i64>(0)?, text_at(row, 1)?))).await?;
        let many = found.len();
        for (seq, text) in found {
            let (seq, new) = (Value::Integer(seq), Value::Text(without(&text, needle)));
            db.execute(UNINDEX, vec![seq.clone(), Value::Text(text)]).await?;
            db.execute(REWRITE, vec![seq.clone(), new.clone()]).await?;
            db.execute(INDEX, vec![seq, new]).await?;
        }
        done += many;
        if many < limits::STORE_ROWS {
            return Ok(done);
        }
    }
}

/// The text without every place that reads so; whole where such a place cannot be cut out.
fn without(text: &str, needle: &str) -> String {
    let (low, wanted) = (text.to_ascii_lowercase(), needle.to_ascii_lowercase());
    let mut new = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(at) = low[from..].find(&wanted).filter(|_| !wanted.is_empty()) {
        new.push_str(&text[from..from + at]);
        new.push_str(FORGOTTEN);
        from += at + wanted.len();
    }
    if from == 0 {
        return FORGOTTEN.to_owned();
    }
    new.push_str(&text[from..]);
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_goes_whatever_its_case() {
        assert_eq!(
            without("You said: the KEY is here. The key is here!", "the key is here"),
            "You said: [forgotten]. [forgotten]!"
        );
        assert_eq!(without("Straße", "nothing of it"), "[forgotten]", "never left as it was");
    }
}
