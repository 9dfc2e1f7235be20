//! Opening: sound file, new file, damaged file, read-only disk, a newer Hearth's file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::check;
use super::db::Db;
use super::error::Severity;
use super::migrate::{self, APPLICATION_ID, VERSION};
use super::salvage::{self, Aside};
use super::{DataFolder, Opened, Options, Progress, StoreError};
use crate::base::{Clock, limits};

/// First bytes of every SQLite file (sqlite.org/fileformat2.html 1.3).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Opens the folder's database as well as it can be opened.
///
/// # Errors
/// Only where going on would harm: a newer or foreign file, a failed migration.
pub(super) async fn open(
    folder: &DataFolder,
    clock: &Clock,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Db, Opened), StoreError> {
    let path = folder.database();
    if let Some(aside) = Aside::begun(&path) {
        tracing::warn!("a start was ended while it set a damaged database aside; it is gone on with");
        return renew(&path, options, progress, Ok(aside)).await;
    }
    let header = header(&path)?;
    match attempt(&path, options, progress).await {
        Ok(found) => Ok(found),
        Err(error) if damaged(&error) || header == Header::Garbage => {
            tracing::error!(%error, "the database is damaged; it is moved away and a new one made");
            let begun = Aside::begin(&path, clock).map_err(|refused| unmoved(&error, &refused));
            renew(&path, options, progress, begun).await
        }
        Err(error) if error.severity() == Severity::Disk => degraded(&path, &error, progress).await,
        Err(error) => Err(error),
    }
}

/// SQLITE_ERROR is damage too here: the statements of opening are ours and fit the version that the file
/// states, so a schema that they do not fit is not the one that was written.
fn damaged(error: &StoreError) -> bool {
    error.severity() == Severity::Corrupt || matches!(error, StoreError::Sql { code, .. } if code & 0xff == 1)
}

/// Opens the file only to change its version; nothing is quarantined or held in memory here.
pub(super) async fn migrate(
    folder: &DataFolder,
    version: u32,
    progress: &mut dyn FnMut(Progress),
) -> Result<u32, StoreError> {
    let path = folder.database();
    header(&path)?;
    let mut db = Db::open(&path, &Options::default()).await?;
    check::whole(&mut db).await?;
    migrate::to(&mut db, version, progress).await
}

#[derive(PartialEq, Eq)]
enum Header {
    /// No file, or an empty one.
    None,
    Ours,
    Garbage,
}

/// The schema version in a file's header; 0 where there is none.
pub(super) fn version_of(path: &Path) -> Result<u32, StoreError> {
    let mut bytes = [0_u8; 64];
    match header(path)? {
        Header::Ours if File::open(path).and_then(|mut file| file.read_exact(&mut bytes)).is_ok() => {
            Ok(u32::from_be_bytes([bytes[60], bytes[61], bytes[62], bytes[63]]))
        }
        _ => Ok(0),
    }
}

/// Reads the header before SQLite may touch the file.
fn header(path: &Path) -> Result<Header, StoreError> {
    let mut bytes = [0_u8; 100];
    let Ok(mut file) = File::open(path) else { return Ok(Header::None) };
    let length = file.metadata().map_or(0, |m| m.len());
    if length == 0 {
        return Ok(Header::None);
    }
    if file.read_exact(&mut bytes).is_err() || bytes[..16] != *MAGIC {
        return Ok(Header::Garbage);
    }
    let word = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let (found, mark) = (word(60), word(68));
    if mark != APPLICATION_ID && (mark != 0 || found != 0) {
        return Err(StoreError::Foreign(path.to_path_buf()));
    }
    if found > VERSION {
        return Err(StoreError::Newer { path: path.to_path_buf(), found, known: VERSION });
    }
    Ok(Header::Ours)
}

async fn attempt(
    path: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Db, Opened), StoreError> {
    if header(path)? == Header::Garbage {
        return Err(StoreError::Sql { code: 26, message: "file is not a database".to_owned() });
    }
    let mut db = Db::open(path, options).await?;
    let small = check::at_open(&mut db, path, options.check_at_open).await;
    let from = match small {
        // The words of a later version can only be made anew once their tables are there.
        Err(error) if check::words_only(&error) => {
            let from = to_newest(&mut db, path, progress).await?;
            check::mend(&mut db).await?;
            from
        }
        other => {
            other?;
            to_newest(&mut db, path, progress).await?
        }
    };
    let checked = path.metadata().is_ok_and(|m| m.len() <= options.check_at_open);
    let migrated_from = (from != 0 && from != VERSION).then_some(from);
    Ok((db, Opened { version: VERSION, migrated_from, checked, ..Opened::default() }))
}

async fn to_newest(db: &mut Db, path: &Path, progress: &mut dyn FnMut(Progress)) -> Result<u32, StoreError> {
    let found = migrate::version(db).await?;
    if found > VERSION {
        return Err(StoreError::Newer { path: path.to_path_buf(), found, known: VERSION });
    }
    migrate::to(db, VERSION, progress).await
}

/// Moves a damaged file away and makes a new one with the rows of it that can be read.
async fn renew(
    path: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
    begun: Result<Aside, StoreError>,
) -> Result<(Db, Opened), StoreError> {
    let gone = begun.and_then(|aside| match aside.move_away(path) {
        Ok(()) => Ok(aside),
        Err(refused) => Err(unmoved(&StoreError::Degraded("the database is damaged".to_owned()), &refused)),
    });
    let aside = match gone {
        Ok(aside) => aside,
        Err(error) => return degraded(path, &error, progress).await,
    };
    let quarantined = Some(aside.place(path));
    let fresh = match attempt(path, options, progress).await {
        Err(error) if damaged(&error) => {
            // A new file that was not finished, or one whose note could not be removed: kept as well.
            drop(aside.next(path).move_away(path));
            attempt(path, options, progress).await
        }
        other => other,
    };
    let carried = match fresh {
        Ok((mut db, opened)) => salvage::carry(&mut db, aside, path, progress).await.map(|rows| (db, opened, rows)),
        Err(error) => Err(error),
    };
    match carried {
        Ok((db, opened, carried)) => {
            tracing::warn!(rows = carried, "what could be read of the damaged database is in the new one");
            Ok((db, Opened { quarantined, carried, ..opened }))
        }
        // The note stays: it is gone on with as soon as the disk takes it.
        Err(error) if error.severity() == Severity::Disk => {
            let (db, opened) = degraded(path, &error, progress).await?;
            Ok((db, Opened { quarantined, ..opened }))
        }
        Err(error) => Err(error),
    }
}

fn unmoved(error: &StoreError, refused: &std::io::Error) -> StoreError {
    StoreError::Degraded(format!("{error}; it could not be moved away: {refused}"))
}

/// What can be read, without a write: the file where it opens, else an empty database in memory.
async fn degraded(
    path: &Path,
    error: &StoreError,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Db, Opened), StoreError> {
    let reason = error.to_string();
    tracing::error!(reason, "the store cannot write; records are held in memory");
    let opened = Opened { version: VERSION, degraded: Some(reason), ..Opened::default() };
    if let Ok(mut db) = Db::open_read_only(path).await
        && check::at_open(&mut db, path, limits::CHECK_AT_OPEN).await.is_ok()
        && migrate::version(&mut db).await.is_ok_and(|v| v == VERSION)
    {
        return Ok((db, opened));
    }
    let mut db = Db::open_memory().await?;
    migrate::to(&mut db, VERSION, progress).await?;
    Ok((db, opened))
}
