//! Hearth: the agent on the boards of a home.
//!
//! Module heads say what each floor is for; `docs/architecture.md` is the long form of this page.

pub mod base;
pub mod cli;
pub mod home;
pub mod intent;
