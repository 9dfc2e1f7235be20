//! `docs/threat-model.md` names a test for each claim, and each test that it names is there.

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of the project, with its text.
fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("src"), root().join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).expect("a file");
                found.push((path, text));
            }
        }
    }
    found
}

/// Whether a name of the page, `module::test`, a module or a path, is one of the project's.
fn known(name: &str, sources: &[(PathBuf, String)]) -> bool {
    if name.contains('/') {
        return root().join(name).exists();
    }
    let steps: Vec<_> = name.split("::").collect();
    let (Some(last), Some(first)) = (steps.last(), steps.first()) else { return false };
    let function = format!("fn {last}(");
    // The harness of the hands has names of its own.
    let listed = format!("(\"{last}\", ");
    sources.iter().any(|(path, text)| {
        let path = path.to_string_lossy();
        let is_module = path.ends_with(&format!("/{last}.rs")) || path.contains(&format!("/{last}/"));
        path.contains(&format!("/{first}")) && (is_module || text.contains(&function) || text.contains(&listed))
    })
}

/// What stands in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn each_claim_of_the_threat_model_names_a_test_that_exists() {
    let page = std::fs::read_to_string(root().join("docs/threat-model.md")).expect("the page");
    let sources = sources();
    for wanted in ["foreign message", "model output", "tool output", "compromised hand", "compromised brain"] {
        assert!(page.contains(&format!("| **{wanted}**")), "the page says nothing of a {wanted}");
    }
    let table = page.split("## Attackers").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("attackers");
    let rows: Vec<_> = table.lines().filter(|line| line.starts_with("| **")).collect();
    assert!(rows.len() >= 6);
    for row in rows {
        let shown = row.split(" | ").nth(3).expect("what shows it");
        let tests: Vec<_> = quoted(shown).collect();
        assert!(!tests.is_empty(), "no test is named: {row}");
        for test in tests {
            assert!(known(test, &sources), "«{test}» is named and does not exist: {row}");
        }
    }
    let names =
        quoted(&page).filter(|name| name.contains("::") || name.starts_with("tests/") || name.starts_with("src/"));
    for name in names {
        assert!(known(name, &sources), "«{name}» is named and does not exist");
    }
    assert!(!known("walls::there_is_no_such_test", &sources) && !known("tests/it/none.rs", &sources));
}
