//! The ground: ids, faults, limits, clocks, the shape of a secret.
//!
//! Everything above may use this module; it uses nothing of Hearth and names no user of its own.
//! It must never open a file or a connection; `sys` wraps the few calls that need `unsafe`.

pub mod clock;
pub mod fault;
pub mod id;
pub mod limits;
pub mod name;
pub mod secret;
pub mod sys;

pub use clock::Clock;
pub use fault::{Code, Fault};
pub use id::{Id, IdSource};
pub use name::Name;
