//! Generated wire code is what its schemas give: hashes of schema, generator and output, as recorded.
//!
//! `schemas/generate` records; this fails where one of them changed alone. `tests/run --heavy` also
//! builds the generator and compares its output.

use std::collections::BTreeSet;
use std::path::Path;

use sha2::{Digest, Sha256};

const LOCK: &str = "schemas/generated.lock";

/// What of `lock` is not so under `root`, and which files should be in it but are not.
fn stale(root: &Path, lock: &str) -> Vec<String> {
    let lines = lock.lines().filter(|line| !line.starts_with('#'));
    let recorded: Vec<_> = lines.filter_map(|line| line.split_once("  ")).collect();
    let mut faults: Vec<String> = recorded.iter().filter_map(|(hash, path)| differs(root, hash, path)).collect();
    let listed: BTreeSet<&str> = recorded.iter().map(|(_, path)| *path).collect();
    for path in required(root) {
        if !listed.contains(path.as_str()) {
            faults.push(format!("{path} is not in {LOCK}"));
        }
    }
    faults
}

fn differs(root: &Path, hash: &str, path: &str) -> Option<String> {
    match std::fs::read(root.join(path)) {
        Err(error) => Some(format!("{path}: {error}")),
        Ok(bytes) if sha256(&bytes) == hash => None,
        Ok(_) => Some(format!("{path} is not what {LOCK} records")),
    }
}

/// Every schema, its output, and the pin of the generator.
fn required(root: &Path) -> Vec<String> {
    let pins = ["Cargo.toml", "Cargo.lock", "src/main.rs"].map(|file| format!("schemas/generator/{file}"));
    let mut all = pins.to_vec();
    for name in names(&root.join("schemas"), ".fbs") {
        all.push(format!("schemas/{name}.fbs"));
        all.push(format!("src/wire/generated/{name}_generated.rs"));
    }
    all.extend(
        names(&root.join("src/wire/generated"), "_generated.rs")
            .map(|name| format!("src/wire/generated/{name}_generated.rs")),
    );
    all
}

fn names(folder: &Path, suffix: &'static str) -> impl Iterator<Item = String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries.filter_map(move |name| name.strip_suffix(suffix).map(str::to_owned))
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn what_is_committed_is_what_the_schemas_gave() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lock = std::fs::read_to_string(root.join(LOCK)).unwrap();
    let faults = stale(root, &lock);
    assert!(faults.is_empty(), "run schemas/generate:\n{}", faults.join("\n"));
}

#[test]
fn a_change_of_schema_pin_or_output_is_seen() {
    let root = std::env::temp_dir().join(format!("hearth-generated-{}", std::process::id()));
    let files = [
        "schemas/a.fbs",
        "schemas/generator/Cargo.toml",
        "schemas/generator/Cargo.lock",
        "schemas/generator/src/main.rs",
        "src/wire/generated/a_generated.rs",
    ];
    for file in files {
        std::fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
        std::fs::write(root.join(file), file).unwrap();
    }
    let lock: String = files.iter().map(|file| format!("{}  {file}\n", sha256(file.as_bytes()))).collect();
    assert_eq!(stale(&root, &lock), Vec::<String>::new());
    for file in files {
        std::fs::write(root.join(file), "changed").unwrap();
        assert_eq!(stale(&root, &lock), [format!("{file} is not what {LOCK} records")]);
        std::fs::write(root.join(file), file).unwrap();
    }
    std::fs::write(root.join("schemas/b.fbs"), "").unwrap();
    assert_eq!(stale(&root, &lock).len(), 2, "a schema that was never generated");
    std::fs::remove_dir_all(&root).unwrap();
}
