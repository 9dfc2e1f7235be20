//! The writes: what one change does to the tables.

use libsql::Value;

use super::db::{Db, blob, micros};
use super::keep::{self, Keep};
use super::memory::{self, near::Packed};
use super::policy::Kind;
use super::{BeginCall, ChainHead, DeviceState, EndCall, Role, StoreError, chain};
use crate::base::{Id, limits};

/// One change, complete with its id and time, so that it can be applied now or after a recovery.
#[derive(Clone, Debug)]
pub(super) enum Write {
    /// Begin of a call.
    Begin { id: Id, at_ms: i64, call: BeginCall },
    /// End of a call.
    End { id: Id, at_ms: i64, end: EndCall },
    /// A session used.
    Session { key: String, principal: String, channel: String, at_ms: i64 },
    /// A message.
    Message { id: Id, session: String, role: Role, text: String, trace: Option<Id>, at_ms: i64 },
    /// Device states.
    States(Vec<DeviceState>),
    /// What Hearth was asked to keep.
    Keep(Keep),
    /// Vectors of memories, by their places; only while the day's budget is spent.
    Vectors(Vec<(i64, Option<Packed>)>),
}

const BEGIN: &str = "INSERT INTO audit (seq, at_ms, call, tool, principal, trace, args, decision, reason, place, link)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

// No row without its begin: an end for an unknown call changes nothing.
const END: &str = "INSERT INTO audit (seq, at_ms, outcome, detail, took_us, place, link)
    SELECT ?1 + 1, ?2, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM audit WHERE seq = ?1 AND call = ?3)";

const SESSION: &str = "INSERT INTO sessions (key, principal, channel, created_ms, touched_ms)
    VALUES (?1, ?2, ?3, ?4, ?4)
    ON CONFLICT (key) DO UPDATE SET principal = ?2, channel = ?3, touched_ms = ?4";

const BARE_SESSION: &str = "INSERT INTO sessions (key, principal, channel, created_ms, touched_ms)
    VALUES (?1, '', '', ?2, ?2) ON CONFLICT (key) DO NOTHING";

const MESSAGE: &str = "INSERT INTO messages (id, session, role, text, trace, at_ms)
    SELECT ?1, sessions.id, ?3, ?4, ?5, ?6 FROM sessions WHERE key = ?2";

const STATE: &str = "INSERT INTO device_states (entity, state, at_ms, source) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (entity) DO UPDATE SET state = ?2, at_ms = ?3, source = ?4
    WHERE state <> ?2 OR source <> ?4 OR at_ms <> ?3";

impl Write {
    /// Its row in the policy table, as far as a grouped write goes.
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Begin { .. } => Kind::BeginIdempotent,
            Self::End { .. } => Kind::End,
            Self::Session { .. } => Kind::Session,
            Self::Message { .. } => Kind::Message,
            Self::States(_) => Kind::State,
            Self::Keep(Keep::SetTimer(_) | Keep::EndTimer(_)) => Kind::Timer,
            Self::Keep(_) => Kind::Item,
            Self::Vectors(_) => Kind::Vector,
        }
    }

    /// About how many bytes it takes in memory: its texts and what stands around them.
    pub(super) fn bytes(&self) -> usize {
        const FRAME: usize = 256;
        FRAME
            + match self {
                Self::Begin { call, .. } => {
                    call.tool.len() + call.principal.len() + call.args.len() + call.reason.len()
                }
                Self::End { end, .. } => end.detail.len(),
                Self::Session { key, principal, channel, .. } => key.len() + principal.len() + channel.len(),
                Self::Message { session, text, .. } => session.len() + text.len(),
                Self::States(states) => states.iter().map(|state| FRAME + state.state.to_string().len()).sum(),
                // Names and items are short by their own limits, and so are vectors.
                Self::Keep(_) => FRAME,
                Self::Vectors(vectors) => vectors.len() * 2 * FRAME,
            }
    }
}

/// Applies one change inside the open transaction.
pub(super) async fn apply(db: &mut Db, write: &Write) -> Result<(), StoreError> {
    match write {
        Write::Begin { id, at_ms, call } => begin(db, *id, *at_ms, call).await,
        Write::End { id, at_ms, end } => finish(db, *id, *at_ms, end).await,
        Write::Session { key, principal, channel, at_ms } => {
            let values = vec![text(key), text(principal), text(channel), Value::Integer(*at_ms)];
            db.execute(SESSION, values).await.map(drop)
        }
        Write::Message { id, session, role, text: words, trace, at_ms } => {
            let trace = trace.map_or(Value::Null, blob);
            let row = vec![blob(*id), text(session), text(role.word()), text(words), trace, Value::Integer(*at_ms)];
            if db.execute(MESSAGE, row.clone()).await? == 0 {
                db.execute(BARE_SESSION, vec![text(session), Value::Integer(*at_ms)]).await?;
                db.execute(MESSAGE, row).await?;
            }
            Ok(())
        }
        Write::Keep(change) => keep::apply(db, change).await,
        Write::Vectors(vectors) => memory::put_vectors(db, vectors).await,
        Write::States(states) => {
            for state in states {
                let json = text(&state.state.to_string());
                let values = vec![text(&state.entity), json, Value::Integer(state.at_ms), text(&state.source)];
                db.execute(STATE, values).await?;
            }
            Ok(())
        }
    }
}

async fn begin(db: &mut Db, id: Id, at_ms: i64, call: &BeginCall) -> Result<(), StoreError> {
    let columns = [
        Value::Integer(seq(id)),
        Value::Integer(at_ms),
        blob(id),
        cut(&call.tool),
        cut(&call.principal),
        blob(call.trace),
        cut(&call.args),
        text(call.decision.word()),
        cut(&call.reason),
        Value::Null,
        Value::Null,
        Value::Null,
    ];
    let link = chain::next(db, &columns).await?;
    let mut values = columns.to_vec();
    values.truncate(9);
    values.extend(linked(link));
    db.execute(BEGIN, values).await?;
    db.chain.set(Some(link));
    Ok(())
}

async fn finish(db: &mut Db, id: Id, at_ms: i64, end: &EndCall) -> Result<(), StoreError> {
    let outcome = end.outcome.map_or_else(crate::base::Code::number, |()| 0);
    let (outcome, detail, took) =
        (Value::Integer(i64::from(outcome)), cut(&end.detail), Value::Integer(micros(end.took)));
    let mut columns = [const { Value::Null }; 12];
    columns[0] = Value::Integer(seq(id) + 1);
    columns[1] = Value::Integer(at_ms);
    [columns[9], columns[10], columns[11]] = [outcome.clone(), detail.clone(), took.clone()];
    let link = chain::next(db, &columns).await?;
    let mut values = vec![Value::Integer(seq(id)), Value::Integer(at_ms), blob(id), outcome, detail, took];
    values.extend(linked(link));
    if db.execute(END, values).await? == 0 {
        return Err(StoreError::NotFound(format!("the begin record of call {id}")));
    }
    db.chain.set(Some(link));
    Ok(())
}

fn linked(head: ChainHead) -> [Value; 2] {
    [Value::Integer(head.place), Value::Blob(head.link.to_vec())]
}

/// The row of a call's begin record: 48 bits of milliseconds and 12 of counter, doubled.
///
/// Unique because `IdSource` gives each pair once; the row after it is the end record's.
pub(super) fn seq(id: Id) -> i64 {
    let b = id.bytes();
    let counter = (i64::from(b[6] & 0x0f) << 8) | i64::from(b[7]);
    ((id.millis() << 12) | counter) << 1
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

/// A text of an audit record, cut at its cap with a mark that it was.
fn cut(value: &str) -> Value {
    Value::Text(shorten(value))
}

/// At most `limits::AUDIT_TEXT_BYTES`, cut between characters.
pub(super) fn shorten(value: &str) -> String {
    if value.len() <= limits::AUDIT_TEXT_BYTES {
        return value.to_owned();
    }
    let end = value.floor_char_boundary(limits::AUDIT_TEXT_BYTES - '…'.len_utf8());
    format!("{}…", &value[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Clock, IdSource};

    #[test]
    fn rows_of_calls_are_even_and_grow_with_their_ids() {
        let ids = IdSource::after(Clock::system(), None);
        let rows: Vec<i64> = (0..10_000).map(|_| seq(ids.next())).collect();
        assert!(rows.iter().all(|row| row % 2 == 0 && *row > 0));
        assert!(rows.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_long_text_is_cut_between_characters_and_says_so() {
        let short = shorten(&"ä".repeat(1_000));
        assert!(short.len() <= limits::AUDIT_TEXT_BYTES && short.ends_with("ä…"), "{}", short.len());
        assert_eq!(shorten("lamp"), "lamp");
    }
}
