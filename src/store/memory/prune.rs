//! What goes to keep memory within its budget, and what is said twice made one.

use libsql::Value;

use super::super::StoreError;
use super::super::worker::Worker;
use super::{Retention, around, rows};

/// Who says that the time of a memory has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The wall clock, once it has said so all through a week of running time: what goes by itself.
    Surely,
    /// The wall clock as it stands: a person who asks for it.
    Now,
}

/// How much may be kept; what is held counts, and stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Memories.
    pub rows: usize,
    /// Bytes of their texts.
    pub bytes: i64,
    /// What counts as ended.
    pub ended: Ended,
    /// For how long what has no end of its own is kept.
    pub retention: Retention,
}

// The best first: not replaced, important, new. What comes behind the budget goes.
const OVER_BYTES: &str = "SELECT seq FROM (SELECT seq, held, sum(octet_length(text)) OVER
        (ORDER BY held DESC, replaced_by IS NOT NULL, importance DESC, seq DESC) AS total FROM memories)
    WHERE total > ?1 AND held = 0 LIMIT ?2";

// The newest of those that say the same stays; the others are its history. What is held is left alone.
const MERGE: &str = "UPDATE memories SET replaced_by = (SELECT max(n.seq) FROM memories n
        WHERE n.hash = memories.hash AND n.person = memories.person AND n.chat = memories.chat AND n.replaced_by IS NULL)
    WHERE held = 0 AND replaced_by IS NULL AND EXISTS (SELECT 1 FROM memories n WHERE n.hash = memories.hash
        AND n.person = memories.person AND n.chat = memories.chat AND n.replaced_by IS NULL AND n.seq > memories.seq)";

impl Worker {
    /// Forgets what has ended and what is over the budget, a page of it; how many went.
    pub(super) async fn prune(&mut self, budget: Budget, now_ms: i64) -> Result<usize, StoreError> {
        self.ready().await?;
        let done = self.drop_surplus(budget, now_ms).await;
        let went = self.durable(done).await?;
        self.lived.noted();
        Ok(went)
    }

    async fn drop_surplus(&mut self, budget: Budget, now_ms: i64) -> Result<usize, StoreError> {
        let surely = self.lived.look(&self.clock);
        let known = self.lived.note(&mut self.db).await?;
        let (upto, last) = match budget.ended {
            Ended::Surely => (surely, known),
            Ended::Now => (now_ms, i64::MAX),
        };
        let ended = rows::ended(&mut self.db, upto).await?;
        let mut went = self.drop_told(ended).await?;
        // What time it surely is moves once a week, so that there is seldom anything new to look at.
        if budget.ended == Ended::Now || self.kept_by != Some((upto, last, budget.retention)) {
            let over = self.drop_over(budget.retention, upto, last).await?;
            self.kept_by = (over == 0).then_some((upto, last, budget.retention));
            went += over;
        }
        let stats = rows::stats(&mut self.db).await?;
        let over = usize::try_from(stats.memories).unwrap_or(0).saturating_sub(budget.rows);
        if over > 0 {
            let places = rows::surplus(&mut self.db, over).await?;
            went += self.drop_places(places).await?;
        }
        if stats.text_bytes > budget.bytes {
            let values = vec![Value::Integer(budget.bytes), rows::count(usize::MAX)];
            let places = self.db.rows(OVER_BYTES, values, |row| row.get(0)).await?;
            went += self.drop_places(places).await?;
        }
        Ok(went)
    }

    /// Forgets what is not held among these, and the vectors that were made together with their words.
    pub(super) async fn drop_told(&mut self, places: Vec<i64>) -> Result<usize, StoreError> {
        for seq in &places {
            for behind in around::followers(&mut self.db, *seq).await? {
                rows::drop_vector(&mut self.db, behind).await?;
                self.shelf.resident.remove(behind);
            }
        }
        self.drop_places(places).await
    }

    async fn drop_places(&mut self, places: Vec<i64>) -> Result<usize, StoreError> {
        let mut went = 0;
        for seq in places {
            went += usize::from(rows::forget(&mut self.db, seq).await?);
            self.shelf.resident.remove(seq);
        }
        Ok(went)
    }

    /// Makes what was kept twice under several names one; how many became history.
    pub(super) async fn merge(&mut self) -> Result<usize, StoreError> {
        self.ready().await?;
        let done = self.db.execute(MERGE, Vec::new()).await;
        self.shelf.clear();
        self.durable(done).await
    }
}
