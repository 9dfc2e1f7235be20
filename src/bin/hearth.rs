//! The agent: see `hearth --help`.

fn main() {}
