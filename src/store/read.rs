//! The reads: rows of the tables as records.

use libsql::{Row, Value};

use super::db::{Db, blob, id_at, maybe_id_at, text_at};
use super::write::seq;
use super::{CallEnd, CallQuery, CallRecord, Decision, DeviceState, Message, Role, StoreError};
use crate::base::{Code, Id, limits};

// Texts are read as bytes: libsql panics at a text column that damage made something else than UTF-8.
const LATEST: &str = "SELECT b.call, CAST(b.tool AS BLOB), CAST(b.principal AS BLOB), b.trace,
    CAST(b.args AS BLOB), CAST(b.decision AS BLOB), CAST(b.reason AS BLOB), b.at_ms,
    e.outcome, CAST(e.detail AS BLOB), e.took_us, e.at_ms
    FROM audit b LEFT JOIN audit e ON e.seq = b.seq + 1
    WHERE b.seq % 2 = 0 ORDER BY b.seq DESC LIMIT ?1";

const OF_TRACE: &str = "SELECT b.call, CAST(b.tool AS BLOB), CAST(b.principal AS BLOB), b.trace,
    CAST(b.args AS BLOB), CAST(b.decision AS BLOB), CAST(b.reason AS BLOB), b.at_ms,
    e.outcome, CAST(e.detail AS BLOB), e.took_us, e.at_ms
    FROM audit b LEFT JOIN audit e ON e.seq = b.seq + 1
    WHERE b.trace = ?1 ORDER BY b.seq LIMIT ?2";

// Calls up to `closed_upto` have had their end since an earlier start: a start reads only what came after.
const ORPHANS: &str = "SELECT b.call, CAST(b.tool AS BLOB), CAST(b.principal AS BLOB), b.trace,
    CAST(b.args AS BLOB), CAST(b.decision AS BLOB), CAST(b.reason AS BLOB), b.at_ms,
    NULL, NULL, NULL, NULL
    FROM audit b
    WHERE b.seq % 2 = 0 AND b.seq > coalesce((SELECT value FROM meta WHERE key = 'closed_upto'), 0) AND b.seq < ?1
    AND NOT EXISTS (SELECT 1 FROM audit e WHERE e.seq = b.seq + 1)
    ORDER BY b.seq LIMIT ?2";

const MESSAGES: &str = "SELECT m.id, CAST(s.key AS BLOB), CAST(m.role AS BLOB), CAST(m.text AS BLOB), m.trace, m.at_ms
    FROM messages m JOIN sessions s ON s.id = m.session
    WHERE s.key = ?1 ORDER BY m.seq DESC LIMIT ?2";

const SEARCH: &str = "SELECT m.id, CAST(s.key AS BLOB), CAST(m.role AS BLOB), CAST(m.text AS BLOB), m.trace, m.at_ms
    FROM messages_fts f JOIN messages m ON m.seq = f.rowid JOIN sessions s ON s.id = m.session
    WHERE messages_fts MATCH ?1 ORDER BY f.rank LIMIT ?2";

const NOT_INDEXED: &str =
    "SELECT m.id, CAST(s.key AS BLOB), CAST(m.role AS BLOB), CAST(m.text AS BLOB), m.trace, m.at_ms
    FROM messages m JOIN sessions s ON s.id = m.session
    WHERE m.seq > coalesce((SELECT max(id) FROM messages_fts_docsize), 0) ORDER BY m.seq DESC LIMIT ?1";

const STATES: &str = "SELECT CAST(entity AS BLOB), CAST(state AS BLOB), at_ms, CAST(source AS BLOB)
    FROM device_states WHERE entity > ?1 ORDER BY entity";

// The greatest row is the latest begin, or its end: the begin is the even one of the two.
const LAST_ID: &str = "SELECT max(id) FROM (
    SELECT call AS id FROM audit WHERE seq = (SELECT max(seq) FROM audit) / 2 * 2
    UNION ALL SELECT id FROM messages WHERE seq = (SELECT max(seq) FROM messages)
    UNION ALL SELECT id FROM memories WHERE seq = (SELECT max(seq) FROM memories)
    UNION ALL SELECT id FROM timers WHERE seq = (SELECT max(seq) FROM timers)
    UNION ALL SELECT id FROM list_items WHERE seq = (SELECT max(seq) FROM list_items))";

const USAGE: &str = "SELECT (SELECT value FROM meta WHERE key = 'flash_day'),
    (SELECT value FROM meta WHERE key = 'flash_bytes')";

/// Calls with their ends.
pub(super) async fn calls(db: &mut Db, query: CallQuery) -> Result<Vec<CallRecord>, StoreError> {
    match query {
        CallQuery::Latest(limit) => db.rows(LATEST, vec![bounded(limit)], call).await,
        CallQuery::Trace(trace) => db.rows(OF_TRACE, vec![blob(trace), bounded(usize::MAX)], call).await,
    }
}

/// Calls that began before `before` and never ended.
pub(super) async fn orphans(db: &mut Db, before: Id) -> Result<Vec<CallRecord>, StoreError> {
    db.rows(ORPHANS, vec![Value::Integer(seq(before)), bounded(usize::MAX)], call).await
}

/// The last messages of a session, oldest first.
pub(super) async fn messages(db: &mut Db, session: &str, limit: usize) -> Result<Vec<Message>, StoreError> {
    let values = vec![Value::Text(session.to_owned()), bounded(limit)];
    let mut found = db.rows(MESSAGES, values, message).await?;
    found.reverse();
    Ok(found)
}

/// Messages that match an FTS5 expression made by `search::expression`, best first.
pub(super) async fn search(db: &mut Db, expression: &str, limit: usize) -> Result<Vec<Message>, StoreError> {
    db.rows(SEARCH, vec![Value::Text(expression.to_owned()), bounded(limit)], message).await
}

/// Messages that the word index does not hold yet, newest first.
pub(super) async fn not_indexed(db: &mut Db) -> Result<Vec<Message>, StoreError> {
    db.rows(NOT_INDEXED, vec![bounded(usize::MAX)], message).await
}

/// Every device's last state.
pub(super) async fn states(db: &mut Db) -> Result<Vec<DeviceState>, StoreError> {
    let mut all: Vec<DeviceState> = Vec::new();
    loop {
        let after = all.last().map_or_else(String::new, |s| s.entity.clone());
        let page = db.rows(STATES, vec![Value::Text(after)], state).await?;
        let full = page.len() == limits::STORE_ROWS;
        all.extend(page);
        if !full {
            return Ok(all);
        }
    }
}

/// The greatest id that was ever stored.
pub(super) async fn last_id(db: &mut Db) -> Result<Option<Id>, StoreError> {
    let rows = db.rows(LAST_ID, Vec::new(), |row| maybe_id_at(row, 0)).await?;
    Ok(rows.into_iter().next().flatten())
}

/// Day and bytes that the last run noted of its writing.
pub(super) async fn usage(db: &mut Db) -> Result<Option<(i64, u64)>, StoreError> {
    let rows = db.rows(USAGE, Vec::new(), |row| Ok((row.get::<Option<i64>>(0)?, row.get::<Option<i64>>(1)?))).await?;
    let noted = rows.into_iter().next().and_then(|(day, bytes)| Some((day?, u64::try_from(bytes?).ok()?)));
    Ok(noted)
}

fn bounded(limit: usize) -> Value {
    Value::Integer(i64::try_from(limit.min(limits::STORE_ROWS)).unwrap_or(1))
}

fn call(row: &Row) -> Result<CallRecord, libsql::Error> {
    let end = match row.get::<Option<i64>>(8)? {
        None => None,
        Some(outcome) => Some(CallEnd {
            outcome: outcome_word(outcome),
            detail: text_at(row, 9)?,
            took_us: row.get(10)?,
            ended_ms: row.get(11)?,
        }),
    };
    Ok(CallRecord {
        id: id_at(row, 0)?,
        tool: text_at(row, 1)?,
        principal: text_at(row, 2)?,
        trace: id_at(row, 3)?,
        args: text_at(row, 4)?,
        decision: Decision::from_word(&text_at(row, 5)?),
        reason: text_at(row, 6)?,
        began_ms: row.get(7)?,
        end,
    })
}

/// The word of a stored outcome.
pub(super) fn outcome_word(outcome: i64) -> &'static str {
    match u16::try_from(outcome) {
        Ok(0) => "ok",
        Ok(number) => Code::from_number(number).word(),
        Err(_) => Code::Internal.word(),
    }
}

pub(super) fn message(row: &Row) -> Result<Message, libsql::Error> {
    Ok(Message {
        id: id_at(row, 0)?,
        session: text_at(row, 1)?,
        role: Role::from_word(&text_at(row, 2)?),
        text: text_at(row, 3)?,
        trace: maybe_id_at(row, 4)?,
        at_ms: row.get(5)?,
    })
}

fn state(row: &Row) -> Result<DeviceState, libsql::Error> {
    let json = text_at(row, 1)?;
    let state = serde_json::from_str(&json).map_err(|e| libsql::Error::ToSqlConversionFailure(Box::new(e)))?;
    Ok(DeviceState { entity: text_at(row, 0)?, state, at_ms: row.get(2)?, source: text_at(row, 3)? })
}
