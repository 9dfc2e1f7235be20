//! Numbered migrations, up and down, each in one transaction.
//!
//! A migration is scripts in `migrations/` for up and down, the last of which sets `user_version`. Published
//! files are never edited: `tests/data/store/v<n>.db` keeps a database of every version.

use super::db::Db;
use super::{Progress, StoreError};

/// One step of the schema: scripts that run one after the other.
struct Migration {
    up: &'static [&'static str],
    down: &'static [&'static str],
}

const MEMORIES_OF_2: &str = include_str!("migrations/0002_memories.table.sql");

/// Step `n` leads from version `n` to `n + 1`.
const MIGRATIONS: [Migration; 6] = [
    Migration {
        up: &[include_str!("migrations/0001_ground.up.sql")],
        down: &[include_str!("migrations/0001_ground.down.sql")],
    },
    Migration {
        up: &[MEMORIES_OF_2, include_str!("migrations/0002_memories.up.sql")],
        down: &[include_str!("migrations/0002_memories.down.sql")],
    },
    Migration {
        up: &[include_str!("migrations/0003_chain.up.sql")],
        down: &[include_str!("migrations/0003_chain.down.sql")],
    },
    Migration {
        up: &[include_str!("migrations/0004_recall.up.sql")],
        down: &[
            include_str!("migrations/0004_recall.down.sql"),
            MEMORIES_OF_2,
            include_str!("migrations/0004_recall.rows.sql"),
        ],
    },
    Migration {
        up: &[include_str!("migrations/0005_timers.up.sql")],
        down: &[include_str!("migrations/0005_timers.down.sql")],
    },
    Migration {
        up: &[include_str!("migrations/0006_cut.up.sql")],
        down: &[include_str!("migrations/0006_cut.down.sql")],
    },
];

/// The newest schema version.
pub const VERSION: u32 = 6;

const _: () = assert!(MIGRATIONS.len() == 6 && VERSION == 6, "VERSION is the number of migrations");

/// Written into the file's header («Hrth»), so that another program's database is recognised.
pub(super) const APPLICATION_ID: u32 = 0x4872_7468;

const MARK: &str = "PRAGMA application_id = 1215460456";

/// The version of an open database.
pub(super) async fn version(db: &mut Db) -> Result<u32, StoreError> {
    Ok(u32::try_from(db.number("PRAGMA user_version").await?).unwrap_or(0))
}

/// Brings the database to `target`, up or down, and reports each step before it runs.
pub(super) async fn to(db: &mut Db, target: u32, progress: &mut dyn FnMut(Progress)) -> Result<u32, StoreError> {
    let from = version(db).await?;
    if target > VERSION {
        let reason = format!("versions 0 to {VERSION} are known; nothing was changed");
        return Err(StoreError::Migration { from, to: target, reason });
    }
    let mut at = from;
    while at != target {
        let (next, scripts) =
            if at < target { (at + 1, step(at).map(|m| m.up)) } else { (at - 1, step(at - 1).map(|m| m.down)) };
        progress(Progress { from: at, to: next });
        let failed = |reason: String| StoreError::Migration { from: at, to: next, reason };
        let scripts = scripts.ok_or_else(|| failed(format!("versions 0 to {VERSION} are known")))?;
        run(db, scripts).await.map_err(|error| failed(error.to_string()))?;
        at = next;
    }
    if from != at {
        // So that the header itself carries the version, which is read before SQLite opens the file.
        db.batch("PRAGMA wal_checkpoint(TRUNCATE)").await?;
    }
    Ok(from)
}

fn step(index: u32) -> Option<&'static Migration> {
    MIGRATIONS.get(usize::try_from(index).ok()?)
}

async fn run(db: &Db, scripts: &[&str]) -> Result<(), StoreError> {
    db.batch("BEGIN IMMEDIATE").await?;
    for part in [&[MARK], scripts, &["COMMIT"]].concat() {
        if let Err(error) = db.batch(part).await {
            db.rollback().await;
            return Err(error);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_the_application_id() {
        assert!(MARK.ends_with(&APPLICATION_ID.to_string()));
    }
}
