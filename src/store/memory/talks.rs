//! The conversations that are kept: which there are, and since when.

use libsql::Value;

use super::super::StoreError;
use super::super::db::{Db, text_at};
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
