//! The secrets helper: see `hearth-keeper --help`.
//!
//! It is built from the rooms that it needs and not from the library: what other parts of Hearth link
//! by constructors of their own (`inventory` in tract's kernels) no linker takes out of a program again.

// The rooms serve Hearth as well; what only Hearth calls is unused in this program.
#![allow(dead_code, unused_imports, unreachable_pub)]

#[path = "../base/mod.rs"]
mod base;
#[path = "../guard/mod.rs"]
mod guard;
#[path = "../keeper/mod.rs"]
mod keeper;
#[path = "../sandbox/mod.rs"]
mod sandbox;
#[path = "../wire/mod.rs"]
mod wire;

fn main() -> std::process::ExitCode {
    keeper::main()
}
