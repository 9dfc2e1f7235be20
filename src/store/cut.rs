//! The audit is full: records are cut off the front of the chain, where the keeper agrees.
//!
//! The place of the cut and its link stay in the file, so that the chain begins there. Whoever may write the
//! file can do the same, so the keeper remembers each cut that it was asked for, lets nobody cut off the last
//! `limits::AUDIT_LEFT` records, and a chain that begins anywhere else does not fit ([`Vouched`]).

use libsql::Value;

use super::db::Db;
use super::worker::{Request, Worker};
use super::{ChainHead, Store, StoreError, chain};
use crate::base::limits;

/// What the keeper remembers of the chain.
#[derive(Clone, Copy, Debug)]
pub struct Vouched {
    /// The last head that it was shown.
    pub head: ChainHead,
    /// The last record that it let go; `None` where it let none go.
    pub cut: Option<ChainHead>,
}

/// Records that should go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CutDue {
    /// The last of them.
    pub upto: ChainHead,
    /// There are twice as many as may be: they go though no keeper can be asked.
    pub urgent: bool,
}

const CUT: &str = "SELECT place, link FROM audit_cut";
const SET_CUT: &str = "INSERT INTO audit_cut (one, place, link, at_ms) VALUES (1, ?1, ?2, ?3)
    ON CONFLICT (one) DO UPDATE SET place = ?1, link = ?2, at_ms = ?3 WHERE place < ?1";
// A call that has not ended keeps its begin, and what came after it.
const UNENDED: &str = "SELECT min(b.place) FROM audit b WHERE b.place <= ?1 AND b.seq % 2 = 0
    AND NOT EXISTS (SELECT 1 FROM audit e WHERE e.seq = b.seq + 1)";
const FIRST: &str = "SELECT 0 FROM (SELECT place FROM audit ORDER BY seq LIMIT 1) WHERE place IS NULL
    UNION ALL SELECT place FROM (SELECT place FROM audit WHERE place IS NOT NULL ORDER BY place LIMIT 1)";
// Records from before the chain stand before all others.
const BYTES: &str = "SELECT coalesce(sum(coalesce(octet_length(tool) + octet_length(principal) + octet_length(args)
    + octet_length(reason), octet_length(detail))), 0) FROM audit WHERE seq IN
    (SELECT seq FROM audit WHERE place <= ?1 OR place IS NULL ORDER BY seq LIMIT ?2)";
const DELETE: &str = "DELETE FROM audit WHERE seq IN
    (SELECT seq FROM audit WHERE place <= ?1 OR place IS NULL ORDER BY seq LIMIT ?2)";

/// Where the chain begins: the last record that was cut off.
pub(super) async fn place(db: &mut Db) -> Result<Option<ChainHead>, StoreError> {
    let rows = db.rows(CUT, Vec::new(), |row| Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?))).await?;
    let row = rows.into_iter().next();
    Ok(row.and_then(|(place, link)| Some(ChainHead { place, link: link.as_slice().try_into().ok()? })))
}

impl Store {
    /// The audit records that should go, where there are too many.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Closed`], what SQLite says.
    pub async fn cut_due(&self) -> Result<Option<CutDue>, StoreError> {
        self.ask(Request::CutDue).await
    }

    /// The last record that was cut off.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Closed`], what SQLite says.
    pub async fn chain_cut(&self) -> Result<Option<ChainHead>, StoreError> {
        self.ask(Request::ChainCut).await
    }

    /// Lets the records up to this one go, durably; they are deleted beside the work.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where the record at that place is another one; as for a durable write.
    pub async fn cut_chain(&self, upto: ChainHead) -> Result<(), StoreError> {
        self.ask(|reply| Request::CutChain(upto, reply)).await
    }
}

impl Worker {
    pub(super) async fn cut_due(&mut self) -> Result<Option<CutDue>, StoreError> {
        let (Some(head), start) = (chain::head(&mut self.db).await?, place(&mut self.db).await?) else {
            return Ok(None);
        };
        let start = start.map_or(0, |cut| cut.place);
        let caps = &self.options.caps;
        let (rows, bytes) = (head.place - start, self.tidy.audit.bytes);
        if self.status.degraded.is_some() || (rows <= caps.audit && bytes <= caps.audit_bytes) {
            return Ok(None);
        }
        let urgent = rows > caps.audit.saturating_mul(2) || bytes > caps.audit_bytes.saturating_mul(2);
        let over = (rows - caps.audit).max(0) + rows / 8;
        let wanted = start.saturating_add(over).min(head.place - 1);
        let unended = self.db.rows(UNENDED, vec![Value::Integer(wanted)], |row| row.get::<Option<i64>>(0)).await?;
        let upto = unended.into_iter().next().flatten().map_or(wanted, |place| wanted.min(place - 1));
        if upto <= start {
            return Ok(None);
        }
        Ok(chain::at(&mut self.db, upto).await?.map(|upto| CutDue { upto, urgent }))
    }

    pub(super) async fn cut_chain(&mut self, upto: ChainHead) -> Result<(), StoreError> {
        self.flush().await?;
        if place(&mut self.db).await?.is_some_and(|cut| cut.place >= upto.place) {
            return Ok(());
        }
        if chain::at(&mut self.db, upto.place).await? != Some(upto) {
            return Err(StoreError::NotFound(format!("the audit record at place {} with that link", upto.place)));
        }
        let begun = self.begin().await;
        self.noticed(begun).await?;
        let at_ms = Value::Integer(self.clock.wall_ms());
        let values = vec![Value::Integer(upto.place), Value::Blob(upto.link.to_vec()), at_ms];
        let set = self.db.execute(SET_CUT, values).await.map(drop);
        self.noticed(set).await?;
        self.commit().await?;
        tracing::warn!(place = upto.place, "the audit is full; the records up to here are cut off its front");
        self.tidy.at = std::time::Instant::now();
        Ok(())
    }

    /// Whether there are records before the cut.
    pub(super) async fn cut_waits(&mut self) -> Result<bool, StoreError> {
        let Some(cut) = place(&mut self.db).await? else { return Ok(false) };
        let first = self.db.rows(FIRST, Vec::new(), |row| row.get::<i64>(0)).await?;
        Ok(first.iter().any(|place| *place <= cut.place))
    }

    /// Deletes one batch of what stands before the cut.
    pub(super) async fn drop_cut(&mut self) -> Result<(), StoreError> {
        let Some(cut) = place(&mut self.db).await? else { return Ok(()) };
        let batch = || vec![Value::Integer(cut.place), Value::Integer(limits::TIDY_ROWS)];
        let bytes = self.db.rows(BYTES, batch(), |row| row.get::<i64>(0)).await?.into_iter().next().unwrap_or(0);
        let rows = self.db.execute(DELETE, batch()).await?;
        self.tidy.audit.less(i64::try_from(rows).unwrap_or(0), bytes);
        self.status.pruned += u64::try_from(rows).unwrap_or(0);
        Ok(())
    }
}
