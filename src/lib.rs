//! Hearth: the agent on the boards of a home.
//!
//! **Processes.** The *brain* (`hearth run`) understands, decides and opens; the *spawner*, forked before
//! anything is read, makes every other process; *hands* do one job each, sealed before their first byte,
//! with nothing but the descriptors they were handed; the *keeper* is a binary of its own for secrets.
//!
//! **Floors.** A module names only modules on lower rows (`tests/it/floors.rs` holds it):
//!
//! ```text
//! 10  cli                              commands
//!  9  app                              every part, joined
//!  8  agent                            one turn
//!  6  tools channels                   act; hear and speak
//!  5  gate intent memory               the one way to a tool; understand fast; remember
//!  4  embed llm keeper home            meaning; a model; secrets; devices and what is true of them
//!  3  bus hal net sandbox store        a message, a line, a checked way out, a sealed hand, a row
//!  2  config board guard obs           what is set, what is here, is this text safe, what happened
//!  1  wire                             what crosses a process edge
//!  0  base                             names, faults, limits, clocks
//! ```
//!
//! **Flow.** channel → `bus` → `agent` → `intent` → `home` plans → `gate` (decision, begin record) → hand →
//! `gate` (end record) → read back → reply → `bus` → the channel that heard it.
//!
//! **Absent on purpose.** Channels and the agent do not know each other. Only `sandbox` makes processes.
//! Only `gate` holds the way to a hand, so a tool cannot do its own work. `docs/architecture.md` is the
//! long form of this page.

pub mod agent;
pub mod app;
pub mod base;
pub mod board;
pub mod bus;
pub mod channels;
pub mod cli;
pub mod config;
pub mod embed;
pub mod gate;
pub mod guard;
pub mod hal;
pub mod home;
pub mod intent;
pub mod keeper;
pub mod llm;
pub mod memory;
pub mod net;
pub mod obs;
pub mod sandbox;
pub mod store;
pub mod tools;
pub mod wire;
