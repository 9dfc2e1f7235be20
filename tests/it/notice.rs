//! NOTICE names every third party that Cargo.toml names, and no other.

use std::collections::BTreeSet;

/// The dependencies of `manifest`, and the names at the beginning of the table's lines of `notice`.
fn both(manifest: &str, notice: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let manifest: toml::Table = manifest.parse().unwrap();
    let dependencies = manifest["dependencies"].as_table().unwrap().keys().cloned().collect();
    let lines = notice.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    (dependencies, lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

#[test]
fn every_dependency_has_its_line() {
    let (dependencies, noticed) = both(include_str!("../../Cargo.toml"), include_str!("../../NOTICE"));
    assert_eq!(dependencies, noticed);
}

#[test]
fn a_missing_line_is_seen() {
    let (dependencies, noticed) = both("[dependencies]\na = \"1\"\nb = \"1\"", "Text\n  a  MIT\n    more of a\n");
    assert_ne!(dependencies, noticed);
}
