//! The chain of audit records: each carries a hash of itself and of the one before it.
//!
//! ```text
//! genesis = SHA-256("hearth audit chain 1", every record from before there was a chain)
//! link(n) = SHA-256(link(n - 1), n, the record's columns)
//! ```
//!
//! Places count from 1 in the order of writing, so that a removed record leaves a gap, and a changed or
//! moved one a link that does not fit. Whoever may write the file can make a whole new chain: the keeper,
//! which remembers the last head that it was shown, notices that, and records cut off at the end. Where records
//! were cut off the front because there were too many (`cut`), the chain begins with the link of the last of them.

use libsql::{Row, Value};
use sha2::{Digest, Sha256};

use super::db::Db;
use super::record::{ChainHead, ChainReport, ChainRow};
use super::{StoreError, Vouched, cut};
use crate::base::limits;

const COLUMNS: usize = 12;

const HEAD: &str = "SELECT place, link FROM audit WHERE place IS NOT NULL ORDER BY place DESC LIMIT 1";

const AT: &str = "SELECT link FROM audit WHERE place = ?1";

// Texts are read as bytes, as everywhere.
const CHAINED: &str = "SELECT place, link, seq, at_ms, call, CAST(tool AS BLOB), CAST(principal AS BLOB), trace,
    CAST(args AS BLOB), CAST(decision AS BLOB), CAST(reason AS BLOB), outcome, CAST(detail AS BLOB), took_us
    FROM audit WHERE place IS NOT NULL AND place > ?1 ORDER BY place";

const BEFORE: &str = "SELECT 0, NULL, seq, at_ms, call, CAST(tool AS BLOB), CAST(principal AS BLOB), trace,
    CAST(args AS BLOB), CAST(decision AS BLOB), CAST(reason AS BLOB), outcome, CAST(detail AS BLOB), took_us
    FROM audit WHERE place IS NULL AND seq > ?1 ORDER BY seq";

/// A record as it stands in the file.
struct Link {
    place: i64,
    link: Vec<u8>,
    seq: i64,
    bytes: Vec<u8>,
}

/// The head of the chain; `None` where nothing was chained yet.
pub(super) async fn head(db: &mut Db) -> Result<Option<ChainHead>, StoreError> {
    if let Some(known) = db.chain.get() {
        return Ok(Some(known));
    }
    let rows = db.rows(HEAD, Vec::new(), |row| Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?))).await?;
    let head = rows
        .into_iter()
        .next()
        .and_then(|(place, link)| Some(ChainHead { place, link: link.as_slice().try_into().ok()? }));
    db.chain.set(head);
    Ok(head)
}

/// The link at a place.
pub(super) async fn at(db: &mut Db, place: i64) -> Result<Option<ChainHead>, StoreError> {
    let rows = db.rows(AT, vec![Value::Integer(place)], |row| row.get::<Vec<u8>>(0)).await?;
    let link = rows.into_iter().next().and_then(|link| link.as_slice().try_into().ok());
    Ok(link.map(|link| ChainHead { place, link }))
}

/// The place and link of a record that is about to be written: its twelve columns in order.
pub(super) async fn next(db: &mut Db, columns: &[Value; COLUMNS]) -> Result<ChainHead, StoreError> {
    let (place, before) = match head(db).await? {
        Some(ChainHead { place, link }) => (place, link),
        None => (0, genesis(db).await?.0),
    };
    let place = place.saturating_add(1);
    Ok(ChainHead { place, link: link(&before, place, &encoded(columns)) })
}

/// Walks the chain up to a place; `vouched` is what the keeper remembers.
pub(super) async fn check(db: &mut Db, vouched: Option<Vouched>, upto: i64) -> Result<ChainReport, StoreError> {
    let cut = cut::place(db).await?;
    let (mut link_before, older) = match cut {
        Some(cut) => (cut.link, 0),
        None => genesis(db).await?,
    };
    let begin = cut.map_or(0, |cut| cut.place);
    let mut report = ChainReport { older, cut, ..ChainReport::default() };
    let let_go = vouched.and_then(|vouched| vouched.cut);
    if vouched.is_some() && (begin > let_go.map_or(0, |known| known.place) || differs(let_go, cut)) {
        let known = let_go.map_or(0, |known| known.place);
        report.fault = Some(format!(
            "records were cut off at the front: the chain begins after place {begin}, the keeper let go those up to {known}"
        ));
    }
    loop {
        let after = report.head.map_or(begin, |head| head.place);
        if after >= upto {
            return Ok(report);
        }
        let page = db.rows(CHAINED, vec![Value::Integer(after)], read).await?;
        if page.is_empty() {
            break;
        }
        for record in page {
            let expected = report.head.map_or(begin, |head| head.place) + 1;
            let right = link(&link_before, record.place, &record.bytes);
            let fault = if record.place != expected {
                Some(format!("a record was removed: after place {} comes {}", expected - 1, record.place))
            } else if record.link != right {
                Some(if expected == 1 {
                    "the first record of the chain does not fit: it, or one from before the chain, was changed"
                        .to_owned()
                } else {
                    format!("the record at place {expected} (row {}) was changed or moved", record.seq)
                })
            } else if [vouched.map(|vouched| vouched.head), let_go]
                .into_iter()
                .any(|known| differs(known, Some(ChainHead { place: record.place, link: right })))
            {
                Some(format!("the records up to place {expected} are not those that the keeper vouches for"))
            } else {
                None
            };
            if fault.is_some() {
                report.fault = report.fault.or(fault);
                return Ok(report);
            }
            report.records += 1;
            report.head = Some(ChainHead { place: record.place, link: right });
            link_before = right;
        }
    }
    let last = report.head.map_or(begin, |head| head.place);
    if let Some(head) = vouched.map(|vouched| vouched.head).filter(|head| head.place > last) {
        report.fault =
            Some(format!("records were cut off: the last is at place {last}, the keeper vouches for {}", head.place));
    }
    Ok(report)
}

/// Whether two links of the same place are not the same.
fn differs(known: Option<ChainHead>, found: Option<ChainHead>) -> bool {
    known.zip(found).is_some_and(|(known, found)| known.place == found.place && known.link != found.link)
}

/// What the first link is made from, and how many records stand before it.
async fn genesis(db: &mut Db) -> Result<([u8; 32], u64), StoreError> {
    let mut hash = Sha256::new();
    hash.update(b"hearth audit chain 1\n");
    let (mut after, mut count) = (i64::MIN, 0);
    loop {
        let page = db.rows(BEFORE, vec![Value::Integer(after)], read).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for record in &page {
            hash.update(&record.bytes);
            count += 1;
        }
    }
    Ok((hash.finalize().into(), count))
}

// Records from before the chain are named by their row, below zero and growing.
const PAGE: &str = "SELECT coalesce(place, seq - 9223372036854775807), link, seq, at_ms, hex(call),
    CAST(tool AS BLOB), CAST(principal AS BLOB), hex(trace), CAST(args AS BLOB), CAST(decision AS BLOB),
    CAST(reason AS BLOB), outcome, CAST(detail AS BLOB), took_us
    FROM audit WHERE coalesce(place, seq - 9223372036854775807) > ?1 ORDER BY 1 LIMIT ?2";

const NAMES: [&str; COLUMNS] = [
    "row",
    "at_ms",
    "call",
    "tool",
    "principal",
    "trace",
    "args",
    "decision",
    "reason",
    "outcome",
    "detail",
    "took_us",
];

/// Records in the order of the chain, after a place.
pub(super) async fn page(db: &mut Db, after: i64) -> Result<Vec<ChainRow>, StoreError> {
    let most = i64::try_from(limits::EXPORT_ROWS).unwrap_or(i64::MAX);
    db.rows(PAGE, vec![Value::Integer(after), Value::Integer(most)], shown).await
}

fn shown(row: &Row) -> Result<ChainRow, libsql::Error> {
    let mut record = serde_json::Map::new();
    for (name, column) in NAMES.iter().zip(2..) {
        let value = match row.get_value(column)? {
            Value::Null => continue,
            Value::Integer(number) => number.into(),
            Value::Text(text) if text.is_empty() => continue,
            Value::Text(text) => text.to_lowercase().into(),
            Value::Blob(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
            Value::Real(number) => number.into(),
        };
        record.insert((*name).to_owned(), value);
    }
    let link = match row.get_value(1)? {
        Value::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        _ => String::new(),
    };
    Ok(ChainRow { place: row.get(0)?, link, record })
}

fn link(before: &[u8; 32], place: i64, record: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(place.to_be_bytes());
    hash.update(record);
    hash.finalize().into()
}

/// Each column with its kind and length before it, so that no two records have the same bytes.
fn encoded(columns: &[Value]) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    for column in columns {
        match column {
            Value::Null => out.push(0),
            Value::Integer(number) => {
                out.push(1);
                out.extend(number.to_be_bytes());
            }
            Value::Real(number) => {
                out.push(2);
                out.extend(number.to_be_bytes());
            }
            Value::Text(text) => sized(&mut out, text.as_bytes()),
            Value::Blob(bytes) => sized(&mut out, bytes),
        }
    }
    out
}

fn sized(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(3);
    out.extend(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
    out.extend(bytes);
}

fn read(row: &Row) -> Result<Link, libsql::Error> {
    let mut columns = Vec::with_capacity(COLUMNS);
    for column in 2..14 {
        columns.push(row.get_value(column)?);
    }
    let link = match row.get_value(1)? {
        Value::Blob(bytes) => bytes,
        _ => Vec::new(),
    };
    Ok(Link { place: row.get(0)?, link, seq: row.get(2)?, bytes: encoded(&columns) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_differ_have_different_bytes() {
        let text = |text: &str| Value::Text(text.to_owned());
        assert_ne!(encoded(&[text("ab"), text("c")]), encoded(&[text("a"), text("bc")]));
        assert_ne!(encoded(&[Value::Null, text("")]), encoded(&[text(""), Value::Null]));
        assert_ne!(link(&[0; 32], 1, b"x"), link(&[0; 32], 2, b"x"));
        assert_eq!(encoded(&[text("ab")]), encoded(&[Value::Blob(b"ab".to_vec())]), "texts are read as bytes");
    }
}
