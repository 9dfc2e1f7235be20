//! Hearth: the agent on the boards of a home.
//!
//! Module heads say what each floor is for; `docs/architecture.md` is the long form of this page.

pub mod agent;
pub mod app;
pub mod base;
pub mod board;
pub mod bus;
pub mod channels;
pub mod cli;
pub mod config;
pub mod gate;
pub mod hal;
pub mod home;
pub mod intent;
pub mod keeper;
pub mod obs;
pub mod sandbox;
pub mod store;
pub mod tools;
pub mod wire;
