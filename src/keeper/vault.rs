//! The vault: sealed records in one file, replaced whole or not at all.
//!
//! The master key opens the data key, the data key opens the records; only the data key stays in
//! memory, on a locked page. Each change is written beside the file, flushed, renamed over it and
//! the folder flushed: at any instant the disk holds the old or the new vault whole.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::libc;

use super::armor;
use super::cipher::{self, CipherFault, Key};
use super::key::{Derivation, Master, MasterFault};
use super::schnorr::PointBytes;
use super::vault_text::{Kind, Record, Text};
use crate::base::sys::LockedBytes;
use crate::base::{Code, Fault, Name, limits};

/// The vault's file in its folder.
pub const FILE: &str = "vault";
/// Where the next one is written, beside it.
pub(super) const FILE_NEXT: &str = "vault.new";

/// What is wrong with a vault, or with what is asked of it.
#[derive(Debug, thiserror::Error)]
pub enum VaultFault {
    /// There is one already.
    #[error("{0} exists already; a new vault would lose every secret in it")]
    Exists(PathBuf),
    /// Others could get at it.
    #[error(
        "{path} has mode {mode:o} and owner {owner}: it must be the keeper's own, and nobody else's (folder 0700, file 0600)"
    )]
    TooOpen {
        /// The file or folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// Its owner.
        owner: u32,
    },
    /// The system said no.
    #[error("{path}: {error}")]
    System {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        #[source]
        error: io::Error,
    },
    /// Not a vault.
    #[error("{path} line {line}: {what}; restore the file from a copy")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// 1 for the first; 0 where it ends early.
        line: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// The master key is another one.
    #[error("the master key does not fit the vault (its key is {id}): give the one that it was made with")]
    WrongKey {
        /// Of the vault's data key.
        id: String,
    },
    /// A record was changed, or put in the place of another.
    #[error("{kind} '{name}' version {version} does not open: it was changed, or moved from another place")]
    Record {
        /// Secret or peer.
        kind: &'static str,
        /// Its name.
        name: String,
        /// Its version.
        version: u64,
    },
    /// The records are right but the whole is not.
    #[error("the vault's list was changed: a record was removed, added, or put back from an older file")]
    List,
    /// The master key cannot be used.
    #[error(transparent)]
    Master(#[from] MasterFault),
    /// The cipher cannot be used.
    #[error(transparent)]
    Cipher(#[from] CipherFault),
    /// The chain of audit records went back.
    #[error(
        "the keeper vouches for {known} audit records and was shown {shown}, or others: hearth audit verify tells more, hearth audit accept begins anew"
    )]
    Backwards {
        /// What is remembered.
        known: u64,
        /// What was shown.
        shown: u64,
    },
    /// A cut that would reach the latest audit records.
    #[error("the keeper lets audit records go up to place {most} at most, not {wanted}: the latest stay")]
    Latest {
        /// Up to here.
        most: u64,
        /// What was asked.
        wanted: u64,
    },
    /// No head of the chain yet.
    #[error("the keeper was shown no audit records yet")]
    NoHead,
    /// No such secret.
    #[error("there is no secret '{0}'; hearth secret list shows the names")]
    NotFound(String),
    /// It is there already.
    #[error("there is a secret '{0}' already; --replace gives it a new value")]
    Taken(String),
    /// Not a name.
    #[error("'{0}' is no name for a secret: {1}")]
    Name(String, &'static str),
    /// Too much.
    #[error("{0}")]
    Full(String),
}

impl VaultFault {
    fn code(&self) -> Code {
        match self {
            Self::NotFound(_) | Self::NoHead => Code::NotFound,
            Self::Taken(_) | Self::Name(..) | Self::Exists(_) => Code::BadInput,
            Self::Full(_) => Code::Full,
            Self::System { .. } | Self::Cipher(CipherFault::System) => Code::System,
            _ => Code::Refused,
        }
    }
}

impl From<VaultFault> for Fault {
    fn from(fault: VaultFault) -> Self {
        Self::new(fault.code(), fault.to_string())
    }
}

/// An open vault.
#[derive(Debug)]
pub struct Vault {
    folder: PathBuf,
    wrapping: Key,
    data: Key,
    text: Text,
}

impl Vault {
    /// A new, empty vault in `folder`, which is made where it is not there.
    ///
    /// # Errors
    /// [`VaultFault::Exists`], [`VaultFault::TooOpen`], [`VaultFault::System`], and those of keys.
    pub fn create(folder: &Path, master: &Master, memory_kib: u64) -> Result<Self, VaultFault> {
        ready_folder(folder)?;
        let path = folder.join(FILE);
        if path.symlink_metadata().is_ok() {
            return Err(VaultFault::Exists(path));
        }
        let derivation = master.derivation(memory_kib)?;
        let wrapping = master.wrapping_key(&derivation)?;
        let (data, text) = fresh(&wrapping, derivation)?;
        let mut vault = Self { folder: folder.to_owned(), wrapping, data, text };
        let text = vault.text.clone();
        vault.commit(text, None)?;
        Ok(vault)
    }

    /// The vault in `folder`; `None` where there is none. Every record is opened once, so that what is
    /// damaged is known now and not when it is needed.
    ///
    /// # Errors
    /// Every [`VaultFault`] about files and keys.
    pub fn open(folder: &Path, master: &Master) -> Result<Option<Self>, VaultFault> {
        let Some(text) = read(folder)? else { return Ok(None) };
        let wrapping = master.wrapping_key(&text.derivation)?;
        let data = match wrapping.open(&text.key_data(), &text.wrapped) {
            Ok(data) => Key::new(data.bytes())?,
            Err(CipherFault::NotOpened | CipherFault::NotARecord) => return Err(VaultFault::WrongKey { id: text.id }),
            Err(other) => return Err(other.into()),
        };
        let vault = Self { folder: folder.to_owned(), wrapping, data, text };
        for record in &vault.text.records {
            vault.unseal(record)?;
        }
        let end = vault.data.open(vault.text.body().as_bytes(), &vault.text.end);
        end.map_err(|_| VaultFault::List)?;
        // What a keeper that was killed in the middle left behind.
        let _not_there = std::fs::remove_file(folder.join(FILE_NEXT));
        Ok(Some(vault))
    }

    /// The names of the secrets, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = self.of(Kind::Secret).map(|record| record.name.clone()).collect();
        names.sort();
        names
    }

    /// The id of the data key.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.text.id
    }

    /// Whether there is a secret of this name.
    #[must_use]
    pub fn holds(&self, name: &str) -> bool {
        self.of(Kind::Secret).any(|record| record.name == name)
    }

    /// The value of a secret, on a locked page.
    ///
    /// # Errors
    /// [`VaultFault::NotFound`], [`VaultFault::Record`].
    pub fn value(&self, name: &str) -> Result<LockedBytes, VaultFault> {
        let record = self.of(Kind::Secret).find(|record| record.name == name);
        self.unseal(record.ok_or_else(|| VaultFault::NotFound(name.to_owned()))?)
    }

    /// Keeps a value under a name, on the disk for good before this returns.
    ///
    /// # Errors
    /// [`VaultFault::Taken`] unless `replace`, [`VaultFault::Name`], [`VaultFault::Full`], [`VaultFault::System`].
    pub fn put(&mut self, name: &str, value: &[u8], replace: bool) -> Result<(), VaultFault> {
        Name::new(name).map_err(|why| VaultFault::Name(name.to_owned(), why))?;
        if value.is_empty() || value.len() > limits::VAULT_VALUE_BYTES {
            let most = limits::VAULT_VALUE_BYTES;
            return Err(VaultFault::Full(format!("a value has 1 to {most} bytes, this one has {}", value.len())));
        }
        if self.holds(name) && !replace {
            return Err(VaultFault::Taken(name.to_owned()));
        }
        self.set(Kind::Secret, name, value, limits::VAULT_SECRETS)
    }

    /// Forgets a secret.
    ///
    /// # Errors
    /// [`VaultFault::NotFound`], [`VaultFault::System`].
    pub fn delete(&mut self, name: &str) -> Result<(), VaultFault> {
        if !self.holds(name) {
            return Err(VaultFault::NotFound(name.to_owned()));
        }
        let mut text = self.text.clone();
        text.records.retain(|record| record.kind != Kind::Secret || record.name != name);
        self.commit(text, None)
    }

    /// A new data key with a new id: every record is sealed anew, all or none.
    ///
    /// # Errors
    /// [`VaultFault::Record`], [`VaultFault::System`].
    pub fn rotate(&mut self) -> Result<usize, VaultFault> {
        let (data, mut text) = fresh(&self.wrapping, self.text.derivation)?;
        for record in &self.text.records {
            let value = self.unseal(record)?;
            text.records.push(seal(&data, &text.id, record.kind, &record.name, record.version, value.bytes())?);
        }
        let count = text.records.len();
        self.commit(text, Some(data))?;
        Ok(count)
    }

    /// Enrols the public session key of a uid, in the place of an older one.
    ///
    /// # Errors
    /// [`VaultFault::Full`], [`VaultFault::System`].
    pub fn enrol(&mut self, uid: u32, public: &PointBytes) -> Result<(), VaultFault> {
        self.set(Kind::Peer, &uid.to_string(), public, limits::VAULT_PEERS)
    }

    /// The public session key of a uid.
    #[must_use]
    pub fn enrolled(&self, uid: u32) -> Option<PointBytes> {
        let name = uid.to_string();
        let record = self.of(Kind::Peer).find(|record| record.name == name)?;
        self.unseal(record).ok()?.bytes().try_into().ok()
    }

    /// The key of what the keeper vouches for.
    pub(super) fn key(&self) -> &[u8] {
        self.data.bytes()
    }

    pub(super) fn of(&self, kind: Kind) -> impl Iterator<Item = &Record> {
        self.text.records.iter().filter(move |record| record.kind == kind)
    }

    pub(super) fn set(&mut self, kind: Kind, name: &str, value: &[u8], most: usize) -> Result<(), VaultFault> {
        let old = self.text.records.iter().position(|record| record.kind == kind && record.name == name);
        if old.is_none() && self.of(kind).count() >= most {
            return Err(VaultFault::Full(format!("the vault holds {most} of kind '{}' already", kind.word())));
        }
        let mut text = self.text.clone();
        let version = old.map_or(0, |at| text.records[at].version).saturating_add(1);
        let record = seal(&self.data, &text.id, kind, name, version, value)?;
        match old {
            Some(at) => text.records[at] = record,
            None => text.records.push(record),
        }
        self.commit(text, None)
    }

    pub(super) fn unseal(&self, record: &Record) -> Result<LockedBytes, VaultFault> {
        let Record { kind, name, version, sealed } = record;
        let data = Text::record_data(&self.text.id, *kind, name, *version);
        self.data.open(&data, sealed).map_err(|fault| match fault {
            CipherFault::System => fault.into(),
            _ => VaultFault::Record { kind: kind.word(), name: name.clone(), version: *version },
        })
    }

    /// Makes `text` the vault: on the disk, then here.
    fn commit(&mut self, mut text: Text, data: Option<Key>) -> Result<(), VaultFault> {
        text.end = data.as_ref().unwrap_or(&self.data).seal(text.body().as_bytes(), b"")?;
        let whole = text.whole();
        if u64::try_from(whole.len()).unwrap_or(u64::MAX) > limits::VAULT_FILE_BYTES {
            return Err(VaultFault::Full(format!("a vault file has at most {} bytes", limits::VAULT_FILE_BYTES)));
        }
        let (path, next) = (self.folder.join(FILE), self.folder.join(FILE_NEXT));
        let fail = |error| VaultFault::System { path: path.clone(), error };
        let written = write(&next, whole.as_bytes()).and_then(|()| std::fs::rename(&next, &path));
        if let Err(error) = written {
            let _not_there = std::fs::remove_file(&next);
            return Err(fail(error));
        }
        // Renamed: this is the vault now, whether or not the folder's entry is on the disk yet.
        self.text = text;
        if let Some(data) = data {
            self.data = data;
        }
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(fail)
    }
}

/// A new data key and the text of an empty vault around it.
fn fresh(wrapping: &Key, derivation: Derivation) -> Result<(Key, Text), VaultFault> {
    let data = Key::random()?;
    let id = armor::to_hex(&cipher::random::<16>()?);
    let mut text = Text { id, derivation, wrapped: String::new(), records: Vec::new(), end: String::new() };
    text.wrapped = wrapping.seal(&text.key_data(), data.bytes())?;
    Ok((data, text))
}

fn seal(data: &Key, id: &str, kind: Kind, name: &str, version: u64, value: &[u8]) -> Result<Record, VaultFault> {
    let sealed = data.seal(&Text::record_data(id, kind, name, version), value)?;
    Ok(Record { kind, name: name.to_owned(), version, sealed })
}

/// The folder, 0700 and the keeper's own.
pub(super) fn ready_folder(folder: &Path) -> Result<(), VaultFault> {
    let fail = |error| VaultFault::System { path: folder.to_owned(), error };
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(fail(error)),
        _ => {}
    }
    private(folder, &folder.symlink_metadata().map_err(fail)?, 0o700)
}

fn private(path: &Path, meta: &std::fs::Metadata, most: u32) -> Result<(), VaultFault> {
    let (mode, owner) = (meta.mode() & 0o7777, meta.uid());
    if mode & !most == 0 && owner == nix::unistd::geteuid().as_raw() && !meta.is_symlink() {
        return Ok(());
    }
    Err(VaultFault::TooOpen { path: path.to_owned(), mode, owner })
}

fn read(folder: &Path) -> Result<Option<Text>, VaultFault> {
    let path = folder.join(FILE);
    let fail = |error| VaultFault::System { path: path.clone(), error };
    let file = match OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(error)),
    };
    private(folder, &folder.symlink_metadata().map_err(fail)?, 0o700)?;
    private(&path, &file.metadata().map_err(fail)?, 0o600)?;
    let damaged = |(line, what)| VaultFault::Damaged { path: path.clone(), line, what };
    let mut text = Vec::new();
    file.take(limits::VAULT_FILE_BYTES + 1).read_to_end(&mut text).map_err(fail)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > limits::VAULT_FILE_BYTES {
        return Err(damaged((0, "the file is longer than a vault may be")));
    }
    let text = std::str::from_utf8(&text).map_err(|_| damaged((1, "bytes that are no text")))?;
    Text::parse(text).map(Some).map_err(damaged)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // One that a failed write left is written over: the folder is the keeper's alone.
    let mut options = OpenOptions::new();
    let mut file =
        options.write(true).create(true).truncate(true).mode(0o600).custom_flags(libc::O_NOFOLLOW).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
