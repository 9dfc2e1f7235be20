//! What is linked into the keeper: symbols of what must not be in the privileged process are absent.
//!
//! Looks at the unstripped release program. That the scan can see is shown on symbols that are there.

use std::collections::BTreeSet;
use std::path::Path;

use object::{Object, ObjectSymbol};

/// What the keeper must not hold: the brain's executor, TLS, the database, the embedder.
const FORBIDDEN: [&str; 4] = ["tokio", "rustls", "sqlite3_", "tract"];

/// The crates whose code is in the keeper: a new one is a decision, made here. How much is inlined decides which
/// of them have symbols of their own, so not each is seen in every build.
const CRATES: [&str; 43] = [
    "alloc",
    "argon2",
    "async_executor",
    "async_io",
    "async_task",
    "blake2",
    "block_buffer",
    "chacha20",
    "chacha20poly1305",
    "cipher",
    "cmov",
    "concurrent_queue",
    "const_oid",
    "core",
    "crypto_bigint",
    "crypto_common",
    "ctutils",
    "digest",
    "fastrand",
    "ff",
    "flatbuffers",
    "futures_lite",
    "getrandom",
    "hearth",
    "hearth_keeper",
    "hmac",
    "hybrid_array",
    "nix",
    "p256",
    "parking",
    "polling",
    "poly1305",
    "primefield",
    "primeorder",
    "rustix",
    "sd_notify",
    "sec1",
    "seccompiler",
    "sha2",
    "slab",
    "std",
    "subtle",
    "universal_hash",
];

fn symbols(program: &str) -> Vec<String> {
    let bytes = std::fs::read(Path::new(program)).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    // Names of object files stay in the table when all of their code was dropped.
    let code = file.symbols().filter(|symbol| symbol.is_definition());
    let names: Vec<String> = code.filter_map(|symbol| symbol.name().ok().map(str::to_owned)).collect();
    assert!(names.len() > 500, "{program} is stripped: {} symbols", names.len());
    names
}

fn holding<'a>(symbols: &'a [String], word: &str) -> Option<&'a String> {
    symbols.iter().find(|symbol| symbol.contains(word))
}

/// The symbol that is code or data of the crate or C library `word`.
///
/// Functions of all modules of this package are compiled together, and the compiler gives identical
/// ones one body under any of their names: `core`'s drop of a lock guard may carry the name of a type
/// of tokio although no code of tokio is there. So the crate that a symbol *comes from* is looked at:
/// the root of its path, or the type or trait that its impl is for.
fn coming_from<'a>(symbols: &'a [String], word: &str) -> Option<&'a String> {
    let heads = ["_$LT$".to_owned(), "$u20$as$u20$".to_owned()].map(|head| format!("{head}{word}"));
    symbols.iter().find(|symbol| match symbol.strip_prefix("_ZN") {
        Some(path) => {
            let path = path.trim_start_matches(|c: char| c.is_ascii_digit());
            path.starts_with(word)
                || (path.starts_with("_$LT$") && heads.iter().any(|head| path.contains(head.as_str())))
        }
        None => symbol.contains(word),
    })
}

/// The first part of each mangled path (`_ZN4core3ptr…`): the crate that the code came from.
fn crates(symbols: &[String]) -> BTreeSet<String> {
    symbols.iter().filter_map(|symbol| first_part(symbol.strip_prefix("_ZN")?)).collect()
}

fn first_part(path: &str) -> Option<String> {
    let digits = path.find(|c: char| !c.is_ascii_digit())?;
    let length: usize = path[..digits].parse().ok()?;
    let part = path.get(digits..digits + length)?;
    part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then(|| part.to_owned())
}

#[test]
fn the_keeper_holds_no_forbidden_symbol() {
    let symbols = symbols(env!("CARGO_BIN_EXE_hearth-keeper"));
    for word in FORBIDDEN {
        assert_eq!(coming_from(&symbols, word), None, "'{word}' in hearth-keeper");
    }
}

#[test]
fn the_scan_sees_what_is_there() {
    let keeper = symbols(env!("CARGO_BIN_EXE_hearth-keeper"));
    for word in ["async_io", "flatbuffers", "hearth6keeper"] {
        assert!(holding(&keeper, word).is_some(), "'{word}' not seen in hearth-keeper");
    }
}

#[test]
fn the_crates_of_the_keeper_are_these() {
    let seen = crates(&symbols(env!("CARGO_BIN_EXE_hearth-keeper")));
    let listed: BTreeSet<String> = CRATES.iter().map(|name| (*name).to_owned()).collect();
    let new: Vec<_> = seen.difference(&listed).collect();
    assert!(new.is_empty(), "crates in hearth-keeper that are not listed in {}: {new:?}", file!());
}

#[test]
fn a_crate_is_read_from_its_symbols() {
    let symbols = ["_ZN5tokio7runtime4Core3newE", "_ZN4core3ptr1xE", "_ZN99xE", "_ZN4$LT$E", "main"].map(str::to_owned);
    assert_eq!(crates(&symbols).into_iter().collect::<Vec<_>>(), ["core", "tokio"]);
}

#[test]
fn what_comes_from_a_forbidden_crate_is_seen() {
    let one = |symbol: &str| coming_from(&[symbol.to_owned()], "tokio").is_some();
    assert!(one("_ZN5tokio7runtime4Core3newE"));
    assert!(one("_ZN12tokio_rustls6client3newE"));
    assert!(one("_ZN71_$LT$tokio..net..X$u20$as$u20$core..ops..drop..Drop$GT$4drop17h0E"));
    assert!(one("_ZN71_$LT$std..X$u20$as$u20$tokio..io..AsyncRead$GT$4poll17h0E"));
    assert!(one("_RNvNtCs1234_5tokio7runtime3new"));
    assert!(!one("_ZN4core3ptr109drop_in_place$LT$std..sync..MutexGuard$LT$tokio..runtime..Synced$GT$$GT$17h0E"));
    // This very program holds the database.
    let own = symbols(std::env::current_exe().unwrap().to_str().unwrap());
    assert!(coming_from(&own, "sqlite3_").is_some());
}
