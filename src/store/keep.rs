//! What Hearth was asked to keep: memories, timers, list items.
//!
//! Rows of these tables stand behind a promise («I'll remember that»), so their writes are durable
//! (`policy`). The words of a memory are indexed in the same transaction; its vector comes when the
//! embedder had time, and a search by words never waits for it.

use libsql::Value;

use super::StoreError;
use super::db::{Db, blob};
use super::write::seq;
use crate::base::Id;

/// Bytes of a vector: one signed byte a dimension.
pub const VECTOR_BYTES: usize = 384;

/// Something to remember.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Memory {
    /// Its id; order of ids is order of memories.
    pub id: Id,
    /// Whose it is.
    pub principal: String,
    /// What it is about, in memory's own words; «note» where it says nothing.
    pub kind: String,
    /// The words.
    pub text: String,
    /// Where it comes from: «said», a file, a tool.
    pub source: String,
    /// BCP 47 tag of the language, where it is known.
    pub language: Option<String>,
    /// Wall clock, milliseconds since 1970.
    pub at_ms: i64,
}

/// The vector of a memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryVector {
    /// Of which memory.
    pub id: Id,
    /// The model that made it; vectors of different models are never compared.
    pub model: String,
    /// One signed byte a dimension; [`VECTOR_BYTES`] of them.
    pub vector: Vec<u8>,
}

/// A timer that was set and has not ended.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Timer {
    /// Its id.
    pub id: Id,
    /// Who set it.
    pub principal: String,
    /// Where it rings.
    pub session: String,
    /// What it is called; may be empty.
    pub name: String,
    /// Wall clock at which it rings, milliseconds since 1970.
    pub due_ms: i64,
    /// Wall clock at which it was set.
    pub at_ms: i64,
}

/// An item on a list.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ListItem {
    /// Its id.
    pub id: Id,
    /// Who added it.
    pub principal: String,
    /// The list's name.
    pub list: String,
    /// The item.
    pub text: String,
    /// Wall clock at which it was added, milliseconds since 1970.
    pub at_ms: i64,
    /// Wall clock at which it was ticked off.
    pub done_ms: Option<i64>,
}

/// A change to what is kept.
#[derive(Clone, Debug)]
pub(super) enum Keep {
    Remember(Memory),
    Forget(Id),
    Vector(MemoryVector),
    SetTimer(Timer),
    EndTimer(Id),
    AddItem(ListItem),
    TickItem(Id, i64),
    RemoveItem(Id),
}

const REMEMBER: &str = "INSERT INTO memories (seq, id, principal, kind, text, source, language, at_ms)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const FORGET: &str = "DELETE FROM memories WHERE seq = ?1 AND id = ?2";
const VECTOR: &str = "UPDATE memories SET vector = ?3, model = ?4 WHERE seq = ?1 AND id = ?2";
const SET_TIMER: &str = "INSERT INTO timers (seq, id, principal, session, name, due_ms, at_ms)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const END_TIMER: &str = "DELETE FROM timers WHERE seq = ?1 AND id = ?2";
const ADD_ITEM: &str = "INSERT INTO list_items (seq, id, principal, list, text, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const TICK_ITEM: &str = "UPDATE list_items SET done_ms = ?3 WHERE seq = ?1 AND id = ?2";
const REMOVE_ITEM: &str = "DELETE FROM list_items WHERE seq = ?1 AND id = ?2";

const MEMORIES: &str =
    "SELECT id, CAST(principal AS BLOB), CAST(kind AS BLOB), CAST(text AS BLOB), CAST(source AS BLOB),
    CAST(language AS BLOB), at_ms FROM memories ORDER BY seq DESC LIMIT ?1";
const SEARCH: &str = "SELECT m.id, CAST(m.principal AS BLOB), CAST(m.kind AS BLOB), CAST(m.text AS BLOB),
    CAST(m.source AS BLOB), CAST(m.language AS BLOB), m.at_ms
    FROM memories_fts f JOIN memories m ON m.seq = f.rowid WHERE memories_fts MATCH ?1 ORDER BY f.rank LIMIT ?2";
const VECTORS: &str = "SELECT id, CAST(model AS BLOB), vector, seq FROM memories
    WHERE vector IS NOT NULL AND seq > ?1 ORDER BY seq LIMIT ?2";
const TIMERS: &str = "SELECT id, CAST(principal AS BLOB), CAST(session AS BLOB), CAST(name AS BLOB), due_ms, at_ms
    FROM timers ORDER BY due_ms LIMIT ?1";
const ITEMS: &str = "SELECT id, CAST(principal AS BLOB), CAST(list AS BLOB), CAST(text AS BLOB), at_ms, done_ms
    FROM list_items WHERE list = ?1 ORDER BY seq LIMIT ?2";

/// Applies one change inside the open transaction.
pub(super) async fn apply(db: &mut Db, change: &Keep) -> Result<(), StoreError> {
    let key = |id: Id| vec![Value::Integer(seq(id)), blob(id)];
    let text = |value: &str| Value::Text(value.to_owned());
    let time = Value::Integer;
    let (id, sql, rest) = match change {
        Keep::Remember(m) => {
            let language = m.language.as_deref().map_or(Value::Null, text);
            let words = vec![text(&m.principal), text(&m.kind), text(&m.text), text(&m.source), language];
            (m.id, REMEMBER, [words, vec![time(m.at_ms)]].concat())
        }
        Keep::Vector(v) => (v.id, VECTOR, vec![Value::Blob(v.vector.clone()), text(&v.model)]),
        Keep::SetTimer(t) => {
            let words = vec![text(&t.principal), text(&t.session), text(&t.name)];
            (t.id, SET_TIMER, [words, vec![time(t.due_ms), time(t.at_ms)]].concat())
        }
        Keep::AddItem(i) => (i.id, ADD_ITEM, vec![text(&i.principal), text(&i.list), text(&i.text), time(i.at_ms)]),
        Keep::TickItem(id, at_ms) => (*id, TICK_ITEM, vec![time(*at_ms)]),
        Keep::Forget(id) => (*id, FORGET, Vec::new()),
        Keep::EndTimer(id) => (*id, END_TIMER, Vec::new()),
        Keep::RemoveItem(id) => (*id, REMOVE_ITEM, Vec::new()),
    };
    match db.execute(sql, [key(id), rest].concat()).await? {
        0 => Err(StoreError::NotFound(format!("what was kept as {id}"))),
        _ => Ok(()),
    }
}

/// What is read of it.
pub(super) mod read {
    use libsql::{Row, Value};

    use super::{ITEMS, ListItem, MEMORIES, Memory, MemoryVector, SEARCH, TIMERS, Timer, VECTORS};
    use crate::base::{Id, limits};
    use crate::store::db::{Db, id_at, text_at};
    use crate::store::write::seq;
    use crate::store::{StoreError, search};

    /// The latest memories, newest first.
    pub(in crate::store) async fn memories(db: &mut Db, limit: usize) -> Result<Vec<Memory>, StoreError> {
        db.rows(MEMORIES, vec![most(limit)], memory).await
    }

    /// Memories with every word of the query, best first.
    pub(in crate::store) async fn find(db: &mut Db, query: &str, limit: usize) -> Result<Vec<Memory>, StoreError> {
        let Some(expression) = search::expression(query) else { return Ok(Vec::new()) };
        db.rows(SEARCH, vec![Value::Text(expression), most(limit)], memory).await
    }

    /// Vectors after a memory, in order of their ids.
    pub(in crate::store) async fn vectors(db: &mut Db, after: Option<Id>) -> Result<Vec<MemoryVector>, StoreError> {
        let after = after.map_or(0, seq);
        let one = |row: &Row| {
            let Value::Blob(vector) = row.get_value(2)? else { return Err(libsql::Error::InvalidColumnType) };
            Ok(MemoryVector { id: id_at(row, 0)?, model: text_at(row, 1)?, vector })
        };
        db.rows(VECTORS, vec![Value::Integer(after), most(usize::MAX)], one).await
    }

    /// Timers that have not ended, the next one first.
    pub(in crate::store) async fn timers(db: &mut Db) -> Result<Vec<Timer>, StoreError> {
        let one = |row: &Row| {
            let (id, principal, session, name) = (id_at(row, 0)?, text_at(row, 1)?, text_at(row, 2)?, text_at(row, 3)?);
            Ok(Timer { id, principal, session, name, due_ms: row.get(4)?, at_ms: row.get(5)? })
        };
        db.rows(TIMERS, vec![most(usize::MAX)], one).await
    }

    /// The items of a list, oldest first.
    pub(in crate::store) async fn items(db: &mut Db, list: &str) -> Result<Vec<ListItem>, StoreError> {
        let one = |row: &Row| {
            let (id, principal, list, text) = (id_at(row, 0)?, text_at(row, 1)?, text_at(row, 2)?, text_at(row, 3)?);
            Ok(ListItem { id, principal, list, text, at_ms: row.get(4)?, done_ms: row.get(5)? })
        };
        db.rows(ITEMS, vec![Value::Text(list.to_owned()), most(usize::MAX)], one).await
    }

    fn memory(row: &Row) -> Result<Memory, libsql::Error> {
        let language = match row.get_value(5)? {
            Value::Null => None,
            _ => Some(text_at(row, 5)?),
        };
        let (id, principal, kind, text) = (id_at(row, 0)?, text_at(row, 1)?, text_at(row, 2)?, text_at(row, 3)?);
        Ok(Memory { id, principal, kind, text, source: text_at(row, 4)?, language, at_ms: row.get(6)? })
    }

    fn most(limit: usize) -> Value {
        Value::Integer(i64::try_from(limit.min(limits::STORE_ROWS)).unwrap_or(1))
    }
}
