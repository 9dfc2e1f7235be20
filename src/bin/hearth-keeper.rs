//! The secrets helper: see `hearth-keeper --help`.

fn main() {}
