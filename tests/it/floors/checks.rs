//! The structure checks: each takes a tree and says what in it is wrong, one line a fault.
//!
//! The tests of the real tree and of made-up broken ones use the same functions.

use std::collections::{BTreeMap, BTreeSet};

use super::lex::{Word, words};
use super::paths;
use super::tree::File;

/// Most lines of a file.
const LINES: usize = 500;
/// Where `unsafe` may stand: three rooms of ours, generated code, and a test that acts as an attacker.
const ROOMS: [&str; 5] =
    ["src/base/sys.rs", "src/sandbox/", "src/hal/linux/", "src/wire/generated/", "tests/hands/bad.rs"];

/// Imports of the same row or a higher one, and modules that have no row.
pub(crate) fn floors(files: &[File], table: &[&[&str]]) -> Vec<String> {
    let row = |module: &str| table.iter().position(|row| row.contains(&module));
    let mut faults = BTreeSet::new();
    for (path, place, names) in imports(files) {
        let own = &place[0];
        let Some(own_row) = row(own) else {
            faults.insert(format!("{path}: module '{own}' has no row in the table of floors"));
            continue;
        };
        for name in names.iter().filter(|name| *name != own) {
            match row(name) {
                Some(other) if other < own_row => {}
                Some(other) => {
                    faults.insert(format!("{path}: '{own}' (row {own_row}) names '{name}' (row {other})"));
                }
                None => {
                    faults.insert(format!("{path}: 'crate::{name}' is no module with a row"));
                }
            }
        }
    }
    faults.into_iter().collect()
}

/// Top-level modules that name each other in a ring, whatever the table says.
pub(crate) fn cycles(files: &[File]) -> Vec<String> {
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, place, names) in imports(files) {
        let own = place[0].clone();
        graph.entry(own.clone()).or_default().extend(names.into_iter().filter(|name| *name != own));
    }
    // What names nothing that is left is in no ring; what remains in the end is.
    while let Some(free) = graph.iter().find(|(_, names)| names.iter().all(|name| !graph.contains_key(name))) {
        let free = free.0.clone();
        graph.remove(&free);
    }
    graph.into_iter().map(|(own, names)| format!("'{own}' is on or above a ring: it names {names:?}")).collect()
}

fn imports(files: &[File]) -> Vec<(String, Vec<String>, BTreeSet<String>)> {
    let placed = files.iter().filter_map(|file| Some((file, file.place()?)));
    placed.map(|(file, place)| (file.path.clone(), place.clone(), paths::named(&place, &file.text))).collect()
}

/// Files that do not begin with a `//!` sentence.
pub(crate) fn heads(files: &[File]) -> Vec<String> {
    let headless = files.iter().filter(|file| !file.generated() && !file.has_head());
    headless.map(|file| format!("{}: does not begin with a //! head", file.path)).collect()
}

/// Files that are too long.
pub(crate) fn lengths(files: &[File]) -> Vec<String> {
    let long = files.iter().filter(|file| !file.generated() && file.text.lines().count() > LINES);
    long.map(|file| format!("{}: {} lines, over {LINES}", file.path, file.text.lines().count())).collect()
}

/// `unsafe` outside its rooms, and modules that do not forbid it though they hold no room.
pub(crate) fn unsafety(files: &[File], manifest: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !manifest.lines().any(|line| line.trim() == r#"unsafe_code = "deny""#) {
        faults.push(r#"Cargo.toml: [lints.rust] has no unsafe_code = "deny""#.to_owned());
    }
    for file in files.iter().filter(|file| !in_room(&file.path)) {
        let words = words(&file.text);
        if words.iter().any(|word| word.is("unsafe")) {
            faults.push(format!("{}: unsafe outside its rooms", file.path));
        }
        if lint(&words, "allow") || lint(&words, "expect") || lint(&words, "warn") {
            faults.push(format!("{}: lifts the lint unsafe_code outside its rooms", file.path));
        }
        let top = file.place().is_some_and(|place| place.len() == 1);
        if top && !holds_room(&file.path) && !lint(&words, "forbid") {
            faults
                .push(format!("{}: a module without a room for unsafe begins with #![forbid(unsafe_code)]", file.path));
        }
    }
    faults
}

fn in_room(path: &str) -> bool {
    ROOMS.iter().any(|room| path == *room || (room.ends_with('/') && path.starts_with(room)))
}

/// Whether a room lies inside the module whose root file is `path`.
fn holds_room(path: &str) -> bool {
    let folder = path.strip_suffix("mod.rs").map_or_else(|| path.replace(".rs", "/"), str::to_owned);
    ROOMS.iter().any(|room| room.starts_with(&folder))
}

/// Whether an attribute of `level` names `unsafe_code`.
fn lint(words: &[Word], level: &str) -> bool {
    let opens = |at: usize| words[at].is(level) && words.get(at + 1).is_some_and(|word| word.mark('('));
    (0..words.len())
        .filter(|&at| opens(at))
        .any(|at| words[at + 2..].iter().take_while(|word| !word.mark(')')).any(|word| word.is("unsafe_code")))
}

/// Programs whose `main` does more than call one function.
pub(crate) fn mains(files: &[File]) -> Vec<String> {
    let programs = files.iter().filter(|file| file.path.starts_with("src/bin/"));
    let mut faults = Vec::new();
    for file in programs {
        // What stands before the first function are modules and attributes.
        let all = words(&file.text);
        let words = &all[all.iter().position(|word| word.is("fn")).unwrap_or(0)..];
        let functions = words.iter().filter(|word| word.is("fn")).count();
        // `fn main` has the first bracket; what it calls, the others.
        let brackets = words.iter().filter(|word| word.mark('(')).count();
        let branches = words.iter().filter(|word| word.mark(';') || word.is("if") || word.is("match")).count();
        if functions != 1 || brackets > 2 || branches > 1 {
            faults.push(format!("{}: main() calls one function and does nothing else", file.path));
        }
    }
    faults
}
