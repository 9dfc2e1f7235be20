//! The integration tests: they drive the built binaries through `kit`, one file per feature.

// Helpers of tests fail by panic, as tests do; clippy.toml frees only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod boards;
mod config;
mod floors;
mod generated;
mod keeper;
mod kit;
mod notice;
mod store;
mod symbols;
