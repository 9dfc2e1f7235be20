//! A disk that keeps only what was flushed: the model of a card whose power is cut.
//!
//! Every file has two contents: what programs see, and what is on the card. A write reaches the card when
//! its file is flushed (fsync), a name when its folder is. At a cut the card holds what was flushed and,
//! of the rest, nothing, everything, or any sectors of any writes in any mixture: cards reorder.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// Bytes that reach the card together or not at all.
const SECTOR: usize = 512;

/// What of the writes that were not flushed is on the card after a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Luck {
    /// None of them.
    None,
    /// All of them: what a kill -9 leaves.
    All,
    /// Some sectors of some, by this seed.
    Some(u64),
}

#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

#[derive(Clone, Debug)]
enum Naming {
    Set(OsString, u64),
    Remove(OsString),
    Rename(OsString, OsString, u64),
}

#[derive(Clone, Debug, Default)]
struct File {
    seen: Vec<u8>,
    kept: Vec<u8>,
    waiting: Vec<Change>,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    files: BTreeMap<u64, File>,
    names: BTreeMap<OsString, u64>,
    kept_names: BTreeMap<OsString, u64>,
    waiting: Vec<Naming>,
    /// Changes and flushes so far.
    pub(super) steps: u64,
    /// The step at which the power fails, before it is done.
    pub(super) cut_at: Option<u64>,
    /// Whether the power is off: every call fails.
    pub(super) off: bool,
    /// Flushes of files and folders so far.
    pub(super) flushes: u64,
    /// Bytes written so far.
    pub(super) written: u64,
}

/// The power is off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Off;

impl Disk {
    /// A disk with these files, all of them flushed.
    pub(super) fn with(files: &[(&str, &[u8])]) -> Self {
        let mut disk = Self::default();
        for (number, (name, bytes)) in (2..).zip(files) {
            disk.files.insert(number, File { seen: bytes.to_vec(), kept: bytes.to_vec(), waiting: Vec::new() });
            disk.names.insert((*name).into(), number);
        }
        disk.kept_names = disk.names.clone();
        disk
    }

    /// One more change or flush; refused from the cut on.
    fn step(&mut self) -> Result<(), Off> {
        self.steps += 1;
        self.off |= self.cut_at == Some(self.steps);
        self.powered()
    }

    pub(super) const fn powered(&self) -> Result<(), Off> {
        if self.off { Err(Off) } else { Ok(()) }
    }

    pub(super) fn find(&self, name: &OsStr) -> Option<u64> {
        self.names.get(name).copied()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = (&OsString, u64)> {
        self.names.iter().map(|(name, number)| (name, *number))
    }

    pub(super) fn length(&self, number: u64) -> Option<usize> {
        self.files.get(&number).map(|file| file.seen.len())
    }

    pub(super) fn read(&self, number: u64, at: usize, length: usize) -> &[u8] {
        let seen = self.files.get(&number).map_or(&[][..], |file| &file.seen);
        let at = at.min(seen.len());
        &seen[at..(at + length).min(seen.len())]
    }

    pub(super) fn create(&mut self, name: &OsStr) -> Result<u64, Off> {
        self.step()?;
        let number = self.files.keys().max().map_or(2, |last| last + 1);
        self.files.insert(number, File::default());
        self.names.insert(name.to_owned(), number);
        self.waiting.push(Naming::Set(name.to_owned(), number));
        Ok(number)
    }

    pub(super) fn remove(&mut self, name: &OsStr) -> Result<(), Off> {
        self.step()?;
        self.names.remove(name);
        self.waiting.push(Naming::Remove(name.to_owned()));
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &OsStr, to: &OsStr) -> Result<(), Off> {
        self.step()?;
        if let Some(number) = self.names.remove(from) {
            self.names.insert(to.to_owned(), number);
            self.waiting.push(Naming::Rename(from.to_owned(), to.to_owned(), number));
        }
        Ok(())
    }

    pub(super) fn link(&mut self, number: u64, name: &OsStr) -> Result<(), Off> {
        self.step()?;
        self.names.insert(name.to_owned(), number);
        self.waiting.push(Naming::Set(name.to_owned(), number));
        Ok(())
    }

    pub(super) fn write(&mut self, number: u64, at: usize, bytes: &[u8]) -> Result<(), Off> {
        self.step()?;
        self.written += bytes.len() as u64;
        self.change(number, Change::Write(at, bytes.to_vec()));
        Ok(())
    }

    pub(super) fn set_length(&mut self, number: u64, length: usize) -> Result<(), Off> {
        self.step()?;
        self.change(number, Change::Length(length));
        Ok(())
    }

    fn change(&mut self, number: u64, change: Change) {
        let file = self.files.entry(number).or_default();
        apply(&mut file.seen, &change);
        file.waiting.push(change);
    }

    /// Flushes a file: its content, not its name.
    pub(super) fn flush(&mut self, number: u64) -> Result<(), Off> {
        self.step()?;
        self.flushes += 1;
        let file = self.files.entry(number).or_default();
        for change in std::mem::take(&mut file.waiting) {
            apply(&mut file.kept, &change);
        }
        Ok(())
    }

    /// Flushes the folder: the names.
    pub(super) fn flush_names(&mut self) -> Result<(), Off> {
        self.step()?;
        self.flushes += 1;
        self.waiting.clear();
        self.kept_names = self.names.clone();
        Ok(())
    }

    /// What the card holds when the power comes back.
    pub(super) fn after_cut(&self, luck: Luck) -> Self {
        let mut dice = Dice(if let Luck::Some(seed) = luck { seed } else { 0 });
        let mut lucky = move || match luck {
            Luck::None => false,
            Luck::All => true,
            Luck::Some(_) => dice.next() & 1 == 1,
        };
        let mut names = self.kept_names.clone();
        // A journal keeps the order of names, so that what is there is a beginning of what was done.
        for naming in self.waiting.iter().take_while(|_| lucky()) {
            match naming {
                Naming::Set(name, number) => drop(names.insert(name.clone(), *number)),
                Naming::Remove(name) => drop(names.remove(name)),
                Naming::Rename(from, to, number) => {
                    names.remove(from);
                    names.insert(to.clone(), *number);
                }
            }
        }
        let mut files = BTreeMap::new();
        for number in names.values() {
            let Some(file) = self.files.get(number) else { continue };
            let mut kept = file.kept.clone();
            for change in &file.waiting {
                match change {
                    Change::Write(at, bytes) => {
                        for (part, sector) in bytes.chunks(SECTOR).enumerate().filter(|_| lucky()) {
                            apply(&mut kept, &Change::Write(at + part * SECTOR, sector.to_vec()));
                        }
                    }
                    Change::Length(_) if !lucky() => {}
                    Change::Length(_) => apply(&mut kept, change),
                }
            }
            files.insert(*number, File { seen: kept.clone(), kept, waiting: Vec::new() });
        }
        Self { files, kept_names: names.clone(), names, ..Self::default() }
    }
}

fn apply(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Length(length) => content.resize(*length, 0),
        Change::Write(at, bytes) => {
            content.resize(content.len().max(at + bytes.len()), 0);
            content[*at..at + bytes.len()].copy_from_slice(bytes);
        }
    }
}

/// SplitMix64: the same numbers from the same seed.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
