//! Where the master key comes from: the first of four places that has one.
//!
//! systemd credential, kernel keyring, key file, environment. A place that has something which is no
//! key is a fault: going on to the next would open a door that somebody meant to be shut.

use std::ffi::CStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::libc;

use super::armor;
use super::cipher::Key;
use super::key::{Master, MasterFault};
use crate::base::limits;
use crate::base::sys::{self, LockedBytes};

/// The variable with the master key, where nothing better is there.
pub const VARIABLE: &CStr = c"HEARTH_MASTER_KEY";
/// The key of type «user» in the kernel's session or user keyring.
pub const KEYRING: &CStr = c"hearth:master";
/// The file in `$CREDENTIALS_DIRECTORY` (systemd.exec(5), LoadCredentialEncrypted=).
pub const CREDENTIAL: &str = "hearth.master";

/// Where a master key was found, as a word for a person.
pub type Source = &'static str;

/// Why there is no master key although there should be.
#[derive(Debug, thiserror::Error)]
pub enum SourceFault {
    /// Something is there that is no key.
    #[error("the master key in {0} is {1}")]
    NoKey(String, #[source] MasterFault),
    /// It cannot be read.
    #[error("the master key in {0} cannot be read: {1}")]
    Unread(String, #[source] io::Error),
    /// Others can read it.
    #[error(
        "{path} has mode {mode:o} and owner {owner}: it must be 0600 or tighter and the keeper's own; chmod 600 {path}"
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// Its owner.
        owner: u32,
    },
}

/// Looks in each place, in order.
///
/// The variable is taken out of the environment in any case, so that it never stays where it can be seen.
///
/// # Errors
/// Every [`SourceFault`].
pub fn find(key_file: Option<&Path>) -> Result<Option<(Master, Source)>, SourceFault> {
    let variable = sys::take_environment(VARIABLE);
    let read = |place: String, bytes: &LockedBytes, source| {
        Master::parse(bytes.bytes())
            .map(|master| Some((master, source)))
            .map_err(|fault| SourceFault::NoKey(place, fault))
    };
    if let Some(folder) = std::env::var_os("CREDENTIALS_DIRECTORY") {
        let path = Path::new(&folder).join(CREDENTIAL);
        // systemd's folder is the service's alone; its files are 0400 or 0440 and may be root's.
        if let Some(bytes) = contents(&path, |_| true)? {
            return read(path.display().to_string(), &bytes, "systemd credential");
        }
    }
    let unread = |error| SourceFault::Unread("the kernel keyring".to_owned(), error);
    if let Some(bytes) = sys::keyring_key(KEYRING, limits::MASTER_BYTES).map_err(unread)? {
        return read("the kernel keyring".to_owned(), &bytes, "kernel keyring");
    }
    if let Some(path) = key_file
        && let Some(master) = from_file(path)?
    {
        return Ok(Some((master, "key file")));
    }
    let place = || format!("${}", VARIABLE.to_string_lossy());
    match variable.map_err(|error| SourceFault::Unread(place(), error))? {
        Some(bytes) => read(place(), &bytes, "environment"),
        None => Ok(None),
    }
}

/// The master key in a key file of mode 0600; `None` where there is no file.
///
/// # Errors
/// Every [`SourceFault`].
pub fn from_file(path: &Path) -> Result<Option<Master>, SourceFault> {
    let Some(bytes) = contents(path, |mode| mode & 0o177 == 0)? else { return Ok(None) };
    let no_key = |fault| SourceFault::NoKey(path.display().to_string(), fault);
    Master::parse(bytes.bytes()).map(Some).map_err(no_key)
}

/// A small file whole, on a locked page; `None` where there is none.
fn contents(path: &Path, mode_is_right: impl Fn(u32) -> bool) -> Result<Option<LockedBytes>, SourceFault> {
    let fail = |error| SourceFault::Unread(path.display().to_string(), error);
    let mut file = match OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(error)),
    };
    let meta = file.metadata().map_err(fail)?;
    if !meta.is_file() {
        return Err(fail(io::Error::other("it is not a regular file")));
    }
    let (mode, owner) = (meta.mode() & 0o7777, meta.uid());
    if !mode_is_right(mode) || (owner != 0 && owner != nix::unistd::geteuid().as_raw()) {
        return Err(SourceFault::Open { path: path.to_owned(), mode, owner });
    }
    let mut bytes = LockedBytes::new(limits::MASTER_BYTES + 1).map_err(fail)?;
    let mut length = 0;
    loop {
        match file.read(&mut bytes.bytes_mut()[length..]).map_err(fail)? {
            0 => break,
            more => length += more,
        }
    }
    if length > limits::MASTER_BYTES {
        return Err(fail(io::Error::other(format!("it is longer than {} bytes", limits::MASTER_BYTES))));
    }
    bytes.truncate(length);
    Ok(Some(bytes))
}

/// A new random key in a new key file, on the disk for good before this returns.
///
/// # Errors
/// [`SourceFault::Unread`] where the file exists already or cannot be written.
pub fn make_file(path: &Path) -> Result<Master, SourceFault> {
    let fail = |error| SourceFault::Unread(path.display().to_string(), error);
    let key = Key::random().map_err(|fault| fail(io::Error::other(fault)))?;
    let text = zeroize::Zeroizing::new(armor::to_hex(key.bytes()) + "\n");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(fail)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(fail)?;
    if let Some(folder) = path.parent() {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(fail)?;
    }
    Ok(Master::Key(key))
}

/// Memory of this board, in KiB, by sysinfo(2): its unit hides `/proc/meminfo`. Where the kernel does not say,
/// that of a middling board: the cost of guessing a passphrase must not fall to the least unseen.
#[must_use]
pub fn memory_kib() -> u64 {
    const MIDDLING: u64 = 256 * 1024;
    nix::sys::sysinfo::sysinfo().map_or(MIDDLING, |info| info.ram_total() / 1024)
}
