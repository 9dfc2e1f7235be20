//! Lists `boards/*.toml` for `src/board/`: a board is added by adding a file, not by naming it in Rust.
//! Tells `base::clock` when the program was made, the same for every build of one commit.
//! Has static programs linked with what std alone would leave out.

use std::fmt::Write as _;
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=boards");
    println!("cargo::rerun-if-changed=build.rs");
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("boards");
    let mut files: Vec<_> = std::fs::read_dir(&folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    let mut out = String::from("&[\n");
    for path in files {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        writeln!(out, "    ({stem:?}, include_str!({:?})),", path.display().to_string())?;
    }
    out.push_str("]\n");
    println!("cargo::rerun-if-env-changed={OURS}");
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo::rustc-env=HEARTH_MADE={}", made());
    // Std's own use of these is weak, and where link-time optimisation makes one symbol of all uses, none is left that
    // takes it out of musl's archive: on RISC-V the call then goes to itself, for ever (`cross/gate` looks for such).
    if std::env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|env| env == "musl") {
        for name in ["getrandom", "gettid", "copy_file_range"] {
            println!("cargo::rustc-link-arg=-Wl,-u,{name}");
        }
    }
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("boards.rs"), out)?;
    Ok(())
}

/// The commit's time as `cross/build` tells it: `SOURCE_DATE_EPOCH` would have the C of every crate built anew.
const OURS: &str = "HEARTH_COMMIT_TIME";

/// Of a tree without git and without `SOURCE_DATE_EPOCH`: a time that has surely passed.
const FIRST: u64 = 1_795_219_200;

/// Seconds since 1970: what `OURS` or `SOURCE_DATE_EPOCH` says, or the commit's time.
fn made() -> u64 {
    let said = |name| std::env::var(name).ok().and_then(|text| text.trim().parse().ok());
    let named = said(OURS).or_else(|| said("SOURCE_DATE_EPOCH"));
    let commit = || {
        let log = std::process::Command::new("git").args(["log", "-1", "--format=%ct"]).output().ok()?;
        String::from_utf8(log.stdout).ok()?.trim().parse().ok()
    };
    named.or_else(commit).map_or(FIRST, |seconds: u64| seconds.max(FIRST))
}
