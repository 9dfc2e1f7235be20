//! Boards: what hardware is here, as data.
//!
//! A board is one TOML file in `boards/` (built in) or in a folder of the user's; it may inherit
//! another. No board is named in Rust. Chips are named by label, never by number, since numbers
//! change with the kernel. This module reads and finds; it requests no line and drives nothing.

#![forbid(unsafe_code)]

mod check;
mod detect;
mod nodes;
mod raw;
mod set;

pub use crate::base::KeyFault as BoardFault;
pub use check::{At, Board, ChipRef, Direction, Embedder, I2cReading, Kind, LineSpec, Pwm, Watchdog};
pub use detect::read_compatible;
pub use nodes::{Node, State};
pub use raw::schema;
pub use set::Boards;

#[cfg(test)]
mod tests;
