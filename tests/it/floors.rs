//! The structure of the source, held by tests: floors, rings, heads, lengths, rooms for `unsafe`, mains.
//!
//! Each check runs over the real tree, and over a small made-up one that it must find wrong. A new
//! top-level module gets its row in [`TABLE`] first.

mod checks;
mod lex;
mod paths;
mod tree;

use std::path::Path;

use tree::{File, file};

/// The floors, lowest first; a module names only modules of lower rows, never of its own.
const TABLE: [&[&str]; 11] = [
    &["base"],
    &["wire"],
    &["config", "board", "guard", "obs"],
    &["bus", "hal", "net", "sandbox", "store"],
    &["embed", "llm", "keeper", "home"],
    &["gate", "intent", "memory"],
    &["tools", "channels", "skills", "scheduler"],
    &["mcp"],
    &["agent"],
    &["app"],
    &["cli"],
];

fn ours() -> Vec<File> {
    let files = tree::read(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(files.iter().any(|file| file.path == "src/base/mod.rs"), "the tree was not read");
    files
}

#[track_caller]
fn clean(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// The checked tree has faults, one of which says `wanted`.
#[track_caller]
fn finds(faults: &[String], wanted: &str) {
    assert!(faults.iter().any(|fault| fault.contains(wanted)), "no '{wanted}' in {faults:?}");
}

#[test]
fn modules_name_only_lower_floors() {
    clean(&checks::floors(&ours(), &TABLE));
}

#[test]
fn an_upward_sideways_or_unlisted_import_is_found() {
    let table: [&[&str]; 2] = [&["low"], &["high", "side"]];
    let check = |path, text| checks::floors(&[file(path, text)], &table);
    finds(&check("src/low/mod.rs", "use crate::high::X;"), "'low' (row 0) names 'high' (row 1)");
    finds(&check("src/high/deep/file.rs", "use crate::{low::A, side::B};"), "names 'side'");
    finds(&check("src/low/file.rs", "fn f() { super::super::high::g() }"), "names 'high'");
    finds(&check("src/other.rs", ""), "'other' has no row");
    finds(&check("src/high/mod.rs", "use crate::Root;"), "'crate::Root' is no module");
    clean(&check("src/high/file.rs", "use crate::low::X; use crate::high::Y; use super::Z;"));
}

#[test]
fn modules_form_no_ring() {
    clean(&checks::cycles(&ours()));
}

#[test]
fn a_ring_is_found() {
    let mut files = vec![
        file("src/a/mod.rs", "use crate::b::X;"),
        file("src/b/x.rs", "use crate::c::X;"),
        file("src/c.rs", ""),
        file("src/d.rs", "use crate::a::X;"),
    ];
    clean(&checks::cycles(&files));
    files.push(file("src/c/y.rs", "use crate::a::X;"));
    finds(&checks::cycles(&files), "'c' is on or above a ring");
}

#[test]
fn every_file_has_a_head() {
    clean(&checks::heads(&ours()));
}

#[test]
fn a_missing_head_is_found() {
    finds(&checks::heads(&[file("src/a.rs", "use x;\n//! late")]), "src/a.rs: does not begin");
    finds(&checks::heads(&[file("tests/it/a.rs", "//! ")]), "tests/it/a.rs");
    clean(&checks::heads(&[file("src/a.rs", "//! What for.\n"), file("src/wire/generated/x_generated.rs", "")]));
}

#[test]
fn no_file_is_too_long() {
    clean(&checks::lengths(&ours()));
}

#[test]
fn a_file_that_is_too_long_is_found() {
    clean(&checks::lengths(&[file("src/a.rs", &"x\n".repeat(500))]));
    finds(&checks::lengths(&[file("src/a.rs", &"x\n".repeat(501))]), "501 lines");
    clean(&checks::lengths(&[file("src/wire/generated/x_generated.rs", &"x\n".repeat(501))]));
}

#[test]
fn unsafe_stays_in_its_rooms() {
    clean(&checks::unsafety(&ours(), include_str!("../../Cargo.toml")));
}

#[test]
fn unsafe_elsewhere_is_found() {
    let lints = "[lints.rust]\nunsafe_code = \"deny\"\n";
    let check = |path, text| checks::unsafety(&[file(path, text)], lints);
    finds(&check("src/base/id.rs", "fn f() { unsafe { g() } }"), "src/base/id.rs: unsafe outside");
    finds(&check("src/base/sys.rsx/a.rs", "unsafe fn f() {}"), "unsafe outside");
    finds(&check("src/hal/mod.rs", "#![allow(dead_code, unsafe_code)]"), "lifts the lint");
    finds(&check("src/gate/mod.rs", "//! Head."), "begins with #![forbid(unsafe_code)]");
    finds(&checks::unsafety(&[], "[lints.rust]"), "Cargo.toml");
    clean(&check("src/gate/mod.rs", "#![forbid(unsafe_code)]\n// unsafe"));
    clean(&check("src/base/sys.rs", "#![allow(unsafe_code)] unsafe fn f() {}"));
    clean(&check("src/hal/linux/gpio.rs", "unsafe fn f() {}"));
    clean(&check("src/base/mod.rs", "pub mod sys;"));
}

#[test]
fn mains_call_one_function() {
    clean(&checks::mains(&ours()));
}

#[test]
fn a_main_that_does_work_is_found() {
    let check = |text| checks::mains(&[file("src/bin/a.rs", text)]);
    finds(&check("fn main() { a(); b(); }"), "main() calls one function");
    finds(
        &check("fn main() { if x { a() } else { a } }")
            .iter()
            .cloned()
            .chain(check("fn main() { a(b()) }"))
            .collect::<Vec<_>>(),
        "main()",
    );
    finds(&check("fn main() { a() } fn a() {}"), "main()");
    clean(&check("fn main() -> std::process::ExitCode {\n    hearth::cli::main()\n}"));
    clean(&check("fn main() { hearth::cli::main(); }"));
}
