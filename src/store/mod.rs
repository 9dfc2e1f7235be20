//! The store: what Hearth keeps on flash, on a thread of its own.
//!
//! Sessions, messages, audit records and device states in one SQLite file (`libsql`). [`Store`] is a
//! handle that queues requests; the thread behind it groups commits so that a turn costs few bytes of
//! flash. When a write is on disk is one table, [`policy`]. A disk that refuses writes makes the store
//! degraded, not silent: records are held in memory, reads go on, durable writes are refused.
//! It must never run SQL that is not fixed text of this folder.
//!
//! # Page size and journal, as measured before migration 1
//!
//! One turn is six rows: session, two messages, begin, end, state. `bench/store_pages.rs` counts the bytes
//! (`/proc/self/io`); `bench/results/*/store_pages.txt` has the raw runs, with fsyncs.
//!
//! | page | journal, sync | words | begin durable | KB a turn | with a 120-word answer | fsyncs a turn |
//! |---|---|---|---|---|---|---|
//! | **512** | **WAL, FULL** | **batches of 64** | no | **10.5** | **15.5** | **1.02** |
//! | 512 | WAL, FULL | batches of 64 | yes | 16.0 | 21.2 | 2.02 |
//! | 512 | WAL, FULL | each message | no | 15.5 | | 1.03 |
//! | 512 | WAL, NORMAL | batches of 64 | no | 10.5 | | 0.02 |
//! | 512 | TRUNCATE, FULL | batches of 64 | no | 39.0 | | 4.01 |
//! | 1024 | WAL, FULL | batches of 64 | no | 13.8 | 20.3 | 1.03 |
//! | 2048 | WAL, FULL | batches of 64 | no | 20.3 | 26.9 | 1.05 |
//! | 4096 | WAL, FULL | batches of 64 | no | 33.3 | 39.1 | 1.08 |
//! | 4096 | WAL, FULL | each message | no | 58.8 | | 1.15 |
//!
//! - 512: the fewest bytes in every row; what it costs is a file larger by 14 % than at 1024 and a check at the start
//!   slower by 11 % (244 against 219 ms for 20,000 turns); reads of messages and searches are alike.
//! - WAL with FULL: one fsync makes a group durable. NORMAL writes the same bytes and may lose the last
//!   commits in a power cut. TRUNCATE writes four times as much.
//! - Words in batches: 5 KB a turn less; a search brings the index up to date first.
//! - Audit as a rowid table with begin and end side by side: 10.5 instead of 12.5 KB (same bench, kept as
//!   `store_pages_audit_without_rowid.txt`).
//! - Groups: four turns in one commit write 4.5 KB each, so writes wait up to `limits::GROUP_COMMIT`.
//! - 1 MB of log before a checkpoint: 256 KB costs 1 KB a turn more, 4 MB saves 0.3.

#![forbid(unsafe_code)]

mod care;
mod chain;
mod check;
mod commit;
mod cut;
mod db;
mod degraded;
mod error;
mod folder;
mod handle;
mod keep;
mod kept;
pub mod memory;
mod migrate;
mod open;
mod options;
pub mod policy;
mod read;
mod record;
mod ring;
mod salvage;
#[cfg(test)]
mod scratch;
mod search;
mod tidy;
mod usage;
mod worker;
mod write;

pub use care::{Backup, Compacted, Look, Restored, check_closed, look, restore};
pub use cut::{CutDue, Vouched};
pub use error::StoreError;
pub use folder::DataFolder;
pub use handle::{Store, migrate_to};
pub use keep::{Due, ListItem, NewTimer, Timer};
pub use migrate::VERSION;
pub use options::Options;
pub use policy::{Durability, Kind};
pub use record::{
    BeginCall, CallEnd, CallQuery, CallRecord, ChainHead, ChainReport, ChainRow, Decision, DeviceState, EndCall,
    Message, Opened, Progress, Role, StoreStatus,
};
pub use tidy::Caps;
