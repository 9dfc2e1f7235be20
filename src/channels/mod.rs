//! Ways in and out: each turns what it hears into messages on the bus and brings answers back.
//!
//! A channel says who speaks; it never names the agent, and the agent never names a channel.

#![forbid(unsafe_code)]

mod console;
mod lines;
pub mod mqtt;
pub mod serial;

pub use console::{Console, Speak};
pub use lines::{Heard, LineReader};
