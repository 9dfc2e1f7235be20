//! A source tree as the structure tests see it: files with their text, from disk or made up.

use std::path::Path;

/// One Rust file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// Its path from the top of the package, with `/`.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
}

impl File {
    /// The module that the file is, below `src/`: `["base", "id"]`, `["base"]` for `base/mod.rs`;
    /// `None` for the crate's own root files and for what is not in `src/`.
    pub(crate) fn place(&self) -> Option<Vec<String>> {
        let inner = self.path.strip_prefix("src/")?.strip_suffix(".rs")?;
        let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
        if parts.last().is_some_and(|last| last == "mod") {
            parts.pop();
        }
        let root = matches!(parts.as_slice(), [one] if one == "lib" || one == "main");
        (!root && parts.first().is_some_and(|first| first != "bin")).then_some(parts)
    }

    /// Whether `schemas/generate` wrote it.
    pub(crate) fn generated(&self) -> bool {
        self.path.starts_with("src/wire/generated/") && self.path.ends_with("_generated.rs")
    }

    /// The head: inner attributes of the crate root may stand before nothing, so it is the first line.
    pub(crate) fn has_head(&self) -> bool {
        let mut lines = self.text.lines();
        lines.next().is_some_and(|line| line.strip_prefix("//! ").is_some_and(|rest| !rest.trim().is_empty()))
    }
}

/// Every Rust file of the package under `root`, in the folders that hold any.
pub(crate) fn read(root: &Path) -> Vec<File> {
    let mut files = Vec::new();
    for folder in ["src", "tests", "bench", "schemas/generator/src"] {
        collect(root, &root.join(folder), &mut files);
    }
    files
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<File>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            files.push(File { path: path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), text });
        }
    }
}

/// A made-up file.
pub(crate) fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}
