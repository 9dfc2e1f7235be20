//! The ground: ids, faults, limits, clocks, the shape of a secret,
//! and how a settings file is read and checked.
//!
//! Everything above may use this module; it uses nothing of Hearth and names no user of its own.
//! It must never open a file or a connection; `sys` wraps the few calls that need `unsafe`.

pub mod bucket;
pub mod cache;
pub mod clock;
pub mod doc;
pub mod fault;
pub mod hangup;
pub mod id;
pub mod limits;
pub mod name;
pub mod secret;
pub mod shape;
pub mod sys;

pub use bucket::Bucket;
pub use clock::Clock;
pub use doc::{Doc, KeyFault, Place};
pub use fault::{Code, Fault};
pub use id::{Id, IdSource};
pub use name::Name;
