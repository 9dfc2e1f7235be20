//! The boards that are known: built in, and from a folder; and their inheritance.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use serde_json::Value;

use super::raw::{BOARD, Raw};
use super::{Board, BoardFault};
use crate::base::shape::Shape;
use crate::base::{Doc, KeyFault, limits};

const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/boards.rs"));

/// What a board is, as against what it has: these keys are its own and never inherited.
const OWN: &[&str] = &["description", "compatible", "default", "fallback_for", "inherit"];

/// The boards that are known.
#[derive(Clone, Debug, Default)]
pub struct Boards {
    files: BTreeMap<String, Doc>,
}

/// A board's file and those that it inherits, nearest first.
pub(super) struct Chain<'a>(Vec<&'a Doc>);

impl Chain<'_> {
    /// A fault of a key, at its place in the file that wrote it.
    pub(super) fn fault(&self, key: &str, problem: impl Into<String>) -> BoardFault {
        let Some(doc) = self.0.iter().find(|doc| doc.has(key)).or_else(|| self.0.first()) else {
            return KeyFault::of_file("", problem);
        };
        let value = key.split('.').try_fold(doc.value(), |value, step| value.get(step));
        KeyFault::of_file(doc.file(), problem).at(doc.place_of(key), key, value)
    }
}

impl Boards {
    /// The boards that are built in.
    ///
    /// # Errors
    /// Every fault in their files; a test keeps it so that there is none.
    pub fn embedded() -> Result<Self, Vec<BoardFault>> {
        let mut boards = Self::default();
        let mut faults = Vec::new();
        for (name, text) in EMBEDDED {
            faults.extend(boards.add(name, text.as_bytes(), &format!("boards/{name}.toml")));
        }
        if faults.is_empty() { Ok(boards) } else { Err(faults) }
    }

    /// Adds a board, or replaces the one of this name; the faults of the file keep it out.
    pub fn add(&mut self, name: &str, bytes: &[u8], file: &str) -> Vec<BoardFault> {
        if let Err(rule) = crate::base::Name::new(name) {
            return vec![KeyFault::of_file(file, format!("the file's name is the board's: {rule}"))];
        }
        match Doc::parse(bytes, file) {
            Err(faults) => faults,
            Ok(doc) => {
                let faults = Shape::Table(BOARD).check(&doc);
                if faults.is_empty() {
                    self.files.insert(name.to_owned(), doc);
                }
                faults
            }
        }
    }

    /// Adds the boards of a folder over those known; a folder that is not there adds none.
    /// A broken file is told and left out, the others are taken.
    pub fn load_dir(&mut self, folder: &Path) -> Vec<BoardFault> {
        let unread = |path: &Path, error: &dyn std::fmt::Display| {
            vec![KeyFault::of_file(&path.display().to_string(), format!("cannot be read: {error}"))]
        };
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => return unread(folder, &error),
        };
        let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
        paths.sort();
        if paths.len() > limits::BOARD_FILES {
            let problem = format!("{} files; at most {} are read", paths.len(), limits::BOARD_FILES);
            return vec![KeyFault::of_file(&folder.display().to_string(), problem)];
        }
        let mut faults = Vec::new();
        for path in paths {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let mut bytes = Vec::new();
            let read =
                std::fs::File::open(&path).and_then(|file| file.take(limits::CONFIG_BYTES + 1).read_to_end(&mut bytes));
            faults.extend(match read {
                Ok(_) => self.add(&name, &bytes, &path.display().to_string()),
                Err(error) => unread(&path, &error),
            });
        }
        faults
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The checked board of this name.
    ///
    /// # Errors
    /// An unknown name with the nearest known one, or every fault of the board.
    pub fn named(&self, name: &str) -> Result<Board, Vec<BoardFault>> {
        let Some(doc) = self.files.get(name) else {
            let fault = KeyFault::of_file("boards", format!("no board «{name}»; see hearth board list"));
            return Err(vec![fault.suggest(name, self.names())]);
        };
        let chain = self.chain(name, doc).map_err(|fault| vec![*fault])?;
        let mut value = Value::Object(serde_json::Map::new());
        for (distance, doc) in chain.0.iter().enumerate().rev() {
            overlay(&mut value, doc.value(), distance > 0);
        }
        let raw = serde_json::from_value::<Raw>(value)
            .map_err(|error| vec![KeyFault::of_file(doc.file(), error.to_string())])?;
        Board::check(name, raw, &chain)
    }

    /// The key of a file as it is written there, not inherited.
    pub(super) fn own(&self, name: &str, key: &str) -> Option<&Value> {
        self.files.get(name)?.value().get(key)
    }

    fn chain<'a>(&'a self, name: &'a str, doc: &'a Doc) -> Result<Chain<'a>, Box<BoardFault>> {
        let mut names = vec![name];
        let mut chain = Chain(vec![doc]);
        let mut last = doc;
        while let Some(parent) = last.value().get("inherit").and_then(Value::as_str) {
            let fault = |problem: String| {
                KeyFault::of_file(last.file(), problem).at(
                    last.place_of("inherit"),
                    "inherit",
                    last.value().get("inherit"),
                )
            };
            if names.contains(&parent) {
                return Err(Box::new(fault(format!("inherits itself: {} → {parent}", names.join(" → ")))));
            }
            if names.len() > limits::BOARD_DEPTH {
                return Err(Box::new(fault(format!("more than {} boards above each other", limits::BOARD_DEPTH))));
            }
            let Some(doc) = self.files.get(parent) else {
                return Err(Box::new(fault("no such board".to_owned()).suggest(parent, self.names())));
            };
            names.push(parent);
            chain.0.push(doc);
            last = doc;
        }
        Ok(chain)
    }
}

/// Lays a file over what it inherits: tables key by key, anything else whole.
fn overlay(under: &mut Value, over: &Value, parent: bool) {
    let (Value::Object(under), Value::Object(over)) = (&mut *under, over) else {
        *under = over.clone();
        return;
    };
    for (key, value) in over.iter().filter(|(key, _)| !(parent && OWN.contains(&key.as_str()))) {
        match under.get_mut(key) {
            Some(old) => overlay(old, value, false),
            None => drop(under.insert(key.clone(), value.clone())),
        }
    }
}
