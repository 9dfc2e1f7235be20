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
    /// What it is.
    #[serde(flatten)]
    pub timer: NewTimer,
    /// Wall clock at which it was set, milliseconds since 1970.
    pub at_ms: i64,
}

/// A timer as it is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct NewTimer {
    /// What it is called; may be empty.
    pub name: String,
    /// The area that it belongs to, by its id; may be empty.
    pub area: String,
    /// What it was set for, in seconds.
    pub span_s: i64,
    /// The command at its end, in the words that were said; empty for one that only rings.
    pub command: String,
    /// Whether the name is a message to remind of.
    pub reminder: bool,
    /// When it rings.
    pub due: Due,
}

/// When a timer rings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Due {
    /// Wall clock at which it rings, milliseconds since 1970; without meaning while it is held.
    pub at_ms: i64,
    /// Seconds left, where it is paused.
    pub held_s: Option<i64>,
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
    MoveTimer(Id, Due),
    EndTimer(Id),
    AddItem(ListItem),
    TickItem(Id, i64),
    RemoveItem(Id),
}

const SET_TIMER: &str =
    "INSERT INTO timers (seq, id, principal, session, name, area, command, span_s, reminder, due_ms, held_s, at_ms)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
const MOVE_TIMER: &str = "UPDATE timers SET due_ms = ?3, held_s = ?4 WHERE seq = ?1 AND id = ?2";
const END_TIMER: &str = "DELETE FROM timers WHERE seq = ?1 AND id = ?2";
const ADD_ITEM: &str = "INSERT INTO list_items (seq, id, principal, list, text, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const TICK_ITEM: &str = "UPDATE list_items SET done_ms = ?3 WHERE seq = ?1 AND id = ?2";
const REMOVE_ITEM: &str = "DELETE FROM list_items WHERE seq = ?1 AND id = ?2";

const TIMERS: &str = "SELECT id, CAST(principal AS BLOB), CAST(session AS BLOB), CAST(name AS BLOB),
    CAST(area AS BLOB), CAST(command AS BLOB), span_s, reminder, due_ms, held_s, at_ms
    FROM timers ORDER BY held_s IS NOT NULL, due_ms LIMIT ?1";
const ITEMS: &str = "SELECT id, CAST(principal AS BLOB), CAST(list AS BLOB), CAST(text AS BLOB), at_ms, done_ms
    FROM list_items WHERE list = ?1 ORDER BY seq LIMIT ?2";

/// Applies one change inside the open transaction.
pub(super) async fn apply(db: &mut Db, change: &Keep) -> Result<(), StoreError> {
    let key = |id: Id| vec![Value::Integer(seq(id)), blob(id)];
    let text = |value: &str| Value::Text(value.to_owned());
    let time = Value::Integer;
    let when = |due: &Due| vec![time(due.at_ms), due.held_s.map_or(Value::Null, Value::Integer)];
    let (id, sql, rest) = match change {
        Keep::SetTimer(t) => {
            let new = &t.timer;
            let who = vec![text(&t.principal), text(&t.session)];
            let what = vec![text(&new.name), text(&new.area), text(&new.command), time(new.span_s)];
            let what = [what, vec![time(i64::from(new.reminder))]].concat();
            (t.id, SET_TIMER, [who, what, when(&new.due), vec![time(t.at_ms)]].concat())
        }
        Keep::MoveTimer(id, due) => (*id, MOVE_TIMER, when(due)),
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

    use super::{Due, ITEMS, ListItem, NewTimer, TIMERS, Timer};
    use crate::base::limits;
    use crate::store::StoreError;
    use crate::store::db::{Db, id_at, text_at};

    /// Timers that have not ended, the next one first, paused ones at the end.
    pub(in crate::store) async fn timers(db: &mut Db) -> Result<Vec<Timer>, StoreError> {
        let one = |row: &Row| {
            let (id, principal, session) = (id_at(row, 0)?, text_at(row, 1)?, text_at(row, 2)?);
            let (name, area, command) = (text_at(row, 3)?, text_at(row, 4)?, text_at(row, 5)?);
            let due = Due { at_ms: row.get(8)?, held_s: row.get(9)? };
            let reminder = row.get::<i64>(7)? != 0;
            let timer = NewTimer { name, area, command, span_s: row.get(6)?, reminder, due };
            Ok(Timer { id, principal, session, timer, at_ms: row.get(10)? })
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
