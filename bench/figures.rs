//! The figures of `bench/budget.toml`, measured.

fn main() {}
