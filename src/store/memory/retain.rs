//! Retention: how long memories of a sector or an area are kept, and what goes when that is over.
//!
//! Counted from when a memory was stored, not from when its words were said: an import of old letters stays as long
//! as one of new ones. What is held stays, and so do the pieces of files that people keep in the data folder: those go
//! with their files. When a time is over is told by [`super::Lived`], not by the wall clock as it stands.

use libsql::Value;

use super::super::StoreError;
use super::super::commit::SET_META;
use super::super::worker::Worker;
use super::rows::count;
use super::{Area, Sector};
use crate::base::limits;

/// How many sectors there are; areas come behind them.
const SECTORS: usize = 4;
/// Sectors and areas.
const RULES: usize = 8;
const DAY_MS: i64 = 86_400_000;

/// For how many days memories of each sector and each area are kept; 0: for ever. The shorter time counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention([u32; RULES]);

impl Retention {
    /// Nothing goes by its age.
    pub const FOREVER: Self = Self([0; RULES]);

    /// The names of what can have a time.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Sector::ALL.iter().map(|sector| sector.word()).chain(Area::ALL.iter().map(|area| area.word()))
    }

    /// From days by the names; what is not named is kept for ever.
    #[must_use]
    pub fn of(days: impl Fn(&str) -> u32) -> Self {
        let mut rules = [0; RULES];
        for (rule, name) in rules.iter_mut().zip(Self::names()) {
            *rule = days(name);
        }
        Self(rules)
    }

    /// What has a time, with its days.
    pub fn rules(&self) -> impl Iterator<Item = (&'static str, u32)> + use<> {
        Self::names().zip(self.0).filter(|(_, days)| *days > 0)
    }
}

macro_rules! over {
    ($column:literal) => {
        concat!(
            "SELECT seq FROM memories WHERE ",
            $column,
            " = ?1 AND stored_ms <= ?2 AND seq <= ?3 AND held = 0
             AND NOT (person = '' AND chat = '' AND coalesce(ref, '') >= 'file/' AND coalesce(ref, '') < 'file0')
             ORDER BY seq LIMIT ?4"
        )
    };
}

const OF_SECTOR: &str = over!("sector");
const OF_AREA: &str = over!("area");
const REMOVED: &str = "SELECT value FROM meta WHERE key = ?1";

fn key(rule: &str) -> Value {
    Value::Text(format!("retention_{rule}"))
}

impl Worker {
    /// Forgets some of what was kept for its time, inside the open transaction, as if somebody had named it; how many
    /// went. Of the places up to `last`, by the time `upto_ms`.
    pub(super) async fn drop_over(
        &mut self,
        retention: Retention,
        upto_ms: i64,
        last: i64,
    ) -> Result<usize, StoreError> {
        let mut went = 0;
        for (at, (rule, days)) in Retention::names().zip(retention.0).enumerate() {
            if days == 0 {
                continue;
            }
            let before = upto_ms.saturating_sub(i64::from(days).saturating_mul(DAY_MS));
            let most = count(usize::try_from(limits::TIDY_ROWS).unwrap_or(1));
            let values = vec![Value::Text(rule.to_owned()), Value::Integer(before), Value::Integer(last), most];
            let sql = if at < SECTORS { OF_SECTOR } else { OF_AREA };
            let places = self.db.rows(sql, values, |row| row.get(0)).await?;
            let many = self.drop_told(places).await?;
            if many > 0 {
                let removed = self.removed(rule).await? + i64::try_from(many).unwrap_or(0);
                self.db.execute(SET_META, vec![key(rule), Value::Integer(removed)]).await?;
            }
            went += many;
        }
        Ok(went)
    }

    /// How many memories went by this rule so far.
    async fn removed(&mut self, rule: &str) -> Result<i64, StoreError> {
        Ok(self.db.rows(REMOVED, vec![key(rule)], |row| row.get(0)).await?.into_iter().next().unwrap_or(0))
    }

    /// How many memories went by each rule so far; those by which some went.
    pub(super) async fn retained(&mut self) -> Result<Vec<(&'static str, i64)>, StoreError> {
        let mut all = Vec::new();
        for rule in Retention::names() {
            let many = self.removed(rule).await?;
            if many > 0 {
                all.push((rule, many));
            }
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sectors_come_before_areas_and_none_is_left_out() {
        assert_eq!(Retention::names().count(), RULES);
        assert_eq!(Sector::ALL.len(), SECTORS);
        let some = Retention::of(|name| if name == "main" { 7 } else { 0 });
        assert_eq!(some.rules().collect::<Vec<_>>(), [("main", 7)]);
        assert_eq!(Retention::default().rules().count(), 0);
    }
}
