//! What crosses the edge between two of our processes: FlatBuffers, verified before they are read.
//!
//! `schemas/*.fbs` are the authority; [`generated`] is made from them. A buffer is read through
//! [`verify::read`] and no other way: length first, then the verifier with tight limits, then the
//! protocol version, then the rest. `hand` and `spawn` turn buffers into ordinary values; `packet`
//! moves them over a socket that somebody else made. This module decides nothing.

pub mod frame;
pub mod generated;
pub mod hand;
pub mod login;
pub mod net;
pub mod packet;
pub mod spawn;
pub mod verify;

pub use packet::PacketFault;
pub use verify::{WireFault, read};

/// The version of every protocol between our processes; they come from one build, so they must be equal.
pub const VERSION: u16 = 1;
