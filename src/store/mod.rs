//! The store: what Hearth keeps on flash, on a thread of its own.
//!
//! Sessions, messages, audit records and device states in one SQLite file (`libsql`). [`Store`] is a
//! handle that queues requests; the thread behind it groups commits so that a turn costs few bytes of
//! flash. When a write is on disk is one table, [`policy`]. A disk that refuses writes makes the store
//! degraded, not silent: records are held in memory, reads go on, durable writes are refused.
//! It must never run SQL that is not fixed text of this folder.

#![forbid(unsafe_code)]

mod db;
mod error;
mod folder;
mod handle;
mod migrate;
mod open;
pub mod policy;
mod read;
mod record;
mod ring;
#[cfg(test)]
mod scratch;
mod search;
mod usage;
mod worker;
mod write;

pub use error::StoreError;
pub use folder::DataFolder;
pub use handle::{Options, Store};
pub use migrate::VERSION;
pub use policy::{Durability, Kind};
pub use record::{
    BeginCall, CallEnd, CallQuery, CallRecord, Decision, DeviceState, EndCall, Message, Opened, Progress, Role,
    StoreStatus,
};

/// The end record of a call whose process ended before it did.
fn orphan_end() -> EndCall {
    EndCall {
        outcome: Err(crate::base::Code::OutcomeUnknown),
        detail: "Hearth ended before the call did; whether it took effect is not known".to_owned(),
        took: std::time::Duration::ZERO,
    }
}
