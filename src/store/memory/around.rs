//! What stands around a memory in its conversation: what was said before it, and its neighbours.
//!
//! A conversation is what happened in one session to one person: rows of sector `episodic` with the same
//! session, person, chat and class, in the order of their places. Statements of their own have none.

use std::collections::BTreeSet;

use libsql::Value;

use super::super::StoreError;
use super::super::db::{Db, text_at};
use super::rows::{count, seen, visible};
use super::{Filter, Sector};

/// A memory that was not looked at for a vector yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bare {
    /// Its place.
    pub seq: i64,
    /// Who said it.
    pub speaker: String,
    /// Its words.
    pub text: String,
    /// Speaker and words of what was said right before it in the same conversation, oldest first; at most two.
    pub before: Vec<(String, String)>,
}

/// What a ranking needs of a memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch {
    /// Its place.
    pub seq: i64,
    /// Its conversation; empty for a statement of its own.
    pub talk: String,
    /// Who said it.
    pub speaker: String,
    /// Its kind.
    pub sector: Sector,
    /// When it was said.
    pub said_ms: i64,
}

/// Turns before a turn that belong to its meaning.
const BEFORE: usize = 2;
/// Rows before it among which they are looked for: other conversations may run at the same time.
const LOOKED_AT: i64 = 8;

const BARE: &str =
    "SELECT m.seq, CAST(m.speaker AS BLOB), CAST(m.text AS BLOB), m.sector = 'episodic' AND m.session <> ''
    FROM memories m WHERE m.seq > ?1 AND NOT EXISTS (SELECT 1 FROM memory_vectors v WHERE v.seq = m.seq)
    ORDER BY m.seq LIMIT ?2";

/// The other rows `p` of the conversation of row `m`.
macro_rules! same_talk {
    () => {
        " p.session = m.session AND p.person = m.person AND p.chat = m.chat AND p.class = m.class
          AND p.sector = 'episodic' AND m.sector = 'episodic' AND m.session <> '' "
    };
}

const BEFORE_IT: &str = concat!(
    "SELECT CAST(p.speaker AS BLOB), CAST(p.text AS BLOB) FROM memories m JOIN memories p
     ON p.seq < m.seq AND p.seq >= m.seq - ?2 AND p.replaced_by IS NULL AND",
    same_talk!(),
    "WHERE m.seq = ?1 ORDER BY p.seq DESC LIMIT ?3"
);
const BEHIND_IT: &str = concat!(
    "SELECT p.seq FROM memories m JOIN memories p ON p.seq > m.seq AND p.seq <= m.seq + ?2 AND",
    same_talk!(),
    "WHERE m.seq = ?1"
);
const SKETCHES: &str = concat!(
    "SELECT m.seq, CASE WHEN m.sector = 'episodic' THEN CAST(m.session AS BLOB) ELSE x'' END,
     CAST(m.speaker AS BLOB), CAST(m.sector AS BLOB), m.said_ms
     FROM json_each(?10) j CROSS JOIN memories m ON m.seq = j.value WHERE ?11 > 0 AND",
    visible!()
);

/// Memories behind `after` that have no vector, in the order of their places.
pub(super) async fn bare(db: &mut Db, after: i64, limit: usize) -> Result<Vec<Bare>, StoreError> {
    let values = vec![Value::Integer(after), count(limit)];
    let rows = db
        .rows(BARE, values, |row| {
            let bare = Bare { seq: row.get(0)?, speaker: text_at(row, 1)?, text: text_at(row, 2)?, before: Vec::new() };
            Ok((bare, row.get::<i64>(3)? != 0))
        })
        .await?;
    let mut found = Vec::with_capacity(rows.len());
    for (mut bare, in_a_talk) in rows {
        if in_a_talk {
            let values = vec![Value::Integer(bare.seq), Value::Integer(LOOKED_AT), count(BEFORE)];
            bare.before = db.rows(BEFORE_IT, values, |row| Ok((text_at(row, 0)?, text_at(row, 1)?))).await?;
            bare.before.reverse();
        }
        found.push(bare);
    }
    Ok(found)
}

/// Places whose vectors were made together with the words at this one.
pub(super) async fn followers(db: &mut Db, seq: i64) -> Result<Vec<i64>, StoreError> {
    db.rows(BEHIND_IT, vec![Value::Integer(seq), Value::Integer(LOOKED_AT)], |row| row.get(0)).await
}

/// Sketches of visible memories at these places; where `neighbours` are wanted, of those beside them in a talk too.
pub(super) async fn sketches(
    db: &mut Db,
    places: &[i64],
    neighbours: bool,
    filter: &Filter,
    now_ms: i64,
) -> Result<Vec<Sketch>, StoreError> {
    let mut found = sketches_at(db, places, filter, now_ms).await?;
    if neighbours {
        let in_talk = found.iter().filter(|sketch| !sketch.talk.is_empty());
        let mut beside: BTreeSet<i64> = in_talk.flat_map(|sketch| [sketch.seq - 1, sketch.seq + 1]).collect();
        for place in places {
            beside.remove(place);
        }
        if !beside.is_empty() {
            let beside: Vec<i64> = beside.into_iter().collect();
            found.extend(sketches_at(db, &beside, filter, now_ms).await?);
        }
    }
    Ok(found)
}

async fn sketches_at(db: &mut Db, places: &[i64], filter: &Filter, now_ms: i64) -> Result<Vec<Sketch>, StoreError> {
    let list = format!("[{}]", places.iter().map(i64::to_string).collect::<Vec<_>>().join(","));
    let values = seen(filter, now_ms, [Value::Text(list), count(1)]);
    db.rows(SKETCHES, values, |row| {
        Ok(Sketch {
            seq: row.get(0)?,
            talk: text_at(row, 1)?,
            speaker: text_at(row, 2)?,
            sector: Sector::named(&text_at(row, 3)?).unwrap_or_default(),
            said_ms: row.get(4)?,
        })
    })
    .await
}
