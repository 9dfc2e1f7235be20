//! No sentence of the data sets is in the project: no run of six words of them, in any file or in the
//! built program. Names of devices, areas, floors and titles count as one masked word.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::kit::shared;

/// Words in a run.
const RUN: usize = 6;

fn words(text: &str) -> Vec<String> {
    let split = text.split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '<' || c == '>'));
    split.filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
}

/// Names as lists of words, the longest first.
fn names(file: &Value) -> Vec<Vec<String>> {
    fn collect(value: &Value, out: &mut HashSet<String>) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    if let (true, Value::String(name)) = (matches!(key.as_str(), "name" | "title"), value) {
                        out.insert(name.replace(['[', ']'], ""));
                    }
                    collect(value, out);
                }
            }
            Value::Array(list) => list.iter().for_each(|v| collect(v, out)),
            _ => {}
        }
    }
    let mut out = HashSet::new();
    for set in ["set_A", "set_B", "set_A_combo_files"] {
        collect(&file[set]["fixtures"], &mut out);
    }
    let mut names: Vec<Vec<String>> = out.iter().map(|n| words(n)).filter(|w| !w.is_empty()).collect();
    names.sort_by_key(|n| std::cmp::Reverse(n.len()));
    names
}

/// The words with every name as one `*`.
fn masked(words: &[String], names: &[Vec<String>]) -> Vec<String> {
    let mut out = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        if words[at].starts_with('<') {
            out.push("*".to_owned());
            at += 1;
            continue;
        }
        match names.iter().find(|n| words[at..].starts_with(n)) {
            Some(name) => {
                out.push("*".to_owned());
                at += name.len();
            }
            None => {
                out.push(words[at].clone());
                at += 1;
            }
        }
    }
    out
}

fn runs(words: &[String]) -> impl Iterator<Item = String> + '_ {
    // Six words of which most are masked are a shape, not a sentence.
    words.windows(RUN).filter(|w| w.iter().filter(|w| *w == "*").count() < 3).map(|w| w.join(" "))
}

fn sentences(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(s) if matches!(key.as_str(), "sentence" | "phrase") => out.push(s.clone()),
                    other => sentences(other, out),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|v| sentences(v, out)),
        _ => {}
    }
}

/// Every text file of the project.
fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if !matches!(name.to_str(), Some("target" | ".git" | ".cross")) {
                files(&path, out);
            }
        } else {
            out.push(path);
        }
    }
}

/// Runs of printable text in a program.
fn printable(bytes: &[u8]) -> String {
    bytes.iter().map(|b| if (0x20..0x7f).contains(b) { char::from(*b) } else { '\n' }).collect()
}

/// The runs of a text that are runs of the data.
fn known_runs(text: &str, names: &[Vec<String>], known: &HashSet<String>) -> Vec<String> {
    let masked = masked(&words(text), names);
    masked.windows(RUN).map(|run| run.join(" ")).filter(|run| known.contains(run)).collect()
}

#[test]
fn no_sentence_of_the_data_is_in_the_project_or_in_the_program() {
    let Some(path) = shared("home/ha_intents_en.json") else { return };
    let main: Value = serde_json::from_slice(&std::fs::read(&path).expect("read")).expect("JSON");
    let names = names(&main);
    let mut all = Vec::new();
    sentences(&main, &mut all);
    for file in ["home/home_llm_piles.json", "home/snips_ood.json"] {
        let Some(path) = shared(file) else { return };
        let file: Value = serde_json::from_slice(&std::fs::read(path).expect("read")).expect("JSON");
        sentences(&file["langs"]["english"], &mut all);
        sentences(&file["cases"], &mut all);
    }
    let known: HashSet<String> =
        all.iter().flat_map(|s| runs(&masked(&words(s), &names)).collect::<Vec<_>>()).collect();
    assert!(known.len() > 3_000, "{} runs", known.len());

    let mut found = Vec::new();
    let mut look = |place: &Path, text: &str| {
        found.extend(known_runs(text, &names, &known).into_iter().map(|run| format!("{}: {run}", place.display())));
    };
    let mut project = Vec::new();
    files(Path::new(env!("CARGO_MANIFEST_DIR")), &mut project);
    assert!(project.len() > 100);
    for file in &project {
        if let Ok(text) = std::fs::read_to_string(file) {
            look(file, &text);
        }
    }
    let program = Path::new(env!("CARGO_BIN_EXE_hearth"));
    for line in printable(&std::fs::read(program).expect("the program")).lines().filter(|l| l.len() > 20) {
        look(program, line);
    }
    found.sort();
    found.dedup();
    assert!(found.is_empty(), "{} runs of the data:\n{}", found.len(), found.join("\n"));
}

#[test]
fn a_copied_sentence_would_be_found() {
    let names = vec![words("Garden Shed")];
    let known: HashSet<String> =
        runs(&masked(&words("please open up the garden shed right after lunch"), &names)).collect();
    let text = masked(&words("// Please open up the Garden Shed right now"), &names);
    assert!(runs(&text).any(|run| known.contains(&run)));
}

#[test]
fn a_sentence_planted_in_the_program_would_be_found() {
    let names = vec![words("Garden Shed")];
    let said = "kindly open up the garden shed right after our lunch";
    let known: HashSet<String> = runs(&masked(&words(said), &names)).collect();
    let mut program = std::fs::read(env!("CARGO_BIN_EXE_hearth")).expect("the program");
    let found = |program: &[u8]| -> Vec<String> {
        let text = printable(program);
        let long = text.lines().filter(|l| l.len() > 20);
        long.flat_map(|line| known_runs(line, &names, &known)).collect()
    };
    assert_eq!(found(&program), Vec::<String>::new());
    // In the middle, between bytes that are no text, as constants lie there.
    let at = program.len() / 2;
    let planted = [b"\0\x01", b"then open up the Garden Shed right after dinner".as_slice(), b"\xff\0"].concat();
    program.splice(at..at, planted);
    assert_eq!(found(&program), ["open up the * right after"]);
}
