//! What crosses the edge between two of our processes: FlatBuffers, verified before they are read.
//!
//! `schemas/*.fbs` are the authority; [`generated`] is made from them. A buffer is read through
//! [`verify::read`] and no other way: length first, then the verifier with tight limits, then the
//! protocol version, then the rest. This module does no I/O and decides nothing.

pub mod generated;
pub mod verify;

pub use verify::{WireFault, read};

/// The version of every protocol between our processes; they come from one build, so they must be equal.
pub const VERSION: u16 = 1;
