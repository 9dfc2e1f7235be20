//! Care of the file: check it, copy it while it is used, make it smaller, put a copy in its place.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::db::Db;
use super::error::Severity;
use super::worker::Worker;
use super::{DataFolder, Store, StoreError, VERSION, check, migrate, open, search, worker};
use crate::base::Clock;

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Backup {
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Records that wait in memory because the disk takes no writes: they are not in it.
    #[serde(default)]
    pub missing: usize,
}

/// What compacting gained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Compacted {
    /// Bytes before.
    pub before: u64,
    /// Bytes after.
    pub after: u64,
}

/// Where a restored database came from, and where the one before it went.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Restored {
    /// Schema version of the restored file; an older one is brought up at the next start.
    pub version: u32,
    /// The database that was there before, if any.
    pub before: Option<PathBuf>,
}

/// The file as its header tells it, without opening the database.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Look {
    /// The file.
    pub path: PathBuf,
    /// Schema version in it; 0 where there is no file yet.
    pub version: u32,
    /// The newest version that this Hearth knows.
    pub known: u32,
    /// Size of the database, bytes.
    pub bytes: u64,
    /// Size of the write-ahead log, bytes.
    pub log_bytes: u64,
}

// libsql keeps its vector indexes in shadow tables that VACUUM copies wrongly (libsql 0.10, measured).
const VECTOR_INDEXES: &str = "SELECT count(*) FROM sqlite_schema
    WHERE name = 'libsql_vector_meta_shadow' OR sql LIKE '%libsql_vector_idx%'";

impl Store {
    /// Reads everything and tells every fault, at most twenty; none where the database is sound.
    ///
    /// # Errors
    /// [`StoreError::Degraded`], [`StoreError::Full`], [`StoreError::Closed`], what SQLite says.
    pub async fn check(&self) -> Result<Vec<String>, StoreError> {
        self.ask(worker::Request::Check).await
    }

    /// Copies the database into a new file, with everything acknowledged so far; other requests wait meanwhile. Also from
    /// a disk that takes no writes, where its log is empty: what waits in memory is then counted, and not in it.
    ///
    /// # Errors
    /// [`StoreError::File`] where the file exists or cannot be written; it is then not there.
    pub async fn backup(&self, to: PathBuf) -> Result<Backup, StoreError> {
        self.ask(|reply| worker::Request::Backup(to, reply)).await
    }

    /// Makes the file as small as its rows; other requests wait meanwhile. Writes the file twice, so: rarely.
    ///
    /// # Errors
    /// [`StoreError::VectorIndex`]; [`StoreError::Degraded`] where the disk has no room: nothing has changed then.
    pub async fn compact(&self) -> Result<Compacted, StoreError> {
        self.ask(worker::Request::Compact).await
    }
}

impl Worker {
    pub(super) async fn check(&mut self) -> Result<Vec<String>, StoreError> {
        self.flush().await?;
        faults(&mut self.db).await
    }

    pub(super) async fn backup(&mut self, to: &Path) -> Result<Backup, StoreError> {
        let database = self.folder.database();
        match self.flush().await {
            // All of the log goes into the file; nobody else writes while this thread copies it.
            Ok(()) => self.db.batch("PRAGMA wal_checkpoint(TRUNCATE)").await?,
            // A card that takes no writes any more is one to take a copy of: the file is whole where no log is.
            Err(StoreError::Degraded(_)) if length(&log_of(&database)) == 0 => {}
            Err(error) => return Err(error),
        }
        let wrong = |source| StoreError::File { path: to.to_path_buf(), source };
        copy(&database, to).map_err(wrong)?;
        if let Some(fault) = faults_of_copy(to).await?.first() {
            drop(fs::remove_file(to));
            return Err(StoreError::Sql { code: 11, message: format!("the copy is not sound: {fault}") });
        }
        Ok(Backup { path: to.to_path_buf(), bytes: length(to), missing: self.ring.len() })
    }

    pub(super) async fn compact(&mut self) -> Result<Compacted, StoreError> {
        self.flush().await?;
        let path = self.folder.database();
        let before = length(&path);
        if self.db.number(VECTOR_INDEXES).await? > 0 {
            return Err(StoreError::VectorIndex);
        }
        for step in ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"] {
            if let Err(error) = self.db.batch(step).await {
                self.refused(&error).await;
                return Err(error);
            }
        }
        Ok(Compacted { before, after: length(&path) })
    }
}

/// Every fault of an open database; brings the words up to date first, so that they can be compared.
async fn faults(db: &mut Db) -> Result<Vec<String>, StoreError> {
    if migrate::version(db).await? == VERSION {
        db.execute(search::INDEX_REST, Vec::new()).await?;
        return check::faults(db).await;
    }
    check::pages(db).await
}

async fn faults_of_copy(path: &Path) -> Result<Vec<String>, StoreError> {
    check::pages(&mut Db::open_fixed(path).await?).await
}

/// Reads the header of the folder's database.
///
/// # Errors
/// [`StoreError::Foreign`], [`StoreError::Newer`].
pub fn look(folder: &DataFolder) -> Result<Look, StoreError> {
    let path = folder.database();
    let version = open::version_of(&path)?;
    Ok(Look { version, known: VERSION, bytes: length(&path), log_bytes: length(&log_of(&path)), path })
}

/// Checks the folder's database where no store has it open; a damaged one is left where it is.
///
/// # Errors
/// What opening meets.
pub fn check_closed(folder: &DataFolder) -> Result<Vec<String>, StoreError> {
    block(async {
        let path = folder.database();
        open::version_of(&path)?;
        if !path.exists() {
            return Ok(Vec::new());
        }
        let told = match Db::open(&path, &super::Options::default()).await {
            Ok(mut db) => faults(&mut db).await,
            // A disk that takes no writes is no damage: the pages can be read all the same.
            Err(error) if error.severity() == Severity::Disk => {
                check::pages(&mut Db::open_read_only(&path).await?).await
            }
            Err(error) => Err(error),
        };
        match told {
            Err(error) if error.severity() != Severity::Disk => Ok(vec![error.to_string()]),
            told => told,
        }
    })
}

/// Puts a backup in the place of the folder's database, which is kept beside it under another name.
///
/// At every instant the folder holds a whole database under its name: the old one or the new one.
///
/// # Errors
/// [`StoreError::File`], [`StoreError::Newer`], [`StoreError::Foreign`], [`StoreError::Sql`] for a backup that is
/// not sound: then nothing has changed.
pub fn restore(folder: &DataFolder, from: &Path, clock: &Clock) -> Result<Restored, StoreError> {
    let wrong = |path: &Path| {
        let path = path.to_path_buf();
        move |source| StoreError::File { path, source }
    };
    File::open(from).map_err(wrong(from))?;
    let version = open::version_of(from)?;
    if version == 0 {
        return Err(StoreError::Sql { code: 26, message: format!("{} is no backup of Hearth", from.display()) });
    }
    let unsound = match block(faults_of_copy(from)) {
        Ok(faults) => faults.into_iter().next(),
        Err(error) => Some(error.to_string()),
    };
    if let Some(fault) = unsound {
        let message = format!("{} is not sound: {fault}; nothing was changed", from.display());
        return Err(StoreError::Sql { code: 11, message });
    }
    let path = folder.database();
    let beside = |suffix: String| PathBuf::from(format!("{}{suffix}", path.display()));
    let coming = beside(".restoring".into());
    drop(fs::remove_file(&coming));
    copy(from, &coming).map_err(wrong(&coming))?;
    let mut before = None;
    if path.exists() {
        // What its log holds goes into the file; where that fails the log goes aside with it.
        block(async {
            if let Ok(db) = Db::open(&path, &super::Options::default()).await {
                drop(db.batch("PRAGMA wal_checkpoint(TRUNCATE)").await);
            }
        });
        let kept = beside(format!(".before-restore-{}", clock.wall_ms()));
        // A card without links (FAT) gets a copy, on the disk before the file itself is replaced.
        fs::hard_link(&path, &kept).or_else(|_| copy(&path, &kept)).map_err(wrong(&kept))?;
        before = Some(kept);
    }
    // A log of the old file beside the new one would be taken for its own.
    for companion in ["-wal", "-shm", "-journal"] {
        let old = beside(companion.to_owned());
        if old.exists() {
            let aside = before.clone().unwrap_or_else(|| beside(".old".into()));
            let kept = PathBuf::from(format!("{}{companion}", aside.display()));
            fs::rename(&old, &kept).map_err(wrong(&kept))?;
        }
    }
    fs::rename(&coming, &path).map_err(wrong(&path))?;
    File::open(folder.path()).and_then(|folder| folder.sync_all()).map_err(wrong(folder.path()))?;
    Ok(Restored { version, before })
}

/// Copies into a new file of this user only, flushed with its name; a copy that fails is removed.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let done = io::copy(&mut source, &mut target)
        .and_then(|_| target.sync_all())
        .and_then(|()| File::open(folder)?.sync_all());
    if done.is_err() {
        drop(fs::remove_file(to));
    }
    done
}

/// The write-ahead log of a database.
fn log_of(database: &Path) -> PathBuf {
    PathBuf::from(format!("{}-wal", database.display()))
}

fn length(path: &Path) -> u64 {
    path.metadata().map_or(0, |m| m.len())
}

fn block<T>(future: impl Future<Output = T>) -> T {
    // libsql never waits for the executor: it blocks.
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut future = std::pin::pin!(future);
    loop {
        if let std::task::Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
        std::thread::yield_now();
    }
}
