//! Lists `boards/*.toml` for `src/board/`: a board is added by adding a file, not by naming it in Rust.

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
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("boards.rs"), out)?;
    Ok(())
}
