//! Opens the lines of the board: GPIO, PWM, readings, and the simulated bank.
//!
//! The brain asks here for an open line by what the board file says of it; what comes back is one
//! descriptor and a grant, ready to cross to the `lines` hand. Reading and driving happens there,
//! through [`value`]. Only line descriptors leave this module, never a whole chip.

mod linux;
pub mod sim;
pub mod value;

use std::io;
use std::path::PathBuf;

/// Which way a line is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Read only.
    In,
    /// Driven.
    Out,
}

/// Why a line could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum HalFault {
    /// A device node or attribute cannot be opened.
    #[error("{path}: {error}")]
    Open {
        /// The path.
        path: PathBuf,
        /// The system's answer.
        error: io::Error,
    },
    /// No chip has this label.
    #[error("no GPIO chip is labelled «{label}»; this machine has: {seen}")]
    NoChip {
        /// The label in the board file.
        label: String,
        /// The labels that were found.
        seen: String,
    },
    /// The chip has no line of this name.
    #[error("GPIO chip «{chip}» has no line named «{line}»")]
    NoLine {
        /// The chip's label.
        chip: String,
        /// The line's name.
        line: String,
    },
    /// The kernel does not give the line away.
    #[error("line {offset} of GPIO chip «{chip}»: {error}")]
    Request {
        /// The chip's label.
        chip: String,
        /// The line's number.
        offset: u32,
        /// The kernel's answer.
        error: io::Error,
    },
}
