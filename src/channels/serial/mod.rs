//! The serial line: a person types text, a machine speaks frames, both on one tty.
//!
//! ```text
//! tty ── port (open, again) ── talk (bytes in and out) ── split (text or frame) ── bus
//! ```

mod machine;
mod person;
mod pin;
mod port;
pub mod split;
mod talk;

pub use pin::{hash as pin_hash, matches as pin_matches};
pub use port::{Mode, Parts, Settings, open, run};
