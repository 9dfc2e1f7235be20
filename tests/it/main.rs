//! The integration tests: they drive the built binaries through `kit`, one file per feature.

// Helpers of tests fail by panic, as tests do; clippy.toml frees only the test functions themselves.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod audit;
mod boards;
mod calls;
mod canary;
mod config;
mod console;
mod db;
mod disk;
mod edges;
mod floors;
mod frames;
mod generated;
mod homes;
mod inject;
mod keeper;
mod kit;
mod lines;
mod memory;
mod model;
mod mqtt;
mod notice;
mod overlap;
mod prompts;
mod pwm;
mod readme;
mod remember;
mod say;
mod seal;
mod secrets;
mod separate;
mod serial;
mod service;
mod shell;
mod ssrf;
mod store;
mod suspend;
mod symbols;
mod threats;
mod turns;
mod understanding;
mod units;
mod walls;
mod web;
