//! Files beside the database: SOUL.md, AGENT.md, USER.md, TOOLS.md for the prompt, MEMORY/ for the index.
//!
//! People write Markdown, programs write JSON records; what they write counts without a restart. Every file is
//! looked at again when its size or time changes; a piece that is still there keeps its row, one that has gone
//! loses it. A file with a secret in it, or that is not what it says, is left out and reported, never half taken.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::ingest::{self, SCHEMA, has, under};
use super::{Memory, MemoryFault};
use crate::base::{Id, limits};
use crate::guard::leak;
use crate::store::memory::{NamedRow, NewMemory};

/// What a model reads at every turn, in this order.
const SHOWN: [&str; 4] = ["SOUL.md", "AGENT.md", "USER.md", "TOOLS.md"];
/// The folder whose files are indexed.
const FOLDER: &str = "MEMORY";

/// The files of one data folder, and what is known of them.
#[derive(Debug)]
pub(super) struct Files {
    root: PathBuf,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    looked: Option<Instant>,
    shown: BTreeMap<&'static str, (Stamp, Result<String, String>)>,
    indexed: BTreeMap<String, (Stamp, Result<usize, String>)>,
}

/// What tells that a file may be another.
type Stamp = (u64, Option<SystemTime>);

impl Memory {
    /// The same memory, with the files of a data folder.
    #[must_use]
    pub fn with_files(mut self, root: PathBuf) -> Self {
        self.files = Some(Arc::new(Files { root, known: Mutex::default() }));
        self
    }

    /// Looks for changed files, unless that was just done; takes them in.
    pub async fn refresh(&self) {
        let Some(files) = &self.files else { return };
        let mut known = files.known.lock().await;
        if known.looked.is_none_or(|at| at.elapsed() >= limits::FILES_PAUSE) {
            files.look(self, &mut known).await;
        }
    }

    /// Looks for changed files now; every file with what became of it.
    pub async fn files(&self) -> Value {
        let Some(files) = &self.files else { return json!({"files": []}) };
        let mut known = files.known.lock().await;
        files.look(self, &mut known).await;
        let mut rows: Vec<Value> = Vec::new();
        for (name, (_, done)) in &known.shown {
            rows.push(match done {
                Ok(text) => json!({"file": name, "use": "prompt", "bytes": text.len()}),
                Err(fault) => json!({"file": name, "use": "none", "fault": fault}),
            });
        }
        for (name, (_, done)) in &known.indexed {
            rows.push(match done {
                Ok(pieces) => json!({"file": name, "use": "index", "schema": SCHEMA, "pieces": pieces}),
                Err(fault) => json!({"file": name, "use": "none", "fault": fault}),
            });
        }
        json!({"folder": files.root.display().to_string(), "files": rows})
    }

    /// What a model reads of them, each under its name.
    pub async fn shown_files(&self) -> String {
        self.refresh().await;
        let Some(files) = &self.files else { return String::new() };
        let known = files.known.lock().await;
        let mut text = String::new();
        for name in SHOWN {
            if let Some((_, Ok(words))) = known.shown.get(name)
                && !words.trim().is_empty()
            {
                text.push_str(&format!("# {name}\n{}\n", words.trim()));
            }
        }
        text
    }
}

impl Memory {
    /// Drops rows that no hold keeps.
    async fn drop_rows(&self, rows: Vec<NamedRow>) -> Result<(), MemoryFault> {
        let ids: Vec<Id> = rows.into_iter().filter(|row| !row.held).map(|row| row.id).collect();
        if !ids.is_empty() {
            self.forget_all(ids).await?;
        }
        Ok(())
    }
}

impl Files {
    /// The data folder.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    async fn look(&self, memory: &Memory, known: &mut Known) {
        let first = known.looked.is_none();
        known.looked = Some(Instant::now());
        for name in SHOWN {
            match stamp(&self.root.join(name)) {
                None => drop(known.shown.remove(name)),
                Some(stamp) => {
                    if known.shown.get(name).is_none_or(|(before, _)| *before != stamp) {
                        let done = self.read_shown(name);
                        told(name, &done);
                        known.shown.insert(name, (stamp, done));
                    }
                }
            }
        }
        let found = listed(&self.root);
        let gone: Vec<String> = known.indexed.keys().filter(|name| !found.contains_key(*name)).cloned().collect();
        let sweeps = first || !gone.is_empty();
        for name in gone {
            known.indexed.remove(&name);
        }
        for (name, stamp) in &found {
            if known.indexed.get(name).is_none_or(|(before, _)| before != stamp) {
                let done = self.index(memory, name).await;
                told(name, &done);
                known.indexed.insert(name.clone(), (*stamp, done));
            }
        }
        if sweeps && let Err(fault) = sweep(memory, &found).await {
            tracing::warn!(%fault, "what is left of files that have gone was not forgotten");
            known.looked = None;
        }
    }

    fn read_shown(&self, name: &str) -> Result<String, String> {
        let text = read(&self.root.join(name), limits::SHOWN_BYTES)?;
        match leak::holds(&text) {
            Some(kind) => Err(MemoryFault::Secret(kind).to_string()),
            None => Ok(text),
        }
    }

    /// Takes one file in: how many pieces it has.
    async fn index(&self, memory: &Memory, name: &str) -> Result<usize, String> {
        let path = self.root.join(name);
        let pieces =
            read(&path, limits::FILE_BYTES).and_then(|text| ingest::pieces(name, &text, written(&path), &memory.zone));
        let pieces = match pieces {
            Ok(pieces) => pieces,
            // What was indexed of it is not what it says now.
            Err(fault) => {
                let dropped = replace(memory, name, Vec::new()).await;
                return Err(dropped.err().map_or(fault, |error| error.to_string()));
            }
        };
        let many = pieces.len();
        replace(memory, name, pieces).await.map_err(|fault| fault.to_string())?;
        Ok(many)
    }
}

/// Makes the rows of a file these: what is still there stays, the rest goes.
async fn replace(memory: &Memory, name: &str, pieces: Vec<NewMemory>) -> Result<(), MemoryFault> {
    let store = &memory.store;
    let before = store.memories_named(&under(name)).await?;
    let stays = |reference: &str| pieces.iter().any(|piece| piece.reference.as_deref() == Some(reference));
    let gone = before.into_iter().filter(|row| !stays(&row.reference)).collect();
    memory.drop_rows(gone).await?;
    for part in pieces.chunks(limits::MEMORY_BATCH) {
        memory.keep(part.to_vec()).await?;
    }
    Ok(())
}

/// Forgets the rows of files that are no longer there, or of another form.
async fn sweep(memory: &Memory, found: &BTreeMap<String, Stamp>) -> Result<(), MemoryFault> {
    let ours = format!("file/{SCHEMA}:");
    for of in memory.store.memory_files().await? {
        let name = of.strip_prefix(&ours);
        if name.is_none_or(|name| !found.contains_key(name)) {
            let rows = memory.store.memories_named(&format!("{of}#")).await?;
            memory.drop_rows(rows).await?;
        }
    }
    Ok(())
}

fn told<T>(name: &str, done: &Result<T, String>) {
    match done {
        Ok(_) => tracing::info!(file = name, "a file of memory was read"),
        Err(fault) => tracing::warn!(file = name, fault, "a file of memory was left out"),
    }
}

/// When a file was written, in milliseconds since 1970.
fn written(path: &Path) -> i64 {
    let at = fs::metadata(path).and_then(|meta| meta.modified()).ok();
    let since = at.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    since.and_then(|since| i64::try_from(since.as_millis()).ok()).unwrap_or(0)
}

fn stamp(path: &Path) -> Option<Stamp> {
    let meta = fs::symlink_metadata(path).ok()?;
    meta.is_file().then(|| (meta.len(), meta.modified().ok()))
}

/// The files of the folder and its folders, by their path from the root; links are not followed.
fn listed(root: &Path) -> BTreeMap<String, Stamp> {
    let mut found = BTreeMap::new();
    let mut folders = vec![(PathBuf::from(FOLDER), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let is_folder = fs::symlink_metadata(root.join(&folder)).is_ok_and(|meta| meta.is_dir());
        let Some(entries) = fs::read_dir(root.join(&folder)).ok().filter(|_| is_folder) else { continue };
        for entry in entries.flatten() {
            let path = folder.join(entry.file_name());
            // «#» parts a file from its pieces in their names.
            let fits = |name: &&str| found.len() < limits::FILES && !name.contains('#');
            let Some(name) = path.to_str().filter(fits) else { continue };
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) && depth < limits::FILES_DEPTH {
                folders.push((path.clone(), depth + 1));
            } else if has(name, &["md", "json", "jsonl"])
                && let Some(stamp) = stamp(&root.join(&path))
            {
                found.insert(name.to_owned(), stamp);
            }
        }
    }
    found
}

/// A text of at most so many bytes; a link is not followed.
fn read(path: &Path, most: u64) -> Result<String, String> {
    let opened: io::Result<File> = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW).open(path);
    let mut bytes = Vec::new();
    let got = opened.and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    got.map_err(|error| error.to_string())?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
        return Err(format!("is longer than {most} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())
}
