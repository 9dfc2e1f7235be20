//! What can go wrong in the store, in a person's words.

use std::path::PathBuf;

use crate::base::{Code, Fault};

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data folder cannot be made or opened.
    #[error("data folder {path}: {source}; choose a folder that this user may write, or create it")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// Another process has the folder.
    #[error("data folder {path} is in use by process {holder}; stop it, or talk to it with `hearth status`")]
    Locked {
        /// The folder.
        path: PathBuf,
        /// The process id that the lock file names, or «unknown».
        holder: String,
    },
    /// The path cannot be handed to SQLite.
    #[error("data folder {0:?}: the path is not UTF-8; choose another")]
    Path(PathBuf),
    /// A later version of Hearth wrote the file; it was not touched.
    #[error(
        "{path} was written by a newer Hearth (schema {found}; this one knows {known}); update, or restore a backup"
    )]
    Newer {
        /// The database file.
        path: PathBuf,
        /// The version in the file.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// The file is a database, but not ours; it was not touched.
    #[error("{0} is a database of another program; move it away or choose another data folder")]
    Foreign(PathBuf),
    /// A migration failed and was rolled back.
    #[error("schema {from} to {to} failed and was rolled back: {reason}")]
    Migration {
        /// The version before.
        from: u32,
        /// The version wanted.
        to: u32,
        /// SQLite's words.
        reason: String,
    },
    /// Memories that would replace each other.
    #[error("memory {1} was itself replaced by {0}, so it cannot replace it")]
    Circle(String, String),
    /// The disk refuses writes: nothing can be made durable now.
    #[error("the disk refuses writes ({0}); nothing durable can be written until it recovers")]
    Degraded(String),
    /// The queue of the store is full.
    #[error("the store has {0} requests waiting and takes no more; try again")]
    Full(usize),
    /// The store's thread has ended.
    #[error("the store is closed")]
    Closed,
    /// A value is longer than its cap.
    #[error("{what} is {bytes} bytes; at most {limit} are stored")]
    TooLong {
        /// What was to be stored.
        what: &'static str,
        /// Its length.
        bytes: usize,
        /// The cap.
        limit: usize,
    },
    /// The thing named is not stored.
    #[error("{0} is not stored")]
    NotFound(String),
    /// A memory under a hold is not forgotten.
    #[error("memory {0} is under a hold; lift it first (`hearth memory hold {0} --off`)")]
    Held(String),
    /// SQLite refused a statement.
    #[error("database: {message} (SQLite code {code})")]
    Sql {
        /// The extended result code.
        code: i32,
        /// SQLite's words.
        message: String,
    },
    /// Compacting would damage a vector index.
    #[error("the database has a libsql vector index, which VACUUM would damage; drop the index, then compact")]
    VectorIndex,
    /// A file that was named cannot be read or made.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// The store's thread could not be made.
    #[error("the store's thread did not start: {0}")]
    Thread(std::io::Error),
}

/// What an SQLite failure means for the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    /// This statement only.
    Statement,
    /// The disk refuses; the data that is there is fine.
    Disk,
    /// The file is damaged.
    Corrupt,
}

impl StoreError {
    /// The fixed code for process edges.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::TooLong { .. } => Code::BadInput,
            Self::NotFound(_) => Code::NotFound,
            Self::Full(_) => Code::Full,
            Self::Locked { .. } | Self::Degraded(_) | Self::Closed => Code::Unavailable,
            Self::Folder { .. } | Self::File { .. } | Self::Path(_) | Self::Thread(_) => Code::System,
            Self::Newer { .. } | Self::Foreign(_) | Self::Held(_) | Self::VectorIndex | Self::Circle(..) => {
                Code::Refused
            }
            Self::Migration { .. } | Self::Sql { .. } => Code::Internal,
        }
    }

    /// How far the failure reaches, by SQLite's primary result code (sqlite.org/rescode.html).
    pub(super) const fn severity(&self) -> Severity {
        match self {
            // SQLITE_IOERR_SHORT_READ and SQLITE_IOERR_CORRUPTFS: the file ends before its pages do.
            Self::Sql { code: 522 | 8458, .. } => Severity::Corrupt,
            Self::Sql { code, .. } => match *code & 0xff {
                5 | 6 | 7 | 8 | 10 | 13 | 14 | 15 => Severity::Disk,
                11 | 26 => Severity::Corrupt,
                _ => Severity::Statement,
            },
            Self::Degraded(_) => Severity::Disk,
            _ => Severity::Statement,
        }
    }
}

impl From<libsql::Error> for StoreError {
    fn from(error: libsql::Error) -> Self {
        match error {
            libsql::Error::SqliteFailure(code, message) => Self::Sql { code, message },
            // libsql gives the code of a failed open only inside its sentence; 14 is SQLITE_CANTOPEN.
            libsql::Error::ConnectionFailed(message) => Self::Sql { code: 14, message },
            other => Self::Sql { code: 1, message: other.to_string() },
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}
