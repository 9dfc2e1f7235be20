//! The brain's session key: made once by an administrator, kept in a file of the brain's own.
//!
//! It buys tickets, never values; the keeper remembers its public half in the vault.

use std::path::{Path, PathBuf};

use super::fault::KeeperFault;
use super::key::Master;
use super::schnorr::Secret;
use super::source;

/// Makes a session key in a new file that belongs to `uid`.
///
/// # Errors
/// [`KeeperFault::SessionKey`] where the file is there already or cannot be made.
pub fn make(path: &Path, uid: u32) -> Result<Secret, KeeperFault> {
    let made = source::make_file(path).map_err(|fault| wrong(path, &fault))?;
    nix::unistd::chown(path, Some(uid.into()), None).map_err(|error| wrong(path, &error))?;
    secret(path, &made)
}

/// The session key in a file that `make` made.
///
/// # Errors
/// [`KeeperFault::SessionKey`] where it is not there, others can read it, or it is no key.
pub fn load(path: &Path) -> Result<Secret, KeeperFault> {
    let master = source::from_file(path).map_err(|fault| wrong(path, &fault))?;
    secret(path, &master.ok_or_else(|| wrong(path, &"it is not there; hearth keeper enrol makes it"))?)
}

fn secret(path: &Path, master: &Master) -> Result<Secret, KeeperFault> {
    let Master::Key(key) = master else { return Err(wrong(path, &"it is a passphrase")) };
    let bytes = key.bytes().try_into().ok();
    bytes.and_then(Secret::derive).ok_or_else(|| wrong(path, &"it is no key"))
}

fn wrong(path: &Path, what: &dyn std::fmt::Display) -> KeeperFault {
    KeeperFault::SessionKey { path: PathBuf::from(path), what: what.to_string() }
}
