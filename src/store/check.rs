//! Is every page sound: at once for a small file, table by table beside the work for a large one.
//!
//! Reading every page of a large file at each start would make a board deaf for seconds after every
//! power cut, which is how most of its days end. What is damaged and not yet read shows when it is read.

use std::collections::VecDeque;
use std::path::Path;

use libsql::Value;

use super::db::{Db, text_at};
use super::{StoreError, search};

// The message of a fault may repeat damaged bytes, so it is read as bytes.
const WHOLE: &str = "SELECT CAST(quick_check AS BLOB) FROM pragma_quick_check LIMIT 1";
const TABLE: &str = "SELECT CAST(quick_check AS BLOB) FROM pragma_quick_check(?1) LIMIT 1";
// Indexes against their rows as well, and the word indexes against the texts.
const THOROUGH: &str = "SELECT CAST(integrity_check AS BLOB) FROM pragma_integrity_check LIMIT 20";
const TABLES: &str = "SELECT CAST(name AS BLOB) FROM sqlite_schema WHERE type = 'table' ORDER BY rootpage";

/// Checks a file of at most `upto` bytes; whether it did.
pub(super) async fn at_open(db: &mut Db, path: &Path, upto: u64) -> Result<bool, StoreError> {
    if path.metadata().is_ok_and(|m| m.len() > upto) {
        return Ok(false);
    }
    whole(db).await.map(|()| true)
}

/// Reads every page once.
pub(super) async fn whole(db: &mut Db) -> Result<(), StoreError> {
    let found = db.rows(WHOLE, Vec::new(), |row| text_at(row, 0)).await?;
    sound(found.first())
}

/// As `whole`, and a word index that is damaged alone is made anew: the rows hold all that it says.
pub(super) async fn mend(db: &mut Db) -> Result<(), StoreError> {
    match whole(db).await {
        Err(error) if words_only(&error) => {
            rebuild(db, &error).await?;
            whole(db).await
        }
        other => other,
    }
}

/// Makes the word indexes anew from their rows.
pub(super) async fn rebuild(db: &mut Db, error: &StoreError) -> Result<(), StoreError> {
    tracing::error!(%error, "a word index is damaged; it is made anew from its rows");
    db.execute(search::REBUILD, Vec::new()).await?;
    for step in search::REBUILD_MEMORIES {
        db.execute(step, Vec::new()).await?;
    }
    Ok(())
}

/// Whether a fault is in a word index and nowhere else.
pub(super) fn words_only(error: &StoreError) -> bool {
    matches!(error, StoreError::Sql { message, .. } if message.contains("FTS5 table"))
}

/// Every fault, at most twenty: pages, indexes against rows, words against texts. Reads everything twice.
pub(super) async fn faults(db: &mut Db) -> Result<Vec<String>, StoreError> {
    let mut found = pages(db).await?;
    if found.is_empty() {
        for (name, agrees) in search::AGREE {
            if let Err(error) = db.execute(agrees, Vec::new()).await {
                found.push(format!("{name}: {error}"));
            }
        }
        for (name, stray) in search::STRAYS {
            let rows = db.number(stray).await?;
            if rows > 0 {
                found.push(format!("{rows} {name}"));
            }
        }
    }
    Ok(found)
}

/// Every fault of pages and indexes; needs no table of ours.
pub(super) async fn pages(db: &mut Db) -> Result<Vec<String>, StoreError> {
    let mut found = db.rows(THOROUGH, Vec::new(), |row| text_at(row, 0)).await?;
    found.retain(|line| line != "ok");
    Ok(found)
}

/// The tables that are still to be read.
#[derive(Debug)]
pub(super) struct Rest(VecDeque<String>);

impl Rest {
    /// All of them.
    pub(super) async fn all(db: &mut Db) -> Result<Self, StoreError> {
        Ok(Self(db.rows(TABLES, Vec::new(), |row| text_at(row, 0)).await?.into()))
    }

    /// Reads one table with its indexes; `false` where none is left.
    pub(super) async fn next(&mut self, db: &mut Db) -> Result<bool, StoreError> {
        let Some(table) = self.0.pop_front() else { return Ok(false) };
        let found = db.rows(TABLE, vec![Value::Text(table)], |row| text_at(row, 0)).await?;
        match sound(found.first()) {
            Err(error) if words_only(&error) => rebuild(db, &error).await?,
            other => other?,
        }
        Ok(true)
    }
}

fn sound(found: Option<&String>) -> Result<(), StoreError> {
    match found.map(String::as_str) {
        Some("ok") | None => Ok(()),
        Some(fault) => Err(StoreError::Sql { code: 11, message: fault.to_owned() }),
    }
}
