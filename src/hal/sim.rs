//! The simulated bank: lines as small files that other processes see and drive.
//!
//! A line is a file of three fields of eight bytes, each a number or `-`:
//! `drive` (what Hearth drives), `pull` (what the outside puts there when nobody drives) and
//! `short` (what the outside forces, whoever drives: a stuck relay, a blown lamp).
//! Its level is the first of short, drive, pull that is not `-`, else 0. A test, or a person with
//! `printf` and `dd`, acts as the hardware by writing pull and short.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::HalFault;

/// Width of one field, padding included.
const FIELD: usize = 8;
/// A field that says nothing.
const NOTHING: &[u8; FIELD] = b"-       ";

/// The fields of a simulated line, in the order of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// What Hearth drives.
    Drive = 0,
    /// What the outside puts there when nobody drives.
    Pull = 1,
    /// What the outside forces.
    Short = 2,
}

/// The file of a line in a bank.
#[must_use]
pub fn path(bank: &Path, chip: &str, line: &str) -> PathBuf {
    bank.join(chip).join(line)
}

/// Opens a line of the bank, making its file where there is none.
///
/// # Errors
/// Where the bank's folder cannot be written.
pub fn open(bank: &Path, chip: &str, line: &str, pull: f64) -> Result<OwnedFd, HalFault> {
    let path = path(bank, chip, line);
    let made = (|| {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path)?;
        if file.metadata()?.len() != 3 * FIELD as u64 {
            file.write_all_at(NOTHING, 0)?;
            put(&file, Field::Pull, Some(pull))?;
            file.write_all_at(NOTHING, 2 * FIELD as u64)?;
        }
        Ok(file)
    })();
    made.map(OwnedFd::from).map_err(|error| HalFault::Open { path, error })
}

/// The level that is on the line now.
///
/// # Errors
/// Where the file cannot be read or holds something else.
pub fn level(file: &File) -> io::Result<f64> {
    let mut bytes = [0; 3 * FIELD];
    file.read_exact_at(&mut bytes, 0)?;
    for which in [Field::Short, Field::Drive, Field::Pull] {
        let start = which as usize * FIELD;
        if let Some(value) = parse(&bytes[start..start + FIELD])? {
            return Ok(value);
        }
    }
    Ok(0.0)
}

/// Writes a field; `None` makes it say nothing.
///
/// # Errors
/// Where the file cannot be written.
pub fn put(file: &File, field: Field, value: Option<f64>) -> io::Result<()> {
    let text = value.map_or_else(|| "-".to_owned(), |value| format!("{value}"));
    let mut bytes = *b"        ";
    let shown = text.len().min(FIELD);
    bytes[..shown].copy_from_slice(&text.as_bytes()[..shown]);
    file.write_all_at(&bytes, (field as usize * FIELD) as u64)
}

fn parse(field: &[u8]) -> io::Result<Option<f64>> {
    let broken = || io::Error::new(io::ErrorKind::InvalidData, "a simulated line holds something that is no number");
    match std::str::from_utf8(field).map_err(|_| broken())?.trim() {
        "-" | "" => Ok(None),
        number => number.parse().map(Some).map_err(|_| broken()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_is_short_then_drive_then_pull() {
        let bank = std::env::temp_dir().join(format!("hearth-sim-{}", std::process::id()));
        let line = File::from(open(&bank, "demo", "relay", 1.0).expect("opened"));
        assert!((level(&line).expect("level") - 1.0).abs() < f64::EPSILON, "pulled up");
        put(&line, Field::Drive, Some(0.0)).expect("driven");
        assert!(level(&line).expect("level").abs() < f64::EPSILON, "driven low");
        put(&line, Field::Short, Some(1.0)).expect("shorted");
        assert!((level(&line).expect("level") - 1.0).abs() < f64::EPSILON, "stuck high");
        put(&line, Field::Short, None).expect("mended");
        let again = File::from(open(&bank, "demo", "relay", 1.0).expect("opened again"));
        assert!(level(&again).expect("level").abs() < f64::EPSILON, "keeps what was driven");
        line.write_all_at(b"rubbish!", 0).expect("spoilt");
        assert!(level(&line).is_err());
        std::fs::remove_dir_all(bank).expect("cleaned");
    }
}
