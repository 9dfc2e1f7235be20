//! The vault of this keeper as it is: not made, open, or locked with the reason.
//!
//! Opened once at the start, before a peer is heard; made when an administrator asks.

use std::path::{Path, PathBuf};

use super::key::Master;
use super::message;
use super::source::{self, Source};
use super::vault::{self, Vault, VaultFault};
use crate::base::{Code, Fault};

/// The key file's name in the vault's folder, where no other is named.
const KEY_FILE: &str = "master.key";

/// The vault, its master key until it is needed no more, and where that came from.
#[derive(Debug, Default)]
pub struct Safe {
    folder: Option<PathBuf>,
    key_file: Option<PathBuf>,
    master: Option<Master>,
    source: Source,
    vault: Option<Vault>,
    note: String,
    memory_kib: u64,
}

impl Safe {
    /// Finds the master key and opens the vault, where there are any. What goes wrong locks the vault
    /// and is kept as its note: a keeper that says why is better than none.
    #[must_use]
    pub fn open(folder: Option<&Path>, key_file: Option<&Path>) -> Self {
        let key_file = key_file.map(Path::to_owned).or_else(|| folder.map(|folder| folder.join(KEY_FILE)));
        let mut safe =
            Self { folder: folder.map(Path::to_owned), key_file, memory_kib: source::memory_kib(), ..Self::default() };
        match source::find(safe.key_file.as_deref()) {
            Ok(Some((master, source))) => (safe.master, safe.source) = (Some(master), source),
            Ok(None) => {}
            Err(fault) => safe.note = fault.to_string(),
        }
        let Some(folder) = folder else { return safe };
        let there = folder.join(vault::FILE).symlink_metadata().is_ok();
        match &safe.master {
            Some(master) => match Vault::open(folder, master) {
                Ok(vault) => safe.vault = vault,
                Err(fault) => safe.note = fault.to_string(),
            },
            None if there && safe.note.is_empty() => {
                "there is a vault, but no master key: no credential, keyring key, key file or variable"
                    .clone_into(&mut safe.note);
            }
            None => {}
        }
        if safe.vault.is_some() {
            safe.master = None;
        }
        safe
    }

    /// Where the master key came from; empty where there is none.
    #[must_use]
    pub const fn source(&self) -> Source {
        self.source
    }

    /// Why the vault is locked; empty where it is not.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }

    /// How the vault is.
    #[must_use]
    pub const fn state(&self) -> message::Vault {
        match &self.vault {
            Some(_) => message::Vault::Open,
            None if self.note.is_empty() => message::Vault::NotInitialised,
            None => message::Vault::Locked,
        }
    }

    /// The open vault.
    ///
    /// # Errors
    /// Why there is none, with the way out.
    pub fn vault(&mut self) -> Result<&mut Vault, Fault> {
        let way_out = match self.note.as_str() {
            "" => Fault::new(Code::NotFound, "there is no vault yet; hearth secret init makes one"),
            note => Fault::new(Code::Refused, format!("the vault is locked: {note}")),
        };
        self.vault.as_mut().ok_or(way_out)
    }

    /// Forgets everything: the vault, and the key file where the master key came from there.
    ///
    /// # Errors
    /// Where a file cannot be removed.
    pub fn wipe(&mut self) -> Result<(), Fault> {
        let Some(folder) = &self.folder else {
            return Err(Fault::new(Code::Refused, "this keeper was started without --vault"));
        };
        // The key first: without it the rest is noise, whatever happens next.
        let key = self.key_file.clone().filter(|_| self.source == "key file");
        let gone = [key, Some(folder.join(vault::FILE)), Some(folder.join(vault::FILE_NEXT))];
        for path in gone.into_iter().flatten() {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Fault::new(Code::System, format!("{}: {error}", path.display())));
                }
                _ => {}
            }
        }
        (self.vault, self.master, self.source) = (None, None, "");
        self.note.clear();
        let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| Fault::new(Code::System, format!("{}: {error}", folder.display())))
    }

    /// Makes the vault, and a key file where no place has a master key.
    ///
    /// # Errors
    /// Where there is one, or it cannot be made.
    pub fn init(&mut self) -> Result<(), Fault> {
        let system = |fault: source::SourceFault| Fault::new(Code::System, fault.to_string());
        let Some(folder) = &self.folder else {
            return Err(Fault::new(Code::Refused, "this keeper was started without --vault"));
        };
        if self.vault.is_some() || !self.note.is_empty() {
            let exists = Fault::from(VaultFault::Exists(folder.join(vault::FILE)));
            return Err(if self.note.is_empty() { exists } else { Fault::new(Code::Refused, self.note.clone()) });
        }
        vault::ready_folder(folder)?;
        if self.master.is_none() {
            let Some(path) = &self.key_file else {
                return Err(Fault::new(Code::Refused, "there is no master key, and no --key-file to make one in"));
            };
            self.master = Some(source::make_file(path).map_err(system)?);
            self.source = "key file";
        }
        if let Some(master) = &self.master {
            self.vault = Some(Vault::create(folder, master, self.memory_kib)?);
            self.master = None;
        }
        Ok(())
    }
}
