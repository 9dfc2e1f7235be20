//! The statements of memory: what is visible to whom is inside each of them.

use libsql::{Row, Value};

use super::super::StoreError;
use super::super::db::{Db, blob, id_at, maybe_id_at, text_at};
use super::near::{Marks, Packed};
use super::{Area, Class, Filter, Hit, Memory, MemoryStats, NamedRow, NewMemory, Sector};
use crate::base::{Id, limits};

/// What a question may see: its values are ?1 to ?9 and ?12 of every statement that a person's question runs.
macro_rules! visible {
    () => {
        " (?1 = 1 OR ((m.person = '' OR m.person = ?2) AND (m.chat = '' OR m.chat = ?3)))
         AND (?4 IS NULL OR m.area = ?4) AND (?5 IS NULL OR m.sector = ?5)
         AND m.said_ms >= ?6 AND m.said_ms < ?7
         AND (?12 = 2 OR m.class = 'public' OR (?12 = 1 AND m.class = 'internal'))
         AND (?8 = 1 OR m.replaced_by IS NULL)
         AND (?1 = 1 OR m.held = 1 OR m.expires_ms IS NULL OR m.expires_ms > ?9) "
    };
}

pub(super) use visible;

/// Whole visible memories by a condition on ?10.
macro_rules! memories {
    ($condition:literal, $order:literal) => {
        concat!(
            "SELECT m.id, m.seq, CAST(m.ref AS BLOB), CAST(m.person AS BLOB), CAST(m.chat AS BLOB),
             CAST(m.area AS BLOB), CAST(m.sector AS BLOB), CAST(m.class AS BLOB), CAST(m.text AS BLOB),
             CAST(m.speaker AS BLOB), CAST(m.session AS BLOB), CAST(m.source AS BLOB), CAST(m.language AS BLOB),
             m.said_ms, m.stored_ms, m.expires_ms, m.held, m.importance, r.id
             FROM memories m LEFT JOIN memories r ON r.seq = m.replaced_by WHERE ",
            $condition,
            " AND",
            visible!(),
            $order
        )
    };
}

const LIST: &str = memories!("m.seq > ?10", "ORDER BY m.seq LIMIT ?11");
const ONE: &str = memories!("m.id = ?10", "LIMIT ?11");
const SEQ: &str = memories!("m.seq = ?10", "LIMIT ?11");

// «ORDER BY rank» is FTS5's own: it sorts before the rows are read, and no more of them are than the limit takes
// (sqlite.org/fts5.html 5). Sorting by `bm25()` here reads every row that matches, which takes twice the time.
const WORDS: &str = concat!(
    "SELECT m.seq, -rank FROM memory_words JOIN memories m ON m.seq = memory_words.rowid
     WHERE memory_words MATCH ?10 AND rank MATCH 'bm25(1.0, 0.5, 0.3)' AND",
    visible!(),
    "ORDER BY rank LIMIT ?11"
);
const TRIGRAMS: &str = concat!(
    "SELECT m.seq, -rank FROM memory_trigrams JOIN memories m ON m.seq = memory_trigrams.rowid
     WHERE memory_trigrams MATCH ?10 AND",
    visible!(),
    "ORDER BY rank LIMIT ?11"
);
const VECTORS: &str = concat!(
    "SELECT m.seq, v.vector FROM memory_vectors v JOIN memories m ON m.seq = v.seq WHERE v.seq > ?10 AND",
    visible!(),
    "ORDER BY v.seq LIMIT ?11"
);

const MARKS: &str = "SELECT m.seq, CAST(m.person AS BLOB), CAST(m.chat AS BLOB), CAST(m.area AS BLOB),
    CAST(m.sector AS BLOB), m.said_ms, m.expires_ms, m.held, m.replaced_by, v.vector, CAST(m.class AS BLOB)
    FROM memory_vectors v JOIN memories m ON m.seq = v.seq WHERE v.seq > ?1 ORDER BY v.seq LIMIT ?2";
// The same words of the same person count once; the import's own name for a turn makes it another one.
const SAME: &str = "SELECT id, seq FROM memories WHERE hash = ?1 AND person = ?2 AND chat = ?3 AND replaced_by IS NULL
    AND (ref IS ?4 OR ?4 IS NULL) LIMIT 1";
const SAME_REF: &str = "SELECT id, seq FROM memories WHERE person = ?1 AND chat = ?2 AND ref = ?3";

// No place twice in one process, though the last memory was forgotten: a vector on its way there comes too late.
const INSERT: &str = "INSERT INTO memories (id, ref, person, chat, area, sector, class, text, speaker, session, source,
    language, said_ms, day, stored_ms, expires_ms, held, importance, hash, seq)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
    max(coalesce((SELECT max(seq) FROM memories), 0), ?20) + 1";
const REPLACE: &str = "UPDATE memories SET replaced_by = ?1 WHERE seq = ?2 AND seq <> ?1";
const VECTOR: &str = "INSERT INTO memory_vectors (seq, vector) SELECT ?1, ?2
    WHERE EXISTS (SELECT 1 FROM memories WHERE seq = ?1) ON CONFLICT (seq) DO UPDATE SET vector = ?2";
const FORGET: &str = "DELETE FROM memories WHERE seq = ?1 AND held = 0";
const HOLD: &str = "UPDATE memories SET held = ?2 WHERE seq = ?1";
const ENDED: &str = "SELECT seq FROM memories WHERE expires_ms <= ?1 AND held = 0 ORDER BY expires_ms LIMIT ?2";
// What goes first when there is too much: replaced, then unimportant, then old.
const SURPLUS: &str = "SELECT seq FROM memories WHERE held = 0
    ORDER BY replaced_by IS NULL, importance, seq LIMIT ?1";

// The household's rows whose names begin with ?1 and are smaller than ?2: a range of the index of names.
const NAMED: &str =
    "SELECT id, CAST(ref AS BLOB), held FROM memories WHERE person = '' AND chat = '' AND ref >= ?1 AND ref < ?2
    AND replaced_by IS NULL ORDER BY ref LIMIT ?3";
const FILES: &str = "SELECT DISTINCT CAST(substr(ref, 1, instr(ref, '#') - 1) AS BLOB) FROM memories
    WHERE person = '' AND chat = '' AND ref >= 'file/' AND ref < 'file0' AND instr(ref, '#') > 1 LIMIT ?1";

/// The household's rows whose names begin so.
pub(super) async fn named(db: &mut Db, prefix: &str) -> Result<Vec<NamedRow>, StoreError> {
    let behind = format!("{prefix}\u{10FFFF}");
    let values = vec![Value::Text(prefix.to_owned()), Value::Text(behind), count(usize::MAX)];
    db.rows(NAMED, values, |row| {
        Ok(NamedRow { id: id_at(row, 0)?, reference: text_at(row, 1)?, held: row.get::<i64>(2)? != 0 })
    })
    .await
}

const BY_NAME: &str = "SELECT id FROM memories WHERE person = ?1 AND chat = ?2 AND ref = ?3";

/// The row that an import gave a name.
pub(super) async fn by_name(db: &mut Db, name: &str, person: &str, chat: &str) -> Result<Option<Id>, StoreError> {
    let values = [person, chat, name].map(|text| Value::Text(text.to_owned())).to_vec();
    Ok(db.rows(BY_NAME, values, |row| id_at(row, 0)).await?.into_iter().next())
}

/// The files that rows come from.
pub(super) async fn files(db: &mut Db) -> Result<Vec<String>, StoreError> {
    db.rows(FILES, vec![count(usize::MAX)], |row| text_at(row, 0)).await
}

/// The values of `visible!`.
pub(super) fn seen(filter: &Filter, now_ms: i64, more: [Value; 2]) -> Vec<Value> {
    let word = |word: Option<&str>| word.map_or(Value::Null, |word| Value::Text(word.to_owned()));
    let mut values = vec![
        Value::Integer(i64::from(filter.viewer.everyone)),
        Value::Text(filter.viewer.person.clone()),
        Value::Text(filter.viewer.chat.clone()),
        word(filter.area.map(Area::word)),
        word(filter.sector.map(Sector::word)),
        Value::Integer(filter.since_ms.unwrap_or(i64::MIN)),
        Value::Integer(filter.until_ms.unwrap_or(i64::MAX)),
        Value::Integer(i64::from(filter.history)),
        Value::Integer(now_ms),
    ];
    values.extend(more);
    values.push(Value::Integer(filter.viewer.reach.map_or(2, |class| class as i64)));
    values
}

pub(super) fn count(limit: usize) -> Value {
    Value::Integer(i64::try_from(limit.min(limits::STORE_ROWS)).unwrap_or(1))
}

/// How many rows hold a term, whoever may see them.
pub(super) async fn frequency(db: &mut Db, term: &str, trigrams: bool) -> Result<i64, StoreError> {
    let sql = if trigrams {
        "SELECT count(*) FROM memory_trigrams WHERE memory_trigrams MATCH ?1"
    } else {
        "SELECT count(*) FROM memory_words WHERE memory_words MATCH ?1"
    };
    let found = db.rows(sql, vec![Value::Text(term.to_owned())], |row| row.get(0)).await?;
    Ok(found.into_iter().next().unwrap_or(0))
}

/// Visible memories that match an FTS5 expression, best first.
pub(super) async fn words(
    db: &mut Db,
    expression: &str,
    trigrams: bool,
    filter: &Filter,
    now_ms: i64,
    limit: usize,
) -> Result<Vec<Hit>, StoreError> {
    let sql = if trigrams { TRIGRAMS } else { WORDS };
    let values = seen(filter, now_ms, [Value::Text(expression.to_owned()), count(limit)]);
    #[allow(clippy::cast_possible_truncation, reason = "a rank needs no more")]
    db.rows(sql, values, |row| Ok(Hit { seq: row.get(0)?, score: row.get::<f64>(1)? as f32 })).await
}

/// One page of visible vectors behind `after`.
pub(super) async fn vectors(
    db: &mut Db,
    filter: &Filter,
    now_ms: i64,
    after: i64,
) -> Result<Vec<(i64, Option<Packed>)>, StoreError> {
    let values = seen(filter, now_ms, [Value::Integer(after), count(usize::MAX)]);
    db.rows(VECTORS, values, |row| Ok((row.get(0)?, Packed::read(&bytes_at(row, 1)?)))).await
}

/// Vectors behind `after`, whoever may see them, with what a filter looks at.
pub(super) async fn marks(db: &mut Db, after: i64, limit: usize) -> Result<Vec<(Marks, Option<Packed>)>, StoreError> {
    db.rows(MARKS, vec![Value::Integer(after), count(limit)], |row| {
        let ends: Option<i64> = row.get(6)?;
        let held = row.get::<i64>(7)? != 0;
        let marks = Marks {
            seq: row.get(0)?,
            person: text_at(row, 1)?,
            chat: text_at(row, 2)?,
            area: Area::named(&text_at(row, 3)?).unwrap_or_default(),
            sector: Sector::named(&text_at(row, 4)?).unwrap_or_default(),
            said_ms: row.get(5)?,
            ends_ms: ends.filter(|_| !held).unwrap_or(i64::MAX),
            replaced: row.get::<Option<i64>>(8)?.is_some(),
            class: Class::named(&text_at(row, 10)?).unwrap_or(Class::Private),
        };
        Ok((marks, Packed::read(&bytes_at(row, 9)?)))
    })
    .await
}

/// Visible memories behind `after`, oldest first.
pub(super) async fn list(
    db: &mut Db,
    filter: &Filter,
    now_ms: i64,
    after: i64,
    limit: usize,
) -> Result<Vec<Memory>, StoreError> {
    db.rows(LIST, seen(filter, now_ms, [Value::Integer(after), count(limit)]), memory).await
}

/// A visible memory by its id.
pub(super) async fn one(db: &mut Db, filter: &Filter, now_ms: i64, id: Id) -> Result<Option<Memory>, StoreError> {
    let found = db.rows(ONE, seen(filter, now_ms, [blob(id), count(1)]), memory).await?;
    Ok(found.into_iter().next())
}

/// A visible memory by its place.
pub(super) async fn at(db: &mut Db, filter: &Filter, now_ms: i64, seq: i64) -> Result<Option<Memory>, StoreError> {
    let found = db.rows(SEQ, seen(filter, now_ms, [Value::Integer(seq), count(1)]), memory).await?;
    Ok(found.into_iter().next())
}

/// The memory that says the same, or that has the same reference.
pub(super) async fn same(db: &mut Db, new: &NewMemory, hash: &[u8; 16]) -> Result<Option<(Id, i64)>, StoreError> {
    let text = |text: &str| Value::Text(text.to_owned());
    let read = |row: &Row| Ok((id_at(row, 0)?, row.get(1)?));
    if let Some(reference) = &new.reference {
        let values = vec![text(&new.viewer.person), text(&new.viewer.chat), text(reference)];
        if let Some(found) = db.rows(SAME_REF, values, read).await?.into_iter().next() {
            return Ok(Some(found));
        }
    }
    let reference = new.reference.as_deref().map_or(Value::Null, text);
    let values = vec![Value::Blob(hash.to_vec()), text(&new.viewer.person), text(&new.viewer.chat), reference];
    Ok(db.rows(SAME, values, read).await?.into_iter().next())
}

/// Adds a row; its place, which is greater than `placed`.
pub(super) async fn insert(
    db: &mut Db,
    id: Id,
    new: &NewMemory,
    stored_ms: i64,
    hash: &[u8; 16],
    placed: i64,
) -> Result<i64, StoreError> {
    let text = |text: &str| Value::Text(text.to_owned());
    let values = vec![
        blob(id),
        new.reference.as_deref().map_or(Value::Null, text),
        text(&new.viewer.person),
        text(&new.viewer.chat),
        text(new.area.word()),
        text(new.sector.word()),
        text(new.class.word()),
        text(&new.text),
        text(&new.speaker),
        text(&new.session),
        text(&new.source),
        text(&new.language),
        Value::Integer(new.said_ms),
        text(&new.day),
        Value::Integer(stored_ms),
        new.expires_ms.map_or(Value::Null, Value::Integer),
        Value::Integer(i64::from(new.held)),
        Value::Real(new.importance.clamp(0.0, 1.0)),
        Value::Blob(hash.to_vec()),
        Value::Integer(placed),
    ];
    db.execute(INSERT, values).await?;
    db.number("SELECT last_insert_rowid()").await
}

/// Marks `old` as replaced by `new`.
pub(super) async fn replace(db: &mut Db, old: i64, new: i64) -> Result<(), StoreError> {
    db.execute(REPLACE, vec![Value::Integer(new), Value::Integer(old)]).await.map(drop)
}

/// Keeps the vector of a memory that is still there; no bytes where it gets none.
pub(super) async fn set_vector(db: &mut Db, seq: i64, vector: Option<&Packed>) -> Result<(), StoreError> {
    let bytes = vector.map(Packed::bytes).unwrap_or_default();
    db.execute(VECTOR, vec![Value::Integer(seq), Value::Blob(bytes)]).await.map(drop)
}

/// Takes a memory's vector away; it is made anew.
pub(super) async fn drop_vector(db: &mut Db, seq: i64) -> Result<(), StoreError> {
    db.execute("DELETE FROM memory_vectors WHERE seq = ?1", vec![Value::Integer(seq)]).await.map(drop)
}

/// Keeps several.
pub(in crate::store) async fn put_vectors(db: &mut Db, vectors: &[(i64, Option<Packed>)]) -> Result<(), StoreError> {
    for (seq, vector) in vectors {
        set_vector(db, *seq, vector.as_ref()).await?;
    }
    Ok(())
}

/// Deletes a memory that is not held; whether it went.
pub(super) async fn forget(db: &mut Db, seq: i64) -> Result<bool, StoreError> {
    Ok(db.execute(FORGET, vec![Value::Integer(seq)]).await? > 0)
}

/// Holds a memory, or lifts its hold.
pub(super) async fn hold(db: &mut Db, seq: i64, held: bool) -> Result<(), StoreError> {
    db.execute(HOLD, vec![Value::Integer(seq), Value::Integer(i64::from(held))]).await.map(drop)
}

/// Places of memories whose time has come.
pub(super) async fn ended(db: &mut Db, now_ms: i64) -> Result<Vec<i64>, StoreError> {
    db.rows(ENDED, vec![Value::Integer(now_ms), count(usize::MAX)], |row| row.get(0)).await
}

/// Places of what goes first when there is too much.
pub(super) async fn surplus(db: &mut Db, many: usize) -> Result<Vec<i64>, StoreError> {
    db.rows(SURPLUS, vec![count(many)], |row| row.get(0)).await
}

/// Counts.
pub(super) async fn stats(db: &mut Db) -> Result<MemoryStats, StoreError> {
    Ok(MemoryStats {
        memories: db.number("SELECT count(*) FROM memories").await?,
        replaced: db.number("SELECT count(*) FROM memories WHERE replaced_by IS NOT NULL").await?,
        held: db.number("SELECT count(*) FROM memories WHERE held = 1").await?,
        vectors: db.number("SELECT count(*) FROM memory_vectors WHERE length(vector) > 0").await?,
        facts: db.number("SELECT count(*) FROM (SELECT 1 FROM facts GROUP BY person, key)").await?,
        text_bytes: db.number("SELECT sum(octet_length(text)) FROM memories").await?,
    })
}

fn bytes_at(row: &Row, column: i32) -> Result<Vec<u8>, libsql::Error> {
    match row.get_value(column)? {
        Value::Blob(bytes) => Ok(bytes),
        _ => Err(libsql::Error::InvalidColumnType),
    }
}

fn memory(row: &Row) -> Result<Memory, libsql::Error> {
    let reference = match row.get_value(2)? {
        Value::Null => None,
        _ => Some(text_at(row, 2)?),
    };
    Ok(Memory {
        id: id_at(row, 0)?,
        seq: row.get(1)?,
        reference,
        person: text_at(row, 3)?,
        chat: text_at(row, 4)?,
        area: Area::named(&text_at(row, 5)?).unwrap_or_default(),
        sector: Sector::named(&text_at(row, 6)?).unwrap_or_default(),
        class: Class::named(&text_at(row, 7)?).unwrap_or(Class::Private),
        text: text_at(row, 8)?,
        speaker: text_at(row, 9)?,
        session: text_at(row, 10)?,
        source: text_at(row, 11)?,
        language: text_at(row, 12)?,
        said_ms: row.get(13)?,
        stored_ms: row.get(14)?,
        expires_ms: row.get(15)?,
        held: row.get::<i64>(16)? != 0,
        importance: row.get(17)?,
        replaced_by: maybe_id_at(row, 18)?,
    })
}
