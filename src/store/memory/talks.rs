//! The conversations that are kept: which there are, and since when.

use libsql::Value;

use super::super::db::{Db, text_at};
use super::super::{Message, StoreError, read};
use crate::base::limits;

/// One conversation.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Talk {
    /// Its key: the channel, and what the channel calls it.
    pub session: String,
    /// Who speaks there, as the channel knew it last.
    pub principal: String,
    /// Since when, in milliseconds since 1970.
    pub created_ms: i64,
    /// When something was last said.
    pub touched_ms: i64,
    /// How many messages it has.
    pub messages: i64,
}

const ALL: &str = "SELECT CAST(s.key AS BLOB), CAST(s.principal AS BLOB), s.created_ms, s.touched_ms,
    (SELECT count(*) FROM messages m WHERE m.session = s.id) FROM sessions s ORDER BY s.touched_ms DESC, s.id DESC LIMIT ?1";

const PAGE: &str =
    "SELECT m.id, CAST(s.key AS BLOB), CAST(m.role AS BLOB), CAST(m.text AS BLOB), m.trace, m.at_ms, m.seq
    FROM messages m JOIN sessions s ON s.id = m.session WHERE s.key = ?1 AND m.seq > ?2 ORDER BY m.seq LIMIT ?3";

/// Messages of a conversation behind a place, oldest first, with their places.
pub(super) async fn page(db: &mut Db, session: &str, after: i64) -> Result<Vec<(i64, Message)>, StoreError> {
    let most = i64::try_from(limits::STORE_ROWS).unwrap_or(1);
    let values = vec![Value::Text(session.to_owned()), Value::Integer(after), Value::Integer(most)];
    db.rows(PAGE, values, |row| Ok((row.get(6)?, read::message(row)?))).await
}

/// The conversations, the latest first.
pub(super) async fn all(db: &mut Db, limit: usize) -> Result<Vec<Talk>, StoreError> {
    let most = i64::try_from(limit.min(limits::STORE_ROWS)).unwrap_or(1);
    db.rows(ALL, vec![Value::Integer(most)], |row| {
        Ok(Talk {
            session: text_at(row, 0)?,
            principal: text_at(row, 1)?,
            created_ms: row.get(2)?,
            touched_ms: row.get(3)?,
            messages: row.get(4)?,
        })
    })
    .await
}
