//! Where artefacts lie: the folders of the data folder, and which of them who asks may look into.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::MemoryFault;
use super::artefacts::{Artefact, Asker, METADATA, SCHEMA, SCHEMA_WITH_CHAT, hex};
use crate::base::limits;

/// An upload that was not ended by then is none.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Whether its bytes are what its metadata says.
pub(super) fn verified(folder: &Path, about: &Artefact) -> Value {
    let fault = match digest(&folder.join(&about.name)) {
        Err(error) => Some(error.to_string()),
        Ok((bytes, _)) if bytes != about.bytes => Some(format!("has {bytes} bytes, and had {}", about.bytes)),
        Ok((_, sha256)) if sha256 != about.sha256 => Some("its bytes are not what they were".to_owned()),
        Ok(_) => None,
    };
    json!({"id": about.id, "name": about.name, "ok": fault.is_none(), "fault": fault})
}

/// What this one sees, oldest first; a folder whose metadata is none is passed over.
pub(super) fn listed(root: &Path, asker: &Asker) -> impl Iterator<Item = (PathBuf, Artefact)> {
    let folders = match asker {
        Asker::Everyone => within(root),
        Asker::Person { person, chat } => {
            let mut own: Vec<PathBuf> =
                ["", person].iter().flat_map(|person| ["", chat].map(|chat| root.join(whose(person, chat)))).collect();
            own.sort();
            own.dedup();
            own
        }
    };
    let mut found: Vec<(PathBuf, Artefact)> = folders
        .iter()
        .flat_map(|folder| within(folder))
        .filter_map(|folder| Some((folder.clone(), about(&folder)?)))
        .collect();
    found.sort_by(|(_, a), (_, b)| a.id.cmp(&b.id));
    found.into_iter()
}

pub(super) fn one(root: &Path, asker: &Asker, id: &str) -> Result<(PathBuf, Artefact), MemoryFault> {
    let unknown = || MemoryFault::no_artefact(id);
    listed(root, asker).find(|(_, about)| about.id == id).ok_or_else(unknown)
}

/// The metadata of a folder, where it is what it says: right form, right place, a plain name.
pub(super) fn about(folder: &Path) -> Option<Artefact> {
    let mut text = String::new();
    open(&folder.join(METADATA), false).ok()?.take(16 * 1024).read_to_string(&mut text).ok()?;
    let about: Artefact = serde_json::from_str(&text).ok()?;
    let plain = !about.name.contains('/') && !about.name.starts_with('.');
    let parent = folder.parent().and_then(Path::file_name);
    let in_place = folder.file_name().is_some_and(|name| name == about.id.as_str())
        && parent.is_some_and(|name| name == whose(&about.person, &about.chat).as_str());
    let form = if about.chat.is_empty() { SCHEMA } else { SCHEMA_WITH_CHAT };
    (about.schema == form && plain && in_place).then_some(about)
}

/// Folders in a folder; links are not followed.
pub(super) fn within(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.map(|entry| entry.path()).take(limits::ARTEFACTS * 2).collect()
}

/// Uploads that were cut short go.
pub(super) fn sweep(root: &Path) {
    for folder in within(root).iter().flat_map(|folder| within(folder)) {
        let made = fs::metadata(&folder).and_then(|meta| meta.modified()).ok();
        let old = made.is_some_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > ABANDONED));
        if old && fs::symlink_metadata(folder.join(METADATA)).is_err() {
            drop(fs::remove_dir_all(&folder));
        }
    }
}

/// The folder of a person's artefacts in a chat: no names become another's, and none lead out.
pub(super) fn whose(person: &str, chat: &str) -> String {
    let person = if person.is_empty() { "household".to_owned() } else { format!("person-{}", safe(person)) };
    // No safe name has this sign in it.
    if chat.is_empty() { person } else { format!("{person}@{}", safe(chat)) }
}

/// A name as a part of a file's name. It may be longer than that may be: then its hash stands for it.
fn safe(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let each = name.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02x}") });
    let safe: String = each.collect();
    if safe.len() > 120 { format!("%{}", hex(&Sha256::digest(name)[..16])) } else { safe }
}

pub(super) fn digest(path: &Path) -> io::Result<(u64, String)> {
    let (mut file, mut hash, mut bytes) = (open(path, false)?, Sha256::new(), 0);
    let mut part = [0; 16 * 1024];
    loop {
        let many = file.read(&mut part)?;
        if many == 0 {
            return Ok((bytes, hex(&hash.finalize())));
        }
        hash.update(&part[..many]);
        bytes += many as u64;
    }
}

pub(super) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).custom_flags(libc::O_NOFOLLOW).open(path)
}

pub(super) fn open(path: &Path, appends: bool) -> io::Result<File> {
    OpenOptions::new().read(true).append(appends).custom_flags(libc::O_NOFOLLOW).open(path)
}

pub(super) fn disk(error: io::Error) -> MemoryFault {
    MemoryFault::File(error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::memory::artefacts::unhex;

    proptest! {
        #[test]
        fn no_person_or_chat_has_anothers_folder_and_none_leads_out(
            one in (".{0,80}", ".{0,80}"), other in (".{0,80}", ".{0,80}"), swap in any::<bool>(),
        ) {
            let other = if swap { (one.1.clone(), one.0.clone()) } else { other };
            let of = |(person, chat): &(String, String)| whose(person, chat);
            prop_assert_eq!(of(&one) == of(&other), one == other);
            prop_assert!(!of(&one).contains(['/', '\0']) && of(&one).len() < 255 && !of(&one).starts_with('.'));
        }

        #[test]
        fn hexadecimal_there_and_back(bytes in proptest::collection::vec(any::<u8>(), 0..40), text in ".{0,20}") {
            prop_assert_eq!(unhex(&hex(&bytes)), Some(bytes));
            let _ = unhex(&text);
        }
    }
}
