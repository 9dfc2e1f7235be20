//! One SQLite connection with its settings and its prepared statements.
//!
//! Only fixed text of this module's siblings ever reaches `prepare`: values are always bound.

use std::cell::Cell;
use std::collections::HashMap;
use std::fs::{OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use libsql::{Builder, Connection, OpenFlags, Row, Statement, Value};

use super::{ChainHead, Options, StoreError};
use crate::base::{Id, limits};

/// Bytes of a database page. Fixed when the file is made; chosen by measurement, see `store`'s head.
pub(super) const PAGE_SIZE: &str = "PRAGMA page_size = 512";

/// Settings of every connection, in the order in which SQLite needs them.
const SETTINGS: [&str; 8] = [
    // The folder's lock admits one process, so the log's index can live on the heap: no -shm file.
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    // 1 MB of log between checkpoints.
    "PRAGMA wal_autocheckpoint = 2048",
    "PRAGMA cache_size = -1024",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
];

/// SQLITE_OPEN_EXRESCODE: also what a statement tells that runs inside another one (a check, the reading of the
/// schema) keeps its full code. A file that is too short is damage, a disk that refuses to read is not, and only
/// the full code tells them apart.
const EXTENDED_CODES: std::ffi::c_int = 0x0200_0000;

/// An open database.
pub(super) struct Db {
    connection: Connection,
    statements: HashMap<&'static str, Statement>,
    /// The last link of the open transaction, or of the file; unknown after a rollback.
    pub(super) chain: Cell<Option<ChainHead>>,
}

impl Db {
    /// Opens or creates the file for writing.
    pub(super) async fn open(path: &Path, options: &Options) -> Result<Self, StoreError> {
        own(path);
        let mut db = Self::connect(path, OpenFlags::default()).await?;
        db.batch(PAGE_SIZE).await?;
        for setting in SETTINGS {
            db.batch(setting).await?;
        }
        if !options.wait_for_disk {
            db.batch("PRAGMA synchronous = OFF").await?;
        }
        if let Some(pages) = options.max_pages {
            db.limit_pages(pages).await?;
        }
        // A write lock taken and given back shows here whether the disk takes writes.
        db.batch("BEGIN IMMEDIATE").await?;
        db.batch("COMMIT").await?;
        Ok(db)
    }

    /// Opens an existing file without ever writing to it, also on a disk where no log's index can be made.
    pub(super) async fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let log = PathBuf::from(format!("{}-wal", path.display()));
        let plain = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).await?;
        match plain.batch(TOUCH).await {
            Ok(()) => Ok(plain),
            // `immutable` does not read the log, so it must not be used where the log holds commits.
            Err(error) if log.metadata().is_ok_and(|m| m.len() > 0) => Err(error),
            Err(_) => Self::open_fixed(path).await,
        }
    }

    /// Opens a file that nobody changes and that has no log beside it: nothing is made next to it.
    pub(super) async fn open_fixed(path: &Path) -> Result<Self, StoreError> {
        let fixed = Self::connect(&immutable(path), OpenFlags::SQLITE_OPEN_READ_ONLY).await?;
        fixed.batch(TOUCH).await?;
        Ok(fixed)
    }

    /// Opens a damaged file to read what can be read of it, also where it ends before its pages do.
    pub(super) async fn open_damaged(path: &Path) -> Result<Self, StoreError> {
        // The pragma that lets SQLite go on where it would refuse the whole file.
        const GO_ON: &str = "PRAGMA writable_schema = ON";
        for name in [path.to_path_buf(), immutable(path)] {
            let plain = Self::connect(&name, OpenFlags::SQLITE_OPEN_READ_ONLY).await?;
            if plain.batch(GO_ON).await.is_ok() && plain.batch(TOUCH).await.is_ok() {
                return Ok(plain);
            }
            // `immutable` does not read the log.
            if PathBuf::from(format!("{}-wal", path.display())).metadata().is_ok_and(|m| m.len() > 0) {
                break;
            }
        }
        // Its log holds commits, which only a writer can read without shared memory.
        let writer = Self::connect(path, OpenFlags::default()).await?;
        for setting in ["PRAGMA locking_mode = EXCLUSIVE", GO_ON, TOUCH] {
            writer.batch(setting).await?;
        }
        Ok(writer)
    }

    /// An empty database in memory.
    pub(super) async fn open_memory() -> Result<Self, StoreError> {
        Self::connect(Path::new(":memory:"), OpenFlags::default()).await
    }

    async fn connect(path: &Path, flags: OpenFlags) -> Result<Self, StoreError> {
        let flags = flags | OpenFlags::from_bits_retain(EXTENDED_CODES);
        let connection = Builder::new_local(path).flags(flags).build().await?.connect()?;
        connection.busy_timeout(limits::STORE_BUSY)?;
        Ok(Self { connection, statements: HashMap::new(), chain: Cell::new(None) })
    }

    /// Holds the file at its present size plus `pages`, or lets it grow again with `u32::MAX`.
    pub(super) async fn limit_pages(&mut self, pages: u32) -> Result<(), StoreError> {
        // A pragma takes no bound value; a number cannot carry SQL.
        self.batch(&format!("PRAGMA max_page_count = {pages}")).await
    }

    /// Runs fixed statements without values.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), StoreError> {
        self.connection.execute_batch(sql).await?;
        Ok(())
    }

    async fn statement(&mut self, sql: &'static str) -> Result<&Statement, StoreError> {
        if !self.statements.contains_key(sql) {
            let statement = self.connection.prepare(sql).await?;
            self.statements.insert(sql, statement);
        }
        self.statements.get(sql).ok_or(StoreError::Closed)
    }

    /// Runs one statement; the number of rows that it changed.
    pub(super) async fn execute(&mut self, sql: &'static str, values: Vec<Value>) -> Result<usize, StoreError> {
        let statement = self.statement(sql).await?;
        let done = statement.execute(values).await;
        // A statement that is not reset keeps its lock and refuses new values.
        statement.reset();
        Ok(done?)
    }

    /// Reads rows, at most `limits::STORE_ROWS`.
    pub(super) async fn rows<T>(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
        read: impl Fn(&Row) -> Result<T, libsql::Error>,
    ) -> Result<Vec<T>, StoreError> {
        let statement = self.statement(sql).await?;
        let found = collect(statement, values, read).await;
        statement.reset();
        Ok(found?)
    }

    /// Reads the integer of a query with one row; 0 where it has none.
    pub(super) async fn number(&mut self, sql: &'static str) -> Result<i64, StoreError> {
        let rows = self.rows(sql, Vec::new(), |row| row.get::<Option<i64>>(0)).await?;
        Ok(rows.into_iter().next().flatten().unwrap_or(0))
    }

    /// Whether no transaction is open.
    pub(super) fn idle(&self) -> bool {
        self.connection.is_autocommit()
    }

    /// Ends an open transaction, if SQLite has not done so already.
    pub(super) async fn rollback(&self) {
        self.chain.set(None);
        if !self.idle()
            && let Err(error) = self.batch("ROLLBACK").await
        {
            tracing::warn!(%error, "a transaction could not be rolled back");
        }
    }
}

async fn collect<T>(
    statement: &Statement,
    values: Vec<Value>,
    read: impl Fn(&Row) -> Result<T, libsql::Error>,
) -> Result<Vec<T>, libsql::Error> {
    let mut rows = statement.query(values).await?;
    let mut found = Vec::new();
    while found.len() < limits::STORE_ROWS
        && let Some(row) = rows.next().await?
    {
        found.push(read(&row)?);
    }
    Ok(found)
}

/// Reads the schema, which is when SQLite first opens the file and its log.
const TOUCH: &str = "SELECT count(*) FROM sqlite_schema";

/// Makes the file this user's only, before SQLite makes it for everybody; its log takes the file's mode. A data
/// folder that somebody made beforehand is open to others. On a disk that refuses, opening tells why.
fn own(path: &Path) {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    if made.is_err() {
        let _refused = std::fs::set_permissions(path, Permissions::from_mode(0o600));
    }
}

/// The path as a URI that promises SQLite that nobody changes the file (sqlite.org/uri.html).
fn immutable(path: &Path) -> PathBuf {
    let mut uri = String::from("file:");
    for character in path.display().to_string().chars() {
        match character {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            other => uri.push(other),
        }
    }
    PathBuf::from(uri + "?immutable=1")
}

/// The blob of an id.
pub(super) fn blob(id: Id) -> Value {
    Value::Blob(id.bytes().to_vec())
}

/// The id in a blob column.
pub(super) fn id_at(row: &Row, column: i32) -> Result<Id, libsql::Error> {
    maybe_id_at(row, column)?.ok_or(libsql::Error::NullValue)
}

/// The text in a column that was selected as bytes; what damage made of it is shown, not refused.
pub(super) fn text_at(row: &Row, column: i32) -> Result<String, libsql::Error> {
    match row.get_value(column)? {
        Value::Null => Err(libsql::Error::NullValue),
        Value::Blob(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        _ => Err(libsql::Error::InvalidColumnType),
    }
}

/// The id in a blob column that may be NULL.
pub(super) fn maybe_id_at(row: &Row, column: i32) -> Result<Option<Id>, libsql::Error> {
    match row.get_value(column)? {
        Value::Null => Ok(None),
        Value::Blob(bytes) => Id::from_slice(&bytes).map(Some).ok_or(libsql::Error::InvalidBlobSize(16)),
        _ => Err(libsql::Error::InvalidColumnType),
    }
}

/// Microseconds, as far as they fit.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
