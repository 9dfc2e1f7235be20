//! What Hearth was asked to keep beside memories: timers and list items.
//!
//! Rows of these tables stand behind a promise («I'll wake you»), so their writes are durable (`policy`).

use libsql::Value;

use super::StoreError;
use super::db::{Db, blob};
use super::write::seq;
use crate::base::Id;

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
    SetTimer(Timer),
    EndTimer(Id),
    AddItem(ListItem),
    TickItem(Id, i64),
    RemoveItem(Id),
}

const SET_TIMER: &str = "INSERT INTO timers (seq, id, principal, session, name, due_ms, at_ms)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const END_TIMER: &str = "DELETE FROM timers WHERE seq = ?1 AND id = ?2";
const ADD_ITEM: &str = "INSERT INTO list_items (seq, id, principal, list, text, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const TICK_ITEM: &str = "UPDATE list_items SET done_ms = ?3 WHERE seq = ?1 AND id = ?2";
const REMOVE_ITEM: &str = "DELETE FROM list_items WHERE seq = ?1 AND id = ?2";

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
        Keep::SetTimer(t) => {
            let words = vec![text(&t.principal), text(&t.session), text(&t.name)];
            (t.id, SET_TIMER, [words, vec![time(t.due_ms), time(t.at_ms)]].concat())
        }
        Keep::AddItem(i) => (i.id, ADD_ITEM, vec![text(&i.principal), text(&i.list), text(&i.text), time(i.at_ms)]),
        Keep::TickItem(id, at_ms) => (*id, TICK_ITEM, vec![time(*at_ms)]),
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

    use super::{ITEMS, ListItem, TIMERS, Timer};
    use crate::base::limits;
    use crate::store::StoreError;
    use crate::store::db::{Db, id_at, text_at};

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

    fn most(limit: usize) -> Value {
        Value::Integer(i64::try_from(limit.min(limits::STORE_ROWS)).unwrap_or(1))
    }
}
