//! Artefacts: files that were made or handed in, each in a folder of its own beside its `metadata.json`.
//!
//! `artefacts/<whose>/<id>/` of the data folder holds the file under the name that it was given and what is known
//! of it: bytes, SHA-256, kind, where from, when. Metadata is written last and by rename, so a folder without it is
//! an upload that was cut short, and goes. Whose it is, and in which chat, is a folder: who asks looks into their own
//! and the household's, of this chat and of every chat, and into no other. Nothing is changed after it was kept; it is
//! deleted.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::artefact_files::{create, digest, disk, listed, one, open, sweep, verified, whose};
use super::{Memory, MemoryFault};
use crate::base::limits;
use crate::guard::leak;

/// The form of `metadata.json`; one that belongs to a chat has the second, which a Hearth that knows no chats passes over.
pub(super) const SCHEMA: u32 = 1;
/// See [`SCHEMA`].
pub(super) const SCHEMA_WITH_CHAT: u32 = 2;
/// Its name.
pub(super) const METADATA: &str = "metadata.json";
/// The folder of them all.
const FOLDER: &str = "artefacts";
/// Bytes before a part that are looked at with it: a secret may lie across two.
const OVERLAP: u64 = 1024;

/// What is known of an artefact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artefact {
    /// 1; 2 for one that belongs to a chat.
    pub schema: u32,
    /// Its id, a UUIDv7.
    pub id: String,
    /// Its file's name.
    pub name: String,
    /// Whose it is; empty for the household.
    pub person: String,
    /// The chat it belongs to; empty for every chat.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub chat: String,
    /// Its media type, as it was given (RFC 6838).
    pub media: String,
    /// Where it comes from: a command, a tool.
    pub source: String,
    /// Its size.
    pub bytes: u64,
    /// Of its bytes, in hexadecimal.
    pub sha256: String,
    /// When it was kept, in milliseconds since 1970.
    pub made_ms: i64,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asker {
    /// The owner's commands: everybody's.
    Everyone,
    /// Somebody in a chat: theirs and the household's, of this chat and of every chat.
    Person {
        /// The person; empty for the household.
        person: String,
        /// The chat; empty for none.
        #[serde(default)]
        chat: String,
    },
}

/// What is done with artefacts; bytes go as hexadecimal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case", deny_unknown_fields)]
pub enum Deed {
    /// Begin one; gives its id.
    Begin {
        /// Its file's name.
        name: String,
        /// Its media type.
        media: String,
        /// Where it comes from.
        source: String,
        /// Whose it is.
        person: String,
        /// The chat it belongs to; empty for every chat.
        #[serde(default)]
        chat: String,
    },
    /// Its next bytes.
    Part {
        /// Its id.
        id: String,
        /// They.
        hex: String,
    },
    /// All bytes are there: keep it.
    End {
        /// Its id.
        id: String,
        /// What its bytes must come to, where the giver knows.
        sha256: Option<String>,
    },
    /// What there is.
    List,
    /// Bytes of one.
    Read {
        /// Its id.
        id: String,
        /// Where they begin.
        from: u64,
    },
    /// Whether bytes are what they were: of one, or of all.
    Verify {
        /// Its id.
        id: Option<String>,
    },
    /// Delete one.
    Delete {
        /// Its id.
        id: String,
    },
}

/// One that is being handed in.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    folder: PathBuf,
    about: Artefact,
}

impl Memory {
    /// Does it on behalf of who asks.
    ///
    /// # Errors
    /// [`MemoryFault::Record`] for what is wrong or over a bound, [`MemoryFault::Secret`], [`MemoryFault::Missing`],
    /// [`MemoryFault::File`] for what the disk says.
    pub fn artefact(&self, asker: &Asker, deed: Deed) -> Result<Value, MemoryFault> {
        let Some(root) = self.files.as_ref().map(|files| files.root().join(FOLDER)) else {
            return Err(MemoryFault::File("there is no data folder".to_owned()));
        };
        match deed {
            Deed::Begin { name, media, source, person, chat } => self.begin(&root, name, media, source, person, chat),
            Deed::Part { id, hex } => {
                let bytes = unhex(&hex).ok_or_else(|| MemoryFault::Record("hex: is not hexadecimal".to_owned()))?;
                let upload = self.upload(&id)?;
                let added = add(&upload, &bytes);
                if added.is_err() {
                    self.abandon(&id, &upload);
                }
                Ok(json!({"bytes": added?}))
            }
            Deed::End { id, sha256 } => {
                let upload = self.upload(&id)?;
                let done = end(&root, &upload, sha256.as_deref(), self.clock.wall_ms());
                if done.is_err() {
                    self.abandon(&id, &upload);
                }
                self.uploads().remove(&id);
                Ok(json!(done?))
            }
            Deed::List => Ok(json!({"artefacts": listed(&root, asker).map(|(_, about)| about).collect::<Vec<_>>()})),
            Deed::Read { id, from } => read(&root, asker, &id, from),
            Deed::Verify { id: Some(id) } => {
                let (folder, about) = one(&root, asker, &id)?;
                Ok(json!({"artefacts": [verified(&folder, &about)]}))
            }
            Deed::Verify { id: None } => {
                let all = listed(&root, asker).map(|(folder, about)| verified(&folder, &about));
                Ok(json!({"artefacts": all.collect::<Vec<_>>()}))
            }
            Deed::Delete { id } => {
                let (folder, about) = one(&root, asker, &id)?;
                if let Asker::Person { person, .. } = asker
                    && about.person != *person
                {
                    return Err(MemoryFault::NotYours(id));
                }
                // Without its metadata it is none any more, whatever happens next.
                fs::remove_file(folder.join(METADATA)).and_then(|()| fs::remove_dir_all(&folder)).map_err(disk)?;
                Ok(json!({"deleted": about.id}))
            }
        }
    }

    /// Keeps a text as an artefact of this person.
    ///
    /// # Errors
    /// As [`Memory::artefact`].
    pub(super) fn keep_artefact(&self, person: &str, name: String, text: &str) -> Result<Value, MemoryFault> {
        let (person, chat) = (person.to_owned(), String::new());
        let asker = Asker::Person { person: person.clone(), chat: chat.clone() };
        let begin = Deed::Begin { name, media: "text/plain".into(), source: "tool".into(), person, chat };
        let begun = self.artefact(&asker, begin)?;
        let id = begun["id"].as_str().unwrap_or_default().to_owned();
        self.artefact(&asker, Deed::Part { id: id.clone(), hex: hex(text.as_bytes()) })?;
        self.artefact(&asker, Deed::End { id, sha256: None })
    }

    fn begin(
        &self,
        root: &Path,
        name: String,
        media: String,
        source: String,
        person: String,
        chat: String,
    ) -> Result<Value, MemoryFault> {
        let allowed = |c: char| c.is_alphanumeric() || " ._-()".contains(c);
        if name.is_empty()
            || name.len() > 100
            || name.starts_with('.')
            || name == METADATA
            || !name.chars().all(allowed)
        {
            let message = format!("name = {name:?}: must be a file's name of letters, digits, space and ._-() only");
            return Err(MemoryFault::Record(message));
        }
        for (key, text) in [("media", &media), ("source", &source), ("person", &person), ("chat", &chat)] {
            if text.len() > limits::MEMORY_NAME_BYTES {
                return Err(MemoryFault::Record(format!("{key}: is longer than {} bytes", limits::MEMORY_NAME_BYTES)));
            }
        }
        sweep(root);
        let mut uploads = self.uploads();
        let many = listed(root, &Asker::Everyone).count() + uploads.len();
        if many >= limits::ARTEFACTS {
            let message = format!("{many} artefacts are kept, at most {}; delete some", limits::ARTEFACTS);
            return Err(MemoryFault::Record(message));
        }
        let id = self.ids.next().to_string();
        let folder = root.join(whose(&person, &chat)).join(&id);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(disk)?;
        create(&folder.join(&name)).map_err(disk)?;
        let (bytes, sha256, made_ms) = (0, String::new(), 0);
        let told = json!({"id": id});
        let schema = if chat.is_empty() { SCHEMA } else { SCHEMA_WITH_CHAT };
        let about = Artefact { schema, id: id.clone(), name, person, chat, media, source, bytes, sha256, made_ms };
        uploads.insert(id, Upload { folder, about });
        Ok(told)
    }

    fn upload(&self, id: &str) -> Result<Upload, MemoryFault> {
        self.uploads().get(id).cloned().ok_or_else(|| MemoryFault::no_artefact(id))
    }

    fn abandon(&self, id: &str, upload: &Upload) {
        self.uploads().remove(id);
        if let Err(error) = fs::remove_dir_all(&upload.folder) {
            tracing::warn!(%error, "an artefact that was not taken is still there");
        }
    }
}

/// Adds bytes; how many there are now.
fn add(upload: &Upload, bytes: &[u8]) -> Result<u64, MemoryFault> {
    let path = upload.folder.join(&upload.about.name);
    let mut file = open(&path, true).map_err(disk)?;
    let long = file.metadata().map_err(disk)?.len();
    let now = long + u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if now > limits::ARTEFACT_BYTES {
        return Err(MemoryFault::Record(format!("is longer than the {} bytes of an artefact", limits::ARTEFACT_BYTES)));
    }
    let mut seen = Vec::new();
    file.seek(SeekFrom::Start(long.saturating_sub(OVERLAP))).map_err(disk)?;
    file.read_to_end(&mut seen).map_err(disk)?;
    seen.extend_from_slice(bytes);
    if let Some(kind) = leak::holds(&String::from_utf8_lossy(&seen)) {
        return Err(MemoryFault::Secret(kind));
    }
    file.write_all(bytes).map_err(disk)?;
    Ok(now)
}

/// Makes it an artefact: durable when this returns.
fn end(root: &Path, upload: &Upload, wanted: Option<&str>, now_ms: i64) -> Result<Artefact, MemoryFault> {
    let Upload { folder, about } = upload;
    let path = folder.join(&about.name);
    let (bytes, sha256) = digest(&path).map_err(disk)?;
    if let Some(wanted) = wanted.filter(|wanted| !wanted.eq_ignore_ascii_case(&sha256)) {
        return Err(MemoryFault::Record(format!("sha256 = {wanted}: the bytes that came have {sha256}")));
    }
    let kept: u64 = listed(root, &Asker::Everyone).map(|(_, about)| about.bytes).sum();
    if kept + bytes > limits::ARTEFACTS_BYTES {
        let most = limits::ARTEFACTS_BYTES;
        return Err(MemoryFault::Record(format!("{kept} bytes of artefacts are kept, at most {most}; delete some")));
    }
    let about = Artefact { bytes, sha256, made_ms: now_ms, ..about.clone() };
    let text = serde_json::to_string_pretty(&about).map_err(|error| MemoryFault::File(error.to_string()))?;
    let (new, place) = (folder.join("metadata.new"), folder.join(METADATA));
    let written = open(&path, false)
        .and_then(|file| file.sync_all())
        .and_then(|()| create(&new))
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&new, &place))
        // The folders above it may be as new as it is: a name is on the card when the folder that it stands in is.
        .and_then(|()| {
            let mut above = folder.ancestors().take_while(|place| place.starts_with(root)).chain(root.parent());
            above.try_for_each(|place| File::open(place)?.sync_all())
        });
    written.map_err(disk)?;
    Ok(about)
}

fn read(root: &Path, asker: &Asker, id: &str, from: u64) -> Result<Value, MemoryFault> {
    let (folder, about) = one(root, asker, id)?;
    let mut bytes = Vec::new();
    let opened = open(&folder.join(&about.name), false).and_then(|mut file| {
        file.seek(SeekFrom::Start(from))?;
        file.take(limits::ARTEFACT_PART).read_to_end(&mut bytes)
    });
    opened.map_err(disk)?;
    let next = from + u64::try_from(bytes.len()).unwrap_or(0);
    let more = next < about.bytes && !bytes.is_empty();
    Ok(json!({"artefact": about, "hex": hex(&bytes), "next": more.then_some(next)}))
}

/// Bytes as hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hexadecimal as bytes.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
