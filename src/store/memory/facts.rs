//! Facts as keys and values, and documents: one text under one name.

use libsql::{Row, Value};

use super::super::StoreError;
use super::super::db::{Db, text_at};
use crate::base::limits;

/// What is so.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fact {
    /// Whose; empty for the household.
    pub person: String,
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Where it came from.
    pub source: String,
    /// Since when, in milliseconds since 1970.
    pub at_ms: i64,
}

/// One text under one name: the working context of an agent, an observation block.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Document {
    /// Its name.
    pub name: String,
    /// Whose; empty for the household.
    pub person: String,
    /// The text.
    pub text: String,
    /// Since when.
    pub at_ms: i64,
}

// The same value again adds no row.
const SET: &str = "INSERT INTO facts (person, key, value, source, at_ms) SELECT ?1, ?2, ?3, ?4, ?5
    WHERE coalesce((SELECT value FROM facts WHERE person = ?1 AND key = ?2 ORDER BY seq DESC LIMIT 1) <> ?3, 1)";
const GET: &str = "SELECT CAST(person AS BLOB), CAST(key AS BLOB), CAST(value AS BLOB), CAST(source AS BLOB), at_ms
    FROM facts WHERE (person = ?1 OR person = '') AND key = ?2 ORDER BY person = '', seq DESC LIMIT ?3";
const ALL: &str = "SELECT CAST(person AS BLOB), CAST(key AS BLOB), CAST(value AS BLOB), CAST(source AS BLOB), at_ms
    FROM facts f WHERE (person = ?1 OR person = '')
    AND seq = (SELECT max(seq) FROM facts g WHERE g.person = f.person AND g.key = f.key)
    ORDER BY key, person LIMIT ?2";
const FORGET: &str = "DELETE FROM facts WHERE person = ?1 AND key = ?2";

const WRITE: &str = "INSERT INTO documents (name, person, text, at_ms) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (name, person) DO UPDATE SET text = ?3, at_ms = ?4 WHERE text <> ?3";
const READ: &str = "SELECT CAST(name AS BLOB), CAST(person AS BLOB), CAST(text AS BLOB), at_ms
    FROM documents WHERE name = ?1 AND person = ?2";

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Sets a fact; the values before it are its history.
pub(super) async fn set(db: &mut Db, fact: &Fact) -> Result<(), StoreError> {
    let Fact { person, key, value, source, at_ms } = fact;
    let values = vec![text(person), text(key), text(value), text(source), Value::Integer(*at_ms)];
    db.execute(SET, values).await.map(drop)
}

/// A fact and its history, newest first; a person's own before the household's.
pub(super) async fn get(db: &mut Db, person: &str, key: &str) -> Result<Vec<Fact>, StoreError> {
    db.rows(GET, vec![text(person), text(key), most()], fact).await
}

/// The facts that count.
pub(super) async fn all(db: &mut Db, person: &str) -> Result<Vec<Fact>, StoreError> {
    db.rows(ALL, vec![text(person), most()], fact).await
}

/// Forgets a fact with its history; whether it was there.
pub(super) async fn forget(db: &mut Db, person: &str, key: &str) -> Result<bool, StoreError> {
    Ok(db.execute(FORGET, vec![text(person), text(key)]).await? > 0)
}

/// Writes a document.
pub(super) async fn write(db: &mut Db, document: &Document) -> Result<(), StoreError> {
    let Document { name, person, text: words, at_ms } = document;
    db.execute(WRITE, vec![text(name), text(person), text(words), Value::Integer(*at_ms)]).await.map(drop)
}

/// Reads a document.
pub(super) async fn read(db: &mut Db, name: &str, person: &str) -> Result<Option<Document>, StoreError> {
    let found = db
        .rows(READ, vec![text(name), text(person)], |row| {
            Ok(Document {
                name: text_at(row, 0)?,
                person: text_at(row, 1)?,
                text: text_at(row, 2)?,
                at_ms: row.get(3)?,
            })
        })
        .await?;
    Ok(found.into_iter().next())
}

// The newest stay, up to a number of bytes.
const TRIM: &str = "DELETE FROM documents WHERE (name, person) IN (SELECT name, person FROM
    (SELECT name, person, sum(octet_length(text)) OVER (ORDER BY at_ms DESC, name DESC) AS bytes FROM documents
     WHERE substr(name, 1, length(?1)) = ?1) WHERE bytes > ?2)";

/// Deletes the oldest documents of a prefix until all of it is at most `bytes`; how many went.
pub(super) async fn trim(db: &mut Db, prefix: &str, bytes: i64) -> Result<usize, StoreError> {
    db.execute(TRIM, vec![text(prefix), Value::Integer(bytes)]).await
}

fn most() -> Value {
    Value::Integer(i64::try_from(limits::STORE_ROWS).unwrap_or(1))
}

fn fact(row: &Row) -> Result<Fact, libsql::Error> {
    Ok(Fact {
        person: text_at(row, 0)?,
        key: text_at(row, 1)?,
        value: text_at(row, 2)?,
        source: text_at(row, 3)?,
        at_ms: row.get(4)?,
    })
}
