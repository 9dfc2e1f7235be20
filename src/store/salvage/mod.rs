//! A damaged file is set aside: the rows of it that can still be read go into the new one.
//!
//! Each table is read in the order of its rows. Where a page cannot be read, the next key behind it that can
//! is looked for, so that one bad page costs its own rows only. Words and vectors are made from the rows.

mod aside;
mod tables;

use std::path::Path;

use libsql::{Row, Value};

use super::commit::SET_META;
use super::db::Db;
use super::error::Severity;
use super::{Progress, StoreError, VERSION, search};
use crate::base::limits;
pub(super) use aside::Aside;
use tables::{TABLES, Table};

/// Which file the rows came from.
const CARRIED: &str = "SELECT value FROM meta WHERE key = 'carried_from'";

/// Documents have no number; there are few.
const DOCUMENT: &str = "SELECT CAST(name AS BLOB), CAST(person AS BLOB), CAST(text AS BLOB), CAST(at_ms AS INTEGER)
    FROM documents ORDER BY name, person LIMIT 1 OFFSET ?1";
const WRITE_DOCUMENT: &str = "INSERT OR IGNORE INTO documents (name, person, text, at_ms) VALUES (?1, ?2, ?3, ?4)";

/// What pointed to a row that is lost.
const LOOSE: [&str; 3] = [
    "INSERT INTO sessions (id, key, principal, channel, created_ms, touched_ms) SELECT DISTINCT session,
     'recovered:' || session, '', '', 0, 0 FROM messages WHERE session NOT IN (SELECT id FROM sessions)",
    "UPDATE memories SET replaced_by = NULL WHERE replaced_by NOT IN (SELECT seq FROM memories)",
    search::INDEX_REST,
];

/// Carries what can be read of the file that is set aside into the new one; how many rows. All or nothing, and once.
pub(super) async fn carry(
    db: &mut Db,
    aside: Aside,
    path: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<u64, StoreError> {
    let mut carried = 0;
    if db.number(CARRIED).await? != aside.stamp {
        carried = match Db::open_damaged(&aside.place(path)).await {
            Ok(old) => carry_from(old, db, aside, progress).await?,
            Err(error) => {
                tracing::error!(%error, "no row of the damaged database can be read");
                0
            }
        };
    }
    if let Err(error) = aside.end(path) {
        tracing::warn!(%error, "the note of the damaged database could not be removed");
    }
    Ok(carried)
}

async fn carry_from(
    mut old: Db,
    db: &mut Db,
    aside: Aside,
    progress: &mut dyn FnMut(Progress),
) -> Result<u64, StoreError> {
    // A pragma of the connection: it means nothing inside a transaction.
    db.batch("PRAGMA foreign_keys = OFF").await?;
    db.batch("BEGIN IMMEDIATE").await?;
    let mut done = all(&mut old, db, progress).await;
    let from = vec![Value::Text("carried_from".to_owned()), Value::Integer(aside.stamp)];
    if done.is_ok()
        && let Err(error) = db.execute(SET_META, from).await
    {
        done = Err(error);
    }
    if done.is_ok()
        && let Err(error) = db.batch("COMMIT").await
    {
        done = Err(error);
    }
    if done.is_err() {
        db.rollback().await;
    }
    db.batch("PRAGMA foreign_keys = ON").await?;
    db.chain.set(None);
    done
}

async fn all(old: &mut Db, db: &mut Db, progress: &mut dyn FnMut(Progress)) -> Result<u64, StoreError> {
    let mut carried = 0;
    for shapes in TABLES {
        // A large table takes its time, and somebody waits for the start.
        progress(Progress { from: VERSION, to: VERSION });
        for shape in shapes {
            if let Some(rows) = rows(old, db, shape).await? {
                carried += rows;
                break;
            }
        }
    }
    for place in 0..i64::try_from(limits::STORE_ROWS).unwrap_or(i64::MAX) {
        let Ok(found) = old.rows(DOCUMENT, vec![Value::Integer(place)], |row| values(row, 4)).await else { break };
        let Some(row) = found.into_iter().next() else { break };
        carried += put(db, WRITE_DOCUMENT, texts(row, &[0, 1, 2])).await?;
    }
    for step in LOOSE {
        db.execute(step, Vec::new()).await?;
    }
    Ok(carried)
}

/// The rows of one table that can be read; a page that cannot is jumped over. `None` where it has another shape.
async fn rows(old: &mut Db, db: &mut Db, table: &Table) -> Result<Option<u64>, StoreError> {
    let width = table.write.matches('?').count();
    let (mut carried, mut after, mut jumps) = (0, 0_i64, 0);
    loop {
        let page = match page(old, table, width, after, 64).await {
            Ok(page) => Ok(page),
            // Up to the row before the bad one.
            Err(_) => page(old, table, width, after, 1).await,
        };
        match page {
            Ok(page) => {
                let Some(last) = page.last().and_then(|row| key(row)) else { return Ok(Some(carried)) };
                after = last;
                for row in page {
                    carried += put(db, table.write, texts(row, table.texts)).await?;
                }
            }
            // No such table or column.
            Err(StoreError::Sql { code: 1, .. }) => return Ok(None),
            Err(_) if after == i64::MAX || jumps == limits::SALVAGE_JUMPS => return Ok(Some(carried)),
            Err(_) => {
                jumps += 1;
                after = behind(old, table, width, after).await;
            }
        }
    }
}

/// A key behind `bad`, as near as can be found, behind which there is a row that can be read, or none at all.
async fn behind(old: &mut Db, table: &Table, width: usize, bad: i64) -> i64 {
    let (mut low, mut step) = (bad, 1_i64);
    let mut high = loop {
        let next = bad.saturating_add(step);
        if next == i64::MAX || page(old, table, width, next, 1).await.is_ok() {
            break next;
        }
        (low, step) = (next, step.saturating_mul(2));
    };
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if page(old, table, width, middle, 1).await.is_ok() {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

async fn page(old: &mut Db, table: &Table, width: usize, after: i64, most: i64) -> Result<Vec<Vec<Value>>, StoreError> {
    let values = |row: &Row| values(row, width);
    let page = old.rows(table.read, vec![Value::Integer(after), Value::Integer(most)], values).await?;
    // Damaged pages may lead in a circle.
    let keys: Vec<i64> = std::iter::once(after).chain(page.iter().filter_map(|row| key(row))).collect();
    if keys.len() == page.len() + 1 && keys.is_sorted_by(|a, b| a < b) {
        Ok(page)
    } else {
        Err(StoreError::Sql { code: 11, message: "rows are out of order".to_owned() })
    }
}

fn values(row: &Row, width: usize) -> Result<Vec<Value>, libsql::Error> {
    (0..i32::try_from(width).unwrap_or(0)).map(|column| row.get_value(column)).collect()
}

fn key(row: &[Value]) -> Option<i64> {
    match row.first() {
        Some(Value::Integer(key)) => Some(*key),
        _ => None,
    }
}

fn texts(mut row: Vec<Value>, places: &[usize]) -> Vec<Value> {
    for place in places {
        if let Some(Value::Blob(bytes)) = row.get(*place) {
            row[*place] = Value::Text(String::from_utf8_lossy(bytes).into_owned());
        }
    }
    row
}

/// Writes a row; one that the new file refuses is no row any more.
async fn put(db: &mut Db, sql: &'static str, row: Vec<Value>) -> Result<u64, StoreError> {
    match db.execute(sql, row).await {
        Ok(rows) => Ok(u64::try_from(rows).unwrap_or(0)),
        Err(error) if error.severity() == Severity::Statement => Ok(0),
        Err(error) => Err(error),
    }
}
